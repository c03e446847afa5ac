"""The secret that page tokens are signed with: random, in the database, the same for every worker and restart."""

from __future__ import annotations

import secrets
from typing import Any, Final

from dragoman.contract.expression import Compare, Slot
from dragoman.contract.fault import Fault
from dragoman.ports.store import (
    Column,
    Committed,
    Insert,
    Key,
    Query,
    Statement,
    Storage,
    Store,
    StoreError,
    Table,
    UniqueViolation,
    WriteSet,
)

TABLE: Final = Table(
    "dragoman_secrets",
    (Column("id", Storage.TEXT), Column("value", Storage.TEXT)),
    tenant=False,
    versioned=False,
)


class Secrets:
    """Named secrets, made when first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: Statement = store.prepare(
            Query(TABLE, ("value",), Compare("id", "=", Slot(0)), tenant=False, limit=1)
        )

    async def get(self, name: str) -> bytes:
        """The secret of that name: 32 bytes. Of two processes that make it at once, one wins, and both use that.

        Raises StoreError.
        """
        try:
            row = await self._read.fetch_one((name,)) or await self._make(name)
        except Fault as fault:
            raise StoreError(f"the secret {name!r} cannot be had: {fault.message}") from fault
        return bytes.fromhex(row[0])

    async def _make(self, name: str) -> tuple[Any, ...]:
        values = {"id": name, "value": secrets.token_hex(32)}
        outcome = await self._store.commit(WriteSet(writes=[Insert(Key(TABLE, None, name), values)]))
        row = await self._read.fetch_one((name,))
        if row is None or not isinstance(outcome, Committed | UniqueViolation):
            raise StoreError(f"the database did not keep the secret {name!r}: {outcome}")
        return row
