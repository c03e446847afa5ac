"""Traits: typed facts attached to a contract's parts.

A trait is a value; its class is its key. Whoever reads it owns the class: a style, a policy, an engine. The
contract carries traits and never looks inside, so that a new style can ask for facts of its own without any
change here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from .declaration import DeclarationError

T = TypeVar("T")
C = TypeVar("C", bound=type)

_OF_CLASS: Final = "__dragoman_traits__"


class Trait:
    """The base of every trait. Subclass it, frozen, wherever the reader of the trait lives."""

    __slots__ = ()


class ClassTrait(Trait):
    """A trait that a class takes as its decorator. It is the class's own: what inherits from that has it not."""

    __slots__ = ()

    def __call__(self, cls: C) -> C:
        """Give it to a class. Raises DeclarationError where that has one already."""
        known = vars(cls).get(_OF_CLASS, ())
        if any(type(each) is type(self) for each in known):
            raise DeclarationError(cls.__name__, f"{type(self).__name__} is given twice", "Give it once")
        setattr(cls, _OF_CLASS, (*known, self))
        return cls


class Traits:
    """An immutable set of traits with at most one of each class."""

    __slots__ = ("_by_class",)

    def __init__(self, traits: Iterable[Trait] = ()) -> None:
        by_class: dict[type[Any], Any] = {}
        for trait in traits:
            if type(trait) in by_class:
                raise ValueError(f"{type(trait).__name__} is given twice; give it once")
            by_class[type(trait)] = trait
        self._by_class = by_class

    def get(self, key: type[T]) -> T | None:
        """The trait of exactly this class, or None."""
        return self._by_class.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_class

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_class.values())

    def __len__(self) -> int:
        return len(self._by_class)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Traits) and self._by_class == other._by_class

    def __hash__(self) -> int:
        return hash(frozenset(self._by_class))

    def __repr__(self) -> str:
        return f"Traits({', '.join(map(repr, self))})"


def traits_of(cls: type) -> Traits:
    """Those that a class was given."""
    return Traits(vars(cls).get(_OF_CLASS, ()))
