"""Streams on REST: Server-Sent Events (WHATWG HTML, section 9.2).

Each item is a message: a ``data`` line of JSON. An event ``end`` or ``fault`` is the last one, so that a stream without
either was cut; the data of a fault is the problem document that an answer would have had. While nothing comes, comments
keep the connection alive.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from dragoman.contract.fault import Fault
from dragoman.ports.style import Call
from dragoman.ports.wire import Header, Response
from dragoman.runtime import ending, observation
from dragoman.runtime.call import State
from dragoman.runtime.codec import encode_json
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http import problem
from dragoman.runtime.http.answers import Answers
from dragoman.runtime.streaming import Stream

MEDIA_TYPE: Final = "text/event-stream"

UNBUFFERED: Final[Header] = (b"x-accel-buffering", b"no")
"""nginx would hold events back until its buffer is full; this is its own word for not doing so."""

HEARTBEAT: Final = b": heartbeat\n\n"
END: Final = b"event: end\ndata: {}\n\n"

HEAD_SECONDS: Final = 1.0
"""How long the head waits for the first item, so that what is refused at once is refused with a status."""


def message(item: Any) -> bytes:
    """An item as an event. JSON never holds a line break, so that one line is enough."""
    return b"data: %b\n\n" % encode_json(item)


def write_item(state: State) -> None:
    """The step that encodes an item."""
    state.answer = message(state.projected)


class Streaming:
    """A call whose stream is answered as events. ``heartbeat`` is the longest silence, in seconds."""

    __slots__ = ("_answers", "_call", "_heartbeat")

    def __init__(self, call: Call, answers: Answers, heartbeat: float) -> None:
        self._call = call
        self._answers = answers
        self._heartbeat = heartbeat

    async def __call__(self, exchange: Exchange, envelope: Any) -> Response:
        """Answer with events, once there is a first one, or none for HEAD_SECONDS. Raises Fault until then."""
        stream: Stream = await self._call(exchange, envelope)
        events = EventStream(stream, exchange, self._heartbeat)
        if envelope.request.method != "HEAD":
            await events.begin(_patience(exchange))
        return self._answers.stream(events)


def _patience(exchange: Exchange) -> float:
    """How long the head waits. The caller's own deadline ends the stream itself: what it ends before there was a head
    is refused with a status.
    """
    if exchange.deadline == exchange.limit:
        return HEAD_SECONDS
    return min(HEAD_SECONDS, max(exchange.deadline - asyncio.get_running_loop().time(), 0.0))


class EventStream:
    """A stream as events; a :class:`~dragoman.ports.wire.ByteStream`."""

    __slots__ = ("_exchange", "_first", "_heartbeat", "_over", "_stream")

    def __init__(self, stream: Stream, exchange: Exchange, heartbeat: float) -> None:
        self._stream = stream
        self._exchange = exchange
        self._heartbeat = heartbeat
        self._first = b""
        self._over = False

    async def begin(self, patience: float) -> None:
        """Wait for what comes first. Raises Fault if that is one, and the stream is closed."""
        try:
            self._first = await self._next(patience)
        except BaseException:
            await self.aclose()
            raise

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        if self._over:
            raise StopAsyncIteration
        try:
            return await self._next(self._heartbeat)
        except Fault as fault:
            return self._fault(fault)
        except asyncio.CancelledError:
            stopping = ending.ended()
            if stopping is None:
                raise
            await self._stream.aclose()
            return self._fault(stopping)

    async def _next(self, patience: float) -> bytes:
        try:
            event: bytes = await self._stream.next(patience)
        except StopAsyncIteration:
            self._over = True
            return END
        except TimeoutError:
            return HEARTBEAT
        return event

    def _fault(self, fault: Fault) -> bytes:
        self._over = True
        exchange = self._exchange
        try:
            data = self._problem(fault)
        except Exception as error:  # a fault that cannot be told: of a wrong class, or holding no text
            fault = observation.told(exchange, error)
            data = self._problem(fault)
        exchange.fault = fault.code.name
        return b"event: fault\ndata: %b\n\n" % data

    def _problem(self, fault: Fault) -> bytes:
        exchange = self._exchange
        return encode_json(problem.document(fault, request_id=exchange.request_id, place=exchange.place))

    async def aclose(self) -> None:
        """Cancel the handler, if it runs."""
        self._over = True
        await self._stream.aclose()
