"""What HTTP needs of its surroundings: an event loop's part in it, or a thread's."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

CHUNK: Final = 65_536
"""How much is read at a time."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: a host and a port, or the path of a Unix socket. ``tls`` is there where it is spoken."""

    host: str
    port: int
    path: str = ""
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


class Wire(Protocol):
    """A connection."""

    protocol: str | None
    """What was agreed on by ALPN: ``h2``, ``http/1.1``, or nothing."""

    def put(self, data: bytes, deadline: float | None) -> None:
        """Send, in the order of the calls. May block only where threads do. Raises OSError and TimeoutError."""

    async def drain(self, deadline: float | None) -> None:
        """Wait until the connection can take more. Raises OSError and TimeoutError."""

    async def receive(self, deadline: float | None) -> bytes:
        """What came; empty at the end. Raises OSError and TimeoutError."""
        ...

    @property
    def quiet(self) -> bool:
        """Whether nothing came since it was last read from, not even the end."""
        ...

    def close(self) -> None:
        """Close it. Who waits for what comes learns of it."""


class Signal(Protocol):
    """What one waits for, and another gives. To miss none: clear, look again, then wait."""

    def set(self) -> None:
        """Give it."""

    def clear(self) -> None:
        """Take it back."""

    async def wait(self, deadline: float | None) -> None:
        """Wait until it is given. Raises TimeoutError."""


class Spawned(Protocol):
    """Something that is done beside the rest."""

    def cancel(self) -> bool:
        """It is of no more use."""
        ...


class Net(Protocol):
    """The surroundings. ``concurrent``: what is spawned takes turns with its spawner, and is no other thread."""

    concurrent: bool

    async def connect(self, address: Address, deadline: float | None) -> Wire:
        """A new connection. Raises OSError and TimeoutError."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def signal(self) -> Signal:
        """A new signal."""
        ...

    def lock(self) -> AbstractAsyncContextManager[Any]:
        """A new lock, which may be held while one waits."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> Spawned:
        """Do it beside what is done now."""
        ...

    def drop(self, close: Callable[[], None]) -> None:
        """Close what nobody holds any more. It may be anywhere that this is found out."""

    async def close(self) -> None:
        """Wait for what was spawned, which must have been told to end."""


def left(deadline: float | None) -> float | None:
    """The seconds until then. Raises TimeoutError where there are none."""
    if deadline is None:
        return None
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
