"""One transaction for a group of write sets, each of which stands or falls alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import apsw

from dragoman.ports.store import Committed, Outcome, WriteSet

from .connection import OF_THE_STATEMENT

Apply: TypeAlias = Callable[[apsw.Connection, WriteSet], Outcome]

Answer: TypeAlias = Outcome | Exception
"""What a write set came to; an exception where it is at fault itself."""

PAUSE: Final = 0.000_4
"""Between two tries to begin, in seconds. SQLite's own pauses grow to 100 ms, and would leave this process
waiting while another one commits again and again.
"""


class Lost(Exception):
    """The database failed and the transaction is lost. ``again``: it cannot have become durable, so its parts
    may be tried again.
    """

    def __init__(self, error: Exception, *, again: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again


class Transaction:
    """The group's transaction on a connection. Any method may raise :class:`Lost`; roll back by closing then."""

    __slots__ = ("_apply", "_connection", "_execute", "wrote")

    def __init__(self, connection: apsw.Connection, apply: Apply) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._apply = apply
        self.wrote = False

    def begin(self) -> bool:
        """Take the database's write lock, if no other process holds it."""
        try:
            self._execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            return False
        except apsw.Error as error:
            raise Lost(error, again=False) from error
        return True

    def begin_within(self, seconds: float) -> bool:
        """Wait for the write lock, at most so long."""
        until = time.monotonic() + seconds
        while not self.begin():
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE * (0.5 + random.random()))
        return True

    def apply(self, sets: Sequence[WriteSet], seconds: float | None = None) -> list[Answer]:
        """Write them, in order: at least one, and no further one when so much time has passed.

        A savepoint before each would take as long as most of them. Nearly all that are refused have written nothing by
        then; where one has, all of it is undone and written again, with savepoints.
        """
        answers = self._apply_all(sets, seconds, careful=False)
        if answers is not None:
            return answers
        try:
            self._execute("ROLLBACK")
            self._execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise Lost(error, again=True) from error
        self.wrote = False
        answers = self._apply_all(sets, seconds, careful=True)
        assert answers is not None
        return answers

    def _apply_all(self, sets: Sequence[WriteSet], seconds: float | None, *, careful: bool) -> list[Answer] | None:
        """The answers; None where one is refused that has written something, which only the careful can undo."""
        until = None if seconds is None else time.perf_counter() + seconds
        connection, execute = self._connection, self._execute
        answers: list[Answer] = []
        for writes in sets:
            if careful:
                execute("SAVEPOINT one")
            before = connection.total_changes()
            answer: Answer
            try:
                answer = self._apply(connection, writes)
            except Exception as error:
                ours = isinstance(error, apsw.Error) and not isinstance(error, OF_THE_STATEMENT)
                if ours or not connection.in_transaction:
                    raise Lost(error, again=True) from error
                answer = error
            if type(answer) is Committed:
                self.wrote = True
            elif careful:
                execute("ROLLBACK TO one")
            elif connection.total_changes() != before:
                return None
            if careful:
                execute("RELEASE one")
            answers.append(answer)
            if until is not None and time.perf_counter() > until:
                break
        return answers

    def end(self) -> None:
        """Make it durable; without anything written, just let go of the lock."""
        try:
            self._execute("COMMIT" if self.wrote else "ROLLBACK")
        except apsw.Error as error:
            raise Lost(error, again=False) from error
