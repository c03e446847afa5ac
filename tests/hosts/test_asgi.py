"""The ASGI host against an application that only records what it is given."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault
from dragoman.hosts.asgi import AsgiHost
from dragoman.hosts.asgi.paths import path_as_sent
from dragoman.hosts.asgi.presence import Arriving, Kept, Message
from dragoman.ports.limits import Limits
from dragoman.ports.store import StoreError
from dragoman.ports.wire import Request, Response
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http import problem
from dragoman.styles.rpc.ways.framing import HEAD, frame, messages

Messages = list[dict[str, Any]]


class Recorder:
    """An application that remembers each request and answers with what it is told to."""

    mounts = ()
    bodies: Mapping[str, int | None] = {}

    def __init__(self, *, max_body: int = 100, listening: str = "127.0.0.1") -> None:
        self.limits = Limits(body=max_body)
        self.listening = listening
        self.requests: list[Request] = []
        self.answer = Response(200, [(b"content-type", b"text/plain")], b"hello")
        self.handle: Callable[[Request], Awaitable[Response]] | None = None
        self.failure: Exception | None = None
        self.starts = self.stops = 0

    async def start(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.starts += 1

    async def stop(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.stops += 1

    async def respond(self, request: Request) -> Response:
        self.requests.append(request)
        return self.answer if self.handle is None else await self.handle(request)

    def refuse(self, fault: Fault, request: Request, exchange: Exchange) -> Response:
        response = problem.respond(fault, request_id=exchange.request_id)
        response.headers = [*response.headers, (b"access-control-allow-origin", b"*")]
        return response

    def check_listening(self, host: str) -> None:
        if host != self.listening:
            raise DeclarationError("listening", "not there", "Listen elsewhere")


def scope(path: str = "/", **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("203.0.113.9", 1234),
        "server": ("127.0.0.1", 8000),
    } | more


async def call(host: AsgiHost, scope: dict[str, Any], *messages: dict[str, Any]) -> Messages:
    """Run one ASGI connection. The server sends ``messages``; receiving more than those is an error."""
    incoming, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await host(scope, receive, send)
    return sent


def exchange(app: Recorder, scope: dict[str, Any], *messages: dict[str, Any]) -> Messages:
    return asyncio.run(call(AsgiHost(app), scope, *(messages or [body(b"")])))


def body(part: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": part, "more_body": more}


def headers(message: dict[str, Any]) -> dict[bytes, bytes]:
    return dict(message["headers"])


def test_a_request_becomes_a_record() -> None:
    app = Recorder()
    exchange(
        app,
        scope(
            "/v1/caf\u00e9 x",
            raw_path=b"/v1/caf%C3%A9%20x",
            method="POST",
            query_string=b"a=%20&b",
            headers=[
                (b"accept", b"text/plain"),
                (b"x-one", b"caf\xe9"),
                (b"accept", b"text/html"),
                (b"cookie", b"a=1"),
                (b"cookie", b"b=2"),
            ],
        ),
        body(b"hel", more=True),
        body(b"lo"),
    )
    request = app.requests[0]
    assert (request.method, request.path, request.query) == ("POST", "/v1/caf%C3%A9%20x", "a=%20&b")
    assert request.headers == {"accept": "text/plain, text/html", "x-one": "caf\u00e9", "cookie": "a=1; b=2"}
    assert (request.body, request.peer, request.version) == (b"hello", "203.0.113.9", "1.1")


def test_a_response_has_its_length() -> None:
    start, end = exchange(Recorder(), scope())
    assert start == {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
    }
    assert end == {"type": "http.response.body", "body": b"hello"}


def test_head_has_the_length_of_a_get_and_no_body() -> None:
    start, end = exchange(Recorder(), scope(method="HEAD"))
    assert headers(start)[b"content-length"] == b"5"
    assert end["body"] == b""


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_no_length(status: int) -> None:
    app = Recorder()
    app.answer = Response(status)
    assert b"content-length" not in headers(exchange(app, scope())[0])


@pytest.mark.parametrize(
    ("stated", "messages"),
    [
        (None, [body(b"x" * 101)]),
        (None, [body(b"x" * 60, more=True), body(b"x" * 60, more=True)]),
        (b"101", []),
        (b"9" * 400, []),
    ],
)
def test_a_body_that_is_too_large_is_refused_without_reading_on(stated: bytes | None, messages: Messages) -> None:
    app = Recorder(max_body=100)
    given = [] if stated is None else [(b"content-length", stated)]
    start, end = asyncio.run(call(AsgiHost(app), scope(method="POST", headers=given), *messages))
    assert start["status"] == 413
    assert headers(start)[b"connection"] == b"close"
    problem = json.loads(end["body"])
    assert (problem["status"], problem["code"]) == (413, "INVALID_ARGUMENT")
    assert "100 bytes" in problem["detail"]
    assert headers(start)[b"x-request-id"].decode() == problem["request_id"]
    assert app.requests == []


def test_http_2_has_no_connection_header() -> None:
    start, _ = exchange(Recorder(max_body=1), scope(http_version="2"), body(b"xx"))
    assert start["status"] == 413
    assert b"connection" not in headers(start)


def test_a_body_of_just_the_limit_is_read() -> None:
    app = Recorder(max_body=4)
    exchange(app, scope(headers=[(b"content-length", b"4")]), body(b"ab", more=True), body(b"cd"))
    assert app.requests[0].body == b"abcd"


@pytest.mark.parametrize("first", [[], [body(b"par", more=True)]])
def test_a_client_that_goes_away_while_it_sends_is_dropped(first: Messages) -> None:
    app = Recorder()
    assert exchange(app, scope(), *first, {"type": "http.disconnect"}) == []
    assert app.requests == []


def test_a_cancelled_request_cancels_the_application() -> None:
    app = Recorder()
    ended = []

    async def handle(request: Request) -> Response:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(True)
            raise
        raise AssertionError

    async def run() -> None:
        app.handle = handle
        task = asyncio.create_task(call(AsgiHost(app), scope(), body(b"")))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert ended == [True]


@pytest.mark.parametrize(
    ("path", "raw", "root", "expected"),
    [
        ("/a b", b"/a%20b", "", "/a%20b"),
        ("/a b/\u00e9", None, "", "/a%20b/%C3%A9"),
        ("/orders/o:cancel", None, "", "/orders/o:cancel"),
        ("/a", b"/a?b=c", "", "/a"),
        ("/api/v1", b"/api/v1", "/api", "/v1"),
        ("/api/v1", b"/api/v1", "/api/", "/v1"),
        ("/api", b"/api", "/api", "/"),
        ("/api/", b"/api/", "/api", "/"),
        ("/apix/v1", b"/apix/v1", "/api", "/apix/v1"),
        ("/v1", b"/v1", "/api", "/v1"),
        ("/my api/v1", b"/my%20api/v1", "/my api", "/v1"),
        ("/my api/a/b", b"/my%20api%2Fa/b", "/my api/a", "/b"),
        ("/my api", b"/my%20api", "/my api", "/"),
        ("/api/a/b", b"/api/a%2Fb", "/api", "/a%2Fb"),
        ("/my apix/v1", b"/my%20apix/v1", "/my api", "/my%20apix/v1"),
        ("/my api/a", b"/my%20api/a", "/my api/a/b", "/my%20api/a"),
        ("//api/v1", b"//api/v1", "/api", "//api/v1"),
        ("/caf\u00e9/v1", b"/caf%C3%A9/v1", "/caf\u00e9", "/v1"),
        ("*", b"*", "/api", "*"),
    ],
)
def test_paths(path: str, raw: bytes | None, root: str, expected: str) -> None:
    assert path_as_sent(path, raw, root) == expected


@pytest.mark.parametrize("root", ["/api", "/A" * 3000 + "/B"])
def test_a_long_path_is_looked_at_once(root: str) -> None:
    raw = "/%41" * 20_000
    before = time.process_time()
    assert path_as_sent("", raw.encode(), root) == raw
    assert time.process_time() - before < 1


def test_a_server_with_lifespan_starts_and_stops_it() -> None:
    app = Recorder()

    async def run() -> None:
        host = AsgiHost(app)
        sent = await call(host, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
        assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    asyncio.run(run())
    assert (app.starts, app.stops) == (1, 1)


def test_a_failing_start_is_told_in_one_line() -> None:
    app = Recorder()
    app.failure = StoreError("shop.db is a directory: name a file")
    sent = exchange(app, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert sent == [{"type": "lifespan.startup.failed", "message": "shop.db is a directory: name a file"}]


def test_a_bug_in_the_start_is_told_with_its_traceback() -> None:
    app = Recorder()
    app.failure = KeyError("x")
    (message,) = exchange(app, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert message["message"].startswith("Traceback")
    assert message["message"].endswith("KeyError: 'x'")


def test_a_failing_stop_is_told() -> None:
    async def run() -> None:
        app = Recorder()
        host = AsgiHost(app)
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        sent: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.create_task(host({"type": "lifespan"}, incoming.get, sent.put))
        await incoming.put({"type": "lifespan.startup"})
        assert (await sent.get())["type"] == "lifespan.startup.complete"
        app.failure = StoreError("the disk is gone")
        await incoming.put({"type": "lifespan.shutdown"})
        assert await sent.get() == {"type": "lifespan.shutdown.failed", "message": "the disk is gone"}
        await task

    asyncio.run(run())


def test_without_lifespan_the_first_requests_start_it_once() -> None:
    app = Recorder()

    async def run() -> None:
        host = AsgiHost(app)
        transport = httpx.ASGITransport(host)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(*(client.get("/x") for _ in range(20)))
        assert {each.text for each in answers} == {"hello"}

    asyncio.run(run())
    assert app.starts == 1


def test_without_lifespan_each_event_loop_starts_it() -> None:
    app = Recorder()
    host = AsgiHost(app)
    for _ in range(3):
        asyncio.run(call(host, scope(), body(b"")))
    assert app.starts == 3


def test_without_lifespan_a_failing_start_is_refused_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Recorder()
    app.failure = StoreError("shop.db is a directory")
    host = AsgiHost(app)
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr("dragoman.hosts.asgi.late.RETRY_SECONDS", 3600.0)

    async def status() -> int:
        start, end = await call(host, scope(), body(b""))
        if start["status"] == 503:
            assert json.loads(end["body"])["detail"] == "the application could not be started"
        return int(start["status"])

    async def run() -> None:
        assert await asyncio.gather(status(), status(), status()) == [503] * 3
        assert len(caplog.messages) == 1, "it is tried once, and not by each"
        assert "could not be started by its first request" in caplog.messages[0]
        assert "shop.db is a directory" in caplog.messages[0]
        app.failure = None
        assert await status() == 503, "not yet"
        monkeypatch.setattr("dragoman.hosts.asgi.late.RETRY_SECONDS", 0.0)
        assert await status() == 200

    asyncio.run(run())
    assert app.requests
    assert "FastAPI(lifespan=app.lifespan)" in caplog.messages[-1]


def test_a_websocket_is_closed() -> None:
    async def run() -> None:
        sent = await call(AsgiHost(Recorder()), {"type": "websocket"}, {"type": "websocket.connect"})
        assert sent[0]["type"] == "websocket.close"
        assert sent[0]["code"] == 1008

    asyncio.run(run())


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(RuntimeError, match="'quic'"):
        exchange(Recorder(), {"type": "quic"})


def test_where_it_may_not_be_reached_it_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    app = Recorder(listening="127.0.0.1")

    async def run() -> None:
        host = AsgiHost(app)
        for _ in range(2):
            start, end = await call(host, scope(server=("192.0.2.1", 80)), body(b""))
            assert start["status"] == 503
            assert json.loads(end["body"])["retryable"] is False
        for server in (("127.0.0.1", 80), ("testserver", 80), ("/run/app.sock", None), None):
            assert (await call(host, scope(server=server), body(b"")))[0]["status"] == 200

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert len(app.requests) == 4
    assert caplog.messages == ["listening: not there. Listen elsewhere"]


def test_what_the_host_refuses_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dragoman.access"):
        exchange(Recorder(max_body=1), scope("/v1/orders", method="POST"), body(b"xx"))
    line = json.loads(caplog.messages[-1])
    assert (line["status"], line["path"], line["fault"]) == (413, "/v1/orders", "INVALID_ARGUMENT")


def test_what_is_under_way_is_answered_when_the_server_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    async def never(request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> tuple[Messages, Messages]:
        app = Recorder()
        app.handle = never
        host = AsgiHost(app)
        sent: tuple[Messages, Messages] = ([], [])

        async def stalled() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def whole() -> dict[str, Any]:
            return body(b"")

        async def first(message: Any) -> None:
            sent[0].append(dict(message))

        async def second(message: Any) -> None:
            sent[1].append(dict(message))

        running = [
            asyncio.create_task(host(scope(method="POST"), stalled, first)),
            asyncio.create_task(host(scope("/v1"), whole, second)),
        ]
        await asyncio.sleep(0.01)
        host.end_requests()
        await asyncio.gather(*running)
        return sent

    with caplog.at_level(logging.INFO, "dragoman.access"):
        for start, end in asyncio.run(run()):
            assert start["status"] == 503
            assert headers(start)[b"connection"] == b"close"
            assert json.loads(end["body"])["detail"] == "the server is stopping; try again"
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
    assert [(line["status"], line["fault"]) for line in lines] == [(503, "UNAVAILABLE")] * 2


def test_a_request_that_anyone_else_cancels_is_cancelled() -> None:
    async def run() -> None:
        app = Recorder()

        async def never(request: Request) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

        app.handle = never
        task = asyncio.create_task(call(AsgiHost(app), scope(), body(b"")))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


# Bodies that are read while they come


def test_what_is_kept_of_all_bodies_is_bounded() -> None:
    """Sixty-four messages of the largest size are, and small ones beside them; what is over counts no more."""
    most = 32_768

    async def take(kept: Kept, data: bytes, *, all_came: asyncio.Event) -> str:
        async def receive() -> Message:
            if not came:
                came.append(data)
                return {"type": "http.request", "body": data, "more_body": True}
            if len(came) > 1:
                await asyncio.Event().wait()
            await all_came.wait()
            came.append(b"")
            return {"type": "http.request", "body": b"", "more_body": False}

        came: list[bytes] = []
        async with Arriving(receive, kept) as arriving:
            try:
                return f"{len([each async for each in messages(arriving, most, coded=False)])} messages"
            except Fault as fault:
                return fault.code.name

    async def run() -> None:
        kept, all_came = Kept(), asyncio.Event()
        large, small = HEAD.pack(0, most) + b"m" * (most - 5), frame(b"small")
        for _ in range(2):
            taking = [asyncio.create_task(take(kept, large, all_came=all_came)) for _ in range(64)]
            await asyncio.sleep(0.05)
            assert kept.size == 64 * most
            assert await take(kept, large, all_came=all_came) == "UNAVAILABLE"
            taking.append(asyncio.create_task(take(kept, small, all_came=all_came)))
            await asyncio.sleep(0.05)
            all_came.set()
            assert await asyncio.gather(*taking) == ["INVALID_ARGUMENT"] * 64 + ["1 messages"]
            assert kept.size == 0
            all_came.clear()

    asyncio.run(run())


# Streams


class Chunks:
    """A stream that is silent behind its first chunks, and remembers whether it was closed."""

    def __init__(self, chunks: list[bytes], *, silent: bool) -> None:
        self.chunks = chunks
        self.silent = silent
        self.asked = self.closed = 0

    def __aiter__(self) -> "Chunks":
        return self

    async def __anext__(self) -> bytes:
        self.asked += 1
        if self.chunks:
            return self.chunks.pop(0)
        if self.silent:
            await asyncio.Event().wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed += 1


def stream_of(app: Recorder, *chunks: bytes, silent: bool = False) -> Chunks:
    stream = Chunks([*chunks], silent=silent)
    app.answer = Response(200, [(b"content-type", b"text/event-stream")], stream=stream)
    return stream


class Client:
    """The other side of one ASGI connection, whose client can leave."""

    def __init__(self) -> None:
        self.sent: Messages = []
        self.left = asyncio.Event()
        self.heard = asyncio.Event()
        self.asked = False
        self.failure: Exception | None = None

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.failure is not None and message["type"] == "http.response.body":
            raise self.failure
        self.sent.append(dict(message))
        if message["type"] == "http.response.body":
            self.heard.set()


def chunk(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


def in_loop(scenario: Callable[[Recorder, AsgiHost, Client], Awaitable[None]]) -> None:
    async def whole() -> None:
        app = Recorder()
        await scenario(app, AsgiHost(app), Client())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())


def test_a_stream_is_sent_chunk_by_chunk_without_a_length() -> None:
    async def scenario(app: Recorder, host: AsgiHost, client: Client) -> None:
        stream = stream_of(app, b"one", b"two")
        await host(scope(), client.receive, client.send)
        head = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        assert client.sent == [head, chunk(b"one"), chunk(b"two"), {"type": "http.response.body", "body": b""}]
        assert stream.closed == 1

    in_loop(scenario)


def test_head_reads_nothing_of_a_stream() -> None:
    async def scenario(app: Recorder, host: AsgiHost, client: Client) -> None:
        stream = stream_of(app, b"one")
        await host(scope(method="HEAD"), client.receive, client.send)
        assert [each["type"] for each in client.sent] == ["http.response.start", "http.response.body"]
        assert client.sent[0]["headers"] == [(b"content-type", b"text/event-stream")]
        assert (stream.asked, stream.closed) == (0, 1)

    in_loop(scenario)


def test_a_client_that_leaves_is_noticed_while_a_stream_is_silent() -> None:
    async def scenario(app: Recorder, host: AsgiHost, client: Client) -> None:
        stream = stream_of(app, b"one", silent=True)
        serving = asyncio.create_task(host(scope(), client.receive, client.send))
        await client.heard.wait()
        client.left.set()
        await asyncio.wait_for(serving, 5)
        assert stream.closed == 1
        assert client.sent[-1] == chunk(b"one"), "nothing is sent to who is gone"

    in_loop(scenario)


@pytest.mark.parametrize("failure", [OSError("gone"), ZeroDivisionError()])
def test_a_stream_is_closed_when_it_cannot_be_sent(failure: Exception) -> None:
    async def scenario(app: Recorder, host: AsgiHost, client: Client) -> None:
        stream, client.failure = stream_of(app, b"one", silent=True), failure
        serving = asyncio.create_task(host(scope(), client.receive, client.send))
        (answered,) = await asyncio.gather(serving, return_exceptions=True)
        assert answered is (None if isinstance(failure, OSError) else failure)
        assert stream.closed == 1

    in_loop(scenario)


def test_a_server_that_cancels_a_request_closes_its_stream() -> None:
    async def scenario(app: Recorder, host: AsgiHost, client: Client) -> None:
        stream = stream_of(app, b"one", silent=True)
        serving = asyncio.create_task(host(scope(), client.receive, client.send))
        await client.heard.wait()
        serving.cancel()
        await asyncio.wait({serving})
        assert serving.cancelled()
        assert stream.closed == 1

    in_loop(scenario)
