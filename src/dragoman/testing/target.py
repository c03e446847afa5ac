"""The application that hosts are tried with: the all-features contract, and paths that show what a host delivered.

Under ``/wire`` nothing of Dragoman's own stands between the host and the test: ``/wire/echo…`` answers with the request
as it arrived, ``/wire/answer`` with what the query asks for, ``/wire/stream`` part by part, and ``/wire/hang`` tells
later whether it was cancelled. ``/wire/read``, ``/wire/unread`` and ``/wire/back`` have bodies that come as they are
read; ``/wire/trailers`` has trailers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec

import dragoman as dm
from dragoman.ports.wire import BodyStream, Header, Request, Response
from dragoman.testing.contract import surfaces

TARGET: Final = "dragoman.testing.target:app"
"""What a server is told to serve."""

MAX_BODY: Final = 1024 * 1024

HANGING: Final = 4.0
"""Seconds that ``/wire/hang`` takes, if nobody cancels it."""

BODIES: Final[Mapping[str, int | None]] = {
    "/wire/read": None,
    "/wire/unread": None,
    "/wire/back": None,
    "/wire/echo/small": 10,
}

EVENTS: Final[Header] = (b"content-type", b"text/event-stream")
TEXT: Final[Header] = (b"content-type", b"text/plain")
TOLD: Final[Header] = (b"x-told", b"later")
JSON: Final[Header] = (b"content-type", b"application/json")


class Target(dm.App):
    """The all-features contract with ``/wire`` beside it."""

    def __init__(self) -> None:
        super().__init__(*surfaces(), limits=dm.Limits(body=MAX_BODY))
        self.bodies = {**self.bodies, **BODIES}
        self._wire = Wire()

    def knows(self, path: str) -> bool:
        """Whether anything answers at a path."""
        return path.startswith("/wire/") or super().knows(path)

    async def respond(self, request: Request) -> Response:
        """Answer a request."""
        if request.path.startswith("/wire/"):
            return await self._wire.respond(request)
        return await super().respond(request)


class Wire:
    """What stands under ``/wire``."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._answers: Mapping[str, Callable[[Request, Mapping[str, list[str]]], Awaitable[Response]]] = {
            "echo": self._echo,
            "answer": self._answer,
            "hang": self._hang,
            "wait": self._wait,
            "stream": self._stream,
            "state": self._state,
            "read": self._read,
            "unread": self._leave_unread,
            "back": self._back,
            "trailers": self._trailers,
        }

    async def respond(self, request: Request) -> Response:
        """Answer a request."""
        name = request.path.removeprefix("/wire/").partition("/")[0]
        answer = self._answers.get(name)
        if answer is None:
            return Response(404, [JSON], b"{}")
        return await answer(request, parse_qs(request.query))

    async def _echo(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        for name in query.get("name", ()):
            self._states[name] = "arrived"
        record = {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": dict(request.headers),
            "body": request.body,
            "peer": request.peer,
            "version": request.version,
            "root": request.root,
        }
        return Response(200, [JSON], msgspec.json.encode(record))

    async def _answer(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        """The ``status``, each ``header`` (``name: value``), and ``size`` bytes: 0 to 255, again and again."""
        headers = [(name.encode(), value.encode("latin-1")) for name, value in map(_header, query.get("header", ()))]
        size = int(query.get("size", ["0"])[0])
        return Response(int(query["status"][0]), headers, content(size))

    async def _wait(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        await asyncio.sleep(float(query["seconds"][0]))
        return Response(200, [JSON], msgspec.json.encode(query))

    async def _hang(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        (name,) = query["name"]
        self._states[name] = "hangs"
        try:
            await asyncio.sleep(HANGING)
        except asyncio.CancelledError:
            self._states[name] = "cancelled"
            raise
        self._states[name] = "left alone"
        return Response(200, [JSON], b"{}")

    async def _stream(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        """So many ``parts`` of ``size`` bytes, each after some ``seconds``; the state is how many were made."""
        name, parts, size, seconds = (query[each][0] for each in ("name", "parts", "size", "seconds"))
        made = self._parts(name, int(parts), content(int(size)), float(seconds))
        return Response(200, [EVENTS], stream=made)

    async def _parts(self, name: str, parts: int, part: bytes, seconds: float) -> AsyncGenerator[bytes, None]:
        ended = "left"
        try:
            for number in range(parts):
                self._states[name] = str(number)
                if seconds:  # else it never waits, and must not keep others waiting all the same
                    await asyncio.sleep(seconds)
                yield part
            ended = "ended"
        finally:
            self._states[name] = ended

    async def _read(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        """How much it was, read from some ``seconds`` on; the state is how much has been until now."""
        (name,), size = query["name"], 0
        self._states[name] = "0"
        await asyncio.sleep(float(query.get("seconds", ["0"])[0]))
        assert request.stream is not None
        ended = "left"
        try:
            async for chunk in request.stream:
                size += len(chunk)
                self._states[name] = str(size)
            ended = str(size)
        except dm.Cancelled:
            return Response(499)
        finally:
            self._states[name] = ended
        return Response(200, [TEXT], b"%d" % size)

    async def _leave_unread(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        return Response(200, [TEXT], b"unread")

    async def _back(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        assert request.stream is not None
        return Response(200, [TEXT], stream=_as_it_came(request.stream))

    async def _trailers(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        """A body, or with ``stream`` one that is made while it is sent, and what is known only then."""
        if not request.trailers:
            return Response(200, [TEXT], b"body")
        trailers: list[Header] = []
        if "stream" in query:
            return Response(200, [TEXT], stream=_with(trailers), trailers=trailers)
        return Response(200, [TEXT], b"body", trailers=[TOLD])

    async def _state(self, request: Request, query: Mapping[str, list[str]]) -> Response:
        return Response(200, [JSON], msgspec.json.encode(self._states.get(query["name"][0], "")))


def content(size: int) -> bytes:
    """So many bytes, with every value among them."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


async def _as_it_came(stream: BodyStream) -> AsyncGenerator[bytes, None]:
    async for chunk in stream:
        yield chunk


async def _with(trailers: list[Header]) -> AsyncGenerator[bytes, None]:
    yield b"body"
    trailers.append(TOLD)


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(": ")
    return name, value


app = Target()
