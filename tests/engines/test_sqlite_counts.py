"""Counting rows: exact, bounded in the event loop, and gone on with beside it for as long as somebody waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlite_shop import CUSTOMERS, ORDERS, customer, opened, order, write

from dragoman.contract.expression import AllOf, AnyOf, Compare, Expression, Slot
from dragoman.contract.fault import Unavailable
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Query

MANY = 200_000


@asynccontextmanager
async def crowded(path: Path) -> AsyncIterator[SqliteStore]:
    """A store with many orders of tenant t, and one of tenant u."""
    async with opened(path / "crowded.db") as store:
        await write(store, customer("c"), customer("c", "u"), order("o", "c", "u"))
        connection = apsw.Connection(str(path / "crowded.db"))
        connection.execute(
            "INSERT INTO orders (_tenant, id, version, customer, total) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL "
            f"SELECT n + 1 FROM n WHERE n < {MANY}) SELECT 't', printf('%08d', n), 1, 'c', n % 10 FROM n"
        )
        connection.close()
        yield store


def counters() -> list[threading.Thread]:
    """Threads that count."""
    return [each for each in threading.enumerate() if each.name.startswith("dragoman-counter")]


@pytest.mark.parametrize(
    ("where", "values", "number"),
    [
        (None, (), 3),
        (Compare("total", ">", Slot(0)), (1,), 2),
        (Compare("status", "null", True), (), 3),
        (Compare("id", "in", Slot(0)), (["a", "x"],), 1),
        (AnyOf(()), (), 0),
        (Compare("total", "<", Slot(0)), (2**70,), 3),
    ],
)
def test_numbers(where: Expression | None, values: Any, number: int) -> None:
    async def run() -> None:
        async with opened() as store:
            await write(store, customer("c"), *(order(id, "c", total=at) for at, id in enumerate("abc", 1)))
            await write(store, customer("c", "u"), order("x", "c", "u"))
            count = store.prepare_count(Query(ORDERS, ()) if where is None else Query(ORDERS, (), where))
            assert await count.number(values, "t") == number
            assert not counters()

    asyncio.run(run())


def test_all_tenants() -> None:
    async def run() -> None:
        async with opened() as store:
            await write(store, customer("c"), customer("c", "u"))
            assert await store.prepare_count(Query(CUSTOMERS, (), tenant=False)).number() == 2

    asyncio.run(run())


def test_a_long_count_does_not_keep_the_loop(tmp_path: Path) -> None:
    """Others are answered while it runs, and it goes on past the bound of other reads."""

    async def run() -> None:
        async with crowded(tmp_path) as store:
            count = store.prepare_count(Query(ORDERS, (), Compare("total", "!=", Slot(0))))
            one = store.prepare(Query(ORDERS, ("id",), Compare("id", "=", Slot(0))))
            counting = asyncio.ensure_future(count.number((3,), "t"))
            answered = 0
            while not counting.done():
                assert await one.fetch_one(("00000001",), "t") == ("00000001",)
                answered += 1
                await asyncio.sleep(0)
            assert await counting == MANY * 9 // 10
            assert answered > 10
            assert counters()

    asyncio.run(run())


def test_one_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    async def run() -> None:
        async with crowded(tmp_path) as store:
            # Each row is compared with each value, which takes many seconds.
            slow = AllOf(tuple(Compare("total", "!=", Slot(at)) for at in range(900)))
            count = store.prepare_count(Query(ORDERS, (), slow))
            waiting = [asyncio.ensure_future(count.number([77] * 900, "t")) for _ in range(5)]
            await asyncio.sleep(0)  # each begins, and goes on in a thread
            threads = counters()
            assert threads
            for each in waiting:
                each.cancel()
            assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [
                asyncio.CancelledError
            ] * 5
        for each in threads:
            await asyncio.to_thread(each.join, 20)
        assert not any(each.is_alive() for each in threads)

    asyncio.run(run())


def test_it_fails_as_reads_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with crowded(tmp_path) as store:
            count = store.prepare_count(Query(ORDERS, ()))
            real = store._connect

            def broken(**options: Any) -> apsw.Connection:
                if threading.current_thread().name.startswith("dragoman-counter"):
                    (tmp_path / "crowded.db").rename(tmp_path / "away.db")
                return real(**options)

            monkeypatch.setattr(store, "_connect", broken)
            with pytest.raises(Unavailable, match="cannot answer"):
                await count.number((), "t")
            (tmp_path / "away.db").rename(tmp_path / "crowded.db")
            monkeypatch.undo()
            assert await count.number((), "t") == MANY

    asyncio.run(run())
