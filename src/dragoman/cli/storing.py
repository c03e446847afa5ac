"""Commands that work on a database, without the application whose it is."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Store, StoreError, Table

from .failure import CommandError

T = TypeVar("T")


def database_of(options: argparse.Namespace) -> str:
    """The database that is meant."""
    return str(options.database or os.environ.get("DRAGOMAN_DATABASE") or "dragoman.db")


def with_store(
    options: argparse.Namespace,
    tables: Sequence[Table],
    use: Callable[[Store], Awaitable[T]],
    *,
    new: bool = False,
    lacking: str = "",
) -> T:
    """Open the database with these tables alone, and close it; ``new`` allows one that is not there. The tables are
    made where they are not there, unless it is said what is ``lacking`` then.
    """
    database = database_of(options)
    if not Path(database).exists():
        if not new:
            raise CommandError(f"there is no database {database}: name it with --database or DRAGOMAN_DATABASE")
        if not Path(database).parent.is_dir():
            raise CommandError(f"there is no folder {Path(database).parent} for the database {database}: make it first")
        print(f"dragoman: {database} is a new database", file=sys.stderr)

    async def run() -> T:
        store = SqliteStore(database)
        if lacking and store.plan(tables).steps:
            raise CommandError(f"{database} has no {lacking}: is it the App's database, and was it served since?")
        plan = store.migrate(tables)
        if plan.refusals:
            raise StoreError("; ".join(plan.refusals))
        await store.start(tables)
        try:
            return await use(store)
        finally:
            await store.stop()

    return asyncio.run(run())
