"""The JSON of protocol buffers (https://protobuf.dev/programming-guides/json), which Connect speaks: names in lower
camel case, 64 bits as text, enums by name, what can be left out left out.

A decoder changes form alone. A value that has not the form of its type stays as it is, so that the contract says what
is wrong with it in the words that it has for it everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

import msgspec

from dragoman.contract.fault import MAX_VIOLATIONS, Path, Violation
from dragoman.contract.schema import Kind
from dragoman.runtime.codec import invalid, nearest
from dragoman.runtime.codec.parsing import check_nesting, parse
from dragoman.styles.rpc.proto.model import (
    DURATION,
    FIELD_MASK,
    VALUE,
    EnumType,
    Label,
    Leaf,
    Message,
    MessageField,
    Shape,
    Value,
)
from dragoman.styles.rpc.proto.names import json_name, snake

from . import leaves
from .binary import KEPT

Convert: TypeAlias = Callable[[Any, Path, list[Violation]], Any]
Show: TypeAlias = Callable[[Any], Any] | None

_INTEGER: Final = re.compile(r"-?[0-9]{1,20}(?:\.0+)?", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_SECONDS: Final = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s", re.ASCII)
_INTEGERS: Final = frozenset({"int32", "int64", "uint32", "uint64"})


class ProtoJsonDecoder:
    """Decodes one message. ``changed`` as :class:`~.binary.BinaryDecoder` has it."""

    def __init__(self, message: Message, changed: Message | None = None) -> None:
        self._made: dict[Message, Convert] = {}
        self._changed = changed
        self._convert = self._message(message)

    def decode(self, data: bytes) -> Any:
        """The message as the contract's JSON has it. Raises Malformed for what is no JSON, and InvalidArgument for
        names that the message does not have.
        """
        check_nesting(data)
        return self.convert(parse(data or b"{}"))

    def convert(self, value: Any) -> Any:
        """The same from JSON that was parsed."""
        found: list[Violation] = []
        made = self._convert(value, (), found)
        if found:
            raise invalid(found[:MAX_VIOLATIONS])
        return made

    def _message(self, message: Message) -> Convert:
        made = self._made.get(message)
        if made is None:
            self._made[message] = lambda *arguments: self._made[message](*arguments)
            self._made[message] = made = self._made_of(message)
        return made

    def _made_of(self, message: Message) -> Convert:
        changed = message is self._changed
        fields: dict[str, tuple[MessageField, Convert] | None] = {}
        for field in message.fields:
            passed = field.output_only and not (changed and field.key in KEPT)
            each = None if passed else (field, self._field(field))
            fields[field.name] = fields[json_name(field.name)] = each
        names = [json_name(field.name) for field in message.fields]
        wanted = [field for field in message.fields if fields[field.name] is not None]
        zeros = {} if changed else {field.key: zero for field in wanted if (zero := _zero(field)) is not None}

        def members(value: Any, path: Path, found: list[Violation]) -> list[tuple[MessageField, Any]] | None:
            if not isinstance(value, dict):
                return None
            given = []
            for name, each in value.items():
                if name not in fields:
                    close = nearest(name, names, found)
                    more = f"; did you mean {close!r}?" if close else ""
                    found.append(Violation((*path, name), f"is not a field of {message.short}{more}", "unknown_field"))
                elif (known := fields[name]) is not None and (each is not None or _holds_null(known[0])):
                    given.append((known[0], known[1](each, (*path, known[0].key or name), found)))
            return given

        def record(value: Any, path: Path, found: list[Violation]) -> Any:
            given = members(value, path, found)
            if given is None:
                return value
            made = {key: zero() for key, zero in zeros.items()}
            made.update((field.key, each) for field, each in given)
            return made

        def union(value: Any, path: Path, found: list[Violation]) -> Any:
            given = members(value, path, found)
            if given is None:
                return value
            if len(given) > 1:
                said = f"holds {len(given)} of {', '.join(names)}, of which there can be one"
                found.append(Violation(path, said, "oneof"))
            if not given or not isinstance(given[0][1], dict):
                return given[0][1] if given else {}
            return {message.discriminator: given[0][0].key, **given[0][1]}

        def wrapper(value: Any, path: Path, found: list[Violation]) -> Any:
            given = members(value, path, found)
            if given is None:
                return value
            if given:
                return given[0][1]
            zero = _zero(message.fields[0])
            return None if zero is None else zero()

        return {Shape.RECORD: record, Shape.UNION: union, Shape.WRAPPER: wrapper}[message.shape]

    def _field(self, field: MessageField) -> Convert:
        one = self._value(field.value)
        if field.label is Label.REPEATED:

            def several(value: Any, path: Path, found: list[Violation]) -> Any:
                if not isinstance(value, list):
                    return value
                return [one(each, (*path, at), found) for at, each in enumerate(value)]

            return several
        if field.label is Label.MAP:

            def entries(value: Any, path: Path, found: list[Violation]) -> Any:
                if not isinstance(value, dict):
                    return value
                return {name: one(each, (*path, name), found) for name, each in value.items()}

            return entries
        return one

    def _value(self, value: Value) -> Convert:
        if isinstance(value, Message):
            return self._message(value)
        if isinstance(value, EnumType):
            return _enum(value)
        read = _reader(value)
        return lambda given, path, found: read(given)


def _holds_null(field: MessageField) -> bool:
    return isinstance(field.value, Leaf) and field.value.word == VALUE and field.label is not Label.REPEATED


def _zero(field: MessageField) -> Callable[[], Any] | None:
    """What makes the value of an absent field of a record; None where the contract decides what it is."""
    if field.label is Label.REPEATED:
        return list
    if field.label is Label.MAP:
        return dict
    if isinstance(field.value, EnumType) and field.label is Label.PLAIN:
        absent = field.value.absent
        return None if absent is None else lambda: absent
    if field.label is Label.OPTIONAL or not isinstance(field.value, Leaf) or field.value.well_known:
        return None
    kind, word = field.value.kind, field.value.word
    if word in _INTEGERS:
        return (lambda: "0") if kind in leaves.TEXTUAL else int
    return {"bool": bool, "float": float, "double": float, "bytes": bytes}.get(word, str)


def _enum(type_: EnumType) -> Convert:
    by_name = {each.name: each.value for each in type_.values}
    by_number = {each.number: each.value for each in type_.values}

    def convert(value: Any, path: Path, found: list[Violation]) -> Any:
        if isinstance(value, str):
            return None if value == type_.zero else by_name.get(value, value)
        if type(value) is int:
            return None if value == 0 and type_.zero else by_number.get(value, str(value))
        return value

    return convert


def _reader(leaf: Leaf) -> Callable[[Any], Any]:
    if leaf.word in _INTEGERS:
        return _read_digits if leaf.kind in leaves.TEXTUAL else _read_integer
    if leaf.word in ("float", "double"):
        return lambda value: float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
    return {"bytes": _read_bytes, DURATION: _read_duration, FIELD_MASK: _read_mask}.get(leaf.word, _same)


def _same(value: Any) -> Any:
    return value


def _read_integer(value: Any) -> Any:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value.partition(".")[0])
    return value


def _read_digits(value: Any) -> Any:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int:
        return str(value)
    return str(_read_integer(value)) if isinstance(value, str) else value


def _read_bytes(value: Any) -> Any:
    """Either alphabet of base64, with padding or without."""
    if not isinstance(value, str):
        return value
    text = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return value


def _read_duration(value: Any) -> Any:
    parts = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        return value
    sign, seconds, fraction = parts.groups()
    try:
        span = timedelta(seconds=int(seconds), microseconds=int((fraction or "").ljust(6, "0")[:6]))
    except OverflowError:
        return value
    return -span if sign else span


def _read_mask(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return [".".join(map(snake, path.split("."))) for path in value.split(",") if path]


class ProtoJsonEncoder:
    """Encodes one message."""

    def __init__(self, message: Message) -> None:
        self._made: dict[Message, Callable[[Any], Any]] = {}
        self.convert = self._message(message)
        """From the contract's JSON to that of protocol buffers, both parsed."""

    def encode(self, value: Any) -> bytes:
        """From the contract's JSON to text."""
        return msgspec.json.encode(self.convert(value))

    def _message(self, message: Message) -> Callable[[Any], Any]:
        made = self._made.get(message)
        if made is None:
            self._made[message] = lambda value: self._made[message](value)
            self._made[message] = made = self._made_of(message)
        return made

    def _made_of(self, message: Message) -> Callable[[Any], Any]:
        parts = [(field.key, json_name(field.name), self._field(field)) for field in message.fields]
        if message.shape is Shape.WRAPPER:
            _, name, show = parts[0]
            return lambda value: {} if value is None else {name: value if show is None else show(value)}
        if message.shape is Shape.UNION:
            variants = {key: (name, show) for key, name, show in parts}

            def union(value: Any) -> Any:
                name, show = variants[value[message.discriminator]]
                return {name: value if show is None else show(value)}

            return union

        def record(value: Any) -> Any:
            made = {}
            for key, name, show in parts:
                each = value.get(key)
                if each is not None:
                    made[name] = each if show is None else show(each)
            return made

        return record

    def _field(self, field: MessageField) -> Show:
        one = self._value(field.value)
        if one is None or field.label not in (Label.REPEATED, Label.MAP):
            return one
        if field.label is Label.REPEATED:
            return lambda value: [one(each) for each in value]
        return lambda value: {name: one(each) for name, each in value.items()}

    def _value(self, value: Value) -> Show:
        if isinstance(value, Message):
            return self._message(value)
        if isinstance(value, EnumType):
            names: dict[str, Any] = {text: number for number, text in value.reserved.items()}
            names |= {each.value: each.name for each in value.values}
            return lambda given: names.get(given, 0)
        if value.word in ("int64", "uint64"):
            return str
        if value.word == DURATION:
            return _show_duration
        if value.kind is Kind.BYTES:
            return lambda given: base64.b64encode(given).decode() if type(given) is bytes else given
        return None


def _show_duration(value: str) -> str:
    seconds, nanos = leaves.seconds_of(value)
    sign = "-" if seconds < 0 or nanos < 0 else ""
    fraction = f".{abs(nanos) // 1000:06}" if nanos else ""
    return f"{sign}{abs(seconds)}{fraction}s"
