"""The unit of work as a handler's author, and everybody beside the handler, sees it."""

# ruff: noqa: RUF012 - a struct's default is copied

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import apsw
import pytest
from driving import Answer, Caller, principal, run

import dragoman as dm
from dragoman.contract.expression import AllOf, Compare


class Item(dm.Resource, prefix="itm"):
    name: Annotated[str, dm.Length(1, 20), dm.Unique()]
    count: Annotated[int, dm.Ge(0), dm.Le(1000), dm.Filter("gte"), dm.Sort()] = 0
    weight: Annotated[float | None, dm.Ge(0)] = None
    number: int | None = None
    parent: Annotated[dm.Id[Item] | None, dm.Ref(reverse="children")] = None


class Named(dm.Struct):
    name: str


class Ask(dm.Struct):
    """What a test's handler is told."""

    what: str = ""
    id: dm.Id[Item] | None = None
    count: int = 0


class Told(dm.Struct):
    """What it tells."""

    lines: list[str] = []
    count: int = 0


KEYS = {
    "one": principal("ann", "one", "operator", "internal"),
    "two": principal("bob", "two", "operator", "internal"),
}

Handler = Callable[[Ask, dm.Context], Awaitable[Told]]


class Bench:
    """A contract whose handlers a test writes, an application on it, and callers of two tenants."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.contract = dm.Contract("bench")
        self.items = self.contract.resource(Item)
        self.exposes: list[Any] = [self.items]
        self.deadline = 30.0

    def operation(self, **options: Any) -> Callable[[Any], Any]:
        """Declare and expose an operation."""

        def declare(function: Any) -> Any:
            handle = self.contract.operation(**options)(function)
            self.exposes.append(handle)
            return handle

        return declare

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        """Run a scenario against the application."""
        keys = dm.api_keys(fixed=KEYS)
        surface = dm.rest("bench", "/v1", audience="operator", auth=keys, exposes=self.exposes, deadline=self.deadline)
        app = dm.App(surface, database=self.database)
        self.one, self.two = Caller(app, "one", "/v1"), Caller(app, "two", "/v1")
        run(app, scenario)

    async def add(self, name: str, **values: Any) -> str:
        """Create an item; its id."""
        return str((await self.one.post("/items", {"name": name, **values})).ok(201).json["id"])

    async def names(self) -> list[str]:
        """Names of the first tenant's items, in order of creation."""
        return [each["name"] for each in await self.one.pages("/items", 1000)]

    async def read(self, id: str) -> dict[str, Any]:
        """One item."""
        found: dict[str, Any] = (await self.one.get(f"/items/{id}")).ok().json
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench.db")


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of the error log."""
    return [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.error"]


def internal(answer: Answer, caplog: pytest.LogCaptureFixture, *, hidden: str) -> None:
    """The answer tells an id and nothing else; the log has the rest."""
    answer.refused(500, "INTERNAL")
    (line,) = logged(caplog)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["request_id"] in answer.json["detail"]
    assert "Traceback" in line["traceback"]
    assert hidden in line["error"]
    told = answer.body.decode()
    assert hidden not in told
    assert "Traceback" not in told
    assert ".py" not in told


# What a handler sees


def test_reads_see_what_was_staged(bench: Bench) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        assert input.id is not None
        kept = await ctx.get(Item, input.id)
        gone = (await ctx.list(Item, bench.items.field.name == "gone"))[0]
        new = ctx.create(Item(name="new", count=5))
        ctx.save(dm.replace(kept, count=7, name="renamed"))
        ctx.delete(gone)
        lines = [(await ctx.get(Item, input.id)).name, (await ctx.get(Item, new.id)).name]
        lines += [each.name for each in await ctx.list(Item, order_by="-count")]
        lines += [each.name for each in await ctx.list(Item, bench.items.field.count >= 6)]
        lines += [each.name for each in await ctx.list(Item, bench.items.field.name == "kept")]
        with pytest.raises(dm.NotFound):
            await ctx.get(Item, gone.id)
        again = ctx.save(dm.replace(new, count=6))
        ctx.save(dm.replace(again, weight=1.5))
        assert (await ctx.peek(Item, new.id)).count == 6
        return Told(lines=lines)

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        await bench.add("gone", count=9)
        await bench.add("other", count=6)
        answer = await bench.one.post("/work", {"id": id})
        told = ["renamed", "new", "renamed", "other", "new", "renamed", "other"]
        assert sorted(answer.ok().json["lines"]) == sorted(told)
        assert answer.json["lines"][:5] == told[:5]
        assert await bench.names() == ["renamed", "other", "new"]
        new = (await bench.one.pages("/items", 9))[2]
        assert (new["count"], new["weight"]) == (6, 1.5)

    bench.run(scenario)


def test_nobody_else_sees_it_before_the_commit(bench: Bench) -> None:
    staged, go_on = asyncio.Event(), asyncio.Event()

    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        assert input.id is not None
        kept = await ctx.get(Item, input.id)
        ctx.save(dm.replace(kept, count=2))
        ctx.create(Item(name="new"))
        staged.set()
        await go_on.wait()
        return Told()

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        working = asyncio.create_task(bench.one.post("/work", {"id": id}))
        await staged.wait()
        assert (await bench.read(id))["count"] == 1
        assert await bench.names() == ["kept"]
        go_on.set()
        (await working).ok()
        assert (await bench.read(id))["count"] == 2
        assert await bench.names() == ["kept", "new"]

    bench.run(scenario)


def test_what_is_returned_is_what_was_committed(bench: Bench) -> None:
    @bench.operation()
    async def open_item(input: Named, ctx: dm.Context) -> Item:
        return ctx.create(Item(name=input.name, number=dm.next("items")))

    async def scenario() -> None:
        answer = (await bench.one.post("/openItem", {"name": "a"})).ok()
        assert answer.json["number"] == 1
        assert answer.json == await bench.read(answer.json["id"])

    bench.run(scenario)


# All or nothing


@pytest.mark.parametrize("fault", [dm.FailedPrecondition("no"), RuntimeError("a secret")])
def test_an_exception_writes_nothing(bench: Bench, caplog: pytest.LogCaptureFixture, fault: Exception) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        assert input.id is not None
        ctx.save(dm.replace(await ctx.get(Item, input.id), count=9))
        ctx.create(Item(name="new"))
        await ctx.guard("work")
        raise fault

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        before = await bench.one.get(f"/items/{id}")
        answer = await bench.one.post("/work", {"id": id})
        if isinstance(fault, dm.Fault):
            answer.refused(409, "FAILED_PRECONDITION")
            assert not logged(caplog)
        else:
            internal(answer, caplog, hidden="a secret")
        assert (await bench.one.get(f"/items/{id}")).etag == before.etag
        assert await bench.names() == ["kept"]

    bench.run(scenario)


def test_one_violation_undoes_all(bench: Bench) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        assert input.id is not None
        ctx.save(dm.replace(await ctx.get(Item, input.id), count=dm.add(5)))
        for name in ("a", "b", input.what, "c"):
            ctx.create(Item(name=name, number=dm.next("made")))
        return Told()

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        for taken in ("kept", "b"):
            answer = await bench.one.post("/work", {"id": id, "what": taken})
            answer.refused(409, "ALREADY_EXISTS", at="#/name")
        assert await bench.names() == ["kept"]
        assert (await bench.read(id))["count"] == 1
        (await bench.one.post("/work", {"id": id, "what": "d"})).ok()
        made = await bench.one.pages("/items", 9)
        assert [each["number"] for each in made[1:]] == [1, 2, 3, 4], "a refused call takes no numbers"

    bench.run(scenario)


def test_references_are_looked_at_in_the_end(bench: Bench) -> None:
    @bench.operation()
    async def family(input: Ask, ctx: dm.Context) -> Told:
        parent = Item(name="parent")
        ctx.create(Item(name="child", parent=parent.id))
        if input.what != "orphan":
            ctx.create(parent)
        return Told()

    async def scenario() -> None:
        (await bench.one.post("/family", {"what": "orphan"})).refused(409, "FAILED_PRECONDITION", at="#/parent")
        assert await bench.names() == []
        (await bench.one.post("/family", {})).ok()
        assert sorted(await bench.names()) == ["child", "parent"]

    bench.run(scenario)


# Values that commit computes


def test_concurrent_additions_add_up(bench: Bench) -> None:
    @bench.operation()
    async def tick(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        item = await ctx.peek(Item, input.id)
        await asyncio.sleep(0)
        return ctx.save(dm.replace(item, count=dm.add(input.count)))

    async def scenario() -> None:
        id = await bench.add("counter")
        calls = [bench.one.post("/tick", {"id": id, "count": 1}) for _ in range(200)]
        answers = [each.ok().json["count"] for each in await asyncio.gather(*calls)]
        assert sorted(answers) == list(range(1, 201)), "each is told the sum that it made"
        answer = await bench.one.get(f"/items/{id}")
        assert (answer.json["count"], answer.version) == (200, 201)

    bench.run(scenario)


def test_additions_stay_within_the_bounds(bench: Bench) -> None:
    @bench.operation()
    async def tick(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        ctx.create(Item(name="beside"))
        return ctx.save(dm.replace(await ctx.peek(Item, input.id), count=dm.add(input.count)))

    async def scenario() -> None:
        id = await bench.add("counter", count=10)
        before = await bench.one.get(f"/items/{id}")
        for amount in (-11, 991, 2**53 - 1):
            answer = await bench.one.post("/tick", {"id": id, "count": amount})
            answer.refused(422, "OUT_OF_RANGE", at="#/count")
        assert (await bench.one.get(f"/items/{id}")).etag == before.etag
        assert await bench.names() == ["counter"]
        assert (await bench.one.post("/tick", {"id": id, "count": -10})).ok().json["count"] == 0

    bench.run(scenario)


def test_counters_have_no_gaps_and_belong_to_a_tenant(bench: Bench) -> None:
    @bench.operation()
    async def issue(input: Named, ctx: dm.Context) -> Item:
        item = ctx.create(Item(name=input.name, number=dm.next("invoices")))
        await asyncio.sleep(0)
        if input.name.startswith("bad"):
            raise dm.FailedPrecondition("no")
        return item

    async def scenario() -> None:
        names = [f"{'bad' if number % 3 == 0 else 'good'} {number}" for number in range(90)]
        calls = [caller.post("/issue", {"name": name}) for name in names for caller in (bench.one, bench.two)]
        answers = await asyncio.gather(*calls)
        for tenant in (answers[::2], answers[1::2]):
            numbers = [each.json["number"] for each in tenant if each.status == 200]
            assert sorted(numbers) == list(range(1, 61))

    bench.run(scenario)


# What a handler may not do


def test_a_call_may_write_a_thousand_resources(bench: Bench) -> None:
    @bench.operation()
    async def many(input: Ask, ctx: dm.Context) -> Told:
        for number in range(input.count):
            ctx.create(Item(name=f"item {number}"))
        return Told()

    async def scenario() -> None:
        (await bench.one.post("/many", {"count": 1001})).refused(429, "RESOURCE_EXHAUSTED")
        assert await bench.names() == []
        (await bench.one.post("/many", {"count": 1000})).ok()
        assert len(await bench.names()) == 1000

    bench.run(scenario)


def test_a_list_is_cut_off_only_where_a_limit_says_so(bench: Bench) -> None:
    @bench.operation()
    async def many(input: Ask, ctx: dm.Context) -> Told:
        for number in range(input.count):
            ctx.create(Item(name=f"item {input.what} {number}", count=number))
        return Told()

    @bench.operation(effect="safe")
    async def look(input: Ask, ctx: dm.Context) -> Told:
        found = await ctx.list(Item, order_by="-count", limit=input.count or None)
        return Told(count=len(found), lines=[each.name for each in found[:2]])

    async def scenario() -> None:
        (await bench.one.post("/many", {"count": 999, "what": "a"})).ok()
        await bench.add("last", count=1000)
        told = (await bench.one.get("/look", query={"count": 2})).ok().json
        assert told == {"count": 2, "lines": ["last", "item a 998"]}
        assert (await bench.one.get("/look")).ok().json["count"] == 1000
        await bench.add("one too many")
        (await bench.one.get("/look")).refused(429, "RESOURCE_EXHAUSTED")
        assert (await bench.one.get("/look", query={"count": 1001})).ok().json["count"] == 1001

    bench.run(scenario)


@pytest.mark.parametrize("wrong", ["a text", "another's field"])
def test_a_wrong_condition_is_the_handlers_fault(bench: Bench, caplog: pytest.LogCaptureFixture, wrong: str) -> None:
    where: Any = "count > 3" if wrong == "a text" else AllOf((Compare("nope", "=", 1),))

    @bench.operation(effect="safe")
    async def look(input: Ask, ctx: dm.Context) -> Told:
        return Told(count=len(await ctx.list(Item, where)))

    async def scenario() -> None:
        internal(await bench.one.get("/look"), caplog, hidden="a condition on items")

    bench.run(scenario)


def test_a_safe_operation_writes_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    @bench.operation(effect="safe")
    async def look(input: Named, ctx: dm.Context) -> Told:
        ctx.create(Item(name=input.name))
        return Told()

    async def scenario() -> None:
        internal(await bench.one.get("/look", query={"name": "new"}), caplog, hidden="declared safe")
        assert await bench.names() == []

    bench.run(scenario)


@pytest.mark.parametrize("what", ["save", "delete"])
def test_only_what_was_read_is_changed(bench: Bench, caplog: pytest.LogCaptureFixture, what: str) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        made_up = Item(name="made up", id=input.id)  # type: ignore[call-arg]
        if input.what == "save":
            ctx.save(made_up)
        else:
            ctx.delete(made_up)
        return Told()

    async def scenario() -> None:
        id = await bench.add("kept")
        internal(await bench.one.post("/work", {"what": what, "id": id}), caplog, hidden="neither read")
        assert await bench.names() == ["kept"]

    bench.run(scenario)


def test_what_breaks_the_contract_is_not_written(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Told:
        ctx.create(Item(name="fine"))
        ctx.create(Item(name="x" * 21))
        return Told()

    async def scenario() -> None:
        answer = await bench.one.post("/work", {})
        answer.refused(422, "INVALID_ARGUMENT", at="#/name")
        assert await bench.names() == []

    bench.run(scenario)


def test_a_change_of_nothing_is_no_change(bench: Bench) -> None:
    @bench.operation()
    async def touch(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        return ctx.save(dm.replace(item, name=item.name, count=item.count))

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        before = await bench.one.get(f"/items/{id}")
        assert (await bench.one.post("/touch", {"id": id})).ok().json == before.json
        assert (await bench.one.get(f"/items/{id}")).etag == before.etag

    bench.run(scenario)


# Conflicts


class Gate:
    """Holds a handler's first run until somebody else has got in between."""

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.runs = 0

    async def wait(self) -> None:
        """The first run waits."""
        self.runs += 1
        self.reached.set()
        await self.open.wait()


