"""Opening the database, and what SQLite's errors mean to a person and to a caller."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

import apsw

from dragoman.contract.fault import Fault, Unavailable
from dragoman.ports.store import StoreError

SAFE_VERSION: Final = 3_051_003
"""Before it, several connections that write could corrupt a database in WAL mode
(sqlite.org/wal.html#walresetbug).
"""

STATEMENTS: Final = 512
"""How many prepared statements a connection keeps; apsw keeps no more."""

CACHE_KIB: Final = 65_536


class Rows(Protocol):
    """A statement that was begun."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Run it to its end, and give its rows."""
        ...


Execute: TypeAlias = Callable[..., Rows]
"""Begins a statement, given its text and its parameters' values."""

DAMAGED: Final = (apsw.CorruptError, apsw.NotADBError)

OF_THE_STATEMENT: Final = (
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.SQLError,
    apsw.RangeError,
    apsw.TooBigError,
    apsw.BindingsError,
)
"""The statement is at fault, and the connection is as good as before. Any other error is the database's."""


def connect(
    path: str, *, create: bool = False, write: bool = True, durable: bool = True, busy: float = 5.0
) -> apsw.Connection:
    """Open the database. Raises StoreError.

    A connection is used by one thread at a time; with ``write`` false it refuses to change anything.
    """
    _check_version()
    _check_path(path, create=create)
    if _is_foreign(path):
        raise store_error(path, apsw.NotADBError())
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOMUTEX | (apsw.SQLITE_OPEN_CREATE if create else 0)
    try:
        connection = apsw.Connection(path, flags=flags, statementcachesize=STATEMENTS)
        try:
            _prepare(connection, path, write=write, durable=durable, busy=busy)
        except BaseException:
            connection.close()
            raise
    except apsw.Error as error:
        raise store_error(path, error) from error
    return connection


def _prepare(connection: apsw.Connection, path: str, *, write: bool, durable: bool, busy: float) -> None:
    connection.set_busy_timeout(int(busy * 1000))
    # A misspelt column must be an error, not a string.
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    connection.pragma("schema_version")  # reads the header: what is no database is noticed here
    connection.pragma("foreign_keys", False)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -CACHE_KIB)
    if not write:
        connection.pragma("query_only", True)
        return
    if connection.readonly("main"):
        raise apsw.ReadOnlyError("attempt to write a readonly database")
    connection.pragma("synchronous", "full" if durable else "off")
    _write_ahead(connection, path, busy)
    connection.pragma("journal_size_limit", 64 * 1024 * 1024)


def _write_ahead(connection: apsw.Connection, path: str, busy: float) -> None:
    # Entering WAL mode does not wait for other connections as statements do.
    until = time.monotonic() + busy
    mode = None
    while mode is None:
        try:
            mode = connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(f"database {path}: SQLite cannot keep a write-ahead log there. Put the file on a local disk")


def _check_version() -> None:
    if apsw.SQLITE_VERSION_NUMBER < SAFE_VERSION:
        raise StoreError(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a database that several processes write to. "
            "Install an apsw that brings 3.51.3 or later: pip install -U apsw"
        )


def _check_path(path: str, *, create: bool) -> None:
    parent = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise StoreError(
            f"database {path}: it is a directory. Name a file in it, such as {os.path.join(path, 'data.db')}"
        )
    if not os.path.isdir(parent):
        what = "is not a directory" if os.path.exists(parent) else "does not exist"
        raise StoreError(f"database {path}: its folder {parent} {what}. Create it, or name another file")
    if not os.path.exists(path) and not create:
        raise StoreError(f"database {path}: there is no such file. Run dragoman migrate to create it")


def _is_foreign(path: str) -> bool:
    """Whether the file holds something else. SQLite takes a file shorter than a page for an empty one, and writes."""
    try:
        with open(path, "rb") as file:
            return file.read(16) not in (b"", b"SQLite format 3\0")
    except OSError:
        return False  # SQLite says what is wrong with it


def store_error(path: str, error: apsw.Error) -> StoreError:
    """The error as one line for a person: which database, why, and what to do."""
    parent = os.path.dirname(os.path.abspath(path))
    match error:
        case apsw.NotADBError():
            why, remedy = "it is not an SQLite database", "Name another file; this one was not touched"
        case apsw.CorruptError():
            why, remedy = (
                "it is damaged",
                "Restore a backup, or save what can be read with: sqlite3 FILE .recover",
            )
        case apsw.BusyError() | apsw.LockedError():
            why, remedy = "another process keeps it locked", "End that process, or try again"
        case apsw.FullError():
            why, remedy = "the disk is full", f"Free space on the disk of {parent}"
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError() | apsw.AuthError():
            if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
                why, remedy = "this user may not read and write it", f"Change its owner or mode: {path}"
            elif not os.access(parent, os.W_OK):
                why = "this user may not write to its folder, where SQLite keeps its log"
                remedy = f"Change the owner or mode of {parent}"
            else:
                why, remedy = (
                    f"it cannot be opened for writing ({_text(error)})",
                    "Check that the disk is writable",
                )
        case _:
            why, remedy = _text(error), "Check the disk and the system's log"
    return StoreError(f"database {path}: {why}. {remedy}")


def unavailable(error: BaseException, doing: str) -> Fault:
    """The error as a caller may know it: nothing of what is inside."""
    if isinstance(error, apsw.FullError):
        return Unavailable(f"the database cannot {doing}: its disk is full", retry_after=60)
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Unavailable(f"the database cannot {doing}: others keep it busy; try again", retry_after=1)
    return Unavailable(f"the database cannot {doing} at the moment; try again", retry_after=5)


def _text(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
