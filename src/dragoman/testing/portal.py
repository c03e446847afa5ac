"""An event loop in a thread of its own, for callers without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Act: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Portal:
    """Runs coroutines for threads that have no event loop, all in one loop, while it is started."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, first: Act) -> None:
        """Start the thread and run ``first`` in it; the thread ends where that raises."""
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(ready)], name="testing", daemon=True)
        self._thread.start()
        ready.wait()
        try:
            self.call(first())
        except BaseException:
            self._end()
            raise

    def stop(self, last: Act) -> None:
        """Run ``last``, and end the thread whatever becomes of it."""
        try:
            self.call(last())
        finally:
            self._end()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end. Whatever interrupts the caller cancels it."""
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await self._over.wait()

    def _end(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop = None
