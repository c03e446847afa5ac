"""Descriptors (``google/protobuf/descriptor.proto``): the same as the text, for programs such as grpcurl."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dragoman.contract.operation import Effect
from dragoman.styles.rpc.codec.varint import write

from .model import EMPTY, EnumType, Label, Leaf, Message, MessageField, Package, Procedure, Service, Shape
from .names import camel, json_name
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
            _text(1, path or package.path),
            _text(2, package.name),
            *(_text(3, each) for each in imports(package)),
            *(_bytes(4, _message(each)) for each in types if isinstance(each, Message)),
            *(_bytes(5, _enum(each)) for each in types if isinstance(each, EnumType)),
            *(_bytes(6, _service(each)) for each in package.services.values()),
            _text(12, "proto3"),
        ]
    )


def descriptor_set(packages: Iterable[Package]) -> bytes:
    """A FileDescriptorSet of these packages. The well-known files are everybody's, and left out."""
    return b"".join(_bytes(1, file_descriptor(each)) for each in packages)


def _message(message: Message) -> bytes:
    parts = [_text(1, message.short)]
    oneofs: list[str] = []
    if message.shape is Shape.UNION and message.fields:
        oneofs.append(message.fields[0].oneof)
    by_number = sorted(message.fields, key=lambda each: each.number)
    parts += [_bytes(2, _field(each, message, oneofs)) for each in by_number]
    parts += [_bytes(3, _message(each)) for each in message.nested if isinstance(each, Message)]
    parts += [_bytes(3, _entry(each)) for each in message.fields if each.label is Label.MAP]
    parts += [_bytes(4, _enum(each)) for each in message.nested if isinstance(each, EnumType)]
    if message.deprecated:
        parts.append(_bytes(7, _number(3, 1)))
    parts += [_bytes(8, _text(1, each)) for each in oneofs]
    for n in sorted(message.reserved):
        parts.append(_bytes(9, _number(1, n) + _number(2, n + 1)))
    in_use = {each.name for each in message.fields}
    parts += [_text(10, name) for name in sorted(set(message.reserved.values()) - in_use - {""})]
    return b"".join(parts)


def _field(field: MessageField, message: Message, oneofs: list[str]) -> bytes:
    repeated = field.label in (Label.REPEATED, Label.MAP)
    parts = [_text(1, field.name), _number(3, field.number), _number(4, 3 if repeated else 1)]
    if field.label is Label.MAP:
        parts += [_number(5, _MESSAGE), _text(6, f".{message.name}.{_entry_name(field)}")]
    else:
        parts += _type(field.value)
    if field.deprecated:
        parts.append(_bytes(8, _number(3, 1)))
    if message.shape is Shape.UNION:
        parts.append(_number(9, 0))
    elif field.label is Label.OPTIONAL:
        # What has presence stands in a oneof of its own, for programs that do not know of it.
        parts.append(_number(9, len(oneofs)))
        oneofs.append(f"_{field.name}")
        parts.append(_number(17, 1))
    return b"".join([*parts, _text(10, json_name(field.name))])


def _type(value: Leaf | Message | EnumType) -> list[bytes]:
    if isinstance(value, Message):
        return [_number(5, _MESSAGE), _text(6, f".{value.name}")]
    if isinstance(value, EnumType):
        return [_number(5, _ENUM), _text(6, f".{value.name}")]
    if value.well_known:
        return [_number(5, _MESSAGE), _text(6, f".{value.word}")]
    return [_number(5, _TYPES[value.word])]


def _entry_name(field: MessageField) -> str:
    return f"{camel(field.name)}Entry"


def _entry(field: MessageField) -> bytes:
    assert field.map_key is not None
    key = [_text(1, "key"), _number(3, 1), _number(4, 1), *_type(field.map_key), _text(10, "key")]
    value = [_text(1, "value"), _number(3, 2), _number(4, 1), *_type(field.value), _text(10, "value")]
    return b"".join(
        [
            _text(1, _entry_name(field)),
            _bytes(2, b"".join(key)),
            _bytes(2, b"".join(value)),
            _bytes(7, _number(7, 1)),
        ]
    )


def _enum(type_: EnumType) -> bytes:
    parts = [_text(1, type_.short)]
    if type_.zero:
        parts.append(_bytes(2, _text(1, type_.zero) + _number(2, 0)))
    for each in sorted(type_.values, key=lambda each: each.number):
        options = _bytes(3, _number(1, 1)) if each.deprecated else b""
        parts.append(_bytes(2, _text(1, each.name) + _number(2, each.number) + options))
    parts += [_bytes(4, _number(1, n) + _number(2, n)) for n in sorted(type_.reserved)]
    return b"".join(parts)


def _service(service: Service) -> bytes:
    return _text(1, service.short) + b"".join(_bytes(2, _procedure(each)) for each in service.procedures)


def _procedure(each: Procedure) -> bytes:
    options = b""
    if each.deprecated:
        options += _number(33, 1)
    if each.effect in _LEVELS:
        options += _number(34, _LEVELS[each.effect])
    parts = [
        _text(1, each.name),
        _text(2, f".{EMPTY if each.input is None else each.input.name}"),
        _text(3, f".{EMPTY if each.output is None else each.output.name}"),
    ]
    if options:
        parts.append(_bytes(4, options))
    if each.interaction.streams_input:
        parts.append(_number(5, 1))
    if each.interaction.streams_output:
        parts.append(_number(6, 1))
    return b"".join(parts)


def _bytes(number: int, content: bytes) -> bytes:
    return write(number << 3 | 2) + write(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _number(number: int, value: int) -> bytes:
    return write(number << 3) + write(value)
