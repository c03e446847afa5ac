"""Streams: what a handler that yields gives its callers, what is committed, and what becomes of it when they leave."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from driving import principal, running
from handler_bench import Ask, Item, Told, logged

import dragoman as dm
from dragoman.ports.wire import ByteStream, Request, Response
from dragoman.runtime import ending
from dragoman.runtime.binding import longest_call
from dragoman.styles.rest import event_stream

KEYS = {"one": principal("ann", "one", "operator"), "few": principal("cy", "one", "operator", scopes=("items.list",))}
Event = tuple[str, Any]


class Streaming:
    """A contract whose streams a test writes, and an application on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contract = dm.Contract("bench")
        self.items = self.contract.resource(Item)
        self.exposes: list[Any] = [self.items]
        self.heartbeat = 30.0
        self.options: dict[str, Any] = {}

    def operation(self, **options: Any) -> Callable[[Any], Any]:
        """Declare and expose an operation."""

        def declare(function: Any) -> Any:
            handle = self.contract.operation(**options)(function)
            self.exposes.append(handle)
            return handle

        return declare

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        """Run a scenario against the application, compiled and plain."""
        for plain in (False, True):
            auth = dm.api_keys(fixed=KEYS)
            surface = dm.rest(
                "bench", "/v1", audience="operator", auth=auth, exposes=self.exposes, heartbeat=self.heartbeat
            )
            self.app = dm.App(surface, database=self.folder / f"{plain}.db", plain=plain, **self.options)

            async def whole() -> None:
                async with running(self.app):
                    await scenario()
                    await asyncio.sleep(0)
                    assert asyncio.all_tasks() == {asyncio.current_task()}, "no task is left behind"

            asyncio.run(whole())

    async def ask(self, path: str, query: str = "", key: str = "one", method: str = "GET", **body: Any) -> Response:
        """The answer to a request."""
        headers = {"authorization": f"Bearer {key}", "x-request-id": "r-1"}
        return await self.app.respond(
            Request(method, f"/v1{path}", query, headers, json.dumps(body).encode() if body else b"")
        )

    async def events(self, path: str, query: str = "", **more: Any) -> list[Event]:
        """All events of a stream, which must begin."""
        answer = await self.ask(path, query, **more)
        assert answer.status == 200, answer.body
        stream = streamed(answer)
        try:
            return [event async for chunk in stream for event in parsed(chunk)]
        finally:
            await stream.aclose()

    async def names(self) -> list[str]:
        """Names of the items there are."""
        return [each["name"] for each in json.loads((await self.ask("/items")).body)["items"]]


def streamed(answer: Response) -> ByteStream:
    """The stream of an answer."""
    assert answer.stream is not None, answer.body
    assert answer.body == b""
    assert dict(answer.headers)[b"content-type"] == b"text/event-stream"
    assert dict(answer.headers)[b"cache-control"] == b"no-store"
    return answer.stream


def parsed(chunk: bytes) -> Iterator[Event]:
    """The events of a chunk, as a browser reads them; comments are called so."""
    assert chunk.endswith(b"\n\n")
    for block in chunk.decode().strip().split("\n\n"):
        if block.startswith(":"):
            yield "comment", block
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        yield fields.get("event", "message"), json.loads(fields["data"])


def message(**values: Any) -> Event:
    return "message", {"lines": [], "count": 0} | values


END: Event = ("end", {})


@pytest.fixture
def bench(tmp_path: Path) -> Streaming:
    return Streaming(tmp_path)


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_each_item_is_an_event_and_end_the_last(bench: Streaming, kind: str) -> None:
    async def count(input: Ask) -> AsyncIterator[Told]:
        for number in range(input.count):
            yield Told(count=number, lines=["a\nb\r\u2028", input.what])

    def plain(input: Ask) -> Iterator[Told]:
        for number in range(input.count):
            yield Told(count=number, lines=["a\nb\r\u2028", input.what])

    bench.operation(effect="safe", name="count")(count if kind == "async" else plain)

    async def scenario() -> None:
        told = [message(count=number, lines=["a\nb\r\u2028", "é"]) for number in range(3)]
        assert await bench.events("/count", "count=3&what=%C3%A9") == [*told, END]
        assert await bench.events("/count", "count=0") == [END]

    bench.run(scenario)


