"""Records: the rules that each field of a class must keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.contract import annotations as ours
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.resource import SERVER_SET, IdOf, Resource, snake
from dragoman.contract.schema import (
    MISSING,
    Constraints,
    Enum,
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
)
from dragoman.contract.traits import Trait, Traits, traits_of

from .defaults import WrongDefaultError, wire
from .members import Member, docstring, members
from .refusals import mark_in_place_of, mark_name
from .scope import At

if TYPE_CHECKING:
    from .reader import Reader

NAME: Final = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
UNORDERED: Final = frozenset({Kind.BOOLEAN, Kind.BYTES, Kind.DECIMAL, Kind.DURATION})
"""Kinds whose stored form does not sort as their values do."""

UNEQUAL: Final = "compares what is stored, and decimals are stored as they are written: 12.5 is not 12.50"
CENTS: Final = "Keep the amount as an int, in the smallest unit (cents, seconds)"

OF_RESOURCES: Final = (ours.Filter, ours.Sort, ours.Unique, ours.Ref)
EMPTY: Final[dict[Any, Any]] = {list: [], tuple: [], set: [], frozenset: [], dict: {}}


def build_record(cls: Any, reader: Reader) -> Record:
    """The record of a class, a resource or not."""
    if isinstance(cls, type) and issubclass(cls, Resource):
        return resource_record(cls, reader)[0]
    fields = tuple(_field(member, cls, reader)[0] for member in members(cls))
    return Record(cls.__name__, fields, docstring(cls), traits=traits_of(cls), native=cls)


def resource_record(cls: type[Resource], reader: Reader) -> tuple[Record, dict[str, Any]]:
    """The record of a resource, and what each field that is an id belongs to: a class, or the name of one."""
    from .reader import id_pattern

    fields: list[Field] = [
        Field(
            "id",
            Scalar(Kind.STRING, Constraints(pattern=id_pattern(cls)), "id"),
            required=False,
            read_only=True,
        )
    ]
    targets: dict[str, Any] = {}
    for member in members(cls):
        if member.name in SERVER_SET:
            continue
        field, target = _field(member, cls, reader)
        fields.append(field)
        if target is not None:
            targets[member.name] = target
    moment = Scalar(Kind.DATETIME)
    fields.append(Field("created_at", moment, required=False, read_only=True, traits=Traits([ours.Sort()])))
    fields.append(Field("updated_at", moment, required=False, read_only=True))
    record = Record(cls.__name__, tuple(fields), docstring(cls), traits=traits_of(cls), native=cls)
    _check_uniques(record)
    return record, targets


def check_nesting(record: Record, lookup: Callable[[str], Named]) -> None:
    """A resource holds other resources by id, never whole, however deep."""
    if not (isinstance(record.native, type) and issubclass(record.native, Resource)):
        return
    for field in record.fields:
        for named in _reachable(field.type, lookup, set()):
            native = getattr(named, "native", None)
            if isinstance(native, type) and issubclass(native, Resource):
                raise DeclarationError(
                    f"{record.name}.{field.name}",
                    f"it holds a whole {native.__name__}, which is a resource of its own",
                    f"Hold its id: dm.Id[{native.__name__}]",
                )


def _reachable(type_: Type, lookup: Callable[[str], Named], seen: set[str]) -> Iterator[Named]:
    """Every named type that a value of the type may contain, not looking inside resources."""
    if isinstance(type_, Ref):
        if type_.name in seen:
            return
        seen.add(type_.name)
        named = lookup(type_.name)
        yield named
        yield from _reachable(named, lookup, seen)
    elif isinstance(type_, Nullable):
        yield from _reachable(type_.of, lookup, seen)
    elif isinstance(type_, List):
        yield from _reachable(type_.item, lookup, seen)
    elif isinstance(type_, Map):
        yield from _reachable(type_.value, lookup, seen)
    elif isinstance(type_, Union):
        for variant in type_.variants:
            yield from _reachable(variant.type, lookup, seen)
    elif isinstance(type_, Record):
        for field in type_.fields:
            yield from _reachable(field.type, lookup, seen)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The field that is being read."""

    place: str
    cls: type
    member: Member
    type: Type
    has_default: bool

    def wrong(self, thing: str, remedy: str) -> DeclarationError:
        return DeclarationError(self.place, thing, remedy)

    @property
    def bare(self) -> Type:
        return self.type.of if isinstance(self.type, Nullable) else self.type

    @property
    def of_resource(self) -> bool:
        return issubclass(self.cls, Resource)