@pytest.mark.parametrize("rerun", [True, False])
@pytest.mark.parametrize("between", ["patch", "delete"])
def test_a_conflict_runs_the_handler_again_or_aborts(bench: Bench, rerun: bool, between: str) -> None:
    gate = Gate()

    @bench.operation(rerun=rerun)
    async def double(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        await gate.wait()
        return ctx.save(dm.replace(item, count=item.count * 2))

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        working = asyncio.create_task(bench.one.post("/double", {"id": id}))
        await gate.reached.wait()
        if between == "patch":
            (await bench.one.patch(f"/items/{id}", {"count": 5})).ok()
        else:
            (await bench.one.delete(f"/items/{id}")).ok(204)
        gate.open.set()
        answer = await working
        if not rerun:
            answer.refused(409, "ABORTED")
            assert answer.json["retryable"] is True
        elif between == "patch":
            assert answer.ok().json["count"] == 10
        else:
            answer.refused(404, "NOT_FOUND")
        assert gate.runs == (2 if rerun and between == "patch" else 1)

    bench.run(scenario)


def test_a_read_that_decides_is_protected(bench: Bench) -> None:
    gate = Gate()

    @bench.operation()
    async def copy(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        await gate.wait()
        return ctx.create(Item(name="copy", count=item.count))

    async def scenario() -> None:
        id = await bench.add("kept", count=1)
        working = asyncio.create_task(bench.one.post("/copy", {"id": id}))
        await gate.reached.wait()
        (await bench.one.patch(f"/items/{id}", {"count": 5})).ok()
        gate.open.set()
        (await working).refused(409, "ABORTED")
        assert await bench.names() == ["kept"]

    bench.run(scenario)


def test_runs_are_bounded(bench: Bench) -> None:
    runs = 0

    @bench.operation(rerun=True)
    async def unlucky(input: Ask, ctx: dm.Context) -> Item:
        nonlocal runs
        runs += 1
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        (await bench.one.patch(f"/items/{input.id}", {"count": runs})).ok()
        return ctx.save(dm.replace(item, count=500))

    async def scenario() -> None:
        id = await bench.add("kept")
        (await bench.one.post("/unlucky", {"id": id})).refused(409, "ABORTED")
        assert (await bench.read(id))["count"] == runs
        assert 2 <= runs <= 10

    bench.run(scenario)


def test_concurrent_patches_all_hold(bench: Bench) -> None:
    """Updates are run again by themselves; with If-Match, one of them wins."""

    async def scenario() -> None:
        id = await bench.add("kept")
        calls = [bench.one.patch(f"/items/{id}", {"count": number + 1}) for number in range(4)]
        for each in await asyncio.gather(*calls):
            each.ok()
        answer = await bench.one.get(f"/items/{id}")
        assert answer.version == 5
        calls = [bench.one.patch(f"/items/{id}", {"count": 100 + number}, if_match=answer.etag) for number in range(8)]
        answers = await asyncio.gather(*calls)
        assert sorted(each.status for each in answers) == [200] + [412] * 7
        won = next(each for each in answers if each.status == 200)
        assert (await bench.read(id))["count"] == won.json["count"]

    bench.run(scenario)


# Time


@pytest.mark.parametrize("bounded", ["operation", "surface"])
def test_a_slow_handler_is_cut_off(bench: Bench, bounded: str) -> None:
    cut_off = asyncio.Event()
    bench.deadline = 0.05 if bounded == "surface" else 30.0

    @bench.operation(deadline=0.05 if bounded == "operation" else None)
    async def slow(input: Named, ctx: dm.Context) -> Item:
        item = ctx.create(Item(name=input.name))
        remaining = ctx.remaining()
        assert remaining is not None
        assert 0 < remaining <= 0.05
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.set()
            raise
        return item

    async def scenario() -> None:
        answer = await bench.one.post("/slow", {"name": "late"})
        answer.refused(504, "DEADLINE_EXCEEDED")
        assert cut_off.is_set()
        assert await bench.names() == []

    bench.run(scenario)


def test_what_comes_after_the_deadline_is_not_written(bench: Bench) -> None:
    """A handler that never yields cannot be cut off; it is too late all the same."""

    @bench.operation(deadline=0.02)
    async def stubborn(input: Named, ctx: dm.Context) -> Item:
        item = ctx.create(Item(name=input.name))
        end = time.monotonic() + 0.03
        while time.monotonic() < end:
            pass
        return item

    async def scenario() -> None:
        (await bench.one.post("/stubborn", {"name": "late"})).refused(504, "DEADLINE_EXCEEDED")
        assert await bench.names() == []

    bench.run(scenario)


def test_a_timeout_of_the_handlers_own_is_a_bug(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    @bench.operation(deadline=10)
    async def work(input: Ask) -> Told:
        raise TimeoutError("the other service")

    async def scenario() -> None:
        internal(await bench.one.post("/work", {}), caplog, hidden="the other service")

    bench.run(scenario)


def test_cancelling_during_the_commit_leaves_it_whole(bench: Bench) -> None:
    """The caller goes away at every possible moment: both rows are there, or neither is."""

    @bench.operation()
    async def pair(input: Named, ctx: dm.Context) -> Told:
        first = ctx.create(Item(name=f"{input.name} a"))
        ctx.create(Item(name=f"{input.name} b", parent=first.id))
        return Told()

    async def scenario() -> None:
        for steps in range(40):
            task = asyncio.create_task(bench.one.post("/pair", {"name": f"{steps}"}))
            for _ in range(steps % 20):
                await asyncio.sleep(0)
            task.cancel()
            try:
                (await task).ok()
            except asyncio.CancelledError:
                pass
        await bench.add("and it goes on")
        names = [each for each in await bench.names() if each.endswith((" a", " b"))]
        assert {each[:-2] + " a" for each in names} | {each[:-2] + " b" for each in names} == set(names)

    bench.run(scenario)
    check_file(bench.database)


def check_file(database: Path) -> None:
    """The file is sound."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


# Plain handlers, and batches


def test_plain_handlers_run_beside_the_loop(bench: Bench) -> None:
    together = threading.Barrier(2, timeout=20)

    @bench.operation()
    def work(input: Ask) -> Told:
        together.wait()  # both run at once, or neither goes on
        return Told(lines=[threading.current_thread().name])

    async def scenario() -> None:
        both = asyncio.gather(bench.one.post("/work", {}), bench.two.post("/work", {}))
        (await bench.one.get("/items")).ok()
        for answer in await both:
            assert answer.ok().json["lines"][0].startswith("dragoman-handler")

    bench.run(scenario)


class Batches:
    """A batch handler that runs when it is let, and remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.open = asyncio.Event()
        self.entered = asyncio.Event()

    async def handle(self, asked: Sequence[Ask]) -> Sequence[Told]:
        """Tell each how many came with it; refuse what is called bad."""
        self.seen.append([each.what for each in asked])
        self.entered.set()
        await self.open.wait()
        if any(each.what == "boom" for each in asked):
            raise RuntimeError("a secret")
        refused = dm.FailedPrecondition("bad")
        return [refused if each.what == "bad" else Told(count=len(asked)) for each in asked]  # type: ignore[misc]


def batched(bench: Bench, batch: dm.Batch, **options: Any) -> Batches:
    """Declare the operation."""
    batches = Batches()

    @bench.operation(batch=batch, **options)
    async def score(asked: Sequence[Ask]) -> Sequence[Told]:
        return await batches.handle(asked)

    return batches


async def enter(bench: Bench, batches: Batches) -> asyncio.Task[Answer]:
    """A call that keeps the worker busy."""
    first = asyncio.create_task(bench.one.post("/score", {"what": "first"}))
    await batches.entered.wait()
    return first


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_concurrent_calls_are_gathered(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=3))

    async def scenario() -> None:
        first = await enter(bench, batches)
        rest = [asyncio.create_task(bench.one.post("/score", {"what": what})) for what in ("a", "bad", "c", "d")]
        await settle()
        batches.open.set()
        assert (await first).ok().json["count"] == 1
        a, bad, c, d = await asyncio.gather(*rest)
        assert [a.ok().json["count"], c.ok().json["count"], d.ok().json["count"]] == [3, 3, 1]
        bad.refused(409, "FAILED_PRECONDITION")
        assert batches.seen == [["first"], ["a", "bad", "c"], ["d"]]

    bench.run(scenario)


def test_a_batch_that_fails_fails_all_and_the_next_one_runs(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    batches = batched(bench, dm.Batch(max_size=8))

    async def scenario() -> None:
        batches.open.set()
        internal(await bench.one.post("/score", {"what": "boom"}), caplog, hidden="a secret")
        (await bench.one.post("/score", {"what": "fine"})).ok()

    bench.run(scenario)


def test_the_queue_of_a_batch_is_bounded(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=2, queue=3))

    async def scenario() -> None:
        first = await enter(bench, batches)
        waiting = [asyncio.create_task(bench.one.post("/score", {})) for _ in range(3)]
        await settle()
        answer = await bench.one.post("/score", {})
        answer.refused(503, "UNAVAILABLE")
        assert answer.json["retryable"] is True
        batches.open.set()
        for each in await asyncio.gather(first, *waiting):
            each.ok()

    bench.run(scenario)


def test_what_has_expired_is_dropped_before_it_runs(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8), deadline=0.05)

    async def scenario() -> None:
        first = await enter(bench, batches)
        late = await bench.one.post("/score", {"what": "late"})
        late.refused(504, "DEADLINE_EXCEEDED")
        (await first).refused(504, "DEADLINE_EXCEEDED")
        batches.open.set()
        (await bench.one.post("/score", {"what": "next"})).ok()
        assert batches.seen == [["first"], ["next"]]

    bench.run(scenario)


def test_a_batch_that_hangs_is_cut_off_and_the_next_one_runs(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8, queue=2), deadline=0.1)

    async def scenario() -> None:
        for _ in range(2):
            first = await enter(bench, batches)
            waiting = [asyncio.create_task(bench.one.post("/score", {})) for _ in range(2)]
            for each in await asyncio.gather(first, *waiting):
                each.refused(504, "DEADLINE_EXCEEDED")
            batches.entered.clear()
        batches.open.set()
        (await bench.one.post("/score", {"what": "next"})).ok()
        assert batches.seen == [["first"], ["first"], ["next"]]

    bench.run(scenario)


