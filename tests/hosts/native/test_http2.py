"""HTTP/2 on the native host: bodies both ways, time that runs out, the server's end, and what is mounted."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
from framed import (
    ACK,
    CANCEL,
    NO_ERROR,
    PREFACE,
    Peer,
    Type,
    frame,
    peer_to,
    reset,
    setting,
    window,
)
from tried import HELD, Serving, Tried, line_to, run, running, until

import dragoman as dm
from dragoman.hosts.native.http2 import Http2Connection

SHORT = dm.Limits(
    first_byte_seconds=1.5, head_seconds=1.5, idle_seconds=1.5, body_grace_seconds=1.5, body_rate=200, stall_seconds=1.5
)
"""Times that a test can wait for. They are kept by a clock of half seconds."""

LOOPS = pytest.mark.parametrize(
    "loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)
Loops = Callable[[], asyncio.AbstractEventLoop]


def http2_of(served: Serving) -> list[Http2Connection]:
    """The connections that speak it."""
    return [each for each in served.server.connections if isinstance(each, Http2Connection)]


# Answers and bodies


@LOOPS
def test_answers(loop_factory: Loops, tmp_path: Path) -> None:
    """Whole ones and streams, with and without content, with trailers, large ones, at the same time."""

    async def act(served: Serving) -> None:
        async with peer_to(served, settings=setting(4, 2**30)) as peer:
            peer.line.send(window(2**30))
            answer = await peer.get("/a", ("x-a", "1"))
            assert (answer.status, answer.body) == (200, b"GET /a [x-a: 1]")
            assert answer.headers["content-length"] == "15"
            assert answer.headers["date"].endswith(" GMT")
            answer = await peer.get("/size/5000000")
            assert len(answer.body) == 5_000_000
            answer = await peer.get("/stream/40")
            assert len(answer.body) == 40 * 65_536
            assert "content-length" not in answer.headers
            answer = await peer.get("/trailers")
            assert (answer.body, answer.trailers) == (b"body", {"x-told": "later"})
            answer = await peer.get("/size/5", method="HEAD")
            assert (answer.body, answer.headers["content-length"]) == (b"", "5")
            answer = await peer.get("/stream/5", method="HEAD")
            assert answer.body == b""
            streams = [peer.ask("/slow") for _ in range(100)]
            assert {(await peer.answer(each)).body for each in streams} == {b"GET /slow"}
            assert (await peer.get("/a", method="POST", body=b"b" * 60_000)).body == b"POST /a " + b"b" * 60_000
        assert served.app.made == served.app.ended * 40 or served.app.made == 40

    run(act, Tried(tmp_path), loop_factory=loop_factory)


@LOOPS
def test_bodies_that_are_read(loop_factory: Loops, tmp_path: Path) -> None:
    """They pass in both directions while they come; who breaks one off ends who reads it."""

    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            stream = peer.ask("/read", method="POST", body=b"b" * 60_000)
            assert (await peer.answer(stream)).body == b"60000"
            peer.line.send(peer.head("/read", method="POST", end=False))
            await peer.upload(peer.last, b"u" * 3_000_000)
            peer.line.send(peer.data())
            assert (await peer.answer(peer.last)).body == b"3000000"
            peer.line.send(peer.head("/read/back", method="POST", end=False))
            for number in range(1, 4):
                peer.line.send(peer.data(b"hello", end=False))
                await peer.until(lambda number=number: peer.body == b"hello" * number)
            peer.line.send(reset(peer.last))
            await until(lambda: served.app.ended == 1)
            peer.line.send(peer.head("/read", method="POST", end=False))
            await until(lambda: served.app.seen.count("POST /read") == 3)
            peer.line.send(reset(peer.last))
            await until(lambda: served.app.cancelled + len(served.app.faults) == 1)
            peer.line.send(peer.head("/read", method="POST", end=False), peer.data(b"u" * 1000, end=False))
            assert (await peer.get()).status == 200
        await until(lambda: served.app.cancelled + len(served.app.faults) == 2)

    run(act, Tried(tmp_path), loop_factory=loop_factory)


def test_a_body_waits_at_its_window(tmp_path: Path) -> None:
    """The peer may send as much as the window has, and more once it was read."""

    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            peer.line.send(peer.head("/read/later", method="POST", end=False))
            sending = asyncio.ensure_future(peer.upload(peer.last, b"u" * 1_000_000))
            await asyncio.sleep(0.3)
            assert not sending.done()
            ((body,),) = ([each.body for each in connection._streams] for connection in http2_of(served))
            assert body is not None
            assert body.size == 256 * 1024
            HELD.let_go()
            await sending
            peer.line.send(peer.data())
            assert (await peer.answer(peer.last)).body == b"1000000"

    run(act, Tried(tmp_path))


def test_an_answer_that_cannot_be_sent_is_told_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Unfit(Tried):
        async def respond(self, request: dm.Request) -> dm.Response:  # type: ignore[name-defined]
            response = await super().respond(request)
            response.headers = [*response.headers, (b"x-a", b"1\r\nx-b: 2")]
            return response

    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            assert (await peer.get()).status == 500
            assert (await peer.get("/trailers")).status == 500

    run(act, Unfit(tmp_path))
    assert "could not be sent" in caplog.text


# Mounts


class Mounted:
    """An application that echoes bodies as they come, or hangs until it is told that the client is gone."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.gone = 0

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("there is none")
        self.scopes.append(scope)
        if scope["path"] == "/m/hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.gone += 1
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"connection", b"x")]})
        if scope["path"] == "/m/large":
            for _ in range(50):
                await send({"type": "http.response.body", "body": b"l" * 100_000, "more_body": True})
        if scope["path"] == "/m/short":
            return
        more = scope["path"] == "/m/echo"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        await send({"type": "http.response.body", "body": b"."})


