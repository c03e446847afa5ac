"""WebSockets of what is mounted: handshakes, frames of every kind, and clients that mean no good."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tried import Line, Serving, Tried, line_to, run, until
from websockets.frames import Frame, Opcode

import dragoman as dm
from dragoman.hosts.native.websocket import MESSAGE_MOST

HANDSHAKE = (
    "Connection: keep-alive, Upgrade",
    "Upgrade: WebSocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
LIMITS = dm.Limits(
    first_byte_seconds=1.5, idle_seconds=1.5, body_grace_seconds=1.5, head_seconds=1.5, stall_seconds=1.5
)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Talker:
    """An ASGI application that speaks as a test says; else it accepts, and says each message again."""

    def __init__(self, act: Callable[[Receive, Send], Awaitable[None]] | None = None) -> None:
        self.act = act or self.echo
        self.scopes: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.go = asyncio.Event()
        self.ended = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("there is none")
        self.scopes.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"plain"})
            return

        async def note() -> dict[str, Any]:
            message = await receive()
            self.received.append(message)
            return message

        try:
            await self.act(note, send)
        finally:
            self.ended += 1

    async def echo(self, receive: Receive, send: Send) -> None:
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})

    @property
    def code(self) -> int:
        """The code of the last message, which says that it is over."""
        assert self.received[-1]["type"] == "websocket.disconnect"
        return int(self.received[-1]["code"])


def served_with(talker: Talker, folder: Path, act: Callable[[Serving], Awaitable[None]]) -> Tried:
    app = Tried(folder, dm.mount("/w", talker), limits=LIMITS)
    run(act, app)
    return app


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


def closing(code: int) -> bytes:
    return frame(struct.pack("!H", code), Opcode.CLOSE)


async def opened(line: Line, *lines: str) -> None:
    """Shake hands."""
    line.get("/w/", *HANDSHAKE, *lines)
    assert (await line.head()).status == 101


async def heard(line: Line) -> tuple[Opcode, bytes]:
    """The next frame from the server: unmasked, and whole."""
    first, size = await line.reader.readexactly(2)
    assert first & 0x80
    if size == 126:
        (size,) = struct.unpack("!H", await line.reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await line.reader.readexactly(8))
    return Opcode(first & 0x0F), await line.reader.readexactly(size)


async def close_code(line: Line) -> int:
    """The code with which the server closes; the connection ends behind it."""
    opcode, data = await heard(line)
    assert opcode is Opcode.CLOSE
    (code,) = struct.unpack("!H", data[:2])
    assert await line.closed()
    return int(code)


# Handshakes


def test_a_handshake(tmp_path: Path) -> None:
    """The example of RFC 6455, section 1.3, with what the application adds."""

    async def accept(receive: Receive, send: Send) -> None:
        headers = [(b"x-a", b"b"), (b"connection", b"close")]
        await send({"type": "websocket.accept", "subprotocol": "two", "headers": headers})
        await talker.go.wait()

    talker = Talker(accept)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/w/%61?b=c", *HANDSHAKE, "Sec-WebSocket-Protocol: one, two", f"Cookie: {'c' * 9000}")
            answer = await line.head()
            assert answer.status == 101
            assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            assert answer.headers["sec-websocket-protocol"] == "two"
            assert (answer.headers["upgrade"], answer.headers["connection"]) == ("websocket", "Upgrade")
            assert answer.headers["x-a"] == "b"
            talker.go.set()

    served_with(talker, tmp_path, act)
    (scope,) = talker.scopes
    assert (scope["type"], scope["scheme"], scope["path"], scope["query_string"]) == ("websocket", "ws", "/w/a", b"b=c")
    assert scope["subprotocols"] == ["one", "two"]


KEY = HANDSHAKE[3]
UPGRADE = HANDSHAKE[:2]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((*UPGRADE, "Sec-WebSocket-Version: 13"), None),
        ((*HANDSHAKE[:3], "Sec-WebSocket-Key: short"), None),
        ((*HANDSHAKE[:3], KEY.removesuffix("==")), None),
        ((*HANDSHAKE[:3], "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE="), None),
        ((*HANDSHAKE, KEY), None),
        ((*UPGRADE, KEY), "13"),
        ((*UPGRADE, KEY, "Sec-WebSocket-Version: 8"), "13"),
        ((*HANDSHAKE, "Sec-WebSocket-Version: 13"), "13"),
    ],
    ids=[
        "no key",
        "a short key",
        "no padding",
        "a long key",
        "two keys",
        "no version",
        "another version",
        "two versions",
    ],
)
def test_a_handshake_that_is_refused(lines: tuple[str, ...], told: str | None, tmp_path: Path) -> None:
    """The application never hears of it; who speaks another version is told which (RFC 6455, section 4.4)."""
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/w/", *lines)
            answer = await line.answer()
            assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
            assert answer.headers.get("sec-websocket-version") == told
            assert await line.closed()

    served_with(talker, tmp_path, act)
    assert talker.scopes == []


@pytest.mark.parametrize(
    ("method", "lines", "version"),
    [
        ("POST", HANDSHAKE, "1.1"),
        ("GET", (*HANDSHAKE, "Content-Length: 2"), "1.1"),
        ("GET", (*HANDSHAKE, "Transfer-Encoding: chunked"), "1.1"),
        ("GET", HANDSHAKE[1:], "1.1"),
        ("GET", ("Connection: close", *HANDSHAKE[1:]), "1.1"),
        ("GET", (HANDSHAKE[0], "Upgrade: websocket, h2c", *HANDSHAKE[2:]), "1.1"),
        ("GET", HANDSHAKE, "1.0"),
    ],
    ids=["POST", "a body", "chunks", "no Connection", "another Connection", "another protocol too", "HTTP/1.0"],
)
def test_what_asks_for_no_websocket(method: str, lines: tuple[str, ...], version: str, tmp_path: Path) -> None:
    """Such an Upgrade means nothing: it is a request as others are."""
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            head = "\r\n".join([f"{method} /w/ HTTP/{version}", "Host: a", *lines, "", ""])
            body = (
                b"ab"
                if "Content-Length: 2" in lines
                else b"0\r\n\r\n"
                if "Transfer-Encoding: chunked" in lines
                else b""
            )
            line.send(head.encode() + body)
            assert (await line.answer()).body == b"plain"

    served_with(talker, tmp_path, act)
    assert [each["type"] for each in talker.scopes] == ["http"]


def test_a_handshake_in_a_pipeline(tmp_path: Path) -> None:
    """It waits its turn, and what follows it is no request any more."""
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/slow")
            line.get("/w/", *HANDSHAKE)
            line.send(frame(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"))
            assert (await line.answer()).body == b"GET /slow"
            assert (await line.head()).status == 101
            assert (await heard(line))[1].startswith(b"GET /smuggled")

    app = served_with(talker, tmp_path, act)
    assert app.seen == ["GET /slow"]


@pytest.mark.parametrize("crashes", [False, True])
def test_an_application_that_does_not_accept(crashes: bool, tmp_path: Path) -> None:
    async def refuse(receive: Receive, send: Send) -> None:
        await receive()
        if crashes:
            raise ZeroDivisionError
        await send({"type": "websocket.close", "code": 4000})

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/w/", *HANDSHAKE)
            line.send(frame(b"early"))
            assert (await line.answer()).status == 403
            assert await line.closed()

    served_with(Talker(refuse), tmp_path, act)


# Frames


def test_messages_of_every_kind(tmp_path: Path) -> None:
    """Text and bytes, empty and large ones, in fragments with a ping between them, byte by byte."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            for data in (b"", b"a", "é".encode() * 100, b"b" * 70_000):
                line.send(frame(data))
                assert await heard(line) == (Opcode.TEXT, data)
                line.send(frame(data, Opcode.BINARY))
                assert await heard(line) == (Opcode.BINARY, data)
            line.send(frame(b"\xc3", fin=False), frame(b"ping", Opcode.PING), frame(b"\xa9", Opcode.CONT))
            assert await heard(line) == (Opcode.PONG, b"ping")
            assert await heard(line) == (Opcode.TEXT, "é".encode())
            for byte in frame(b"slow") + frame(b"", Opcode.PONG):
                line.send(bytes([byte]))
                await asyncio.sleep(0)
            assert await heard(line) == (Opcode.TEXT, b"slow")

    served_with(Talker(), tmp_path, act)


