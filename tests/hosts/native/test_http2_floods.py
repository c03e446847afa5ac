"""What HTTP/2 lets a client send much of, and what it does then: memory stays, and others are served all the while."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from framed import (
    CANCEL,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    REFUSED_STREAM,
    Peer,
    Type,
    frame,
    peer_to,
    reset,
    setting,
    window,
)
from tried import HELD, PLENTY, Serving, Tried, line_to, run, until

import dragoman as dm
from dragoman.hosts.native.http2 import Http2Connection
from dragoman.ports.wire import Request, Response
from dragoman.runtime.http.compression import gzip
from dragoman.styles.rpc.ways.framing import HEAD, messages
from dragoman.styles.rpc.ways.framing import frame as frame_of

MIB = 1024 * 1024
WHILE = 2.0
"""Seconds that a client goes on sending to who does not read it."""

MEMORY = 96 * MIB
"""What a flood may add to the whole process, with its client in it."""

SOON = 1.0

AT_ONCE = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="calls that run already are finished: there, all of them"
)


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without the log, which is as large as the floods are."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@asynccontextmanager
async def flooded(served: Serving, **options: int) -> AsyncIterator[Peer]:
    """A client that may do what it likes in the block: another one is served at once, little is held, and nothing of it
    is left afterwards.
    """
    before = memory()
    async with line_to(served) as other, peer_to(served, **options) as peer:
        await peer.until(lambda: bool(peer.others))
        yield peer
        async with asyncio.timeout(SOON):
            assert (await other.ask("/other")).status == 200
        assert memory() - before < MEMORY
    await until(lambda: not served.server.connections)
    HELD.let_go()
    await until(lambda: len(asyncio.all_tasks()) == 1)


async def pour(peer: Peer, data: bytes, times: int) -> int:
    """Send it again and again, as far as it is taken; returns how many bytes were."""
    writer, sent = peer.line.writer, 0
    loop = asyncio.get_running_loop()
    end = loop.time() + WHILE
    while sent < times * len(data) and loop.time() < end and not writer.transport.is_closing():
        writer.write(data)
        sent += len(data)
        try:
            await asyncio.wait_for(writer.drain(), 0.3)
        except (TimeoutError, ConnectionError):
            break
    return sent


def server_of(served: Serving) -> Http2Connection:
    """The server's end of the only connection of HTTP/2."""
    (found,) = (each for each in served.server.connections if isinstance(each, Http2Connection))
    return found


def flooding(act: Callable[[Serving], Awaitable[None]]) -> Callable[[Path], None]:
    """A test of what it does."""

    def test(tmp_path: Path) -> None:
        async def checked(served: Serving) -> None:
            await act(served)

        run(checked, Tried(tmp_path))

    test.__doc__ = act.__doc__
    return test


@flooding
async def test_ten_thousand_resets(served: Serving) -> None:
    """Rapid reset: each handler is cancelled; the connection goes on."""
    async with flooded(served) as peer:
        for _ in range(100):
            peer.line.send(b"".join(peer.head("/never") + reset(peer.last) for _ in range(100)))
        assert (await peer.get()).status == 200
        await until(lambda: served.app.cancelled == len([each for each in served.app.seen if each == "GET /never"]))


@flooding
async def test_ten_thousand_provoked_resets(served: Serving) -> None:
    """MadeYouReset: the same, where it is the server that has to break the streams off."""
    async with flooded(served) as peer:
        for _ in range(100):
            peer.line.send(b"".join(peer.head("/never") + window(2**31 - 1, peer.last) for _ in range(100)))
        assert (await peer.get()).status == 200
        for _ in range(20):
            heads = (
                peer.head("/read/later", ("content-length", "1"), method="POST", end=False) + peer.data(b"ab")
                for _ in range(100)
            )
            peer.line.send(b"".join(heads))
        assert (await peer.get()).status == 200
        assert server_of(served)._live <= 2000


@flooding
async def test_ten_thousand_calls_that_are_cancelled(served: Serving) -> None:
    """They were running, all of them; no task is left, and nothing is said of it."""
    async with flooded(served) as peer:
        for batch in range(50):
            streams = []
            for _ in range(200):
                peer.line.send(peer.head("/never"))
                streams.append(peer.last)
            await until(lambda batch=batch: len(served.app.seen) >= 200 * (batch + 1))
            peer.line.send(b"".join(map(reset, streams)))
        await until(lambda: served.app.cancelled == 10_000)
        assert (await peer.get()).status == 200


