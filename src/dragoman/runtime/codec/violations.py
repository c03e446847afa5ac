"""The slow way: walk a refused value beside its schema and report everything that is wrong with it.

It runs only after the fast way failed, and takes the fast way's own types for the last word on scalars, so that the
two agree on what is valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from dragoman.contract.fault import MAX_VIOLATIONS, InvalidArgument, Path, Violation
from dragoman.contract.schema import (
    MAX_NESTING,
    NO_CONSTRAINTS,
    Constraints,
    Enum,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Union,
)

from . import natives
from .constructor_errors import Sentence
from .hooks import call_hook, list_of
from .inbound import Inbound, first_repeated
from .scalar_values import Refused, kind_of, quoted, short
from .scalars import length_rules, matches
from .suggestion import nearest
from .unions import tag_of, tagged
from .view import View
from .whole import with_whole_numbers

CHUNK: Final = 256
"""A long list is looked at in parts of this length; parts in which all is well are passed over quickly."""


class Walk:
    """Finds all violations of a value. With ``native`` the value is a Python one, on its way out; with ``text``
    its leaves were text, and those that could not be read still are.
    """

    def __init__(self, inbound: Inbound, *, native: bool = False, text: bool = False) -> None:
        self._inbound = inbound
        self._types = inbound.types
        self._view = inbound.view
        self._native = native
        self._text = text
        self._found: list[Violation] = []

    def check(self, type_: Type, value: Any, path: Path = ()) -> list[Violation]:
        """All that is wrong with the value, at most :data:`MAX_VIOLATIONS`."""
        self._found = []
        try:
            self._visit(type_, value, path)
        except RecursionError:
            self._add(path, "nesting", f"is nested deeper than {MAX_NESTING} levels")
        return self._found[:MAX_VIOLATIONS]

    def _add(self, path: Path, rule: str, message: str) -> None:
        self._found.append(Violation(path, message, rule))

    def _visit(self, type_: Type, value: Any, path: Path) -> None:
        if self._full():
            return
        match type_:
            case Ref():
                self._visit(self._types.resolve(type_), value, path)
            case Nullable():
                if value is not None:
                    self._visit(type_.of, value, path)
            case Scalar():
                self._scalar(type_, value, path)
            case Enum():
                self._enum(type_, value, path)
            case Union(discriminator=None):
                self._untagged(type_, value, path)
            case _ if value is None:
                self._null(path)
            case List():
                self._list(type_, value, path)
            case Map():
                self._map(type_, value, path)
            case Union():
                self._union(type_, value, path)
            case Record():
                self._record(type_, value, path)

    def _null(self, path: Path) -> None:
        self._add(path, "null", "cannot be null")

    def _scalar(self, type_: Scalar, value: Any, path: Path) -> None:
        form = self._inbound.scalar(type_)
        if value is None and not matches(form.input, None):
            self._null(path)
            return
        before = len(self._found)
        try:
            read = form.accept(value) if self._native else form.read(value)
        except Refused as refused:
            message = refused.message
            if self._text and isinstance(value, str) and refused.rule == "type":
                message = f"must be {form.phrase}, got {quoted(value)}"
            self._add(path, refused.rule, message)
            return
        for rule in form.rules:
            try:
                rule.check(read)
            except Refused as refused:
                self._add(path, refused.rule, refused.message)
        if len(self._found) == before and not matches(form.output if self._native else form.input, value):
            self._add(path, "invalid", f"must be {form.phrase}")

    def _enum(self, type_: Enum, value: Any, path: Path) -> None:
        if value is None:
            self._null(path)
            return
        form = self._inbound.enum(type_)
        try:
            form.accept(value) if self._native else form.read(value)
        except Refused as refused:
            self._add(path, refused.rule, refused.message)

    def _list(self, type_: List, value: Any, path: Path) -> None:
        if not isinstance(value, list | tuple | set | frozenset if self._native else list | tuple):
            self._add(path, "type", f"must be an array, got {kind_of(value)}")
            return
        self._lengths(type_.constraints, value, path, "item")
        if self._bounds(type_.constraints).unique_items:
            repeated = first_repeated(map(repr, value) if self._native else value)
            if repeated is not None:
                self._add((*path, repeated), "unique_items", "repeats an earlier item")
        if self._native:
            for index, each in enumerate(value):
                self._visit(type_.item, each, (*path, index))
            return
        items: Any = value  # from JSON: a list
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            if len(items) > CHUNK and self._all_fine(type_.item, chunk):
                continue
            for index, each in enumerate(chunk, start):
                self._visit(type_.item, each, (*path, index))
            if self._full():
                return

    def _all_fine(self, item: Type, values: Sequence[Any]) -> bool:
        """Whether a part of a long list needs no closer look, by the fast way."""
        try:
            build = self._inbound.builder(item, None)
            decoded = msgspec.convert(values, list_of(self._inbound.annotation(item)), dec_hook=call_hook)
            if build is not None:
                for each in decoded:
                    build(each)
        except (msgspec.ValidationError, ValueError, TypeError, OverflowError, RecursionError):
            return False
        return True

    def _full(self) -> bool:
        return len(self._found) >= MAX_VIOLATIONS

    def _bounds(self, constraints: Constraints) -> Constraints:
        return NO_CONSTRAINTS if self._inbound.trusted else constraints

    def _lengths(self, constraints: Constraints, value: Any, path: Path, noun: str) -> None:
        bounds = self._bounds(constraints)
        for rule in length_rules(bounds.min_length, bounds.max_length, noun):
            try:
                rule.check(value)
            except Refused as refused:
                self._add(path, refused.rule, refused.message)

    def _map(self, type_: Map, value: Any, path: Path) -> None:
        if not isinstance(value, Mapping):
            self._add(path, "type", f"must be an object, got {kind_of(value)}")
            return
        self._lengths(type_.constraints, value, path, "key")
        for key, each in value.items():
            if self._full():
                return
            here = (*path, short(str(key)))
            if self._native:
                self._visit(type_.key, key, here)
            else:
                try:
                    self._inbound.read_key(type_.key, key)
                except Refused as refused:
                    message = refused.message.removeprefix("must ")
                    self._add(here, refused.rule, f"as a key must {message}" if message != refused.message else message)
            self._visit(type_.value, each, here)

    def _union(self, type_: Union, value: Any, path: Path) -> None:
        records = tagged(self._types, type_)
        if records is None:
            self._untagged(type_, value, path)
            return
        field = type_.discriminator or ""
        tag = tag_of(self._types, type_, value) if self._native else None
        if not self._native:
            if not isinstance(value, Mapping):
                self._add(path, "type", f"must be an object, got {kind_of(value)}")
                return
            if field not in value:
                self._add((*path, field), "required", "is required")
                return
            tag = value[field]
        for variant, record in records:
            if variant.tag == tag and isinstance(tag, str):
                self._record(record, value, path, tag_field=field)
                return
        allowed = ", ".join(quoted(str(each.tag)) for each in type_.variants[:10])
        got = quoted(tag) if isinstance(tag, str) else kind_of(value if self._native else tag)
        self._add((*path, field), "tag", f"must be one of {allowed}, got {got}")

    def _untagged(self, type_: Union, value: Any, path: Path) -> None:
        found = self._found
        for each in type_.variants:
            self._found = []
            self._visit(each.type, value if self._native else with_whole_numbers(self._types, each.type, value), path)
            if not self._found:
                self._found = found
                return
        self._found = found
        self._add(path, "union", f"fits none of the {len(type_.variants)} allowed types")

    def _record(self, record: Record, value: Any, path: Path, tag_field: str | None = None) -> None:
        fields = [each for each in self._view.fields(record) if each.name != tag_field]
        if isinstance(value, Mapping):
            members: Mapping[Any, Any] = value
        elif self._native and not isinstance(value, str | bytes | int | float | list | tuple | set | frozenset):
            attributes = natives.attributes(record)
            members = {
                each.name: getattr(value, attributes[each.name])
                for each in fields
                if hasattr(value, attributes[each.name])
            }
        else:
            self._add(path, "type", f"must be an object, got {kind_of(value)}")
            return
        known = {each.name for each in fields}
        for each in fields:
            given = members.get(each.name, UNSET)
            if given is not UNSET:
                self._visit(each.type, given, (*path, each.name))
            elif each.required:
                self._add((*path, each.name), "required", "is required")
        if record.open or self._native or self._inbound.trusted:
            return
        for name in members:
            if self._full():
                return
            if name not in known and name != tag_field:
                self._found.append(unknown_field(self._view, record, str(name), path, self._found))


def unknown_field(view: View, record: Record, name: str, path: Path, found: Sequence[Violation]) -> Violation:
    """A field that does not exist for this caller, and the one that was perhaps meant; ``found`` is what was wrong so
    far.
    """
    here = (*path, short(name))
    field = record.field(name)
    if field is not None and field.read_only and View(view.audience).sees(field):
        return Violation(here, "is set by the server and cannot be given", "read_only")
    close = nearest(name, (each.name for each in view.fields(record)), found)
    hint = f'; did you mean "{close}"?' if close else ""
    return Violation(here, f"is not a field of {record.name or 'this object'}{hint}", "unknown_field")


def invalid(found: Sequence[Violation]) -> InvalidArgument:
    """The fault that carries the violations."""
    first = found[0]
    where = dotted(first.path)
    if isinstance(first, Sentence):
        message = f"{where}: {first.message}" if where else first.message
    else:
        message = f"{where or 'the input'} {first.message}"
    if len(found) > 1:
        message += f" (and {len(found) - 1} more)"
    return InvalidArgument(message, violations=found)


def unexplained(error: Exception) -> Violation:
    """msgspec's own words, for a refusal in which the walk found nothing wrong."""
    return Violation((), f"is not valid: {str(error)[:200]}", "invalid")


def dotted(path: Path) -> str:
    """A path for people: ``items[2].sku``."""
    text = ""
    for each in path:
        if isinstance(each, int):
            text += f"[{each}]"
        else:
            text += f".{short(each)}" if text else short(each)
    return text
