"""From an annotation to a type of the schema."""

from __future__ import annotations

import collections.abc as abc
import enum
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NewType, TypeVar
from uuid import UUID

import msgspec

from dragoman.contract import annotations as ours
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.identifier import LENGTH as ID_LENGTH
from dragoman.contract.resource import IdOf
from dragoman.contract.schema import (
    Constraints,
    Enum,
    Kind,
    List,
    Map,
    Named,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
)
from dragoman.contract.traits import Trait
from dragoman.contract.types import Form

from . import refusals
from .bounds import constrain
from .enums import described_values, literal, python_enum
from .members import is_record, is_struct, spread
from .records import build_record, check_nesting
from .scope import At, Scope, is_text, scope_of, text_of, unknown_name
from .unions import discriminate

SCALARS: Final[dict[Any, Kind]] = {
    bool: Kind.BOOLEAN,
    int: Kind.INT,
    float: Kind.DOUBLE,
    str: Kind.STRING,
    bytes: Kind.BYTES,
    datetime: Kind.DATETIME,
    date: Kind.DATE,
    time: Kind.TIME,
    timedelta: Kind.DURATION,
    UUID: Kind.UUID,
    Decimal: Kind.DECIMAL,
}
LISTS: Final = frozenset({list, tuple, set, frozenset, abc.Sequence, abc.Set})
SETS: Final = frozenset({set, frozenset, abc.Set})
MAPS: Final = frozenset({dict, abc.Mapping})


