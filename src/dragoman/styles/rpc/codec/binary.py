"""The binary form of messages: functions that are written for each message when a surface is bound.

Between bytes and the contract's own JSON values nothing else is made: a decoder gives dicts that the contract's decoder
checks as it checks a JSON text; an encoder takes what the contract's encoder made. Fields that are not known are passed
over, as protocol buffers want it: a client may know more than the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, get_args, get_origin

import msgspec

from dragoman.contract.schema import Kind
from dragoman.runtime.codec.builders import compiled
from dragoman.runtime.codec.natives import bare, is_struct, without_none
from dragoman.styles.rpc.proto.model import (
    DURATION,
    FIELD_MASK,
    TIMESTAMP,
    VALUE,
    EnumType,
    Label,
    Leaf,
    Message,
    MessageField,
    Shape,
    Value,
)

from . import leaves
from .varint import BYTES, FIXED32, FIXED64, MAX_NESTING, VARINT, broken, read, read_tag, skip, write

Read: TypeAlias = Callable[[bytes, int, int, int, Any], Any]
Write: TypeAlias = Callable[[Any], bytes]
Attributes: TypeAlias = Mapping[Message, Mapping[str, str]]
"""The attributes of the structs behind messages, by the contract's names for them."""

KEPT: Final = ("id", "etag")
"""What the server sets of a resource, and is read of a change all the same: it says which one, and of what version."""

_READ: Final = {
    TIMESTAMP: leaves.read_timestamp,
    DURATION: leaves.read_duration,
    VALUE: leaves.read_value,
    FIELD_MASK: leaves.read_mask,
}
_WRITE: Final[dict[str, Callable[[Any], bytes]]] = {
    TIMESTAMP: leaves.write_timestamp,
    DURATION: leaves.write_duration,
    VALUE: leaves.write_value,
    FIELD_MASK: leaves.write_mask,
}
_ZERO: Final = {"bool": "False", "float": "0.0", "double": "0.0", "string": "''", "bytes": "b''"}
"""What a plain field is where it is absent; 0 for all others, as text where the contract's JSON has text."""

_SEVERAL_BYTES: Final = {
    "int64": "if n > 0x7FFFFFFFFFFFFFFF: n -= 0x10000000000000000",
    "int32": "n = (n & 0xFFFFFFFF) - 0x100000000 if n & 0x80000000 else n & 0x7FFFFFFF",
    "uint32": "n &= 0xFFFFFFFF",
    "uint64": "",
    "bool": "",
}
"""What is left to do with an integer that did not fit one byte, by its type."""

_TAG: Final = [
    "tag = data[at]; at += 1",
    "if tag > 127: back = at - 1; tag, at = read_tag(data, back, end)",
]
_DEEP: Final = "it is nested too deeply"
_ROOM: Final = f"if left < 1: raise broken({_DEEP!r})"


class BinaryDecoder:
    """Decodes one message. ``changed`` is the message of a resource that is to be changed: of that, and of the records
    in it, only what is there is wanted, with its id and its etag; of all others absent is zero, and what the server
    sets is passed over, unless the message is an ``answer`` of a server.
    """

    def __init__(self, message: Message, changed: Message | None = None, *, answer: bool = False) -> None:
        self._made: dict[tuple[Message, bool], Read] = {}
        self._changed = changed
        self._answer = answer
        self._read = self._function(message)

    def decode(self, data: bytes) -> Any:
        """The message as the contract's JSON has it. Raises Malformed for what is no message."""
        try:
            return self._read(data, 0, len(data), MAX_NESTING - 1, None)
        except IndexError:
            raise broken("it ends within a field") from None
        except UnicodeDecodeError:
            raise broken("a string is not UTF-8") from None

    def _function(self, message: Message, part: bool = False) -> Read:
        """What reads a message; as a ``part`` of what is changed, without zeros."""
        changed = message is self._changed
        key = message, part or changed
        made = self._made.get(key)
        if made is not None:
            return made
        # A message may hold itself: until its function is there, another stands for it.
        self._made[key] = lambda *arguments: self._made[key](*arguments)
        kept = [each.key for each in message.fields] if self._answer else KEPT if changed else ()
        self._made[key] = made = _Reader(message, self._function, part or changed, kept).compile()
        return made


