"""Reading, in the event loop: each statement runs to its end, or to the bound on its work, without
suspending.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import apsw

from dragoman.contract.fault import ResourceExhausted
from dragoman.ports.store import StoreError, Value

from .connection import DAMAGED, OF_THE_STATEMENT, Execute, Rows, unavailable
from .revision import Revision
from .sql import Compiled

ROUND: Final = 10_000
"""How many steps of SQLite's virtual machine run between two looks at the bound."""

PATIENCE: Final = 250
"""How many milliseconds a read may keep the event loop while it waits for other processes."""

LOG: Final = logging.getLogger("dragoman.sqlite")

Values = Sequence[Value | Sequence[Value]]


class Reader:
    """The connection that reads. It is reopened when the database fails, so that reads go on once they can."""

    __slots__ = ("_connect", "_connection", "_limit", "_steps", "execute", "revision", "rounds")

    def __init__(self, connect: Callable[[], apsw.Connection], max_vm_steps: int) -> None:
        self.revision = Revision()
        self._connect = connect
        self._connection: apsw.Connection | None = None
        self._steps = max(1, min(ROUND, max_vm_steps))
        self._limit = max(1, max_vm_steps // self._steps)
        self.execute: Execute = self._closed
        self.rounds = 0

    def open(self) -> None:
        """Open the connection. Raises StoreError."""
        connection = self._connect()
        # Only the recovery of a log keeps readers waiting: that is short, or somebody else's lock that never ends.
        connection.set_busy_timeout(PATIENCE)
        # SQLite counts steps over all runs of a prepared statement, so that a round may end early: the bound
        # is on rounds begun since `rounds` was last set to 0.
        connection.set_progress_handler(self._over, self._steps)
        self._connection = connection
        # One cursor for all statements, as each is read to its end before the next begins: this also ends its
        # read transaction, so that the next one sees the newest commit.
        self.execute = connection.cursor().execute
        self.look_at_log()

    def look_at_log(self) -> None:
        """Find the log, so that it can be told when something was committed. Again once there is one."""
        assert self._connection is not None
        self.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # what reads the database maps the log's index
        self.revision.open(self._connection.filename)

    def close(self) -> None:
        """Close it; a second time does nothing."""
        connection, self._connection = self._connection, None
        self.revision.close()
        self.execute = self._closed
        if connection is not None:
            connection.close(True)

    def all_but(self, rounds: int) -> int:
        """How many rounds count as run already where a statement may run for so many, if not fewer."""
        return max(0, self._limit - rounds)

    def _over(self) -> bool:
        self.rounds += 1
        return self.rounds > self._limit

    def _closed(self, *_: Any) -> Rows:
        raise RuntimeError("the database is not open: the store was not started, or was stopped")

    def _reopen(self, *arguments: Any) -> Rows:
        try:
            self.open()
        except StoreError as error:
            raise unavailable(error, "answer") from error
        return self.execute(*arguments)

    def failed(self, error: Exception, text: str) -> Exception:
        """What to raise for an error of SQLite's."""
        if isinstance(error, apsw.InterruptError):
            return ResourceExhausted(
                "the query needs more work than the database allows one call; narrow its filter, or order it by "
                "another field",
                retryable=False,
            )
        if not isinstance(error, apsw.Error) or isinstance(error, OF_THE_STATEMENT):
            return error
        LOG.error("reading failed: %s: %s, in %s", type(error).__name__, error, text)
        if not isinstance(error, apsw.BusyError | apsw.LockedError | apsw.SchemaChangeError):
            self.close()
            self.execute = self._reopen
        fault = unavailable(error, "answer")
        fault.retryable = not isinstance(error, DAMAGED)
        return fault


class SqliteStatement:
    """A query of :class:`dragoman.engines.sqlite.store.SqliteStore`, as SQL text. ``spent`` rounds of the reader's
    bound on work are not for this one.
    """

    __slots__ = ("_one", "_reader", "_sequences", "_spent", "_tenant", "text")

    def __init__(self, compiled: Compiled, reader: Reader, spent: int = 0) -> None:
        self.text = compiled.text
        self._one = compiled.one
        self._tenant = compiled.tenant
        self._sequences = compiled.sequences
        self._reader = reader
        self._spent = spent

    async def fetch(self, values: Values = (), tenant: str | None = None) -> list[tuple[Any, ...]]:
        """The rows; a transaction of their own, which sees all that was acknowledged before."""
        return self.run(self.text, values, tenant)

    async def fetch_one(self, values: Values = (), tenant: str | None = None) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.run(self._one, values, tenant)
        return rows[0] if rows else None

    def run(self, text: str, values: Values, tenant: str | None) -> list[tuple[Any, ...]]:
        """The rows of one of its texts, in this thread."""
        if self._sequences:
            values = [_array(value) if at in self._sequences else value for at, value in enumerate(values)]
        if self._tenant:
            if tenant is None:
                raise TypeError("this query needs a tenant")
            values = (tenant, *values)
        reader = self._reader
        reader.rounds = self._spent
        try:
            return reader.execute(text, values).fetchall()
        except OverflowError:
            # An integer of more than 64 bits equals no stored one; as a float it compares rightly with all of
            # them.
            values = [float(each) if isinstance(each, int) and abs(each) >= 2**63 else each for each in values]
        except Exception as error:
            known = reader.failed(error, text)
            if known is error:
                raise
            raise known from error
        return reader.execute(text, values).fetchall()


def _array(values: Any) -> str:
    return json.dumps([each.hex() if isinstance(each, bytes) else each for each in values])
