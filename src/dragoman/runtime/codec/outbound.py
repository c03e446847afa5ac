"""The way out: a handler's value becomes the wire struct of one view, checked on the way by the bounds of input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ForwardRef, get_args

import msgspec
from msgspec import UNSET

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
)

from . import natives
from .builders import compiled
from .enums import enum_form
from .hooks import Later, call_hook, converted, dict_of, is_hooked, list_of
from .inbound import first_repeated, record_key, sized, title
from .natives import is_struct
from .scalar_values import Refused, kind_of, quoted
from .scalars import scalar_form
from .unions import class_tags, tag_of, tagged
from .view import View


class Outbound:
    """The wire structs of one view of one set of types. Each has all fields of the view, in the schema's order, and is
    made positionally. A field that may be absent is UNSET.
    """

    def __init__(self, types: Types, view: View) -> None:
        self.types = types
        self.view = view
        self._structs: dict[str, Any] = {}
        self._open: set[str] = set()
        self._kept: list[Record] = []

    def annotation(self, type_: Type) -> Any:
        """What msgspec converts to."""
        match type_:
            case Ref():
                return self.annotation(self.types.resolve(type_))
            case Scalar():
                return scalar_form(type_).output
            case Enum():
                return enum_form(type_).output
            case Nullable():
                return self.annotation(type_.of) | None
            case List():
                return self._list(type_)
            case Map():
                return self._map(type_)
            case Union():
                return self._union(type_)
            case Record():
                return self.record(type_)

    def record(self, record: Record, tag_field: str | None = None, tag: str | None = None) -> Any:
        """The wire struct of a record; a forward reference while it is being made."""
        key = record_key(self.types, record, tag_field, tag, self._kept)
        if key in self._structs:
            return self._structs[key]
        if key in self._open:
            return ForwardRef(f"_structs[{key!r}]")
        self._open.add(key)
        attributes = natives.attributes(record)
        struct = msgspec.defstruct(
            title(record),
            [
                (attributes[each.name], self._field(record, each), msgspec.field(name=each.name))
                for each in self.view.fields(record)
                if each.name != tag_field
            ],
            namespace={"_structs": self._structs},
            tag_field=tag_field,
            tag=tag,
        )
        self._open.discard(key)
        self._structs[key] = struct
        return struct

    def _field(self, record: Record, field: Field) -> Any:
        if not may_be_unset(record, field):
            return self.annotation(field.type)
        self.annotation(field.type)
        inner = Later[Any](lambda: self.annotation(field.type))
        return converted("Optional", lambda value: UNSET if value is UNSET else convert_out(value, inner()))

    def _list(self, type_: List) -> Any:
        if not type_.constraints.unique_items:
            return sized(list_of(self.annotation(type_.item)), type_.constraints)
        self.annotation(type_.item)
        inner = Later[Any](lambda: sized(list_of(self.annotation(type_.item)), type_.constraints))

        def read(value: Any) -> Any:
            items = convert_out(value, inner())
            if first_repeated(msgspec.to_builtins(items)) is not None:
                raise Refused("unique_items", "must not repeat items")
            return items

        return converted("List", read)

    def _map(self, type_: Map) -> Any:
        self.annotation(type_.value)
        inner = Later[Any](lambda: sized(dict_of(Any, self.annotation(type_.value)), type_.constraints))
        key = Later[Any](lambda: self.annotation(type_.key))

        def read(value: Any) -> Any:
            if not isinstance(value, Mapping):
                raise Refused("type", f"must be a mapping, got {kind_of(value)}")
            entries = convert_out(dict(value), inner())
            return {key_text(convert_out(name, key())): each for name, each in entries.items()}

        return converted("Map", read)

    def _union(self, type_: Union) -> Any:
        records = tagged(self.types, type_)
        if records is None:
            return self._untagged(type_)
        for variant, record in records:
            self.record(record, type_.discriminator, variant.tag)
        structs = Later[dict[Any, Any]](
            lambda: {variant.tag: self.record(record, type_.discriminator, variant.tag) for variant, record in records}
        )
        tags = class_tags(records)

        def read(value: Any) -> Any:
            tag = tags.get(type(value)) or tag_of(self.types, type_, value)
            struct = structs().get(tag)
            if struct is None:
                raise Refused("tag", f"is of no variant: {quoted(tag) if tag is not None else kind_of(value)}")
            if isinstance(value, Mapping):
                value = {name: each for name, each in value.items() if name != type_.discriminator}
            return convert_out(value, struct)

        return converted("Union", read)

    def _untagged(self, type_: Union) -> Any:
        for each in type_.variants:
            self.annotation(each.type)
        variants = Later[list[Any]](lambda: [self.annotation(each.type) for each in type_.variants])

        def read(value: Any) -> Any:
            for annotation in variants():
                try:
                    return convert_out(value, annotation)
                except (msgspec.ValidationError, OverflowError):
                    continue
            raise Refused("union", "fits none of the allowed types")

        return converted("Union", read)


def convert_out(value: Any, annotation: Any) -> Any:
    """A Python value as the wire type. Raises msgspec's ValidationError."""
    return msgspec.convert(value, annotation, from_attributes=True, dec_hook=call_hook)


def flat(record: Record, names: Sequence[str], wire: Any) -> tuple[Any, Callable[[Any], dict[str, Any]] | None]:
    """The class of a record that holds no other records, and what makes a dict of an instance: msgspec converts that in
    half the time that it takes to read attributes. None where a value would be another in a dict.
    """
    native = record.native
    if not natives.is_struct(native) or not is_struct(wire) or is_hooked(wire):
        return None, None
    if any(map(_holds_records, wire.__annotations__.values())):
        return None, None
    attributes = natives.attributes(record)
    members = ", ".join(f"{name!r}: value.{attributes[name]}" for name in names)
    return native, compiled(f"def members(value):\n    return {{{members}}}\n", {}, "members")


def _holds_records(type_: Any) -> bool:
    return is_struct(type_) or any(_holds_records(each) for each in get_args(type_))


def key_text(value: Any) -> str:
    """A map's key in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def may_be_unset(record: Record, field: Field) -> bool:
    """Whether a Python value may lack the field: it is optional, and nothing stands in its place."""
    if field.required or field.default is not MISSING:
        return False
    if record.native is None:
        return True
    default = natives.defaults(record).get(natives.attributes(record)[field.name])
    return default is not None and default.value is UNSET
