"""The values of a fact that are worth trying: one for each way in which the rules can take it.

Rules only ever ask whether a condition holds, so that a number matters by the side of each bound on which it lies. A
fact is split into *parts*: itself, or, of a set, each of its members.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Facts

from .rule import Condition, Test
from .rules import RULES


@dataclass(frozen=True, slots=True)
class Part:
    """A fact, or one member of a fact that is a set: its value is then whether the set has it."""

    fact: str
    member: str | None = None


Values: TypeAlias = Mapping[Part, Any]
"""What the parts are; None for what is unknown."""


@lru_cache(maxsize=1024)
def part(condition: Condition) -> Part:
    """What the condition asks of."""
    if condition.test in (Test.HAS, Test.HAS_NOT):
        return Part(condition.fact, condition.values[0])
    return Part(condition.fact)


def fulfils(condition: Condition, value: Any) -> bool:
    """Whether the part's value fulfils the condition; an unknown one fulfils none."""
    if value is None:
        return False
    match condition.test:
        case Test.IS:
            return value in condition.values
        case Test.IS_NOT:
            return value not in condition.values
        case Test.AT_LEAST:
            return bool(value >= condition.values[0])
        case Test.AT_MOST:
            return bool(value <= condition.values[0])
        case Test.HAS:
            return bool(value)
        case Test.HAS_NOT:
            return not value


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


def _parts() -> dict[Part, tuple[Any, ...]]:
    asked: dict[Part, list[Condition]] = {}
    for rule in RULES:
        for condition in (*rule.when, *rule.unless):
            asked.setdefault(part(condition), []).append(condition)
    found: dict[Part, tuple[Any, ...]] = {}
    for each, conditions in asked.items():
        if each.member is not None:
            found[each] = (True, False)
            continue
        bounds = [c.values[0] for c in conditions if c.test in (Test.AT_LEAST, Test.AT_MOST)]
        classes: dict[tuple[bool, ...], Any] = {}
        for value in _tried(each.fact, bounds):
            key = tuple(fulfils(condition, value) for condition in conditions)
            # Of values that the rules take alike, one that a rule names reads best.
            if key not in classes or value in bounds:
                classes[key] = value
        found[each] = tuple(classes.values())
    return found


TRIED: Final[Mapping[Part, tuple[Any, ...]]] = MappingProxyType(_parts())
"""Of each part that some rule asks of, a value for each way in which the rules can take it; none of them unknown."""


def values(facts: Facts) -> dict[Part, Any]:
    """What these facts say of each part that some rule asks of."""
    found: dict[Part, Any] = {}
    for each in TRIED:
        value = facts.value(each.fact)
        found[each] = value if each.member is None or value is None else each.member in value
    return found