class Reader:
    """Reads types for one contract. What it finds is kept apart until :meth:`keep`, so that a refused
    declaration leaves nothing behind.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self.pending: dict[str, Named] = {}
        self._aliases: list[Any] = []

    def keep(self) -> None:
        """Add what was read to the contract's types."""
        for named in self.pending.values():
            if isinstance(named, Record):
                check_nesting(named, self.lookup)
        for name, named in self.pending.items():
            self.types.add(name, named)

    def lookup(self, name: str) -> Named:
        """The named type, whether it is kept already or not."""
        return self.pending[name] if name in self.pending else self.types[name]

    def read(self, annotation: Any, at: At, notes: list[Any] | None = None) -> Type:
        """The schema of an annotation. ``notes`` takes what stands beside the type of a field itself; inside
        a type, where it is None, facts about a field are refused.
        """
        with self.aliases() as depth:
            bare, marks = self.peel(annotation, at)
            for mark in marks:
                if isinstance(mark, type) and (issubclass(mark, Trait) or mark.__module__ == ours.__name__):
                    raise refusals.uncalled(mark, at)
                if notes is None and isinstance(mark, Trait):
                    raise refusals.inside(mark, at)
            if notes is not None:
                notes.extend(marks)
            alias = self._aliases[-1] if len(self._aliases) > depth else None
            return constrain(self._bare(bare, marks, at, notes, alias), marks, at.place)

    @contextmanager
    def aliases(self) -> Iterator[int]:
        """Remember the aliases that are followed inside, so that one that contains itself is noticed."""
        depth = len(self._aliases)
        try:
            yield depth
        finally:
            del self._aliases[depth:]

    def peel(self, annotation: Any, at: At) -> tuple[Any, list[Any]]:
        """The type under ``Annotated``, aliases, new types and quotes, and the marks that stood beside it."""
        marks: list[Any] = []
        while True:
            if is_text(annotation):
                annotation = at.scope.evaluate(text_of(annotation), at.place)
            elif typing.get_origin(annotation) is Annotated:
                marks[:0] = [each for mark in annotation.__metadata__ for each in spread(mark)]
                annotation = annotation.__origin__
            elif isinstance(annotation, NewType):
                annotation = annotation.__supertype__
            elif type(annotation).__name__ == "TypeAliasType":
                if any(annotation is each for each in self._aliases):
                    raise DeclarationError(
                        at.place,
                        f"the type {annotation.__name__} contains itself",
                        "Let a class stand between: a dm.Struct may hold itself",
                    )
                self._aliases.append(annotation)
                scope = scope_of(annotation)
                try:
                    annotation = annotation.__value__
                except NameError as error:
                    raise unknown_name(error, str(annotation), at.place, scope.module) from None
                if is_text(annotation):
                    annotation = scope.evaluate(text_of(annotation), at.place)
            else:
                return annotation, marks

    def record(self, cls: Any, at: At) -> Ref:
        """The record that a class declares."""
        with self.aliases():
            cls, _ = self.peel(cls, at)
        if not is_record(cls):
            raise refusals.not_a_record(cls, at)
        if is_struct(cls) and cls.__struct_config__.tag is not None:
            raise DeclarationError(
                at.place,
                f"{cls.__name__} carries a tag, which only a union needs",
                f"Write a class without tag= here, or one with a field that holds {cls.__name__}",
            )
        return self.add_record(cls, at)

    def add_record(self, cls: Any, at: At) -> Ref:
        """The record of a class that may be one of a union."""
        if getattr(cls, "__parameters__", ()) or getattr(cls, "__pydantic_generic_metadata__", {}).get("origin"):
            raise refusals.generic(cls, at)
        return self.named(cls, at, lambda: build_record(cls, self))

    def named(self, cls: Any, at: At, build: Callable[[], Named]) -> Ref:
        """A reference to the type that a class declares, under the class's name."""
        name = cls.__name__
        known = self.pending.get(name) or self.types.get(name)
        if known is not None:
            other = getattr(known, "native", None)
            if other is not cls:
                raise refusals.same_name(cls, other, at)
            return Ref(name)
        self.pending[name] = Record(name, (), native=cls)
        self.pending[name] = build()
        return Ref(name)

    def _bare(self, bare: Any, marks: list[Any], at: At, notes: list[Any] | None, alias: Any) -> Type:
        origin, arguments = typing.get_origin(bare), typing.get_args(bare)
        if origin is typing.Union or origin is UnionType:
            return self._union(arguments, marks, at, notes, alias)
        if origin is Literal:
            return literal(arguments, at)
        if origin in LISTS or bare in _unhashable_safe(LISTS, bare):
            return self._list(origin or bare, arguments, at)
        if origin in MAPS or bare in _unhashable_safe(MAPS, bare):
            return self._map(origin or bare, arguments, at)
        if isinstance(bare, TypeVar):
            raise refusals.type_variable(bare, at)
        if origin is not None and is_record(origin):
            raise refusals.generic(origin, at)
        if not isinstance(bare, type) or origin is not None:
            raise refusals.unknown(bare, at)
        if bare in SCALARS:
            return self._scalar(bare, marks, at)
        if issubclass(bare, enum.Enum):
            return self.named(bare, at, lambda: python_enum(bare, at))
        if is_record(bare):
            if is_struct(bare) and bare.__struct_config__.tag is not None:
                return discriminate([bare], None, self, at, None)
            return self.add_record(bare, at)
        raise refusals.unknown(bare, at)

    def _scalar(self, bare: type, marks: Iterable[Any], at: At) -> Scalar:
        scalar = Scalar(SCALARS[bare])
        for mark in marks:
            if isinstance(mark, IdOf):
                target = target_of(mark, at.scope)
                if not isinstance(target, str) and not hasattr(target, "__dragoman__"):
                    raise refusals.not_a_resource(target, at)
                return Scalar(Kind.STRING, Constraints(pattern=id_pattern(target)), "id")
            if isinstance(mark, Form):
                scalar = Scalar(mark.kind, format=mark.format)
        return scalar

    def _list(self, origin: Any, arguments: tuple[Any, ...], at: At) -> List:
        if origin is tuple and arguments[1:] == (...,):
            arguments = arguments[:1]
        elif origin is tuple and arguments:
            raise refusals.mixed_tuple(at)
        if not arguments:
            raise refusals.unsaid(origin, at)
        item = self.read(arguments[0], at)
        return List(item, Constraints(unique_items=origin in SETS))

    def _map(self, origin: Any, arguments: tuple[Any, ...], at: At) -> Map:
        if len(arguments) != 2:
            raise refusals.unsaid(origin, at)
        key = self.read(arguments[0], at)
        resolved = self.lookup(key.name) if isinstance(key, Ref) else key
        if not isinstance(resolved, Enum) and not (
            isinstance(resolved, Scalar) and resolved.kind in (Kind.STRING, Kind.UUID)
        ):
            raise refusals.map_key(arguments[0], at)
        return Map(key, self.read(arguments[1], at))

    def _union(self, arguments: tuple[Any, ...], marks: list[Any], at: At, notes: list[Any] | None, alias: Any) -> Type:
        rest, nullable = [], False
        for argument in arguments:
            if argument is NoneType:
                nullable = True
            elif argument is msgspec.UnsetType:
                if notes is None:
                    raise refusals.unset(at)
                notes.append(msgspec.UNSET)
            else:
                rest.append(argument)
        if len(rest) == 1:
            type_ = self.read(rest[0], at, notes)
        elif (values := described_values(rest, self, at)) is not None:
            type_ = values
        elif rest:
            type_ = discriminate(rest, alias, self, at, marks)
        else:
            raise refusals.unknown(None, at)
        return Nullable(type_) if nullable and not isinstance(type_, Nullable) else type_


def _unhashable_safe(known: frozenset[Any], bare: Any) -> frozenset[Any]:
    """The set to look a bare type up in: unhashable things are in none."""
    try:
        hash(bare)
    except TypeError:
        return frozenset()
    return known


def target_of(mark: IdOf, scope: Scope) -> Any:
    """The class that an id belongs to, or its name where no such class is known yet."""
    if isinstance(mark.target, str):
        return scope.names.get(mark.target, mark.target)
    return text_of(mark.target) if is_text(mark.target) else mark.target


def id_pattern(target: Any) -> str:
    """The regular expression of a resource's ids; of any resource's, while the class is not known."""
    options = getattr(target, "__dragoman__", None)
    prefix = options.prefix if options is not None else "[a-z][a-z0-9]{1,11}"
    return f"^{prefix}_[0-9a-hjkmnp-tv-z]{{{ID_LENGTH}}}$"
