"""Requests that come before the answers to those in front: in order, in bounds, and in nobody's way."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path

import pytest
from tried import HELD, Serving, Tried, line_to, run, until

import dragoman as dm

MANY = 5_000
HELD_MOST = 1024 * 1024
"""More bytes than may ever wait for one connection."""


def requests(*targets: str) -> bytes:
    return b"".join(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % target.encode() for target in targets)


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "in time"])
def test_thousands_at_once_are_answered_in_order(slow: bool, tmp_path: Path) -> None:
    """And whoever asks meanwhile does not wait for all of them."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line, line_to(served) as other:
            assert (await other.ask("/before")).status == 200
            line.send(requests(*(f"/{number}" for number in range(MANY))))
            other.get("/other")
            for number in range(MANY):
                assert (await line.answer()).body == b"GET /%d" % number
            assert (await other.answer()).body == b"GET /other"
        assert served.app.seen.index("GET /other") < 1000

    run(act, Tried(tmp_path, slow=slow))


def test_no_more_is_answered_than_is_taken(tmp_path: Path) -> None:
    """A client that does not read its answers is asked for patience, not for memory."""

    async def act(served: Serving) -> None:
        async with line_to(served, buffer=4096) as line:
            line.send(requests(*["/size/100000"] * 1000))
            await until(lambda: served.connection_of(line)._paused)
            await asyncio.sleep(0.1)
            assert len(served.app.seen) < 200, "the buffers of two sockets hold a few megabytes"
            for _ in range(1000):
                assert len((await line.answer()).body) == 100_000

    run(act, Tried(tmp_path))


