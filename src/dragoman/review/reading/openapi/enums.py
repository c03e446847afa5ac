"""Enums: ``enum`` and ``const``."""

from __future__ import annotations

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
    if len(given) > MAX_VALUES:
        notes.keep(where.element, f"all but the first {MAX_VALUES:,} of {len(given):,} values", node)
    values = [each for each in given[:MAX_VALUES] if each is not None]
    if any(isinstance(each, dict | list) for each in values):
        notes.keep(where.element, "an enum of lists or objects", node)
        return ANY
    if not values:
        return ANY
    if all(isinstance(each, bool) for each in values):
        if len(set(values)) == 1:
            notes.keep(where.element, f"that it is always {str(values[0]).lower()}", node)
        return Scalar(Kind.BOOLEAN)
    said = _said(value, given)
    members = tuple(EnumValue(text, said.get(text, "")) for text in dict.fromkeys(map(_text, values)))
    return Enum(members, name, node.text("description"), kind=_kind(values, value))


def _kind(values: list[Any], schema: dict[str, Any]) -> Kind:
    if any(isinstance(each, bool | str) for each in values):
        return Kind.STRING
    if all(isinstance(each, int) for each in values):
        return scalar("integer", schema).kind if kinds(schema) == ["integer"] else Kind.INT
    return Kind.DOUBLE


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(value: dict[str, Any], given: list[Any]) -> dict[str, str]:
    """What is said of each value, in the words that generators read; they agree on none."""
    for word in ("x-enum-descriptions", "x-enumDescriptions", "x-enum-description"):
        said = value.get(word)
        if isinstance(said, dict):
            return {name: text for name, text in said.items() if isinstance(text, str)}
        if isinstance(said, list) and len(said) == len(given):
            pairs = zip(given[:MAX_VALUES], said, strict=False)
            return {_text(each): text for each, text in pairs if isinstance(text, str)}
    return {}
