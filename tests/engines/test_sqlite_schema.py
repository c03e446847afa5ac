"""Schema changes: what adds is done, what would lose something is refused with a reason and a remedy."""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlite_shop import TABLES, customer, opened, order, write

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Column, Index, Reference, SchemaPlan, Storage, StoreError, Table, Unique

A, N = Column("a", Storage.TEXT), Column("n", Storage.INTEGER)
KEY = Column("id", Storage.TEXT)
BASE = Table("things", (KEY, A, N), versioned=False)


def sql(path: Path, text: str, *values: Any) -> list[Any]:
    connection = apsw.Connection(str(path))
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()


def made(path: Path, table: Table = BASE, *rows: tuple[Any, ...]) -> SqliteStore:
    store = SqliteStore(path)
    assert not store.migrate([table]).refusals
    for row in rows:
        sql(path, f"INSERT INTO things VALUES ({', '.join('?' * len(row))})", *row)
    return store


ROW = ("t", "1", "x", 1)
TWINS = (ROW, ("t", "2", "x", 2))


def changed(**changes: Any) -> Table:
    return dataclasses.replace(BASE, **changes)


def test_a_new_database(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "new.db")
    plan = store.plan(TABLES)
    assert not (tmp_path / "new.db").exists()
    assert not plan.refusals
    assert store.migrate(TABLES) == plan
    assert store.plan(TABLES) == store.migrate(TABLES) == SchemaPlan()
    tables = sql(tmp_path / "new.db", "SELECT name, strict, wr FROM pragma_table_list WHERE schema = 'main'")
    assert {(name, strict, wr) for name, strict, wr in tables if name != "sqlite_schema"} == {
        (name, 1, 1) for name in ("regions", "customers", "orders", "notes", "_dragoman_guards", "_dragoman_counters")
    }
    assert sql(tmp_path / "new.db", "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(changed(columns=(KEY, A, N, Column("m", Storage.REAL, nullable=True))), id="nullable column"),
        pytest.param(changed(columns=(KEY, A, N, Column("m", Storage.JSON, default="it's"))), id="column with default"),
        pytest.param(changed(columns=(KEY, A, N, Column("m", Storage.BLOB, default=b"\0'"))), id="bytes as default"),
        pytest.param(changed(columns=(KEY, A, N, Column("m", Storage.REAL, default=0.5))), id="float as default"),
        pytest.param(changed(columns=(KEY, A, Column("n", Storage.INTEGER, nullable=True))), id="may be null now"),
        pytest.param(changed(indexes=(Index(("n", "a")),)), id="index"),
        pytest.param(changed(uniques=(Unique(("n",)),)), id="unique"),
        pytest.param(changed(uniques=(Unique(("n",)),), indexes=(Index(("n",)),)), id="index equal to unique"),
        pytest.param(
            changed(columns=(KEY, A, N, Column("m", Storage.TEXT, nullable=True)), uniques=(Unique(("m",)),)),
            id="unique over a new column",
        ),
        pytest.param(
            changed(
                columns=(KEY, A, N, Column("up", Storage.TEXT, nullable=True)), references=(Reference("up", "things"),)
            ),
            id="reference",
        ),
    ],
)
def test_additions_are_applied(tmp_path: Path, table: Table) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    plan = store.plan([table])
    assert plan.steps
    assert not plan.refusals
    with pytest.raises(StoreError, match="Run dragoman migrate"):
        asyncio.run(store.start([table]))
    assert store.migrate([table]) == plan
    assert store.plan([table]) == SchemaPlan()
    assert [row[:4] for row in sql(path, "SELECT * FROM things")] == list(TWINS)
    asyncio.run(start_and_stop(store, [table]))


