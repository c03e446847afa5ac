"""What is nobody's is refused by its head, over HTTP/1.1, though its body never ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from tried import Line, Serving, Tried, line_to, run

CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
SOON = 5.0
"""Seconds: fewer than bodies have."""

LOOPS = pytest.mark.parametrize(
    "loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)
Loops = Callable[[], asyncio.AbstractEventLoop]


async def refused(line: Line) -> None:
    """It is, soon, and the connection ends with that."""
    async with asyncio.timeout(SOON):
        answer = await line.answer()
        assert answer.status == 404
        assert b"nothing is served under this path" in answer.body
        assert answer.headers["connection"] == "close"
        assert await line.closed()


@LOOPS
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 100", b""),
        ("Content-Length: 100", b"half"),
        (CHUNKED, b""),
        (CHUNKED, b"4\r\nhalf\r\n"),
        (CHUNKED, b"0\r\nX-A: b\r\n"),
    ],
)
def test_a_body_that_never_ends_is_not_waited_for(
    framing: str, body: bytes, loop_factory: Loops, tmp_path: Path
) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/nobody", framing, method="POST", body=body)
            await refused(line)
        assert served.app.seen == ["POST /nobody"]

    run(act, Tried(tmp_path), loop_factory=loop_factory)


@pytest.mark.parametrize("framing", ["Content-Length: 5", CHUNKED])
def test_a_body_that_comes_leaves_the_connection_as_it_was(framing: str, tmp_path: Path) -> None:
    """At once, or behind its head."""
    body = b"5\r\nhello\r\n0\r\n\r\n" if framing == CHUNKED else b"hello"

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            for _ in range(2):
                answer = await line.ask("/nobody", framing, method="POST", body=body)
                assert (answer.status, "connection" in answer.headers) == (404, False)
            assert (await line.ask("/behind")).body == b"GET /behind"

    run(act, Tried(tmp_path))


@LOOPS
def test_nothing_behind_the_head_is_a_request(loop_factory: Loops, tmp_path: Path) -> None:
    """Neither what is in the body, nor what follows it."""

    async def act(served: Serving) -> None:
        for framing, body, rest in (
            (f"Content-Length: {3 * len(SMUGGLED)}", SMUGGLED, SMUGGLED * 4),
            (CHUNKED, b"%x\r\n%b\r\n" % (len(SMUGGLED), SMUGGLED), b"0\r\n\r\n" + SMUGGLED * 2),
        ):
            async with line_to(served) as line:
                line.get("/nobody", framing, method="POST", body=body)
                async with asyncio.timeout(SOON):
                    assert (await line.answer()).status == 404
                line.send(rest)
                assert await line.closed()
        assert served.app.seen == ["POST /nobody"] * 2

    run(act, Tried(tmp_path), loop_factory=loop_factory)


@LOOPS
def test_who_is_still_sending_reads_the_answer_all_the_same(loop_factory: Loops, tmp_path: Path) -> None:
    """What comes after it is dropped for a while, and not reset."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/nobody", "Content-Length: 1000000", method="POST")
            for _ in range(8):
                line.send(b"b" * 100_000)
                await line.writer.drain()
                await asyncio.sleep(0.15)
            await refused(line)

    run(act, Tried(tmp_path), loop_factory=loop_factory)


def test_who_waits_for_the_word_is_not_told_to_send(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/nobody", "Content-Length: 5", "Expect: 100-continue", method="POST")
            await refused(line)

    run(act, Tried(tmp_path))


def test_in_its_turn(tmp_path: Path) -> None:
    """Behind an answer that takes its time."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/sleep/0.8")
            line.get("/nobody", "Content-Length: 100", method="POST", body=b"half")
            assert (await line.answer()).body == b"GET /sleep/0.8"
            await refused(line)

    run(act, Tried(tmp_path))
