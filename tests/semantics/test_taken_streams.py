"""Streams that calls take: when items are asked for, what ends them, what is committed, and what is left behind."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterable, AsyncIterator, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from feeding import Feed, FeedingBench, turns
from handler_bench import Item, Named, Told, logged

import dragoman as dm
from dragoman.ports.wire import Request, Response
from dragoman.runtime.binding import longest_call
from dragoman.runtime.deadline import Begun


@pytest.fixture
def bench(tmp_path: Path) -> FeedingBench:
    return FeedingBench(tmp_path)


def item(name: str) -> bytes:
    return json.dumps({"name": name}).encode()


def lines(*names: str) -> str:
    return json.dumps({"lines": names, "count": len(names)}, separators=(",", ":"))


def declare_join(bench: FeedingBench, **options: Any) -> None:
    @bench.operation(**options)
    async def join(items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        names = []
        async for each in items:
            names.append(each.name)
            if options.get("effect") != "safe":
                ctx.create(Item(name=each.name))
        return Told(lines=names, count=len(names))


def declare_echo(bench: FeedingBench, **options: Any) -> None:
    @bench.operation(**options)
    async def echo(items: AsyncIterable[Named], ctx: dm.Context) -> AsyncIterator[Told]:
        async for each in items:
            if options.get("effect") != "safe":
                ctx.create(Item(name=each.name))
            yield Told(lines=[each.name], count=1)


@pytest.mark.parametrize("declare", [declare_join, declare_echo])
def test_what_was_staged_is_committed_behind_the_last_item(bench: FeedingBench, declare: Any) -> None:
    declare(bench)

    async def scenario() -> None:
        if declare is declare_join:
            assert await bench.told("join", Feed(item("a"), item("b"))) == [lines("a", "b")]
            assert await bench.told("join", Feed()) == [lines()]
            assert bench.style.closed == ["join"] * 2
        else:
            assert await bench.told("echo", Feed(item("a"), item("b"))) == [lines("a"), lines("b")]
            assert await bench.told("echo", Feed()) == []
        assert await bench.names() == ["a", "b"]

    bench.run(scenario)


def test_nothing_is_taken_before_the_handler_asks(bench: FeedingBench) -> None:
    go_on: list[asyncio.Event] = []

    @bench.operation()
    async def slow(items: AsyncIterator[Named]) -> Told:
        await go_on[-1].wait()
        first = await anext(items)
        go_on[-1].clear()
        await go_on[-1].wait()
        return Told(lines=[first.name])

    @bench.operation()
    async def pairs(items: AsyncIterator[Named]) -> AsyncIterator[Told]:
        async for first in items:
            second = await anext(items)
            yield Told(lines=[first.name, second.name])

    async def scenario() -> None:
        go_on.append(asyncio.Event())
        feed = Feed(*[item("a")] * 10)
        asking = asyncio.create_task(bench.ask("slow", feed))
        for asked in (0, 1):
            await turns()
            assert feed.asked == asked
            go_on[-1].set()
        assert (await asking).status == 200
        assert feed.asked == 1, "nor is what the handler left"
        assert bench.style.closed == ["slow"]

        feed = Feed(*[item("a")] * 10)
        answer = await bench.ask("pairs", feed)
        assert answer.stream is not None
        for chunks in (0, 1, 2):
            await turns()
            assert feed.asked == 2 * chunks, "who reads the answer slowly slows down who sends, too"
            await answer.stream.__anext__()
        await answer.stream.aclose()
        assert bench.style.closed == ["slow", "pairs"]

    bench.run(scenario)


def test_both_sides_of_a_conversation_wait_for_each_other(bench: FeedingBench) -> None:
    declare_echo(bench)

    async def scenario() -> None:
        feed = Feed(open=True)
        answer = await bench.ask("echo", feed)
        assert answer.stream is not None
        for name in ("a", "b", "c"):
            reading = asyncio.ensure_future(answer.stream.__anext__())
            await feed.waiting.wait()
            assert not reading.done()
            feed.send(item(name))
            assert (await reading).decode() == lines(name)
            assert await bench.names() == []
        feed.end()
        with pytest.raises(StopAsyncIteration):
            await answer.stream.__anext__()
        assert await bench.names() == ["a", "b", "c"]
        await answer.stream.aclose()

    bench.run(scenario)


@pytest.mark.parametrize("name", ["join", "echo"])
@pytest.mark.parametrize("end", ["a broken item", "the peer leaves"])
def test_a_fault_among_the_items_is_the_answer(bench: FeedingBench, name: str, end: str) -> None:
    declare_join(bench)
    declare_echo(bench)

    async def scenario() -> None:
        feed = Feed(item("a"), *([b'{"nam": "b"}', item("c")] if end == "a broken item" else []), open=True)
        feed.leave()
        *before, fault = await bench.told(name, feed)
        assert before == ([lines("a")] if name == "echo" else [])
        assert fault.split()[0] == ("INVALID_ARGUMENT" if end == "a broken item" else "CANCELLED")
        assert await bench.names() == []
        assert bench.style.closed == [name]

    bench.run(scenario)


def test_a_stream_that_broke_is_not_taken_for_one_that_ended(bench: FeedingBench) -> None:
    @bench.operation()
    async def stubborn(items: AsyncIterator[Named]) -> Told:
        names = []
        for _ in range(5):
            try:
                names += [each.name async for each in items]
            except dm.InvalidArgument:
                names.append("!")
        return Told(lines=names)

    @bench.operation()
    async def beyond(items: AsyncIterator[Named]) -> Told:
        names = [each.name async for each in items]
        return Told(lines=names + [each.name async for each in items])

    async def scenario() -> None:
        (told,) = await bench.told("stubborn", Feed(item("a"), b"{}", item("b")))
        assert json.loads(told)["lines"] == ["!"] * 5, (
            "what was made of the first items was lost with the comprehension"
        )
        (told,) = await bench.told("beyond", Feed(item("a")))
        assert json.loads(told)["lines"] == ["a"]

    bench.run(scenario)


@pytest.mark.parametrize("where", ["at an item", "elsewhere"])
@pytest.mark.parametrize("name", ["once", "chat"])
def test_who_leaves_cancels_the_handler(
    bench: FeedingBench, name: str, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []
    caplog.set_level(logging.INFO, logger="dragoman.access")

    async def take(items: AsyncIterator[Named], ctx: dm.Context) -> None:
        try:
            async for each in items:
                ctx.create(Item(name=each.name))
                if where == "elsewhere":
                    await asyncio.Event().wait()
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    @bench.operation()
    async def once(items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        await take(items, ctx)
        return Told()

    @bench.operation()
    async def chat(items: AsyncIterator[Named], ctx: dm.Context) -> AsyncIterator[Told]:
        yield Told()
        await take(items, ctx)

    async def scenario() -> None:
        ended.clear()
        feed = Feed(item("a"), open=True)
        asking: asyncio.Future[Any] = asyncio.create_task(bench.ask(name, feed))
        answer: Response | None = None
        if name == "chat":
            answer = await asking
            assert answer.stream is not None
            await answer.stream.__anext__()
            asking = asyncio.ensure_future(answer.stream.__anext__())
        await turns()
        assert feed.asked == (2 if where == "at an item" else 1)
        asking.cancel()
        await asyncio.wait({asking})
        if answer is not None and answer.stream is not None:
            await answer.stream.aclose()
        assert asking.cancelled()
        assert ended == ["CancelledError"]
        assert bench.style.closed == [name]
        assert await bench.names() == []

    bench.run(scenario)
    assert logged(caplog) == []
    told = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
    assert [each["fault"] for each in told if each["path"] == f"/feed/{name}"] == ["CANCELLED"] * 2


def test_who_gives_up_waiting_for_an_item_does_not_lose_it(bench: FeedingBench) -> None:
    @bench.operation()
    async def patient(items: AsyncIterator[Named]) -> AsyncIterator[Told]:
        while True:
            try:
                async with asyncio.timeout(0.01):
                    each = await anext(items)
            except TimeoutError:
                yield Told(lines=["silence"])
            except StopAsyncIteration:
                return
            else:
                yield Told(lines=[each.name])

    async def scenario() -> None:
        feed = Feed(open=True)
        answer = await bench.ask("patient", feed)
        assert answer.stream is not None
        for name in ("a", "b"):
            assert b"silence" in await answer.stream.__anext__()
            assert b"silence" in await answer.stream.__anext__()
            feed.send(item(name))
            while b"silence" in (chunk := await answer.stream.__anext__()):
                pass
            assert json.loads(chunk)["lines"] == [name]
        assert feed.asked == 2
        feed.end()
        assert [chunk async for chunk in answer.stream] == []
        await answer.stream.aclose()

    bench.run(scenario)


def test_a_reader_that_the_handler_leaves_behind_is_ended(
    bench: FeedingBench, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[asyncio.Task[Any]] = []

    @bench.operation()
    async def careless(items: AsyncIterator[Named]) -> Told:
        async def read() -> list[Named]:
            return [each async for each in items]

        left.append(asyncio.create_task(read()))
        await asyncio.sleep(0.01)
        return Told()

    @bench.operation()
    async def late(items: AsyncIterator[Named]) -> Told:
        async def read() -> list[Named]:
            await asyncio.sleep(0.01)
            return [each async for each in items]

        left.append(asyncio.create_task(read()))
        return Told()

    @bench.operation()
    async def twofold(items: AsyncIterator[Named]) -> Told:
        first = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        try:
            await anext(items)
        finally:
            first.cancel()
        return Told()

    async def scenario() -> None:
        assert await bench.told("careless", Feed(open=True)) == [lines()]
        await asyncio.wait({left[-1]})
        assert left[-1].cancelled()
        assert await bench.told("late", Feed(item("a"))) == [lines()]
        await asyncio.wait({left[-1]})
        assert isinstance(left[-1].exception(), dm.Cancelled), "what it has is not all"
        (fault,) = await bench.told("twofold", Feed(open=True))
        assert fault.startswith("INTERNAL")
        assert bench.style.closed == ["careless", "late", "twofold"]

    bench.run(scenario)
    assert [each["error"].partition(":")[0] for each in logged(caplog)] == ["RuntimeError"] * 2


@pytest.mark.parametrize("name", ["once", "chat"])
def test_the_operations_and_the_callers_deadline_bound_the_whole_call(bench: FeedingBench, name: str) -> None:
    remaining: list[float | None] = []

    async def once(items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        remaining.append(ctx.remaining())
        return Told(lines=[each.name async for each in items])

    async def chat(items: AsyncIterator[Named], ctx: dm.Context) -> AsyncIterator[Told]:
        remaining.append(ctx.remaining())
        yield Told(lines=[each.name async for each in items])

    function: Any = once if name == "once" else chat
    bench.operation(name="bound", deadline=0.05)(function)
    bench.operation(name="free")(function)
    bench.deadline = 0.02

    async def scenario() -> None:
        remaining.clear()
        (told,) = await bench.told("bound", Feed(open=True))
        assert told == "DEADLINE_EXCEEDED bound took longer than its deadline allows"
        (told,) = await bench.told("free", Feed(open=True), request_timeout="0.05")
        assert told.startswith("DEADLINE_EXCEEDED")
        feed = Feed(open=True)
        asyncio.get_running_loop().call_later(0.06, feed.end)
        assert await bench.told("free", feed) == [lines()], "the surface's deadline is made for answers"
        own, callers, none = remaining
        assert own is not None
        assert callers is not None
        assert own <= 0.05
        assert callers <= 0.05
        assert none is None
        assert bench.style.closed == ["bound", "free", "free"]

    bench.run(scenario)


def test_what_is_refused_before_the_handler_takes_nothing(bench: FeedingBench) -> None:
    @bench.items.method
    async def note(found: Item, items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        ctx.save(dm.replace(found, count=found.count + len([each async for each in items])))
        return Told(lines=[found.name])

    @bench.items.method
    async def call_out(found: Item, items: AsyncIterator[Named]) -> AsyncIterator[Told]:
        async for each in items:
            yield Told(lines=[found.name, each.name])

    declare_join(bench)
    declare_echo(bench)
    bench.exposes += [note, call_out]

    async def scenario() -> None:
        await bench.told("join", Feed(item("a")))
        for name in ("join", "echo"):
            feed = Feed(item("b"))
            assert (await bench.told(name, feed, key="few"))[0].startswith("PERMISSION_DENIED")
            assert (await bench.told(name, feed, key="none"))[0].startswith("UNAUTHENTICATED")
            assert feed.asked == 0
        headers = {"authorization": "Bearer one"}
        listed = await bench.app.respond(Request("GET", "/v1/items", "", headers))
        id = json.loads(listed.body)["items"][0]["id"]
        for name in ("items.note", "items.call_out"):
            feed = Feed(item("b"))
            bench.style.closed.clear()
            assert (await bench.told(name, feed, query=id[:4] + "0" * 26))[0].startswith("NOT_FOUND")
            assert feed.asked == 0
            assert bench.style.closed == [name]
        assert await bench.told("items.note", Feed(item("b"), item("c")), query=id) == ['{"lines":["a"],"count":0}']
        (told,) = await bench.told("items.call_out", Feed(item("b")), query=id)
        assert json.loads(told)["lines"] == ["a", "b"]
        listed = await bench.app.respond(Request("GET", "/v1/items", "", headers))
        assert json.loads(listed.body)["items"][0]["count"] == 2

    bench.run(scenario)


def test_an_answer_that_nobody_reads_takes_nothing(bench: FeedingBench) -> None:
    declare_echo(bench)

    async def scenario() -> None:
        feed = Feed(item("a"))
        answer = await bench.ask("echo", feed)
        assert answer.stream is not None
        await answer.stream.aclose()
        reading = await bench.ask("echo", feed)
        assert reading.stream is not None
        first = asyncio.ensure_future(reading.stream.__anext__())
        first.cancel()
        await asyncio.wait({first})
        await reading.stream.aclose()
        assert feed.asked == 0
        assert bench.style.closed == ["echo"] * 2

    bench.run(scenario)


def test_streams_that_are_taken_are_counted_apart_from_calls(bench: FeedingBench) -> None:
    declare_join(bench)
    declare_echo(bench)
    bench.limits = dm.Limits(calls=1, streams=2)

    async def scenario() -> None:
        joined, chatted = Feed(open=True), Feed(open=True)
        joining = asyncio.create_task(bench.ask("join", joined))
        await joined.waiting.wait()
        assert await bench.names() == [], "a call, of which one is let in"
        chatting = await bench.ask("echo", chatted)
        assert chatting.stream is not None
        for name in ("join", "echo"):
            (fault,) = await bench.told(name, Feed(item("b")))
            assert fault.startswith("UNAVAILABLE the server has as many streams")
        joined.end()
        assert (await joining).status == 200
        assert await bench.told("join", Feed(item("b"))) == [lines("b")]
        joining = asyncio.create_task(bench.ask("join", joined))
        await turns()
        joining.cancel()
        await asyncio.wait({joining})
        assert (await bench.told("join", Feed(item("b"))))[0].startswith("ALREADY_EXISTS")
        await chatting.stream.aclose()
        assert await bench.told("echo", Feed(item("c"))) == [lines("c")]
        assert len(bench.app._streams) == 0
        assert bench.app._streams.exchanges == 0
        assert bench.app._exchanges._in_flight == 0

    bench.run(scenario)


def test_an_application_that_stops_ends_them(bench: FeedingBench) -> None:
    declare_join(bench)
    declare_echo(bench)

    async def scenario() -> None:
        feeds = [Feed(open=True), Feed(open=True)]
        asking = [
            asyncio.create_task(bench.told(name, feed)) for name, feed in zip(("join", "echo"), feeds, strict=True)
        ]
        for feed in feeds:
            await feed.waiting.wait()
        await bench.app.stop()
        for each in asking:
            (fault,) = await each
            assert fault == "UNAVAILABLE the server is stopping; try again"
        assert sorted(bench.style.closed) == ["echo", "join"]

    bench.run(scenario)


@pytest.mark.parametrize("end", ["its own", "the application stops", "its caller leaves"])
def test_a_server_may_begin_a_request_outside_of_a_task(bench: FeedingBench, end: str) -> None:
    """As granian does: what runs before the first wait has no task."""
    declare_join(bench)

    async def scenario() -> None:
        began: asyncio.Future[asyncio.Future[Response]] = asyncio.get_running_loop().create_future()
        feed = Feed(item("a"), open=True)

        async def rest(request: Coroutine[Any, Any, Response], waits_for: Any) -> Response:
            return await Begun(request, waits_for)

        def begin() -> None:
            assert asyncio.current_task() is None
            request = bench.ask("join", feed)
            began.set_result(asyncio.ensure_future(rest(request, request.send(None))))

        asyncio.get_running_loop().call_soon(begin)
        asking = await began
        await turns()
        assert feed.asked == 2
        if end == "its own":
            feed.end()
            assert (await asking).status == 200
        elif end == "the application stops":
            await bench.app.stop()
            assert (await asking).body == b"UNAVAILABLE the server is stopping; try again"
        else:
            asking.cancel()
            await asyncio.wait({asking})
            assert asking.cancelled()
            await turns()
        assert bench.style.closed == ["join"]

    bench.run(scenario)


def test_a_safe_call_reads_what_is_there_now(bench: FeedingBench) -> None:
    @bench.operation(effect="safe")
    async def look(items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        (found,) = await ctx.list(Item)
        return Told(lines=[str((await ctx.get(Item, found.id)).count) async for _ in items])

    @bench.operation()
    async def change(items: AsyncIterator[Named], ctx: dm.Context) -> None:
        async for _ in items:
            (found,) = await ctx.list(Item)
            ctx.save(dm.replace(found, count=found.count + 1))

    declare_join(bench)

    async def scenario() -> None:
        await bench.told("join", Feed(item("a")))
        feed = Feed(item("x"), open=True)
        looking = asyncio.create_task(bench.told("look", feed))
        await feed.waiting.wait()
        assert await bench.told("change", Feed(item("x"), item("x"))) == ["null"]
        feed.send(item("x"))
        feed.end()
        assert json.loads((await looking)[0])["lines"] == ["0", "2"]

    bench.run(scenario)


def test_they_need_no_key_where_calls_do(bench: FeedingBench) -> None:
    declare_join(bench)
    declare_echo(bench)
    bench.idempotency = dm.Idempotency(required=True, retention=timedelta(days=1))

    async def scenario() -> None:
        assert await bench.told("join", Feed(item("a"))) == [lines("a")]
        assert await bench.told("echo", Feed(item("b"))) == [lines("b")]

    bench.run(scenario)
    for handle in bench.exposes:
        assert not bench.idempotency.needs_key(handle.operation)


def test_the_log_has_a_line_with_how_many_items_there_were(
    bench: FeedingBench, caplog: pytest.LogCaptureFixture
) -> None:
    declare_join(bench, effect="safe")
    declare_echo(bench, effect="safe")
    caplog.set_level(logging.INFO, logger="dragoman.access")

    async def scenario() -> None:
        await bench.told("join", Feed(item("a"), item("b"), item("c")))
        await bench.told("join", Feed(item("a"), b"{}"))
        await bench.told("echo", Feed(item("a"), item("b")))

    bench.run(scenario)
    told = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
    assert [(each["operation"], each["items"]) for each in told] == [("join", 3), ("join", 1), ("echo", 2)] * 2


def test_no_resource_says_when_it_was_modified_where_a_taken_stream_may_write_for_ever(bench: FeedingBench) -> None:
    for declare in (declare_join, declare_echo):
        for deadline, longest in ((None, float("inf")), (60.0, 60.0), (1.0, 20.0)):
            other = FeedingBench(bench.folder)
            declare(other, deadline=deadline)
            surface = dm.Surface("feed", "/feed", "internal", None, dm.anonymous(), other.exposes, deadline=20.0)  # type: ignore[arg-type]
            assert longest_call(surface) == longest


def test_what_was_compiled_is_explained(bench: FeedingBench) -> None:
    declare_join(bench)
    declare_echo(bench)
    explained = bench.make(plain=False).surfaces[0].endpoint.explain()
    assert explained["join"].phases == (
        "permission", "decode and validate", "unit of work", "handler", "project", "commit", "encode",
    )  # fmt: skip
    assert explained["echo"].phases == (
        "permission", "decode and validate", "unit of work", "handler, item by item", "project each item",
        "encode each item", "commit",
    )  # fmt: skip


@pytest.mark.parametrize("declare", [declare_join, declare_echo])
def test_rest_refuses_them(bench: FeedingBench, declare: Any) -> None:
    declare(bench)
    with pytest.raises(dm.DeclarationError) as caught:
        dm.App(dm.rest("open", "/open", audience="public", auth=dm.anonymous(), exposes=bench.exposes))
    error = caught.value
    (operation,) = (each.operation for each in bench.exposes)
    assert error.place == f"surface 'open', {operation.name}"
    assert (
        error.thing
        == f"its interaction is {operation.interaction}, and a REST request has one body, read before the answer"
    )
    assert error.remedy == "Expose it on a dm.rpc surface, or take a list in one message"


def test_rest_refuses_methods_that_take_streams(bench: FeedingBench) -> None:
    @bench.items.method
    async def note(found: Item, items: AsyncIterator[Named]) -> Told:
        return Told()

    with pytest.raises(dm.DeclarationError, match=r'Expose items\.without\("note"\), or take a list in one message'):
        dm.App(dm.rest("open", "/open", audience="public", auth=dm.anonymous(), exposes=[bench.items]))
