"""Descriptors (``google/protobuf/descriptor.proto``): the same as the text, for programs such as grpcurl."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dragoman.contract.operation import Effect
from dragoman.styles.rpc.codec.varint import bytes_field, number_field, text_field

from .model import EMPTY, EnumType, Label, Leaf, Message, MessageField, Package, Procedure, Service, Shape
from .names import entry, json_name
from .text import imports

_TYPES: Final = {
    "double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "bool": 8, "string": 9, "bytes": 12, "uint32": 13,
}  # fmt: skip
_MESSAGE, _ENUM = 11, 14
_LEVELS: Final = {Effect.SAFE: 1, Effect.IDEMPOTENT: 2}


def file_descriptor(package: Package, path: str = "") -> bytes:
    """A FileDescriptorProto, of the path that a package has if nothing is said."""
    types = sorted(package.types.values(), key=lambda each: each.name)
    return b"".join(
        [
            text_field(1, path or package.path),
            text_field(2, package.name),
            *(text_field(3, each) for each in imports(package)),
            *(bytes_field(4, _message(each)) for each in types if isinstance(each, Message)),
            *(bytes_field(5, _enum(each)) for each in types if isinstance(each, EnumType)),
            *(bytes_field(6, _service(each)) for each in package.services.values()),
            text_field(12, "proto3"),
        ]
    )


def descriptor_set(packages: Iterable[Package]) -> bytes:
    """A FileDescriptorSet of these packages. The well-known files are everybody's, and left out."""
    return b"".join(bytes_field(1, file_descriptor(each)) for each in packages)


def _message(message: Message) -> bytes:
    parts = [text_field(1, message.short)]
    oneofs: list[str] = []
    if message.shape is Shape.UNION and message.fields:
        oneofs.append(message.fields[0].oneof)
    by_number = sorted(message.fields, key=lambda each: each.number)
    parts += [bytes_field(2, _field(each, message, oneofs)) for each in by_number]
    parts += [bytes_field(3, _message(each)) for each in message.nested if isinstance(each, Message)]
    parts += [bytes_field(3, _entry(each)) for each in message.fields if each.label is Label.MAP]
    parts += [bytes_field(4, _enum(each)) for each in message.nested if isinstance(each, EnumType)]
    if message.deprecated:
        parts.append(bytes_field(7, number_field(3, 1)))
    parts += [bytes_field(8, text_field(1, each)) for each in oneofs]
    for n in sorted(message.reserved):
        parts.append(bytes_field(9, number_field(1, n) + number_field(2, n + 1)))
    in_use = {each.name for each in message.fields}
    parts += [text_field(10, name) for name in sorted(set(message.reserved.values()) - in_use - {""})]
    return b"".join(parts)


def _field(field: MessageField, message: Message, oneofs: list[str]) -> bytes:
    repeated = field.label in (Label.REPEATED, Label.MAP)
    parts = [text_field(1, field.name), number_field(3, field.number), number_field(4, 3 if repeated else 1)]
    if field.label is Label.MAP:
        parts += [number_field(5, _MESSAGE), text_field(6, f".{message.name}.{entry(field.name)}")]
    else:
        parts += _type(field.value)
    if field.deprecated:
        parts.append(bytes_field(8, number_field(3, 1)))
    if message.shape is Shape.UNION:
        parts.append(number_field(9, 0))
    elif field.label is Label.OPTIONAL:
        # What has presence stands in a oneof of its own, for programs that do not know of it.
        parts.append(number_field(9, len(oneofs)))
        oneofs.append(f"_{field.name}")
        parts.append(number_field(17, 1))
    return b"".join([*parts, text_field(10, json_name(field.name))])


def _type(value: Leaf | Message | EnumType) -> list[bytes]:
    if isinstance(value, Message):
        return [number_field(5, _MESSAGE), text_field(6, f".{value.name}")]
    if isinstance(value, EnumType):
        return [number_field(5, _ENUM), text_field(6, f".{value.name}")]
    if value.well_known:
        return [number_field(5, _MESSAGE), text_field(6, f".{value.word}")]
    return [number_field(5, _TYPES[value.word])]


def _entry(field: MessageField) -> bytes:
    assert field.map_key is not None
    key = [text_field(1, "key"), number_field(3, 1), number_field(4, 1), *_type(field.map_key), text_field(10, "key")]
    value = [
        text_field(1, "value"),
        number_field(3, 2),
        number_field(4, 1),
        *_type(field.value),
        text_field(10, "value"),
    ]
    return b"".join(
        [
            text_field(1, entry(field.name)),
            bytes_field(2, b"".join(key)),
            bytes_field(2, b"".join(value)),
            bytes_field(7, number_field(7, 1)),
        ]
    )


def _enum(type_: EnumType) -> bytes:
    parts = [text_field(1, type_.short)]
    if type_.zero:
        parts.append(bytes_field(2, text_field(1, type_.zero) + number_field(2, 0)))
    for each in sorted(type_.values, key=lambda each: each.number):
        options = bytes_field(3, number_field(1, 1)) if each.deprecated else b""
        parts.append(bytes_field(2, text_field(1, each.name) + number_field(2, each.number) + options))
    parts += [bytes_field(4, number_field(1, n) + number_field(2, n)) for n in sorted(type_.reserved)]
    return b"".join(parts)


def _service(service: Service) -> bytes:
    return text_field(1, service.short) + b"".join(bytes_field(2, _procedure(each)) for each in service.procedures)


def _procedure(each: Procedure) -> bytes:
    options = b""
    if each.deprecated:
        options += number_field(33, 1)
    if each.effect in _LEVELS:
        options += number_field(34, _LEVELS[each.effect])
    parts = [
        text_field(1, each.name),
        text_field(2, f".{EMPTY if each.input is None else each.input.name}"),
        text_field(3, f".{EMPTY if each.output is None else each.output.name}"),
    ]
    if options:
        parts.append(bytes_field(4, options))
    if each.interaction.streams_input:
        parts.append(number_field(5, 1))
    if each.interaction.streams_output:
        parts.append(number_field(6, 1))
    return b"".join(parts)
