"""The stream that a call takes, as its handler pulls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from dragoman.contract.fault import Cancelled

from .eager import AT_ONCE

_END: Final[Any] = object()


class Taken:
    """The items that a call takes: an asynchronous iterator with one reader, the handler, over the style's.

    Nothing is asked of the style before the handler asks. Each item comes in a task of its own, so that who gives up
    waiting for one, as under ``asyncio.timeout``, loses nothing: it is there when the next is asked for. What ended the
    stream, ends it for good: after a fault it is not taken for a stream that came to its end. ``count`` is how many
    were taken.
    """

    __slots__ = ("_closed", "_ended", "_fault", "_items", "_pull", "_waiter", "count")

    def __init__(self, items: AsyncIterator[Any]) -> None:
        self._items = items
        self._pull: asyncio.Task[Any] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._fault: BaseException | None = None
        self._closed = False
        self.count = 0

    def __aiter__(self) -> Taken:
        return self

    async def __anext__(self) -> Any:
        pull = await self._arrival()
        try:
            item = pull.result()
        except BaseException as error:
            if self._fault is None:
                self._fault = error
            raise
        if item is _END:
            self._ended = True
            raise StopAsyncIteration
        self.count += 1
        return item

    async def _arrival(self) -> asyncio.Task[Any]:
        """What ended with the next item."""
        pull = self._pull
        if pull is None:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                raise StopAsyncIteration
            pull = self._pull = asyncio.Task(self._next(), loop=asyncio.get_running_loop(), **AT_ONCE)
            if not pull.done():
                pull.add_done_callback(self._wake)
        elif self._waiter is not None:
            raise RuntimeError("a stream that is taken has one reader, and two tasks asked it for an item")
        if not pull.done():
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._pull = None
        return pull

    async def _next(self) -> Any:
        try:
            return await self._items.__anext__()
        except StopAsyncIteration:
            return _END

    def _wake(self, _: asyncio.Task[Any]) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def aclose(self) -> None:
        """Take no more. Returns once nothing runs any more that would make an item. May be called again."""
        if self._closed:
            return
        self._closed = True
        if self._fault is None:
            self._fault = Cancelled("the call has ended, and takes no more")
        pull = self._pull
        if pull is not None:
            pull.cancel()
            await asyncio.wait((pull,))
            if not pull.cancelled():
                pull.exception()  # nobody asks for it any more
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()