def test_what_waits_behind_a_call_is_bounded(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/never")
            await until(lambda: "GET /never" in served.app.seen)
            connection = served.connection_of(line)
            line.send(requests("/behind") * 1_000_000)
            await until(lambda: connection._unread)
            await asyncio.sleep(0.2)
            assert len(connection._held) < HELD_MOST
            assert line.writer.transport.get_write_buffer_size() > 10_000_000
        # It is not read any more, so nobody notices that its client is gone; time ends it at last, and here the test.
        assert "GET /behind" not in served.app.seen

    run(act, Tried(tmp_path))


def test_small_chunks_take_no_more_memory_than_they_hold(tmp_path: Path) -> None:
    size = 300_000

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/chunks", "Transfer-Encoding: chunked", method="POST")
            tracemalloc.start()
            try:
                for _ in range(10):
                    line.send(b"2\r\nab\r\n" * (size // 20))
                    await line.writer.drain()
                line.send(b"0\r\n\r\n")
                assert len((await line.answer()).body) == size + len("POST /chunks ")
                assert tracemalloc.get_traced_memory()[1] < 10 * size
            finally:
                tracemalloc.stop()

    run(act, Tried(tmp_path))


def test_an_idle_connection_keeps_nothing_of_its_requests(tmp_path: Path) -> None:
    size = 4_000_000

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            assert (await line.ask("/size/1")).status == 200
            tracemalloc.start()
            try:
                for framing, body in (
                    (f"Content-Length: {size}", b"b" * size),
                    ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"b" * size)),
                ):
                    before = tracemalloc.get_traced_memory()[0]
                    answer = await line.ask("/size/1", framing, f"X-Large: {'a' * 20_000}", method="POST", body=body)
                    assert answer.status == 200
                    assert tracemalloc.get_traced_memory()[0] - before < 300_000
            finally:
                tracemalloc.stop()

    run(act, Tried(tmp_path))


def test_streams_keep_their_place(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.send(requests("/1", "/stream/3", "/stream/0", "/4"))
            assert (await line.answer()).body == b"GET /1"
            assert (await line.answer()).body == b"s" * 3 * 65_536
            assert (await line.answer()).body == b""
            assert (await line.answer()).body == b"GET /4"

    run(act, Tried(tmp_path))


@pytest.mark.parametrize("target", ["/never", "/stream/1000000"])
def test_who_leaves_ends_what_he_waits_for(target: str, tmp_path: Path) -> None:
    """And nothing that he asked behind it is begun."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.send(requests(target, "/behind"))
            await until(lambda: f"GET {target}" in served.app.seen)
        await until(lambda: served.app.cancelled + served.app.ended == 1)
        await until(lambda: not served.server.connections)
        assert "GET /behind" not in served.app.seen

    run(act, Tried(tmp_path))


@pytest.mark.parametrize("before", [(), ("/1",), ("/slow",)])
@pytest.mark.parametrize("target", ["/calls/watch", "/stream/1000000"])
def test_no_stream_is_left_of_who_leaves_at_any_moment(before: tuple[str, ...], target: str, tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        for turns in range(20):
            ours, connection = await served.connect()
            ours.send(requests(*before, target))
            while not connection.received:  # noqa: ASYNC110
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            connection.abort()
            await until(lambda: not served.server.connections)
            await until(lambda: not len(served.app._streams))
            ours.close()
        assert not HELD.waiting

    run(act, Tried(tmp_path))


def test_what_is_refused_is_not_taken_for_the_request_before_it(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        for nonsense in (b"\r\n\r\n\r\n", b"\r\nGET", b"\x16\x03\x01"):
            async with line_to(served) as line:
                line.get("/1", "X-Request-Id: first", method="HEAD")
                assert (await line.answer(head_only=True)).status == 200
                line.send(nonsense + b" / HTTP/1.1\r\nHost: a, b\r\n\r\n")
                answer = await line.answer()
                assert answer.status >= 400
                assert b'"code"' in answer.body
                assert answer.headers["x-request-id"] != "first"

    run(act, Tried(tmp_path))


def test_a_body_that_is_refused_ends_a_pipeline(tmp_path: Path) -> None:
    """Its rest is read for a while, so that the answer is not lost, and never taken for requests."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.send(requests("/1"))
            line.get("/2", "Content-Length: 10000000", method="POST", body=requests("/3") * 100_000)
            assert (await line.answer()).status == 200
            assert (await line.answer()).status == 413
            assert await line.closed()
        assert served.app.seen == ["GET /1"]

    run(act, Tried(tmp_path, limits=dm.Limits(body=1000)))


def test_the_same_head_again_has_a_body_of_its_own(tmp_path: Path) -> None:
    """However long that is, and in however many pieces it comes; and no more of it is taken than of the first."""

    def post(target: str, body: bytes, *more: str) -> bytes:
        lines = [f"POST {target} HTTP/1.1", "Host: a", *more, f"Content-Length: {len(body)}", "Accept: b"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    bodies = [b"one", b"three", b"", b"0" * 900, requests("/none"), b"last"]
    sent = b"".join(post(f"/{at}?a", body) for at, body in enumerate(bodies)) + requests("/get")
    expected = [*(b"POST /%d?a " % at + body for at, body in enumerate(bodies)), b"GET /get"]

    async def act(served: Serving) -> None:
        for size in (len(sent), 1, 7, 100):
            async with line_to(served) as line:
                for at in range(0, len(sent), size):
                    line.send(sent[at : at + size])
                    await asyncio.sleep(0)
                for each in expected:
                    assert (await line.answer()).body.strip() == each.strip()
        async with line_to(served) as line:
            line.send(post("/1", b"small") + post("/2", b"b" * 1001, "Accept-Language: c") + requests("/3"))
            assert (await line.answer()).status == 200
            assert (await line.answer()).status == 413
            assert await line.closed()
        async with line_to(served) as line:
            line.send(post("/1", b"small") + post("/2", b"b" * 1001) + requests("/3"))
            assert (await line.answer()).status == 200
            assert (await line.answer()).status == 413
            assert await line.closed()

    run(act, Tried(tmp_path, limits=dm.Limits(body=1000)))
