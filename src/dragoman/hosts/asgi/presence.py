"""Whether the client is still there, and what comes of it while it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Self, TypeAlias

from dragoman.contract.fault import Cancelled, Unavailable

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]

MESSAGES_MOST: Final = 64
"""How many messages of the largest size may be kept of bodies that are read while they come. Servers do not tell which
of them are one connection's, so this is for all.
"""


class Kept:
    """How many bytes are kept of all bodies that are read while they come."""

    def __init__(self) -> None:
        self.size = 0


class Presence:
    """Ends the block, quietly, when the client goes away."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.gone = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        self._watching = asyncio.create_task(self._watch(), name="client's presence")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        self._watching.cancel()
        try:
            await asyncio.wait({self._watching})
        except asyncio.CancelledError:  # the client went away as the block ended
            if not self.gone:
                raise
            kind = asyncio.CancelledError
        if not self._watching.cancelled():
            self._watching.exception()  # a server that cannot tell leaves it to ``send``
        if not self.gone or self._task is None:
            return False
        self._task.uncancel()
        return kind is asyncio.CancelledError

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        self.gone = True
        if self._task is not None:
            self._task.cancel()


class Arriving(Presence):
    """A :class:`~dragoman.ports.wire.BodyStream` while the block runs. One part is received ahead of its reader, and no
    more until that was taken: so a client that leaves is noticed once all that it sent was.
    """

    def __init__(self, receive: Receive, kept: Kept) -> None:
        super().__init__(receive)
        self._all, self._kept, self._over = kept, 0, False
        self._part = b""
        self._complete = False
        self._came, self._taken = asyncio.Event(), asyncio.Event()

    async def _watch(self) -> None:
        try:
            while not self._complete:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._leave()
                    return
                self._part = message.get("body", b"")
                self._complete = not message.get("more_body", False)
                if self._part or self._complete:
                    self._came.set()
                while self._part:
                    self._taken.clear()
                    await self._taken.wait()
        finally:
            self._came.set()
        await super()._watch()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        self.keep(0, 0)
        self._over = True
        return await super().__aexit__(kind, error, trace)

    def __aiter__(self) -> Arriving:
        return self

    async def __anext__(self) -> bytes:
        """The next part. Raises StopAsyncIteration behind the last, and Cancelled."""
        while not self._part:
            if self._complete:
                raise StopAsyncIteration
            if self._watching.done() or self.gone:
                raise Cancelled("the client went away before its request was complete")
            self._came.clear()
            await self._came.wait()
        part, self._part = self._part, b""
        self._taken.set()
        return part

    def keep(self, size: int, most: int) -> None:
        """What its reader keeps of it. Raises Unavailable."""
        more = 0 if self._over else size - self._kept
        if more > 0 and self._all.size + more > MESSAGES_MOST * most:
            raise Unavailable("more is sent at once than is held; send less at a time", retry_after=1)
        self._all.size += more
        self._kept += more
