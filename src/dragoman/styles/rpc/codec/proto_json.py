"""The JSON of protocol buffers (https://protobuf.dev/programming-guides/json), which Connect speaks: names in lower
camel case, 64 bits as text, enums by name, what can be left out left out.

A decoder changes form alone. A value that has not the form of its type stays as it is, so that the contract says what
is wrong with it in the words that it has for it everywhere.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from dragoman.contract.fault import MAX_VIOLATIONS, Path, Violation
from dragoman.contract.schema import Kind
from dragoman.runtime.codec import invalid, nearest
from dragoman.runtime.codec.parsing import parse
from dragoman.runtime.codec.scalar_values import kind_of, short
from dragoman.styles.rpc.proto.model import (
    DURATION,
    FIELD_MASK,
    EnumType,
    Label,
    Leaf,
    Message,
    MessageField,
    Shape,
    Value,
)
from dragoman.styles.rpc.proto.names import json_name

from . import leaves
from .asked import taken
from .binary import KEPT, EnumTexts, part_of

Read: TypeAlias = Callable[[Any], Any]
Convert: TypeAlias = Callable[[Any, Path, list[Violation]], Any]
Show: TypeAlias = Callable[[Any], Any] | None

ABSENT: Final = object()
"""What an enum's value is that stands for none."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_SECONDS: Final = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s", re.ASCII)
_UPPER: Final = re.compile("`[^`]*`|[A-Z]")
_PATHS: Final = re.compile("(?:`[^`]*`|[^,])+")
_UNDERSCORE: Final = re.compile("`[^`]*`|_([a-z])")
_INTEGERS: Final = frozenset({"int32", "int64", "uint32", "uint64"})
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})


class ProtoJsonDecoder:
    """Decodes one message. ``changed`` and ``answer`` as :class:`~.binary.BinaryDecoder` has them; of an answer, names
    that are not known are passed over.
    """

    def __init__(self, message: Message, changed: Message | None = None, *, answer: bool = False) -> None:
        self._made: dict[tuple[Message, bool], Convert] = {}
        self._changed = changed
        self._answer = answer
        self._convert = self._message(message)

    def decode(self, data: bytes) -> Any:
        """The message as the contract's JSON has it. Raises Malformed for what is no JSON, and InvalidArgument for
        names that the message does not have.
        """
        return self.convert(parse(data or b"{}"))

    def convert(self, value: Any) -> Any:
        """The same from JSON that was parsed."""
        found: list[Violation] = []
        made = self._convert(value, (), found)
        if type(value) is not dict:
            found.append(Violation((), f"must be an object, got {kind_of(value)}", "type"))
        if found:
            raise invalid(found[:MAX_VIOLATIONS])
        return made

    def _message(self, message: Message, part: bool = False) -> Convert:
        changed = message is self._changed
        key = message, part or changed
        made = self._made.get(key)
        if made is None:
            self._made[key] = lambda *arguments: self._made[key](*arguments)
            kept = [each.key for each in message.fields] if self._answer else KEPT if changed else ()
            members = _Members(message, self._member, part or changed, kept, self._answer)
            shapes = {Shape.RECORD: members.record, Shape.UNION: members.union, Shape.WRAPPER: members.wrapper}
            self._made[key] = made = shapes[message.shape]
        return made

    def _member(self, field: MessageField, changed: bool) -> _Member:
        leaf, deep = self._value(field.value, changed and part_of(field))
        if field.asked and isinstance(field.value, Leaf):
            deep = _taken(field, leaf)
        elif field.label is Label.REPEATED:
            leaf, deep = None, _list(leaf, deep)
        elif field.label is Label.MAP:
            leaf, deep = None, _map(leaf, deep)
        elif isinstance(field.value, EnumType):
            leaf = _enum(field.value, ABSENT)
        return _Member(field.key, leaf, deep, field.holds_null)

    def _value(self, value: Value, part: bool) -> tuple[Read | None, Convert | None]:
        if isinstance(value, Message):
            return None, self._message(value, part)
        if isinstance(value, EnumType):
            return _enum(value, None), None
        return _reader(value), None


@dataclass(frozen=True, slots=True)
class _Member:
    """How a field is read: by ``leaf``, or by ``deep`` where it has parts; as it is by neither. ``nulls``: null is a
    value of it, and not its absence. ``twin`` is its other name.
    """

    key: str
    leaf: Read | None
    deep: Convert | None
    nulls: bool
    twin: str = ""


