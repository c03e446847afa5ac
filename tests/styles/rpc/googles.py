"""Messages as Google's own library has them, from our descriptors: what it reads and writes is what others do."""

from __future__ import annotations

import itertools
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from google.protobuf import (  # the pool knows these files by their import
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)
from google.protobuf.unknown_fields import UnknownFieldSet

from dragoman.contract.schema import Kind, Type, Types
from dragoman.runtime.codec.view import View
from dragoman.styles.rpc.codec import BinaryDecoder, BinaryEncoder, ProtoJsonDecoder, ProtoJsonEncoder
from dragoman.styles.rpc.proto.descriptors import file_descriptor
from dragoman.styles.rpc.proto.lock import Lock, number
from dragoman.styles.rpc.proto.mapping import Mapper, check_names
from dragoman.styles.rpc.proto.model import VALUE, EnumType, Label, Leaf, Message, MessageField, Package, Shape

WELL_KNOWN = (any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2)


def pool_of(*files: descriptor_pb2.FileDescriptorProto) -> descriptor_pool.DescriptorPool:
    """A pool with these files, and those that everybody has."""
    pool = descriptor_pool.DescriptorPool()
    for each in WELL_KNOWN:
        pool.AddSerializedFile(each.DESCRIPTOR.serialized_pb)
    for file in files:
        pool.Add(file)
    return pool


@dataclass
class Both:
    """One message, ours and theirs."""

    package: Package
    message: Message
    theirs: Any

    def __post_init__(self) -> None:
        self.decoder, self.encoder = BinaryDecoder(self.message), BinaryEncoder(self.message)
        self.json_decoder, self.json_encoder = ProtoJsonDecoder(self.message), ProtoJsonEncoder(self.message)

    def parsed(self, data: bytes) -> Any:
        """What Google's library reads. Raises its DecodeError."""
        return self.theirs.FromString(data)

    def seen(self, data: bytes) -> Any:
        """The same as the contract's JSON has it."""
        return seen(self.parsed(data), self.message)


def both(types: Types, type_: Type, *, package: str = "test.v1", lock: Lock | None = None) -> Both:
    """The message of a type, by fresh numbers or those of a lock."""
    made = Package(package)
    message = Mapper(made, types, View(None), "a test").message(type_)
    check_names(made, "a test")
    number(made, lock or Lock({}), "a test")
    return both_of(made, message)


def both_of(package: Package, message: Message) -> Both:
    """A message of a package that has its numbers."""
    pool = pool_of(descriptor_pb2.FileDescriptorProto.FromString(file_descriptor(package)))
    return Both(package, message, message_factory.GetMessageClass(pool.FindMessageTypeByName(message.name)))


# What a message of theirs is in the contract's JSON


NO_TIME = "neither a moment nor a time span"


class NoJson(Exception):
    """A value that JSON does not have."""


def seen(theirs: Any, message: Message) -> Any:
    """The rules of the mapping, said once more, over Google's reflection."""
    fields = [each for each in message.fields if not each.output_only]
    if message.shape is Shape.UNION:
        which = theirs.WhichOneof(fields[0].oneof) if fields else None
        for field in fields:
            if field.name == which:
                return {message.discriminator: field.key, **seen(getattr(theirs, which), field.value)}
        return {}
    if message.shape is Shape.WRAPPER:
        return seen_field(theirs, fields[0]).get("", None)
    made: dict[str, Any] = {}
    for field in fields:
        made |= seen_field(theirs, field)
    return made


def seen_field(theirs: Any, field: MessageField) -> dict[str, Any]:
    """The member that a field makes, if it makes one."""
    value = getattr(theirs, field.name)
    if field.label is Label.REPEATED:
        return {field.key: [seen_one(each, field) for each in value]}
    if field.label is Label.MAP:
        return {field.key: {seen_key(key): seen_one(value[key], field) for key in value}}
    is_enum = isinstance(field.value, EnumType)
    plain = isinstance(field.value, Leaf) and not field.value.well_known and field.label is Label.PLAIN
    if not plain and not (is_enum and field.label is Label.PLAIN) and not theirs.HasField(field.name):
        return {field.key: None} if field.null else {}
    one = seen_one(value, field)
    if is_enum and one is None:
        return {field.key: None} if field.null else {}
    return {field.key: one}


def without_times(value: Any) -> Any:
    """What ours reads, without the numbers of what is neither a moment nor a time span."""
    match value:
        case dict():
            return {name: without_times(each) for name, each in value.items()}
        case list():
            return [without_times(each) for each in value]
        case str() if re.fullmatch("-?[0-9]+ s and -?[0-9]+ ns", value):
            return NO_TIME
    return value


def lost_members(value: Any) -> bool:
    """The same for a google.protobuf.Value."""
    if value.HasField("list_value"):
        return any(map(lost_members, value.list_value.values))
    if not value.HasField("struct_value"):
        return False
    if any(each.field_number == 1 for each in UnknownFieldSet(value.struct_value)):
        return True
    return any(map(lost_members, value.struct_value.fields.values()))