def _field(member: Member, cls: type, reader: Reader) -> tuple[Field, Any]:
    """A field, and what it is an id of, if it is one."""
    from .reader import target_of

    place = f"{cls.__name__}.{member.name}"
    if not NAME.match(member.name):
        raise _misnamed(member.name, place)
    notes: list[Any] = []
    annotation = member.annotation
    type_ = reader.read(_with_marks(annotation, member.marks), At(place, member.scope), notes)
    has_default = member.default is not MISSING or member.factory is not None
    subject = _Subject(place, cls, member, type_, has_default)
    traits = _traits(notes, place)
    _check_traits(subject, traits, reader)
    target = next((target_of(each, member.scope) for each in notes if isinstance(each, IdOf)), None)
    _check_reference(subject, traits, target, reader)
    if any(each is msgspec.UNSET for each in notes) and subject.of_resource:
        raise subject.wrong("a resource's field is never absent", "Write X | None = None")
    deprecated = traits.get(ours.Deprecated)
    field = Field(
        member.name,
        type_,
        required=not has_default,
        default=_default(subject, reader),
        example=_example(subject, traits, reader),
        read_only=ours.ReadOnly in traits,
        description=_description(notes),
        deprecated=deprecated is not None or member.deprecated,
        traits=traits,
    )
    return field, target


def _with_marks(annotation: Any, marks: tuple[Any, ...]) -> Any:
    from typing import Annotated

    for mark in marks:
        annotation = Annotated[annotation, mark]
    return annotation


def _misnamed(name: str, place: str) -> DeclarationError:
    if len(name) > 64:
        return DeclarationError(place, f"the name has {len(name)} characters, and 64 is the most", "Shorten it")
    if name.startswith("_"):
        return DeclarationError(place, "the name begins with an underscore", f"Write {snake(name).lstrip('_')}")
    right = re.sub(r"[^a-z0-9_]", "", snake(name)).lstrip("0123456789_")
    return DeclarationError(place, "the name is not in snake_case", f"Write {right}" if right else "Write it in a to z")


def _traits(notes: list[Any], place: str) -> Traits:
    try:
        return Traits(each for each in notes if isinstance(each, Trait))
    except ValueError as error:
        raise DeclarationError(place, str(error).partition(";")[0], "Give it once") from None


def _check_traits(subject: _Subject, traits: Traits, reader: Reader) -> None:
    for trait in traits:
        name = type(trait).__name__
        if isinstance(trait, OF_RESOURCES) and not subject.of_resource:
            raise subject.wrong(
                f"{name} stands on a field of {subject.cls.__name__}, which is not a resource",
                "Remove it: only a resource's own fields can be filtered, sorted, unique or references",
            )
        if isinstance(trait, ours.Ref) and (whole := _resource(subject.bare, reader)) is not None:
            raise subject.wrong(
                f"it holds a whole {whole.__name__}, and a reference is the id of one",
                f"Write Annotated[dm.Id[{whole.__name__}], dm.Ref()]",
            )
        if isinstance(trait, OF_RESOURCES) and not _is_single(subject.bare, reader):
            raise subject.wrong(f"{name} stands on a field that is not a single value", "Remove it")
        bare = subject.bare
        if isinstance(trait, ours.Filter | ours.Unique) and _is_decimal(bare):
            raise subject.wrong(f"{name} {UNEQUAL}", CENTS)
        ordering = isinstance(trait, ours.Sort) or (
            isinstance(trait, ours.Filter) and not {"lt", "lte", "gt", "gte"}.isdisjoint(trait.operators)
        )
        if ordering and isinstance(bare, Scalar) and bare.kind in UNORDERED:
            raise subject.wrong(
                f"{name} needs an order, and a {bare.kind} is not stored in one",
                CENTS
                if bare.kind in (Kind.DECIMAL, Kind.DURATION)
                else "Remove it, or filter for equality: dm.Filter()"
                if isinstance(trait, ours.Filter)
                else "Remove it",
            )
        if isinstance(trait, ours.ReadOnly) and not subject.has_default:
            raise subject.wrong("it is read-only, so that nobody could give it a first value", "Give it a default")
        if isinstance(trait, ours.Only) and subject.of_resource and not subject.has_default:
            raise subject.wrong(
                "other audiences could not create the resource, for they cannot give the field",
                "Give it a default",
            )


def _is_decimal(type_: Type) -> bool:
    return isinstance(type_, Scalar) and type_.kind is Kind.DECIMAL