@LOOPS
def test_mounts(loop_factory: Loops, tmp_path: Path) -> None:
    mounted = Mounted()

    async def act(served: Serving) -> None:
        async with peer_to(served, settings=setting(4, 2**30)) as peer:
            peer.line.send(window(2**30))
            answer = await peer.get("/m/plain?a=b")
            assert (answer.body, answer.headers["x-a"], answer.headers["content-length"]) == (b".", "1", "1")
            assert "connection" not in answer.headers
            assert mounted.scopes[-1]["http_version"] == "2"
            assert (mounted.scopes[-1]["path"], mounted.scopes[-1]["query_string"]) == ("/m/plain", b"a=b")
            assert (b"host", b"a") in mounted.scopes[-1]["headers"]
            assert (await peer.get("/m/plain", method="HEAD")).body == b""
            peer.line.send(peer.head("/m/echo", method="POST", end=False), peer.data(b"one", end=False))
            stream = peer.last
            await peer.until(lambda: peer.body == b"one")
            await peer.upload(stream, b"u" * 1_000_000)
            peer.answers.pop(stream, None)
            peer.line.send(peer.data(b"", stream=stream))
            assert (await peer.answer(stream)).ended
            assert len((await peer.get("/m/large")).body) == 5_000_001
            assert (await peer.get("/m/short")).reset is not None
            for _ in range(20):
                peer.line.send(peer.head("/m/hang"))
                peer.line.send(reset(peer.last))
            await until(lambda: mounted.gone == 20)
            peer.line.send(peer.head("/m/hang"), peer.head("/m/hang", method="POST", end=False))
            await until(lambda: len(mounted.scopes) == 27)
        await until(lambda: mounted.gone == 22)

    run(act, Tried(tmp_path, dm.mount("/m", mounted)), loop_factory=loop_factory)


# The server's end


def farewells(peer: Peer) -> list[int]:
    """The last streams that were named in farewells so far."""
    return [int.from_bytes(each.payload[:4], "big") for each in peer.others if each.type == Type.GOAWAY]


