"""The nouns of a surface, and how they refer to one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dragoman.contract.schema import Field, Record, Ref, Types
from dragoman.review.english import words as split
from dragoman.review.reading.outcome import Format, Reading

from . import words
from .forms import Form
from .speech import Speech
from .types import resolved

_WRAPPED: Final = ("_connection", "_edge", "_list", "_page", "_collection", "_payload", "_response")
_ROOTS: Final = frozenset({"query", "mutation", "subscription"})


def things(told: Speech) -> frozenset[str]:
    """What is listed, got, created, updated or deleted, in the singular; of GraphQL, the types with an id."""
    found = {each.shape.noun for each in told.formed(Form.STANDARD, Form.CUSTOM) if each.shape.noun}
    graphs = {id(each.reading): each.reading for each in told.told if each.reading.format is Format.GRAPHQL}
    if graphs:
        records = (each for reading in graphs.values() for each in _records(reading.contract.types))
        found = {noun for noun, record in records if _identified(record)}
    return frozenset(found)


def _records(types: Types) -> Iterator[tuple[str, Record]]:
    for name, named in types.items():
        noun = words.noun(split(name.rpartition(".")[2]))
        if isinstance(named, Record) and noun not in _ROOTS:
            yield noun, named


def _identified(record: Record) -> bool:
    return not record.interface and any(each.name == "id" for each in record.fields)


def links(readings: Iterable[Reading], told: Speech, named: frozenset[str]) -> list[str]:
    """References between the things, each once: ``order.customer``; by fields that hold another or its id, and by
    paths that lead from one to another (``customer/order``).
    """
    found: dict[str, None] = {}
    for reading in readings:
        for noun, record in _records(reading.contract.types):
            for field in record.fields if noun in named else ():
                target = _target(field, reading.contract.types, named)
                if target and target != noun:
                    found[f"{noun}.{field.name}"] = None
    for each in told.formed(Form.STANDARD):
        if each.shape.owner in named and each.shape.noun in named:
            found[f"{each.shape.owner}/{each.shape.noun}"] = None
    return list(found)


def _target(field: Field, types: Types, named: frozenset[str]) -> str:
    """What the field refers to, of the things."""
    parts = split(field.name)
    if len(parts) > 1 and parts[-1] in ("id", "ids", "uuid", "ref", "key"):
        return _known(parts[:-1], named)
    ref = _ref(field, types)
    if ref is not None:
        noun = words.noun(split(ref.name.rpartition(".")[2]))
        for wrapped in _WRAPPED:
            noun = noun.removesuffix(wrapped)
        return noun if noun in named else ""
    return ""


def _known(parts: Sequence[str], named: frozenset[str]) -> str:
    """The thing at the end of these words: ``billing_customer`` is a customer."""
    for start in range(len(parts)):
        noun = words.noun(tuple(parts[start:]))
        if noun in named:
            return noun
    return ""


def _ref(field: Field, types: Types) -> Ref | None:
    type_: object = field.type
    for _ in range(8):
        if isinstance(type_, Ref):
            return type_ if isinstance(resolved(type_, types), Record) else None
        type_ = getattr(type_, "of", None) or getattr(type_, "item", None)
    return None
