"""A request's body, while it comes, for who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn

from dragoman.contract.fault import Cancelled, Fault

GONE: Final = "the client went away before its request was complete"

WAITING_MOST: Final = 64 * 1024
"""Bytes of a body that may wait for its reader, before no more are read of an HTTP/1.1 connection."""


def joined(before: bytes | bytearray, part: bytes) -> bytes | bytearray:
    """What came, with one more part: in one piece, since small parts would take many times what they hold."""
    if not before:
        return part
    if isinstance(before, bytes):
        before = bytearray(before)
    before += part
    return before


class Body:
    """A :class:`~dragoman.ports.wire.BodyStream`. What came since the last chunk was taken is one chunk. ``taken`` is
    told how many bytes were: so many more may come. ``kept`` is told what its reader keeps, where a connection has more
    than one.
    """

    __slots__ = ("_failed", "_fault", "_kept", "_taken", "_waiter", "_waiting", "complete")

    def __init__(self, taken: Callable[[int], None], kept: Callable[[int, int], None] | None = None) -> None:
        self.complete = False
        """Whether its last byte has come."""
        self._waiting: bytes | bytearray = b""
        self._failed = False
        self._fault: Fault | None = None
        self._taken = taken
        self._kept = kept
        self._waiter: asyncio.Future[None] | None = None

    # From the connection

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether as much waits as may."""
        return len(self._waiting) > WAITING_MOST

    def feed(self, part: bytes) -> None:
        """A part came."""
        if part and not self._failed:
            self._waiting = joined(self._waiting, part)
            self._wake()

    def end(self) -> None:
        """That was all of it."""
        self.complete = True
        self._wake()

    def fail(self, fault: Fault) -> None:
        """No more will come: why. What waits is dropped."""
        if not self.complete and not self._failed:
            self._failed, self._fault = True, fault
            self._waiting = b""
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
        return self.complete and not self._waiting

    def __aiter__(self) -> Body:
        return self

    async def __anext__(self) -> bytes:
        """The next chunk. Raises StopAsyncIteration behind the last, and Fault."""
        while not self._waiting:
            if self._failed:
                self._raise()
            if self.complete:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk, self._waiting = bytes(self._waiting), b""
        self._taken(len(chunk))
        return chunk

    def keep(self, size: int, most: int) -> None:
        """What its reader keeps of it. Raises Unavailable."""
        if self._kept is not None:
            self._kept(size, most)

    def _raise(self) -> NoReturn:
        fault, self._fault = self._fault or Cancelled(GONE), None
        try:
            raise fault
        finally:
            del fault  # what was raised holds this frame: what holds each other waits for the collector
