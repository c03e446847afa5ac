"""A client of HTTP/2 that says what it is told to, right or wrong: frames are written and read here, byte by byte."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import hpack
from tried import PLENTY, Line, Serving, line_to

from dragoman.hosts.native.http2.engine import STREAM_WINDOW

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WIDE: Final = 2**31 - 1


class Type(enum.IntEnum):
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


OF_ANSWERS: Final = (Type.DATA, Type.HEADERS, Type.RST_STREAM)
ACK, END_STREAM, END_HEADERS, PADDED = 1, 1, 4, 8

NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 0, 1, 3, 5, 6
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 7, 8, 9, 11


@dataclass
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """Why, of a reset or a farewell."""
        at = 4 if self.type == Type.GOAWAY else 0
        return int.from_bytes(self.payload[at : at + 4], "big")


@dataclass
class Answer:
    """What came on a stream: ``reset`` is the code with which it was broken off, if it was."""

    heads: list[list[tuple[str, str]]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(dict(self.heads[0])[":status"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.heads[0])

    @property
    def trailers(self) -> dict[str, str]:
        return dict(self.heads[1]) if len(self.heads) > 1 else {}


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """A frame as bytes."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def number(value: int) -> bytes:
    """Four bytes."""
    return value.to_bytes(4, "big")


def setting(name: int, value: int) -> bytes:
    """One setting."""
    return name.to_bytes(2, "big") + number(value)


def window(more: int, stream: int = 0) -> bytes:
    """A frame that lets so much more be sent."""
    return frame(Type.WINDOW_UPDATE, number(more), stream=stream)


def reset(stream: int, code: int = CANCEL) -> bytes:
    """A frame that breaks a stream off."""
    return frame(Type.RST_STREAM, number(code), stream=stream)


