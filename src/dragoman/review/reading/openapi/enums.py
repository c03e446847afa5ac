"""Enums: ``enum`` and ``const``."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from dragoman.contract.schema import Enum, EnumValue, Kind, Scalar, Type

from .node import Node, Where
from .notes import Notes
from .scalars import ANY, scalar
from .words import kinds

MAX_VALUES: Final = 10_000
"""How many values of an enum are kept."""


def read_enum(node: Node, name: str | None, where: Where, notes: Notes) -> Type | None:
    """The enum, but for null; None where it lists nothing. What lists both booleans is one, what lists lists or objects
    is anything.
    """
    value = node.value
    given = value.get("enum", [value["const"]] if "const" in value else None)
    if not isinstance(given, list) or not given:
        notes.remark(node, "an enum without values", "List its values, or remove it")
        return None
    values = [each for each in given if each is not None]
    if any(isinstance(each, dict | list) for each in values):
        notes.keep(where.element, "an enum of lists or objects", node)
        return ANY
    if not values:
        return ANY
    if all(isinstance(each, bool) for each in values):
        if len(set(values)) == 1:
            notes.keep(where.element, f"that it is always {str(values[0]).lower()}", node)
        return Scalar(Kind.BOOLEAN)
    texts = dict.fromkeys(map(_text, values))
    if len(texts) > MAX_VALUES:
        notes.keep(where.element, f"all but the first {MAX_VALUES:,} of {len(texts):,} values", node)
    said = _said(value, len(given))
    members = tuple(
        EnumValue(text, said[number] if number < len(said) else "")
        for number, text in enumerate(islice(texts, MAX_VALUES))
    )
    return Enum(members, name, node.text("description"), kind=_kind(values, value))


def _kind(values: list[Any], schema: dict[str, Any]) -> Kind:
    if all(isinstance(each, int) and not isinstance(each, bool) for each in values):
        declared = scalar("integer", schema).kind if kinds(schema) == ["integer"] else Kind.INT
        return declared
    return Kind.DOUBLE if all(isinstance(each, int | float) for each in values) else Kind.STRING


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(value: dict[str, Any], count: int) -> list[str]:
    """What is said of each value, in the words that generators read; they agree on none."""
    for word in ("x-enum-descriptions", "x-enumDescriptions", "x-enum-description"):
        said = value.get(word)
        if isinstance(said, list) and len(said) == count:
            return [each if isinstance(each, str) else "" for each in said]
        if isinstance(said, dict):
            return [str(said.get(_text(each), "")) for each in value.get("enum", ())]
    return []
