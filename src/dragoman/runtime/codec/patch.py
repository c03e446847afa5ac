"""Merge patches (RFC 7396): what a caller wants changed, and the resource after the change.

Absent keeps, null clears what is nullable, lists replace, maps and nested records merge. The patch is what its
audience may write; what it merges into is everything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dragoman.contract.fault import MAX_VIOLATIONS, Path, Violation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import (
    Field,
    Kind,
    Map,
    Nullable,
    Record,
    Scalar,
    Type,
    Types,
    Union,
)

from . import natives
from .constructor_errors import from_error
from .hooks import call_hook
from .inbound import Inbound
from .outbound import Outbound, convert_out
from .parsing import REFUSALS, check_nesting, nests_freely, parse, repeated_names
from .scalar_values import Refused, check_json, kind_of, short
from .text import from_text
from .unions import tagged
from .view import EVERYTHING, View
from .violations import Walk, invalid, unexplained, unknown_field
from .whole import with_whole_numbers


def _merges(types: Types, type_: Type) -> bool:
    """Whether a patch of the type is merged into what is there, instead of taking its place."""
    type_ = types.resolve(type_)
    match type_:
        case Nullable():
            return _merges(types, type_.of)
        case Record() | Map() | Union():
            return True
        case Scalar(kind=Kind.ANY):
            return True
        case _:
            return False


class PatchDecoder:
    """Decodes merge patches of one record for one audience. Made when a surface is bound."""

    def __init__(self, record: Type, types: Types, *, audience: Audience | None = None) -> None:
        resolved = types.resolve(record)
        if not isinstance(resolved, Record):
            raise TypeError("only records are patched")
        self.record = resolved
        self.types = types
        self.view = View(audience, writable=True)
        self.inbound = Inbound(types, self.view)
        self.full = Inbound(types, EVERYTHING)
        self.outbound = Outbound(types, EVERYTHING)
        attributes = natives.attributes(resolved)
        hints = natives.hints(resolved)
        self.attributes = attributes
        self.fields: dict[str, Field] = {each.name: each for each in self.view.fields(resolved)}
        self.merging = {name for name, each in self.fields.items() if _merges(types, each.type)}
        self.builders = {
            name: self.inbound.builder(each.type, hints.get(attributes[name])) for name, each in self.fields.items()
        }
        self.full_forms = {
            name: (
                self.full.annotation(self.fields[name].type),
                self.full.builder(self.fields[name].type, hints.get(attributes[name])),
                self.outbound.annotation(self.fields[name].type),
            )
            for name in self.merging
        }
        self._names = tuple((name, f"f{number}") for number, name in enumerate(self.fields))
        self._struct = msgspec.defstruct(
            "Patch",
            [
                (
                    attribute,
                    Any if name in self.merging else self.inbound.annotation(self.fields[name].type) | UnsetType,
                    msgspec.field(name=name, default=UNSET),
                )
                for name, attribute in self._names
            ],
            forbid_unknown_fields=True,
        )
        self._decode = msgspec.json.Decoder(self._struct, dec_hook=call_hook).decode
        self._nests_freely = bool(self.merging) or nests_freely(types, record)

    def decode(self, body: bytes) -> Patch:
        """The patch that a JSON text stands for. Raises Malformed, or InvalidArgument with every violation that can
        be seen before the patch is applied.
        """
        return self._patch(self.given(body))

    def given(self, body: bytes) -> Any:
        """The members that a JSON text gives, before anything is made of them. Raises as :meth:`decode` does."""
        try:
            if self._nests_freely:
                check_nesting(body)
            return self._decode(body)
        except REFUSALS as error:
            refused = error
        return self._explained(parse(body), refused, lambda: repeated_names(body))

    def accept(self, value: Any, whole: Iterable[tuple[str, ...]] = ()) -> Patch:
        """The patch that a value stands for: JSON that was parsed, in which bytes, moments and time spans may be
        Python's own. What paths in ``whole`` lead to takes the place of what is there, though its like is merged else.
        Raises InvalidArgument.
        """
        return self._patch(self.given_of(value), frozenset(whole))

    def given_of(self, value: Any) -> Any:
        """The members that a value gives, as :meth:`accept` has it."""
        try:
            return msgspec.convert(value, self._struct, dec_hook=call_hook)
        except REFUSALS as error:
            return self._explained(value, error, list)

    def _explained(self, value: Any, refused: Exception, more: Callable[[], list[Violation]]) -> Any:
        whole = with_whole_numbers(self.types, self.record, value)
        if whole is not value:
            try:
                return msgspec.convert(whole, self._struct, dec_hook=call_hook)
            except REFUSALS as error:
                refused = error
        raise invalid(self._violations(whole) or more() or [unexplained(refused)])

    def convert(self, value: Mapping[str, Any], *, text: bool = False) -> Patch:
        """The patch that builtin values stand for. Raises InvalidArgument."""
        given = from_text(self.types, self.record, value) if text else value
        try:
            check_json(given)
            given = with_whole_numbers(self.types, self.record, given)
            wire = msgspec.convert(given, self._struct, dec_hook=call_hook)
        except Refused as refused:
            raise invalid([Violation((), refused.message, refused.rule)]) from None
        except (msgspec.ValidationError, RecursionError, OverflowError) as error:
            raise invalid(self._violations(given) or [unexplained(error)]) from None
        return self._patch(wire)

    def _patch(self, wire: Any, whole: frozenset[tuple[str, ...]] = frozenset()) -> Patch:
        fields: dict[str, Any] = {}
        found: list[Violation] = []
        for name, attribute in self._names:
            value = getattr(wire, attribute)
            if value is UNSET:
                continue
            if name in self.merging:
                value = with_whole_numbers(self.types, self.fields[name].type, value)
                self.check_names(self.fields[name].type, value, (name,), found)
            elif (build := self.builders[name]) is not None:
                try:
                    value = build(value)
                except (ValueError, TypeError) as error:
                    before = len(found)
                    self.inbound.explain(self.fields[name].type, value, (name,), found)
                    if len(found) == before:
                        raise error
            fields[name] = value
        if found:
            raise invalid(found[:MAX_VIOLATIONS])
        return Patch(self, fields, whole)

    def _violations(self, value: Any) -> list[Violation]:
        if not isinstance(value, Mapping):
            return [Violation((), f"must be an object, got {kind_of(value)}", "type")]
        found: list[Violation] = []
        for name, given in value.items():
            if len(found) >= MAX_VIOLATIONS:
                break
            if name not in self.fields:
                found.append(unknown_field(self.view, self.record, str(name), (), found))
            elif name in self.merging:
                self.check_names(self.fields[name].type, given, (name,), found)
            else:
                found.extend(Walk(self.inbound).check(self.fields[name].type, given, (name,)))
        return found

    def check_names(self, type_: Type, value: Any, path: Path, found: list[Violation]) -> None:
        """Everything in a merge that is wrong whatever it is merged into: names that the audience does not know,
        nulls where none may be, and values that take the place of others.
        """
        type_ = self.types.resolve(type_)
        match type_:
            case Nullable():
                if value is not None:
                    self.check_names(type_.of, value, path, found)
            case Record() if isinstance(value, Mapping):
                self._check_record(type_, value, path, found, None)
            case Map() if isinstance(value, Mapping):
                for key, each in value.items():
                    if len(found) >= MAX_VIOLATIONS:
                        break
                    if each is not None:
                        self.check_names(type_.value, each, (*path, short(str(key))), found)
                    else:
                        self._check_key(type_.key, str(key), path, found)
            case Union() if isinstance(value, Mapping) and tagged(self.types, type_) is not None:
                records = tagged(self.types, type_) or []
                given = value.get(type_.discriminator or "", UNSET)
                of_tag = [record for variant, record in records if variant.tag == given]
                if of_tag:
                    self._check_record(of_tag[0], value, path, found, type_.discriminator)
                elif given is not UNSET:
                    found.extend(Walk(self.inbound).check(type_, value, path))
            case _:
                found.extend(Walk(self.inbound).check(type_, value, path))

    def _check_key(self, type_: Type, key: str, path: Path, found: list[Violation]) -> None:
        """A key that is to be taken out is one that may be there."""
        try:
            self.inbound.read_key(type_, key)
        except Refused as refused:
            found.append(Violation((*path, short(key)), refused.message, refused.rule))

    def _check_record(
        self, record: Record, value: Mapping[str, Any], path: Path, found: list[Violation], tag_field: str | None
    ) -> None:
        known = {each.name: each for each in self.view.fields(record)}
        for name, each in value.items():
            if len(found) >= MAX_VIOLATIONS:
                return
            if name == tag_field:
                continue
            if name in known:
                self.check_names(known[name].type, each, (*path, name), found)
            elif not record.open:
                found.append(unknown_field(self.view, record, name, path, found))


class Patch:
    """The fields that a caller gave, by name: decoded values, and for what merges (nested records, maps, unions) the
    JSON to merge; what paths in ``whole`` lead to is put in the place of what is there.
    """

    __slots__ = ("_decoder", "fields", "whole")

    def __init__(
        self, decoder: PatchDecoder, fields: Mapping[str, Any], whole: frozenset[tuple[str, ...]] = frozenset()
    ) -> None:
        self._decoder = decoder
        self.fields = fields
        self.whole = whole

    def apply(self, current: Any) -> Any:
        """A new instance with the changes. Raises InvalidArgument if the whole is not valid."""
        decoder = self._decoder
        changes: dict[str, Any] = {}
        found: list[Violation] = []
        for name, value in self.fields.items():
            attribute = decoder.attributes[name]
            if name in decoder.merging:
                value = self._merged(name, value, getattr(current, attribute), found)
            changes[attribute] = value
        if found:
            raise invalid(found)
        try:
            return _replaced(decoder.record, current, changes)
        except (ValueError, TypeError) as error:
            raise invalid(from_error(error, ())) from error

    def _merged(self, name: str, change: Any, current: Any, found: list[Violation]) -> Any:
        decoder = self._decoder
        annotation, build, out = decoder.full_forms[name]
        type_ = decoder.fields[name].type
        if (name,) in self.whole:
            after = change  # as it stands, with its nulls
        else:
            before = None
            if current is not UNSET and current is not None:
                before = msgspec.to_builtins(convert_out(current, out))
                for path in self.whole:
                    if path[0] == name:
                        _forget(before, path[1:])
            after = merge(decoder.types, type_, before, change)
        after = with_whole_numbers(decoder.types, type_, after)
        try:
            wire = msgspec.convert(after, annotation, dec_hook=call_hook)
            return wire if build is None else build(wire)
        except (msgspec.ValidationError, OverflowError, ValueError, TypeError) as error:
            violations = Walk(decoder.full).check(type_, after, (name,))
            if not violations and not isinstance(error, msgspec.ValidationError):
                wire = msgspec.convert(after, annotation, dec_hook=call_hook)
                decoder.full.explain(type_, wire, (name,), violations)
            found.extend(violations or [unexplained(error)])
            return None


def _forget(value: Any, path: Sequence[str]) -> None:
    """Take out of JSON what a path leads to."""
    *before, last = path
    for name in before:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(last, None)


def merge(types: Types, type_: Type, current: Any, change: Any) -> Any:
    """RFC 7396 on JSON values, save that null sets a record's field to null where the RFC would remove it: the field
    is there in either case, and validation says whether it may be null.
    """
    type_ = types.resolve(type_)
    if isinstance(type_, Nullable):
        return None if change is None else merge(types, type_.of, current, change)
    if not isinstance(change, Mapping):
        return change
    if isinstance(type_, Map):
        result = dict(current) if isinstance(current, Mapping) else {}
        for key, each in change.items():
            if each is None:
                result.pop(key, None)
            else:
                result[key] = merge(types, type_.value, result.get(key), each)
        return result
    if isinstance(type_, Union):
        records = tagged(types, type_)
        if records is None:
            return merge_json(current, change)
        field = type_.discriminator or ""
        before = current.get(field) if isinstance(current, Mapping) else None
        tag = change.get(field, before)
        for variant, record in records:
            if variant.tag == tag:
                merged = _merge_record(types, record, current if tag == before else None, change)
                return {**merged, field: tag}
        return dict(change)
    if isinstance(type_, Record):
        return _merge_record(types, type_, current, change)
    if type_ == Scalar(Kind.ANY):
        return merge_json(current, change)
    return change


def _merge_record(types: Types, record: Record, current: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(current) if isinstance(current, Mapping) else {}
    for name, each in change.items():
        field = record.field(name)
        result[name] = each if field is None else merge(types, field.type, result.get(name), each)
    return result


def merge_json(current: Any, change: Any) -> Any:
    """RFC 7396, section 2, to the letter."""
    if not isinstance(change, Mapping):
        return change
    result = dict(current) if isinstance(current, Mapping) else {}
    for name, each in change.items():
        if each is None:
            result.pop(name, None)
        else:
            result[name] = merge_json(result.get(name), each)
    return result


def _replaced(record: Record, current: Any, changes: dict[str, Any]) -> Any:
    """A new instance of the author's class, through its constructor, so that its own checks run."""
    if natives.is_pydantic(natives.native_class(record)):
        native = type(current)
        values = {name: getattr(current, name) for name in native.model_fields} | changes
        return native.model_validate({natives.input_key(native, name): value for name, value in values.items()})
    if isinstance(current, msgspec.Struct):
        values = {name: getattr(current, name) for name in current.__struct_fields__} | changes
        return type(current)(**values)
    return dataclasses.replace(current, **changes)
