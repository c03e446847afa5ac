"""The comparison: every server in turn, again and again, so that what disturbs the machine disturbs them all."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from load import Latency, Sample, drive, pace
from proof import prove_equal
from scenarios import Scenario
from servers import Server

WARMING_SECONDS: Final = 1.5
"""Of each server for each kind of call: Node compiles what it runs often."""
SATURATING_SECONDS: Final = 0.5
PACED_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several figures, with the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Spread:
        """Of these."""
        found = sorted(figures)
        return cls(statistics.median(found), found[0], found[-1])


@dataclass(slots=True)
class Compared:
    """What one scenario came to: a sample a round for each server, by name, and the latency at half load."""

    scenario: Scenario
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


def compare(
    servers: Sequence[Server], scenario: Scenario, key: str, folder: Path, *, rounds: int, seconds: float
) -> Compared:
    """Measure a scenario on all of them, once their bodies are known to be equal."""
    compared = Compared(scenario, prove_equal(servers, key, scenario))
    requests = scenario.write(folder, key)
    for server in servers:
        drive(server, scenario, requests, WARMING_SECONDS)
        compared.samples[server.kind.name] = []
    for number in range(rounds):
        say(f"{scenario.title}: round {number + 1} of {rounds}")
        at = number * len(servers) // rounds  # each round begins with another server
        for server in (*servers[at:], *servers[:at]):
            compared.samples[server.kind.name].append(drive(server, scenario, requests, seconds))
    return compared


def compare_latencies(servers: Sequence[Server], compared: Compared, folder: Path, key: str) -> None:
    """How long answers take at half of what each server carries on the clock."""
    scenario = compared.scenario
    say(f"{scenario.title}: at half load")
    requests = scenario.write(folder, key)
    for server in servers:
        whole = drive(server, scenario.sleeping(), requests, SATURATING_SECONDS).per_second
        compared.latencies[server.kind.name] = pace(server, scenario, requests, whole / 2, PACED_SECONDS)


def say(text: str) -> None:
    """Tell whoever waits."""
    print(f"bench-http: {text}", file=sys.stderr, flush=True)
