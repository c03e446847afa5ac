"""Types as schemas: as one audience sees them, and for one direction of travel."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dragoman.contract.annotations import Deprecated
from dragoman.contract.principal import Audience
from dragoman.contract.resource import ResourceDescription
from dragoman.contract.schema import (
    MISSING,
    Enum,
    Field,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
    Variant,
)
from dragoman.ports.style import EXPANDED
from dragoman.runtime.codec.outbound import may_be_unset
from dragoman.runtime.codec.view import View

from .scalars import Schema, enum_schema, joined, key_schema, lengths, nullable, open_enum, scalar_schema


class Mode(enum.StrEnum):
    """Which way a value travels, and as what."""

    OUTPUT = "output"  # what an answer holds: every field is there, and more may come
    INPUT = "input"  # what an operation takes: nothing that only the server sets
    CREATE = "create"  # what a resource is made of
    UPDATE = "update"  # a merge patch (RFC 7396): everything may be absent
    PARTIAL = "partial"  # what get and list answer with where callers choose the fields: all but the id may be absent
    EXPANDED = "expanded"  # what a resource refers to
    PAGE = "page"  # one page of a list of it
    KNOWN = "known"  # of an enum: the values that there are today, as inputs take them
    OPEN = "open"  # of an enum: those, and what later versions add, as answers hold them


_EXPANDED: Final = "What a resource refers to: a member for each reference that `expand` asks for."

WRITABLE: Final = frozenset({Mode.INPUT, Mode.CREATE, Mode.UPDATE})


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where a name means something: a contract and its types. ``resources`` are the names of its resources;
    ``expandable`` what some of these can expand: the names of the targets, by resource and reference.
    """

    name: str
    types: Types
    resources: frozenset[str]
    expandable: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One component: a named type travelling one way. Where it is an alternative of a union, ``tag`` is the field
    that says so, and its value. It stands in ``$ref`` until all names are known.
    """

    source: Source
    name: str
    mode: Mode
    tag: tuple[str, str] | None = None


class Schemas:
    """Makes schemas, and collects the components that they refer to; ``partial`` where answers may be of some fields
    only.
    """

    def __init__(self, audience: Audience, *, partial: bool = False) -> None:
        self._audience = audience
        self._read = Mode.PARTIAL if partial else Mode.OUTPUT
        self.parts: dict[Part, Schema] = {}
        self._enums: dict[tuple[Source, str], Enum] = {}

    def of(self, source: Source, type_: Type, mode: Mode, at: str = "") -> Schema:
        """The schema of a type. ``at`` is what an enum without a name is called: the names of its record and field."""
        match type_:
            case Ref():
                named = source.types[type_.name]
                if isinstance(named, Enum):
                    return self._enum(source, named, mode, type_.name)
                return self._reference(Part(source, type_.name, mode))
            case Scalar():
                return scalar_schema(type_)
            case Enum():
                return self._enum(source, type_, mode, self._enum_name(source, type_, at))
            case Nullable():
                return nullable(self.of(source, type_.of, mode, at))
            case List():
                return self._list(source, type_, mode, at)
            case Map():
                return self._map(source, type_, mode, at)
            case Union():
                return self._union(source, type_, mode)
            case Record():
                return self._record(source, type_, mode, None)

    def page(self, source: Source, resource: ResourceDescription) -> Schema:
        """One page of a list (AIP-158)."""
        part = Part(source, resource.name, Mode.PAGE)
        if part not in self.parts:
            self.parts[part] = _page(resource.plural, self.read(source, resource.name))
        return {"$ref": part}

    def read(self, source: Source, resource: str) -> Schema:
        """What get and list answer with for each."""
        return self.of(source, Ref(resource), self._read)

    def _expanded(self, source: Source, resource: str) -> Schema:
        """What it refers to, by reference."""
        part = Part(source, resource, Mode.EXPANDED)
        self.parts[part] = {}  # a resource may refer to its own kind
        properties = {
            field: nullable(self.read(source, target))
            | {"description": f"What `{field}` refers to; null if that is null, or nothing that the caller may see."}
            for field, target in source.expandable[resource].items()
        }
        self.parts[part] = {"type": "object", "description": _EXPANDED, "properties": properties}
        return {"$ref": part}

    def parameter(self, source: Source, type_: Type, at: str = "") -> Schema:
        """The schema of a value that is written as text, in a query: null cannot be. ``at`` is as in :meth:`of`."""
        resolved = source.types.resolve(type_)
        return self.of(source, resolved.of if isinstance(resolved, Nullable) else type_, Mode.INPUT, at)

    def shown(self, source: Source, type_: Type, value: Any, mode: Mode) -> Any:
        """A value of the type, such as a default, as this audience may see it."""
        type_ = source.types.resolve(type_)
        if isinstance(type_, Nullable):
            return None if value is None else self.shown(source, type_.of, value, mode)
        if isinstance(type_, List) and isinstance(value, list):
            return [self.shown(source, type_.item, each, mode) for each in value]
        if isinstance(type_, Map) and isinstance(value, Mapping):
            return {key: self.shown(source, type_.value, each, mode) for key, each in value.items()}
        if isinstance(type_, Union) and isinstance(value, Mapping):
            for each in type_.variants:
                if type_.discriminator is not None and value.get(type_.discriminator) == each.tag:
                    fields = self.shown(source, each.type, value, mode)
                    return {type_.discriminator: each.tag, **fields}
        if isinstance(type_, Record) and isinstance(value, Mapping):
            return {
                each.name: self.shown(source, each.type, value[each.name], mode)
                for each in self.view(mode).fields(type_)
                if each.name in value
            }
        return value

    def view(self, mode: Mode) -> View:
        """The fields that travel in a mode."""
        return View(self._audience, mode in WRITABLE)

    def _reference(self, part: Part) -> Schema:
        if part not in self.parts:
            self.parts[part] = {}  # a type may contain itself
            named = part.source.types[part.name]
            if isinstance(named, Record):
                schema = self._record(part.source, named, part.mode, part.tag)
                if part.mode is self._read and part.name in part.source.expandable:
                    schema["properties"][EXPANDED] = self._expanded(part.source, part.name)
            else:
                schema = self.of(part.source, named, part.mode, part.name)
            self.parts[part] = schema
        return {"$ref": part}

    def _enum_name(self, source: Source, type_: Enum, at: str) -> str:
        """What an enum without a name is called: as its place, unless that is the name of something else."""
        name = at or "Value"
        while name in source.types or self._enums.setdefault((source, name), type_) != type_:
            name += "Value"
        return name

    def _enum(self, source: Source, type_: Enum, mode: Mode, name: str) -> Schema:
        """An enum is closed on input and open on output, where clients must take values that they do not know."""
        known = Part(source, name, Mode.KNOWN)
        self.parts.setdefault(known, enum_schema(type_))
        if mode in WRITABLE:
            return {"$ref": known}
        open_ = Part(source, name, Mode.OPEN)
        self.parts.setdefault(open_, open_enum({"$ref": known}))
        return {"$ref": open_}

    def _list(self, source: Source, type_: List, mode: Mode, at: str) -> Schema:
        # A merge patch replaces lists, so that their items are whole.
        item = self.of(source, type_.item, Mode.CREATE if mode is Mode.UPDATE else mode, at and at + "Item")
        schema: Schema = {"type": "array", "items": item, **lengths(type_.constraints, "minItems", "maxItems")}
        if type_.constraints.unique_items:
            schema["uniqueItems"] = True
        return schema

    def _map(self, source: Source, type_: Map, mode: Mode, at: str) -> Schema:
        value = self.of(source, type_.value, mode, at and at + "Value")
        bounds = lengths(type_.constraints, "minProperties", "maxProperties")
        if mode is Mode.UPDATE:
            # Null removes an entry; the bounds are on what comes of it.
            value, bounds = value if _takes_null(source, type_.value) else nullable(value), {}
        schema: Schema = {"type": "object", "additionalProperties": value, **bounds}
        key = source.types.resolve(type_.key)
        if (names := key_schema(key)) and (mode in WRITABLE or not isinstance(key, Enum)):
            schema["propertyNames"] = names
        return schema

    def _union(self, source: Source, type_: Union, mode: Mode) -> Schema:
        if type_.discriminator is None:
            whole = Mode.CREATE if mode is Mode.UPDATE else mode
            schema: Schema = {"anyOf": [self.of(source, each.type, whole) for each in type_.variants]}
        else:
            variants = [self._variant(source, type_.discriminator, each, mode) for each in type_.variants]
            schema = {"oneOf": variants, "discriminator": _discriminator(type_.discriminator, type_.variants, variants)}
        return schema | ({"description": type_.description} if type_.description else {})

    def _variant(self, source: Source, field: str, variant: Variant, mode: Mode) -> Schema:
        tag = None if variant.tag is None else (field, variant.tag)
        if isinstance(variant.type, Ref) and isinstance(source.types.resolve(variant.type), Record):
            return self._reference(Part(source, variant.type.name, mode, tag))
        if isinstance(variant.type, Record):
            return self._record(source, variant.type, mode, tag)
        return self.of(source, variant.type, mode)

    def _record(self, source: Source, record: Record, mode: Mode, tag: tuple[str, str] | None) -> Schema:
        fields = self.view(mode).fields(record)
        if tag is not None:
            fields = tuple(each for each in fields if each.name != tag[0])
        required = [each.name for each in fields if _required(record, each, mode)]
        mode = Mode.OUTPUT if mode is Mode.PARTIAL else mode  # what is there is whole
        properties = {each.name: self._property(source, record, each, mode) for each in fields}
        if tag is not None:
            name, value = tag
            properties = {name: {"type": "string", "const": value}} | properties
            required = [name, *required]
        schema: Schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if mode is not Mode.OUTPUT and not record.open:
            schema["additionalProperties"] = False
        if record.description:
            schema["description"] = record.description
        if record.deprecated:
            schema["deprecated"] = True
        return schema

    def _property(self, source: Source, record: Record, field: Field, mode: Mode) -> Schema:
        schema = self.of(source, field.type, mode, place_name(record, field))
        if text := joined(field_description(field), schema.get("description", "")):
            schema["description"] = text
        if mode in (Mode.INPUT, Mode.CREATE) and field.default is not MISSING:
            schema["default"] = self.shown(source, field.type, field.default, mode)
        if field.example is not MISSING:
            schema["examples"] = [self.shown(source, field.type, field.example, mode)]
        if field.deprecated:
            schema["deprecated"] = True
        if field.read_only and mode is Mode.OUTPUT:
            schema["readOnly"] = True
        return schema


def place_name(record: Record, field: Field) -> str:
    """What a type without a name is called that stands in a field: ``OrderStatus``."""
    return (record.name or "") + pascal(field.name)


def pascal(name: str) -> str:
    """``fraud_scores`` as ``FraudScores``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def field_description(field: Field) -> str:
    """What the field is, and what to use in its place where it is deprecated."""
    deprecated = field.traits.get(Deprecated)
    note = f"Deprecated: {deprecated.note}" if deprecated is not None and deprecated.note else ""
    return joined(field.description, note)


