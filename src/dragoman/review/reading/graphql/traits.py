"""What GraphQL says and a contract has no place for: kept beside what it is said of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dragoman.contract.traits import Trait


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as it is applied, its arguments as JSON has them."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Directives(Trait):
    """The directives of a type, a field or an argument, without ``@deprecated``, which the contract says."""

    applied: tuple[Directive, ...]

    def named(self, name: str) -> Directive | None:
        """The first of that name, or None."""
        return next((each for each in self.applied if each.name == name), None)


@dataclass(frozen=True, slots=True)
class OneOf(Trait):
    """Exactly one field of the input must be there (``@oneOf``)."""
