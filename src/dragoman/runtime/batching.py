"""Batches: concurrent calls of one operation, gathered into one call of its handler.

A call that finds the worker idle runs at once; calls that come while it is busy are gathered into the next batch. So
nothing waits for others to come, and the batches grow with the load.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from dragoman.contract.fault import DeadlineExceeded, Fault, Unavailable
from dragoman.contract.operation import Batch

from .failure import BrokenContract

Run = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class _Waiting:
    __slots__ = ("deadline", "future", "item")

    def __init__(self, item: Any, deadline: float, future: asyncio.Future[Any]) -> None:
        self.item = item
        self.deadline = deadline
        self.future = future


class Batcher:
    """Gathers the calls of one operation. ``run`` calls the handler with a sequence and gives one result or fault for
    each. Used in one event loop.
    """

    def __init__(self, name: str, batch: Batch, run: Run) -> None:
        self.name = name
        self.batch = batch
        self._run = run
        self._queue: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, item: Any, deadline: float) -> Any:
        """The handler's result for the item. Raises Unavailable when the queue is full, the handler's fault, or
        TimeoutError when the deadline (on the loop's clock) passes first.
        """
        if len(self._queue) >= self.batch.queue:
            raise Unavailable(f"{self.name} has {self.batch.queue} calls waiting; try again in a moment")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item, deadline, loop.create_future())
        self._queue.append(waiting)
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work(), name=f"batch {self.name}")
        async with asyncio.timeout_at(deadline):
            result = await waiting.future
        if isinstance(result, Fault):
            raise result
        return result

    async def _work(self) -> None:
        while self._queue:
            gathered = self._gather()
            if gathered:
                await self._run_batch(gathered)

    def _gather(self) -> list[_Waiting]:
        """The next calls to run. Those whose caller went away, or whose time is up, are dropped before they cost
        anything.
        """
        now = asyncio.get_running_loop().time()
        gathered: list[_Waiting] = []
        while self._queue and len(gathered) < self.batch.max_size:
            waiting = self._queue.popleft()
            if waiting.future.done():
                continue
            if waiting.deadline <= now:
                waiting.future.set_result(DeadlineExceeded(f"{self.name} could not start in time"))
            else:
                gathered.append(waiting)
        return gathered

    async def _run_batch(self, gathered: Sequence[_Waiting]) -> None:
        try:
            results = await self._run([each.item for each in gathered])
            if len(results) != len(gathered):
                raise BrokenContract(
                    f"the handler of {self.name} was given {len(gathered)} items and returned {len(results)} results"
                )
        except Exception as error:
            for each in gathered:
                if not each.future.done():
                    each.future.set_exception(error)
            return
        for each, result in zip(gathered, results, strict=True):
            if not each.future.done():
                each.future.set_result(result)
