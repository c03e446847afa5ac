"""The unit of work as a handler's author, and everybody beside the handler, sees it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from handler_bench import Ask, Bench, Item, Named, Told, internal, logged

import dragoman as dm
from dragoman.contract.expression import AllOf, Compare

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
        with pytest.raises(dm.InvalidArgument, match=r"order_by cannot name 'nane', .* did you mean 'name'"):
            await ctx.list(Item, order_by="-nane")
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


def test_what_is_appended_to_a_list_that_was_staged_is_committed_too(bench: Bench) -> None:
    class Note(dm.Resource, prefix="not"):
        lines: list[str] = []

    notes = bench.contract.resource(Note)
    bench.exposes.append(notes)

    @bench.operation()
    async def jot(input: Ask, ctx: dm.Context) -> Note:
        staged = ctx.create(Note(lines=["created"])) if input.what == "new" else await ctx.get(Note, input.what)
        if input.what != "new":
            staged = ctx.save(dm.replace(staged, lines=[*staged.lines, "saved"]))
        staged.lines.append("appended")
        return staged

    async def scenario() -> None:
        told = (await bench.one.post("/jot", {"what": "new"})).ok().json
        assert told["lines"] == ["created", "appended"]
        assert (await bench.one.get(f"/notes/{told['id']}")).ok().json == told
        told = (await bench.one.post("/jot", {"what": told["id"]})).ok().json
        assert told["lines"] == ["created", "appended", "saved", "appended"]
        assert (await bench.one.get(f"/notes/{told['id']}")).ok().json == told

    bench.run(scenario)


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


class NewItem(dm.Struct):
    name: Annotated[str, dm.Length(1, 20)]
    count: int = 0


class Many(dm.Struct):
    items: Annotated[list[NewItem], dm.Length(1, 100)]


def test_of_many_at_once_all_or_none_are_written_and_each_violation_is_told(bench: Bench) -> None:
    @bench.operation()
    async def add_many(input: Many, ctx: dm.Context) -> Told:
        for number, new in enumerate(input.items):
            ctx.create(Item(name=new.name, count=new.count), at=("items", number))
        return Told(count=len(input.items))

    def named(*names: str) -> dict[str, Any]:
        return {"items": [{"name": name} for name in names]}

    async def scenario() -> None:
        await bench.add("a")
        await bench.add("b")
        # What is wrong whatever there is, of each item.
        refused = (await bench.one.post("/addMany", named("", "c", "x" * 21))).refused(422)
        assert refused.pointers == ["#/items/0/name", "#/items/2/name"]
        # What is wrong beside what there is, of each item too.
        refused = (await bench.one.post("/addMany", named("c", "a", "d", "b", "d"))).refused(409, "ALREADY_EXISTS")
        assert refused.pointers == ["#/items/1/name", "#/items/3/name", "#/items/4/name"]
        assert {each["rule"] for each in refused.json["errors"]} == {"unique"}
        # What the resource forbids, and not the input.
        refused = (await bench.one.post("/addMany", {"items": [{"name": "c", "count": 1001}]})).refused(422)
        assert refused.pointers == ["#/items/0/count"]
        assert await bench.names() == ["a", "b"]
        (await bench.one.post("/addMany", named("c", "d"))).ok()
        assert await bench.names() == ["a", "b", "c", "d"]

    bench.run(scenario)


def test_what_would_leave_its_bounds_is_told_of_each(bench: Bench) -> None:
    @bench.operation()
    async def take(input: Many, ctx: dm.Context) -> Told:
        for number, each in enumerate(input.items):
            (item,) = await ctx.list(Item, bench.items.field.name == each.name)
            ctx.save(dm.replace(item, count=dm.add(-each.count)), at=("items", number))
        return Told()

    async def scenario() -> None:
        for name in "abc":
            await bench.add(name, count=5)
        asked = {"items": [{"name": "a", "count": 6}, {"name": "b", "count": 5}, {"name": "c", "count": 7}]}
        refused = (await bench.one.post("/take", asked)).refused(422, "OUT_OF_RANGE")
        assert refused.pointers == ["#/items/0/count", "#/items/2/count"]
        assert [each["count"] for each in await bench.one.pages("/items", 10)] == [5, 5, 5]

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
