"""Runs servers as processes of their own, on ports that are free."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dragoman.testing.host import server
from dragoman.testing.host.server import LEFT_OUT, environment, free_port

__all__ = ["LEFT_OUT", "Running", "bearer", "environment", "eventually", "free_port", "running"]


class Running(server.Running):
    """A server process, with what it wrote."""

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        server.wait_until_ready(self)

    def wait_until_it_listens(self, timeout: float = 60) -> None:
        """Wait until it says where it is."""
        end = time.monotonic() + timeout
        while "listening on" not in self.stderr:
            assert self.process.poll() is None, "it has ended"
            assert time.monotonic() < end, "it does not listen"
            time.sleep(0.02)

    def workers(self) -> set[int]:
        """Its worker processes, by id."""
        found = set()
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except FileNotFoundError:
                continue  # it has ended since
            if b"dragoman.hosts.worker" in command:
                found.add(int(pid))
        return found

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


def eventually(holds: Callable[[], bool], timeout: float = 60) -> None:
    """Wait until it holds."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"authorization": f"Bearer {key}"}