class _Reader:
    """Writes the function that reads one message.

    Its fields are looked for in the order of their numbers, each behind the one before it, since that is how they come:
    then a field costs one comparison, however many there are.
    """

    def __init__(
        self,
        message: Message,
        function: Callable[[Message, bool], Read],
        changed: bool,
        kept: Sequence[str] = (),
    ) -> None:
        self._message = message
        self._function = function
        self._changed = changed
        self._kept = kept
        self._scope: dict[str, Any] = {"varint": read, "read_tag": read_tag, "skip": skip, "broken": broken}
        self._lines: list[str] = []
        self._known: set[int] = set()

    def compile(self) -> Read:
        """The function: (data, at, end, levels of JSON left, what was read before) to what was read."""
        message = self._message
        fields = [each for each in message.fields if not each.output_only or each.key in self._kept]
        for field in sorted(fields, key=lambda each: each.number):
            self._field(field)
        zeros = "" if self._changed else ", ".join(filter(None, map(self._zero, fields)))
        start = f"{{{zeros}}}" if message.shape is Shape.RECORD else "{}"
        if message.shape is Shape.WRAPPER:
            empty = {Label.REPEATED: "[]", Label.MAP: "{}"}
            start = "None" if not fields else empty.get(fields[0].label, self._zero_of(fields[0]))
        # A tag that comes again, or before those in front of it, is read once more.
        self._scope["known"] = frozenset(self._known)
        again = ["if tag in known:", "    at = at - 1 if data[at - 1] == tag else back", "    continue"]
        source = [
            "def read(data, at, end, left, out):",
            f"    if out is None: out = {start}",
            "    while at < end:",
            *_indented(8, [*_TAG, *self._lines, *(again if fields else ()), "at = skip(data, at, end, tag)"]),
            "    if at > end: raise broken('it ends within a field')",
            "    return out",
        ]
        return compiled("\n".join(source) + "\n", self._scope, "read")

    def _zero(self, field: MessageField) -> str:
        """What stands in a record where a field is absent; empty where nothing does, so that the contract decides."""
        if field.label is Label.REPEATED:
            return f"{field.key!r}: []"
        if field.label is Label.MAP:
            return f"{field.key!r}: {{}}"
        if field.null:
            return f"{field.key!r}: None"
        zero = self._zero_of(field)
        return "" if zero == "None" else f"{field.key!r}: {zero}"

    @staticmethod
    def _zero_of(field: MessageField) -> str:
        value = field.value
        if isinstance(value, EnumType) and field.label is not Label.OPTIONAL:
            return repr(value.absent)
        if field.label is Label.OPTIONAL or not isinstance(value, Leaf) or value.well_known:
            return "None"
        return _ZERO.get(value.word) or ("'0'" if value.kind in leaves.TEXTUAL else "0")

    def _field(self, field: MessageField) -> None:
        """Add the lines that read one field."""
        number, kind = field.number, _wire_type(field.value)
        if field.label is Label.MAP:
            code, add = self._map(field)
            self._several(number << 3 | BYTES, field, [*code, add])
        elif field.label is Label.REPEATED:
            item, code = self._value(field)
            code.append(f"several.append({item})")
            if kind != BYTES:
                # Packed or not, a parser takes both.
                packed = [
                    _ROOM,
                    f"several = {self._several_of(field)}",
                    *_SIZE,
                    "while at < stop:",
                    *_indented(4, code),
                ]
                self._one(number << 3 | BYTES, [*packed, "if at != stop: raise broken('a list ends within an item')"])
            self._several(number << 3 | kind, field, code)
        else:
            item, code = self._value(field)
            self._one(number << 3 | kind, [*code, *self._keep(field, item)])

    def _one(self, tag: int, lines: list[str]) -> None:
        """Lines for a field that comes once, as a rule."""
        self._known.add(tag)
        self._lines += [f"if tag == {tag}:", *_indented(4, [*lines, "if at >= end: break", *_TAG])]

    def _several(self, tag: int, field: MessageField, lines: list[str]) -> None:
        """Lines for a field that comes many times in a row, as a rule."""
        self._known.add(tag)
        self._lines += [
            f"if tag == {tag}:",
            f"    {_ROOM}",
            f"    several = {self._several_of(field)}",
            f"    while tag == {tag}:",
            *_indented(8, [*lines, "if at >= end:", "    tag = -1", "    break", *_TAG]),
            "    if tag < 0: break",
        ]

    def _several_of(self, field: MessageField) -> str:
        """Where a list's items are put, or a map's entries."""
        if self._message.shape is Shape.WRAPPER:
            return "out"
        if self._changed:
            return f"out.setdefault({field.key!r}, {'{}' if field.label is Label.MAP else '[]'})"
        return f"out[{field.key!r}]"

    def _keep(self, field: MessageField, item: str) -> list[str]:
        shape, key = self._message.shape, field.key
        if shape is Shape.WRAPPER:
            return [f"out = {item}"]
        if shape is Shape.UNION:
            return [f"out = {{{self._message.discriminator!r}: {key!r}, **{item}}}"]
        if isinstance(field.value, EnumType) and field.value.zero:
            # No value is as good as none: the contract says what that means.
            absent = f"out[{key!r}] = None" if field.null else f"out.pop({key!r}, None)"
            return [f"if n: out[{key!r}] = {item}", f"else: {absent}"]
        return [f"out[{key!r}] = {item}"]

    def _value(self, field: MessageField) -> tuple[str, list[str]]:
        """An expression for one value, and the lines that come before it."""
        value = field.value
        name = f"f{field.number}"
        if isinstance(value, Message):
            self._scope[name] = self._function(value, self._changed and part_of(field))
            levels = value.levels + (field.label is Label.REPEATED)
            room = [f"if left < {levels}: raise broken({_DEEP!r})"] if levels else []
            left = f"left - {levels}" if levels else "left"
            return "made", [*room, *_SIZE, f"made = {name}(data, at, stop, {left}, {self._before(field)})", "at = stop"]
        if isinstance(value, EnumType):
            self._scope[name] = EnumTexts(value)
            return f"{name}[n]", _integer("int32")
        word, kind = value.word, value.kind
        if value.well_known:
            self._scope[name] = _READ[word]
            return "made", [*_SIZE, f"made = {name}(data, at, stop, left, {self._before(field)})", "at = stop"]
        if word == "bool":
            return "n != 0", _integer(word)
        if word in _SEVERAL_BYTES:
            return "str(n)" if kind in leaves.TEXTUAL else "n", _integer(word)
        if word in ("double", "float"):
            size = 8 if word == "double" else 4
            self._scope[name] = (leaves.DOUBLE if size == 8 else leaves.FLOAT).unpack_from
            lines = [f"if at + {size} > end: raise broken('it ends within a number')"]
            # What is no number is as large as none: the contract refuses it, in its own words.
            return "n", [*lines, f"n, = {name}(data, at)", f"at += {size}", "if n - n != 0.0: n = 1e999"]
        decoded = "data[at:stop]" if word == "bytes" else "data[at:stop].decode()"
        return "made", [*_SIZE, f"made = {decoded}", "at = stop"]

    def _before(self, field: MessageField) -> str:
        """What was read of the same message already: parts of it that come apart are put together."""
        if field.label is Label.REPEATED:
            return "None"
        if self._message.shape is Shape.WRAPPER:
            return "out"
        if self._message.shape is Shape.UNION:
            return f"out if out.get({self._message.discriminator!r}) == {field.key!r} else None"
        return f"out.get({field.key!r})"

    def _map(self, field: MessageField) -> tuple[list[str], str]:
        """The lines that read an entry, and the one that adds it."""
        assert field.map_key is not None
        key = MessageField("key", field.map_key, number=1, key="key")
        entry = Message("entry", [key, MessageField("value", field.value, number=2, key="value")])
        name = f"f{field.number}"
        self._scope[name] = _Reader(entry, self._function, False).compile()
        said = "made['key']"
        if field.map_key.word == "bool":
            said = f"'true' if {said} else 'false'"
        elif field.map_key.word != "string":
            said = f"str({said})"
        value = "made['value']"
        if isinstance(field.value, Message):
            # Absent is the empty message.
            self._scope[f"{name}_empty"] = self._function(field.value, False)
            value = f"made['value'] if 'value' in made else {name}_empty(b'', 0, 0, left, None)"
        elif isinstance(field.value, EnumType):
            value = "made.get('value')"
        elif field.value.well_known:
            self._scope[f"{name}_empty"] = _READ[field.value.word](b"", 0, 0, 1, None)
            value = f"made.get('value', {name}_empty)"
        lines = [*_SIZE, f"made = {name}(data, at, stop, left - 1, None)", "at = stop"]
        return lines, f"several[{said}] = {value}"


