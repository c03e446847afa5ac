"""Batches: concurrent calls of one operation, gathered into one call of its handler.

A call that finds the worker idle runs at once; calls that come while it is busy are gathered into the next batch. So
nothing waits for others to come, and the batches grow with the load.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from dragoman.contract.fault import DeadlineExceeded, Fault, Unavailable
from dragoman.contract.operation import Batch

from .failure import BrokenContract, cancelled_from_within

Run = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class _Waiting:
    __slots__ = ("deadline", "future", "item")

    def __init__(self, item: Any, deadline: float, future: asyncio.Future[Any]) -> None:
        self.item = item
        self.deadline = deadline
        self.future = future

    def answer(self, result: Any) -> None:
        """Let the caller go on, if it still waits."""
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        """The same with an error."""
        if not self.future.done():
            self.future.set_exception(error)


class Batcher:
    """Gathers the calls of one operation. ``run`` calls the handler with a sequence and gives one result or fault for
    each. Used in one event loop.

    One batch runs at a time. It is cancelled at the latest deadline of its calls, when nobody can wait for it any
    more; one that is not ``cancellable``, because it runs in a thread, is waited for.
    """

    def __init__(self, name: str, batch: Batch, run: Run, *, cancellable: bool) -> None:
        self.name = name
        self.batch = batch
        self._run = run
        self._cancellable = cancellable
        self._queue: OrderedDict[_Waiting, None] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, item: Any, deadline: float) -> Any:
        """The handler's result for the item. Raises Unavailable when the queue is full, or the handler's fault.

        Whoever awaits it bounds it by the deadline (on the loop's clock); when they stop, the item's place is free.
        """
        if len(self._queue) >= self.batch.queue:
            raise Unavailable(f"{self.name} has {self.batch.queue} calls waiting; try again in a moment", retry_after=1)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item, deadline, loop.create_future())
        self._queue[waiting] = None
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work(), name=f"batch {self.name}")
        try:
            result = await waiting.future
        finally:
            self._queue.pop(waiting, None)
        if isinstance(result, Fault):
            raise result
        return result

    async def _work(self) -> None:
        try:
            while self._queue:
                gathered = self._gather()
                if gathered:
                    await self._run_batch(gathered)
        finally:
            # Empty, unless this task was cancelled.
            self._refuse(self._queue)

    def _gather(self) -> list[_Waiting]:
        """The next calls to run. Those whose caller went away, or whose time is up, are dropped before they cost
        anything.
        """
        now = asyncio.get_running_loop().time()
        gathered: list[_Waiting] = []
        while self._queue and len(gathered) < self.batch.max_size:
            waiting, _ = self._queue.popitem(last=False)
            if waiting.future.done():
                continue
            if waiting.deadline <= now:
                waiting.answer(DeadlineExceeded(f"{self.name} could not start in time"))
            else:
                gathered.append(waiting)
        return gathered

    async def _run_batch(self, gathered: Sequence[_Waiting]) -> None:
        try:
            results = await self._results(gathered)
        except Exception as error:
            for each in gathered:
                each.fail(error)
        except BaseException:
            self._refuse(gathered)
            raise
        else:
            for each, result in zip(gathered, results, strict=True):
                each.answer(result)

    async def _results(self, gathered: Sequence[_Waiting]) -> Sequence[Any]:
        timer = asyncio.timeout_at(max(each.deadline for each in gathered) if self._cancellable else None)
        try:
            async with timer:
                results = await self._run([each.item for each in gathered])
        except TimeoutError:
            if timer.expired():
                raise DeadlineExceeded(f"{self.name} took longer than its deadline allows") from None
            raise
        except asyncio.CancelledError as error:
            if cancelled_from_within():
                raise BrokenContract(
                    f"the handler of {self.name} let a CancelledError pass that was not its own"
                ) from error
            raise
        if len(results) != len(gathered):
            raise BrokenContract(
                f"the handler of {self.name} was given {len(gathered)} items and returned {len(results)} results"
            )
        return results

    def _refuse(self, waiting: Iterable[_Waiting]) -> None:
        for each in waiting:
            each.answer(Unavailable(f"{self.name} was stopped; try again in a moment", retry_after=1))