def lost_entries(theirs: Any, message: Message) -> bool:
    """Whether Google's library put a map's entry among the unknown fields, as it does where one is within the entry."""
    maps = {each.number for each in message.fields if each.label is Label.MAP}
    if any(each.field_number in maps for each in UnknownFieldSet(theirs)):
        return True
    for field in message.fields:
        has_values = isinstance(field.value, Leaf) and field.value.word == VALUE
        if isinstance(field.value, Message) or has_values:
            value = getattr(theirs, field.name)
            if field.label is Label.MAP:
                parts = list(value.values())
            else:
                parts = list(value) if field.label is Label.REPEATED else [value] if theirs.HasField(field.name) else []
            if any(lost_members(each) if has_values else lost_entries(each, field.value) for each in parts):
                return True
    return False


def seen_key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def seen_one(value: Any, field: MessageField) -> Any:
    match field.value:
        case Message():
            return seen(value, field.value)
        case EnumType():
            by_number = {each.number: each.value for each in field.value.values}
            if value == 0 and field.value.zero:
                return None
            # A number that no value has is no value's text either.
            unknown = str(value) if str(value) not in by_number.values() else f"number {value}"
            return by_number.get(value, unknown)
    leaf = field.value
    match leaf.word:
        case "google.protobuf.Timestamp":
            if -62_135_596_800 <= value.seconds < 253_402_300_800 and 0 <= value.nanos < 10**9:
                return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, value.seconds, value.nanos // 1000)
            return NO_TIME
        case "google.protobuf.Duration":
            signs = {value.seconds > 0, value.nanos > 0} if value.seconds and value.nanos else {True}
            if abs(value.seconds) < 86_400 * (10**9 - 1) and abs(value.nanos) < 10**9 and len(signs) == 1:
                return timedelta(0, value.seconds, math.trunc(value.nanos / 1000))
            return NO_TIME
        case "google.protobuf.Value":
            return seen_value(value)
        case "google.protobuf.FieldMask":
            return list(value.paths)
        case "double" | "float":
            return value if math.isfinite(value) else math.inf
    return str(value) if leaf.kind in (Kind.INT64, Kind.UINT64) else value


def seen_value(value: Any) -> Any:
    match value.WhichOneof("kind"):
        case None | "null_value":
            return None
        case "number_value":
            if not math.isfinite(value.number_value):
                raise NoJson
            return value.number_value
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return {name: seen_value(each) for name, each in value.struct_value.fields.items()}
        case _:
            return [seen_value(each) for each in value.list_value.values]


# Messages at random, as bytes


def varint(n: int) -> bytes:
    n &= 2**64 - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def sized(tag: int, content: bytes) -> bytes:
    return varint(tag << 3 | 2) + varint(len(content)) + content


EDGES = [0, 1, -1, 2, 127, 128, 300, 16_383, 16_384, 2**31 - 1, -(2**31), 2**32 - 1, 2**53, -(2**53) + 1, 2**63 - 1]
EDGES += [-(2**63), 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, 0.1, -2.5, 1e300, 5e-324, 3.4028234663852886e38, math.inf, -math.inf, math.nan]
TEXTS = ["", "a", "abc", "é", "漢字" * 50, "\0", "\U0001f600", "x" * 200]


