"""Mounted applications on the native host: requests and answers pass while they come, and nothing gets loose."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tried import Serving, Tried, line_to, run, until

import dragoman as dm

LIMITS = dm.Limits(
    body=1000, first_byte_seconds=1.5, head_seconds=1.5, idle_seconds=1.5, body_grace_seconds=1.5, body_rate=500_000
)
PLAIN = {"type": "http.response.start", "status": 200, "headers": []}

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Act = Callable[[Receive, Send], Awaitable[None]]


class Mounted:
    """An ASGI application that acts as a test says."""

    def __init__(self, act: Act | None = None) -> None:
        self.act = act or self.echo
        self.scopes: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.go = asyncio.Event()
        self.troubles: list[BaseException] = []
        self.ended = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("there is none")
        self.scopes.append(scope)

        async def note() -> dict[str, Any]:
            message = await receive()
            self.received.append(message)
            return message

        try:
            await self.act(note, send)
        except BaseException as error:
            self.troubles.append(error)
            raise
        finally:
            self.ended += 1

    @property
    def size(self) -> int:
        """How many bytes of bodies came."""
        return sum(len(each.get("body", b"")) for each in self.received)

    async def echo(self, receive: Receive, send: Send) -> None:
        """Each part as it comes."""
        await send(PLAIN)
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})

    async def whole(self, receive: Receive, send: Send) -> None:
        """How much it was, once all has come."""
        while (await receive()).get("more_body", False):
            pass
        await send(PLAIN)
        await send({"type": "http.response.body", "body": b"%d" % self.size})


def served_with(mounted: Mounted, folder: Path, act: Callable[[Serving], Awaitable[None]]) -> Tried:
    app = Tried(folder, dm.mount("/m", mounted), limits=LIMITS)
    run(act, app)
    return app


def test_a_mount_stands_in_its_place_in_a_pipeline(tmp_path: Path) -> None:
    mounted = Mounted()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            for _ in range(3):
                line.get("/1")
                line.get("/m/2?c=%64", "Transfer-Encoding: chunked", "X-A: 1", "x-a: 2", method="POST")
                line.send(b"3\r\nabc\r\n0\r\n\r\n")
                line.get("/m/%333", "Expect: 100-continue", "Content-Length: 2", method="PUT", body=b"de")
                line.get("/4", "Content-Length: 2", method="PUT", body=b"fg")
            for _ in range(3):
                assert (await line.answer()).body == b"GET /1"
                assert (await line.answer()).body == b"abc"
                assert (await line.answer()).status == 100
                assert (await line.answer()).body == b"de"
                assert (await line.answer()).body == b"PUT /4 fg"

    served_with(mounted, tmp_path, act)
    first, second, *_ = mounted.scopes
    assert (first["method"], first["path"], first["query_string"]) == ("POST", "/m/2", b"c=%64")
    assert dict(first["headers"]) == {b"host": b"a", b"transfer-encoding": b"chunked", b"x-a": b"1, 2"}
    assert (second["path"], second["raw_path"], second["http_version"]) == ("/m/33", b"/m/%333", "1.1")


def test_an_upload_of_bad_chunks_is_refused(tmp_path: Path) -> None:
    mounted = Mounted()
    mounted.act = mounted.whole

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/m/", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\nx\r\n")
            line.get("/smuggled")
            assert (await line.answer()).status == 400
            assert await line.closed()
            await until(lambda: mounted.ended == 1)

    app = served_with(mounted, tmp_path, act)
    assert app.seen == []


def test_who_answers_before_he_reads_is_heard(tmp_path: Path) -> None:
    """The rest of the upload is dropped, and never taken for requests."""

    async def refuse(receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"never"})

    mounted = Mounted(refuse)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/m/", "Content-Length: 5000000", method="POST")
            answer = await line.answer()
            assert (answer.status, answer.body, answer.headers["connection"]) == (403, b"never", "close")
            line.send(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" * 10_000)
            assert await line.closed()
        async with line_to(served) as line:  # where there is nothing to read, it is used again
            assert (await line.ask("/m/")).status == 403
            assert (await line.ask("/1")).body == b"GET /1"

    app = served_with(mounted, tmp_path, act)
    assert app.seen == ["GET /1"]


def test_an_answer_waits_for_who_does_not_take_it(tmp_path: Path) -> None:
    """Two tasks may send at once, and both go on."""
    made = 0

    async def stream(receive: Receive, send: Send) -> None:
        async def some() -> None:
            nonlocal made
            for _ in range(80):
                await send({"type": "http.response.body", "body": b"s" * 65_536, "more_body": True})
                made += 1

        await send(PLAIN)
        await asyncio.gather(some(), some())
        await send({"type": "http.response.body"})

    async def act(served: Serving) -> None:
        async with line_to(served, buffer=4096) as line:
            line.get("/m/")
            await until(lambda: served.connection_of(line)._paused)
            await asyncio.sleep(0.1)
            assert made < 140
            assert len((await line.answer()).body) == 160 * 65_536

    served_with(Mounted(stream), tmp_path, act)


START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body"}


@pytest.mark.parametrize(
    ("messages", "status", "body"),
    [
        ([{**START}, {**BODY, "body": b"abc"}], 200, b"abc"),
        ([{**START}, {**BODY, "body": b"a", "more_body": True}, {**BODY, "more_body": True}, BODY], 200, b"a"),
        ([{**START, "headers": [(b"Content-Length", b"3")]}, {**BODY, "body": b"abc"}], 200, b"abc"),
        ([{**START, "status": 204}, BODY], 204, b""),
        ([{**START, "status": 304, "headers": [(b"content-length", b"3")]}, BODY], 304, b""),
        ([{**START, "headers": [(b"transfer-encoding", b"chunked")]}, {**BODY, "body": b"abc"}], 200, b"abc"),
        ([{**START, "headers": [(b"connection", b"te"), (b"date", b"now")]}, {**BODY, "body": b"abc"}], 200, b"abc"),
    ],
)  # fmt: skip
def test_answers(messages: list[dict[str, Any]], status: int, body: bytes, tmp_path: Path) -> None:
    """As the application made them; how they are framed is ours to say. The connection is used again."""

    async def answer(receive: Receive, send: Send) -> None:
        for each in messages:
            await send(each)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            for _ in range(2):
                answer = await line.ask("/m/")
                assert (answer.status, answer.body) == (status, body)
                assert answer.headers["date"].endswith("GMT")
            head = await line.ask("/m/", method="HEAD")
            assert (head.status, head.body) == (status, b"")
            assert (await line.ask("/1")).body == b"GET /1"

    served_with(Mounted(answer), tmp_path, act)


@pytest.mark.parametrize(
    "messages",
    [
        [{**START, "headers": [(b"content-length", b"5")]}, {**BODY, "body": b"abc"}],
        [{**START, "headers": [(b"content-length", b"5")]}, {**BODY, "body": b"abc", "more_body": True}, BODY],
        [{**START, "headers": [(b"content-length", b"2")]}, {**BODY, "body": b"abc"}],
        [{**START, "headers": [(b"content-length", b"0")]}, {**BODY, "more_body": True}, {**BODY, "body": b"b"}],
        [{**START}, {**BODY, "body": b"abc", "more_body": True}],
    ],
    ids=["less than it says", "less in the end", "more than it says", "more in the end", "no end"],
)  # fmt: skip
def test_an_answer_that_is_not_whole_ends_the_connection(messages: list[dict[str, Any]], tmp_path: Path) -> None:
    """Nobody can take what follows for a part of it, nor what there is for the whole."""

    async def answer(receive: Receive, send: Send) -> None:
        for each in messages:
            await send(each)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/m/")
            line.get("/behind")
            await line.head()
            rest = await line.reader.read()
            assert b"HTTP/1.1" not in rest
            assert len(rest) <= len(b"3\r\nabc\r\n")

    app = served_with(Mounted(answer), tmp_path, act)
    assert app.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-a", b"b\r\nx-c: d")],
        [(b"x-a", b"b\nx-c: d")],
        [(b"x-a\r\nx-c", b"d")],
        [(b"content-length", b"three")],
        [(b"content-length", b"-3")],
        [(b"content-length", b"1, 2")],
        [(b"content-length", b"3"), (b"Content-Length", b"3")],
        [(b"x-a", b"\0")],
    ],
)
def test_headers_that_would_be_read_otherwise(headers: list[tuple[bytes, bytes]], tmp_path: Path) -> None:
    """They are never sent: the answer is an error of ours, and the log tells."""

    async def answer(receive: Receive, send: Send) -> None:
        await send({**START, "headers": headers})
        await send({**BODY, "body": b"abc"})

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            answer = await line.ask("/m/")
            assert answer.status == 500
            assert "x-c" not in answer.headers
            assert b"something went wrong here" in answer.body

    served_with(Mounted(answer), tmp_path, act)


def test_http_1_0_is_answered_to_its_end(tmp_path: Path) -> None:
    """Without chunks, so that only the end of the connection can tell."""

    async def stream(receive: Receive, send: Send) -> None:
        await send(PLAIN)
        for each in (b"a", b"b", b"c"):
            await send({**BODY, "body": each, "more_body": True})
        await send(BODY)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.send(b"POST /m/ HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc")
            answer = await line.answer()
            assert (answer.body, answer.headers["connection"]) == (b"abc", "close")
            assert "transfer-encoding" not in answer.headers

    served_with(Mounted(stream), tmp_path, act)


def test_who_leaves_is_told_of(tmp_path: Path) -> None:
    async def listen(receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass
        with pytest.raises(OSError, match="gone"):
            await send(PLAIN)

    mounted = Mounted(listen)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/m/")
            line.get("/behind")
            await until(lambda: len(mounted.received) == 1)
        await until(lambda: mounted.ended == 1)

    app = served_with(mounted, tmp_path, act)
    assert mounted.received[-1] == {"type": "http.disconnect"}
    assert mounted.troubles == []
    assert app.seen == []


def test_who_leaves_is_no_bug_of_an_application_that_only_sends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It learns of it by an exception, which it may let pass."""

    async def send_on(receive: Receive, send: Send) -> None:
        await send(PLAIN)
        while True:
            await send({**BODY, "body": b"more", "more_body": True})
            await asyncio.sleep(0)

    mounted = Mounted(send_on)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/m/")
            await line.head()
        await until(lambda: mounted.ended == 1)

    with caplog.at_level("INFO", "dragoman"):
        served_with(mounted, tmp_path, act)
    assert [str(each) for each in mounted.troubles] == ["the client is gone"]
    (line,) = [each for each in caplog.records if each.name.startswith("dragoman.") and "/m" in each.getMessage()]
    assert '"fault":"CANCELLED"' in line.getMessage()


