"""Every bound of dm.Limits holds, and hinders nobody who keeps within it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import uvloop
from framed import peer_to
from tried import HELD, Line, Serving, Tried, line_to, run, until

import dragoman as dm

SHORT = dm.Limits(
    first_byte_seconds=1.5, head_seconds=1.5, idle_seconds=1.5, body_grace_seconds=1.5, body_rate=200, stall_seconds=1.5
)
"""Times that a test can wait for. They are kept by a clock of half seconds."""


# Sizes; how large exactly is in the corpus


@pytest.mark.parametrize(
    ("limits", "head", "status", "reason"),
    [
        (dm.Limits(target=10), "GET /12345678901 HTTP/1.1\r\nHost: a", 414, "TARGET_TOO_LONG"),
        (dm.Limits(headers=3), "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nA: 2\r\nA: 3", 431, "HEADERS_TOO_LARGE"),
        (dm.Limits(head=100), f"GET / HTTP/1.1\r\nHost: a\r\nA: {'a' * 100}", 431, "HEADERS_TOO_LARGE"),
        (dm.Limits(body=10), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11", 413, "CONTENT_TOO_LARGE"),
    ],
)
def test_sizes(limits: dm.Limits, head: str, status: int, reason: str, tmp_path: Path) -> None:
    """What is larger is refused with a problem that names the reason, and the connection ends."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.send(head.encode() + b"\r\n\r\n")
            answer = await line.answer()
            assert (answer.status, answer.reason()) == (status, reason)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["connection"] == "close"
            assert await line.closed()

    run(act, Tried(tmp_path, limits=limits))


def test_defaults_take_what_browsers_send(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            target = "/" + "t" * 8000
            answer = await line.ask(target, *(f"X-{number}: {'v' * 200}" for number in range(90)))
            assert answer.status == 200
            answer = await line.ask("/a", "Content-Length: 4000000", method="POST", body=b"b" * 4_000_000)
            assert answer.body == b"POST /a " + b"b" * 4_000_000

    run(act, Tried(tmp_path))


# Numbers


def test_connections(tmp_path: Path) -> None:
    """Those beyond the limit are told to come again, and closed; those within it go on; who leaves makes room."""

    async def act(served: Serving) -> None:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(line_to(served)) for _ in range(3)]
            await until(lambda: len(served.server.connections) == 3)
            async with line_to(served) as late:
                late.get("/late")
                answer = await late.answer()
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert await late.closed()
            for line in lines:
                assert (await line.ask("/a")).status == 200
            lines[0].writer.close()
            await until(lambda: len(served.server.connections) == 2)
            async with line_to(served) as line:
                assert (await line.ask("/a")).status == 200
        assert "GET /late" not in served.app.seen

    run(act, Tried(tmp_path, limits=dm.Limits(connections=3)))


@pytest.mark.parametrize("loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_the_system_looks_whether_peers_are_there(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path
) -> None:
    """Whatever they speak; where there is no network, there is nothing to look for."""
    expected = {"SO_KEEPALIVE": 1, "TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}

    async def act(served: Serving) -> None:
        async with line_to(served) as line, peer_to(served) as peer:
            assert (await line.ask("/a")).status == (await peer.get("/a")).status == 200
            found: list[Any] = [*served.server.connections]
            assert {type(each).__name__ for each in found} == {"Connection", "Http2Connection"}
            for each in found:
                there = each._transport.get_extra_info("socket")
                for name, value in expected.items():
                    level = socket.SOL_SOCKET if name == "SO_KEEPALIVE" else socket.IPPROTO_TCP
                    if hasattr(socket, name):
                        assert bool(there.getsockopt(level, getattr(socket, name))), name
                        assert value in (1, there.getsockopt(level, getattr(socket, name))), name
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "here"))
            listener.listen()
            await served.server.listen([listener])
            assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0

    run(act, Tried(tmp_path), loop_factory=loop_factory)