def test_a_batch_goes_on_while_one_of_its_callers_can_wait(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8))

    async def scenario() -> None:
        async with asyncio.timeout(20):
            first = await enter(bench, batches)
            gone, stays = (asyncio.create_task(bench.one.post("/score", {"what": what})) for what in ("gone", "stays"))
            await settle()
            batches.open.set()
            batches.open = asyncio.Event()
            (await first).ok()
            await settle()
            assert batches.seen[1:] == [["gone", "stays"]]
            gone.cancel()
            await settle()
            batches.open.set()
            assert (await stays).ok().json["count"] == 2

    bench.run(scenario)


def test_whoever_stops_waiting_for_a_batch_leaves_its_place(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8, queue=1))

    async def scenario() -> None:
        first = await enter(bench, batches)
        gone = asyncio.create_task(bench.one.post("/score", {"what": "gone"}))
        await settle()
        gone.cancel()
        await settle()
        second = asyncio.create_task(bench.one.post("/score", {"what": "second"}))
        await settle()
        batches.open.set()
        (await first).ok()
        (await second).ok()
        assert batches.seen == [["first"], ["second"]]

    bench.run(scenario)


def test_a_batch_in_a_thread_is_waited_for(bench: Bench) -> None:
    release = threading.Event()
    running, most = [0], [0]

    @bench.operation(batch=dm.Batch(max_size=8, queue=4), deadline=0.05)
    def score(asked: Sequence[Ask]) -> Sequence[Told]:
        running[0] += 1
        most[0] = max(most[0], running[0])
        release.wait(20)
        running[0] -= 1
        return [Told() for _ in asked]

    async def scenario() -> None:
        for _ in range(6):  # more of them than the queue holds, but none waits any longer
            (await bench.one.post("/score", {})).refused(504, "DEADLINE_EXCEEDED")
        release.set()
        (await bench.one.post("/score", {})).ok()
        assert most == [1]

    bench.run(scenario)