def _required(record: Record, field: Field, mode: Mode) -> bool:
    if mode is Mode.OUTPUT:
        return not may_be_unset(record, field)
    if mode is Mode.PARTIAL:
        return field.name == "id"
    return mode is not Mode.UPDATE and field.required


def _takes_null(source: Source, type_: Type) -> bool:
    return isinstance(source.types.resolve(type_), Nullable)


def _discriminator(field: str, variants: Iterable[Variant], schemas: Iterable[Schema]) -> Schema:
    mapping = {each.tag: schema["$ref"] for each, schema in zip(variants, schemas, strict=True) if "$ref" in schema}
    return {"propertyName": field, "mapping": mapping} if mapping else {"propertyName": field}


def _page(plural: str, item: Schema) -> Schema:
    total = "How many there are on all pages together; only where `count=true` asks for it."
    token = "Give it as `page_token` to read the next page; empty at the end, and only there."
    return {
        "type": "object",
        "description": f"One page of a list of {plural.replace('_', ' ')}.",
        "properties": {
            plural: {"type": "array", "items": item},
            "next_page_token": {"type": "string", "description": token},
            "total_size": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "description": total},
        },
        "required": [plural, "next_page_token"],
    }


def resolved(value: Any, name: Callable[[Part], str]) -> Any:
    """The value, a copy, with a name for each part that stands in it."""
    if isinstance(value, Part):
        return name(value)
    if isinstance(value, Mapping):
        return {key: resolved(each, name) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(each, name) for each in value]
    return value
