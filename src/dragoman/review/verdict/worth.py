"""The values of a fact that are worth trying: one for each way in which the rules can take it.

Rules only ever ask whether a condition holds, so that a number matters by the side of each bound on which it lies. A
fact is split into *parts*: itself, or, of a set, each of its members.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self, TypeAlias

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Facts

from .rule import Condition, Test
from .rules import RULES


class Part(str):
    """A fact, or one member of a fact that is a set: its value is then whether the set has it. A string, since parts
    are looked up a thousand times for each verdict.
    """

    __slots__ = ("fact", "member")
    fact: str
    member: str | None

    def __new__(cls, fact: str, member: str | None = None) -> Self:
        self = super().__new__(cls, fact if member is None else f"{fact}: {member}")
        self.fact, self.member = fact, member
        return self


Values: TypeAlias = Mapping[Part, Any]
"""What the parts are; None for what is unknown."""


class Clause:
    """A condition, and the part that it asks of. There is one of each condition, so that clauses are compared by
    identity.
    """

    __slots__ = ("condition", "part", "wanted")

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        member = condition.test in (Test.HAS, Test.HAS_NOT)
        self.part = Part(condition.fact, condition.values[0] if member else None)
        self.wanted = condition.values[0]

    def holds(self, value: Any) -> bool:
        """Whether the part's value fulfils the condition; an unknown one fulfils none."""
        if value is None:
            return False
        match self.condition.test:
            case Test.IS:
                return value in self.condition.values
            case Test.IS_NOT:
                return value not in self.condition.values
            case Test.AT_LEAST:
                return bool(value >= self.wanted)
            case Test.AT_MOST:
                return bool(value <= self.wanted)
            case Test.HAS:
                return bool(value)
            case Test.HAS_NOT:
                return not value


CLAUSES: Final[Mapping[Condition, Clause]] = {
    condition: Clause(condition) for rule in RULES for condition in (*rule.when, *rule.unless)
}


def _tried(name: str, bounds: Iterable[float]) -> tuple[Any, ...]:
    question = CATALOGUE[name]
    if question.type is bool:
        return (True, False)
    if question.choices:
        return question.choices
    ends = [0.0, *sorted(set(bounds))]
    ends.append(1.0 if question.unit == "of 1" else 2 * ends[-1])
    between = [(low + high) / 2 for low, high in itertools.pairwise(ends)]
    return tuple(sorted({question.type(each) for each in (*ends, *between)}))


def _classes(part: Part, clauses: list[Clause]) -> tuple[Any, ...]:
    if part.member is not None:
        return (True, False)
    bounds = [each.wanted for each in clauses if each.condition.test in (Test.AT_LEAST, Test.AT_MOST)]
    classes: dict[tuple[bool, ...], Any] = {}
    for value in _tried(part.fact, bounds):
        key = tuple(clause.holds(value) for clause in clauses)
        # Of values that the rules take alike, one that a rule names reads best.
        if key not in classes or value in bounds:
            classes[key] = value
    return tuple(classes.values())


def _parts() -> dict[Part, tuple[Any, ...]]:
    asked: dict[Part, list[Clause]] = {}
    for clause in CLAUSES.values():
        asked.setdefault(clause.part, []).append(clause)
    return {part: _classes(part, clauses) for part, clauses in asked.items()}


TRIED: Final[Mapping[Part, tuple[Any, ...]]] = MappingProxyType(_parts())
"""Of each part that some rule asks of, a value for each way in which the rules can take it; none of them unknown."""


def values(facts: Facts) -> dict[Part, Any]:
    """What these facts say of each part that some rule asks of."""
    found: dict[Part, Any] = {}
    for each in TRIED:
        value = facts.value(each.fact)
        found[each] = value if each.member is None or value is None else each.member in value
    return found