@pytest.mark.parametrize("gathered", [True, False])
def test_a_cancellation_of_the_handlers_own_is_a_bug(
    bench: Bench, caplog: pytest.LogCaptureFixture, gathered: bool
) -> None:
    async def cancelled() -> None:
        elsewhere = asyncio.get_running_loop().create_future()
        elsewhere.cancel()
        await elsewhere

    if gathered:

        @bench.operation(batch=dm.Batch())
        async def score(asked: Sequence[Ask]) -> Sequence[Told]:
            await cancelled()
            return []
    else:

        @bench.operation(name="score")
        async def single(asked: Ask) -> Told:
            await cancelled()
            return Told()

    async def scenario() -> None:
        for _ in range(2):
            caplog.clear()
            internal(await bench.one.post("/score", {}), caplog, hidden="CancelledError")

    bench.run(scenario)


@pytest.mark.parametrize("gathered", [True, False])
def test_an_iteration_that_stops_in_a_thread_is_a_bug(
    bench: Bench, caplog: pytest.LogCaptureFixture, gathered: bool
) -> None:
    """Before Python 3.12 a future could not hold it, and its caller waited for ever."""
    if gathered:

        @bench.operation(batch=dm.Batch(), deadline=5)
        def score(asked: Sequence[Ask]) -> Sequence[Told]:
            return [next(iter(())) for _ in asked] or next(iter(()))
    else:

        @bench.operation(name="score", deadline=5)
        def single(asked: Ask) -> Told:
            return next(iter(()))

    async def scenario() -> None:
        for _ in range(2):
            caplog.clear()
            internal(await bench.one.post("/score", {}), caplog, hidden="StopIteration")

    bench.run(scenario)


