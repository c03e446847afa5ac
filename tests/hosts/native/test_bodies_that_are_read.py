"""Bodies that are read while they come, over HTTP/1.1: what follows them, what cuts them off, and what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from tried import HELD, NOT_YET, Serving, Tried, line_to, run, until

CHUNKED = "Transfer-Encoding: chunked"
LARGE = 20_000_000

LOOPS = pytest.mark.parametrize(
    "loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)
Loops = Callable[[], asyncio.AbstractEventLoop]


@LOOPS
def test_what_follows_a_body_is_the_next_request(loop_factory: Loops, tmp_path: Path) -> None:
    """In the same bytes too, and where nothing of it was read before it was complete."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            for path in ("/read", "/read/later"):
                line.get(path, "Content-Length: 5", method="POST", body=b"hello")
                line.get(path, CHUNKED, method="POST", body=b"5\r\nhello\r\n0\r\nx-t: 1\r\n\r\n")
                line.get(path)
                line.get("/behind")
                for expected in (b"5", b"5", b"0"):
                    if path == "/read/later":
                        await asyncio.sleep(0.05)
                        HELD.let_go()
                    assert (await line.answer()).body == expected
                assert (await line.answer()).body == b"GET /behind"
            assert (await line.ask("/read", "Content-Length: 0", method="POST")).body == b"0"
            assert (await line.ask("/read", CHUNKED, method="POST", body=b"0\r\n\r\n")).body == b"0"

    run(act, Tried(tmp_path), loop_factory=loop_factory)


def test_a_large_body_is_larger_than_what_is_held(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/read/later", f"Content-Length: {LARGE}", method="POST", body=b"b" * LARGE)
            await until(lambda: served.connection_of(line)._unread)
            await asyncio.sleep(0.2)
            connection = served.connection_of(line)
            assert len(connection._held) + connection._coming.size < 1_000_000
            HELD.let_go()
            assert (await line.answer()).body == b"%d" % LARGE
            assert (await line.ask("/a")).status == 200

    run(act, Tried(tmp_path))


@LOOPS
def test_what_is_not_read_ends_the_connection(loop_factory: Loops, tmp_path: Path) -> None:
    """It would be taken for a request."""

    async def act(served: Serving) -> None:
        for head, body in (("Content-Length: 1000000", b"b" * 1_000_000), (CHUNKED, b"5\r\nhello\r\n")):
            async with line_to(served) as line:
                line.get("/read/none", head, method="POST", body=body)
                answer = await line.answer()
                assert (answer.body, answer.headers["connection"]) == (b"0", "close")
                assert await line.closed()
        async with line_to(served) as line:
            assert (await line.ask("/read/none")).body == b"0"
            assert (await line.ask("/a")).status == 200, "there was nothing to read"

    run(act, Tried(tmp_path), loop_factory=loop_factory)


@LOOPS
def test_who_leaves_ends_who_reads(loop_factory: Loops, tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        for at, path in enumerate(("/read", "/read/later", "/read/back")):
            async with line_to(served) as line:
                line.get(path, "Content-Length: 10", method="POST", body=b"hello")
                await until(lambda path=path: f"POST {path}" in served.app.seen)
                await asyncio.sleep(0.02)
                assert served.connection_of(line) is not NOT_YET
            await until(lambda: not served.server.connections)
            await until(lambda: len(asyncio.all_tasks()) == 1)
            assert at == 1 or served.app.cancelled + len(served.app.faults) + served.app.ended > 0

    run(act, Tried(tmp_path), loop_factory=loop_factory)


@pytest.mark.parametrize("rest", [b"5\r\nhello\r\nnonsense\r\n", b"5;" + b"x" * 40_000 + b"\r\nhello\r\n"])
def test_what_is_no_body_is_told_to_who_reads_it(rest: bytes, tmp_path: Path) -> None:
    """That answers, or something else does; the connection ends."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/read", CHUNKED, method="POST", body=b"5\r\nhello\r\n")
            await until(lambda: "POST /read" in served.app.seen)
            line.send(rest)
            answer = await line.answer()
            assert answer.status == 400
            assert answer.headers["connection"] == "close"
            assert await line.closed()
        assert served.app.faults == ["INVALID_ARGUMENT"]

    run(act, Tried(tmp_path))


def test_a_client_may_wait_until_it_is_told_to_send(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/read", "Content-Length: 5", "Expect: 100-continue", method="POST")
            assert (await line.answer()).status == 100
            line.send(b"hello")
            assert (await line.answer()).body == b"5"

    run(act, Tried(tmp_path))


def test_both_ways(tmp_path: Path) -> None:
    """What is read goes back while more comes; who does not take it is not read."""

    async def act(served: Serving) -> None:
        async with line_to(served, buffer=16_384) as line:
            line.get("/read/back", CHUNKED, method="POST")
            for number in range(5):
                line.send(b"5\r\nhello\r\n")
                if number == 0:
                    assert (await line.head()).status == 200
                assert await line.chunk() == b"hello"
            line.send(b"%x\r\n" % LARGE, b"b" * LARGE, b"\r\n0\r\n\r\n")
            await asyncio.sleep(0.3)
            assert line.writer.transport.get_write_buffer_size() > 1_000_000
            size = 0
            while part := await line.chunk():
                size += len(part)
            assert size == LARGE
            assert (await line.ask("/a")).status == 200

    run(act, Tried(tmp_path))


def test_limits_by_path(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            answer = await line.ask("/small", "Content-Length: 10", method="POST", body=b"b" * 10)
            assert answer.body == b"POST /small " + b"b" * 10
            line.get("/small", "Content-Length: 11", method="POST")
            assert (await line.answer()).status == 413
        async with line_to(served) as line:
            line.get("/small", CHUNKED, method="POST", body=b"b\r\n" + b"b" * 11 + b"\r\n0\r\n\r\n")
            assert (await line.answer()).status == 413

    run(act, Tried(tmp_path))