def test_the_end(tmp_path: Path) -> None:
    """The peer is told; what is under way, and on its way, is answered; then the connection ends."""

    async def act(served: Serving) -> None:
        async with peer_to(served) as peer, peer_to(served) as idle:
            held = peer.ask("/calls/hold")
            assert (await idle.get()).status == 200
            await until(lambda: HELD.waiting == 1)
            finishing = asyncio.ensure_future(served.server.finish(20, quiet=1))
            await peer.until(lambda: bool(farewells(peer)))
            assert farewells(peer) == [2**31 - 1]
            late = peer.ask("/late")
            assert (await peer.answer(late)).status == 200
            ping = next(each for each in peer.others if each.type == Type.PING)
            peer.line.send(frame(Type.PING, ping.payload, flags=ACK))
            await peer.until(lambda: len(farewells(peer)) == 2)
            assert farewells(peer) == [2**31 - 1, late]
            peer.ask("/never")
            async with peer_to(served) as new:
                assert (await new.get()).status == 200
                assert farewells(new) == [2**31 - 1]
            assert await idle.farewell() == NO_ERROR
            assert not finishing.done()
            HELD.let_go()
            assert (await peer.answer(held)).status == 200
            assert await peer.farewell() == NO_ERROR
            await finishing
        assert "GET /never" not in served.app.seen

    run(act, Tried(tmp_path))


def test_what_takes_too_long_is_answered_unavailable(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            held, watched = peer.ask("/calls/hold"), peer.ask("/calls/watch")
            await until(lambda: HELD.waiting == 2)
            served.server.end()
            answer = await peer.answer(held)
            assert (answer.status, json.loads(answer.body)["code"]) == (503, "UNAVAILABLE")
            await peer.answer(watched)
            await until(lambda: HELD.waiting == 0)

    run(act, Tried(tmp_path))


def test_more_connections_than_are_taken(tmp_path: Path) -> None:
    """They are told that nothing was served on them."""

    async def act(served: Serving) -> None:
        async with peer_to(served) as first, peer_to(served) as second:
            assert [(await each.get()).status for each in (first, second)] == [200, 200]
            async with line_to(served) as line:
                line.get("/late")
                assert (await line.answer()).status == 503
            first.line.writer.close()
            await until(lambda: len(served.server.connections) == 1)
            async with peer_to(served) as third:
                assert (await third.get()).status == 200

    run(act, Tried(tmp_path, limits=dm.Limits(connections=2)))


@LOOPS
def test_nothing_is_left(loop_factory: Loops, tmp_path: Path) -> None:
    """Of connections that were left, without the collector."""

    def said(peer: Peer) -> list[bytes]:
        return [
            b"",
            frame(Type.HEADERS, b"\xff" * 20, flags=5, stream=1),
            peer.head("/a"),
            Peer(peer.line).head("/never"),
            Peer(peer.line).head("/stream/1000"),
            Peer(peer.line).head("/calls/watch"),
            Peer(peer.line).head("/size/1000000"),
            Peer(peer.line).head("/a", method="POST", end=False),
            Peer(peer.line).head("/read", method="POST", end=False),
            Peer(peer.line).head("/read/back", method="POST", end=False) + frame(0, b"x", stream=1),
            Peer(peer.line).head("/m/echo", method="POST", end=False) + frame(0, b"x", stream=1),
            Peer(peer.line).head("/m/hang"),
        ]

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            count = len(said(Peer(line)))
        await until(lambda: not served.server.connections)
        found = [weakref.ref(await came(served, at)) for at in range(count)]
        left: list[int] = []
        for _ in range(500):
            left = [at for at, each in enumerate(found) if each() is not None]
            if not left:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"connections are left: {left}")

    async def came(served: Serving, at: int) -> Any:
        async with peer_to(served) as peer:
            peer.line.send(said(peer)[at])
            await until(lambda: bool(http2_of(served)))
            await asyncio.sleep(0.05)
            (connection,) = http2_of(served)
        await until(lambda: not served.server.connections)
        return connection

    gc.collect()
    gc.disable()
    try:
        run(act, Tried(tmp_path, dm.mount("/m", Mounted())), loop_factory=loop_factory)
    finally:
        gc.enable()


