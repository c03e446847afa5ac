"""Servers in processes of their own, as their users start them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import httpx

from . import plain

LEFT_OUT: Final = ("DRAGOMAN_DATABASE", "DRAGOMAN_ENV", "DATABASE", "PORT", "HOST", "WORKERS")
STARTING: Final = 30.0
"""Seconds that a server has to become ready."""

_PORTS: Final = range(16_384, 32_768)
"""Below those that connections are given, so that none takes a port between its being found and its being used."""

_PORTS_EACH: Final = 256


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would change a server's behaviour."""
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    return kept | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHON_COLORS": "0"} | dict(more or {})


def free_port() -> int:
    """A port on which nothing listens, and that is not given again soon, nor to another process."""
    for port in itertools.islice(_own_ports(), _PORTS_EACH):
        if (probe := _bound(port)) is not None:
            probe.close()
            return port
    raise RuntimeError("none of the ports of this process is free: end what listens there")


@functools.cache
def _own_ports() -> Iterator[int]:
    """This process's ports, round and round. It holds the first of them, so that others take theirs elsewhere."""
    for first in _PORTS[::_PORTS_EACH]:
        if (held := _bound(first)) is not None:
            held.detach()  # until the process ends
            return itertools.cycle(range(first + 1, first + _PORTS_EACH))
    raise RuntimeError(f"no ports are left between {_PORTS[0]} and {_PORTS[-1]}: end what uses them")


def _bound(port: int) -> socket.socket | None:
    found = socket.socket()
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        found.close()
        return None
    return found


class Server(Protocol):
    """A server that was started."""

    @property
    def url(self) -> str:
        """Where it listens: ``http://127.0.0.1:8000``."""
        ...

    @property
    def output(self) -> str:
        """All that it wrote so far, to stdout and to stderr."""
        ...

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        ...

    def stop(self) -> None:
        """Tell it to stop, and return at once: requests under way may be finished."""

    def wait(self) -> bool:
        """Wait until it has ended; whether it says that all went well."""
        ...


class Host(Protocol):
    """A way to serve an application."""

    def serve(
        self, target: str, folder: Path, environment: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[Server]:
        """Serve the application of that name (``module:app``) while the block runs, at a free port of 127.0.0.1, by one
        process, in a working directory, with more variables in the environment. It need not be ready yet.
        """
        ...


class Running:
    """A server process, with what it wrote."""

    def __init__(self, command: Sequence[str], folder: Path, more: Mapping[str, str] | None, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._out = (folder / f"stdout-{port}").open("w+")
        self._err = (folder / f"stderr-{port}").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(more),
            stdout=self._out,
            stderr=self._err,
            stdin=subprocess.DEVNULL,
        )

    @property
    def stdout(self) -> str:
        """What it wrote to stdout."""
        return Path(self._out.name).read_text()

    @property
    def stderr(self) -> str:
        """What it wrote to stderr."""
        return Path(self._err.name).read_text()

    @property
    def output(self) -> str:
        """Both."""
        return self.stdout + self.stderr

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = 30) -> bool:
        """Wait for its end; whether it went well. (Some raise again the signal that ended them.)"""
        return self.process.wait(timeout) in (0, -signal.SIGTERM)

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self._out.close()
        self._err.close()


@dataclass(frozen=True)
class CommandHost:
    """A host that is a command; ``{app}`` and ``{port}`` in its words are filled in. Where the first word is an option,
    it is one of this Python: ``CommandHost("-m", "uvicorn", "--port", "{port}", "{app}")``.
    """

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", (sys.executable, *words) if words[0].startswith("-") else words)

    @contextmanager
    def serve(self, target: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
        """Start it."""
        port = free_port()
        server = Running([word.format(port=port, app=target) for word in self.words], folder, environment, port)
        try:
            yield server
        finally:
            server.close()


def wait_until_ready(server: Server) -> None:
    """Wait until it answers. Raises AssertionError with what it wrote."""
    end = time.monotonic() + STARTING
    while time.monotonic() < end and not server.ended:
        try:
            if plain.get(f"{server.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"it did not become ready:\n{server.output}")
