"""The load, which programs in C send: as fast as answers come (closed loop), or at a fixed rate (open loop)."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cost


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


def drive(pid: int, what: str, seconds: float, command: list[str | Path]) -> Sample:
    """Send load with a command; what the process ``pid`` and its descendants take for that is the cost."""
    before = cost.cpu_seconds(pid)
    calls, wall, *_ = _sent(what, seconds, command)
    return Sample(calls, wall / 1e6, cost.cpu_seconds(pid) - before)


def pace(what: str, rate: float, seconds: float, command: list[str | Path]) -> Latency:
    """How long answers take, at the rate that the command sends at."""
    _, _, *times = _sent(what, seconds, command)
    return Latency(rate, *(each / 1000 for each in times))


def _sent(what: str, seconds: float, command: list[str | Path]) -> list[int]:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if ended.returncode:
        raise Failed(f"{what}: {ended.stderr or ended.stdout}")
    time.sleep(0.01)  # what the server does behind its last answer is its own cost
    calls, wrong, *times = map(int, ended.stdout.split())
    if wrong or not calls:
        raise Failed(f"{what}: {wrong} of {calls} calls were answered with an error")
    return [calls, *times]
