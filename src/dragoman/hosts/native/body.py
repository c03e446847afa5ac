"""A request's body, while it comes, for who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn

from dragoman.contract.fault import Cancelled, Fault

GONE: Final = "the client went away before its request was complete"

WAITING_MOST: Final = 64 * 1024
"""Bytes of a body that may wait for its reader, before no more are read of an HTTP/1.1 connection."""


class Body:
    """A :class:`~dragoman.ports.wire.BodyStream`. What came since the last chunk was taken is one chunk. ``taken`` is
    told how many bytes were: so many more may come.
    """

    __slots__ = ("_failed", "_fault", "_parts", "_taken", "_waiter", "complete", "size")

    def __init__(self, taken: Callable[[int], None]) -> None:
        self.size = 0
        """How many bytes wait."""
        self.complete = False
        """Whether its last byte has come."""
        self._parts: list[bytes] = []
        self._failed = False
        self._fault: Fault | None = None
        self._taken = taken
        self._waiter: asyncio.Future[None] | None = None

    # From the connection

    @property
    def full(self) -> bool:
        """Whether as much waits as may."""
        return self.size > WAITING_MOST

    def feed(self, part: bytes) -> None:
        """A part came."""
        if part and not self._failed:
            self._parts.append(part)
            self.size += len(part)
            self._wake()

    def end(self) -> None:
        """That was all of it."""
        self.complete = True
        self._wake()

    def fail(self, fault: Fault) -> None:
        """No more will come: why. What waits is dropped."""
        if not self.complete and not self._failed:
            self._failed, self._fault = True, fault
            self._parts.clear()
            self.size = 0
            self._wake()

    def leave(self) -> None:
        """The peer is gone."""
        self.fail(Cancelled(GONE))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # From the reader

    @property
    def exhausted(self) -> bool:
        """Whether all of it was read."""
        return self.complete and not self._parts

    def __aiter__(self) -> Body:
        return self

    async def __anext__(self) -> bytes:
        """The next chunk. Raises StopAsyncIteration behind the last, and Fault."""
        parts = self._parts
        while not parts:
            if self._failed:
                self._raise()
            if self.complete:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.size = 0
        self._taken(len(chunk))
        return chunk

    def _raise(self) -> NoReturn:
        fault, self._fault = self._fault or Cancelled(GONE), None
        try:
            raise fault
        finally:
            del fault  # what was raised holds this frame: what holds each other waits for the collector
