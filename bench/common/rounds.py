"""The comparison: every side in turn, again and again, so that what disturbs the machine disturbs them all."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from .figures import Spread
from .load import Latency, Sample


class Titled(Protocol):
    """What is compared has a title."""

    @property
    def title(self) -> str:
        """As a reader is told it."""
        ...


Subject = TypeVar("Subject", bound=Titled)
Side = TypeVar("Side")


@dataclass(slots=True)
class Compared(Generic[Subject]):
    """What one scenario came to: a sample a round for each side, by name, and latencies."""

    scenario: Subject
    size: int
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    latencies: dict[str, Latency] = field(default_factory=dict)

    def per_cpu_second(self, name: str) -> Spread:
        """Calls per second of CPU time."""
        return Spread.of(each.per_cpu_second for each in self.samples[name])

    def per_second(self, name: str) -> Spread:
        """Calls per second on the clock."""
        return Spread.of(each.per_second for each in self.samples[name])

    def ratio(self, one: str, other: str, *, wall: bool = False) -> Spread:
        """How many times the calls of the other the one carries, round by round."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        if wall:
            return Spread.of(a.per_second / b.per_second for a, b in pairs)
        return Spread.of(a.per_cpu_second / b.per_cpu_second for a, b in pairs)


def turns(sides: Sequence[Side], rounds: int, what: str) -> Iterator[Side]:
    """Each side once a round; each round begins with another."""
    for number in range(rounds):
        say(f"{what}: round {number + 1} of {rounds}")
        at = number * len(sides) // rounds
        yield from (*sides[at:], *sides[:at])


def say(text: str) -> None:
    """Tell whoever waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
