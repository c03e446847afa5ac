"""The load, which ``load.c`` sends: as fast as answers come (closed loop), or at a fixed rate (open loop)."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cost
from kinds import ROOT
from scenarios import Scenario
from servers import Server

LOAD: Final = ROOT / ".venv-bench" / "bin" / "load"


class Failed(RuntimeError):
    """Answers were wrong, or did not come."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a server carried for a while."""

    calls: int
    wall: float
    cpu: float

    @property
    def per_cpu_second(self) -> float:
        """Calls per second of the server's CPU time."""
        return self.calls / self.cpu

    @property
    def per_second(self) -> float:
        """Calls per second on the clock."""
        return self.calls / self.wall


@dataclass(frozen=True, slots=True)
class Latency:
    """At a rate of ``rate`` calls per second; in milliseconds. ``late`` is how late the client itself was (p99)."""

    rate: float
    p50: float
    p99: float
    most: float
    late: float


def drive(server: Server, scenario: Scenario, requests: Path, seconds: float, *, rate: float = 0) -> Sample:
    """At that rate; 0 is as much as it carries."""
    before = cost.cpu_seconds(server.pid)
    calls, wall, *_ = _load(server, rate, seconds, scenario.connections, scenario.waiting, requests)
    return Sample(calls, wall / 1e6, cost.cpu_seconds(server.pid) - before)


def pace(server: Server, scenario: Scenario, requests: Path, rate: float, seconds: float) -> Latency:
    """How long answers take at that rate."""
    _, _, *times = _load(server, rate, seconds, scenario.connections, "sleep", requests)
    return Latency(rate, *(each / 1000 for each in times))


def _load(server: Server, rate: float, seconds: float, connections: int, waiting: str, requests: Path) -> list[int]:
    command = [LOAD, str(server.port), f"{rate:.1f}", f"{seconds:.2f}", str(connections), waiting, str(requests)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if ended.returncode:
        raise Failed(f"{server}: {ended.stderr or ended.stdout}")
    time.sleep(0.01)  # what the server does behind its last answer is its own cost
    calls, wrong, *times = map(int, ended.stdout.split())
    if wrong or not calls:
        raise Failed(f"{server}: {wrong} of {calls} calls were answered with an error")
    return [calls, *times]