def part_of(field: MessageField) -> bool:
    """Whether a field is a record within a record, which a change merges with what is there."""
    is_record = isinstance(field.value, Message) and field.value.shape is Shape.RECORD
    return is_record and field.label not in (Label.REPEATED, Label.MAP)


class EnumTexts(dict[int, str | None]):
    """The contract's values of an enum, by number: None for what stands for no value, and for a number that nothing
    has a text that is no value.
    """

    def __init__(self, type_: EnumType) -> None:
        super().__init__((each.number, each.value) for each in type_.values)
        if type_.zero:
            self[0] = None

    def __missing__(self, n: int) -> str:
        return str(n) if str(n) not in self.values() else f"number {n}"


_INTEGER: Final = [
    "n = data[at]; at += 1",
    "if n > 127:",
    "    more = data[at]",
    "    if more < 128:",
    "        n += (more << 7) - 128; at += 1",
    "    else:",
    "        n, at = varint(data, at - 1, end)",
]
_SIZE: Final = [*_INTEGER, "stop = at + n", "if stop > end: raise broken('it ends within a field')"]


def _integer(word: str) -> list[str]:
    return [*_INTEGER, f"        {_SEVERAL_BYTES[word]}"] if _SEVERAL_BYTES[word] else list(_INTEGER)