def test_what_comes_before_it_is_accepted(tmp_path: Path) -> None:
    """It waits, and nothing is said to the client before the handshake is."""

    async def late(receive: Receive, send: Send) -> None:
        await talker.go.wait()
        await talker.echo(receive, send)

    talker = Talker(late)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/w/", *HANDSHAKE)
            line.send(
                frame(b"", Opcode.PING), frame(b"early"), b"".join(frame(b"%d" % number) for number in range(20_000))
            )
            await until(lambda: served.connection_of(line)._unread)
            talker.go.set()
            assert (await line.head()).status == 101
            assert await heard(line) == (Opcode.PONG, b"")
            assert await heard(line) == (Opcode.TEXT, b"early")
            for number in range(20_000):
                assert await heard(line) == (Opcode.TEXT, b"%d" % number)

    served_with(talker, tmp_path, act)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(b"a", mask=False), 1002),
        (b"\xc1\x80\0\0\0\0", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (frame(b"a", Opcode.CONT), 1002),
        (frame(b"a", fin=False) + frame(b"b"), 1002),
        (b"\x89\xfe\x00\x80" + bytes(132), 1002),
        (frame(b"\xff"), 1007),
        (frame(b"\xc3", fin=False) + frame(b"a", Opcode.CONT), 1007),
        (b"\x82\xff" + struct.pack("!Q", MESSAGE_MOST + 1) + bytes(4), 1009),
        (b"\x82\xff" + struct.pack("!Q", 2**64 - 1) + bytes(4), 1009),
        (frame(b"a", Opcode.CLOSE), 1002),
    ],
    ids=[
        "unmasked", "reserved bit", "unknown kind", "no beginning", "two beginnings", "long ping", "no UTF-8",
        "no UTF-8 in parts", "too large", "too long", "half a code",
    ],
)  # fmt: skip
def test_frames_that_are_refused(sent: bytes, code: int, tmp_path: Path) -> None:
    """The client is told why (RFC 6455, section 7.4.1), and so is the application; nothing more is heard."""
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            line.send(sent, frame(b"more"))
            told = await close_code(line)
            assert told == code
            await until(lambda: talker.ended == 1)

    served_with(talker, tmp_path, act)
    assert talker.code == code
    assert not any("more" in str(each) for each in talker.received)