class Random_messages:
    """Makes messages at random: fields in any order, several times, packed or not, in parts, beside others."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def message(self, message: Message, depth: int = 5) -> bytes:
        """The bytes of a message."""
        random = self.random
        parts: list[bytes] = []
        for field in message.fields:
            times = random.choice([0, 1, 1, 1, 2, 3])
            if depth <= 0 and isinstance(field.value, Message):
                times = 0
            if times and field.label is Label.REPEATED and random.random() < 0.6 and self.wire_type(field) != 2:
                parts.append(sized(field.number, b"".join(self.content(field, depth) for _ in range(times))))
            else:
                parts += [self.field(field, depth) for _ in range(times)]
        parts += [self.unknown(message) for _ in range(random.choice([0, 0, 1, 2]))]
        if random.random() < 0.5:
            random.shuffle(parts)
        return b"".join(parts)

    def wire_type(self, field: MessageField) -> int:
        if field.label is Label.MAP or isinstance(field.value, Message):
            return 2
        if isinstance(field.value, EnumType):
            return 0
        return {"double": 1, "float": 5, "string": 2, "bytes": 2}.get(
            field.value.word, 2 if field.value.well_known else 0
        )

    def field(self, field: MessageField, depth: int) -> bytes:
        if field.label is Label.MAP:
            key = MessageField("key", field.map_key, number=1)
            value = MessageField("value", field.value, number=2)
            inner = [self.field(each, depth) for each in (key, value) if self.random.random() < 0.9]
            if depth <= 0 and isinstance(field.value, Message):
                inner = inner[:1]
            if self.random.random() < 0.2:
                self.random.shuffle(inner)
            return sized(field.number, b"".join(inner))
        content = self.content(field, depth)
        kind = self.wire_type(field)
        return sized(field.number, content) if kind == 2 else varint(field.number << 3 | kind) + content

    def content(self, field: MessageField, depth: int) -> bytes:
        random = self.random
        match field.value:
            case Message():
                return self.message(field.value, depth - 1)
            case EnumType():
                known = [each.number for each in field.value.values]
                return varint(random.choice([*known, *known, *known, 0, 99, -1, 2**31]))
        match field.value.word:
            case "double":
                return struct.pack("<d", random.choice([*FLOATS, random.gauss(0, 1000)]))
            case "float":
                return struct.pack("<f", random.choice([each for each in FLOATS if each != 1e300]))
            case "string":
                return random.choice(TEXTS).encode()
            case "bytes":
                return random.randbytes(random.choice([0, 1, 5, 130]))
            case "google.protobuf.Timestamp":
                seconds = random.choice([0, 1_800_000_000, -1, -62_135_596_800, 253_402_300_799])
                made = timestamp_pb2.Timestamp(seconds=seconds, nanos=random.choice([0, 0, 1000, 999_999_000]))
                return made.SerializeToString()
            case "google.protobuf.Duration":
                sign = random.choice([1, -1])
                seconds, nanos = (
                    random.choice([0, 5, 315_576_000_000]),
                    random.choice([0, 1000, 999_999_000, 500_000_000]),
                )
                return duration_pb2.Duration(seconds=sign * seconds, nanos=sign * nanos).SerializeToString()
            case "google.protobuf.Value":
                return self.value(3).SerializeToString()
            case "google.protobuf.FieldMask":
                return field_mask_pb2.FieldMask(paths=["a", "b.c"]).SerializeToString()
        return varint(random.choice([*EDGES, random.getrandbits(20)]))

    def value(self, depth: int) -> Any:
        made, random = struct_pb2.Value(), self.random
        match random.choice(["null", "number", "string", "bool", "list", "struct", "none"] if depth else ["number"]):
            case "null":
                made.null_value = 0
            case "number":
                made.number_value = random.choice([0.0, 1.0, -1.5, 2.0**53, 1e300])
            case "string":
                made.string_value = random.choice(TEXTS)
            case "bool":
                made.bool_value = random.random() < 0.5
            case "list":
                made.list_value.values.extend(self.value(depth - 1) for _ in range(random.randrange(3)))
                made.list_value.SetInParent()
            case "struct":
                made.struct_value.SetInParent()
                for name in random.sample(["a", "b", "é", ""], random.randrange(3)):
                    made.struct_value.fields[name].CopyFrom(self.value(depth - 1))
        return made

    def unknown(self, message: Message) -> bytes:
        """A field that the message does not have, or one of its own in another wire type."""
        random = self.random
        taken = {each.number for each in message.fields}
        n = next(each for each in itertools.count(random.choice([1, 16, 5000, 2**29 - 10])) if each not in taken)
        if taken and random.random() < 0.2:
            # Neither packed numbers nor a message: those are read, or are broken.
            n = random.choice(sorted(taken))
            return varint(n << 3 | 3) + varint(8) + varint(7) + varint(n << 3 | 4)
        match random.randrange(5):
            case 0:
                return varint(n << 3) + varint(random.choice(EDGES))
            case 1:
                return varint(n << 3 | 1) + random.randbytes(8)
            case 2:
                return sized(n, random.randbytes(random.randrange(5)))
            case 3:
                return varint(n << 3 | 5) + random.randbytes(4)
            case _:
                inner = varint(8) + varint(5) + sized(3, b"x") + varint(4 << 3 | 3) + varint(4 << 3 | 4)
                return varint(n << 3 | 3) + inner + varint(n << 3 | 4)

    def mutated(self, data: bytes) -> bytes:
        """The same with something wrong, perhaps."""
        random = self.random
        out = bytearray(data)
        for _ in range(random.choice([1, 1, 1, 2, 4])):
            at = random.randrange(len(out) + 1)
            match random.randrange(6):
                case 0:
                    del out[at:]
                case 1:
                    del out[at : at + random.randrange(1, 4)]
                case 2:
                    out[at:at] = random.randbytes(random.randrange(1, 3))
                case 3 if at < len(out):
                    out[at] ^= 1 << random.randrange(8)
                case 4 if at < len(out):
                    out[at] = random.choice([0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)])
                case _:
                    part = out[at : at + random.randrange(1, 20)]
                    out += part
        return bytes(out)


def all_messages(package: Package) -> Iterator[Message]:
    """The messages of a package, those in others too."""
    return (each for each in package.everything() if isinstance(each, Message))