class Told(logging.Handler):
    """What is logged, as text: a record would keep its error, and so the task that nobody asked how it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("leaves", [False, True])
def test_an_application_that_fails_is_told_of_once(
    begins: bool, leaves: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log for errors, whether anybody still waits for the answer or not; and nowhere else."""

    class Failing:
        """It keeps no word of its failure, as the other would."""

        begun = 0

        async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                raise RuntimeError("there is none")
            if begins:
                await send(PLAIN)
                await send({**BODY, "body": b"abc", "more_body": True})
            self.begun += 1
            if leaves:
                await until(lambda: not served.server.connections)
            raise ZeroDivisionError

    failing = Failing()
    served: Any = None

    async def act(serving: Serving) -> None:
        nonlocal served
        served = serving
        async with line_to(served) as line:
            line.get("/m/")
            await until(lambda: failing.begun == 1)
            if not leaves:
                assert (await line.head()).status == (200 if begins else 500)
        await until(lambda: not served.server._beside)

    told = Told()
    log = logging.getLogger("dragoman.error")
    monkeypatch.setattr(log, "handlers", [told])
    monkeypatch.setattr(log, "propagate", False)
    run(act, Tried(tmp_path, dm.mount("/m", failing), limits=LIMITS))
    assert ["ZeroDivisionError" in each for each in told.lines] == [True]


