"""The contract's types as messages and enums.

What is required and not nullable has no presence: absent is its zero value, as proto3 has it. All else has presence:
absent is the default, or null. So nothing that a contract can say is lost, but for one thing, which is refused where
the type is input: null beside another default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.schema import (
    MISSING,
    Enum,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
)
from dragoman.runtime.codec.view import View
from dragoman.styles.rpc.traits import Number, ProtoName

from .model import LEAVES, EnumNumber, EnumType, Label, Leaf, Message, MessageField, Package, Shape, Value
from .names import camel, entry, json_name, prefix, snake, upper

KEYS: Final = {
    Kind.BOOLEAN: Leaf("bool", Kind.BOOLEAN),
    **{kind: LEAVES[kind] for kind in (Kind.INT, Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64)},
}
"""The kinds of a map's keys that are other than text. (Floats cannot be keys.)"""

TEXT: Final = LEAVES[Kind.STRING]
WORD: Final = re.compile("[A-Za-z0-9]")
UNNAMED: Final = ProtoName()
"""Of what has no name by hand."""


class Mapper:
    """Makes the messages of one package, for one audience. ``place`` names the surface, for errors."""

    def __init__(self, package: Package, types: Types, view: View, place: str) -> None:
        self.package = package
        self.types = types
        self.view = view
        self.place = place
        self._made: dict[int, Message | EnumType] = {}
        self._open: list[Message] = []

    def message(self, type_: Type) -> Message:
        """The message of a record or of a union."""
        resolved = self.types.resolve(type_)
        if not isinstance(resolved, Record | Union) or resolved.name is None:
            raise DeclarationError(self.place, f"{resolved!r} has no name", "Give the class a name")
        value = self._named(resolved, camel(resolved.name))
        assert isinstance(value, Message)
        return value

    def fields(self, owner: Message, fields: Iterable[Field]) -> None:
        """Add fields of the contract to a message. Raises DeclarationError where two have one name."""
        for each in fields:
            self.add(owner, self._field(owner, each))

    def add(self, owner: Message, field: MessageField) -> None:
        """Add a field. Raises DeclarationError where its name, or JSON's form of it, is taken; or where that is what
        another would be called, had it no name by hand: masks may name fields by either.
        """
        names = {json_name(field.name), json_name(field.locked)}
        for other in owner.fields:
            if not names.isdisjoint({json_name(other.name), json_name(other.locked)}):
                raise DeclarationError(
                    f"{self.place}, {owner.short}",
                    f"{_called(field)} and {_called(other)} have one name in protocol buffers",
                    "Rename one of them",
                )
        owner.fields.append(field)

    def top(self, message: Message) -> Message:
        """Keep a message that no type of the contract stands behind. Raises DeclarationError where its name is
        taken.
        """
        if message.name in self.package.types:
            raise DeclarationError(
                f"{self.place}, {message.short}",
                f"the package {self.package.name} has another type of this name",
                "Rename the class, or the operation",
            )
        self.package.types[message.name] = message
        return message

    # Types

    def _field(self, owner: Message, field: Field) -> MessageField:
        nullable, inner = _of(self.types, field.type)
        # What the server sets is in every answer.
        present = nullable or not (field.required or field.read_only)
        own = snake(field.name)
        given = field.traits.get(ProtoName) or UNNAMED
        name = given.name or own
        number = field.traits.get(Number)
        made = MessageField(
            name,
            TEXT,
            key=field.name,
            null=nullable and (field.required or inner == Scalar(Kind.ANY)),
            output_only=field.read_only,
            default=field.default,
            description=field.description,
            deprecated=field.deprecated,
            number=number.number if number is not None else field.number or 0,
            fixed=number is not None or field.number is not None,
            own=own if given.name else "",
        )
        if (given.values or given.zero) and not _holds_literal(inner):
            raise DeclarationError(
                f"{self.place}, {owner.short}.{field.name}",
                "its dm.ProtoName names values, and it holds no Literal",
                "Give the names of values above the class of the enum",
            )
        if isinstance(inner, List | Map) and (nullable or (not field.required and field.default not in ([], {}))):
            made.value = self._wrapper(owner, camel(own), inner, given)
        elif isinstance(inner, List):
            made.label = Label.REPEATED
            made.value = self._part(owner, camel(own), inner.item, "Item", given)
        elif isinstance(inner, Map):
            made.label = Label.MAP
            made.map_key = self._key(inner.key)
            made.value = self._part(owner, camel(own), inner.value, "Value", given)
        else:
            made.value = self._value(owner, camel(own), inner, given)
            if present and (isinstance(made.value, EnumType) or _is_scalar(made.value)):
                made.label = Label.OPTIONAL
        return made

    def _part(self, owner: Message, name: str, type_: Type, suffix: str, given: ProtoName) -> Value:
        """What a list or a map holds: there, protobuf has neither null nor lists."""
        nullable, inner = _of(self.types, type_)
        if nullable or isinstance(inner, List | Map):
            return self._wrapper(owner, name + suffix, type_, given)
        return self._value(owner, name, inner, given)

    def _wrapper(self, owner: Message, name: str, type_: Type, given: ProtoName) -> Message:
        """A message around what has no other form. Its one field is called for what it is."""
        nullable, inner = _of(self.types, type_)
        message = Message(f"{owner.name}.{name}", [], Shape.WRAPPER, own=f"{owner.locked}.{name}")
        if isinstance(inner, List):
            value = self._part(message, "Items", inner.item, "Item", given)
            message.fields.append(MessageField("items", value, Label.REPEATED))
        elif isinstance(inner, Map):
            value = self._part(message, "Entries", inner.value, "Value", given)
            message.fields.append(MessageField("entries", value, Label.MAP, map_key=self._key(inner.key)))
        else:
            value = self._value(message, "Value", inner, given)
            label = Label.OPTIONAL if nullable and (isinstance(value, EnumType) or _is_scalar(value)) else Label.PLAIN
            message.fields.append(MessageField("value", value, label))
        owner.nested.append(message)
        return message

    def _key(self, type_: Type) -> Leaf:
        resolved = self.types.resolve(type_)
        return KEYS.get(resolved.kind, TEXT) if isinstance(resolved, Scalar) else TEXT

    def _value(self, owner: Message, name: str, type_: Type, given: ProtoName = UNNAMED) -> Value:
        """A value; ``given`` names those of an enum without a class."""
        match type_:
            case Scalar():
                return LEAVES[type_.kind]
            case Enum() | Record() | Union() if type_.name is not None:
                return self._named(type_, camel(type_.name))
            case Enum():
                made: Message | EnumType = self._enum(type_, f"{owner.name}.{name}", f"{owner.locked}.{name}", given)
                owner.nested.append(made)
                return made
            case Record() | Union():
                made = self._message(type_, f"{owner.name}.{name}", f"{owner.locked}.{name}")
                owner.nested.append(made)
                return made
            case _:
                raise AssertionError(f"{type_} stands where no list and no null can")

    def _named(self, type_: Record | Union | Enum, name: str) -> Message | EnumType:
        made = self._made.get(id(type_))
        if made is not None:
            if isinstance(made, Message):
                for each in self._open[self._open.index(made) :] if made in self._open else ():
                    each.recursive = True
            return made
        given = UNNAMED if isinstance(type_, Union) else type_.traits.get(ProtoName) or UNNAMED
        own = f"{self.package.name}.{name}"
        full = f"{self.package.name}.{given.name or name}"
        if full in self.package.types:
            raise DeclarationError(
                f"{self.place}, {type_.name}",
                f"the package {self.package.name} has another type {given.name or name}",
                "Rename one of the two classes",
            )
        if isinstance(type_, Enum):
            made = self._enum(type_, full, own, given)
            self._made[id(type_)] = self.package.types[full] = made
            return made
        return self._message(type_, full, own, named=True)

    def _message(self, type_: Record | Union, name: str, own: str = "", *, named: bool = False) -> Message:
        message = Message(name, [], description=type_.description, own=own)
        if named:
            self._made[id(type_)] = self.package.types[name] = message
        self._open.append(message)
        if isinstance(type_, Union):
            self._variants(message, type_)
        else:
            message.deprecated = type_.deprecated
            self.fields(message, self.view.fields(type_))
        self._open.remove(message)
        return message

    def _variants(self, message: Message, union: Union) -> None:
        if union.discriminator is None:
            raise DeclarationError(
                f"{self.place}, {message.short}", "nothing tells its variants apart", "Give them tags"
            )
        message.shape, message.discriminator = Shape.UNION, union.discriminator
        oneof = snake(union.name or union.discriminator)
        while oneof in {snake(variant.tag or "") for variant in union.variants}:
            oneof += "_variant"
        for variant in union.variants:
            tag = variant.tag or ""
            field = MessageField(
                snake(tag),
                self._value(message, camel(tag), self.types.resolve(variant.type)),
                key=tag,
                oneof=oneof,
                number=variant.number or 0,
                fixed=variant.number is not None,
            )
            self.add(message, field)

    def _enum(self, type_: Enum, name: str, own: str = "", given: ProtoName = UNNAMED) -> EnumType:
        begin = prefix(name.rpartition(".")[2])
        place = f"{self.place}, {name.rpartition('.')[2]}"
        if unknown := [each for each in given.values if each not in type_.names]:
            raise DeclarationError(
                place,
                f"its dm.ProtoName names {unknown[0]!r}, which is no value of it",
                f"Name those of {', '.join(map(repr, type_.names))} that are called otherwise",
            )
        values = [
            EnumNumber(
                given.values.get(each.value) or f"{begin}_{upper(each.value)}",
                each.value,
                each.number or 0,
                each.description,
                each.deprecated,
                each.number is not None,
            )
            for each in type_.values
        ]
        zero = given.zero or f"{begin}_UNSPECIFIED"
        if any(each.fixed and each.number == 0 for each in values):
            zero = ""
        taken = {} if not zero else {_shown(begin, zero): "what stands for no value"}
        for made in values:
            if not WORD.search(made.value) and made.value not in given.values:
                raise DeclarationError(
                    place,
                    f"its value {made.value!r} has no letter and no digit that a name in protocol buffers could have",
                    "Give it another value, or a name: dm.ProtoName(values={…})",
                )
            other = taken.setdefault(_shown(begin, made.name), repr(made.value))
            if other != repr(made.value):
                raise DeclarationError(
                    place,
                    f"its value {made.value!r} has one name in protocol buffers with {other}, {made.name}",
                    "Rename one of them",
                )
        return EnumType(name, values, zero, type_.description, own=own)


