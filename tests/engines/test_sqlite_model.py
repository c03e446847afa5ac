"""Random write sets against a model of plain dictionaries: the same outcome, and the same rows afterwards."""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlite_shop import CUSTOMERS, NOTES, ORDERS, TABLES, customer, key, note, order, rows, running

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import (
    Add,
    BoundViolation,
    Check,
    Committed,
    Conflict,
    Delete,
    Guard,
    Insert,
    Next,
    ReferenceViolation,
    Table,
    UniqueViolation,
    Update,
    WriteSet,
)

IDS = st.sampled_from("ab")
VERSIONS = st.none() | st.integers(1, 3)
MODELED = {each.name: each for each in (CUSTOMERS, ORDERS, NOTES)}


def updates(table: Table, changes: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Update]:
    drawn = st.fixed_dictionaries({}, optional=changes)
    return st.builds(lambda id, values, version: Update(key(table, id), values, version), IDS, drawn, VERSIONS)


ADDS = st.builds(Add, st.integers(-3, 3), st.none() | st.just(0), st.none() | st.just(3))
WRITES = st.one_of(
    st.builds(customer, IDS, email=st.sampled_from("xy"), name=st.none()),
    st.builds(order, IDS, IDS, parent=st.none() | IDS, total=st.integers(0, 3) | st.just(Next("n"))),
    st.builds(note, IDS, st.none() | IDS),
    updates(CUSTOMERS, {"email": st.sampled_from("xy")}),
    updates(ORDERS, {"customer": IDS, "parent": st.none() | IDS, "total": st.integers(0, 3) | ADDS}),
    updates(NOTES, {"order": st.none() | IDS, "text": st.just("new")}),
    st.builds(
        lambda table, id, version: Delete(key(MODELED[table], id), version),
        st.sampled_from(sorted(MODELED)),
        IDS,
        VERSIONS,
    ),
)
SETS = st.builds(
    WriteSet,
    st.lists(st.builds(lambda id, version: Check(key(CUSTOMERS, id), version), IDS, st.integers(1, 2)), max_size=1),
    st.lists(st.builds(Guard, st.just("t"), st.just("g"), IDS, st.integers(0, 2)), max_size=1),
    st.lists(WRITES, max_size=5),
)


class Refused(Exception):
    """The outcome's class stands for it."""


