"""Messages and enums as types of a contract, under their full names.

What has no presence is required, as the contract's own export to ``.proto`` has it: absent is its zero value. A
scalar with presence is nullable and not required; a message in a field is not required, unless google.api says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
)

from dragoman.contract.schema import (
    MISSING,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
    Map,
    Named,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Union,
    Variant,
)
from dragoman.contract.traits import Trait, Traits
from dragoman.review import elements
from dragoman.review.elements import Element, Position

from .annotations import BEHAVIORS, FIELD_BEHAVIOR, RESOURCE, RESOURCE_REFERENCE
from .features import Features
from .scalars import SCALARS, WELL_KNOWN, default
from .source import Path, Source
from .traits import ApiResource, Behavior, Delimited, ExtensionRanges, Members, Reserved, ResourceReference

_FIELD = FieldDescriptorProto
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM, _MESSAGE_ONEOF, _ENUM_VALUE = 2, 3, 4, 8, 2
"""The numbers of descriptor.proto's fields that paths are made of."""

_OUTPUT_ONLY = "Output only."
"""How comments said it before there was google.api.field_behavior, and still do beside it (AIP-203)."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A message or an enum where it is declared."""

    name: str
    descriptor: DescriptorProto | EnumDescriptorProto
    path: Path
    features: Features
    source: Source


def declared_in(
    scope: str,
    messages: Sequence[DescriptorProto],
    enums: Sequence[EnumDescriptorProto],
    paths: tuple[Path, Path],
    features: Features,
    source: Source,
) -> Iterator[Declared]:
    """Those of a file or of a message, with all that stands inside. ``paths`` lead to the messages and the enums."""
    of_messages, of_enums = paths
    for index, enum in enumerate(enums):
        yield Declared(_join(scope, enum.name), enum, (*of_enums, index), features, source)
    for index, message in enumerate(messages):
        name, path = _join(scope, message.name), (*of_messages, index)
        own = features.within(message.options.features) if message.options.HasField("features") else features
        yield Declared(name, message, path, own, source)
        inner = (*path, _MESSAGE_NESTED), (*path, _MESSAGE_ENUM)
        yield from declared_in(name, message.nested_type, message.enum_type, inner, own, source)