def _called(field: MessageField) -> str:
    """A field as the contract calls it, with the name that it was given by hand."""
    said = repr(field.key or field.name)
    return f"{said}, by hand {field.name!r}," if field.own else said


def _shown(begin: str, name: str) -> str:
    """What generated code may call a value: without the prefix, in camel case. protoc keeps these apart too."""
    return "".join(each.capitalize() for each in name.removeprefix(f"{begin}_").split("_"))


def check_names(package: Package, place: str) -> None:
    """Raises DeclarationError where two things of one scope have one name: types, values of enums, which stand beside
    their enum, fields, and what protoc adds.
    """
    services: list[tuple[str, str]] = [(each.short, f"the service {each.short}") for each in package.services.values()]
    _check_scope(f"{place}, {package.name}", package.types.values(), services)
    locked: dict[str, str] = {}
    for each in package.everything():
        if locked.setdefault(each.locked, each.name) != each.name:
            raise DeclarationError(
                f"{place}, {package.name}",
                f"{each.short} and {locked[each.locked].rpartition('.')[2]} have one name in the lock file, "
                f"{each.locked.removeprefix(package.name + '.')}, whatever they are called by hand",
                "Rename one of the two classes",
            )
        if isinstance(each, Message):
            own = [(field.name, f"the field {field.name}") for field in each.fields]
            own += [(oneof, f"the oneof {oneof}") for oneof in {field.oneof for field in each.fields} - {""}]
            own += [
                (entry(field.name), f"the entries of {field.name}") for field in each.fields if field.label is Label.MAP
            ]
            _check_scope(f"{place}, {each.short}", each.nested, own)