class Peer:
    """A client's connection. What comes is kept by stream until it is asked for; ``others`` are the other frames."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.encoder = hpack.Encoder()
        self.answers: dict[int, Answer] = {}
        self.others: list[Frame] = []
        self.over = False
        self.answers_pings = True
        self._room = {0: 65_535}
        self._decoder = hpack.Decoder(max_header_list_size=1_000_000)
        self.last = -1

    @property
    def body(self) -> bytes:
        """What came until now of the answer to the last request."""
        return self.answers.get(self.last, Answer()).body

    def begin(self, settings: bytes = b"") -> None:
        """The preface."""
        self.line.send(PREFACE, frame(Type.SETTINGS, settings))

    def next(self) -> int:
        """The number of another stream."""
        self.last += 2
        return self.last

    def block(self, headers: Iterable[tuple[str | bytes, str | bytes]]) -> bytes:
        """Headers, compressed."""
        return self.encoder.encode(list(headers), huffman=False)

    def head(
        self,
        path: str = "/a",
        *more: tuple[str | bytes, str | bytes],
        method: str = "GET",
        end: bool = True,
        stream: int | None = None,
    ) -> bytes:
        """The head of a request, as bytes."""
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")]
        return self.headers([*pseudo, *more], end=end, stream=stream)

    def headers(
        self, headers: Iterable[tuple[str | bytes, str | bytes]], *, end: bool = True, stream: int | None = None
    ) -> bytes:
        """Headers as bytes, in as many frames as they need."""
        number = self.next() if stream is None else stream
        block = self.block(headers)
        pieces = [block[at : at + 16_384] for at in range(0, len(block), 16_384)] or [b""]
        found = b""
        for at, piece in enumerate(pieces):
            flags = (END_HEADERS if at == len(pieces) - 1 else 0) | (END_STREAM if end and at == 0 else 0)
            found += frame(Type.CONTINUATION if at else Type.HEADERS, piece, flags=flags, stream=number)
        return found

    def data(self, data: bytes = b"", *, stream: int | None = None, end: bool = True) -> bytes:
        """Data as bytes, in as many frames as it needs."""
        number = self.last if stream is None else stream
        pieces = [data[at : at + 16_384] for at in range(0, len(data), 16_384)] or [b""]
        last = len(pieces) - 1
        return b"".join(
            frame(Type.DATA, piece, flags=END_STREAM if end and at == last else 0, stream=number)
            for at, piece in enumerate(pieces)
        )

    def ask(self, path: str = "/a", *more: tuple[str, str], method: str = "GET", body: bytes | None = None) -> int:
        """Ask for something; returns the stream."""
        self.line.send(self.head(path, *more, method=method, end=body is None))
        if body is not None:
            self.line.send(self.data(body))
        return self.last

    async def read(self) -> Frame | None:
        """The next frame, once it was taken note of; None at the end."""
        reader = self.line.reader
        try:
            head = await asyncio.wait_for(reader.readexactly(9), PLENTY)
            payload = await asyncio.wait_for(reader.readexactly(int.from_bytes(head[:3], "big")), PLENTY)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            self.over = True
            return None
        found = Frame(head[3], head[4], int.from_bytes(head[5:], "big"), payload)
        self._note(found)
        return found

    def _note(self, found: Frame) -> None:
        answer = self.answers.setdefault(found.stream, Answer()) if found.type in OF_ANSWERS else Answer()
        if found.type == Type.HEADERS:
            assert found.flags & END_HEADERS
            answer.heads.append([(str(name), str(value)) for name, value in self._decoder.decode(found.payload)])
        elif found.type == Type.DATA:
            answer.body += found.payload
        elif found.type == Type.RST_STREAM:
            answer.reset = found.code
        else:
            self.others.append(found)
            if found.type == Type.WINDOW_UPDATE:
                more = int.from_bytes(found.payload, "big")
                self._room[found.stream] = more + self._room.get(found.stream, STREAM_WINDOW)
            if found.type == Type.SETTINGS and not found.flags & ACK:
                self.line.send(frame(Type.SETTINGS, flags=ACK))
            if found.type == Type.PING and not found.flags & ACK and self.answers_pings:
                self.line.send(frame(Type.PING, found.payload, flags=ACK))
        if found.type in (Type.HEADERS, Type.DATA) and found.flags & END_STREAM:
            answer.ended = True

    async def until(self, holds: Callable[[], bool]) -> None:
        """Read until it holds, or nothing more comes."""
        while not holds() and await self.read() is not None:
            pass

    async def answer(self, stream: int) -> Answer:
        """All that comes on a stream."""
        await self.until(
            lambda: stream in self.answers and (self.answers[stream].ended or self.answers[stream].reset is not None)
        )
        return self.answers.get(stream, Answer())

    def room(self, stream: int) -> int:
        """How many bytes of a body may be sent now."""
        return min(self._room[0], self._room.setdefault(stream, STREAM_WINDOW))

    def spend(self, stream: int, size: int) -> None:
        """Note that so many were."""
        self._room[0] -= size
        self._room[stream] -= size

    async def upload(self, stream: int, data: bytes) -> None:
        """Send a part of a body, as the windows allow, until there is an answer."""
        at = 0
        while at < len(data) and stream not in self.answers:
            size = min(16_384, self.room(stream), len(data) - at)
            if size == 0:
                assert await self.read() is not None
                continue
            self.line.send(frame(Type.DATA, data[at : at + size], stream=stream))
            self.spend(stream, size)
            at += size

    async def get(
        self, path: str = "/a", *more: tuple[str, str], method: str = "GET", body: bytes | None = None
    ) -> Answer:
        """Ask, and take the answer."""
        return await self.answer(self.ask(path, *more, method=method, body=body))

    async def farewell(self) -> int | None:
        """The code with which the connection ends, once it has; None if it says nothing."""
        await self.until(lambda: False)
        codes = [each.code for each in self.others if each.type == Type.GOAWAY]
        return codes[-1] if codes else None


@asynccontextmanager
async def peer_to(served: Serving, *, settings: bytes = b"", buffer: int | None = None) -> AsyncIterator[Peer]:
    """A connection that has begun while the block runs."""
    async with line_to(served, buffer=buffer) as line:
        peer = Peer(line)
        peer.begin(settings)
        yield peer