class Converter:
    """Makes named types of what is declared. ``note`` is told where each element stands; ``entry`` finds the message
    behind a map, by full name.
    """

    def __init__(
        self, note: Callable[[Element, Position], None], entry: Callable[[str], DescriptorProto | None]
    ) -> None:
        self._note = note
        self._entry = entry

    def convert(self, declared: Declared) -> Named:
        """The type."""
        self._note(elements.type_(declared.name), declared.source.position(declared.path))
        if isinstance(declared.descriptor, DescriptorProto):
            return self._record(declared, declared.descriptor)
        return self._enum(declared, declared.descriptor)

    def _enum(self, declared: Declared, enum: EnumDescriptorProto) -> Enum:
        values = []
        for index, value in enumerate(enum.value):
            path = (*declared.path, _ENUM_VALUE, index)
            element = Element(elements.Kind.VALUE, f"{declared.name}.{value.name}")
            self._note(element, declared.source.position(path))
            comment = declared.source.comment(path)
            values.append(EnumValue(value.name, comment, value.number, value.options.deprecated))
        return Enum(tuple(values), declared.name, declared.source.comment(declared.path))

    def _record(self, declared: Declared, message: DescriptorProto) -> Record:
        fields: list[Field | int] = []  # or the index of a oneof, where its first member stands
        members: dict[int, list[Field]] = {}
        for index, field in enumerate(message.field):
            path = (*declared.path, _MESSAGE_FIELD, index)
            self._note(elements.field(declared.name, field.name), declared.source.position(path))
            made = self.field(field, path, declared.features, declared.source)
            if not field.HasField("oneof_index") or field.proto3_optional:
                fields.append(made)
                continue
            if field.oneof_index not in members:
                fields.append(field.oneof_index)
            members.setdefault(field.oneof_index, []).append(made)
        whole = [each if isinstance(each, Field) else self._oneof(declared, message, each, members) for each in fields]
        return Record(
            declared.name,
            tuple(whole),
            declared.source.comment(declared.path),
            deprecated=message.options.deprecated,
            traits=Traits(_of_message(message)),
        )

    def _oneof(
        self, declared: Declared, message: DescriptorProto, index: int, members: dict[int, list[Field]]
    ) -> Field:
        name, path = message.oneof_decl[index].name, (*declared.path, _MESSAGE_ONEOF, index)
        self._note(elements.field(declared.name, name), declared.source.position(path))
        variants = [Variant(each.name, _bare(each.type), each.number) for each in members[index]]
        traits = Traits([Members(tuple(members[index]))])
        comment = declared.source.comment(path)
        return Field(name, Nullable(Union(tuple(variants))), required=False, description=comment, traits=traits)

    def field(self, field: FieldDescriptorProto, path: Path, features: Features, source: Source, *more: Trait) -> Field:
        """A field, of a message or of an extension."""
        options = field.options
        behaviors = [BEHAVIORS[each] for each in options.Extensions[FIELD_BEHAVIOR] if each in BEHAVIORS]
        type_, required = self._type(field, features)
        comment = source.comment(path)
        return Field(
            field.name,
            type_,
            required=required or "REQUIRED" in behaviors,
            default=default(field),
            read_only="OUTPUT_ONLY" in behaviors or comment.startswith(_OUTPUT_ONLY),
            description=comment.removeprefix(_OUTPUT_ONLY).strip(),
            deprecated=options.deprecated,
            number=field.number,
            traits=Traits([*_of_field(field, features, behaviors), *more]),
        )

    def _type(self, field: FieldDescriptorProto, features: Features) -> tuple[Type, bool]:
        """What a field holds, and whether every message has it."""
        single = self._single(field)
        if field.label == _FIELD.LABEL_REPEATED:
            if isinstance(single, Ref) and (entry := self._entry(single.name)) is not None:
                return Map(self._single(entry.field[0]), self._single(entry.field[1])), True
            return List(single), True
        if features.required(field):
            return single, True
        if field.type in (_FIELD.TYPE_MESSAGE, _FIELD.TYPE_GROUP):
            return single, False
        if features.optional(field):
            return (Nullable(single), False) if default(field) is MISSING else (single, False)
        return single, True

    def _single(self, field: FieldDescriptorProto) -> Type:
        if field.type_name:
            return reference(field.type_name)
        return SCALARS.get(field.type, Scalar(Kind.ANY))


def reference(type_name: str) -> Type:
    """A type by the name that descriptors give it (``.shop.v1.Order``)."""
    name = type_name.removeprefix(".")
    return WELL_KNOWN.get(name) or Ref(name)


def _bare(type_: Type) -> Type:
    """The type of a oneof's member: which one is there is said by the oneof."""
    return type_.of if isinstance(type_, Nullable) else type_


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _of_message(message: DescriptorProto) -> Iterator[Trait]:
    ranges = tuple((each.start, each.end - 1) for each in message.reserved_range)
    if ranges or message.reserved_name:
        yield Reserved(ranges, tuple(message.reserved_name))
    if message.extension_range:
        yield ExtensionRanges(tuple((each.start, each.end - 1) for each in message.extension_range))
    if message.options.HasExtension(RESOURCE):
        said = message.options.Extensions[RESOURCE]
        yield ApiResource(said.type, tuple(said.pattern), said.singular, said.plural)


def _of_field(field: FieldDescriptorProto, features: Features, behaviors: Sequence[str]) -> Iterator[Trait]:
    others = tuple(name for name in behaviors if name not in ("REQUIRED", "OUTPUT_ONLY"))
    if others:
        yield Behavior(others)
    if field.options.HasExtension(RESOURCE_REFERENCE):
        said = field.options.Extensions[RESOURCE_REFERENCE]
        yield ResourceReference(said.type, said.child_type)
    if field.type in (_FIELD.TYPE_GROUP, _FIELD.TYPE_MESSAGE) and features.delimited(field):
        yield Delimited()
