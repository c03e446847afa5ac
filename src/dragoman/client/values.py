"""What is sent and what is answered, between the contract's own classes and its JSON.

What is sent is held to the contract here, so that what is wrong is told before anything leaves. What is answered is
read as generously as what was stored: the server may be newer, so that fields that are not known are passed over, other
values of an enum are kept, and bounds do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.contract.annotations import Only
from dragoman.contract.fault import Internal, InvalidArgument, Path, Violation
from dragoman.contract.principal import Audience
from dragoman.contract.resource import Resource
from dragoman.contract.schema import Field, List, Map, Nullable, Record, Ref, Scalar, Type, Types, Union
from dragoman.runtime.codec import invalid, natives, to_builtins
from dragoman.runtime.codec.hooks import call_hook
from dragoman.runtime.codec.inbound import Inbound
from dragoman.runtime.codec.outbound import Outbound, convert_out
from dragoman.runtime.codec.parsing import REFUSALS
from dragoman.runtime.codec.unions import tagged
from dragoman.runtime.codec.view import View
from dragoman.runtime.codec.violations import Walk, dotted, unexplained
from dragoman.runtime.codec.whole import with_whole_numbers

UNKNOWN: Final = 0
"""The version of a resource whose version nobody told."""


class BrokenAnswer(Internal):
    """The answer is not what this contract promises. The server's is another, or what answered is none of ours."""

    reason = "BROKEN_ANSWER"


