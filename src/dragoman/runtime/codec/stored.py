"""Stored rows: a resource as the columns of a table, in the forms that :mod:`dragoman.ports.store` describes.

Columns sort and compare as their values do, but for decimals and durations, whose text does not sort; lists, maps,
records, unions and any JSON are kept as the JSON text of all their fields, whoever may see them. Unsigned 64-bit
integers are text of twenty digits, for SQL has no such integer. Booleans are 0 and 1.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw

from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.contract.resource import ResourceDescription, own_fields
from dragoman.contract.schema import (
    INTEGERS,
    MISSING,
    Enum,
    Field,
    Kind,
    Nullable,
    Record,
    Scalar,
    Type,
    Types,
)
from dragoman.ports.store import Column, Form, Member, Storage, Value

from . import natives
from .builders import compiled
from .encoder import JsonEncoder, encode_json
from .enums import enum_form
from .hooks import call_hook
from .inbound import Inbound, title
from .outbound import Outbound, convert_out, may_be_unset
from .parsing import parts
from .projector import Projector, excerpt_wire
from .scalar_values import Refused, quoted
from .scalars import scalar_form
from .text import from_text
from .view import EVERYTHING, View
from .violations import Walk, invalid

_DIGITS: Final = 20
MOST_MEMBERS: Final = 200
"""More would be too many arguments of one function for a database."""

_PLAIN: Final = frozenset({Kind.UUID, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.DURATION, Kind.DECIMAL, Kind.BYTES})
"""Kinds whose stored text needs no escapes in JSON."""

_FORMS: Final[Mapping[Kind, Form]] = {Kind.BOOLEAN: "boolean", Kind.INT64: "digits"}


def _bare(types: Types, type_: Type) -> tuple[Type, bool]:
    """The type without references and nullability, and whether it was nullable."""
    type_ = types.resolve(type_)
    if isinstance(type_, Nullable):
        return _bare(types, type_.of)[0], True
    return type_, False


def storage(types: Types, type_: Type) -> Storage:
    """How values of the type are stored."""
    bare, _ = _bare(types, type_)
    match bare:
        case Scalar(kind=Kind.UINT64):
            return Storage.TEXT
        case Scalar(kind=Kind.ANY):
            return Storage.JSON
        case Scalar(kind=kind) if kind in INTEGERS or kind is Kind.BOOLEAN:
            return Storage.INTEGER
        case Scalar(kind=Kind.FLOAT | Kind.DOUBLE):
            return Storage.REAL
        case Scalar() | Enum():
            return Storage.TEXT
        case _:
            return Storage.JSON


def _json_text(value: Any) -> str:
    return encode_json(value).decode()


def _digits(value: Any) -> str:
    return str(value).zfill(_DIGITS)


def _decode_base64(text: str) -> bytes:
    return b64decode(text)


def _duration(text: str) -> timedelta:
    return msgspec.convert(text, timedelta)


def _uuid(text: str) -> UUID:
    return msgspec.convert(text, UUID)


_READERS: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.BOOLEAN: bool,
    Kind.UINT64: int,
    Kind.BYTES: _decode_base64,
    Kind.DATETIME: datetime.fromisoformat,
    Kind.DATE: date.fromisoformat,
    Kind.TIME: time.fromisoformat,
    Kind.DURATION: _duration,
    Kind.UUID: _uuid,
    Kind.DECIMAL: Decimal,
}
"""Stored to Python, for the kinds where the two differ."""


def _wire_to_stored(types: Types, type_: Type) -> Callable[[Any], Any] | None:
    """From the wire value to the stored one; None where they are the same."""
    bare, _ = _bare(types, type_)
    if storage(types, bare) is Storage.JSON:
        return _json_text
    if isinstance(bare, Scalar):
        if bare.kind is Kind.UINT64:
            return _digits
        if bare.kind in (Kind.INT64, Kind.BOOLEAN):
            return int
    return None


def _stored_to_wire(types: Types, type_: Type) -> Callable[[Any], Any] | None:
    """From the stored value to the wire one; None where they are the same. JSON text is not looked into."""
    bare, _ = _bare(types, type_)
    if storage(types, bare) is Storage.JSON:
        return Raw
    if isinstance(bare, Scalar):
        if bare.kind is Kind.UINT64:
            return lambda text: str(int(text))
        if bare.kind is Kind.INT64:
            return str
        if bare.kind is Kind.BOOLEAN:
            return bool
    return None


class StoredRecord:
    """A resource's rows. Made once, when the resource is bound.

    ``columns`` are the id, the author's fields, ``created_at``, ``updated_at`` and ``version``, in this order.
    ``immutable``: none of the fields is a list, a map or a message, which can be changed within a resource.
    """

    def __init__(self, description: ResourceDescription, types: Types) -> None:
        self._types = types
        record = description.record
        identity = record.field("id") or Field("id", Scalar(Kind.STRING), read_only=True)
        stamps = [
            record.field(name) or Field(name, Scalar(Kind.DATETIME), read_only=True)
            for name in ("created_at", "updated_at")
        ]
        self._fields = (identity, *own_fields(description), *stamps)
        # Ids are made here, and a reference holds one that is there.
        self._ids = frozenset({"id", *description.references})
        self._record = Record(record.name, self._fields, native=record.native)
        self._attributes = natives.attributes(self._record)
        self._by_name = {each.name: each for each in self._fields}
        self._outbound = Outbound(types, EVERYTHING)
        self._trusted = Inbound(types, EVERYTHING, trusted=True)
        self._wire = self._outbound.record(self._record)
        self.columns: tuple[Column, ...] = (
            *(self._column(each) for each in self._fields),
            Column("version", Storage.INTEGER),
        )
        self.immutable = all(each.storage is not Storage.JSON for each in self.columns)
        self._names = tuple(each.name for each in self.columns)
        self._native = self._native_class()
        self._row_of = self._compile_row()
        self._read = self._compile_read()

    # Columns

    def _column(self, field: Field) -> Column:
        _, nullable = _bare(self._types, field.type)
        nullable = nullable or may_be_unset(self._record, field)
        default: Value = None
        if not field.required and field.default is not MISSING and field.default is not None:
            default = self.to_stored(field.name, self._trusted.default_of(field))
        return Column(field.name, storage(self._types, field.type), nullable, default)

    def _native_class(self) -> Any:
        native = natives.native_class(self._record)
        if native is not None:
            return native
        fields: list[tuple[str, Any]] = [(self._attributes[each.name], Any) for each in self._fields]
        return msgspec.defstruct(title(self._record), [*fields, ("version", int)], kw_only=True)

    # Python to row

    def _compile_row(self) -> Callable[[Any, int], dict[str, Value]]:
        scope: dict[str, Any] = {"UNSET": UNSET}
        parts = []
        for number, field in enumerate(self._fields):
            value = f"wire.{self._attributes[field.name]}"
            convert = _wire_to_stored(self._types, field.type)
            parts.append(f"{field.name!r}: {self._expression(scope, number, value, convert, field)}")
        source = f"def row(wire, version):\n    return {{{', '.join(parts)}, 'version': version}}\n"
        return compiled(source, scope, "row")

    def _expression(
        self,
        scope: dict[str, Any],
        number: int,
        value: str,
        convert: Callable[[Any], Any] | None,
        field: Field,
        absent: str = "None",
    ) -> str:
        """``value`` converted, with what stands for nothing kept apart."""
        scope[f"f{number}"] = convert
        converted = value if convert is None else f"f{number}({value})"
        if may_be_unset(self._record, field):
            return f"({absent} if {value} is UNSET or {value} is None else {converted})"
        if convert is not None and _bare(self._types, field.type)[1]:
            return f"(None if {value} is None else {converted})"
        return converted

    def to_row(self, value: Any) -> dict[str, Value]:
        """The instance in stored form. Raises InvalidArgument with every violation of its type."""
        try:
            wire = convert_out(value, self._wire)
            encode_json(wire)
            return self._row_of(wire, value.version)
        except (msgspec.ValidationError, UnicodeEncodeError, TypeError, OverflowError, RecursionError) as error:
            found = Walk(Inbound(self._types, EVERYTHING), native=True).check(self._record, value)
            if not found and not isinstance(error, msgspec.ValidationError):
                raise
            raise invalid(found or [Violation((), str(error)[:200], "invalid")]) from error

    def changes(self, before: Any, after: Any) -> dict[str, Value]:
        """The stored values of ``after`` that are not those of ``before``; the id and the version are the runtime's.

        Raises InvalidArgument as :meth:`to_row` does, for the fields that differ: what was stored under other bounds,
        and stays as it is, is nobody's fault now.
        """
        touched = [
            name
            for name, attribute in self._attributes.items()
            if name != "id" and getattr(before, attribute) is not getattr(after, attribute)
        ]
        if not touched:
            return {}
        try:
            new: dict[str, Value] = self.to_row(after)
        except InvalidArgument as fault:
            found = [each for each in fault.violations if not each.path or each.path[0] in touched]
            if found or not fault.violations:
                raise invalid(found or fault.violations) from fault
            new = self.values_of(after, touched)
        try:
            old = self.to_row(before)
        except InvalidArgument:  # it was stored under other bounds
            return {name: new[name] for name in touched}
        return {name: new[name] for name in touched if new[name] != old[name]}

    def values_of(self, value: Any, names: Iterable[str]) -> dict[str, Value]:
        """Some fields of an instance in stored form; their bounds are not checked."""
        return {name: self.to_stored(name, getattr(value, self._attributes[name])) for name in names}

    # Row to Python

    def _compile_read(self) -> Callable[[Sequence[Any]], Any]:
        scope: dict[str, Any] = {"UNSET": UNSET, "native": self._native}
        hints = natives.hints(self._record)
        arguments = []
        for number, field in enumerate(self._fields):
            attribute = self._attributes[field.name]
            convert = self._reader(field, hints.get(attribute))
            arguments.append((attribute, self._expression(scope, number, f"c{number}", convert, field, "UNSET")))
        names = ", ".join(f"c{number}" for number in range(len(self._fields)))
        if natives.is_pydantic(self._native):
            given = ", ".join(f"{natives.input_key(self._native, each)!r}: {value}" for each, value in arguments)
            made = f"native.model_validate({{{given}}})"
        else:
            given = ", ".join(f"{attribute}={value}" for attribute, value in arguments)
            made = f"native({given}, version=version)"
        source = f"def read(row):\n    {names}, version = row\n    return {made}\n"
        return compiled(source, scope, "read")

    def _reader(self, field: Field, hint: Any) -> Callable[[Any], Any] | None:
        bare, _ = _bare(self._types, field.type)
        match bare:
            case _ if storage(self._types, bare) is Storage.JSON:
                decode = msgspec.json.Decoder(self._trusted.annotation(bare), dec_hook=call_hook).decode
                build = self._trusted.builder(bare, hint)
                return decode if build is None else lambda text: build(decode(text))
            case Scalar():
                return _READERS.get(bare.kind)
            case Enum(native=None):
                return None
            case Enum():
                return enum_form(bare).read
            case _:
                return None

    def from_row(self, row: Sequence[Any]) -> Any:
        """The instance that a row stands for: all columns in order. What we stored is trusted, not checked again."""
        return self._read(row)

    # Conditions

    def to_stored(self, field: str, value: Any) -> Value:
        """A Python or wire value of one field, for a condition. Its bounds do not count: nothing is stored.

        Raises InvalidArgument for a value of another type.
        """
        if value is None:
            return None
        if field == "version":
            return self._scalar_stored(field, Scalar(Kind.INT), value)
        bare, _ = _bare(self._types, self._by_name[field].type)
        if storage(self._types, bare) is not Storage.JSON:
            return self._scalar_stored(field, bare, value)
        out = self._outbound.annotation(bare)
        try:
            try:
                wire = convert_out(value, out)
            except (msgspec.ValidationError, OverflowError):
                decoded = msgspec.convert(value, self._trusted.annotation(bare), dec_hook=call_hook)
                build = self._trusted.builder(bare, None)
                wire = convert_out(decoded if build is None else build(decoded), out)
            return _json_text(wire)
        except (msgspec.ValidationError, OverflowError, UnicodeEncodeError) as error:
            raise invalid([Violation((field,), str(error)[:200], "type")]) from None

    def _scalar_stored(self, field: str, bare: Type, value: Any) -> Value:
        form = scalar_form(Scalar(bare.kind)) if isinstance(bare, Scalar) else enum_form(cast(Enum, bare))
        try:
            try:
                python = form.accept(value)
            except Refused:
                python = form.read(value)
        except Refused as refused:
            raise invalid([Violation((field,), refused.message, refused.rule)]) from None
        wire = form.write(python)
        convert = _wire_to_stored(self._types, bare)
        return cast(Value, wire if convert is None else convert(wire))

    def parse(self, field: str, text: str) -> Value:
        """The text of a filter as a stored value of the field. Raises InvalidArgument."""
        type_: Type = Scalar(Kind.INT) if field == "version" else self._by_name[field].type
        bare, _ = _bare(self._types, type_)
        if storage(self._types, bare) is Storage.JSON:
            raise invalid([Violation((field,), "cannot be compared with a value", "filter")])
        form = scalar_form(Scalar(bare.kind)) if isinstance(bare, Scalar) else enum_form(cast(Enum, bare))
        try:
            python = form.read(from_text(self._types, bare, text))
        except Refused as refused:
            message = refused.message
            if message.endswith("got a string"):
                message = f"must be {form.phrase}, got {quoted(text)}"
            raise invalid([Violation((field,), message, refused.rule)]) from None
        wire = form.write(python)
        convert = _wire_to_stored(self._types, bare)
        return cast(Value, wire if convert is None else convert(wire))

    # Projection

    def projector(
        self,
        encoder: JsonEncoder,
        names: Container[str] | None = None,
        beside: Callable[[Sequence[Any]], Any] | None = None,
    ) -> Projector:
        """From rows straight to what the encoder would make of their instances: of the fields called so, if ``names``
        are given. ``beside`` makes the member ``expanded`` from the whole row.
        """
        record = encoder.types.resolve(encoder.type)
        if not isinstance(record, Record):
            raise TypeError("only records are projected")
        fields = [each for each in encoder.view.fields(record) if names is None or each.name in names]
        whole = names is None and beside is None
        wire = encoder.wire if whole else excerpt_wire(record, fields, expanded=beside is not None)
        scope: dict[str, Any] = {"UNSET": UNSET, "wire": wire, "beside": beside}
        parts = [
            self._expression(scope, number, f"c{number}", self._projected(encoder, field), field, "UNSET")
            for number, field in enumerate(fields)
        ]
        given = ", ".join(parts if beside is None else [*parts, "beside(row)"])
        taken = ", ".join(f"c{number}" for number in range(len(fields)))
        # Behind these columns a row may hold others: sort keys, and what is beside.
        source = f"def project(row):\n    {taken}, _ = row[:{len(fields) + 1}]\n    return wire({given})\n"
        return Projector((*(each.name for each in fields), "version"), compiled(source, scope, "project"))

    def document(self, encoder: JsonEncoder, names: Container[str] | None = None) -> tuple[Member, ...] | None:
        """The members of the JSON that :meth:`projector` comes to, for a store that writes it by itself; None where
        that is not only a matter of columns.
        """
        record = encoder.types.resolve(encoder.type)
        assert isinstance(record, Record)
        members = []
        for field in encoder.view.fields(record):
            if names is None or field.name in names:
                form = None if may_be_unset(self._record, field) else self._form(encoder, field)
                if form is None:
                    return None
                members.append(Member(field.name, field.name, form))
        return tuple(members) if len(members) <= MOST_MEMBERS else None

    def _form(self, encoder: JsonEncoder, field: Field) -> Form | None:
        """How a stored value is written in JSON; None where that depends on more than the value."""
        bare, _ = _bare(self._types, field.type)
        match storage(self._types, bare):
            case Storage.JSON:
                return None if _hides(self._types, bare, encoder.view) else "json"
            case Storage.REAL:
                return None
            case Storage.TEXT if isinstance(bare, Enum):
                return "text"
        assert isinstance(bare, Scalar)
        if bare.kind is Kind.UINT64:
            return None
        if bare.kind in _FORMS:
            return _FORMS[bare.kind]
        if bare.kind in _PLAIN or field.name in self._ids:
            return "plain"
        return "text" if bare.kind is Kind.STRING else "number"

    def _projected(self, encoder: JsonEncoder, field: Field) -> Callable[[Any], Any] | None:
        bare, _ = _bare(self._types, field.type)
        if storage(self._types, bare) is not Storage.JSON or not _hides(self._types, bare, encoder.view):
            return _stored_to_wire(self._types, bare)
        decode = self._reader(field, None) or _same
        annotation = encoder.outbound.annotation(bare)
        return lambda text: convert_out(decode(text), annotation)


def _same(value: Any) -> Any:
    return value


def _hides(types: Types, type_: Type, view: View) -> bool:
    """Whether the view leaves out anything inside the type."""
    seen: set[int] = set()

    def visit(each: Type) -> bool:
        each = types.resolve(each)
        if id(each) in seen:
            return False
        seen.add(id(each))
        if isinstance(each, Record) and any(not view.sees(field) for field in each.fields):
            return True
        return any(visit(part) for part in parts(each))

    return visit(type_)
