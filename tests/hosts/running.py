"""Runs servers as processes of their own, on ports that are free."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dragoman.testing.host import server
from dragoman.testing.host.server import LEFT_OUT, environment, free_port

__all__ = ["LEFT_OUT", "Running", "bearer", "environment", "free_port", "running"]


class Running(server.Running):
    """A server process, with what it wrote."""

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        server.wait_until_ready(self)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 20) -> int:
        """Send a signal, and wait for the end; returns the exit code."""
        super().stop(number)
        return self.process.wait(timeout)


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
    started = Running(command, folder, environment, port)
    try:
        if ready:
            started.wait_until_ready()
        yield started
    except BaseException as error:
        error.add_note(f"the server wrote:\n{started.output[-10_000:]}")
        raise
    finally:
        started.close()


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"authorization": f"Bearer {key}"}