class Input:
    """Values of one type, on their way to the server."""

    def __init__(self, type_: Type, types: Types, audience: Audience | None) -> None:
        self.types = types
        self._type = type_
        self._view = View(audience, writable=True)
        self._outbound = Outbound(types, self._view)
        self._wire: Any = self._outbound.annotation(type_)
        record = types.resolve(type_)
        self.record = record if isinstance(record, Record) else None
        self._native = None if self.record is None else natives.native_class(self.record)
        fields = () if self.record is None else self._view.fields(self.record)
        self.fields = {each.name: each for each in fields}
        self._narrowed = audience is None and _narrows(types, type_, set())

    def json(self, value: Any) -> Any:
        """The value as JSON has it. Raises TypeError for another class's, and InvalidArgument."""
        if isinstance(self._native, type) and not isinstance(value, self._native):
            raise TypeError(f"a {self._native.__name__} is asked for here, not {value!r:.100}")
        try:
            made = to_builtins(convert_out(value, self._wire))
        except (msgspec.ValidationError, OverflowError, RecursionError, UnicodeEncodeError) as error:
            found = Walk(Inbound(self.types, self._view), native=True).check(self._type, value)
            raise invalid(found or [unexplained(error)]) from None
        return _narrow(self.types, self._type, made) if self._narrowed else made

    def field(self, name: str, value: Any) -> Any:
        """The value of one field as JSON has it. Raises InvalidArgument."""
        field = self.fields[name]
        try:
            made = to_builtins(convert_out(value, self._outbound.annotation(field.type)))
            return _narrow(self.types, field.type, made) if self._narrowed else made
        except (msgspec.ValidationError, OverflowError, RecursionError) as error:
            found = Walk(Inbound(self.types, self._view), native=True).check(field.type, value, (name,))
            raise invalid(found or [unexplained(error)]) from None

    def changes(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Changed fields, by attribute, as JSON has them. Raises TypeError for what is no field that can be changed."""
        assert self.record is not None
        by_attribute = {attribute: name for name, attribute in natives.attributes(self.record).items()}
        made: dict[str, Any] = {}
        found: list[Violation] = []
        for attribute, value in changes.items():
            name = by_attribute.get(attribute, "")
            if name not in self.fields:
                known = ", ".join(each for each, name in by_attribute.items() if name in self.fields)
                raise TypeError(f"{self.record.name} has no field {attribute!r} that can be changed; it has {known}")
            try:
                made[name] = self.field(name, value)
            except InvalidArgument as fault:
                found += fault.violations
        if found:
            raise invalid(found)
        return made

    def merging(self, name: str) -> bool:
        """Whether a merge patch of the field would be merged into what is there."""
        type_: Type = self.fields[name].type
        while isinstance(type_, Ref | Nullable):
            type_ = self.types.resolve(type_) if isinstance(type_, Ref) else type_.of
        return not isinstance(type_, List) and (
            isinstance(type_, Record | Map | Union) or (isinstance(type_, Scalar) and type_.kind.name == "ANY")
        )


def _narrows(types: Types, type_: Type, seen: set[int]) -> bool:
    """Whether a type holds fields that not everybody sees."""
    type_ = types.resolve(type_)
    if id(type_) in seen:
        return False
    seen.add(id(type_))
    match type_:
        case Nullable():
            return _narrows(types, type_.of, seen)
        case List():
            return _narrows(types, type_.item, seen)
        case Map():
            return _narrows(types, type_.value, seen)
        case Union():
            return any(_narrows(types, each.type, seen) for each in type_.variants)
        case Record():
            return any(_is_narrow(each) or _narrows(types, each.type, seen) for each in type_.fields)
    return False


def _is_narrow(field: Field) -> bool:
    return field.traits.get(Only) is not None


def _narrow(types: Types, type_: Type, value: Any) -> Any:
    """JSON without the fields that not everybody sees, where they say nothing. For nobody said for whom the surface is,
    which may not know them.
    """
    type_ = types.resolve(type_)
    match type_:
        case Nullable():
            return None if value is None else _narrow(types, type_.of, value)
        case List() if isinstance(value, list):
            return [_narrow(types, type_.item, each) for each in value]
        case Map() if isinstance(value, dict):
            return {name: _narrow(types, type_.value, each) for name, each in value.items()}
        case Union() if isinstance(value, dict) and (records := tagged(types, type_)) is not None:
            tag = value.get(type_.discriminator or "")
            found = next((record for variant, record in records if variant.tag == tag), None)
            return value if found is None else _narrow(types, found, value)
        case Record() if isinstance(value, dict):
            fields = {each.name: each for each in type_.fields}
            return {
                name: _narrow(types, fields[name].type, each) if name in fields else each
                for name, each in value.items()
                if name not in fields or not _is_narrow(fields[name]) or each != fields[name].default
            }
    return value


def patch(before: Any, after: Any) -> Any:
    """The merge patch (RFC 7396) that makes one JSON value of another."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    made = {name: None for name in before if name not in after}
    made.update({name: patch(before.get(name), each) for name, each in after.items() if before.get(name) != each})
    return made


class _Reading(Inbound):
    """Reads answers. Of a resource whose version the answer does not tell, the version is UNKNOWN."""

    def record_builder(self, record: Record, tag_field: str | None = None, tag: str | None = None) -> Any:
        """What makes an instance."""
        build = super().record_builder(record, tag_field, tag)
        native = natives.native_class(record)
        if build is None or not (isinstance(native, type) and issubclass(native, Resource)):
            return build

        def unversioned(wire: Any) -> Any:
            return versioned(build(wire), UNKNOWN)

        return unversioned


def versioned(resource: Any, version: int) -> Any:
    """The same resource, which knows its version from now on. Nobody else has it yet."""
    msgspec.structs.force_setattr(resource, "version", version)
    return resource


class Output:
    """Values of one type, as the server answers them."""

    def __init__(self, type_: Type, types: Types, audience: Audience | None, place: str) -> None:
        self._type = type_
        self._types = types
        self._place = place
        self._reading = _Reading(types, View(audience), trusted=True)
        self._annotation = self._reading.annotation(type_)
        self._build = self._reading.builder(type_, None)
        native = natives.native_class(record) if isinstance(record := types.resolve(type_), Record) else None
        self.is_resource = isinstance(native, type) and issubclass(native, Resource)

    def value(self, given: Any, path: Path = ()) -> Any:
        """The instance that JSON stands for. Raises BrokenAnswer."""
        try:
            try:
                wire = msgspec.convert(given, self._annotation, dec_hook=call_hook)
            except REFUSALS:
                whole = with_whole_numbers(self._types, self._type, given)
                wire = msgspec.convert(whole, self._annotation, dec_hook=call_hook)
            return wire if self._build is None else self._build(wire)
        except (*REFUSALS, ValueError, TypeError) as error:
            found = Walk(self._reading).check(self._type, given, path)
            said = f"{dotted(found[0].path)} {found[0].message}" if found else str(error)[:200]
            raise BrokenAnswer(
                f"the answer of {self._place} is not what this contract promises: {said.strip()}", violations=found
            ) from None