async def start_and_stop(store: SqliteStore, tables: list[Table]) -> None:
    await store.start(tables)
    await store.stop()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param(
            changed(columns=(KEY, A, N, Column("m", Storage.TEXT))), "things.m is new, and the rows", id="column"
        ),
        pytest.param(
            changed(columns=(KEY, A, Column("n", Storage.REAL))), "holds INTEGER in the database, and REAL", id="type"
        ),
        pytest.param(changed(key="a"), r"has the key \(_tenant, id\) in the database, and \(_tenant, a\)", id="key"),
        pytest.param(changed(tenant=False), "had tenants, and has none now", id="tenants"),
        pytest.param(changed(uniques=(Unique(("a",)),)), "are equal in .a., which is unique now: .*'x'", id="unique"),
        pytest.param(
            changed(columns=(KEY, A, N, Column("m", Storage.TEXT, default="d")), uniques=(Unique(("m",)),)),
            "are equal in .m.",
            id="unique over a default",
        ),
        pytest.param(changed(references=(Reference("a", "things"),)), "holds 'x', which is not there", id="reference"),
    ],
)
def test_what_would_lose_something_is_refused(tmp_path: Path, table: Table, reason: str) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    before = sql(path, "SELECT sql FROM sqlite_schema")
    extra = Table("extra", (KEY,), versioned=False)
    plan = store.migrate([extra, table])
    assert len(plan.refusals) == 1
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(plan.refusals[0])
    assert plan == store.plan([extra, table])
    assert sql(path, "SELECT sql FROM sqlite_schema") == before
    with pytest.raises(StoreError, match=reason):
        asyncio.run(store.start([table]))
    # Without rows there is nothing to lose.
    sql(path, "DELETE FROM things")
    assert not store.migrate([table]).refusals
    assert store.plan([table]) == SchemaPlan()


def follow(refusal: str, **given: str) -> None:
    """Run the command that a refusal ends with, as a person does."""
    text = "python -c " + refusal.rpartition("python -c ")[2]
    for name, value in given.items():
        text = text.replace(name, value)
    done = subprocess.run([sys.executable, *shlex.split(text)[1:]], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_null_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "it's a.db"
    nullable = changed(columns=(KEY, A, Column("n", Storage.INTEGER, nullable=True)))
    store = made(path, nullable, ("t", "1", "x", None))
    (refusal,) = store.plan([BASE]).refusals
    assert refusal.startswith("things.n is null in 1 row, and must not be null now")
    follow(refusal, VALUE="1")
    # Without nulls there is nothing to lose.
    assert store.migrate([BASE]).steps == ('ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL',)
    assert store.plan([BASE]) == SchemaPlan()
    assert sql(path, "SELECT n FROM things") == [(1,)]


def test_a_removed_column_keeps_its_values(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    less = changed(columns=(KEY, A))
    (step,) = store.migrate([less]).steps
    assert step.endswith("DROP NOT NULL -- no longer declared: keeps its values, and is null in new rows")
    assert store.plan([less]) == SchemaPlan()
    sql(path, "INSERT INTO things (_tenant, id, a) VALUES ('t', '3', 'y')")
    assert sql(path, "SELECT n FROM things ORDER BY id") == [(1,), (2,), (None,)]
    (refusal,) = store.plan([BASE]).refusals
    assert "things.n is null in 1 row" in refusal


def test_a_renamed_column(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    renamed = changed(columns=(KEY, A, Column("order", Storage.INTEGER)), uniques=(Unique(("order",)),))
    (refusal,) = store.plan([renamed]).refusals
    assert "or, if it was things.n before, rename that: python -c " in refusal
    follow(refusal)
    assert not store.migrate([renamed]).refusals
    assert sql(path, 'SELECT "order" FROM things ORDER BY id') == [(1,), (2,)]
    # Two that might be meant, or one of another type: no guess.
    two = changed(columns=(KEY, A, Column("p", Storage.INTEGER), Column("q", Storage.INTEGER)))
    assert not any("if it was" in each for each in store.plan([two]).refusals)
    other = changed(columns=(KEY, A, Column("p", Storage.REAL)))
    assert not any("if it was" in each for each in store.plan([other]).refusals)


def test_a_renamed_table_is_not_made_anew_beside_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    new = dataclasses.replace(BASE, name="items")
    (refusal,) = store.migrate([new]).refusals
    assert refusal.startswith("table things has 2 rows and is no longer declared, and the new table items has the same")
    assert 'write plural="things" in it' in refusal
    assert store.plan([BASE, new]).refusals == ()
    follow(refusal.rpartition("; if not")[0])
    assert store.plan([new]) == SchemaPlan()
    assert sql(path, "SELECT count(*) FROM items") == [(2,)]


def test_a_table_that_was_set_aside_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path, BASE, *TWINS)
    new = dataclasses.replace(BASE, name="items")
    follow(store.plan([new]).refusals[0])
    assert not store.migrate([new]).refusals
    assert sql(path, "SELECT count(*) FROM _things") == [(2,)]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(changed(name="items", columns=(KEY, A)), id="fewer columns"),
        pytest.param(changed(name="items", columns=(KEY, A, Column("n", Storage.REAL))), id="another type"),
        pytest.param(changed(name="items", tenant=False), id="without tenants"),
        pytest.param(changed(name="dragoman_items"), id="not of a class"),
    ],
)
def test_a_new_table_of_other_columns_is_made(tmp_path: Path, table: Table) -> None:
    assert not made(tmp_path / "a.db", BASE, ROW).plan([table]).refusals