def test_calls(tmp_path: Path) -> None:
    """What is beyond the limit is told to come again; health is answered all the while; idle connections count not."""

    async def act(served: Serving) -> None:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(line_to(served)) for _ in range(20)]
            for line in lines[:2]:
                line.get("/calls/hold")
            await until(lambda: HELD.waiting == 2)
            answer = await lines[2].ask("/calls/hold")
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert json.loads(answer.body)["code"] == "UNAVAILABLE"
            for path in ("/healthz", "/readyz"):
                assert (await lines[2].ask(path)).status == 200
            HELD.let_go()
            assert [(await line.answer()).status for line in lines[:2]] == [200, 200]
            lines[2].get("/calls/hold")
            await until(lambda: HELD.waiting == 1)
            HELD.let_go()
            assert (await lines[2].answer()).status == 200

    run(act, Tried(tmp_path, limits=dm.Limits(calls=2)))


def test_streams_are_counted_apart(tmp_path: Path) -> None:
    """They take no place of a call, and have a limit of their own."""

    async def act(served: Serving) -> None:
        async with AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(line_to(served)) for _ in range(3)]
            for line in streams:
                line.get("/calls/watch")
                assert (await line.head()).status == 200
                assert await line.chunk()
            line = await stack.enter_async_context(line_to(served))
            answer = await line.ask("/calls/watch")
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            line.get("/calls/hold")
            await until(lambda: HELD.waiting == 4)
            HELD.let_go()
            assert (await line.answer()).status == 200
            for each in streams:
                while await each.chunk():
                    pass

    run(act, Tried(tmp_path, limits=dm.Limits(calls=1, streams=3)))


# Times. All are waited for at once: each in a connection of its own.

Scenario = Callable[[Serving], Awaitable[None]]
SCENARIOS: list[Scenario] = []


def scenario(act: Scenario) -> Scenario:
    SCENARIOS.append(act)
    return act