class _Members:
    """Reads the members of one message."""

    def __init__(
        self,
        message: Message,
        member: Callable[[MessageField, bool], _Member],
        changed: bool,
        kept: Sequence[str],
        answer: bool,
    ) -> None:
        self._message = message
        self._answer = answer
        self._names = [json_name(field.name) for field in message.fields]
        wanted = [each for each in message.fields if not each.output_only or each.key in kept]
        self._passed: set[str] = set()
        self._known: dict[str, _Member] = {}
        for field in message.fields:
            name = json_name(field.name)
            if field not in wanted:
                self._passed |= {name, field.name}
                continue
            self._known[name] = made = member(field, changed)
            if name != field.name:
                self._known[field.name] = replace(made, twin=name)
        zeros = {} if changed else {field.key: zero for field in wanted if (zero := _zero(field)) is not None}
        self._lists = [key for key, zero in zeros.items() if zero is list]
        self._maps = [key for key, zero in zeros.items() if zero is dict]
        self._zeros = {key: None if zero is _null else zero() for key, zero in zeros.items()}

    def record(self, value: Any, path: Path, found: list[Violation]) -> Any:
        """Of a record, its members."""
        if type(value) is not dict:
            return value
        made = self._zeros.copy()
        for key in self._lists:
            made[key] = []
        for key in self._maps:
            made[key] = {}
        known = self._known
        for name, each in value.items():
            member = known.get(name)
            if member is None:
                self._unknown(name, path, found)
                continue
            if member.twin and member.twin in value and not self._answer:
                self._twice(member, name, path, found)
            if each is None and not member.nulls:
                continue
            if member.deep is not None:
                each = member.deep(each, (*path, member.key or name), found)
            elif member.leaf is not None:
                each = member.leaf(each)
                if each is ABSENT:
                    continue
            made[member.key] = each
        return made

    def union(self, value: Any, path: Path, found: list[Violation]) -> Any:
        """Of a union, the members of the variant that it is, and its tag."""
        if type(value) is not dict:
            return value
        given = [name for name, each in value.items() if each is not None and name in self._known]
        if len(given) > 1:
            said = f"holds {len(given)} of {', '.join(self._names)}, of which there can be one"
            found.append(Violation(path, said, "oneof"))
        made = {}
        for name, each in value.items():
            member = self._known.get(name)
            if member is None:
                self._unknown(name, path, found)
            elif each is not None and member.deep is not None:
                made = member.deep(each, (*path, member.key), found)
                if type(made) is dict:
                    made = {self._message.discriminator: member.key, **made}
        return made

    def wrapper(self, value: Any, path: Path, found: list[Violation]) -> Any:
        """Of a wrapper, what it is around."""
        made = self.record(value, path, found)
        return made.get("") if type(made) is dict else made

    def _unknown(self, name: str, path: Path, found: list[Violation]) -> None:
        if self._answer or name in self._passed:
            return
        close = nearest(name, self._names, found)
        more = f"; did you mean {close!r}?" if close else ""
        said = f"is not a field of {self._message.short}{more}"
        found.append(Violation((*path, short(name)), said, "unknown_field"))

    def _twice(self, member: _Member, name: str, path: Path, found: list[Violation]) -> None:
        said = f"is given twice, as {member.twin!r} and as {name!r}"
        found.append(Violation((*path, member.key or name), said, "duplicate"))


def _taken(field: MessageField, read: Read | None) -> Convert:
    """For what only the request has."""
    return lambda value, path, found: taken(field, value, path, found, read, "a string, of paths with commas between")


def _zero(field: MessageField) -> Callable[[], Any] | None:
    """What makes the value of an absent field; None where the contract decides what it is."""
    if field.label is Label.REPEATED:
        return list
    if field.label is Label.MAP:
        return dict
    if field.null:
        return _null
    if isinstance(field.value, EnumType) and field.label is Label.PLAIN:
        absent = field.value.absent
        return None if absent is None else lambda: absent
    if field.label is Label.OPTIONAL or not isinstance(field.value, Leaf) or field.value.well_known:
        return None
    kind, word = field.value.kind, field.value.word
    if word in _INTEGERS:
        return (lambda: "0") if kind in leaves.TEXTUAL else int
    return {"bool": bool, "float": float, "double": float, "bytes": bytes}.get(word, str)