@flooding
async def test_more_streams_than_are_taken(served: Serving) -> None:
    """They are refused, so that they may be sent again; those before them go on."""
    async with flooded(served) as peer:
        peer.line.send(b"".join(peer.head("/never") for _ in range(1200)))
        refused = await peer.answer(peer.last)
        assert refused.reset == REFUSED_STREAM
        assert len([each for each in served.app.seen if each == "GET /never"]) == 1000
        peer.line.send(reset(1))
        await until(lambda: served.app.cancelled == 1)
        assert (await peer.get()).status == 200


@flooding
async def test_heads_that_go_on(served: Serving) -> None:
    """A head that never ends, in pieces without anything in them."""
    async with flooded(served) as peer:
        peer.line.send(frame(Type.HEADERS, flags=END_STREAM, stream=1))
        await pour(peer, frame(Type.CONTINUATION, stream=1) * 1000, 1000)
        assert await peer.farewell() is not None


@flooding
async def test_a_few_bytes_that_mean_many_headers(served: Serving) -> None:
    """Each byte is a header of 4 KB that was sent before."""
    async with flooded(served) as peer:
        large = [(":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "a"), ("h", "v" * 3900)]
        peer.line.send(peer.headers(large))
        byte = peer.block(large[-1:])
        assert len(byte) == 1
        for count in (10, 100):
            peer.line.send(frame(Type.HEADERS, peer.block(large) + byte * count, flags=5, stream=peer.next()))
            assert (await peer.answer(peer.last)).status == 431
        for _ in range(50):
            peer.line.send(frame(Type.HEADERS, peer.block(large) + byte * 16_000, flags=5, stream=peer.next()))
        assert await peer.farewell() == ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    "what",
    [frame(Type.PING, b"12345678"), frame(Type.SETTINGS, setting(4, 70_000)), frame(Type.SETTINGS)],
    ids=["pings", "settings", "empty settings"],
)
def test_who_asks_and_does_not_read(what: bytes, tmp_path: Path) -> None:
    """What would have to be answered is read no more, once its answers wait."""

    async def act(served: Serving) -> None:
        async with flooded(served, buffer=4096) as peer:
            sent = await pour(peer, what * 1000, 10_000)
            async with asyncio.timeout(PLENTY):
                while not server_of(served)._unread:  # what is slow has not ceased to read yet
                    sent += await pour(peer, what * 1000, 100)
            assert sent < 100 * MIB

    run(act, Tried(tmp_path))


@pytest.mark.parametrize("path", ["/a", "/read/later", "/sleep/10"])
def test_data_without_anything_in_it(path: str, tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with flooded(served) as peer:
            peer.line.send(peer.head(path, method="POST", end=False))
            await pour(peer, frame(Type.DATA, stream=1) * 1000, 1000)
            assert await peer.farewell() is not None

    run(act, Tried(tmp_path))


@AT_ONCE
@flooding
async def test_answers_that_nobody_reads(served: Serving) -> None:
    """A thousand large ones are not made at once: the next is made when the last was taken."""
    async with flooded(served) as peer:
        for _ in range(1000):
            peer.line.send(peer.head("/size/1000000"))
        await until(lambda: len(server_of(served)._streams) == 1000)
        await asyncio.sleep(0.1)
        assert len(served.app.seen) < 5
        for stream in range(1, 41, 2):
            peer.line.send(window(MIB), window(MIB, stream))
            assert len((await peer.answer(stream)).body) == 1_000_000


@AT_ONCE
@flooding
async def test_answers_that_nobody_reads_on_a_wide_window(served: Serving) -> None:
    async with flooded(served, buffer=4096) as peer:
        peer.line.send(frame(Type.SETTINGS, setting(4, 2**31 - 1)), window(2**31 - 1 - 65_535))
        for _ in range(200):
            peer.line.send(peer.head("/size/300000"))
        await until(lambda: server_of(served)._writer.paused)
        await asyncio.sleep(0.2)
        assert len(served.app.seen) < 20
        assert server_of(served)._transport.get_write_buffer_size() < MIB
        for stream in range(1, 401, 2):
            assert len((await peer.answer(stream)).body) == 300_000
            peer.answers[stream].body = b""


@flooding
async def test_bodies_that_wait_for_their_end(served: Serving) -> None:
    """Thirty-two MiB are held of a connection; what is beyond is told to come again."""
    async with flooded(served) as peer:
        streams = []
        for _ in range(12):
            peer.line.send(peer.head("/size/1", method="POST", end=False))
            streams.append(peer.last)
            await peer.upload(peer.last, b"b" * 4_000_000)
        for stream in streams[:8]:
            peer.line.send(peer.data(stream=stream))
        assert [(await peer.answer(each)).status for each in streams] == [200] * 8 + [503] * 4


class OfMessages(Tried):
    """At ``/messages``, bodies are messages in frames; the answer is how many there were, or what was wrong."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bodies = {**self.bodies, "/messages": None}
        self.read = 0

    async def respond(self, request: Request) -> Response:
        """Answer."""
        if request.stream is None or request.path != "/messages":
            return await super().respond(request)
        count = 0
        try:
            async for _ in messages(request.stream, 4 * MIB, coded=True):
                count += 1
                self.read += 1
                if "x-wait" in request.headers:
                    await HELD.wait()
        except dm.Fault as fault:
            return Response(503, [], fault.code.name.encode())
        return Response(200, [], b"%d" % count)


@pytest.mark.parametrize("compressed", [None, gzip(b"m" * 4_000_000)], ids=["begun", "compressed"])
def test_messages_that_are_kept(compressed: bytes | None, tmp_path: Path) -> None:
    """Eight of the largest are, those that are begun and those that a handler has, whatever their size was on the way.
    Small ones are taken all the while, and so are large ones again afterwards.
    """

    async def act(served: Serving) -> None:
        async with flooded(served) as peer:
            streams = []
            for _ in range(30):
                peer.line.send(peer.head("/messages", ("x-wait", "1"), method="POST", end=False))
                streams.append(peer.last)
                if compressed is not None:
                    peer.line.send(peer.data(HEAD.pack(1, len(compressed)) + compressed))
                else:
                    await peer.upload(peer.last, HEAD.pack(0, 4_000_000) + b"m" * 3_999_999)
            for stream in streams[8:]:
                answer = await peer.answer(stream)
                assert (answer.status, answer.body) == (503, b"UNAVAILABLE")
            assert not any(each in peer.answers for each in streams[:8])
            begun = 0 if compressed is None else 8
            await until(lambda: served.app.read == begun)
            small = []
            for _ in range(500):
                head = peer.head("/messages", ("x-wait", "1"), method="POST", end=False)
                peer.line.send(head, peer.data(frame_of(b"small"), end=False))
                small.append(peer.last)
            await until(lambda: served.app.read == begun + 500)
            if compressed is None:
                for stream in streams[:8]:
                    peer.line.send(peer.data(b"m", stream=stream))
                await until(lambda: served.app.read == begun + 508)
            HELD.let_go()
            for stream in small:
                peer.line.send(peer.data(stream=stream))
            assert {(await peer.answer(each)).body for each in [*streams[:8], *small]} == {b"1"}
            assert server_of(served)._uploads.size == 0
            peer.line.send(peer.head("/messages", method="POST", end=False))
            for _ in range(12):
                await peer.upload(peer.last, frame_of(b"m" * 4_000_000))
            peer.line.send(peer.data())
            assert (await peer.answer(peer.last)).body == b"12"

    run(act, OfMessages(tmp_path))


@pytest.mark.parametrize("size", [4_000_000, 400_000])
def test_messages_that_are_being_inflated(size: int, tmp_path: Path) -> None:
    """They count with what they become before a thread makes that of them, and no more once their call is broken off:
    as many are taken as the bound has room for, in the order in which they came.
    """
    room = 8 * 4 * MIB // size
    message = frame_of(gzip(b"m" * size), 1)
    go_on = threading.Event()

    async def act(served: Serving) -> None:
        threads = ThreadPoolExecutor(1)
        threads.submit(go_on.wait)
        asyncio.get_running_loop().set_default_executor(threads)
        async with AsyncExitStack() as stack:
            stack.callback(go_on.set)  # the loop's end waits for the thread
            peer = await stack.enter_async_context(flooded(served))

            def send() -> int:
                peer.line.send(peer.head("/messages", method="POST", end=False), peer.data(message))
                return peer.last

            async def refused(stream: int) -> bool:
                answer = await peer.answer(stream)
                return (answer.status, answer.body) == (503, b"UNAVAILABLE")

            streams = [send() for _ in range(room + 5)]
            assert [await refused(each) for each in streams[room:]] == [True] * 5
            uploads = server_of(served)._uploads
            assert room * size <= uploads.size < 8 * 4 * MIB
            assert not peer.answers.keys() & set(streams[:room])
            for each in streams[:2]:
                peer.line.send(reset(each, CANCEL))
            await until(lambda: uploads.size < (room - 1) * size)
            again = [send() for _ in range(3)]
            assert await refused(again[2])
            assert served.app.read == 0
            go_on.set()
            for each in [*streams[2:room], *again[:2]]:
                assert (await peer.answer(each)).body == b"1"
            assert uploads.size == 0
            assert served.app.read == room

    run(act, OfMessages(tmp_path))


@flooding
async def test_a_body_that_nobody_reads(served: Serving) -> None:
    """It stops at its window, and others of the same connection go on."""
    async with flooded(served) as peer:
        unread = peer.ask("/read/later", method="POST", body=None)
        peer.line.send(reset(unread))
        peer.line.send(peer.head("/read/later", method="POST", end=False))
        unread = peer.last
        peer.line.send(peer.data(b"b" * 65_535, stream=unread, end=False))
        await until(lambda: sum(each.body.size for each in server_of(served)._streams if each.body) == 65_535)
        peer.line.send(peer.head("/read", method="POST", end=False), peer.data(b"c" * 1000))
        assert (await peer.answer(peer.last)).body == b"1000"
        HELD.let_go()
        peer.line.send(peer.data(b"", stream=unread))
        assert (await peer.answer(unread)).body == b"65535"


@flooding
async def test_small_frames_of_a_body_that_nobody_reads(served: Serving) -> None:
    async with flooded(served) as peer:
        peer.line.send(peer.head("/read/later", method="POST", end=False))
        await pour(peer, frame(Type.DATA, b"x", stream=1) * 1000, 1000)
        assert (await peer.get()).status == 200


@flooding
async def test_bodies_in_frames_of_a_byte(served: Serving) -> None:
    """They take what they hold, and no more."""
    async with flooded(served) as peer:
        for path in ("/size/1", "/read"):
            peer.line.send(peer.head(path, method="POST", end=False))
            size = 0
            while size < 300_000:  # within the window, whatever was given back of it
                await peer.until(lambda: peer.room(peer.last) >= 100_000)
                peer.line.send(frame(Type.DATA, b"x", stream=peer.last) * 100_000)
                peer.spend(peer.last, 100_000)
                size += 100_000
            peer.line.send(peer.data())
            assert (await peer.answer(peer.last)).status == 200


@flooding
async def test_refusals_that_nobody_takes(served: Serving) -> None:
    """What still comes of their requests is dropped; each is answered once."""
    async with flooded(served) as peer:
        peer.line.send(frame(Type.SETTINGS, setting(4, 0)))
        peer.line.send(peer.head("/small", method="POST", end=False))
        small = peer.last
        for _ in range(5):
            peer.line.send(peer.data(b"b" * 100, stream=small, end=False))
        peer.line.send(peer.head("/a/../b", method="POST", end=False))
        dots = peer.last
        for _ in range(5):
            peer.line.send(peer.data(b"b" * 100, stream=dots, end=False))
        await peer.until(lambda: {small, dots} <= peer.answers.keys())
        assert not any(each.body for each in peer.answers.values())
        peer.line.send(frame(Type.SETTINGS, setting(4, 65_535)))
        for stream, status in ((small, 413), (dots, 400)):
            answer = await peer.answer(stream)
            assert (answer.status, len(answer.heads)) == (status, 1)
            assert int(answer.headers["content-length"]) == len(answer.body)


@flooding
async def test_five_thousand_small_messages(served: Serving) -> None:
    """They are no flood where they are read."""
    async with flooded(served) as peer:
        peer.line.send(peer.head("/read", method="POST", end=False))
        peer.line.send(frame(Type.DATA, b"hello", stream=1) * 5000, frame(Type.DATA, flags=END_STREAM, stream=1))
        assert (await peer.answer(1)).body == b"25000"


@flooding
async def test_streams_that_are_broken_off(served: Serving) -> None:
    """A stream that is sent, in the midst of a part, ends what makes it."""
    async with flooded(served) as peer:
        for _ in range(100):
            peer.line.send(peer.head("/stream/1000"))
        await until(lambda: served.app.made >= 100)
        for stream in range(1, 201, 2):
            peer.line.send(reset(stream, CANCEL))
        await until(lambda: served.app.ended == 100)
        peer.line.send(window(65_535))
        assert (await peer.get("/size/10")).body == b"s" * 10


def test_calls_are_bounded_as_ever(tmp_path: Path) -> None:
    """What all connections together may ask at once holds for the streams of one."""

    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            streams = [peer.ask("/calls/hold") for _ in range(5)]
            await until(lambda: HELD.waiting == 3)
            assert [(await peer.answer(each)).status for each in streams[3:]] == [503, 503]
            HELD.let_go()
            assert [(await peer.answer(each)).status for each in streams[:3]] == [200, 200, 200]

    run(act, Tried(tmp_path, limits=dm.Limits(calls=3)))
