"""Rules that weigh styles, as data: what facts a rule reads, when it applies, and what it adds to which style.

A rule is a conjunction of conditions on facts. Since conditions are values and not code, a rule can be printed, the
facts that a verdict hinges on can be found by trying others, and the values worth trying are those at which some
condition changes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dragoman.review.surfaces.facts import Facts


class Test(enum.StrEnum):
    """How a condition compares."""

    __test__ = False  # no test of pytest's

    IS = "is"  # one of ``values``
    IS_NOT = "is not"  # none of ``values``
    AT_LEAST = "at least"
    AT_MOST = "at most"
    HAS = "has"  # a set that holds one of ``values``
    HAS_NOT = "has not"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a fact has to be. An unknown fact fulfils none."""

    fact: str
    test: Test
    values: tuple[Any, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether it is known, and so."""
        value = facts.value(self.fact)
        if value is None:
            return False
        match self.test:
            case Test.IS:
                return value in self.values
            case Test.IS_NOT:
                return value not in self.values
            case Test.AT_LEAST:
                return bool(value >= self.values[0])
            case Test.AT_MOST:
                return bool(value <= self.values[0])
            case Test.HAS:
                return any(each in value for each in self.values)
            case Test.HAS_NOT:
                return not any(each in value for each in self.values)

    def __str__(self) -> str:
        return f"{self.fact} {self.test} {' or '.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from: ``AIP-158``, ``RFC 9110, 9.2.1``, or a part of the :func:`article`. ``link`` is an
    address.
    """

    name: str
    link: str = ""


def article(part: str) -> Source:
    """A part of the article that the review makes practical, as its readers would look it up."""
    return Source(f'ThirstySprout, "API vs REST API: A CTO\'s Guide for 2026": {part}')


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for or against styles. It applies where all of ``when`` and none of ``unless`` hold; ``adds`` are
    points by style, below zero against it. ``reason`` is said to the reader; ``exception`` says in words when it does
    not apply, ``example`` shows one.
    """

    id: str
    title: str
    source: Source
    when: tuple[Condition, ...]
    adds: Mapping[str, float]
    reason: str
    exception: str
    example: str
    unless: tuple[Condition, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """The facts that it reads."""
        return tuple(dict.fromkeys(each.fact for each in (*self.when, *self.unless)))

    def applies(self, facts: Facts) -> bool:
        """Whether it says anything of a surface with these facts."""
        return all(each.holds(facts) for each in self.when) and not any(each.holds(facts) for each in self.unless)