def _indented(by: int, lines: list[str]) -> list[str]:
    return [" " * by + each for each in lines]


def _wire_type(value: Value) -> int:
    if isinstance(value, EnumType):
        return VARINT
    if isinstance(value, Message):
        return BYTES
    if value.word in _SEVERAL_BYTES:
        return VARINT
    return {"double": FIXED64, "float": FIXED32}.get(value.word, BYTES)


class BinaryEncoder:
    """Encodes one message. ``attributes`` are given where it is written from the structs that the contract's encoder
    makes, and not from JSON.
    """

    def __init__(self, message: Message, attributes: Attributes | None = None) -> None:
        self._made: dict[Message, Write] = {}
        self._attributes = attributes
        self.encode = self._function(message)
        """From the contract's JSON, or such a struct, to bytes."""

    def _function(self, message: Message) -> Write:
        made = self._made.get(message)
        if made is not None:
            return made
        self._made[message] = lambda value: self._made[message](value)
        attributes = None if self._attributes is None else self._attributes[message]
        self._made[message] = made = _Writer(message, self._function, attributes).compile()
        return made


def attributes_of(message: Message, struct: Any) -> Attributes | None:
    """How the fields of a message are called in a struct that the contract's encoder makes, if it can be written from
    that: a struct of texts, numbers, truth values, and lists and structs of these, which are the same in JSON.
    """
    found: dict[Message, dict[str, str]] = {}
    return found if _is_plain(message, struct, found) else None


def _is_plain(message: Message, struct: Any, found: dict[Message, dict[str, str]]) -> bool:
    if message.recursive or message.shape is not Shape.RECORD or not is_struct(struct):
        return False
    fields = {each.encode_name: each for each in msgspec.structs.fields(struct)}
    found[message] = {name: each.name for name, each in fields.items()}
    return all(each.key in fields and _is_plain_field(each, fields[each.key].type, found) for each in message.fields)


def _is_plain_field(field: MessageField, type_: Any, found: dict[Message, dict[str, str]]) -> bool:
    type_ = bare(type_)
    if field.label is Label.REPEATED:
        if get_origin(type_) is not list:
            return False
        type_ = bare(get_args(type_)[0])
    else:
        type_ = without_none(type_)
    if isinstance(field.value, Message):
        return field.label is not Label.MAP and _is_plain(field.value, type_, found)
    return type_ in (str, int, float, bool)


