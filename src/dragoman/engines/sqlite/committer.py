"""Group commit: write sets that arrive while a commit waits for the disk share the next transaction, and so
the wait.

Statements run in the event loop, as reads do, and only what waits (COMMIT, which syncs the disk, and the
write lock when another process holds it) is left to a thread. A thread that ran the statements too would
queue for the interpreter's lock after each: with a busy loop, that took tens of milliseconds a commit where
this takes one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, Final

import apsw

from dragoman.contract.fault import Unavailable
from dragoman.ports.store import Outcome, StoreError, WriteSet

from .connection import unavailable
from .transaction import Answer, Apply, Lost, Transaction

LARGEST_GROUP: Final = 256

SLICE: Final = 0.002
"""How long, in seconds, a group's statements may keep the event loop; what is left over goes into the next
group.
"""

NUDGE: Final = 0.001
"""How often, in seconds, a busy loop makes way for a thread that waits for the interpreter's lock."""

LOG: Final = logging.getLogger("dragoman.sqlite")


class Job:
    """A write set that somebody waits for."""

    __slots__ = ("future", "writes")

    def __init__(self, writes: WriteSet, future: asyncio.Future[Outcome]) -> None:
        self.writes = writes
        self.future = future


class Committer:
    """Commits what is submitted, in order, in groups, on a connection of its own.

    An answer is given only once the group's transaction is durable. A write set that is refused, or that
    fails on its own account, is rolled back alone. When the database fails in the middle of a group, its
    write sets are tried again one by one, so that one that does not fit on the disk takes none along; when a
    COMMIT fails, the whole group is Unavailable. After a failure of the database the connection is opened
    anew.

    ``heavy`` tells write sets whose statements may take long: their group is written in the thread.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        apply: Apply,
        heavy: Callable[[WriteSet], bool],
        busy: float,
    ) -> None:
        self._connect = connect
        self._connection: apsw.Connection | None = self._opened()
        self._apply = apply
        self._heavy = heavy
        self._busy = busy
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Job] = deque()
        self._running = False  # a group is under way, in the loop or in the thread: never two at once
        self._stopping = False
        self._idle = asyncio.Event()
        self._nudger: asyncio.TimerHandle | None = None
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="dragoman-committer", daemon=True)
        self._thread.start()

    def submit(self, writes: WriteSet) -> asyncio.Future[Outcome]:
        """Hand over a write set. The future may be cancelled: what has not been begun by then is dropped,
        what has is committed all the same.
        """
        if self._stopping:
            raise Unavailable("the database is closing; try again", retry_after=1)
        if self._loop is not (running := asyncio.get_running_loop()):
            self._move(running)
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting.append(Job(writes, future))
        if not self._running:
            self._running = True
            # Not at once: what else is submitted in this turn of the loop comes along.
            self._loop.call_soon(self._next)
        return future

    async def stop(self) -> None:
        """Commit what was accepted, close the connection, end the thread. A second time does nothing."""
        if self._loop is not (running := asyncio.get_running_loop()):
            self._move(running)
        self._stopping = True
        while self._running:
            self._idle.clear()
            await self._idle.wait()
        if self._thread.is_alive():
            self._work.put(self._close)
            self._work.put(None)
            # Closing may copy the whole log into the database: not in the loop.
            await self._loop.run_in_executor(None, self._thread.join)

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Go on in another loop, once the one before was closed and whoever waited in it is gone."""
        if not self._loop.is_closed():
            raise RuntimeError("the store was started in another event loop, which still runs")
        if self._thread.is_alive():
            done = threading.Event()
            self._work.put(done.set)
            done.wait()
        self._loop = loop
        self._idle = asyncio.Event()
        self._nudger = None
        self._waiting.clear()
        self._running = False

    def _hand_over(self, work: Callable[..., Sequence[Answer]], group: list[Job], *arguments: Any) -> None:
        """In the loop: leave a group to the thread."""
        self._work.put(partial(self._work_on, work, group, *arguments))
        self._nudger = self._loop.call_later(NUDGE, self._nudge)

    def _nudge(self) -> None:
        """In the loop: let the thread run.

        A loop that is never idle lets go of the interpreter's lock for a few microseconds at a time, each of
        which wakes the thread, too late, and makes it begin its wait for a forced switch anew. So it starved.
        """
        time.sleep(0.000_02)
        self._nudger = self._loop.call_later(NUDGE, self._nudge)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _next(self) -> None:
        """In the loop: begin the next group."""
        group: list[Job] = []
        while self._waiting and len(group) < LARGEST_GROUP:
            job = self._waiting.popleft()
            if not job.future.cancelled():
                group.append(job)
        if not group:
            self._running = False
            self._idle.set()
            return
        try:
            self._begin(group)
        except Exception as error:
            self._hand_over(self._fail, group, error)

    def _begin(self, group: list[Job]) -> None:
        connection = self._connection
        if connection is None or any(self._heavy(job.writes) for job in group):
            self._hand_over(self._write, group)
            return
        transaction = Transaction(connection, self._apply)
        try:
            if not transaction.begin():
                self._hand_over(self._write, group)
                return
            answers = transaction.apply([job.writes for job in group], SLICE)
            group, rest = group[: len(answers)], group[len(answers) :]
            self._waiting.extendleft(reversed(rest))
            if transaction.wrote:
                self._hand_over(self._end, group, transaction, answers)
            else:
                transaction.end()
                self._settle(group, answers)
        except Lost as lost:
            self._hand_over(self._recover, group, lost)

    def _write(self, group: list[Job]) -> Sequence[Answer]:
        """In the thread: the whole transaction, waiting for the lock."""
        try:
            if self._connection is None:
                self._connection = self._opened()
            transaction = Transaction(self._connection, self._apply)
            if not transaction.begin_within(self._busy):
                error = apsw.BusyError("another process holds the write lock")
                return [unavailable(error, "write") for _ in group]
            answers = transaction.apply([job.writes for job in group])
            return self._end(group, transaction, answers)
        except StoreError as error:
            LOG.error("writing failed: %s", error)
            return [unavailable(error, "write") for _ in group]
        except Lost as lost:
            return self._recover(group, lost)

    def _end(self, group: list[Job], transaction: Transaction, answers: list[Answer]) -> Sequence[Answer]:
        """In the thread: the wait for the disk."""
        try:
            transaction.end()
        except Lost as lost:
            return self._recover(group, lost)
        return answers

    def _recover(self, group: list[Job], lost: Lost) -> Sequence[Answer]:
        """In the thread: a new connection, and another try for each where nothing can have become durable."""
        LOG.error("writing failed: %s: %s", type(lost.error).__name__, lost.error)
        self._close()
        if lost.again and len(group) > 1:
            return [answer for job in group for answer in self._write([job])]
        return [unavailable(lost.error, "write") for _ in group]

    def _fail(self, group: list[Job], error: Exception) -> Sequence[Answer]:
        """A defect of ours: whatever it is, nobody may wait for ever."""
        LOG.error("writing failed", exc_info=error)
        self._close()
        return [error for _ in group]

    def _opened(self) -> apsw.Connection:
        connection = self._connect()
        # BEGIN IMMEDIATE is tried in the loop first, where it must not wait for other processes.
        connection.set_busy_timeout(0)
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close(True)
        except apsw.Error as error:
            LOG.error("closing the database failed: %s: %s", type(error).__name__, error)

    def _work_on(self, work: Callable[..., Sequence[Answer]], group: list[Job], *arguments: Any) -> None:
        """In the thread: do it, and wake the loop, once for the whole group."""
        try:
            answers = work(group, *arguments)
        except Exception as error:
            answers = self._fail(group, error)
        try:
            self._loop.call_soon_threadsafe(self._settle, group, answers)
        except RuntimeError:
            pass  # the loop was closed: nobody waits

    def _settle(self, group: list[Job], answers: Sequence[Answer]) -> None:
        """In the loop: tell those who still wait, and go on."""
        if self._nudger is not None:
            self._nudger.cancel()
            self._nudger = None
        for job, answer in zip(group, answers, strict=True):
            if job.future.done():
                continue  # cancelled in the meantime
            if isinstance(answer, Exception):
                job.future.set_exception(answer)
            else:
                job.future.set_result(answer)
        self._loop.call_soon(self._next)
