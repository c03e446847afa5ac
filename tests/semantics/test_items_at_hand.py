"""Streams of RPC: items that a handler has at hand leave together, and none waits for another that takes time."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from driving import running

import dragoman as dm
from dragoman.ports.wire import ByteStream, Request
from dragoman.runtime import streaming

END = 2


class Number(dm.Struct):
    value: int
    text: str = ""


Handler = Callable[[], AsyncIterator[Number]]


async def streamed(handler: Handler, effect: Any, scenario: Callable[[ByteStream], Awaitable[None]]) -> None:
    """Run a scenario on the answer of a handler."""
    contract = dm.Contract("numbers")
    count = contract.operation(effect=effect, name="count")(handler)
    app = dm.App(dm.rpc("numbers", "/api", audience="internal", auth=dm.anonymous(), exposes=[count], lock=None))
    async with running(app):
        body = struct.pack(">BI", 0, 2) + b"{}"
        headers = {"content-type": "application/connect+json"}
        answer = await app.respond(Request("POST", "/numbers.v1.NumbersService/Count", "", headers, body))
        assert answer.stream is not None, answer.body
        try:
            await scenario(answer.stream)
        finally:
            await answer.stream.aclose()


def messages(chunk: bytes) -> list[tuple[int, Any]]:
    """The messages of a chunk, which holds whole ones, each with its flags."""
    found, at = [], 0
    while at < len(chunk):
        flags, size = struct.unpack_from(">BI", chunk, at)
        found.append((flags, json.loads(chunk[at + 5 : at + 5 + size])))
        at += 5 + size
    assert at == len(chunk)
    return found


def counting(text: str = "") -> tuple[Handler, list[int]]:
    """A handler that counts, and what it has made."""
    made: list[int] = []

    async def count() -> AsyncIterator[Number]:
        for value in range(1000):
            made.append(value)
            yield Number(value=value, text=text)

    return count, made


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is long."""
    monkeypatch.setattr(streaming, "AHEAD_SECONDS", 3600.0)


@pytest.mark.usefixtures("unhurried")
def test_items_at_hand_leave_together() -> None:
    async def count() -> AsyncIterator[Number]:
        for value in range(5000):
            yield Number(value=value)

    async def scenario(stream: ByteStream) -> None:
        chunks = [chunk async for chunk in stream]
        found = [each for chunk in chunks for each in messages(chunk)]
        assert [int(told["value"]) for flags, told in found if flags != END] == list(range(5000))
        assert found[-1] == (END, {})
        assert len(chunks) < 50
        assert max(map(len, chunks)) < streaming.AHEAD_BYTES + 100, "so much is held, and no more"

    asyncio.run(streamed(count, "safe", scenario))


@pytest.mark.usefixtures("unhurried")
def test_an_item_does_not_wait_for_one_that_takes_time() -> None:
    async def run() -> None:
        going_on = asyncio.Event()

        async def count() -> AsyncIterator[Number]:
            yield Number(value=1)
            yield Number(value=2)
            await going_on.wait()
            yield Number(value=3)

        async def scenario(stream: ByteStream) -> None:
            first = messages(await asyncio.wait_for(stream.__anext__(), 5))
            assert [told.get("value") for _, told in first] == ["1", "2"]
            going_on.set()
            rest = [each async for chunk in stream for each in messages(chunk)]
            assert [told.get("value") for _, told in rest] == ["3", None]

        await streamed(count, "safe", scenario)

    asyncio.run(run())


def test_items_that_take_long_to_make_are_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "AHEAD_SECONDS", 0.0)
    count, made = counting()

    async def scenario(stream: ByteStream) -> None:
        await stream.__anext__()
        await asyncio.sleep(0.01)
        assert made == [0]

    asyncio.run(streamed(count, "safe", scenario))


@pytest.mark.usefixtures("unhurried")
def test_who_does_not_read_stops_the_handler() -> None:
    count, made = counting(text="-" * 4096)

    async def scenario(stream: ByteStream) -> None:
        await stream.__anext__()
        await asyncio.sleep(0.01)
        assert len(made) <= streaming.AHEAD_BYTES // 4096 + 1

    asyncio.run(streamed(count, "safe", scenario))


@pytest.mark.usefixtures("unhurried")
def test_what_has_effects_is_made_when_it_is_asked_for() -> None:
    count, made = counting()

    async def scenario(stream: ByteStream) -> None:
        assert len(messages(await stream.__anext__())) == 1
        await asyncio.sleep(0.01)
        assert made == [0]

    asyncio.run(streamed(count, "unsafe", scenario))


@pytest.mark.usefixtures("unhurried")
def test_a_fault_comes_behind_the_items_before_it() -> None:
    async def count() -> AsyncIterator[Number]:
        yield Number(value=1)
        yield Number(value=2)
        raise dm.FailedPrecondition("no more")

    async def scenario(stream: ByteStream) -> None:
        found = [each async for chunk in stream for each in messages(chunk)]
        assert [told.get("value") for _, told in found[:-1]] == ["1", "2"]
        assert found[-1][0] == END
        assert found[-1][1]["error"]["code"] == "failed_precondition"

    asyncio.run(streamed(count, "safe", scenario))
