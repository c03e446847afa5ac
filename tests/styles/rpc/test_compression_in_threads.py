"""What is large is compressed, and read again, in a thread, so that other calls go on: on every way alike."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import dragoman as dm
from dragoman.ports.wire import Request
from dragoman.runtime.http.compression import OFF_LOOP
from dragoman.styles.rpc.ways.framing import becomes, frame, inflated

LARGE = "".join(random.Random(1).choices("abcdefgh", k=300_000))
FEW = "a" * 300_000
"""Large, and small when it is compressed."""
SMALL = "".join(random.Random(2).choices("abcdefgh", k=5_000))


class Text(dm.Struct):
    text: str
    times: int = 1


house = dm.Contract("house")


@house.operation(effect="safe")
async def echo(said: Text) -> Text:
    return said


@house.operation(effect="safe")
async def repeat(said: Text) -> AsyncIterator[Text]:
    for at in range(said.times):
        yield Text(text=said.text if at % 2 == 0 else str(at))


@house.operation(effect="safe")
async def join(said: AsyncIterator[Text]) -> Text:
    return Text(text="".join([each.text[:1] async for each in said]))


class Threads(ThreadPoolExecutor):
    """Counts what is done in threads."""

    done = 0

    def submit(self, *given: Any, **more: Any) -> Future[Any]:
        self.done += 1
        return super().submit(*given, **more)


class Body:
    """A body that comes in pieces."""

    def __init__(self, content: bytes) -> None:
        self._pieces = [content[at : at + 50_000] for at in range(0, len(content), 50_000)]

    def __aiter__(self) -> Body:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop(0)

    def keep(self, size: int, most: int) -> None:
        """Nothing is counted here."""

    async def aclose(self) -> None:
        """Nothing is open."""


def media_of(way: str) -> tuple[str, str, str]:
    """The type of requests, the header of their coding, and that of the answer's."""
    if way == "connect":
        return "application/connect+json", "connect-content-encoding", "connect-accept-encoding"
    return f"application/{way}+json", "grpc-encoding", "grpc-accept-encoding"


def told(way: str, body: bytes) -> tuple[list[Any], list[int]]:
    """The messages of an answer, and the flags of their frames."""
    if way.endswith("-text"):
        parts, at = b"", 0
        while at < len(body):  # each with its own padding
            end = body.find(b"=", at)
            end = len(body) if end < 0 else end + len(body[end:]) - len(body[end:].lstrip(b"="))
            parts += base64.b64decode(body[at:end])
            at = end
        body = parts
    found, flags = [], []
    while body:
        flag, size = body[0], int.from_bytes(body[1:5], "big")
        message, body = body[5 : 5 + size], body[5 + size :]
        if flag < 2:
            found.append(json.loads(gzip.decompress(message) if flag else message))
            flags.append(flag)
    return found, flags


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Makes a call, and gives the messages of its answer, and how much was done in threads for it."""
    folder = tmp_path_factory.mktemp("house")
    lock = folder / "dragoman.lock"
    surface = dm.rpc(
        "house", "/house", audience="internal", auth=dm.anonymous(), exposes=[echo, repeat, join], lock=lock
    )
    files: dict[Path, bytes] = {}
    dm.App(surface).surfaces[0].endpoint.lock(files)
    lock.write_bytes(files[lock])
    app, threads = dm.App(surface, database=folder / "house.db"), Threads()

    def call(way: str, method: str, *messages: Any) -> tuple[list[Any], list[int], int]:
        media, sent, wanted = media_of(way)
        body = b"".join(frame(gzip.compress(json.dumps(each).encode(), 1, mtime=0), 1) for each in messages)
        if way.endswith("-text"):
            body = base64.b64encode(body)

        async def whole() -> tuple[list[Any], list[int], int]:
            headers = {"content-type": media, sent: "gzip", wanted: "gzip"}
            request = Request("POST", f"/house.v1.HouseService/{method}", "", headers, body)
            request.trailers, request.version = True, "2"
            if method == "Join":
                request.stream = Body(body)  # type: ignore[assignment]
            before = threads.done
            response = await app.respond(request)
            content = response.body
            if response.stream is not None:
                content = b"".join([each async for each in response.stream])
            assert (b"grpc-status", b"0") in (response.trailers or [(b"grpc-status", b"0")]), response
            return *told(way, content), threads.done - before

        return runner.run(whole())

    with asyncio.Runner() as runner:
        runner.run(app.start())
        runner.get_loop().set_default_executor(threads)
        try:
            yield call
        finally:
            runner.run(app.stop())


WAYS = ["grpc", "grpc-web", "grpc-web-text", "connect"]


@pytest.mark.parametrize("way", WAYS)
def test_a_large_message(calling: Callable[..., Any], way: str) -> None:
    if way == "connect":
        found, flags, done = calling(way, "Repeat", {"text": LARGE})
    else:
        found, flags, done = calling(way, "Echo", {"text": LARGE})
    assert [each["text"] for each in found] == [LARGE]
    assert (flags, done) == ([1], 2)


@pytest.mark.parametrize("way", WAYS)
def test_a_large_message_that_came_in_few_bytes(calling: Callable[..., Any], way: str) -> None:
    found, _, done = calling(way, "Repeat", {"text": FEW})
    assert ([each["text"] for each in found], done) == ([FEW], 2)


@pytest.mark.parametrize("way", WAYS)
def test_a_small_message_needs_no_thread(calling: Callable[..., Any], way: str) -> None:
    found, flags, done = calling(way, "Repeat", {"text": SMALL})
    assert ([each["text"] for each in found], flags, done) == ([SMALL], [1], 0)


@pytest.mark.parametrize("way", WAYS)
def test_messages_of_a_stream_keep_their_order(calling: Callable[..., Any], way: str) -> None:
    found, flags, done = calling(way, "Repeat", {"text": LARGE, "times": 5})
    assert [each["text"] for each in found] == [LARGE, "1", LARGE, "3", LARGE]
    assert (flags, done) == ([1, 0, 1, 0, 1], 4)


@pytest.mark.parametrize("way", ["grpc", "grpc-web", "connect"])
def test_messages_that_are_taken_keep_their_order(calling: Callable[..., Any], way: str) -> None:
    given = [{"text": first + (LARGE if first in "bd" else "")} for first in "abcde"]
    found, _, done = calling(way, "Join", *given)
    assert ([each["text"] for each in found], done) == (["abcde"], 2)


@pytest.mark.parametrize("size", [0, 1, 1000, OFF_LOOP - 1, OFF_LOOP, OFF_LOOP + 1, 300_000])
def test_a_message_is_as_large_as_its_end_says(size: int) -> None:
    whole = gzip.compress(b"a" * size, mtime=0)

    def inflate(data: bytes, most: int = 400_000) -> int:
        return len(asyncio.run(inflated(data, most)))

    assert inflate(whole) == inflate(whole, size) == size
    if size:
        with pytest.raises(dm.ResourceExhausted):
            inflate(whole, size - 1)
    for said in {0, size - 1, size + 1, 399_999, 2**32 - 1} - {size, -1}:
        assert becomes(whole[:-4] + said.to_bytes(4, "little"), 400_000) == min(said, 400_000)
        with pytest.raises(dm.InvalidArgument):
            inflate(whole[:-4] + said.to_bytes(4, "little"))
    for broken in (b"", whole[:3], whole[:-1], whole[:-4], whole + b"\0", whole + whole, whole + b"abcd"):
        with pytest.raises(dm.InvalidArgument):
            inflate(broken)
