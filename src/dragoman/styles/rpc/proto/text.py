"""``.proto`` files (proto3), as ``dragoman export --format proto`` prints them: buf lints them clean, but for rules
that the file says it breaks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from dragoman.contract.operation import Effect

from .model import (
    ANY,
    EMPTY,
    EnumNumber,
    EnumType,
    Label,
    Leaf,
    Message,
    MessageField,
    Package,
    Procedure,
    Service,
    Shape,
    Value,
)
from .names import prefix

IMPORTS: Final = {
    "google.protobuf.Empty": "google/protobuf/empty.proto",
    "google.protobuf.Timestamp": "google/protobuf/timestamp.proto",
    "google.protobuf.Duration": "google/protobuf/duration.proto",
    "google.protobuf.Value": "google/protobuf/struct.proto",
    "google.protobuf.FieldMask": "google/protobuf/field_mask.proto",
    ANY: "google/protobuf/any.proto",
}
"""Where the well-known messages are."""

WIDTH: Final = 100
VERSIONED: Final = re.compile(r"\.v[1-9][0-9]*(?:(?:alpha|beta|p[1-9][0-9]*(?:alpha|beta))(?:[1-9][0-9]*)?|test.*)?$")
"""What buf takes for a package's version."""
SNAKE: Final = re.compile("[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
UPPER: Final = re.compile("[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
PASCAL: Final = re.compile("[A-Z][A-Za-z0-9]*")
"""What buf wants names to look like, which those that were given by hand need not."""
LEVELS: Final = {Effect.SAFE: "NO_SIDE_EFFECTS", Effect.IDEMPOTENT: "IDEMPOTENT"}


def proto(package: Package) -> str:
    """The file of a package."""
    return "\n".join(_File(package).lines()) + "\n"


def imports(package: Package) -> list[str]:
    """The files of the well-known messages that a package uses, sorted."""
    used = set()
    for each in package.everything():
        for field in each.fields if isinstance(each, Message) else ():
            if isinstance(field.value, Leaf) and field.value.well_known:
                used.add(IMPORTS[field.value.word])
    for service in package.services.values():
        if any(each.input is None or each.output is None for each in service.procedures):
            used.add(IMPORTS[EMPTY])
    return sorted(used)


class _File:
    def __init__(self, package: Package) -> None:
        self._package = package

    def lines(self) -> Iterator[str]:
        """The file's lines."""
        package = self._package
        yield 'syntax = "proto3";'
        yield ""
        if not VERSIONED.search(package.name):
            yield "// buf:lint:ignore PACKAGE_VERSION_SUFFIX"
        yield f"package {package.name};"
        found = imports(package)
        if found:
            yield ""
            yield from (f'import "{each}";' for each in found)
        for service in package.services.values():
            yield ""
            yield from self._service(service)
        for each in sorted(package.types.values(), key=lambda each: each.name):
            yield ""
            yield from self._type(each, "")

    def _service(self, service: Service) -> Iterator[str]:
        yield from _comment(service.description, "")
        if not service.short.endswith("Service"):
            yield "// buf:lint:ignore SERVICE_SUFFIX"
        yield f"service {service.short} {{"
        for number, each in enumerate(service.procedures):
            if number:
                yield ""
            yield from self._procedure(each, service)
        yield "}"

    def _procedure(self, each: Procedure, service: Service) -> Iterator[str]:
        yield from _comment(each.description, "  ")
        yield from self._exceptions(each, service)
        methods = {other.name for other in service.procedures}
        taken = self._named(each.input, each.interaction.streams_input, methods)
        given = self._named(each.output, each.interaction.streams_output, methods)
        options = []
        if each.deprecated:
            options.append("option deprecated = true;")
        if each.effect in LEVELS:
            options.append(f"option idempotency_level = {LEVELS[each.effect]};")
        head = f"  rpc {each.name}({taken}) returns ({given})"
        if options:
            yield f"{head} {{"
            yield from (f"    {option}" for option in options)
            yield "  }"
        else:
            yield f"{head};"

    def _exceptions(self, each: Procedure, service: Service) -> Iterator[str]:
        """Rules of buf that the contract's own types break: a message is what an operation takes, by whatever name."""
        others = [
            message
            for known in self._package.services.values()
            for other in known.procedures
            for message in (other.input, other.output)
            if other is not each
        ]
        rules = []
        names = {f"{each.name}Request", f"{service.short}{each.name}Request"}
        if each.input is None or each.input.short not in names:
            rules.append("RPC_REQUEST_STANDARD_NAME")
        names = {f"{each.name}Response", f"{service.short}{each.name}Response"}
        if each.output is None or each.output.short not in names:
            rules.append("RPC_RESPONSE_STANDARD_NAME")
        # What is empty is not only this package's.
        shared = None in (each.input, each.output) or each.input is each.output
        if shared or each.input in others or each.output in others:
            rules.append("RPC_REQUEST_RESPONSE_UNIQUE")
        yield from (f"  // buf:lint:ignore {rule}" for rule in rules)

    def _named(self, message: Message | None, stream: bool, methods: set[str]) -> str:
        if message is None:
            name = self._word(Leaf(EMPTY), Message("", []))
        else:
            name = self._relative(message.name)
            if name in methods:
                # A method hides what is outside of its service.
                name = f".{message.name}"
        return f"stream {name}" if stream else name

    def _relative(self, name: str) -> str:
        return name.removeprefix(f"{self._package.name}.")

    def _type(self, each: Message | EnumType, indent: str) -> Iterator[str]:
        yield from _comment(each.description, indent)
        if not PASCAL.fullmatch(each.short):
            yield f"{indent}// buf:lint:ignore {'MESSAGE' if isinstance(each, Message) else 'ENUM'}_PASCAL_CASE"
        yield from self._message(each, indent) if isinstance(each, Message) else _enum(each, indent)

    def _message(self, message: Message, indent: str) -> Iterator[str]:
        if not message.fields and not message.nested and not message.reserved:
            yield f"{indent}message {message.short} {{}}"
            return
        yield f"{indent}message {message.short} {{"
        inner = indent + "  "
        if message.deprecated:
            yield f"{inner}option deprecated = true;"
        yield from _reserved(message.reserved, {each.name for each in message.fields}, inner)
        if message.reserved and message.nested:
            yield ""
        for nested in message.nested:
            yield from self._type(nested, inner)
            yield ""
        if message.shape is Shape.UNION:
            yield f"{inner}oneof {message.fields[0].oneof} {{"
            for field in message.fields:
                yield from self._field(field, message, inner + "  ")
            yield f"{inner}}}"
        else:
            for field in sorted(message.fields, key=lambda each: each.number):
                yield from self._field(field, message, inner)
        yield f"{indent}}}"

    def _field(self, field: MessageField, message: Message, indent: str) -> Iterator[str]:
        said = field.description
        if field.output_only:
            said = f"{said} Output only.".strip()
        yield from _comment(said, indent)
        if not SNAKE.fullmatch(field.name):
            yield f"{indent}// buf:lint:ignore FIELD_LOWER_SNAKE_CASE"
        word = self._word(field.value, message)
        if field.label is Label.MAP:
            assert field.map_key is not None
            word = f"map<{field.map_key.word}, {word}>"
        elif field.label is not Label.PLAIN:
            word = f"{field.label} {word}"
        option = " [deprecated = true]" if field.deprecated else ""
        yield f"{indent}{word} {field.name} = {field.number}{option};"

    def _word(self, value: Value, message: Message) -> str:
        if not isinstance(value, Leaf):
            return self._reference(value.name, message)
        # What the package's own name hides is named from the root.
        hidden = value.well_known and "google" in self._package.name.split(".")
        return f".{value.word}" if hidden else value.word

    def _reference(self, name: str, message: Message) -> str:
        """A type's name as it is found from within a message: what stands in a message hides what is outside."""
        if name.startswith(f"{message.name}."):
            return name.removeprefix(f"{message.name}.")
        relative = self._relative(name)
        hidden, outer = {each.short for each in message.nested}, message.name
        while outer != self._package.name:
            hidden.add(outer.rpartition(".")[2])
            outer = outer.rpartition(".")[0]
        return f".{name}" if relative.split(".")[0] in hidden - {relative} else relative


def _enum(type_: EnumType, indent: str) -> Iterator[str]:
    inner = indent + "  "
    yield f"{indent}enum {type_.short} {{"
    yield from _reserved(type_.reserved, set(), inner, names=False)
    values = sorted(type_.values, key=lambda each: each.number)
    if type_.zero:
        values.insert(0, EnumNumber(type_.zero, ""))
    for each in values:
        yield from _comment(each.description, inner)
        yield from (f"{inner}// buf:lint:ignore {rule}" for rule in _broken(type_, each))
        yield f"{inner}{each.name} = {each.number}{' [deprecated = true]' if each.deprecated else ''};"
    yield f"{indent}}}"


def _broken(type_: EnumType, value: EnumNumber) -> Iterator[str]:
    """Rules of buf that a value's name breaks."""
    if value.number == 0 and not value.name.endswith("_UNSPECIFIED"):
        yield "ENUM_ZERO_VALUE_SUFFIX"
    if not value.name.startswith(f"{prefix(type_.short)}_"):
        yield "ENUM_VALUE_PREFIX"
    if not UPPER.fullmatch(value.name):
        yield "ENUM_VALUE_UPPER_SNAKE_CASE"


def _reserved(reserved: dict[int, str], names_in_use: set[str], indent: str, *, names: bool = True) -> Iterator[str]:
    if not reserved:
        return
    yield f"{indent}reserved {', '.join(str(n) for n in sorted(reserved))};"
    gone = sorted(set(reserved.values()) - names_in_use - {""}) if names else []
    if gone:
        quoted = ", ".join(f'"{name}"' for name in gone)
        yield f"{indent}reserved {quoted};"


def _comment(text: str, indent: str) -> Iterator[str]:
    for line in text.splitlines():
        for part in textwrap.wrap(line, WIDTH - len(indent) - 3) or [""]:
            yield f"{indent}// {part}".rstrip()
