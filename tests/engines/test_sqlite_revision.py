"""Whether anything was committed: known from memory, whoever committed, and never wrongly denied."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from sqlite_shop import TABLES, customer, opened, write

from dragoman.engines.sqlite import SqliteStore

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it is told on Linux alone; elsewhere nothing is")

OTHER = """
import sys, apsw
database = apsw.Connection(sys.argv[1])
database.pragma("busy_timeout", 5000)
for number in range(int(sys.argv[2])):
    database.execute("UPDATE customers SET name = ?", (f"n{number}",))
"""


@LINUX
def test_it_stays_while_nothing_is_committed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / "shop.db") as store:
            await write(store, customer("c"))
            first = store.revision()
            assert first is not None
            for _ in range(100):
                await store.guard_version(None, "ready", "")
            assert store.revision() == first

    asyncio.run(scenario())


@LINUX
def test_every_commit_of_ours_changes_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / "shop.db") as store:
            seen = [store.revision()]
            for number in range(300):
                await write(store, customer(f"c{number}"))
                seen.append(store.revision())
            assert None not in seen
            assert len(set(seen)) == len(seen)

    asyncio.run(scenario())


@LINUX
def test_a_commit_of_another_process_changes_it_before_that_one_goes_on(tmp_path: Path) -> None:
    """Also where the log is written back and begun anew in between."""

    async def scenario() -> None:
        path = tmp_path / "shop.db"
        async with opened(path) as store:
            await write(store, customer("c"))
            seen = [store.revision()]
            for number in range(12):
                await asyncio.to_thread(subprocess.run, [sys.executable, "-c", OTHER, str(path), "1"], check=True)
                seen.append(store.revision())
                if number % 3 == 0:
                    database = apsw.Connection(str(path))
                    database.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                    database.close()
            assert len(set(seen)) == len(seen)

    asyncio.run(scenario())


@LINUX
def test_it_is_told_from_the_first_start_of_a_new_database_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(tmp_path / "new.db")
        store.migrate(TABLES)
        await store.start(TABLES)
        assert store.revision() is not None
        await store.stop()

    asyncio.run(scenario())


def test_nothing_is_told_of_a_store_that_does_not_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(tmp_path / "shop.db")
        assert store.revision() is None
        store.migrate(TABLES)
        for _ in range(3):
            await store.start(TABLES)
            await store.stop()
            assert store.revision() is None

    asyncio.run(scenario())


@LINUX
def test_it_is_another_after_each_start(tmp_path: Path) -> None:
    """While the database is closed, commits leave no trace in memory: its log is gone when it is opened again."""

    async def scenario() -> None:
        path = tmp_path / "shop.db"
        store = SqliteStore(path)
        store.migrate(TABLES)
        seen = []
        for _ in range(3):
            await store.start(TABLES)
            seen.append(store.revision())
            await store.stop()
            await asyncio.to_thread(subprocess.run, [sys.executable, "-c", OTHER, str(path), "1"], check=True)
        assert None not in seen
        assert len(set(seen)) == len(seen)

    asyncio.run(scenario())


@LINUX
def test_two_stores_of_one_process_tell_alike_until_each_is_stopped(tmp_path: Path) -> None:
    """They share one mapping, which stays for the one when the other is closed."""

    async def scenario() -> None:
        path = tmp_path / "shop.db"
        async with opened(path) as one:
            async with opened(path) as other:
                await write(one, customer("a"))
                assert one.revision() == other.revision() is not None
            before = one.revision()
            await write(one, customer("b"))
            assert one.revision() != before

    asyncio.run(scenario())