def test_what_only_looks_like_a_renamed_table(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path)  # no rows
    assert not store.plan([dataclasses.replace(BASE, name="items")]).refusals
    bare = Table("bare", (KEY,), versioned=False)
    store.migrate([bare])
    sql(path, "INSERT INTO bare VALUES ('t', '1')")
    assert not store.plan([dataclasses.replace(bare, name="other")]).refusals


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = made(path, changed(uniques=(Unique(("n",)),), indexes=(Index(("a",)),)), ROW)
    sql(path, "CREATE TABLE mine (x)")
    sql(path, "CREATE UNIQUE INDEX mine_too ON things (a, n)")
    sql(path, "ALTER TABLE things ADD COLUMN later TEXT")
    # A unique key that is no longer declared is dropped, and no process waits for that.
    asyncio.run(start_and_stop(store, [BASE]))
    assert store.migrate([BASE]) == SchemaPlan(('DROP INDEX "unique things(n)"',))
    left = sql(path, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
    assert left == [("index things(a)",), ("mine_too",)]
    assert sql(path, "SELECT count(*) FROM mine") == [(0,)]
    sql(path, "CREATE VIEW view AS SELECT 1")
    (refusal,) = store.plan([dataclasses.replace(BASE, name="view")]).refusals
    assert "is a view" in refusal


def test_a_unique_key_that_becomes_an_index(tmp_path: Path) -> None:
    store = made(tmp_path / "a.db", changed(uniques=(Unique(("n",)),)), ROW)
    plain = changed(indexes=(Index(("n",)),))
    assert len(store.migrate([plain]).steps) == 2
    assert store.plan([plain]) == SchemaPlan()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (changed(columns=(KEY, A, N, A)), "declares the column 'a' twice"),
        (changed(columns=(KEY, A, N, Column("_tenant", Storage.TEXT))), "the engine's own"),
        (changed(name="_dragoman_guards"), "the engine's own"),
        (changed(key="n"), "lacks its key"),
        (changed(versioned=True), "no integer column 'version'"),
        (changed(indexes=(Index(("z",)),)), "names the column 'z'"),
        (changed(references=(Reference("z", "things"),)), "no such column"),
        (changed(references=(Reference("a", "nowhere"),)), "not among the tables"),
        (changed(references=(Reference("a", "things", "null"),)), "not nullable"),
    ],
)
def test_wrong_tables_are_refused(table: Table, reason: str) -> None:
    (refusal,) = SqliteStore(":memory:").plan([table]).refusals
    assert reason in refusal


def test_two_tables_of_one_name_and_tenants_the_wrong_way() -> None:
    assert "two tables" in SqliteStore(":memory:").plan([BASE, BASE]).refusals[0]
    outside = Table("outside", (KEY, A), tenant=False, versioned=False, references=(Reference("a", "things"),))
    assert "without tenants" in SqliteStore(":memory:").plan([BASE, outside]).refusals[0]


def test_odd_names_are_quoted() -> None:
    odd = Table(
        'select "x"; --',
        (Column("group", Storage.TEXT), Column('a"b', Storage.TEXT), Column("", Storage.TEXT, nullable=True)),
        key="group",
        versioned=False,
        uniques=(Unique(('a"b',)),),
        indexes=(Index(("",)),),
    )
    store = SqliteStore(":memory:")
    store.migrate([odd])
    assert store.plan([odd]) == SchemaPlan()


def test_migrate_while_a_store_is_at_work(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path / "a.db") as store:
            await write(store, customer("c"), order("o", "c"))
            wider = [
                dataclasses.replace(each, columns=(*each.columns, Column("z", Storage.TEXT, True))) for each in TABLES
            ]
            assert len(SqliteStore(tmp_path / "a.db").migrate(wider).steps) == len(TABLES)
            await write(store, customer("d"), order("p", "d"))

    asyncio.run(run())