def test_an_upgrade_to_something_else_is_a_request(tmp_path: Path) -> None:
    mounted = Mounted()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            answer = await line.ask("/m/", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 2", body=b"ab")
            assert answer.body == b"ab"
            assert (await line.ask("/1")).body == b"GET /1"

    served_with(mounted, tmp_path, act)
    assert mounted.scopes[0]["type"] == "http"


def test_what_a_mount_does_afterwards_hinders_nobody(tmp_path: Path) -> None:
    """It goes on behind its answer, and the connection serves the next."""

    async def go_on(receive: Receive, send: Send) -> None:
        await mounted.whole(receive, send)
        await mounted.go.wait()

    mounted = Mounted(go_on)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            for _ in range(3):
                assert (await line.ask("/m/")).body == b"0"
            assert (await line.ask("/1")).body == b"GET /1"
            assert mounted.ended == 0
            mounted.go.set()
            await until(lambda: mounted.ended == 3)

    served_with(mounted, tmp_path, act)


# What has to be waited for, all at once: each scene has a mount of its own.

Scene = Callable[[Mounted, str], Callable[[Serving], Awaitable[None]]]
SCENES: list[Scene] = []


def scene(act: Scene) -> Scene:
    SCENES.append(act)
    return act


@scene
def an_upload_waits_for_who_does_not_read_it(mounted: Mounted, path: str) -> Callable[[Serving], Awaitable[None]]:
    """It may be larger than the limit of our own bodies; it is not held, and not late while nobody reads it."""

    async def read_late(receive: Receive, send: Send) -> None:
        await mounted.go.wait()
        await mounted.whole(receive, send)

    mounted.act = read_late

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get(path, "Content-Length: 20000000", method="POST", body=b"b" * 20_000_000)
            await asyncio.sleep(3)
            connection = served.connection_of(line)
            assert connection._unread
            assert len(connection._held) < 1024 * 1024
            mounted.go.set()
            assert (await line.answer()).body == b"20000000"
            assert (await line.ask("/1")).body == b"GET /1"

    return act


@scene
def answers_may_take_their_time(mounted: Mounted, path: str) -> Callable[[Serving], Awaitable[None]]:
    """Longer than all limits are: behind a first request, a second, and an upload."""

    async def answer_late(receive: Receive, send: Send) -> None:
        await asyncio.sleep(3)
        await mounted.whole(receive, send)

    mounted.act = answer_late

    async def act(served: Serving) -> None:
        async with line_to(served) as first, line_to(served) as second, line_to(served) as third:
            assert (await second.ask("/1")).status == 200
            first.get(path)
            second.get(path)
            third.get(path, "Content-Length: 2", method="POST", body=b"ab")
            assert [(await each.answer()).status for each in (first, second, third)] == [200] * 3
            assert (await first.ask("/1")).body == b"GET /1"

    return act


@scene
def an_upload_that_stops_is_late(mounted: Mounted, path: str) -> Callable[[Serving], Awaitable[None]]:
    """And the application is told that it is over."""

    async def read(receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass

    mounted.act = read

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get(path, "Content-Length: 10", method="POST", body=b"half")
            assert (await line.answer()).status == 408
            assert await line.closed()
            await until(lambda: mounted.ended == 1)
        assert mounted.received[-1] == {"type": "http.disconnect"}

    return act


@scene
def an_upload_that_stops_behind_the_answer_ends_it(mounted: Mounted, path: str) -> Callable[[Serving], Awaitable[None]]:
    async def begin(receive: Receive, send: Send) -> None:
        await send(PLAIN)
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] == "http.request":
            pass

    mounted.act = begin

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get(path, "Content-Length: 10", method="POST", body=b"half")
            assert (await line.head()).status == 200
            assert await line.chunk() == b"begun"
            assert await line.closed()
            await until(lambda: mounted.ended == 1)
        assert mounted.received[-1] == {"type": "http.disconnect"}

    return act


@scene
def a_large_answer_before_the_upload_is_complete(mounted: Mounted, path: str) -> Callable[[Serving], Awaitable[None]]:
    """All of it arrives, though it takes longer than a connection lingers."""
    size = 30_000_000

    async def answer(receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"s" * size})

    mounted.act = answer

    async def act(served: Serving) -> None:
        async with line_to(served, buffer=16_384) as line:
            line.get(path, "Content-Length: 5", method="POST")
            await line.head()
            received = 0
            while received < size:
                part = await line.reader.read(4_000_000)
                assert part, f"cut off after {received} bytes"
                received += len(part)
                await asyncio.sleep(4 * len(part) / size)

    return act


@pytest.mark.slow
def test_times(tmp_path: Path) -> None:
    scenes = {f"/{each.__name__}": (Mounted(), each) for each in SCENES}
    app = Tried(tmp_path, *(dm.mount(path, mounted) for path, (mounted, _) in scenes.items()), limits=LIMITS)

    async def act(served: Serving) -> None:
        acts = [play(mounted, f"{path}/")(served) for path, (mounted, play) in scenes.items()]
        results = await asyncio.gather(*acts, return_exceptions=True)
        failed = {path: result for path, result in zip(scenes, results, strict=True) if result is not None}
        for error in failed.values():
            if isinstance(error, BaseException):
                raise AssertionError(", ".join(failed)) from error

    run(act, app)
