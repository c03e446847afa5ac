"""Queries: conditions mean what the contract says, and use the indexes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_shop import CUSTOMERS, ORDERS, customer, opened, order, running, write

from dragoman.contract.expression import EVERYTHING, NOTHING, AllOf, AnyOf, Compare, Expression, Not, Slot, split
from dragoman.contract.fault import ResourceExhausted
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Column, Insert, Key, Query, Storage, Table

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "i": st.integers(-3, 3) | st.sampled_from([2**63 - 1, -(2**63)]),
    "r": st.floats(-2, 2, width=16) | st.sampled_from([1e300, 0.1]),
    "s": st.sampled_from(["", "a", "b", "B", "ä", "a\0", "'", '"']),
    "b": st.binary(max_size=2),
    "j": st.sampled_from(["[]", '{"a":1}']),
}
STORAGES = {"i": Storage.INTEGER, "r": Storage.REAL, "s": Storage.TEXT, "b": Storage.BLOB, "j": Storage.JSON}
MIXED = Table(
    "mixed",
    (Column("id", Storage.TEXT), *(Column(name, storage, nullable=True) for name, storage in STORAGES.items())),
    versioned=False,
)


@st.composite
def comparisons(draw: st.DrawFn) -> Expression:
    name = draw(st.sampled_from(sorted(VALUES)))
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "null"]))
    if operator == "null":
        return Compare(name, "null", draw(st.booleans()))
    value = VALUES[name] | st.none()
    if operator == "in":
        return Compare(name, "in", tuple(draw(st.lists(value, max_size=3))))
    return Compare(name, operator, draw(value))


def combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, max_size=3).map(tuple)
    return several.map(AllOf) | several.map(AnyOf) | inner.map(Not)


EXPRESSIONS = st.recursive(comparisons(), combined, max_leaves=8)
ROWS = st.lists(st.fixed_dictionaries({name: value | st.none() for name, value in VALUES.items()}), max_size=6)


@pytest.fixture(scope="module")
def mixed() -> Iterator[tuple[asyncio.Runner, SqliteStore]]:
    yield from running([MIXED])


@pytest.fixture(scope="module")
def paged() -> Iterator[tuple[asyncio.Runner, SqliteStore]]:
    yield from running([PAGES])


def holds(node: Expression, row: dict[str, Any]) -> bool:
    """The meaning of conditions, in plain Python."""
    if isinstance(node, Not):
        return not holds(node.of, row)
    if isinstance(node, AllOf):
        return all(holds(each, row) for each in node.of)
    if isinstance(node, AnyOf):
        return any(holds(each, row) for each in node.of)
    assert isinstance(node, Compare)
    have, want = row[node.column], node.value
    if node.operator == "null":
        return (have is None) is want
    if have is None or want is None:
        return False
    if isinstance(have, str) and node.operator != "in":
        have, want = have.encode(), want.encode()
    match node.operator:
        case "=":
            return bool(have == want)
        case "!=":
            return bool(have != want)
        case "<":
            return bool(have < want)
        case "<=":
            return bool(have <= want)
        case ">":
            return bool(have > want)
        case ">=":
            return bool(have >= want)
        case _:
            return have in want


@settings(max_examples=150, deadline=None)
@given(ROWS, st.lists(EXPRESSIONS, min_size=1, max_size=8))
def test_conditions_mean_what_they_mean_in_python(
    mixed: tuple[asyncio.Runner, SqliteStore], rows: list[dict[str, Any]], expressions: list[Expression]
) -> None:
    runner, store = mixed
    tenant = uuid.uuid4().hex

    async def run() -> None:
        await write(
            store, *(Insert(Key(MIXED, tenant, str(at)), {"id": str(at), **row}) for at, row in enumerate(rows))
        )
        for expression in expressions:
            where, values = split(expression)
            statement = store.prepare(Query(MIXED, ("id",), where=where))
            expected = [(str(at),) for at, row in enumerate(rows) if holds(expression, row)]
            assert sorted(await statement.fetch(values, tenant)) == sorted(expected), statement.text

    runner.run(run())


PAGES = Table(
    "pages",
    (Column("id", Storage.TEXT), Column("a", Storage.INTEGER), Column("b", Storage.INTEGER)),
    versioned=False,
)
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.booleans(), st.booleans(), st.booleans(), st.integers(1, 4))
def test_key_sets_walk_every_row_once(
    paged: tuple[asyncio.Runner, SqliteStore],
    pairs: list[tuple[int, int]],
    down: bool,
    second_down: bool,
    shared: bool,
    size: int,
) -> None:
    """Pages by ``(a, b, id)``, whether the caller repeats the slot of a value or gives each use its own."""
    runner, store = paged
    tenant = uuid.uuid4().hex
    order = (("a", down), ("b", second_down), ("id", down))

    def after() -> Expression:
        branches, slot = [], 0
        for depth, (name, descending) in enumerate(order):
            parts = []
            for at, (earlier, _) in enumerate(order[:depth]):
                parts.append(Compare(earlier, "=", Slot(at if shared else slot)))
                slot += 1
            parts.append(Compare(name, "<" if descending else ">", Slot(depth if shared else slot)))
            slot += 1
            branches.append(AllOf(tuple(parts)))
        return AnyOf(tuple(branches))

    async def run() -> None:
        rows = [(a, b, f"{at:02}") for at, (a, b) in enumerate(pairs)]
        await write(store, *(Insert(Key(PAGES, tenant, id), {"id": id, "a": a, "b": b}) for a, b, id in rows))
        columns = ("a", "b", "id")
        first = store.prepare(Query(PAGES, columns, order=order, limit=size))
        further = store.prepare(Query(PAGES, columns, where=after(), order=order, limit_slot=True))
        seen: list[tuple[Any, ...]] = []
        page = await first.fetch((), tenant)
        while page:
            seen += page
            a, b, id = page[-1]
            values = (a, b, id) if shared else (a, a, b, a, b, id)
            page = await further.fetch((*values, size), tenant)
        for at, (_, descending) in reversed(list(enumerate(order))):
            rows.sort(key=itemgetter(at), reverse=descending)
        assert seen == rows

    runner.run(run())


def plan_of(store: SqliteStore, text: str, values: tuple[Any, ...]) -> str:
    connection = apsw.Connection(store._file())
    try:
        return " | ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall())
    finally:
        connection.close()


BY_ID = (("id", False),)
AFTER = AnyOf((Compare("total", ">", Slot(0)), AllOf((Compare("total", "=", Slot(0)), Compare("id", ">", Slot(1))))))
AFTER_APART = AnyOf(
    (Compare("total", ">", Slot(0)), AllOf((Compare("total", "=", Slot(1)), Compare("id", ">", Slot(2)))))
)
BEFORE = AnyOf((Compare("total", "<", Slot(0)), AllOf((Compare("total", "=", Slot(0)), Compare("id", "<", Slot(1))))))
STATUS = Compare("status", "=", Slot(0))
CUSTOMER = Compare("customer", "=", Slot(1))
EVERY = tuple(each.name for each in ORDERS.columns)
BY_TOTAL, FROM_TOP = (("total", False), ("id", False)), (("total", True), ("id", True))


@pytest.mark.parametrize(
    ("query", "values", "plan"),
    [
        pytest.param(
            Query(ORDERS, ("id",), Compare("id", "=", Slot(0))), 1, "PRIMARY KEY (_tenant=? AND id=?)", id="get"
        ),
        pytest.param(Query(ORDERS, ("id",), order=BY_ID), 0, "PRIMARY KEY (_tenant=?)", id="list"),
        pytest.param(
            Query(ORDERS, ("id",), Compare("id", ">", Slot(0)), BY_ID, limit=9),
            1,
            "PRIMARY KEY (_tenant=? AND id>?)",
            id="next page",
        ),
        pytest.param(
            Query(ORDERS, ("id",), STATUS, BY_ID), 1, "INDEX index orders(status) (_tenant=? AND status=?)", id="filter"
        ),
        pytest.param(
            Query(ORDERS, ("id",), AllOf((STATUS, Compare("id", ">", Slot(1)))), BY_ID),
            2,
            "INDEX index orders(status) (_tenant=? AND status=? AND id>?)",
            id="filter, next page",
        ),
        pytest.param(
            Query(ORDERS, EVERY, STATUS, BY_ID, limit_slot=True),
            2,
            "INDEX index orders(status) (_tenant=? AND status=?)",
            id="filter, all columns",
        ),
        pytest.param(
            Query(ORDERS, EVERY, AllOf((STATUS, CUSTOMER)), BY_ID, limit_slot=True),
            3,
            "INDEX reference orders(customer) (_tenant=? AND customer=?)",
            id="what refers to one, filtered",
        ),
        pytest.param(
            Query(ORDERS, EVERY, AllOf((CUSTOMER, Compare("id", ">", Slot(2)))), BY_ID, limit=9),
            3,
            "INDEX reference orders(customer) (_tenant=? AND customer=? AND id>?)",
            id="what refers to one, next page",
        ),
        pytest.param(
            Query(ORDERS, EVERY, CUSTOMER, FROM_TOP, limit=9),
            2,
            "INDEX reference orders(customer) (_tenant=? AND customer=?) | USE TEMP B-TREE FOR ORDER BY",
            id="what refers to one, in another order",
        ),
        pytest.param(
            Query(ORDERS, EVERY, STATUS, FROM_TOP, limit=9),
            1,
            "INDEX index orders(total) (_tenant=?)",
            id="filter, in another order",
        ),
        pytest.param(Query(ORDERS, ("id",), order=BY_TOTAL), 0, "INDEX index orders(total) (_tenant=?)", id="order"),
        pytest.param(
            Query(ORDERS, ("id",), AFTER, BY_TOTAL, limit=9),
            2,
            "INDEX index orders(total) (_tenant=? AND total>?)",
            id="order, next page",
        ),
        pytest.param(
            Query(ORDERS, ("id",), AFTER_APART, BY_TOTAL, limit_slot=True),
            4,
            "INDEX index orders(total) (_tenant=? AND total>?)",
            id="order, next page, slots apart",
        ),
        pytest.param(
            Query(ORDERS, ("id", "customer"), BEFORE, FROM_TOP, limit=9),
            2,
            "INDEX index orders(total) (_tenant=? AND total<?)",
            id="descending, next page",
        ),
        pytest.param(
            Query(ORDERS, ("id",), Compare("customer", "=", Slot(0)), BY_ID),
            1,
            "INDEX reference orders(customer) (_tenant=? AND customer=?)",
            id="reverse list",
        ),
        pytest.param(
            Query(CUSTOMERS, ("id",), Compare("email", "=", Slot(0))),
            1,
            "INDEX unique customers(email) (_tenant=? AND email=?)",
            id="unique",
        ),
    ],
)
def test_indexes_are_used(query: Query, values: int, plan: str) -> None:
    async def run() -> None:
        async with opened() as store:
            found = plan_of(store, store.prepare(query).text, ("t", *range(values)))
            assert plan in found
            assert ("TEMP B-TREE" in found) is ("TEMP B-TREE" in plan)
            assert "SCAN" not in found

    asyncio.run(run())


def test_a_membership_test_uses_the_index() -> None:
    async def run() -> None:
        async with opened() as store:
            statement = store.prepare(Query(ORDERS, ("id",), Compare("id", "in", Slot(0))))
            assert "PRIMARY KEY (_tenant=? AND id=?)" in plan_of(store, statement.text, ("t", "[]"))
            await write(store, customer("c"), *(order(each, "c") for each in "abcd"))
            assert sorted(await statement.fetch([["a", "d", "z"]], "t")) == [("a",), ("d",)]
            assert await statement.fetch([()], "t") == []
            assert await statement.fetch([["a"]], "u") == []

    asyncio.run(run())


def test_tenants_and_limits() -> None:
    async def run() -> None:
        async with opened() as store:
            await write(store, customer("c"), customer("d"), customer("c", "u"))
            own = store.prepare(Query(CUSTOMERS, ("id",), order=BY_ID, limit=1))
            assert await own.fetch((), "t") == [("c",)]
            assert await own.fetch_one((), "nobody") is None
            with pytest.raises(TypeError, match="tenant"):
                await own.fetch()
            every = Query(CUSTOMERS, ("id",), order=BY_ID, tenant=False, tenant_column=True, limit_slot=True)
            statement = store.prepare(every)
            assert sorted(await statement.fetch((9,))) == [("c", "t"), ("c", "u"), ("d", "t")]
            assert len(await statement.fetch((2,))) == 2
            assert await store.prepare(Query(CUSTOMERS, ("id",), NOTHING)).fetch((), "t") == []
            assert len(await store.prepare(Query(CUSTOMERS, ("id",), EVERYTHING)).fetch((), "t")) == 2
            assert await store.prepare(Query(CUSTOMERS, ("id",), limit=0)).fetch_one((), "t") is None

    asyncio.run(run())


def test_an_integer_of_more_than_64_bits_equals_nothing() -> None:
    async def run() -> None:
        async with opened() as store:
            await write(store, customer("c"), order("o", "c", total=2**63 - 1))
            for operator, found in (("=", []), ("<", [("o",)]), (">", [])):
                statement = store.prepare(Query(ORDERS, ("id",), Compare("total", operator, Slot(0))))
                assert await statement.fetch((2**70,), "t") == found

    asyncio.run(run())


def test_wrong_queries_are_refused_when_prepared() -> None:
    store = SqliteStore(":memory:")
    with pytest.raises(ValueError, match="no column 'nope'"):
        store.prepare(Query(ORDERS, ("nope",)))
    with pytest.raises(ValueError, match="no column 'nope'"):
        store.prepare(Query(ORDERS, ("id",), Compare("nope", "=", Slot(0))))
    with pytest.raises(ValueError, match="in place of a slot"):
        store.prepare(Query(ORDERS, ("id",), Compare("id", "=", "1; DROP TABLE orders")))


def test_work_is_bounded() -> None:
    async def run() -> None:
        async with opened(max_vm_steps=10_000) as store:
            await write(store, customer("c"))
            for part in range(10):
                await write(store, *(order(f"{part}-{at}", "c", total=at) for at in range(500)))
            narrow = store.prepare(Query(ORDERS, ("id",), Compare("id", "=", Slot(0))))
            wide = store.prepare(Query(ORDERS, ("id",), Compare("version", "=", Slot(0))))
            with pytest.raises(ResourceExhausted, match="narrow its filter") as caught:
                await wide.fetch((2,), "t")
            assert not caught.value.retryable
            # What many small calls did together counts for none of them.
            for _ in range(5000):
                assert await narrow.fetch_one(("1-1",), "t") == ("1-1",)

    asyncio.run(run())


def test_no_statement_stays_open() -> None:
    """A read that was begun and not ended would hide all later commits from this process."""

    async def run() -> None:
        async with opened() as store:
            statement = store.prepare(Query(CUSTOMERS, ("id",), order=BY_ID))
            for at in range(50):
                await write(store, customer(f"{at:02}"))
                assert await statement.fetch_one((), "t") == ("00",)
                assert len(await statement.fetch((), "t")) == at + 1

    asyncio.run(run())
