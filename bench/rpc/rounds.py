"""The comparison of all sides, scenario by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.common.load import Latency
from bench.common.rounds import Compared, turns

from .calls import GOOD
from .proof import empty, prove_equal, prove_lines
from .sides import Scenario, Shape, Side

WARMING_SECONDS: Final = 0.5
PACE: Final = 2000
PACED_ROUNDS: Final = 3
PACED_SECONDS: Final = 1.5
PACED_SHAPE: Final = Shape(8, 32)

Latencies = dict[str, list[Latency]]


def ready(sides: Sequence[Side], key: str) -> None:
    """Write down each side's call, and what has to come of it."""
    for side in sides:
        body = prove_equal(side, key)
        call = side.call
        call.save(side.file, call.headers(side.server.port, key), call.protocol.write(GOOD), body)


def compare(sides: Sequence[Side], scenario: Scenario, *, rounds: int, seconds: float) -> Compared[Scenario]:
    """Measure a scenario on all of them."""
    compared: Compared[Scenario] = Compared(scenario, 0, {each.name: [] for each in sides})
    for side in sides:
        empty(side)
        prove_lines(side, side.drive(scenario.shape, WARMING_SECONDS).calls)
    for side in turns(sides, rounds, scenario.title):
        compared.samples[side.name].append(side.drive(scenario.shape, seconds))
    return compared


def compare_latencies(sides: Sequence[Side], rounds: int) -> Latencies:
    """How long answers take, at one rate for all."""
    found: Latencies = {each.name: [] for each in sides}
    for side in turns(sides, min(rounds, PACED_ROUNDS), f"{PACE:,} calls a second"):
        found[side.name].append(side.pace(PACED_SHAPE, PACE, PACED_SECONDS))
    return found