async def slowly(line: Line, data: bytes, seconds: float) -> None:
    """Send bytes in even pieces over a time."""
    steps = round(seconds / 0.05)
    size = -(-len(data) // steps)
    for at in range(0, len(data), size):
        line.send(data[at : at + size])
        await asyncio.sleep(0.05)


@scenario
async def who_says_nothing_is_left(served: Serving) -> None:
    async with line_to(served) as line:
        assert await line.closed()


@scenario
async def who_says_nothing_more_is_left(served: Serving) -> None:
    async with line_to(served) as line:
        assert (await line.ask("/a")).status == 200
        assert await line.closed()


@scenario
async def who_asks_again_and_again_is_kept(served: Serving) -> None:
    async with line_to(served) as line:
        for _ in range(10):
            await asyncio.sleep(0.3)
            assert (await line.ask("/a")).status == 200


@scenario
async def half_a_head_is_told_that_it_is_late(served: Serving) -> None:
    async with line_to(served) as line:
        line.send(b"GET /late HTTP/1.1\r\nHost: a\r\n")
        answer = await line.answer()
        assert (answer.status, answer.reason()) == (408, "REQUEST_TIMEOUT")
        assert await line.closed()


@scenario
async def half_a_body_is_told_that_it_is_late(served: Serving) -> None:
    async with line_to(served) as line:
        line.get("/late", "Content-Length: 10", method="POST", body=b"half")
        answer = await line.answer()
        assert (answer.status, answer.reason()) == (408, "REQUEST_TIMEOUT")
        assert await line.closed()


@scenario
async def half_a_body_behind_a_head_that_is_known_is_told_that_it_is_late(served: Serving) -> None:
    """And told so as the request that it is part of, not as the one before."""
    async with line_to(served) as line:
        line.get("/a", "Content-Length: 4", method="POST", body=b"full")
        assert (await line.answer()).body == b"POST /a full"
        line.get("/late", "Content-Length: 10", method="POST", body=b"half")
        answer = await line.answer()
        assert (answer.status, answer.reason()) == (408, "REQUEST_TIMEOUT")
        assert await line.closed()


@scenario
async def a_body_that_is_too_slow_is_late(served: Serving) -> None:
    async with line_to(served) as line:
        line.get("/late", "Content-Length: 1000", method="POST")
        sending = asyncio.ensure_future(slowly(line, b"b" * 900, 10))
        assert (await line.answer()).status == 408
        sending.cancel()


@scenario
async def a_body_that_is_fast_enough_may_take_its_time(served: Serving) -> None:
    async with line_to(served) as line:
        line.get("/large", "Content-Length: 4000", method="POST")
        await slowly(line, b"b" * 4000, 3)
        assert (await line.answer()).body == b"POST /large " + b"b" * 4000


@scenario
async def chunks_that_are_fast_enough_may_take_their_time(served: Serving) -> None:
    async with line_to(served) as line:
        line.get("/chunks", "Transfer-Encoding: chunked", method="POST")
        await slowly(line, b"1\r\nb\r\n" * 2000, 3)
        line.send(b"0\r\n\r\n")
        assert (await line.answer()).body == b"POST /chunks " + b"b" * 2000


@scenario
async def a_call_may_take_longer_than_all_of_them(served: Serving) -> None:
    async with line_to(served) as line:
        line.get("/sleep/3")
        answer = await line.answer()
        assert (answer.status, answer.body) == (200, b"GET /sleep/3")


@scenario
async def half_a_head_behind_a_slow_call_is_not_late(served: Serving) -> None:
    """That nobody reads the rest of it is not its client's fault."""
    async with line_to(served) as line:
        line.send(b"GET /sleep/3 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /behind HTTP/1.1\r\nHo")
        await asyncio.sleep(2.5)
        line.send(b"st: a\r\n\r\n")
        assert [(await line.answer()).body for _ in range(2)] == [b"GET /sleep/3", b"GET /behind"]


@scenario
async def half_a_body_behind_a_slow_call_is_not_late(served: Serving) -> None:
    async with line_to(served) as line:
        line.send(b"GET /sleep/3 HTTP/1.1\r\nHost: a\r\n\r\n")
        line.get("/behind", "Content-Length: 8", method="POST", body=b"half")
        await asyncio.sleep(2.5)
        line.send(b"half")
        assert [(await line.answer()).body for _ in range(2)] == [b"GET /sleep/3", b"POST /behind halfhalf"]


@scenario
async def half_a_head_behind_slow_calls_is_late_at_last(served: Serving) -> None:
    async with line_to(served) as line:
        line.send(b"GET /sleep/0.1 HTTP/1.1\r\nHost: a\r\n\r\n" * 2, b"GET /late HTTP/1.1\r\n")
        assert [(await line.answer()).status for _ in range(3)] == [200, 200, 408]


@scenario
async def who_takes_nothing_of_a_large_answer_is_left(served: Serving) -> None:
    """Nor does what he asked behind it come to be."""
    async with line_to(served, buffer=4096) as line:
        line.get("/size/20000000")
        line.get("/late")
        await until(lambda: "GET /size/20000000" in served.app.seen)
        connection = served.connection_of(line)
        await until(lambda: connection not in served.server.connections)


@scenario
async def who_takes_nothing_of_a_stream_is_left(served: Serving) -> None:
    """No more of it is made than the sockets hold, and it is ended."""
    async with line_to(served, buffer=4096) as line:
        line.get("/stream/100000")
        await until(lambda: served.app.ended == 1)
        assert 0 < served.app.made < 1000


async def take_slowly(served: Serving, ending: str) -> None:
    async with line_to(served, buffer=16_384) as line:
        line.get("/size/16000000", f"Connection: {ending}")
        if ending != "close":
            line.get("/next")
        await line.head()
        received = 0
        while received < 16_000_000:
            part = await line.reader.read(min(4_000_000, 16_000_000 - received))
            assert part, f"cut off after {received} bytes"
            received += len(part)
            await asyncio.sleep(4 * len(part) / 16_000_000)
        if ending != "close":
            assert (await line.answer()).body == b"GET /next"


@scenario
async def who_takes_an_answer_slowly_gets_all_of_it(served: Serving) -> None:
    """And the next: that he is idle meanwhile is no fault of his."""
    await take_slowly(served, "keep-alive")


@scenario
async def who_takes_a_last_answer_slowly_gets_all_of_it(served: Serving) -> None:
    await take_slowly(served, "close")


@pytest.mark.slow
def test_times(tmp_path: Path) -> None:
    app = Tried(tmp_path, limits=SHORT)

    async def act(served: Serving) -> None:
        results = await asyncio.gather(*(each(served) for each in SCENARIOS), return_exceptions=True)
        failed = {each.__name__: result for each, result in zip(SCENARIOS, results, strict=True) if result is not None}
        for error in failed.values():
            if isinstance(error, BaseException):
                raise AssertionError(", ".join(failed)) from error

    run(act, app)
    assert "GET /late" not in app.seen
    assert "POST /late" not in app.seen