class _Writer:
    """Writes the function that writes one message."""

    def __init__(
        self, message: Message, function: Callable[[Message], Write], attributes: Mapping[str, str] | None = None
    ) -> None:
        self._message = message
        self._function = function
        self._attributes = attributes
        self._scope: dict[str, Any] = {"varint": write}

    def compile(self) -> Write:
        """The function."""
        message = self._message
        if message.shape is Shape.UNION:
            return self._union()
        lines = []
        for field in sorted(message.fields, key=lambda each: each.number):
            if self._attributes is not None:
                get = f"t.{self._attributes[field.key]}"
            else:
                get = "t" if message.shape is Shape.WRAPPER else f"t.get({field.key!r})"
            if field.label is Label.PLAIN and isinstance(field.value, Leaf) and not field.value.well_known:
                # Minus zero is another number than zero.
                more = {"double": " or repr(v) == '-0.0'", "float": " or repr(v) == '-0.0'"}.get(field.value.word, "")
                test = "v and v != '0'" if field.value.kind in leaves.TEXTUAL else f"v{more}"
            elif field.label in (Label.REPEATED, Label.MAP):
                test = "v"
            elif field.holds_null and message.shape is Shape.RECORD:
                test = f"v is not None or {field.key!r} in t"
            else:
                test = "v is not None"
            lines += [f"    v = {get}\n", f"    if {test}:\n", *(f"        {each}\n" for each in self._field(field))]
        source = "def write(t):\n    out = []\n" + "".join(lines) + "    return b''.join(out)\n"
        return compiled(source, self._scope, "write")

    def _union(self) -> Write:
        variants: dict[str, tuple[bytes, Write]] = {}
        for field in self._message.fields:
            assert isinstance(field.value, Message)
            variants[field.key] = _tag(field.number, BYTES), self._function(field.value)
        discriminator = self._message.discriminator

        def union(value: Any) -> bytes:
            tag, function = variants[value[discriminator]]
            content = function(value)
            return tag + write(len(content)) + content

        return union

    def _field(self, field: MessageField) -> list[str]:
        if field.label is Label.MAP:
            return self._map(field)
        if field.label is not Label.REPEATED:
            return self._one(field.number, field.value, "v", f"f{field.number}")
        if _wire_type(field.value) == BYTES:
            return [
                "for each in v:",
                *(f"    {line}" for line in self._one(field.number, field.value, "each", f"f{field.number}")),
            ]
        # Numbers are packed.
        name = f"f{field.number}"
        self._scope[f"{name}_tag"] = _tag(field.number, BYTES)
        return [
            f"packed = b''.join([{self._bare(field.value, 'each', name)} for each in v])",
            f"out += ({name}_tag, varint(len(packed)), packed)",
        ]

    def _bare(self, value: Value, v: str, name: str) -> str:
        """An expression for a number without a tag."""
        if isinstance(value, EnumType):
            self._scope[name] = {
                text: write(number & 0xFFFF_FFFF_FFFF_FFFF) for text, number in _numbers(value).items()
            }
            return f"{name}.get({v}, b'\\0')"
        assert isinstance(value, Leaf)
        if value.word in ("double", "float"):
            self._scope[name] = (leaves.DOUBLE if value.word == "double" else leaves.FLOAT).pack
            return f"{name}({v})"
        if value.word == "bool":
            return f"(b'\\1' if {v} else b'\\0')"
        number = f"int({v})" if value.kind in leaves.TEXTUAL else v
        return f"varint({number} & 0xFFFFFFFFFFFFFFFF)"

    def _one(self, number: int, value: Value, v: str, name: str) -> list[str]:
        """Lines that write one value with its tag."""
        kind = _wire_type(value)
        tag = _tag(number, kind)
        self._scope[f"{name}_tag"] = tag
        if kind == BYTES:
            self._scope[f"{name}_short"] = [tag + bytes([n]) for n in range(128)]
            if isinstance(value, Message):
                self._scope[name] = self._function(value)
                made = f"{name}({v})"
            elif value.well_known:  # type: ignore[union-attr]
                self._scope[name] = _WRITE[value.word]  # type: ignore[union-attr]
                made = f"{name}({v})"
            elif value.kind is Kind.BYTES:  # type: ignore[union-attr]
                self._scope["raw"] = leaves.raw
                made = f"raw({v})"
            else:
                made = f"{v}.encode()"
            return [
                f"b = {made}",
                "n = len(b)",
                f"if n < 128: out.append({name}_short[n] + b)",
                f"else: out += ({name}_tag, varint(n), b)",
            ]
        if isinstance(value, EnumType):
            self._scope[name] = {
                text: tag + write(number & 0xFFFF_FFFF_FFFF_FFFF) for text, number in _numbers(value).items()
            }
            return [f"out.append({name}.get({v}, b''))"]
        if value.word == "bool":  # type: ignore[union-attr]
            self._scope[f"{name}_yes"], self._scope[f"{name}_no"] = tag + b"\1", tag + b"\0"
            return [f"out.append({name}_yes if {v} else {name}_no)"]
        return [f"out.append({name}_tag + {self._bare(value, v, name)})"]

    def _map(self, field: MessageField) -> list[str]:
        assert field.map_key is not None
        word, name = field.map_key.word, f"f{field.number}"
        key = "k" if word == "string" else "k == 'true'" if word == "bool" else "int(k)"
        number_kind = Leaf(word, Kind.INT) if word not in ("string", "bool") else field.map_key
        keyed = self._one(1, number_kind, "key", f"{name}_key")
        valued = self._one(2, field.value, "each", f"{name}_value")
        self._scope[f"{name}_tag"] = _tag(field.number, BYTES)
        return [
            "whole = out",
            "for k, each in v.items():",
            "    out = []",
            f"    key = {key}",
            *(f"    {line}" for line in keyed),
            *(f"    {line}" for line in valued),
            "    packed = b''.join(out)",
            f"    whole += ({name}_tag, varint(len(packed)), packed)",
            "out = whole",
        ]


def _numbers(type_: EnumType) -> dict[str, int]:
    """The numbers of an enum's values; of those too that it had once, and that may be stored."""
    return {**{text: n for n, text in type_.reserved.items()}, **{each.value: each.number for each in type_.values}}


def _tag(number: int, kind: int) -> bytes:
    return write(number << 3 | kind)
