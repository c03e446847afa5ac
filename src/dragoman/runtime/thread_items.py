"""The items of a plain generator, each made in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Final

from . import observation
from .exchange import Exchange

_END: Final[Any] = object()


class ThreadItems:
    """An asynchronous iterator over what a plain function returns. It holds a thread only while an item is made.

    ``aclose`` closes the generator in a thread. One that is at work cannot be interrupted: it is closed when it has
    made its item, and nobody waits for that.
    """

    __slots__ = ("_arguments", "_exchange", "_executor", "_function", "_iterator", "_running")

    def __init__(
        self, executor: Executor, function: Callable[..., Iterable[Any]], arguments: Sequence[Any], exchange: Exchange
    ) -> None:
        self._executor = executor
        self._function = function
        self._arguments = arguments
        self._exchange = exchange
        self._iterator: Iterator[Any] | None = None
        self._running: Future[Any] | None = None

    def __aiter__(self) -> ThreadItems:
        return self

    async def __anext__(self) -> Any:
        self._running = self._executor.submit(self._next)
        item = await asyncio.wrap_future(self._running)
        if item is _END:
            raise StopAsyncIteration
        return item

    def _next(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._begin())
        return next(self._iterator, _END)

    def _begin(self) -> Iterable[Any]:
        try:
            return self._function(*self._arguments)
        except StopIteration as error:  # which no future can hold
            raise RuntimeError("a handler let StopIteration pass") from error

    async def aclose(self) -> None:
        """Close the generator, so that its ``finally`` runs."""
        running = self._running
        if running is not None and not running.done():
            running.add_done_callback(self._close_late)
        elif self._iterator is not None:
            await asyncio.wrap_future(self._executor.submit(self._close))

    def _close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()

    def _close_late(self, _: Future[Any]) -> None:
        try:
            self._close()
        except Exception as error:
            observation.unexpected(self._exchange, error)
