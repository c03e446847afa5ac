"""Streams under way: the items of one call, made one at a time as they are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from dragoman.contract.fault import Cancelled, Fault, Unavailable

from . import ending, observation
from .exchange import Exchange
from .failure import BrokenContract, cancelled_from_within
from .refusal import Conflicted

AHEAD_SECONDS: Final = 0.0002
AHEAD_BYTES: Final = 16 * 1024
"""How far a handler may go on, from when it was asked, before what it made is taken: as others wait so long, and as it
is held so much.
"""


Give: TypeAlias = Callable[[Any], Awaitable[None] | None]
"""Takes an item; what it returns is to be awaited before the next is made."""


class Source(Protocol):
    """What makes the items of one stream."""

    @property
    def name(self) -> str:
        """The operation's name."""
        ...

    @property
    def ahead(self) -> bool:
        """Whether items may be made that nobody has asked for yet."""
        ...

    async def run(self, give: Give) -> None:
        """Give each item, as the style encoded it; then commit, and return. Raises the handler's exceptions."""
        ...

    async def close(self) -> None:
        """Take no more of what the call takes. May be called again."""
        ...


class Live(Protocol):
    """A stream that is under way."""

    async def stop(self) -> None:
        """End it, for the application stops: whoever waits for it is told UNAVAILABLE. Returns once nothing of it runs
        any more.
        """
        ...


class Streams:
    """The streams of a process. They are counted apart from calls, for they stay: ``most`` bounds how many.
    ``exchanges`` is how many of the exchanges under way are streams': they wait for the head of an answer, or take what
    comes.
    """

    def __init__(self, most: int) -> None:
        self.exchanges = 0
        self._most = most
        self._live: set[Live] = set()

    def __len__(self) -> int:
        return len(self._live)

    def admit(self, stream: Live) -> None:
        """Count it, until it leaves. Raises Unavailable where there are too many."""
        if len(self._live) >= self._most:
            raise Unavailable(
                "the server has as many streams under way as it can; try again in a moment", retry_after=1
            )
        self._live.add(stream)

    def leave(self, stream: Live) -> None:
        """Count it no more."""
        self._live.discard(stream)

    async def end(self) -> None:
        """End them all, for the application stops."""
        await asyncio.gather(*(stream.stop() for stream in self._live))


class Taking:
    """A call that takes a stream and is answered once. It runs in its exchange's task, and is counted from here until
    it leaves.
    """

    __slots__ = ("_left", "_streams", "_task")

    def __init__(self, streams: Streams, exchange: Exchange) -> None:
        self._streams = streams
        self._task = asyncio.current_task()
        self._left = asyncio.Event()
        streams.admit(self)
        streams.exchanges += 1
        exchange.items = 0

    def leave(self) -> None:
        """It has come to its end."""
        self._streams.leave(self)
        self._left.set()

    async def stop(self) -> None:
        """Cancel it: its caller is told UNAVAILABLE."""
        assert self._task is not None
        ending.end(self._task)
        await self._left.wait()