def test_what_is_not_safe_is_posted(bench: Streaming) -> None:
    @bench.operation()
    async def make(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        for number in range(input.count):
            ctx.create(Item(name=f"item {number}"))
            yield Told(count=number)

    async def scenario() -> None:
        assert (await bench.ask("/make", "count=2")).status == 405
        answer = await bench.ask("/make", method="POST", count=2)
        stream = streamed(answer)
        assert [next(parsed(await stream.__anext__()))[1]["count"] for _ in range(2)] == [0, 1]
        assert await bench.names() == [], "nothing is written before the handler has ended"
        assert list(parsed(await stream.__anext__())) == [END]
        assert await bench.names() == ["item 0", "item 1"], "`end` says that it is written"
        await stream.aclose()

    bench.run(scenario)


def test_a_method_of_a_resource_streams(bench: Streaming) -> None:
    @bench.items.method(effect="safe")
    async def spell(item: Item, ctx: dm.Context) -> AsyncIterator[Told]:
        for letter in item.name:
            yield Told(lines=[letter])

    async def scenario() -> None:
        id = json.loads((await bench.ask("/items", method="POST", name="ab")).body)["id"]
        assert await bench.events(f"/items/{id}:spell") == [message(lines=["a"]), message(lines=["b"]), END]
        assert (await bench.ask(f"/items/{id[:4]}{'0' * 26}:spell")).status == 404

    bench.run(scenario)


def test_what_is_refused_at_once_is_an_ordinary_problem(bench: Streaming, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    @bench.operation(effect="safe")
    async def refuse(input: Ask) -> AsyncIterator[Told]:
        ran.append(input.what)
        if input.what == "bug":
            raise ZeroDivisionError("hidden")
        raise dm.NotFound("no such thing")
        yield Told()

    async def scenario() -> None:
        ran.clear()
        assert (await bench.ask("/refuse", "count=x")).status == 422
        assert (await bench.ask("/refuse", key="few")).status == 403
        assert (await bench.ask("/refuse", key="none")).status == 401
        assert ran == []
        answer = await bench.ask("/refuse", "what=x")
        assert (answer.status, answer.stream) == (404, None)
        answer = await bench.ask("/refuse", "what=bug")
        assert (answer.status, answer.stream) == (500, None)
        assert b"hidden" not in answer.body
        assert ran == ["x", "bug"]

    bench.run(scenario)
    assert [each["error"] for each in logged(caplog)] == ["ZeroDivisionError: hidden"] * 2


def test_a_fault_behind_the_head_is_the_last_event(bench: Streaming, caplog: pytest.LogCaptureFixture) -> None:
    @bench.operation()
    async def fail(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        ctx.create(Item(name="never"))
        yield Told()
        match input.what:
            case "fault":
                raise dm.FailedPrecondition("not today")
            case "bug":
                raise ZeroDivisionError("hidden")
            case "broken":
                yield Told(count="three")  # type: ignore[arg-type]  # what is tested
            case "cancelled":
                await asyncio.wait_for(cancelled(), 5)
            case _:
                raise TimeoutError("hidden")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def scenario() -> None:
        first, (kind, problem) = await bench.events("/fail", method="POST", what="fault")
        assert (first, kind) == (message(), "fault")
        assert problem | {"title": ""} == {
            "type": "about:blank",
            "title": "",
            "status": 409,
            "detail": "not today",
            "code": "FAILED_PRECONDITION",
            "retryable": False,
            "request_id": "r-1",
        }
        for what in ("bug", "broken", "cancelled", "timeout"):
            _, (kind, problem) = await bench.events("/fail", method="POST", what=what)
            assert (kind, problem["code"]) == ("fault", "INTERNAL"), what
            assert "hidden" not in json.dumps(problem)
        assert await bench.names() == []

    bench.run(scenario)
    assert len(logged(caplog)) == 8
    assert "an item of fail breaks its contract" in logged(caplog)[1]["error"]


def test_a_refused_commit_is_a_fault(bench: Streaming) -> None:
    @bench.operation()
    async def make(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        yield Told()
        ctx.create(Item(name="same"))

    async def scenario() -> None:
        assert (await bench.events("/make", method="POST", what="1"))[-1] == END
        _, (kind, problem) = await bench.events("/make", method="POST", what="2")
        assert (kind, problem["code"]) == ("fault", "ALREADY_EXISTS")

    bench.run(scenario)


def test_what_only_the_commit_will_know_is_not_told_before(bench: Streaming, caplog: pytest.LogCaptureFixture) -> None:
    @bench.operation()
    async def add(input: Ask, ctx: dm.Context) -> AsyncIterator[Item]:
        yield ctx.create(Item(name="new", number=dm.next("numbers")))

    async def scenario() -> None:
        assert (await bench.ask("/add", method="POST", count=1)).status == 500
        assert await bench.names() == []

    bench.run(scenario)
    assert "known only when it is committed" in logged(caplog)[0]["error"]


def test_a_safe_stream_reads_what_is_there_now(bench: Streaming) -> None:
    @bench.operation(effect="safe")
    async def watch(input: Ask, ctx: dm.Context) -> AsyncIterator[Item]:
        assert input.id is not None
        for _ in range(input.count):
            yield await ctx.get(Item, input.id)

    async def scenario() -> None:
        id = json.loads((await bench.ask("/items", method="POST", name="ab")).body)["id"]
        stream = streamed(await bench.ask("/watch", f"id={id}&count=2"))
        seen = [await stream.__anext__()]
        await bench.ask(f"/items/{id}", method="PATCH", count=7)
        seen.append(await stream.__anext__())
        assert [next(parsed(chunk))[1]["count"] for chunk in seen] == [0, 7]
        await stream.aclose()

    bench.run(scenario)


def test_nothing_is_made_that_is_not_asked_for(bench: Streaming) -> None:
    made: list[int] = []

    @bench.operation(effect="safe")
    async def count(input: Ask) -> AsyncIterator[Told]:
        for number in range(1000):
            made.append(number)
            yield Told(count=number)

    async def scenario() -> None:
        made.clear()
        stream = streamed(await bench.ask("/count"))
        for asked in range(1, 4):
            await stream.__anext__()
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(made) == asked
        await stream.aclose()
        assert len(made) == 3

    bench.run(scenario)


@pytest.mark.parametrize("where", ["at its await", "at its yield", "in silence before the first item"])
def test_who_leaves_cancels_the_handler(bench: Streaming, where: str, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []
    began: list[asyncio.Event] = []
    caplog.set_level(logging.INFO, logger="dragoman.access")

    @bench.operation()
    async def make(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        try:
            began[-1].set()
            ctx.create(Item(name="never"))
            if where != "in silence before the first item":
                yield Told()
            if where != "at its yield":
                await asyncio.Event().wait()
            yield Told()
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    async def scenario() -> None:
        ended.clear()
        began.append(asyncio.Event())
        asking = asyncio.create_task(bench.ask("/make", method="POST", what="x"))
        if where == "in silence before the first item":
            await began[-1].wait()
            asking.cancel()
            await asyncio.wait({asking})
        else:
            stream = streamed(await asking)
            await stream.__anext__()
            if where == "at its await":
                reading = asyncio.ensure_future(stream.__anext__())
                for _ in range(20):
                    await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait({reading})
            await stream.aclose()
            await stream.aclose()
        assert ended == ["GeneratorExit" if where == "at its yield" else "CancelledError"]
        assert await bench.names() == []

    bench.run(scenario)
    assert logged(caplog) == []
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
    assert [each["fault"] for each in lines if each["path"] == "/v1/make"] == ["CANCELLED"] * 2


async def stubborn(input: Ask) -> AsyncIterator[Told]:
    """Goes on when it is cancelled."""
    yield Told()
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield Told(lines=["farewell"])


@pytest.mark.parametrize("how", ["its reader leaves", "the application stops"])
def test_a_handler_that_catches_its_cancellation_makes_no_more(bench: Streaming, how: str) -> None:
    bench.operation(effect="safe")(stubborn)

    async def scenario() -> None:
        stream = streamed(await bench.ask("/stubborn"))
        await stream.__anext__()
        reading = asyncio.ensure_future(stream.__anext__())
        for _ in range(20):
            await asyncio.sleep(0)
        if how == "its reader leaves":
            reading.cancel()
            await asyncio.wait({reading})
        else:
            await asyncio.wait_for(bench.app.stop(), 5)
            ((kind, problem),) = parsed(await reading)
            assert (kind, problem["code"], problem["retry_after"]) == ("fault", "UNAVAILABLE", 1)
        await asyncio.wait_for(stream.aclose(), 5)

    bench.run(scenario)


def test_a_handler_that_catches_its_deadline_makes_no_more(bench: Streaming) -> None:
    bench.operation(effect="safe", deadline=0.05)(stubborn)

    async def scenario() -> None:
        first, (kind, problem) = await asyncio.wait_for(bench.events("/stubborn"), 5)
        assert (first, kind, problem["code"]) == (message(), "fault", "DEADLINE_EXCEEDED")

    bench.run(scenario)


def test_a_caller_whose_time_is_over_before_the_head_is_told_with_a_status(bench: Streaming) -> None:
    @bench.operation(effect="safe")
    async def silent(input: Ask) -> AsyncIterator[Told]:
        await asyncio.Event().wait()
        yield Told()

    async def scenario() -> None:
        headers = {"authorization": "Bearer one", "request-timeout": "0.05"}
        answer = await bench.app.respond(Request("GET", "/v1/silent", "", headers))
        assert (answer.status, answer.stream) == (504, None)

    bench.run(scenario)


def test_a_plain_generator_is_closed_when_its_item_is_made(bench: Streaming) -> None:
    may_go_on, closed, at_work = threading.Event(), threading.Event(), threading.Event()

    @bench.operation(effect="safe")
    def count(input: Ask) -> Iterator[Told]:
        try:
            yield Told()
            at_work.set()
            may_go_on.wait(10)
            yield Told()
        finally:
            closed.set()

    async def scenario() -> None:
        for busy in (False, True):
            may_go_on.clear()
            closed.clear()
            stream = streamed(await bench.ask("/count"))
            await stream.__anext__()
            if busy:
                at_work.clear()
                reading = asyncio.ensure_future(stream.__anext__())
                assert await asyncio.to_thread(at_work.wait, 10)
                reading.cancel()
                await asyncio.wait({reading})
            await stream.aclose()
            assert closed.is_set() is not busy
            may_go_on.set()
            assert await asyncio.to_thread(closed.wait, 10)

    bench.run(scenario)


def test_the_operations_deadline_bounds_the_stream(bench: Streaming) -> None:
    remaining: list[float | None] = []

    @bench.operation(effect="safe", deadline=0.1)
    async def slow(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        remaining.append(ctx.remaining())
        yield Told()
        await asyncio.Event().wait()

    @bench.operation(effect="safe", name="free")
    async def free(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        remaining.append(ctx.remaining())
        yield Told()

    async def scenario() -> None:
        remaining.clear()
        _, (kind, problem) = await bench.events("/slow")
        assert (kind, problem["code"]) == ("fault", "DEADLINE_EXCEEDED")
        assert (await bench.events("/free"))[-1] == END
        assert remaining[0] is not None
        assert 0 < remaining[0] <= 0.1
        assert remaining[1] is None, "the surface's deadline is none of a stream's"

    bench.run(scenario)


def test_silence_is_filled_with_heartbeats(bench: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.heartbeat = 0.01
    monkeypatch.setattr(event_stream, "HEAD_SECONDS", 0.01)
    go_on: list[asyncio.Event] = []

    @bench.operation(effect="safe")
    async def slow(input: Ask) -> AsyncIterator[Told]:
        go_on.append(asyncio.Event())
        await go_on[-1].wait()
        yield Told()

    async def scenario() -> None:
        stream = streamed(await bench.ask("/slow"))
        for _ in range(3):
            assert (await stream.__anext__()).startswith(b":")
        go_on[-1].set()
        rest = [event async for chunk in stream for event in parsed(chunk)]
        assert rest[-2:] == [message(), END]
        await stream.aclose()

    bench.run(scenario)


def test_streams_are_counted_apart(bench: Streaming) -> None:
    bench.options = {"limits": dm.Limits(streams=2, calls=1)}

    @bench.operation(effect="safe")
    async def count(input: Ask) -> AsyncIterator[Told]:
        if input.what == "refused":
            raise dm.NotFound("no")
        yield Told()
        yield Told()

    async def scenario() -> None:
        assert (await bench.ask("/count", "what=refused")).status == 404
        assert (await bench.ask("/count", "count=x")).status == 422
        held = [streamed(await bench.ask("/count")) for _ in range(2)]
        answer = await bench.ask("/count")
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "UNAVAILABLE")
        assert (await bench.ask("/items")).status == 200, "calls are not held up by streams"
        await held[0].aclose()
        assert [event async for chunk in held[1] for event in parsed(chunk)][-1] == END
        held = [streamed(await bench.ask("/count")) for _ in range(2)]
        for each in held:
            await each.aclose()

    bench.run(scenario)


def test_who_waits_for_the_head_of_a_stream_holds_no_call_up(bench: Streaming) -> None:
    bench.options = {"limits": dm.Limits(calls=1)}
    began: list[asyncio.Event] = []

    @bench.operation(effect="safe")
    async def silent(input: Ask) -> AsyncIterator[Told]:
        began[-1].set()
        await asyncio.Event().wait()
        yield Told()

    @bench.operation(effect="safe")
    async def pause(input: Ask) -> Told:
        await asyncio.sleep(0)
        return Told()

    async def scenario() -> None:
        for _ in range(2):
            began.append(asyncio.Event())
            waiting = asyncio.create_task(bench.ask("/silent"))
            await began[-1].wait()
            assert (await bench.ask("/pause")).status == 200
            waiting.cancel()
            await asyncio.wait({waiting})
            calls = await asyncio.gather(*(bench.ask("/pause") for _ in range(2)))
            assert sorted(each.status for each in calls) == [200, 503], "calls are counted as before"

    bench.run(scenario)


def test_a_server_that_stops_says_so(bench: Streaming) -> None:
    @bench.operation(effect="safe")
    async def silent(input: Ask) -> AsyncIterator[Told]:
        yield Told()
        await asyncio.Event().wait()

    async def scenario() -> None:
        stream = streamed(await bench.ask("/silent"))
        await stream.__anext__()

        async def rest() -> list[Event]:
            try:
                return [event async for chunk in stream for event in parsed(chunk)]
            finally:
                await stream.aclose()

        reading = asyncio.create_task(rest())
        for _ in range(20):
            await asyncio.sleep(0)
        ending.end(cast("asyncio.Task[None]", reading))
        ((kind, problem),) = await reading
        assert (kind, problem["code"]) == ("fault", "UNAVAILABLE")

        left = streamed(await bench.ask("/silent"))
        await left.__anext__()
        await bench.app.stop()
        ((kind, problem),) = [event async for chunk in left for event in parsed(chunk)]
        assert (kind, problem["code"]) == ("fault", "UNAVAILABLE")

    bench.run(scenario)


def test_a_stream_has_one_line_in_the_log(bench: Streaming, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dragoman.access")

    @bench.operation(effect="safe")
    async def count(input: Ask) -> AsyncIterator[Told]:
        for _ in range(input.count):
            yield Told()
        if input.what:
            raise dm.NotFound("gone")

    async def scenario() -> None:
        caplog.clear()
        for query, fault in (("count=3", None), ("count=3&what=x", "NOT_FOUND")):
            stream = streamed(await bench.ask("/count", query))
            assert not caplog.records
            size = sum([len(chunk) async for chunk in stream])
            await stream.aclose()
            (line,) = (json.loads(each.getMessage()) for each in caplog.records)
            assert (line["status"], line["bytes"], line["items"], line.get("fault")) == (200, size, 3, fault)
            assert line["operation"] == "count"
            caplog.clear()

    bench.run(scenario)


def test_http_around_a_stream(bench: Streaming) -> None:
    ran: list[str] = []

    @bench.operation(effect="safe")
    async def count(input: Ask) -> AsyncIterator[Told]:
        ran.append(input.what)
        yield Told()
        await asyncio.Event().wait()

    async def asked(method: str = "GET", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, "/v1/count", "", {"authorization": "Bearer one", **named})
        return await bench.app.respond(request)

    async def scenario() -> None:
        ran.clear()
        head = await asked("HEAD")
        await streamed(head).aclose()
        assert (await asked(accept="application/json")).status == 406
        assert ran == [], "the handler runs for neither"
        for accept in ("text/event-stream", "text/*;q=0.5", "*/*"):
            await streamed(await asked(accept=accept)).aclose()
        compressible = await asked(accept_encoding="gzip")
        assert b"content-encoding" not in dict(compressible.headers)
        await streamed(compressible).aclose()

        stream = streamed(await asked(request_timeout="0.05"))
        *_, (kind, problem) = [event async for chunk in stream for event in parsed(chunk)]
        assert (kind, problem["code"]) == ("fault", "DEADLINE_EXCEEDED"), "the caller's time bounds all of the stream"
        await stream.aclose()

    bench.run(scenario)


def test_a_stream_is_never_fresh(bench: Streaming) -> None:
    @bench.operation(effect="safe", traits=[dm.Fresh(60)])
    async def count(input: Ask) -> AsyncIterator[Told]:
        yield Told()

    with pytest.raises(dm.DeclarationError, match="it is a stream"):
        bench.run(lambda: asyncio.sleep(0))


def test_no_resource_says_when_it_was_modified_where_a_stream_may_write_for_ever(bench: Streaming) -> None:
    """What it writes is stamped with the time at which it began."""

    async def make(input: Ask, ctx: dm.Context) -> AsyncIterator[Told]:
        yield Told()

    surface = dm.rest("one", "/one", audience="public", auth=dm.anonymous(), exposes=[bench.items], deadline=20.0)
    assert longest_call(surface) == 20.0
    for deadline, longest in ((None, float("inf")), (60.0, 60.0), (1.0, 20.0)):
        contract = dm.Contract("other")
        exposes = [contract.operation(deadline=deadline)(make)]
        surface = dm.rest("two", "/two", audience="public", auth=dm.anonymous(), exposes=exposes, deadline=20.0)
        assert longest_call(surface) == longest


def test_a_stream_cannot_be_run_again() -> None:
    contract = dm.Contract("bench")

    async def count() -> AsyncIterator[Told]:
        yield Told()

    with pytest.raises(dm.DeclarationError, match="cannot be run again"):
        contract.operation(rerun=True)(count)


@pytest.mark.parametrize("heartbeat", [0, -1, float("inf"), float("nan")])
def test_a_heartbeat_is_a_number_of_seconds(bench: Streaming, heartbeat: float) -> None:
    bench.heartbeat = heartbeat
    with pytest.raises(dm.DeclarationError, match="heartbeat"):
        bench.run(lambda: asyncio.sleep(0))
