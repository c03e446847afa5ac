"""A schema as a contract: root fields are operations, the rest are its types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from dragoman.contract.annotations import Deprecated
from dragoman.contract.contract import Contract
from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.schema import (
    MISSING,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
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
from dragoman.review.reading.openapi.names import contract_name
from dragoman.review.reading.outcome import About, Format, Kept, Reading, Remark
from dragoman.review.reading.places import Places
from dragoman.review.wire import EffectSource, RootField

from .definition import ROOTS, Definition, Form, Listed, Member, NonNull, Schema, Typed
from .directives import unknown
from .traits import Directive, Directives, OneOf

BUILT_IN: Final = {
    "Int": Scalar(Kind.INT32),
    "Float": Scalar(Kind.DOUBLE),
    "String": Scalar(Kind.STRING),
    "Boolean": Scalar(Kind.BOOLEAN),
    "ID": Scalar(Kind.STRING, format="id"),
}
KNOWN: Final = {
    "DateTime": Kind.DATETIME,
    "Timestamp": Kind.DATETIME,
    "Date": Kind.DATE,
    "Time": Kind.TIME,
    "Duration": Kind.DURATION,
    "UUID": Kind.UUID,
    "Decimal": Kind.DECIMAL,
    "BigDecimal": Kind.DECIMAL,
    "BigInt": Kind.INT64,
    "Long": Kind.INT64,
    "URI": Kind.STRING,
    "URL": Kind.STRING,
    "EmailAddress": Kind.STRING,
}
"""What custom scalars of these names are everywhere; any other may hold any value."""

INTERACTIONS: Final = {"subscription": Interaction.SERVER_STREAM}
EFFECTS: Final = {"query": Effect.SAFE, "mutation": Effect.UNSAFE, "subscription": Effect.SAFE}


def reading(schema: Schema, shown: str) -> Reading:
    """The reading of a schema that is shown as ``shown``."""
    return _Conversion(schema, shown).reading()


class _Conversion:
    def __init__(self, schema: Schema, shown: str) -> None:
        self._schema = schema
        self._shown = shown
        self._places = Places(Position(schema.files[0]))
        self._remarks: list[Remark] = []
        self._kept: list[Kept] = []
        self._roots = {root: schema.roots.get(root) or self._default(root) for root in ROOTS}

    def _default(self, root: str) -> str:
        """The usual name of a root type: without a schema definition, it is what counts."""
        return "" if self._schema.roots else root.capitalize()

    def reading(self) -> Reading:
        schema = self._schema
        title = PurePath(self._shown).stem
        contract = Contract(contract_name(title, self._shown), version="", description=schema.description)
        for name, definition in schema.types.items():
            if name not in self._roots.values() or name in self._used():
                contract.types.add(name, self._named(definition))
        for operation in self._operations():
            contract.add(operation)
        self._judge(contract)
        about = About("", "", schema.description)
        remarks, kept = tuple(self._remarks), tuple(self._kept)
        return Reading(
            self._shown, Format.GRAPHQL, "", about, contract, self._places, kept, remarks, tuple(schema.files)
        )

    def _used(self) -> set[str]:
        """The names that types use: root types are among them where payloads let callers go on asking."""
        if not hasattr(self, "_names"):
            self._names = {name for each in self._schema.types.values() for name, _ in each.uses()}
        return self._names

    # Operations

    def _operations(self) -> Iterator[Operation]:
        taken: set[str] = set()
        for root, type_name in self._roots.items():
            definition = self._schema.types.get(type_name)
            for member in () if definition is None else definition.members:
                address = f"{root} {member.name}"
                self._places.add(elements.operation(address), member.position)
                for argument in member.arguments:
                    self._places.add(elements.parameter(address, argument.name), argument.position)
                name = member.name if member.name not in taken else f"{root}.{member.name}"
                taken.add(name)
                yield self._operation(root, name, member)

    def _operation(self, root: str, name: str, member: Member) -> Operation:
        arguments = tuple(self._input(each) for each in member.arguments)
        own: list[Trait] = [RootField(root, member.name), EffectSource(root)]  # type: ignore[arg-type]
        return Operation(
            name,
            input=Record(None, arguments) if arguments else None,
            output=self._type(member.type),
            effect=EFFECTS[root],
            interaction=INTERACTIONS.get(root, Interaction.UNARY),
            description=member.description,
            deprecated=member.deprecated is not None,
            traits=Traits([*own, *_traits(member.directives, member.deprecated)]),
        )

    # Types

    def _named(self, definition: Definition) -> Named:
        self._places.add(elements.type_(definition.name), definition.position)
        name, said = definition.name, definition.description
        match definition.form:
            case Form.SCALAR:
                return self._scalar(definition)
            case Form.ENUM:
                values = tuple(
                    EnumValue(each.name, each.description, None, each.deprecated is not None)
                    for each in definition.members
                )
                for each in definition.members:
                    self._places.add(Element(elements.Kind.VALUE, f"{name}.{each.name}"), each.position)
                return Enum(values, name, said)
            case Form.UNION:
                variants = tuple(Variant(part, Ref(part)) for part in definition.parts)
                return Union(variants, "__typename", name, said)
        inputs = definition.form is Form.INPUT
        for each in definition.members:
            self._places.add(elements.field(name, each.name), each.position)
        return Record(
            name,
            tuple(self._input(each) if inputs else self._output(each) for each in definition.members),
            said,
            implements=tuple(definition.parts),
            interface=definition.form is Form.INTERFACE,
            traits=Traits(_traits(definition.directives)),
        )

    def _scalar(self, definition: Definition) -> Scalar:
        if definition.specified_by:
            what = f"the scalar {definition.name} is specified by {definition.specified_by}"
            self._kept.append(Kept(elements.type_(definition.name), what, definition.position))
        return Scalar(KNOWN.get(definition.name, Kind.ANY), format=definition.name)

    def _output(self, member: Member) -> Field:
        return Field(
            member.name,
            self._type(member.type),
            description=member.description,
            deprecated=member.deprecated is not None,
            arguments=tuple(self._input(each) for each in member.arguments),
            traits=Traits(_traits(member.directives, member.deprecated)),
        )

    def _input(self, member: Member) -> Field:
        type_ = self._type(member.type)
        return Field(
            member.name,
            type_,
            required=not isinstance(type_, Nullable) and member.default is MISSING,
            default=member.default,
            description=member.description,
            deprecated=member.deprecated is not None,
            traits=Traits(_traits(member.directives, member.deprecated)),
        )

    def _type(self, typed: Typed) -> Type:
        if isinstance(typed, NonNull):
            inner = self._type(typed.of)
            return inner.of if isinstance(inner, Nullable) else inner
        if isinstance(typed, Listed):
            return Nullable(List(self._type(typed.of)))
        return Nullable(BUILT_IN[typed] if typed in BUILT_IN and typed not in self._schema.types else Ref(typed))

    # What is wrong

    def _judge(self, contract: Contract) -> None:
        for each in self._schema.types.values():
            for name, position in each.uses():
                if name not in self._schema.types and name not in BUILT_IN and name not in contract.types:
                    contract.types.add(name, Scalar(Kind.ANY, format=name))
                    message = f"the type {name} is used, and defined nowhere"
                    self._remark(position, message, "Define it, or review the folder with the file that does")
        for each in self._schema.twice:
            message = f"{each.name} is defined twice, and the first counts"
            self._remark(each.position, message, "Leave one of them out, or write extend")
        for name, position in unknown(self._schema):
            message = f"the directive @{name} is defined nowhere"
            self._remark(position, message, f"Define it: directive @{name} on …")
        if self._schema.executable:
            message = "operations and fragments stand beside the schema, and are not read"
            self._remark(Position(self._schema.files[0]), message, "Keep them in a file of their own")
        if not contract.operations:
            message = "no root type is defined, so that nothing can be asked of it"
            self._remark(Position(self._schema.files[0]), message, "Define type Query, or a schema")

    def _remark(self, position: Position, message: str, remedy: str) -> None:
        self._remarks.append(Remark(position, message, remedy))


def _traits(directives: tuple[Directive, ...], deprecated: str | None = None) -> Iterator[Trait]:
    if deprecated:
        yield Deprecated(deprecated)
    if any(each.name == "oneOf" for each in directives):
        yield OneOf()
    others = tuple(each for each in directives if each.name not in ("oneOf", "specifiedBy"))
    if others:
        yield Directives(others)
