"""Requests and answers, and what may happen to them on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Ask:
    """A request, with headers in lower case. Without a ``body`` that is a stream, which is sent while it comes."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes | None = b""


@dataclass(slots=True)
class Head:
    """What an answer begins with. Headers that are repeated are joined with commas."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


class Broken(Exception):
    """The connection failed. ``reached``: the server may have got the request, and done what it asks."""

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


class Exchange(Protocol):
    """A request that is under way, and its answer. What waits raises TimeoutError at the deadline, and Broken."""

    deadline: float | None

    async def send(self, data: bytes, *, end: bool = False) -> bool:
        """Send more of a body that is a stream; with ``end``, the last of it. Returns whether anybody wants more."""
        ...

    async def head(self) -> Head:
        """What the answer begins with."""
        ...

    async def read(self) -> bytes:
        """More of the answer's body; empty at its end."""
        ...

    @property
    def trailers(self) -> dict[str, str]:
        """What stands behind the body, once that has been read."""
        ...

    def close(self) -> None:
        """Be done with it. What has not come to its end is given up, which the server learns."""


async def body(exchange: Exchange, most: int | None = None) -> bytes:
    """All that is left of the answer's body. Raises ValueError beyond ``most`` bytes."""
    parts, size = [], 0
    while part := await exchange.read():
        size += len(part)
        if most is not None and size > most:
            raise ValueError(f"the answer is larger than {most:,} bytes")
        parts.append(part)
    return b"".join(parts)
