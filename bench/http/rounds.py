"""The comparison of all servers, scenario by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.common.rounds import Compared, say, turns

from .load import drive, pace
from .proof import prove_equal
from .scenarios import Scenario
from .servers import Server

WARMING_SECONDS: Final = 1.5
"""Of each server for each kind of call: Node compiles what it runs often."""
SATURATING_SECONDS: Final = 0.5
PACED_SECONDS: Final = 1.5


def compare(
    servers: Sequence[Server], scenario: Scenario, key: str, folder: Path, *, rounds: int, seconds: float
) -> Compared[Scenario]:
    """Measure a scenario on all of them, once their bodies are known to be equal."""
    compared = Compared(scenario, prove_equal(servers, key, scenario))
    requests = scenario.write(folder, key)
    for server in servers:
        drive(server, scenario, requests, WARMING_SECONDS)
        compared.samples[server.kind.name] = []
    for server in turns(servers, rounds, scenario.title):
        compared.samples[server.kind.name].append(drive(server, scenario, requests, seconds))
    return compared


def compare_latencies(servers: Sequence[Server], compared: Compared[Scenario], folder: Path, key: str) -> None:
    """How long answers take at half of what each server carries on the clock."""
    scenario = compared.scenario
    say(f"{scenario.title}: at half load")
    requests = scenario.write(folder, key)
    for server in servers:
        whole = drive(server, scenario.sleeping(), requests, SATURATING_SECONDS).per_second
        compared.latencies[server.kind.name] = pace(server, scenario, requests, whole / 2, PACED_SECONDS)
