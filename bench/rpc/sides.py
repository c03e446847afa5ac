"""A side: a server, asked in one protocol; and the load on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.common import load
from bench.common.load import Latency, Sample
from bench.common.servers import Server

from .calls import Call
from .kinds import VENV

BIN: Final = VENV / "bin"


@dataclass(frozen=True, slots=True)
class Shape:
    """How many calls are under way at once."""

    connections: int
    streams: int

    def __str__(self) -> str:
        return f"{self.connections} × {self.streams}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Calls of one procedure, in one shape."""

    title: str
    shape: Shape


@dataclass(slots=True)
class Side:
    """A server that runs, and what it is asked. ``file`` is the call, for the clients that send it."""

    server: Server
    call: Call
    file: Path

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return named(self.server.kind.name, self.call.protocol.name)

    def __repr__(self) -> str:
        return self.name

    def drive(self, shape: Shape, seconds: float) -> Sample:
        """As much as it carries. The client never sleeps."""
        return load.drive(self.server.pid, self.name, seconds, self._command(shape, 0, seconds, "spin"))

    def pace(self, shape: Shape, rate: float, seconds: float) -> Latency:
        """At a rate."""
        return load.pace(self.name, rate, seconds, self._command(shape, rate, seconds, "sleep"))

    def _command(self, shape: Shape, rate: float, seconds: float, waiting: str) -> list[str | Path]:
        client, many = BIN / "load-http2", [str(shape.connections), str(shape.streams)]
        if self.call.protocol.http1:  # a connection for each call that is under way
            client, many = BIN / "load", [str(shape.connections * shape.streams)]
        return [client, str(self.server.port), f"{rate:.1f}", f"{seconds:.2f}", *many, waiting, self.file]


def named(server: str, protocol: str) -> str:
    """What a side is called."""
    return f"{server}, {protocol}"
