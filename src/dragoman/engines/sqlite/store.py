"""The engine behind :class:`dragoman.ports.store.Store`, on one SQLite file."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import apsw

from dragoman.contract.fault import Unavailable
from dragoman.ports.store import Delete, Outcome, Query, SchemaPlan, StoreError, Table, WriteSet

from . import schema
from .committer import Committer
from .connection import connect, store_error
from .counter import Counters, SqliteCount
from .reader import Reader, SqliteStatement
from .sql import Compiled, compile_count, compile_query
from .texts import TableTexts, table_texts
from .writes import READ_GUARD, Writes, tenant_value

MAX_VM_STEPS: Final = 2_000_000
"""The default bound on a query: about 50 ms on the machines of 2025."""

MANY: Final = 64
"""A write set of more than so many checks and writes is not written in the event loop."""


class SqliteStore:
    """State in the SQLite file at ``path``, shared by any number of processes on one machine.

    A read but for a long count runs in the event loop without suspending, at most about ``max_vm_steps`` steps of
    SQLite's machine; it sees every commit that was acknowledged before it, by any process. Commits of one process
    share transactions; an acknowledged one has been synced to disk. ``busy_timeout`` is how many seconds a
    transaction waits for those of other processes.

    The path ``":memory:"`` stands for a temporary file of this process, which is removed when the store is
    stopped or forgotten, and whose commits are not synced.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_vm_steps: int = MAX_VM_STEPS, busy_timeout: float = 5.0
    ) -> None:
        self.path = os.fspath(path)
        self._busy = busy_timeout
        self._folder: str | None = None
        self._remove: Callable[[], object] | None = None
        self._reader = Reader(lambda: self._connect(write=False), max_vm_steps)
        self._counters = Counters(lambda: self._connect(write=False), self._reader)
        self._committer: Committer | None = None
        self._guard = SqliteStatement(Compiled(READ_GUARD, READ_GUARD, False, ()), self._reader)
        self._tables: Mapping[str, TableTexts] = {}

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"

    def plan(self, tables: Sequence[Table]) -> SchemaPlan:
        """Compare the file with the tables. Neither creates nor changes it. Raises StoreError."""
        if not os.path.exists(self._file()):
            return schema.compare(None, tables).plan()
        return self._compare(tables).plan()

    def migrate(self, tables: Sequence[Table]) -> SchemaPlan:
        """Create the file if need be and apply the plan, in one transaction. Raises StoreError."""
        file = self._file()
        connection = self._connect(create=True)
        try:
            return schema.apply(connection, tables)
        except apsw.Error as error:
            raise store_error(file, error) from error
        finally:
            connection.close(True)

    def prepare(self, query: Query) -> SqliteStatement:
        """Compile a query to SQL text; it is run once the store is started. Raises ValueError for a wrong
        one.
        """
        return SqliteStatement(compile_query(query), self._reader)

    def prepare_count(self, query: Query) -> SqliteCount:
        """Compile a count. It begins in the event loop; if it is not done within about a millisecond, it begins again
        in a thread, without a bound on its work. Raises ValueError for a wrong one.
        """
        return SqliteCount(compile_count(query), self._counters)

    async def start(self, tables: Sequence[Table]) -> None:
        """Open the database and begin to take commits. Raises StoreError, also where its schema is not that
        of the tables.
        """
        if self._committer is not None:
            raise StoreError(f"database {self.path}: the store was started already. Stop it first")
        difference = self._compare(tables)
        if difference.refusals:
            raise StoreError(f"database {self.path}: {difference.refusals[0]}")
        if difference.needed:
            raise StoreError(
                f"database {self.path}: it lacks what the contract declares, in {len(difference.needed)} steps (the "
                f"first: {difference.needed[0]}). Run dragoman migrate"
            )
        self._tables = table_texts(tables)
        self._reader.open()
        try:
            self._committer = Committer(self._connect, self._apply, self._heavy, self._busy)
        except StoreError:
            self._reader.close()
            raise
        self._reader.look_at_log()

    def revision(self) -> object | None:
        """A value that equals an earlier one only if nothing was committed in between, by any process."""
        return self._reader.revision()

    async def commit(self, writes: WriteSet) -> Outcome:
        """Commit, durably, or say what stood against it.

        One that is cancelled may have been committed or not, as a whole. Raises Unavailable where the
        database fails; if that happened while it made the commit durable, the outcome is unknown until it is
        read.
        """
        if self._committer is None:
            raise Unavailable("the database is not open; try again", retry_after=1)
        return await self._committer.submit(writes)

    def clock(self) -> float:
        """The machine's time: all processes that share the file are on it."""
        return time.time()

    async def guard_version(self, tenant: str | None, name: str, key: str) -> int:
        """The version of a guard's counter; 0 if it was never bumped."""
        row = await self._guard.fetch_one((tenant_value(tenant), name, key))
        return row[0] if row else 0

    async def stop(self) -> None:
        """Commit what was accepted, and close. A second time does nothing."""
        if self._committer is not None:
            await self._committer.stop()
            self._committer = None
        self._counters.stop()
        self._reader.close()
        if self._remove is not None:
            self._remove()
        self._folder = self._remove = None

    def _file(self) -> str:
        if self.path != ":memory:":
            return self.path
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="dragoman-")
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return os.path.join(self._folder, "memory.db")

    def _connect(self, *, create: bool = False, write: bool = True) -> apsw.Connection:
        durable = self.path != ":memory:"
        return connect(self._file(), create=create, write=write, durable=durable, busy=self._busy)

    def _compare(self, tables: Sequence[Table]) -> schema.Difference:
        connection = self._connect(write=False)
        try:
            return schema.compare(connection, tables)
        except apsw.Error as error:
            raise store_error(self._file(), error) from error
        finally:
            connection.close(True)

    def _heavy(self, writes: WriteSet) -> bool:
        """Whether it may take long: many writes, or a deletion that other rows follow."""
        if len(writes.writes) + len(writes.last) + len(writes.checks) > MANY:
            return True
        for write in writes.writes:
            if isinstance(write, Delete):
                texts = self._tables.get(write.row.table.name)
                if texts is not None and texts.cascades:
                    return True
        return False

    def _apply(self, connection: apsw.Connection, writes: WriteSet) -> Outcome:
        return Writes(connection.execute, connection.changes, self._tables).apply(writes)
