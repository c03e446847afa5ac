"""Write sets: what each outcome says, and that whatever is not Committed leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlite_shop import (
    CUSTOMERS,
    NOTES,
    ORDERS,
    REGIONS,
    customer,
    key,
    note,
    opened,
    order,
    region,
    rows,
    write,
)

from dragoman.contract.fault import OutOfRange, Unavailable
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import (
    Add,
    BoundViolation,
    Check,
    Column,
    Committed,
    Conflict,
    Delete,
    Guard,
    Insert,
    Key,
    Late,
    Next,
    ReferenceViolation,
    Settled,
    Storage,
    Table,
    UniqueViolation,
    Update,
    WriteSet,
)

Scenario = Callable[[SqliteStore], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def main() -> None:
        async with opened() as store:
            await scenario(store)

    asyncio.run(main())


async def commit(store: SqliteStore, *writes: Any) -> Any:
    return await store.commit(WriteSet(writes=list(writes)))


def test_versions() -> None:
    async def scenario(store: SqliteStore) -> None:
        row = key(CUSTOMERS, "c")
        await write(store, customer("c"))
        assert await commit(store, Update(row, {"name": "x"}, 1)) == Committed({})
        # One whose version nobody checked tells the whole row as it left it.
        whole = {"id": "c", "version": 3, "email": "c@example.com", "name": "y", "region": None}
        assert await commit(store, Update(row, {"name": "y"})) == Committed({0: whole})
        assert await commit(store, Update(row, {})) == Committed({0: {**whole, "version": 4}})
        assert await commit(store, Update(row, {"version": 99, "name": "z"}, 4)) == Committed({})
        assert (await rows(store, CUSTOMERS))["c"]["version"] == 5
        assert await commit(store, Update(row, {"name": "late"}, 4)) == Conflict(row, 5)
        assert await commit(store, Delete(row, 4)) == Conflict(row, 5)
        assert await store.commit(WriteSet(checks=[Check(row, 4)], writes=[customer("d")])) == Conflict(row, 5)
        assert await store.commit(WriteSet(checks=[Check(row, 5)])) == Committed({})
        assert set(await rows(store, CUSTOMERS)) == {"c"}
        await write(store, Delete(row, 5))
        for late in (Update(row, {}), Update(row, {}, 5), Delete(row), Delete(row, 5)):
            assert await commit(store, late) == Conflict(row, None)
        assert await store.commit(WriteSet(checks=[Check(row, 5)])) == Conflict(row, None)
        other = key(CUSTOMERS, "c", "u")
        assert await commit(store, Update(other, {})) == Conflict(other, None)

    run(scenario)


def test_tables_without_versions() -> None:
    async def scenario(store: SqliteStore) -> None:
        row = key(REGIONS, "r")
        assert await commit(store, Update(row, {})) == Conflict(row, None)
        await write(store, region("r"))
        assert await store.commit(WriteSet(checks=[Check(row, 7)], writes=[Update(row, {})])) == Committed({})
        assert await commit(store, Update(row, {}, 3)) == Committed({})
        await write(store, Delete(row, 3))
        assert await store.commit(WriteSet(checks=[Check(row, 7)])) == Conflict(row, None)

    run(scenario)


def test_guards() -> None:
    async def scenario(store: SqliteStore) -> None:
        assert await store.guard_version("t", "stock", "") == 0
        guard = Guard("t", "stock", "", 0)
        # Twice in one set is one guard.
        assert await store.commit(WriteSet(guards=[guard, guard], writes=[customer("c")])) == Committed({})
        assert await store.guard_version("t", "stock", "") == 1
        assert await store.commit(WriteSet(guards=[guard], writes=[customer("d")])) == Conflict(guard, 1)
        assert set(await rows(store, CUSTOMERS)) == {"c"}
        # No tenant, and a tenant without a name, are not the same.
        for tenant in (None, "", "u"):
            assert await store.guard_version(tenant, "stock", "") == 0
            assert await store.commit(WriteSet(guards=[Guard(tenant, "stock", "", 0)])) == Committed({})
        assert [await store.guard_version(each, "stock", "") for each in (None, "", "u", "t")] == [1, 1, 1, 1]
        # A guard is not bumped by a set that is refused.
        assert isinstance(
            await store.commit(WriteSet(guards=[Guard("t", "stock", "", 1)], writes=[customer("c")])), UniqueViolation
        )
        assert await store.guard_version("t", "stock", "") == 1

    run(scenario)


def test_unique_keys() -> None:
    async def scenario(store: SqliteStore) -> None:
        await write(store, region("n"), region("s"))
        await write(store, customer("a", name="x", region="n"), customer("b", name="x", region="s"))
        assert await commit(store, customer("a")) == UniqueViolation(0, key(CUSTOMERS, "a"), ("id",))
        repeated = [customer("c"), customer("d", email="a@example.com")]
        assert await commit(store, *repeated) == UniqueViolation(1, key(CUSTOMERS, "d"), ("email",))
        pair = ("name", "region")
        twin = customer("d", name="x", region="n")
        assert await commit(store, twin) == UniqueViolation(0, key(CUSTOMERS, "d"), pair)
        b = key(CUSTOMERS, "b")
        assert await commit(store, Update(b, {"region": "n"}, 1)) == UniqueViolation(0, b, pair)
        assert await commit(store, Update(b, {"email": "a@example.com"})) == UniqueViolation(0, b, ("email",))
        # Null equals nothing, and another tenant has its own keys.
        await write(store, customer("e", name="x"), customer("f", name="x"), Update(b, {"region": None}))
        await write(store, customer("a", "u", name="x", region="n"))
        # What was freed earlier in the set can be taken.
        await write(store, Delete(key(CUSTOMERS, "a")), customer("g", email="a@example.com"))
        assert set(await rows(store, CUSTOMERS)) == {"b", "e", "f", "g"}

    run(scenario)


def test_a_unique_index_that_was_not_declared_is_named() -> None:
    async def scenario(store: SqliteStore) -> None:
        store._connect().execute('CREATE UNIQUE INDEX extra ON orders ("_tenant", "total", "status")')
        await write(store, customer("c"), order("o", "c", total=1, status="x"))
        twin = order("p", "c", total=1, status="x")
        assert await commit(store, twin) == UniqueViolation(0, twin.row, ("total", "status"))

    run(scenario)


def test_references_are_held_at_the_end() -> None:
    async def scenario(store: SqliteStore) -> None:
        to_customer = ORDERS.references[0]
        await write(store, order("o", "c"), customer("c"))  # in any order
        lost = await commit(store, order("p", "nobody"))
        assert lost == ReferenceViolation(key(ORDERS, "p"), to_customer, "nobody")
        moved = Update(key(ORDERS, "o"), {"customer": "nobody"})
        assert await commit(store, moved) == ReferenceViolation(key(ORDERS, "o"), to_customer, "nobody")
        # The same key of another tenant does not count.
        assert isinstance(await commit(store, order("o", "c", "u")), ReferenceViolation)
        leave = Delete(key(CUSTOMERS, "c"))
        held = ReferenceViolation(key(CUSTOMERS, "c"), to_customer, "c", referenced=True, holder="orders")
        assert await commit(store, leave) == held
        # Fine once the referring row goes too, or refers to another, or the target comes back.
        await write(store, leave, customer("c"))
        await write(store, leave, Update(key(ORDERS, "o"), {"customer": "d"}), customer("d"))
        await write(store, Delete(key(CUSTOMERS, "d")), Delete(key(ORDERS, "o")))
        assert await rows(store, CUSTOMERS) == await rows(store, ORDERS) == {}

    run(scenario)


def test_references_to_a_table_without_tenants() -> None:
    async def scenario(store: SqliteStore) -> None:
        await write(store, region("n"), customer("a", region="n"), customer("a", "u", region="n"))
        reference = CUSTOMERS.references[0]
        gone = Delete(key(REGIONS, "n"))
        held = ReferenceViolation(key(REGIONS, "n"), reference, "n", referenced=True, holder="customers")
        assert await commit(store, gone, Delete(key(CUSTOMERS, "a"))) == held
        await write(store, gone, Delete(key(CUSTOMERS, "a")), Update(key(CUSTOMERS, "a", "u"), {"region": None}))

    run(scenario)


def test_deletions_go_on_through_references() -> None:
    async def scenario(store: SqliteStore) -> None:
        await write(store, customer("c"), order("root", "c"), *(order(f"{at}", "c", parent="root") for at in range(9)))
        await write(store, *(order(f"{at}.{sub}", "c", parent=f"{at}") for at in range(9) for sub in range(9)))
        await write(store, note("n", "3.3"), note("m", "root"), note("other", None))
        await write(store, Delete(key(ORDERS, "root")))
        assert await rows(store, ORDERS) == {}
        found = await rows(store, NOTES)
        assert {id: (each["order"], each["version"]) for id, each in found.items()} == {
            "n": (None, 2),
            "m": (None, 2),
            "other": (None, 1),
        }

    run(scenario)


def test_a_deletion_does_not_take_along_what_the_same_set_made_refer_to_it() -> None:
    async def scenario(store: SqliteStore) -> None:
        await write(store, customer("c"), order("a", "c"), note("n", "a"), note("m", None))
        child = order("b", "c", parent="a")
        by_parent, by_note = ORDERS.references[1], NOTES.references[0]
        assert await commit(store, child, Delete(key(ORDERS, "a"))) == ReferenceViolation(child.row, by_parent, "a")
        stated = Update(key(NOTES, "m"), {"order": "a"})
        assert await commit(store, stated, Delete(key(ORDERS, "a"))) == ReferenceViolation(stated.row, by_note, "a")
        # A row that it merely changed otherwise loses its reference; the answer tells the version that it has then.
        done = await commit(store, Update(key(NOTES, "n"), {"text": "x"}, 1), Delete(key(ORDERS, "a")))
        assert done == Committed({0: {"order": None, "version": 3}})
        assert (await rows(store, NOTES))["n"] == {"id": "n", "version": 3, "order": None, "text": "x"}

    run(scenario)


def test_values_computed_at_commit() -> None:
    async def scenario(store: SqliteStore) -> None:
        await write(store, customer("c"))
        first = await commit(store, order("o", "c", total=Next("orders")), order("p", "c", total=Next("orders")))
        assert first == Committed({0: {"total": 1}, 1: {"total": 2}})
        # A set that is refused takes no number.
        assert isinstance(await commit(store, order("q", "nobody", total=Next("orders"))), ReferenceViolation)
        assert await commit(store, order("q", "c", total=Next("orders"))) == Committed({0: {"total": 3}})
        assert await commit(store, customer("c", "u"), order("o", "c", "u", total=Next("orders"))) == Committed(
            {1: {"total": 1}}
        )
        o = key(ORDERS, "o")
        added = await commit(store, Update(o, {"total": Add(4)}))
        assert isinstance(added, Committed)
        assert (added.settled[0]["total"], added.settled[0]["version"]) == (5, 2)
        assert await commit(store, Update(o, {"total": Add(1)}, 2)) == Committed({0: {"total": 6, "version": 3}})
        counted = await commit(store, Update(o, {"total": Next("orders")}))
        assert isinstance(counted, Committed)
        assert (counted.settled[0]["total"], counted.settled[0]["version"]) == (4, 4)
        assert await commit(store, Update(o, {"total": Add(1)}, 2)) == Conflict(o, 4)
        gone = key(ORDERS, "gone")
        assert await commit(store, Update(gone, {"total": Add(1)})) == Conflict(gone, None)
        for bounds in (Add(-5, minimum=0), Add(2, maximum=5), Add(2**63 - 1)):
            outcome = await commit(store, customer("d"), Update(o, {"total": bounds}))
            assert outcome == BoundViolation(1, o, "total", 4 + bounds.amount, bounds)
        for edge in (Add(-4, minimum=0), Add(5, maximum=5)):
            assert isinstance(await commit(store, Update(o, {"total": edge})), Committed)
        assert set(await rows(store, CUSTOMERS)) == {"c"}

    run(scenario)


def test_wrong_write_sets_fail_alone() -> None:
    other = Table("other", (Column("id", Storage.TEXT),), versioned=False)

    async def scenario(store: SqliteStore) -> None:
        await write(store, customer("c"))
        wrong: list[tuple[Any, type[Exception]]] = [
            (Insert(Key(other, "t", "x"), {"id": "x"}), ValueError),
            (Insert(key(CUSTOMERS, "x"), {"id": "y"}), ValueError),
            (Insert(Key(CUSTOMERS, None, "x"), {"id": "x"}), ValueError),
            (Update(key(CUSTOMERS, "c"), {"nope": 1}), ValueError),
            (Update(key(CUSTOMERS, "c"), {"id": "d"}), ValueError),
            (order("o", "c", total=2**63), OutOfRange),
            (order("o", "c", total="many"), Exception),
            (order("o", "c", total=None), Exception),
        ]
        work = [commit(store, each) for each, _ in wrong] + [commit(store, customer("d"))]
        results = await asyncio.gather(*work, return_exceptions=True)
        for (_, kind), result in zip(wrong, results[:-1], strict=True):
            assert isinstance(result, kind)
        assert results[-1] == Committed({})
        assert set(await rows(store, CUSTOMERS)) == {"c", "d"}
        assert await rows(store, ORDERS) == {}

    run(scenario)


def test_large_sets_and_long_deletions_leave_the_loop_free() -> None:
    """They are written in the thread; the answers are the same."""

    async def scenario(store: SqliteStore) -> None:
        await write(store, customer("c"), order("root", "c"))
        work = asyncio.ensure_future(write(store, *(order(f"{at}", "c", parent="root") for at in range(3000))))
        turns = 0
        while not work.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20
        await write(store, Delete(key(ORDERS, "root")))
        assert await rows(store, ORDERS) == {}

    run(scenario)


def test_life() -> None:
    async def scenario() -> None:
        store = SqliteStore(":memory:")
        with pytest.raises(Unavailable):
            await store.commit(WriteSet(writes=[customer("c")]))
        with pytest.raises(RuntimeError, match="not open"):
            await store.guard_version("t", "g", "")
        await store.stop()
        store.migrate([REGIONS])
        await store.start([REGIONS])
        accepted = [asyncio.ensure_future(store.commit(WriteSet(writes=[region(f"{at}")]))) for at in range(500)]
        await asyncio.sleep(0)
        await asyncio.gather(store.stop(), store.stop())
        assert [await each for each in accepted] == [Committed({})] * 500
        with pytest.raises(Unavailable):
            await store.commit(WriteSet(writes=[region("late")]))
        await store.stop()

    asyncio.run(scenario())


def test_a_store_outlives_its_loop() -> None:
    store = SqliteStore(":memory:")
    store.migrate([REGIONS])
    asyncio.run(store.start([REGIONS]))

    async def abandon() -> None:
        left = asyncio.ensure_future(store.commit(WriteSet(writes=[region("a")])))
        await asyncio.sleep(0)
        assert not left.done()

    async def use() -> None:
        await write(store, region("b"))
        assert "b" in await rows(store, REGIONS)

    for _ in range(5):
        asyncio.run(abandon())
        asyncio.run(use())
        asyncio.run(clear(store))
    asyncio.run(store.stop())


async def clear(store: SqliteStore) -> None:
    for each in await rows(store, REGIONS):
        await write(store, Delete(key(REGIONS, each)))


# What is written behind all else


def test_what_is_last_knows_what_the_commit_computed() -> None:
    async def scenario(store: SqliteStore) -> None:
        await commit(store, customer("c1"), order("o1", "c1", total=5), note("n1", "o1"))
        told: list[Settled] = []

        def record(settled: Settled) -> str:
            told.append(settled)
            return f"{sorted(settled)} {settled[1]['total']}"

        name = Late(record)
        writes = WriteSet(
            writes=[
                Update(key(NOTES, "n1"), {"text": "x"}, 1),
                Update(key(ORDERS, "o1"), {"total": Add(2)}, 1),
                Insert(key(ORDERS, "o2"), {**order("o2", "c1").values, "total": Next("orders")}),
            ],
            last=[Insert(key(CUSTOMERS, "c2"), {**customer("c2").values, "name": name})],
        )
        outcome = await store.commit(writes)
        assert outcome.settled == told[0] == {1: {"total": 7, "version": 2}, 2: {"total": 1}}
        assert (await rows(store, CUSTOMERS))["c2"]["name"] == "[1, 2] 7"

    run(scenario)


def test_what_is_last_stands_or_falls_with_the_rest() -> None:
    async def scenario(store: SqliteStore) -> None:
        await commit(store, customer("c1"))
        writes = WriteSet(writes=[customer("c2")], last=[customer("c1")])
        assert await store.commit(writes) == UniqueViolation(-1, key(CUSTOMERS, "c1"), ("id",))
        writes = WriteSet(writes=[customer("c1")], last=[customer("c3")])
        assert await store.commit(writes) == UniqueViolation(0, key(CUSTOMERS, "c1"), ("id",))
        writes = WriteSet(last=[Update(key(CUSTOMERS, "c1"), {"name": Late(lambda settled: "x")}, 2)])
        assert await store.commit(writes) == Conflict(key(CUSTOMERS, "c1"), 1)

        def broken(settled: Settled) -> str:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            await store.commit(
                WriteSet(writes=[customer("c2")], last=[Update(key(CUSTOMERS, "c1"), {"name": Late(broken)})])
            )
        assert list(await rows(store, CUSTOMERS)) == ["c1"]
        assert isinstance(await store.commit(WriteSet(last=[customer("c4")])), Committed)

    run(scenario)


def test_all_that_is_wrong_is_told() -> None:
    async def scenario(store: SqliteStore) -> None:
        await commit(store, customer("c1"), customer("c2"), order("o1", "c1", total=1))
        outcome = await commit(
            store,
            customer("c3"),
            customer("c4", email="c1@example.com"),
            Update(key(ORDERS, "o1"), {"total": Add(-2, 0)}),
            customer("c2"),
        )
        assert isinstance(outcome, UniqueViolation)
        assert (outcome.position, outcome.columns) == (1, ("email",))
        assert [(each.position, type(each)) for each in outcome.others] == [(2, BoundViolation), (3, UniqueViolation)]
        assert list(await rows(store, CUSTOMERS)) == ["c1", "c2"]

    run(scenario)


def test_who_is_refused_behind_a_write_takes_nobody_along() -> None:
    """They share a transaction: what the refused one wrote is undone, and what the others wrote stands."""

    async def scenario(store: SqliteStore) -> None:
        await commit(store, customer("c1"))

        def broken(settled: Settled) -> str:
            raise RuntimeError("broken")

        outcomes = await asyncio.gather(
            commit(store, customer("c2"), Insert(key(ORDERS, "o1"), {**order("o1", "c2").values, "total": Next("n")})),
            commit(store, customer("c3"), customer("c1")),
            commit(store, customer("c4"), Update(key(CUSTOMERS, "c9"), {"name": "x"}, 1)),
            store.commit(
                WriteSet(writes=[customer("c5")], last=[Update(key(CUSTOMERS, "c1"), {"name": Late(broken)})])
            ),
            commit(store, Insert(key(ORDERS, "o2"), {**order("o2", "c2").values, "total": Next("n")})),
            return_exceptions=True,
        )
        kinds = [type(each) for each in outcomes]
        assert kinds == [Committed, UniqueViolation, Conflict, RuntimeError, Committed]
        assert list(await rows(store, CUSTOMERS)) == ["c1", "c2"]
        assert {id: row["total"] for id, row in (await rows(store, ORDERS)).items()} == {"o1": 1, "o2": 2}

    run(scenario)