# Ends


def test_the_client_closes(tmp_path: Path) -> None:
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            line.send(frame(b"last"))
            assert await heard(line) == (Opcode.TEXT, b"last")
            line.send(closing(4321), frame(b"behind"))
            assert await close_code(line) == 4321
            await until(lambda: talker.ended == 1)
        assert (talker.code, len(talker.received)) == (4321, 3)

    served_with(talker, tmp_path, act)


def test_the_client_is_gone(tmp_path: Path) -> None:
    """Who sends to it is told; who waits for a message again is told again."""

    async def listen(receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        assert await receive() == await receive() == {"type": "websocket.disconnect", "code": 1006}
        with pytest.raises(OSError, match="gone"):
            await send({"type": "websocket.send", "text": "a"})
        talker.go.set()

    talker = Talker(listen)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
        await until(talker.go.is_set)

    served_with(talker, tmp_path, act)


@pytest.mark.parametrize("how", ["close", "return", "crash"])
def test_the_application_closes(how: str, tmp_path: Path) -> None:
    """The client hears the code; whether it answers or not, the connection ends."""
    code = {"close": 4000, "return": 1000, "crash": 1011}[how]

    async def leave(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        if how == "crash":
            raise ZeroDivisionError
        if how == "close":
            await send({"type": "websocket.close", "code": code, "reason": "é" * 100})

    async def act(served: Serving) -> None:
        for answers in (False, True):
            async with line_to(served) as line:
                await opened(line)
                opcode, data = await heard(line)
                assert (opcode, struct.unpack("!H", data[:2])) == (Opcode.CLOSE, (code,))
                if answers:
                    line.send(frame(data[:2], Opcode.CLOSE))
                assert await line.closed()

    served_with(Talker(leave), tmp_path, act)


# Bounds


def test_messages_that_nobody_takes_are_bounded(tmp_path: Path) -> None:
    """Empty ones too: each takes memory."""

    async def wait(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await talker.go.wait()
        for _ in range(30_001):
            await receive()
        await send({"type": "websocket.send", "text": "all"})

    talker = Talker(wait)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            line.send(frame(b"") * 30_000)
            connection = served.connection_of(line)
            await until(lambda: connection._unread)
            assert len(connection._bridge._messages) < 1000
            talker.go.set()
            assert await heard(line) == (Opcode.TEXT, b"all")

    served_with(talker, tmp_path, act)


def test_pings_of_who_reads_no_answer_are_bounded(tmp_path: Path) -> None:
    """They are not read any more once their answers pile up, and at last the client is let go."""
    talker = Talker()

    async def act(served: Serving) -> None:
        async with line_to(served, buffer=4096) as line:
            await opened(line)
            line.reader._transport.pause_reading()
            connection = served.connection_of(line)
            line.send(frame(b"p" * 125, Opcode.PING) * 200_000)
            await until(lambda: connection._unread)
            assert connection._transport.get_write_buffer_size() < 1024 * 1024
            await until(lambda: talker.ended == 1)
        assert talker.code == 1006

    served_with(talker, tmp_path, act)


def test_tasks_that_send_at_once_all_go_on(tmp_path: Path) -> None:
    async def shout(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

        async def one(number: int) -> None:
            for _ in range(50):
                await send({"type": "websocket.send", "bytes": bytes([number]) * 65_536})

        await asyncio.gather(*(one(number) for number in range(4)))

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            await until(lambda: served.connection_of(line)._paused)
            heads = [(await heard(line))[1][0] for _ in range(200)]
            assert sorted(heads) == sorted([0, 1, 2, 3] * 50)
            assert await close_code(line) == 1000

    served_with(Talker(shout), tmp_path, act)


def test_who_gives_up_sending_stops_no_other(tmp_path: Path) -> None:
    """Two tasks wait for the client to take something, and one of them is cancelled."""

    async def shout(receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

        async def one() -> None:
            for _ in range(100):
                await send({"type": "websocket.send", "bytes": bytes(65_536)})

        first, second = asyncio.ensure_future(one()), asyncio.ensure_future(one())
        await talker.go.wait()
        first.cancel()
        await second
        await send({"type": "websocket.send", "text": "all"})

    talker = Talker(shout)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            await opened(line)
            await until(lambda: served.connection_of(line)._paused)
            talker.go.set()
            await asyncio.sleep(0)
            while (await heard(line))[0] is not Opcode.TEXT:
                pass

    served_with(talker, tmp_path, act)


@pytest.mark.slow
def test_silence_is_no_trouble(tmp_path: Path) -> None:
    """A WebSocket may say nothing for longer than any limit of requests; other connections are let go meanwhile."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line, line_to(served) as other:
            await opened(line)
            assert await other.closed()
            await asyncio.sleep(2.5)
            line.send(frame(b"still here"))
            assert await heard(line) == (Opcode.TEXT, b"still here")

    served_with(Talker(), tmp_path, act)