def _check_scope(place: str, types: Iterable[Message | EnumType], more: Iterable[tuple[str, str]]) -> None:
    named = list(more)
    for each in types:
        named.append((each.short, f"the type {each.short}"))
        if isinstance(each, EnumType):
            named += [(value.name, f"{value.value!r} of {each.short}") for value in each.values]
            named += [(each.zero, f"no value of {each.short}")] if each.zero else []
    taken: dict[str, str] = {}
    for name, what in named:
        other = taken.setdefault(name, what)
        if other is not what:
            raise DeclarationError(
                place, f"{other} and {what} have one name in protocol buffers, {name}", "Rename one of them"
            )


def check_input(types: Types, view: View, type_: Type, place: str, seen: set[int] | None = None) -> None:
    """Raises DeclarationError for input that protocol buffers cannot say: null where absent is something else."""
    seen = set() if seen is None else seen
    _, inner = _of(types, type_)
    match inner:
        case List():
            check_input(types, view, inner.item, place, seen)
        case Map():
            check_input(types, view, inner.value, place, seen)
        case Union():
            for variant in inner.variants:
                check_input(types, view, variant.type, place, seen)
        case Record() if id(inner) not in seen:
            seen.add(id(inner))
            for field in view.fields(inner):
                nullable, _ = _of(types, field.type)
                if nullable and not field.required and field.default is not None:
                    other = "not set" if field.default is MISSING else repr(field.default)
                    raise DeclarationError(
                        f"{place}, {inner.name}.{field.name}",
                        f"it can be null, and is {other} where it is absent: in a message null is absent",
                        "Give it the default None, or do not let it be None",
                    )
                check_input(types, view, field.type, f"{place}, {inner.name}.{field.name}", seen)


def _of(types: Types, type_: Type) -> tuple[bool, Type]:
    """Whether it can be null, and what it is else."""
    nullable = False
    while isinstance(type_, Nullable | Ref):
        nullable = nullable or isinstance(type_, Nullable)
        type_ = type_.of if isinstance(type_, Nullable) else types.resolve(type_)
    return nullable, type_


def _holds_literal(type_: Type) -> bool:
    """Whether it holds an enum without a class."""
    match type_:
        case Nullable():
            return _holds_literal(type_.of)
        case List():
            return _holds_literal(type_.item)
        case Map():
            return _holds_literal(type_.value)
    return isinstance(type_, Enum) and type_.name is None


def _is_scalar(value: Value) -> bool:
    return isinstance(value, Leaf) and not value.well_known