class Model:
    """One tenant's rows, as the port describes what happens to them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in MODELED}
        self.guards: dict[str, int] = {}
        self.counter = 0

    def commit(self, writes: WriteSet) -> type:
        before = copy.deepcopy((self.rows, self.guards, self.counter))
        try:
            self.apply(writes)
        except Refused as refused:
            self.rows, self.guards, self.counter = before
            kind = refused.args[0]
            assert isinstance(kind, type)
            return kind
        return Committed

    def apply(self, writes: WriteSet) -> None:
        for check in writes.checks:
            self.expect(check.row.table.name, check.row.key, check.version)
        for guard in writes.guards:
            if self.guards.get(guard.key, 0) != guard.version:
                raise Refused(Conflict)
            self.guards[guard.key] = guard.version + 1
        stated: set[tuple[str, str, str]] = set()
        deleted: list[tuple[str, str]] = []
        for write in writes.writes:
            table, id = write.row.table, write.row.key
            here = self.rows[table.name]
            if isinstance(write, Delete):
                self.expect(table.name, id, write.version)
                del here[id]
                deleted.append((table.name, id))
                continue
            if isinstance(write, Insert):
                values = {name: self.value(value, 0) for name, value in write.values.items()}
                if id in here:
                    raise Refused(UniqueViolation)
                here[id] = values
            else:
                self.expect(table.name, id, write.version)
                values = {name: self.value(value, here[id].get(name)) for name, value in write.changes.items()}
                here[id].update(values)
                here[id]["version"] += 1
            emails = [each["email"] for each in self.rows["customers"].values()]
            if len(set(emails)) < len(emails):
                raise Refused(UniqueViolation)
            stated |= {(table.name, id, each.column) for each in table.references if values.get(each.column)}
        self.references(stated, deleted)

    def expect(self, table: str, id: str, version: int | None) -> None:
        row = self.rows[table].get(id)
        if row is None or version not in (None, row["version"]):
            raise Refused(Conflict)

    def value(self, value: Any, current: Any) -> Any:
        if isinstance(value, Next):
            self.counter += 1
            return self.counter
        if isinstance(value, Add):
            value, bounds = current + value.amount, value
            low = value if bounds.minimum is None else bounds.minimum
            high = value if bounds.maximum is None else bounds.maximum
            if not low <= value <= high:
                raise Refused(BoundViolation)
        return value

    def references(self, stated: set[tuple[str, str, str]], deleted: list[tuple[str, str]]) -> None:
        gone = [each for each in deleted if each[1] not in self.rows[each[0]]]
        for target, id in gone:
            for holder in MODELED.values():
                for reference in holder.references:
                    if reference.table != target or reference.on_delete == "restrict":
                        continue
                    for other, row in list(self.rows[holder.name].items()):
                        if row[reference.column] != id:
                            continue
                        if (holder.name, other, reference.column) in stated:
                            raise Refused(ReferenceViolation)
                        if reference.on_delete == "null":
                            row[reference.column] = None
                            row["version"] += 1
                        else:
                            del self.rows[holder.name][other]
                            gone.append((holder.name, other))
        for holder in MODELED.values():
            for reference in holder.references:
                if reference.table in MODELED:
                    for row in self.rows[holder.name].values():
                        if row[reference.column] not in (None, *self.rows[reference.table]):
                            raise Refused(ReferenceViolation)


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[asyncio.Runner, SqliteStore]]:
    yield from running(TABLES)


def of_tenant(writes: WriteSet, tenant: str) -> WriteSet:
    def move(each: Any, **changes: Any) -> Any:
        fields = {name: getattr(each, name) for name in each.__slots__}
        return type(each)(**fields | changes)

    return WriteSet(
        [move(each, row=move(each.row, tenant=tenant)) for each in writes.checks],
        [move(each, tenant=tenant) for each in writes.guards],
        [move(each, row=move(each.row, tenant=tenant)) for each in writes.writes],
    )


FILLED = WriteSet(writes=[customer("a"), customer("b"), order("a", "a"), order("b", "a", parent="a"), note("a", "b")])


@settings(max_examples=250, deadline=None)
@given(st.booleans(), st.lists(SETS, min_size=1, max_size=8), st.booleans())
def test_write_sets_do_what_the_model_does(
    shop: tuple[asyncio.Runner, SqliteStore], filled: bool, sets: list[WriteSet], together: bool
) -> None:
    """One after the other, or all in one group of the committer."""
    runner, store = shop
    tenant, model = uuid.uuid4().hex, Model()
    sets = [FILLED] * filled + sets

    async def run() -> None:
        async def commit(writes: WriteSet) -> Any:
            return await store.commit(of_tenant(writes, tenant))

        async def same() -> None:
            for name, table in MODELED.items():
                assert await rows(store, table, tenant) == model.rows[name]
            for name, version in model.guards.items():
                assert await store.guard_version(tenant, "g", name) == version

        if together:
            outcomes = await asyncio.gather(*map(commit, sets))
            expected = [model.commit(each) for each in sets]
            assert [type(each) for each in outcomes] == expected
            await same()
            return
        for each in sets:
            outcome = await commit(each)
            assert type(outcome) is model.commit(each), (each, outcome)
            event(type(outcome).__name__)
            await same()
            if isinstance(outcome, Committed):
                for position, settled in outcome.settled.items():
                    row = each.writes[position].row
                    now = model.rows[row.table.name].get(row.key)
                    last = not any(later.row == row for later in each.writes[position + 1 :])
                    assert now is None or not last or settled.items() <= now.items()

    runner.run(run())