class Stream:
    """The items of one call, in the style's encoding: an asynchronous iterator with one reader.

    The handler runs in a task of its own from the first item that is asked for, and stands still between two: it makes
    an item when it is asked for one, or several if it is asked for :meth:`several`. Behind the last what it staged is
    committed. A failure is a Fault to the reader, always; what nobody expected is in the log, and INTERNAL. Whoever was
    given it calls :meth:`aclose` in any case.

    ``source`` makes the items; where it is known later, :meth:`of` says it.

    ``_items`` are made, and not taken yet. Until ``_until``, and while they have ``_room``, more of them are made.
    """

    __slots__ = (
        "_arrival",
        "_ended",
        "_exchange",
        "_fault",
        "_items",
        "_room",
        "_source",
        "_streams",
        "_task",
        "_until",
        "_wanted",
    )

    def __init__(self, streams: Streams, exchange: Exchange, source: Source | None = None) -> None:
        self._streams = streams
        self._exchange = exchange
        self._source = source
        self._task: asyncio.Task[None] | None = None
        self._wanted: asyncio.Future[None] | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._items: list[Any] = []
        self._room = 0
        self._until = 0.0
        self._fault: Fault | None = None
        self._ended = False
        streams.admit(self)

    def of(self, source: Source) -> Stream:
        """Itself, with what makes its items: its exchange is a stream's from here on."""
        self._source = source
        self._exchange.items = 0
        self._streams.exchanges += 1
        return self

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        return await self.next()

    async def next(self, patience: float | None = None) -> Any:
        """The next item. Raises StopAsyncIteration behind the last, once all is committed; a Fault; and TimeoutError
        if there is none within so many seconds: it is still being made, and may be asked for again.
        """
        if not self._items and not self._ended:
            self._ask()
            await self._until_arrival(patience)
        if not self._items:
            raise self._end()
        self._exchange.items = (self._exchange.items or 0) + 1
        return self._items.pop(0)

    async def several(self) -> list[Any]:
        """The next item, with those behind it that a handler without effects makes at once, without waiting for
        anything; they have a size. Raises StopAsyncIteration behind the last, and a Fault.
        """
        if not self._items and not self._ended:
            if self._source is not None and self._source.ahead:
                self._room, self._until = AHEAD_BYTES, time.perf_counter() + AHEAD_SECONDS
            self._ask()
            await self._until_arrival(None)
        if not self._items:
            raise self._end()
        items, self._items = self._items, []
        self._exchange.items = (self._exchange.items or 0) + len(items)
        return items

    def _end(self) -> Exception:
        """What there is in the place of an item."""
        if not self._ended:
            return TimeoutError()
        return StopAsyncIteration() if self._fault is None else self._fault

    def _ask(self) -> None:
        if self._task is None:
            assert self._source is not None
            name = f"stream {self._source.name}"
            self._task = asyncio.get_running_loop().create_task(self._make(self._source), name=name)
            self._task.add_done_callback(self._over)
        elif self._wanted is not None:
            _release(self._wanted)

    async def _until_arrival(self, patience: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._arrival = arrival = loop.create_future()
        timer = None if patience is None else loop.call_later(patience, _release, arrival)
        try:
            await arrival
        finally:
            if timer is not None:
                timer.cancel()

    def _give(self, item: Any) -> Awaitable[None] | None:
        """Hand an item over. Returns what to stand still for: until the next is asked for; None to go on at once."""
        if self._ended:
            raise asyncio.CancelledError  # the handler caught the first, and nobody asks for items any more
        self._items.append(item)
        if self._room > 0:
            self._room -= len(item)
            if self._room > 0 and time.perf_counter() < self._until:
                if len(self._items) == 1:
                    self._wake()
                return None
            self._room = 0
        self._wanted = wanted = asyncio.get_running_loop().create_future()
        self._wake()
        return wanted

    def _wake(self) -> None:
        if self._arrival is not None:
            _release(self._arrival)

    async def _make(self, source: Source) -> None:
        """The task that the handler runs in."""
        try:
            await source.run(self._give)
        except Fault as fault:
            self._fail(fault)
        except Conflicted as conflict:
            self._fail(conflict.fault)
        except asyncio.CancelledError as error:
            if not self._ended:
                if not cancelled_from_within():
                    self._fail(Cancelled("the stream was cancelled"))
                    raise
                strange = BrokenContract(f"the handler of {source.name} let a CancelledError pass that was not its own")
                strange.__cause__ = error
                self._fail(observation.told(self._exchange, strange))
        except Exception as error:
            self._fail(observation.told(self._exchange, error))

    def _over(self, task: asyncio.Task[None]) -> None:
        """The handler has come to its end, or was cancelled before it began."""
        self._ended = True
        self._streams.leave(self)
        self._wake()

    def _fail(self, fault: Fault) -> None:
        if self._fault is None:
            self._fault = fault

    async def stop(self) -> None:
        """Cancel the handler: the reader is told UNAVAILABLE next. Returns once nothing of it runs any more."""
        self._fail(ending.stopping())
        await self.aclose()
        self._wake()

    async def aclose(self) -> None:
        """Cancel the handler, if it runs. Returns once nothing of it runs any more. May be called again."""
        self._ended = True
        self._items.clear()
        task = self._task
        if task is None:
            self._streams.leave(self)
        elif not task.done():
            task.cancel()
            await asyncio.wait({task})
        if self._source is not None:
            await self._source.close()  # it may never have run


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