def _null() -> Any:
    return None


def _list(leaf: Read | None, deep: Convert | None) -> Convert | None:
    if deep is not None:

        def several(value: Any, path: Path, found: list[Violation]) -> Any:
            if type(value) is not list:
                return value
            return [deep(each, (*path, at), found) for at, each in enumerate(value)]

        return several
    if leaf is not None:
        return lambda value, path, found: list(map(leaf, value)) if type(value) is list else value
    return None


def _map(leaf: Read | None, deep: Convert | None) -> Convert | None:
    if deep is not None:

        def entries(value: Any, path: Path, found: list[Violation]) -> Any:
            if type(value) is not dict:
                return value
            return {name: deep(each, (*path, name), found) for name, each in value.items()}

        return entries
    if leaf is not None:

        def leaves_(value: Any, path: Path, found: list[Violation]) -> Any:
            return {name: leaf(each) for name, each in value.items()} if type(value) is dict else value

        return leaves_
    return None


def _enum(type_: EnumType, none: Any) -> Read:
    by_number = EnumTexts(type_)
    texts: dict[str, Any] = {each.name: each.value for each in type_.values}
    if type_.zero:
        texts[type_.zero] = by_number[0] = none

    def convert(value: Any) -> Any:
        if type(value) is str:
            return texts.get(value, value)
        return by_number[value] if type(value) is int else value

    return convert


def _reader(leaf: Leaf) -> Read | None:
    if leaf.word in _INTEGERS:
        return _read_digits if leaf.kind in leaves.TEXTUAL else _read_integer
    readers: dict[str, Read] = {
        "float": _read_single,
        "double": _read_float,
        "bytes": _read_bytes,
        DURATION: _read_duration,
        FIELD_MASK: _read_mask,
    }
    return readers.get(leaf.word)


def _read_float(value: Any) -> Any:
    """What is no number is as large as none: the contract refuses it, in its own words."""
    if type(value) is not str:
        return value
    if value in _NOT_FINITE:
        return math.inf
    return float(value) if _NUMBER.fullmatch(value) else value


def _read_single(value: Any) -> Any:
    """Rounded to what the binary form has, in which the largest one is written with fewer digits than it has."""
    number = _read_float(value)
    if type(number) is not float:
        return number
    try:
        return leaves.FLOAT.unpack(leaves.FLOAT.pack(number))[0]
    except OverflowError:
        return number


def _read_integer(value: Any) -> Any:
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not str:
        return value
    if _INTEGER.fullmatch(value):
        return int(value)
    if _NUMBER.fullmatch(value):
        number = Decimal(value)
        if number.adjusted() < 20 and number == number.to_integral_value():
            return int(number)
    return value


def _read_digits(value: Any) -> Any:
    number = _read_integer(value)
    return str(number) if type(number) is int else number


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
    """Paths with commas between; each name in lower camel case, or as the file has it."""
    if type(value) is not str:
        return None
    return [_UPPER.sub(_lower, path[0]) for path in _PATHS.finditer(value)]


def _lower(found: re.Match[str]) -> str:
    """A capital begins a word; what is in backticks is a map's key."""
    return found[0] if len(found[0]) > 1 else f"_{found[0].lower()}"


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
        nulls = frozenset(field.key for field in message.fields if field.holds_null)
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
                elif key in nulls and key in value:
                    made[name] = None
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
        if value.word == FIELD_MASK:
            return _show_mask
        if value.kind is Kind.BYTES:
            return lambda given: base64.b64encode(given).decode() if type(given) is bytes else given
        return None


def _show_duration(value: str) -> str:
    seconds, nanos = leaves.seconds_of(value)
    sign = "-" if seconds < 0 or nanos < 0 else ""
    fraction = f".{abs(nanos) // 1000:06}" if nanos else ""
    return f"{sign}{abs(seconds)}{fraction}s"


def _show_mask(paths: list[str]) -> str:
    return ",".join(_UNDERSCORE.sub(_upper, path) for path in paths)


def _upper(found: re.Match[str]) -> str:
    return found[1].upper() if found[1] else found[0]