def _resource(type_: Type, reader: Reader) -> type[Resource] | None:
    """The resource class that the type stands for, if it does for one."""
    native = getattr(reader.lookup(type_.name), "native", None) if isinstance(type_, Ref) else None
    return native if isinstance(native, type) and issubclass(native, Resource) else None


def _is_single(type_: Type, reader: Reader) -> bool:
    resolved = reader.lookup(type_.name) if isinstance(type_, Ref) else type_
    return isinstance(resolved, Scalar | Enum)


def _check_reference(subject: _Subject, traits: Traits, target: Any, reader: Reader) -> None:
    reference = traits.get(ours.Ref)
    if reference is None:
        return
    if target is None:
        raise _no_id(subject, reader)
    if reference.on_delete not in ("restrict", "cascade", "null"):
        raise subject.wrong(
            f"on_delete={reference.on_delete!r} is unknown", 'Write on_delete="restrict", "cascade" or "null"'
        )
    if reference.on_delete == "null" and not isinstance(subject.type, Nullable):
        raise subject.wrong('on_delete="null" needs a field that can be null', "Write dm.Id[…] | None")
    if reference.reverse is None:
        return
    if not NAME.match(reference.reverse):
        raise subject.wrong(
            f"the reverse name {reference.reverse!r} is not in snake_case",
            f'Write reverse="{snake(reference.reverse)}"',
        )
    if reference.reverse in getattr(target, "__struct_fields__", ()):
        raise subject.wrong(
            f"{target.__name__} has a field {reference.reverse!r}, so that no list there can have the name",
            'Give another reverse="…"',
        )


def _no_id(subject: _Subject, reader: Reader) -> DeclarationError:
    """A reference to nothing. Which resource is meant, the field's name may tell: ``main_customer``."""
    thing, name = "Ref stands on a field that is not an id", subject.member.name.removesuffix("_id")
    natives = (getattr(each, "native", None) for each in (*reader.types.values(), *reader.pending.values()))
    for cls in natives:
        if isinstance(cls, type) and issubclass(cls, Resource) and f"_{name}".endswith(f"_{snake(cls.__name__)}"):
            return subject.wrong(thing, f"Write Annotated[dm.Id[{cls.__name__}], dm.Ref()]")
    return subject.wrong(thing, "Write Annotated[dm.Id[…], dm.Ref()], with the class of the resource in the brackets")


def _check_uniques(record: Record) -> None:
    for field in record.fields:
        unique = field.traits.get(ours.Unique)
        if unique is not None and isinstance(unique.among, str):
            raise DeclarationError(
                f"{record.name}.{field.name}",
                f"Unique(among={unique.among!r}) is a string, and among is a tuple of names",
                f'Write dm.Unique(among=("{unique.among}",))',
            )
        for name in unique.among if unique is not None else ():
            other = record.field(name)
            if other is None or other.read_only or name == field.name:
                raise DeclarationError(
                    f"{record.name}.{field.name}",
                    f"Unique(among=…) names {name!r}, which is no other field of {record.name}",
                    "Name fields that the class declares",
                )
            if _is_decimal(other.type.of if isinstance(other.type, Nullable) else other.type):
                raise DeclarationError(f"{record.name}.{field.name}", f"Unique(among=({name!r},)) {UNEQUAL}", CENTS)


def _default(subject: _Subject, reader: Reader) -> Any:
    member = subject.member
    if member.factory is not None:
        if member.factory not in EMPTY:
            return MISSING
        value = member.factory()
    elif member.default is MISSING or member.default is msgspec.UNSET:
        return MISSING
    else:
        value = member.default
    if (written := mark_name(value)) is not None:
        raise mark_in_place_of("default", written, At(subject.place, member.scope))
    try:
        return wire(value, subject.type, reader.lookup)
    except WrongDefaultError as error:
        if value is None:
            raise subject.wrong("its default is None, and its type does not say so", "Write X | None = None") from None
        raise subject.wrong(f"its default {value!r} {error}", "Correct the default, or the type") from None


def _example(subject: _Subject, traits: Traits, reader: Reader) -> Any:
    given = traits.get(ours.Example)
    if given is None:
        return MISSING
    try:
        return wire(given.value, subject.type, reader.lookup)
    except WrongDefaultError as error:
        raise subject.wrong(f"its example {given.value!r} {error}", "Correct the example, or the type") from None


def _description(notes: list[Any]) -> str:
    for note in reversed(notes):
        text = getattr(note, "description", None) or getattr(note, "documentation", None)
        if isinstance(text, str):
            return text
    return ""