# Time


async def who_says_nothing_is_left(served: Serving) -> None:
    async with line_to(served) as line:
        assert await line.closed()


async def who_says_half_of_the_preface_is_left(served: Serving) -> None:
    async with line_to(served) as line:
        line.send(PREFACE[:20])
        assert await line.closed()


async def who_says_the_preface_alone_is_left(served: Serving) -> None:
    async with line_to(served) as line:
        line.send(PREFACE)
        assert await Peer(line).farewell() == NO_ERROR


async def who_says_half_a_head_is_left(served: Serving) -> None:
    async with peer_to(served) as peer:
        peer.line.send(peer.head("/late")[:-3])
        await asyncio.wait_for(peer.line.reader.read(), 5)


async def who_is_idle_is_left(served: Serving) -> None:
    """Pings make nobody less idle."""
    async with peer_to(served) as peer:
        assert (await peer.get()).status == 200

        async def ping() -> None:
            while not peer.over:
                peer.line.send(frame(Type.PING, b"12345678"))
                await asyncio.sleep(0.1)

        pinging = asyncio.ensure_future(ping())
        async with asyncio.timeout(5):
            assert await peer.farewell() == NO_ERROR
        await pinging


async def who_asks_now_and_then_is_not_left(served: Serving) -> None:
    async with peer_to(served) as peer:
        for _ in range(4):
            assert (await peer.get()).status == 200
            await asyncio.sleep(0.9)
        assert (await peer.get("/sleep/3")).status == 200


async def who_sends_too_slowly_is_told(served: Serving) -> None:
    """And the others on the connection go on."""
    async with peer_to(served) as peer:
        other = peer.ask("/sleep/5")
        peer.line.send(peer.head("/late", method="POST", end=False), peer.data(b"b", end=False))
        assert (await peer.answer(peer.last)).status == 408
        assert (await peer.answer(other)).status == 200


async def who_sends_fast_enough_is_heard(served: Serving) -> None:
    async with peer_to(served) as peer:
        peer.line.send(peer.head("/size/1", method="POST", end=False))
        for _ in range(8):
            peer.line.send(peer.data(b"b" * 200, end=False))
            await asyncio.sleep(0.5)
        peer.line.send(peer.data())
        assert (await peer.answer(peer.last)).status == 200


async def a_body_that_is_read_may_be_silent(served: Serving) -> None:
    async with peer_to(served) as peer, line_to(served) as line:
        peer.line.send(peer.head("/read", method="POST", end=False))
        line.get("/read", "Transfer-Encoding: chunked", method="POST")
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await peer.farewell()
        assert any(each.type == Type.PING for each in peer.others)
        peer.line.send(peer.data(b"late"))
        line.send(b"4\r\nlate\r\n0\r\n\r\n")
        assert (await peer.answer(peer.last)).body == b"4"
        assert (await line.answer()).body == b"4"
        assert (await line.ask("/a")).status == 200


async def who_vanishes_is_left(served: Serving) -> None:
    """Who does not answer a ping is not there any more, whatever it has open."""
    async with peer_to(served) as peer:
        peer.answers_pings = False
        peer.line.send(peer.head("/read", method="POST", end=False))
        ended = asyncio.ensure_future(peer.farewell())
        async with asyncio.timeout(8):
            await ended
        assert [each.payload for each in peer.others if each.type == Type.PING] == [b"dragoman"]


