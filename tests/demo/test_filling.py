"""The demo's data, and its way into the database: all of it, once."""

import asyncio
import io
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from dragoman.contract.expression import EVERYTHING
from dragoman.demo.filling import FilledApp, fill, make, read_purchases
from dragoman.demo.shop import Customer, Order
from dragoman.demo.shop import app as shop
from dragoman.ports.store import Guard, Query, WriteSet

ROOT = Path(__file__).parent.parent.parent


def demo(path: Path) -> FilledApp:
    return FilledApp(*(bound.surface for bound in shop.surfaces), database=path)


async def rows(app: FilledApp, plural: str, *columns: str) -> list[tuple[object, ...]]:
    table = next(each for each in app.tables if each.name == plural)
    return await app.store.prepare(Query(table, columns, EVERYTHING, order=(("id", False),))).fetch((), "demo")


def test_the_data() -> None:
    purchases = read_purchases()
    assert len(purchases) == 6_919
    assert len({each.customer for each in purchases}) == 2_357
    assert sum(each.cents for each in purchases) == 24_409_194
    assert sum(count - 1 for count in Counter(purchases).values()) == 21
    assert (
        min(each.date for each in purchases).isoformat(),
        max(each.date for each in purchases).isoformat(),
    ) == (
        "1997-01-01",
        "1998-06-30",
    )


def test_what_is_made_of_it() -> None:
    made = list(make(read_purchases()))
    customers = [each for each in made if isinstance(each, Customer)]
    orders = [each for each in made if isinstance(each, Order)]
    assert (len(customers), len(orders)) == (2_357, 6_919)
    assert len({each.email for each in customers}) == 2_357
    assert len({each.name for each in customers}) == 2_357
    assert all(each.email.endswith("@example.com") for each in customers)
    assert customers[0].email == "ada.abel.00004@example.com"
    assert {each.plan for each in customers} == {"free", "pro", "enterprise"}
    assert {each.status for each in orders} == {"placed", "paid", "shipped"}
    assert len({each.id for each in made}) == len(made)
    assert [each.id for each in orders] == sorted(each.id for each in orders)
    first = [each for each in orders if each.customer == customers[0].id]
    assert [(each.placed_on.isoformat(), each.quantity, each.total_cents) for each in first] == [
        ("1997-01-01", 2, 2933),
        ("1997-01-18", 2, 2973),
        ("1997-08-02", 1, 1496),
        ("1997-12-12", 2, 2648),
    ]


def test_it_is_the_same_each_time() -> None:
    def facts() -> list[object]:
        purchases = read_purchases()
        return [
            (each.name, each.email, each.plan) if isinstance(each, Customer) else (each.placed_on, each.status)
            for each in make(purchases)
        ]

    assert facts() == facts()


def test_the_first_start_fills_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        app = demo(tmp_path / "demo.db")
        await app.start()
        orders = await rows(app, "orders", "total_cents", "quantity", "customer")
        assert len(orders) == 6_919
        assert sum(int(str(each[0])) for each in orders) == 24_409_194
        assert len({each[2] for each in orders}) == 2_357 == len(await rows(app, "customers", "id"))
        await app.stop()
        before = capsys.readouterr().err
        assert "filling" in before
        assert "filled, in" in before

        again = demo(tmp_path / "demo.db")
        await again.start()
        assert len(await rows(again, "orders", "id")) == 6_919
        await again.stop()
        assert capsys.readouterr().err == ""

    asyncio.run(run())


def test_of_two_that_start_at_once_one_fills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        first, second = demo(tmp_path / "demo.db"), demo(tmp_path / "demo.db")
        await asyncio.gather(first.start(), second.start())
        assert len(await rows(second, "orders", "id")) == 6_919
        assert len(await rows(second, "customers", "id")) == 2_357
        await asyncio.gather(first.stop(), second.stop())

    asyncio.run(run())
    said = capsys.readouterr().err
    assert said.count(": filled, in") == 1


def test_a_crash_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    code = f"""
import asyncio, os
from dragoman.demo import filling
from dragoman.demo.shop import app

made = filling.make

def crash(purchases):
    for position, value in enumerate(made(purchases)):
        if position == 5000:
            os._exit(9)
        yield value

filling.make = crash
demo = filling.FilledApp(*(bound.surface for bound in app.surfaces), database={str(tmp_path / "demo.db")!r})
asyncio.run(demo.start())
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 9

    async def run() -> None:
        app = demo(tmp_path / "demo.db")
        await app.start()
        assert len(await rows(app, "orders", "id")) == 6_919
        await app.stop()

    asyncio.run(run())


def test_a_database_with_rows_of_its_own_is_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        app = demo(tmp_path / "demo.db")
        await app.start()
        tables = {table.name: table for table in app.tables}
        out = io.StringIO()
        assert not await fill(app.store, tables, database="demo.db", out=out)
        assert out.getvalue() == ""
        await app.stop()

    asyncio.run(run())


def test_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    async def run() -> None:
        plain = type(demo(tmp_path / "demo.db")).__base__
        assert plain is not None
        app = plain(*(bound.surface for bound in shop.surfaces), database=tmp_path / "demo.db")
        await app.start()
        await app.store.commit(WriteSet(guards=[Guard("demo", "dragoman.demo.filled", "", 0)]))
        tables = {table.name: table for table in app.tables}
        assert not await fill(app.store, tables, database="demo.db", out=io.StringIO())
        await app.stop()

    asyncio.run(run())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar(tmp_path: Path) -> None:
    async def run() -> str:
        plain = type(demo(tmp_path / "demo.db")).__base__
        assert plain is not None
        app = plain(*(bound.surface for bound in shop.surfaces), database=tmp_path / "demo.db")
        await app.start()
        out = Terminal()
        assert await fill(app.store, {table.name: table for table in app.tables}, database="demo.db", out=out)
        await app.stop()
        return out.getvalue()

    said = asyncio.run(run())
    shown = said.split("\r")
    assert shown[-1].startswith("dragoman: filling demo.db [#########################] 100 %\n")
    assert len(shown) > 50


@pytest.mark.slow
@pytest.mark.once
def test_the_wheel_holds_the_data(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT],
        check=True,
        capture_output=True,
        timeout=300,
    )
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "dragoman/demo/data/cdnow_orders.csv" in names
    assert "dragoman/demo/data/README.md" in names
    assert "dragoman/py.typed" in names