def test_a_batch_is_shared_by_all_surfaces(tmp_path: Path) -> None:
    contract = dm.Contract("bench")
    batches = Batches()

    @contract.operation(batch=dm.Batch())
    async def score(asked: Sequence[Ask]) -> Sequence[Told]:
        return await batches.handle(asked)

    def surface(name: str, style: Any) -> dm.Surface:
        found: dm.Surface = style(name, f"/{name}", audience="public", auth=dm.anonymous(), exposes=[score])
        return found

    app = dm.App(surface("one", dm.rest), surface("two", dm.rpc), database=tmp_path / "bench.db")
    one, two = Caller(app, None, "/one"), Caller(app, None, "/two")

    async def scenario() -> None:
        first = asyncio.create_task(one.post("/score", {"what": "first"}))
        await batches.entered.wait()
        rest = [asyncio.create_task(each.post("/score", {"what": "rest"})) for each in (one, two)]
        await settle()
        assert batches.seen == [["first"]]
        batches.open.set()
        for each in await asyncio.gather(first, *rest):
            each.ok()
        assert batches.seen == [["first"], ["rest", "rest"]]

    run(app, scenario)


def test_each_item_of_a_batch_is_validated_by_itself(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8))

    async def scenario() -> None:
        first = await enter(bench, batches)
        wrong = bench.one.post("/score", {"what": 5, "count": "x"})
        right = asyncio.create_task(bench.one.post("/score", {"what": "right"}))
        answer = (await wrong).refused(422, "INVALID_ARGUMENT", at="#/what")
        assert "#/count" in answer.pointers
        await settle()
        batches.open.set()
        (await right).ok()
        (await first).ok()
        assert batches.seen == [["first"], ["right"]]

    bench.run(scenario)


# The log


def test_the_log_has_one_line_a_request(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        caplog.set_level(logging.INFO, "dragoman.access")
        await bench.one.get("/items", x_request_id="mine-1")
        await bench.one.get("/nothing", x_request_id="bad id\n")
        stranger = Caller(bench.one.app, None, "/v1")
        await stranger.get("/items")
        lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
        assert [each["status"] for each in lines] == [200, 404, 401]
        assert lines[0]["request_id"] == "mine-1"
        assert lines[0]["operation"] == "items.list"
        assert (lines[0]["principal"], lines[0]["tenant"]) == ("ann", "one")
        assert "\n" not in lines[1]["request_id"]
        assert [each.get("fault") for each in lines] == [None, "NOT_FOUND", "UNAUTHENTICATED"]

    bench.run(scenario)
