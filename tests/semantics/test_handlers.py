"""How handlers run: in what time, beside the loop, in batches; and the line that each call leaves in the log."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest
from driving import Answer, Caller, run
from handler_bench import Ask, Bench, Item, Named, Told, internal

import dragoman as dm

# Time


@pytest.mark.parametrize("bounded", ["operation", "surface"])
def test_a_slow_handler_is_cut_off(bench: Bench, bounded: str) -> None:
    cut_off = asyncio.Event()
    bench.options["deadline"] = 0.05 if bounded == "surface" else 30.0

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
    batches = batched(bench, dm.Batch(max_size=8), deadline=0.5)

    async def scenario() -> None:
        first = await enter(bench, batches)
        late = await bench.one.post("/score", {"what": "late"}, request_timeout="0.1")
        late.refused(504, "DEADLINE_EXCEEDED")
        (await first).refused(504, "DEADLINE_EXCEEDED")
        batches.open.set()
        (await bench.one.post("/score", {"what": "next"})).ok()
        assert batches.seen == [["first"], ["next"]]

    bench.run(scenario)


def test_a_batch_that_hangs_is_cut_off_and_the_next_one_runs(bench: Bench) -> None:
    batches = batched(bench, dm.Batch(max_size=8, queue=2), deadline=0.4)

    async def scenario() -> None:
        for _ in range(2):
            first = await enter(bench, batches)
            waiting = [asyncio.create_task(bench.one.post("/score", {}, request_timeout="0.2")) for _ in range(2)]
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

    app = dm.App(surface("one", dm.rest), surface("two", partial(dm.rpc, lock=None)), database=tmp_path / "bench.db")
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
