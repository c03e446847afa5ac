"""Runs servers as processes of their own, on ports that are free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

LEFT_OUT = ("DRAGOMAN_DATABASE", "DRAGOMAN_ENV", "DATABASE", "PORT", "HOST", "WORKERS")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would change a server's behaviour."""
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    return kept | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHON_COLORS": "0"} | dict(more or {})


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server process, with what it wrote."""

    def __init__(self, command: list[str], folder: Path, more: Mapping[str, str] | None, port: int) -> None:
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
        self._out.flush()
        return Path(self._out.name).read_text()

    @property
    def stderr(self) -> str:
        """What it wrote to stderr."""
        return Path(self._err.name).read_text()

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Wait until it answers."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"not ready ({self.process.returncode}):\n{self.stdout}\n{self.stderr}")

    def stop(self, number: int = signal.SIGTERM, timeout: float = 20) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout)

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


@contextmanager
def running(
    command: list[str],
    folder: Path,
    port: int,
    environment: Mapping[str, str] | None = None,
    *,
    ready: bool = True,
) -> Iterator[Running]:
    """A server while the block runs."""
    server = Running(command, folder, environment, port)
    try:
        if ready:
            server.wait_until_ready()
        yield server
    finally:
        server.close()


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"authorization": f"Bearer {key}"}
