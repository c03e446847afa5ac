"""The load on a server: what ``load.c`` sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.common import load
from bench.common.load import Latency, Sample

from .kinds import ROOT
from .scenarios import Scenario
from .servers import Server

LOAD: Final = ROOT / ".venv-bench" / "bin" / "load"


def drive(server: Server, scenario: Scenario, requests: Path, seconds: float, *, rate: float = 0) -> Sample:
    """At that rate; 0 is as much as it carries."""
    command = _command(server, rate, seconds, scenario.connections, scenario.waiting, requests)
    return load.drive(server.pid, str(server), seconds, command)


def pace(server: Server, scenario: Scenario, requests: Path, rate: float, seconds: float) -> Latency:
    """How long answers take at that rate."""
    return load.pace(
        str(server), rate, seconds, _command(server, rate, seconds, scenario.connections, "sleep", requests)
    )


def _command(
    server: Server, rate: float, seconds: float, connections: int, waiting: str, requests: Path
) -> list[str | Path]:
    return [LOAD, str(server.port), f"{rate:.1f}", f"{seconds:.2f}", str(connections), waiting, requests]
