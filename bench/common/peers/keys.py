"""Who calls, for the peers in Python: the same table, driver and durability as ours."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import Any, Final

import apsw

CALLER: Final = "select owner, tenant, scopes, prefix, revoked_at from dragoman_keys where sha256 = ?"

Row = tuple[Any, ...]


def connect() -> apsw.Connection:
    """The database."""
    database = apsw.Connection(os.environ["DATABASE"], statementcachesize=512)
    for pragma, value in (("journal_mode", "wal"), ("synchronous", "full"), ("cache_size", -65536)):
        database.pragma(pragma, value)
    return database


class _Own(threading.local):
    """Of each thread: a connection is no good to two at once."""

    def __init__(self) -> None:
        self.execute = connect().cursor().execute


_own: Final = _Own()


def caller(authorization: str) -> Row | None:
    """Who shows this ``Authorization`` header, if anybody. The row is read each time, so that revoking tells."""
    if not authorization.startswith("Bearer "):
        return None
    rows = _own.execute(CALLER, (hashlib.sha256(authorization[7:].encode()).hexdigest(),)).fetchall()
    return None if not rows or rows[0][4] is not None or '"*"' not in rows[0][2] else rows[0]