async def who_takes_nothing_of_an_answer_loses_its_stream(served: Serving) -> None:
    """Where the windows say so, and bytes are taken all the while."""
    async with peer_to(served, settings=setting(4, 1000)) as peer:
        answers = [peer.ask("/size/5000"), peer.ask("/stream/10"), peer.ask("/m/large")]
        other = peer.ask("/sleep/5")
        for each in answers:
            answer = await peer.answer(each)
            assert (len(answer.body), answer.reset) == (1000, CANCEL)
        peer.line.send(window(1000, other))
        assert (await peer.answer(other)).status == 200


async def who_takes_nothing_at_all_is_left(served: Serving) -> None:
    async with peer_to(served, settings=setting(4, 2**30), buffer=4096) as peer:
        peer.line.send(window(2**30), peer.head("/size/20000000"), peer.head("/stream/1000"))
        ended = served.app.ended
        await until(lambda: served.app.ended == ended + 1)


async def who_takes_an_answer_slowly_gets_all_of_it(served: Serving) -> None:
    async with peer_to(served) as peer:
        stream, received = peer.ask("/size/400000"), 0
        while not peer.answers.get(stream) or not peer.answers[stream].ended:
            await peer.read()
            size = len(peer.answers[stream].body) if stream in peer.answers else 0
            if size - received >= 32_768:
                await asyncio.sleep(0.4)
                peer.line.send(window(size - received), window(size - received, stream))
                received = size
        assert len(peer.answers[stream].body) == 400_000


SCENARIOS = (
    who_says_nothing_is_left,
    who_says_half_of_the_preface_is_left,
    who_says_the_preface_alone_is_left,
    who_says_half_a_head_is_left,
    who_is_idle_is_left,
    who_asks_now_and_then_is_not_left,
    who_sends_too_slowly_is_told,
    who_sends_fast_enough_is_heard,
    a_body_that_is_read_may_be_silent,
    who_vanishes_is_left,
    who_takes_nothing_of_an_answer_loses_its_stream,
    who_takes_nothing_at_all_is_left,
    who_takes_an_answer_slowly_gets_all_of_it,
)


@pytest.mark.slow
def test_times(tmp_path: Path) -> None:
    app = Tried(tmp_path, dm.mount("/m", Mounted()), limits=SHORT)

    async def act(served: Serving) -> None:
        results = await asyncio.gather(*(each(served) for each in SCENARIOS), return_exceptions=True)
        failed = {each.__name__: result for each, result in zip(SCENARIOS, results, strict=True) if result is not None}
        for error in failed.values():
            if isinstance(error, BaseException):
                raise AssertionError(", ".join(failed)) from error

    run(act, app)
    assert "GET /late" not in app.seen
    assert "POST /late" not in app.seen


# curl


def test_curl(tmp_path: Path) -> None:
    """A client that we did not write."""

    def curl(*words: str) -> bytes:
        command = ["curl", "--silent", "--show-error", "--max-time", "20", "--http2-prior-knowledge", *words]
        return subprocess.run(command, check=True, capture_output=True).stdout

    large = tmp_path / "large"
    large.write_bytes(b"u" * 3_000_000)
    with running(Tried(tmp_path, dm.mount("/m", Mounted()))) as server:
        assert curl(f"{server.url}/a?b=c") == b"GET /a?b=c"
        told = "%{http_version} %{size_download}"
        assert curl("--output", "/dev/null", "--write-out", told, f"{server.url}/size/9000000") == b"2 9000000"
        assert curl("--upload-file", str(large), f"{server.url}/read") == b"3000000"
        assert curl("--upload-file", str(large), f"{server.url}/m/echo") == large.read_bytes() + b"."
        assert len(curl("--header", "expect: 100-continue", "--upload-file", str(large), f"{server.url}/a")) > 3_000_000
        assert b"x-told: later" in curl("--include", f"{server.url}/trailers")
        assert curl("--head", f"{server.url}/size/10").startswith(b"HTTP/2 200")
        assert len(curl(f"{server.url}/stream/20")) == 20 * 65_536
