"""The tables that the tests of the SQLite engine share, and short ways to write to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import (
    Column,
    Committed,
    Index,
    Insert,
    Key,
    Query,
    Reference,
    Storage,
    Table,
    Unique,
    WriteSet,
)

TEXT, INTEGER = Storage.TEXT, Storage.INTEGER

REGIONS = Table("regions", (Column("id", TEXT),), tenant=False, versioned=False)

CUSTOMERS = Table(
    "customers",
    (
        Column("id", TEXT),
        Column("version", INTEGER),
        Column("email", TEXT),
        Column("name", TEXT, nullable=True),
        Column("region", TEXT, nullable=True),
    ),
    uniques=(Unique(("email",)), Unique(("name", "region"))),
    references=(Reference("region", "regions"),),
)

ORDERS = Table(
    "orders",
    (
        Column("id", TEXT),
        Column("version", INTEGER),
        Column("customer", TEXT),
        Column("parent", TEXT, nullable=True),
        Column("total", INTEGER),
        Column("status", TEXT, nullable=True),
    ),
    indexes=(Index(("total",)), Index(("status",))),
    references=(Reference("customer", "customers"), Reference("parent", "orders", "cascade")),
)

NOTES = Table(
    "notes",
    (Column("id", TEXT), Column("version", INTEGER), Column("order", TEXT, nullable=True), Column("text", TEXT)),
    references=(Reference("order", "orders", "null"),),
)

TABLES = (REGIONS, CUSTOMERS, ORDERS, NOTES)


def key(table: Table, id: str, tenant: str = "t") -> Key:
    return Key(table, tenant if table.tenant else None, id)


def customer(id: str, tenant: str = "t", **values: Any) -> Insert:
    row = {"id": id, "version": 1, "email": f"{id}@example.com", "name": None, "region": None}
    return Insert(key(CUSTOMERS, id, tenant), row | values)


def order(id: str, of: str, tenant: str = "t", **values: Any) -> Insert:
    row = {"id": id, "version": 1, "customer": of, "parent": None, "total": 0, "status": None}
    return Insert(key(ORDERS, id, tenant), row | values)


def note(id: str, on: str | None, tenant: str = "t") -> Insert:
    return Insert(key(NOTES, id, tenant), {"id": id, "version": 1, "order": on, "text": ""})


def region(id: str) -> Insert:
    return Insert(key(REGIONS, id), {"id": id})


@contextlib.asynccontextmanager
async def opened(
    path: Any = ":memory:", tables: Sequence[Table] = TABLES, **options: Any
) -> AsyncIterator[SqliteStore]:
    """A store that is migrated and started."""
    store = SqliteStore(path, **options)
    store.migrate(tables)
    await store.start(tables)
    try:
        yield store
    finally:
        await store.stop()


def running(tables: Sequence[Table]) -> Iterator[tuple[asyncio.Runner, SqliteStore]]:
    """A store for a whole module, with the loop that it was started in."""
    with asyncio.Runner() as runner:
        store = SqliteStore(":memory:")
        store.migrate(tables)
        runner.run(store.start(tables))
        yield runner, store
        runner.run(store.stop())


async def write(store: SqliteStore, *writes: Any) -> Committed:
    """Commit, and be sure that it did."""
    outcome = await store.commit(WriteSet(writes=list(writes)))
    assert isinstance(outcome, Committed), outcome
    return outcome


async def rows(store: SqliteStore, table: Table, tenant: str = "t") -> dict[str, dict[str, Any]]:
    """All rows of a table, by key."""
    names = tuple(each.name for each in table.columns)
    found = await store.prepare(Query(table, names)).fetch((), tenant)
    return {row[names.index(table.key)]: dict(zip(names, row, strict=True)) for row in found}
