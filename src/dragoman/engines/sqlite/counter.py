"""Counting: in the event loop while it is short, else in a thread for as long as somebody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import apsw

from dragoman.contract.fault import ResourceExhausted

from .reader import ROUND, Reader, SqliteStatement, Values
from .sql import Compiled

SHORT: Final = 10
"""How many rounds of steps (:data:`ROUND`) a count may take in the event loop: about 1 ms, and 30,000 rows."""

THREADS: Final = 2
"""How many long counts run at once; others wait for these."""


class LongReader(Reader):
    """A connection for one statement in a thread, without a bound on its work. It is opened when it is needed."""

    __slots__ = ("abandoned",)

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        super().__init__(connect, ROUND)
        self.abandoned = False
        self.execute = self._reopen

    def _over(self) -> bool:
        return self.abandoned


class Counters:
    """Where long counts run. They have no bound but the caller's patience, and do not keep the event loop."""

    def __init__(self, connect: Callable[[], apsw.Connection], reader: Reader) -> None:
        self.reader = reader
        self._connect = connect
        self._threads: ThreadPoolExecutor | None = None

    async def count(self, compiled: Compiled, values: Values, tenant: str | None) -> int:
        """The number, counted in a thread. Cancelling it ends the work. Raises Unavailable."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "dragoman-counter")
        reader = LongReader(self._connect)

        def run() -> int:
            try:
                found: int = SqliteStatement(compiled, reader).run(compiled.text, values, tenant)[0][0]
                return found
            finally:
                reader.close()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        finally:
            reader.abandoned = True

    def stop(self) -> None:
        """Let the threads end; they are made anew when they are needed."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)


class SqliteCount:
    """The number of rows that a query of :class:`dragoman.engines.sqlite.store.SqliteStore` finds."""

    __slots__ = ("_compiled", "_counters", "_short", "text")

    def __init__(self, compiled: Compiled, counters: Counters) -> None:
        self.text = compiled.text
        self._compiled = compiled
        self._counters = counters
        self._short = SqliteStatement(compiled, counters.reader, counters.reader.all_but(SHORT))

    async def number(self, values: Values = (), tenant: str | None = None) -> int:
        """The number of rows that every commit acknowledged before left."""
        try:
            found: int = self._short.run(self.text, values, tenant)[0][0]
        except ResourceExhausted:
            return await self._counters.count(self._compiled, values, tenant)
        return found
