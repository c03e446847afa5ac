"""Joins: beside each row the one it refers to, of its own tenant, if that meets a condition."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_shop import CUSTOMERS, NOTES, ORDERS, REGIONS, customer, note, opened, order, region, write

from dragoman.contract.expression import AllOf, Compare, Slot
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Join, Query

NAMES = ("id", "email", "version")


async def rows(store: SqliteStore, query: Query, *values: Any, tenant: str = "t") -> list[tuple[Any, ...]]:
    return await store.prepare(query).fetch(values, tenant)


def test_of_the_same_tenant_and_null_where_there_is_none() -> None:
    async def run() -> None:
        async with opened() as store:
            await write(store, region("r"), customer("c", region="r"), customer("c", "u"), customer("d"))
            await write(store, order("o", "c"), order("p", "d", parent="o"), order("o", "c", "u", total=9))
            both = (Join("customer", CUSTOMERS, ("email",)), Join("parent", ORDERS, ("id", "customer")))
            query = Query(ORDERS, ("id",), order=(("id", False),), joins=both)
            assert await rows(store, query) == [
                ("o", "c@example.com", None, None),
                ("p", "d@example.com", "o", "c"),
            ]
            assert await rows(store, query, tenant="u") == [("o", "c@example.com", None, None)]
            # A target without tenants is everybody's.
            query = Query(CUSTOMERS, ("id",), order=(("id", False),), joins=(Join("region", REGIONS, ("id",)),))
            assert await rows(store, query) == [("c", "r"), ("d", None)]

    asyncio.run(run())


def test_conditions_order_and_limit() -> None:
    """Slots of the query and of its joins are numbered together, with the limit behind them."""

    async def run() -> None:
        async with opened() as store:
            await write(store, *(customer(id) for id in "abc"))
            await write(store, *(order(f"{at}", "abc"[at % 3], total=at) for at in range(9)))
            where = AllOf((Compare("total", ">", Slot(0)), Compare("customer", "in", Slot(1))))
            visible = AllOf((Compare("id", "!=", Slot(2)), Compare("email", "in", Slot(3))))
            join = Join("customer", CUSTOMERS, ("id",), visible)
            query = Query(ORDERS, ("id",), where, (("total", True),), limit_slot=True, joins=(join,))
            emails = [f"{id}@example.com" for id in "ab"]
            found = await rows(store, query, 1, ["a", "b", "x"], "b", emails, 4)
            assert found == [("7", None), ("6", "a"), ("4", None), ("3", "a")]
            one = store.prepare(
                Query(ORDERS, ("id",), Compare("id", "=", Slot(0)), joins=(Join("customer", CUSTOMERS, NAMES),))
            )
            assert await one.fetch_one(("4",), "t") == ("4", "b", "b@example.com", 1)

    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("tu")), max_size=8),
    notes=st.lists(st.tuples(st.none() | st.integers(0, 9), st.sampled_from("tu")), max_size=8),
    bound=st.integers(0, 8),
)
def test_it_is_what_a_second_read_finds(orders: Any, notes: Any, bound: int) -> None:
    async def run() -> None:
        async with opened() as store:
            for tenant in "tu":
                await write(store, *(customer(id, tenant) for id in "abc"))
            known: dict[tuple[str, str], int] = {}
            for at, (of, tenant) in enumerate(orders):
                await write(store, order(f"o{at}", of, tenant, total=at))
                known[tenant, f"o{at}"] = at
            for at, (on, tenant) in enumerate(notes):
                target = f"o{on}" if (tenant, f"o{on}") in known else None
                await write(store, note(f"n{at}", target, tenant))
            join = Join("order", ORDERS, ("id", "total"), Compare("total", "<", Slot(0)))
            for tenant in "tu":
                for _, on, *beside in await rows(
                    store, Query(NOTES, ("id", "order"), joins=(join,)), bound, tenant=tenant
                ):
                    total = known.get((tenant, on), 99)
                    assert beside == ([on, total] if total < bound else [None, None])

    asyncio.run(run())


def test_targets_are_found_by_their_key() -> None:
    """However many there are: the plan searches the primary key of each."""

    async def run() -> None:
        async with opened() as store:
            joins = (Join("customer", CUSTOMERS, NAMES), Join("parent", ORDERS, ("id",)))
            text = store.prepare(Query(ORDERS, ("id",), order=(("total", True),), limit=5, joins=joins)).text
            plan = [row[-1] for row in store._reader.execute(f"EXPLAIN QUERY PLAN {text}", ("t",)).fetchall()]
            beside = [line for line in plan if "orders.customer" in line or "orders.parent" in line]
            assert len(beside) == 2
            assert all(re.search(r"SEARCH .* USING .*\(_tenant=\? AND id=\?\)", line) for line in beside), plan
            assert not any("TEMP B-TREE" in line for line in plan)

    asyncio.run(run())


def test_wrong_ones_are_refused_when_prepared() -> None:
    store = SqliteStore(":memory:")
    with pytest.raises(ValueError, match="no column 'nope'"):
        store.prepare(Query(ORDERS, ("id",), joins=(Join("customer", CUSTOMERS, ("nope",)),)))
    with pytest.raises(ValueError, match="no column 'nope'"):
        store.prepare(Query(ORDERS, ("id",), joins=(Join("nope", CUSTOMERS, ("id",)),)))
    with pytest.raises(ValueError, match="has no tenants"):
        store.prepare(Query(REGIONS, ("id",), joins=(Join("id", CUSTOMERS, ("id",)),)))
