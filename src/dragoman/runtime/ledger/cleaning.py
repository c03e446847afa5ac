"""Removes what the ledger need not know any longer: a few entries at a time, each time as one more write set among the
others, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Final

from dragoman.contract.expression import AllOf, Compare, Slot
from dragoman.contract.fault import Fault
from dragoman.ports.store import Delete, Query, Store, WriteSet

from .entry import DONE, LEDGER, row_of

EVERY_SECONDS: Final = 60.0
AT_ONCE: Final = 64
LEISURE_SECONDS: Final = 0.01
"""Between two write sets."""

BEYOND: Final = 60_000
"""How long an entry stays behind its time, in milliseconds: whoever is about to replace it need not be in its way."""

LOG: Final = logging.getLogger("dragoman")


class Cleaner:
    """Cleans, while the application runs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        where = AllOf((Compare("expires_at", "<", Slot(0)), Compare("state", "=", Slot(1))))
        query = Query(LEDGER, ("id", "version"), where, order=(("expires_at", False),), tenant=False, limit=AT_ONCE)
        self._expired = store.prepare(query)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        # Not all processes at once.
        seconds = EVERY_SECONDS * (0.5 + random.random())
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    async def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        more = True
        while more:
            try:
                more = await self.clean() > 0
            except Fault as fault:
                LOG.warning("the ledger was not cleaned: %s", fault.message)
                break
            await asyncio.sleep(LEISURE_SECONDS)
        self._task = None
        self.start()

    async def clean(self) -> int:
        """Remove some; how many there were."""
        before = round(self._store.clock() * 1000) - BEYOND
        rows = await self._expired.fetch((before, DONE))
        if rows:
            # One of them may have been removed, or replaced, in the meantime: then the next round finds the rest.
            await self._store.commit(WriteSet(writes=[Delete(row_of(id), version) for id, version in rows]))
        return len(rows)
