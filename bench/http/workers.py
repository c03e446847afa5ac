"""What ours takes as a process: how long until it answers, how much memory, and what a second worker costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.common import cost
from bench.common.figures import Spread
from bench.common.rounds import Compared, say
from bench.common.servers import Kind

from .filling import Filled
from .kinds import dragoman
from .load import drive
from .rounds import SATURATING_SECONDS, WARMING_SECONDS
from .scenarios import Scenario
from .servers import Server

ONE: Final = "1 worker"
TWO: Final = "2 workers"
STARTS: Final = 5
SERVING_SHARE: Final = 0.05
"""A process that used less than this part of its server's CPU time looks after others."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a server, after its work."""

    server: str
    serves: bool
    memory: cost.Memory


def start_often(kind: Kind, filled: Filled, folder: Path) -> Spread:
    """The seconds from the command to the first answer, on a database that is filled."""
    say("starting ours again and again")
    seconds = []
    for number in range(STARTS):
        server = Server(kind.called(f"start {number}"), filled.path, folder)
        try:
            seconds.append(server.start())
        finally:
            server.stop()
    return Spread.of(seconds)


@dataclass(frozen=True, slots=True)
class Both:
    """One worker and two, by name: with as much as they carry, and at one rate, half of what one worker carries."""

    full: Compared[Scenario]
    half: Compared[Scenario]


def compare_workers(
    scenarios: Sequence[Scenario], filled: Filled, folder: Path, *, rounds: int, seconds: float
) -> tuple[list[Both], list[Process]]:
    """One worker and two in turn, with what their processes hold in the end."""
    kinds = (dragoman(ONE, "--workers", "1"), dragoman(TWO, "--workers", "2"))
    servers = [Server(each, filled.path, folder) for each in kinds]
    results = []
    try:
        for server in servers:
            server.start()
        for scenario in scenarios:
            say(f"{scenario.title}: one worker and two")
            requests = scenario.write(folder, filled.key)
            for server in servers:
                drive(server, scenario, requests, WARMING_SECONDS)
            sleeping = scenario.sleeping()
            half = drive(servers[0], sleeping, requests, SATURATING_SECONDS).per_second / 2
            pair = [(scenario, 0.0), (sleeping, half)]
            results.append(Both(*(_in_turn(servers, each, requests, rounds, seconds, rate) for each, rate in pair)))
        return results, [each for server in servers for each in processes(server)]
    finally:
        for server in servers:
            server.stop()


def _in_turn(
    servers: Sequence[Server], scenario: Scenario, requests: Path, rounds: int, seconds: float, rate: float
) -> Compared[Scenario]:
    compared: Compared[Scenario] = Compared(scenario, 0, {each.kind.name: [] for each in servers})
    for number in range(rounds):
        for server in servers[:: 1 if number % 2 else -1]:
            compared.samples[server.kind.name].append(drive(server, scenario, requests, seconds, rate=rate))
    return compared


def processes(server: Server) -> list[Process]:
    """The processes of a server."""
    used = {pid: cost.own_cpu_seconds(pid) for pid in cost.tree(server.pid)}
    whole = sum(used.values())
    return [Process(server.kind.name, mine > SERVING_SHARE * whole, cost.memory(pid)) for pid, mine in used.items()]
