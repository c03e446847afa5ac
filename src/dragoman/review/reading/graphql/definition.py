"""A schema before it is a contract: the same for SDL and for introspection, so that one converter serves both."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from dragoman.contract.schema import MISSING
from dragoman.review.elements import Position

from .traits import Directive

ROOTS: Final = ("query", "mutation", "subscription")
BUILT_IN: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})


class Form(enum.Enum):
    """What a named type is."""

    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of ``of``."""

    of: Typed


@dataclass(frozen=True, slots=True)
class NonNull:
    """``of``, never null."""

    of: Typed


Typed: TypeAlias = str | Listed | NonNull
"""What a field has: the name of a type, wrapped as it is written."""


@dataclass(slots=True)
class Member:
    """A field, an argument, an input field or a value of an enum. A value has no type."""

    name: str
    type: Typed
    position: Position
    description: str = ""
    arguments: list[Member] = field(default_factory=list)
    default: Any = MISSING
    deprecated: str | None = None  # the reason
    directives: tuple[Directive, ...] = ()


@dataclass(slots=True)
class Definition:
    """A named type. ``members`` are its fields or values, ``parts`` the interfaces it implements or the types of a
    union.
    """

    form: Form
    name: str
    position: Position
    description: str = ""
    members: list[Member] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    directives: tuple[Directive, ...] = ()
    specified_by: str = ""

    def uses(self) -> Iterator[tuple[str, Position]]:
        """The names of other types in it, and where they stand."""
        for part in self.parts:
            yield part, self.position
        if self.form is not Form.ENUM:
            for member in self.members:
                yield name_in(member.type), member.position
                for argument in member.arguments:
                    yield name_in(argument.type), argument.position


@dataclass(slots=True)
class Schema:
    """What one file, or several that belong together, define. ``extensions`` are what ``extend`` adds to types that
    may stand in another file. ``declared`` are the directives that are defined.
    """

    files: list[str]
    types: dict[str, Definition] = field(default_factory=dict)
    extensions: list[Definition] = field(default_factory=list)
    roots: dict[str, str] = field(default_factory=dict)  # query, mutation, subscription: names of types
    directives: list[tuple[str, Position]] = field(default_factory=list)  # that are applied, each name once
    declared: set[str] = field(default_factory=set)
    twice: list[Definition] = field(default_factory=list)
    description: str = ""
    executable: int = 0  # operations and fragments, which are no part of a schema

    @property
    def has_root(self) -> bool:
        """Whether it says, itself, what can be asked."""
        return bool(self.roots) or "Query" in self.types

    def names_used(self) -> dict[str, None]:
        """The names of types that it uses, or extends."""
        used = {each.name: None for each in self.extensions}
        for each in (*self.types.values(), *self.extensions):
            used.update((name, None) for name, _ in each.uses())
        used.update((name, None) for name in self.roots.values())
        return used


def name_in(typed: Typed) -> str:
    """The name inside of the wrapping."""
    while not isinstance(typed, str):
        typed = typed.of
    return typed
