"""Records: objects with fields, and what ``allOf`` puts together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dragoman.contract.schema import MISSING, Enum, Field, Map, Nullable, Record, Ref, Type, Union
from dragoman.review.reading.extensions import extensions

from .node import Node, Where
from .references import is_reference
from .scalars import ANY
from .words import adds, alternatives, shapes

if TYPE_CHECKING:
    from .schemas import Schemas

MAX_INHERITED: Final = 1_000_000
"""How many fields of other types ``allOf`` may repeat in one document."""


class Records:
    """Makes records."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._inherited = 0

    def of(self, node: Node, where: Where, name: str | None) -> Record:
        """The record of an object's schema. It is open where the schema says so, or has no fields at all."""
        value = node.value
        more = value.get("additionalProperties")
        if isinstance(more, dict) and more:
            self._schemas.notes.keep(where.element, "the type of additionalProperties beside fields", node)
        if "discriminator" in value:
            self._schemas.notes.keep(where.element, "a discriminator without oneOf", node)
        required = frozenset(node.texts("required"))
        fields = tuple(self._field(each, name, required, where) for name, each in node.members("properties"))
        return Record(
            name,
            fields,
            node.text("description"),
            open=more is True or isinstance(more, dict) or (not fields and more is None),
            deprecated=node.flag("deprecated"),
            traits=extensions(value),
        )

    def _field(self, node: Node, name: str, required: frozenset[str], where: Where) -> Field:
        here = where.field(name)
        return Field(
            name,
            self._schemas.of(node, here),
            name in required,
            default=default_of(node),
            read_only=node.flag("readOnly"),
            description=node.text("description"),
            deprecated=node.flag("deprecated"),
            traits=extensions(node.object),
            example=example_of(node),
        )

    def extended(self, node: Node, where: Where, name: str | None) -> Type:
        """What ``allOf`` makes: one of its parts where the others add nothing, else a record with the fields of all."""
        own = {word: each for word, each in node.value.items() if word != "allOf"}
        parts = [each for each in node.items("allOf") if is_reference(each) or adds(each.object)]
        if not parts and not own.get("properties"):
            return self._schemas.bare(node.having(own), where, name) if shapes(own) or "type" in own else ANY
        # Alternatives beside allOf are of what it makes; they are told, and the rest is read.
        if word := alternatives(node)[0]:
            self._schemas.notes.keep(where.element, f"{word} beside allOf", node)
            own.pop("oneOf", None)
            own.pop("anyOf", None)
        if len(parts) == 1 and not shapes(own):
            return self._schemas.of(parts[0], where)
        found = [self._schemas.record(each, where) for each in parts]
        if shapes(own):
            found.append((None, self._schemas.bare(node.having(own), where, None)))
        return self._together(node, where, name, found)

    def _together(self, node: Node, where: Where, name: str | None, found: list[tuple[str | None, Type]]) -> Type:
        bases: list[str] = []
        fields: dict[str, Field] = {}
        others: list[Type] = []
        open_ = False
        for base, each in found:
            type_ = each.of if isinstance(each, Nullable) else each
            if base is not None:
                bases.append(base)
            if isinstance(type_, Record):
                self._add(fields, type_, node)
                open_ = open_ or (type_.open and bool(type_.fields))
            elif isinstance(type_, Map):
                open_ = True
            elif type_ != ANY:
                others.append(Ref(base) if base is not None else type_)
        if others and not fields:
            if len(others) > 1:
                self._schemas.notes.keep(where.element, "allOf of what are no objects", node)
            return _under(name, others[0])
        if others:
            self._schemas.notes.keep(where.element, "allOf of alternatives and fields", node)
        required = {word for part in (node, *node.items("allOf")) for word in part.texts("required")}
        return Record(
            name,
            tuple(replace(each, required=True) if each.name in required else each for each in fields.values()),
            node.text("description") or next((part.text("description") for part in node.items("allOf")), ""),
            tuple(dict.fromkeys(bases)),
            open=open_ or not fields,
            deprecated=node.flag("deprecated"),
            traits=extensions(node.value),
        )

    def _add(self, fields: dict[str, Field], record: Record, node: Node) -> None:
        self._inherited += len(record.fields)
        if self._inherited > MAX_INHERITED:
            message = f"allOf repeats more than {MAX_INHERITED:,} fields; those from here on are left out"
            self._schemas.notes.remark(node, message, "Refer to shared parts instead of repeating them")
            return
        fields.update((each.name, each) for each in record.fields)


def _under(name: str | None, type_: Type) -> Type:
    """The type under that name, where it can have one."""
    return replace(type_, name=name) if isinstance(type_, Enum | Union) and name is not None else type_


def default_of(node: Node) -> Any:
    """The default, or MISSING."""
    return node.object.get("default", MISSING)


def example_of(node: Node) -> Any:
    """The example, or the first of several; MISSING without any."""
    value = node.object
    several = value.get("examples")
    return value.get("example", several[0] if isinstance(several, list) and several else MISSING)
