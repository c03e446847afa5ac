"""What is sent of an HTTP/2 connection: in turns, as much as the peer takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from dragoman.ports.wire import Header

from .engine import Engine, Stopped
from .stream import Stream

GATHERED_MOST: Final = 256 * 1024
"""Bytes of bodies that are gathered before they are written."""

ROUNDS_MOST: Final = 16
"""How often in one turn of the loop more is gathered: who reads fast must not keep others waiting."""


class Writer:
    """Sends answers. ``waiting`` are the streams whose peer has to take something before they can go on, and
    ``_deferred`` those of them that wait for what is gathered to be written. ``held`` is how many bytes of whole
    answers wait. ``paused``: the peer takes nothing of the whole connection. ``writable`` is told of streams that can
    go on.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, writable: Callable[[Stream], None]) -> None:
        self.waiting: dict[Stream, None] = {}
        self.paused = False
        self.held = 0
        self._deferred: dict[Stream, None] = {}
        self._engine = engine
        self._loop = loop
        self._writable = writable
        self._transport: asyncio.Transport | None = None
        self._gathered = 0
        self._uncredited = self._soon = self._writing = False

    def connect(self, transport: asyncio.Transport) -> None:
        """Write there."""
        self._transport = transport

    def lost(self) -> None:
        """Nothing can be written any more."""
        self._transport = None
        self.waiting.clear()
        self._deferred.clear()
        del self._writable  # what holds each other waits for the collector

    # Answers

    def whole(self, stream: Stream, body: bytes, trailers: list[Header] | None) -> bool:
        """Send the rest of an answer: all of a body, as the peer takes it, trailers, and the end. Returns whether that
        was taken already. Raises Stopped and UnfitAnswer.
        """
        stream.rest, stream.at, stream.final, stream.trailers = body, 0, True, trailers
        self.held += len(body)
        return self._push(stream)

    async def part(self, stream: Stream, data: bytes) -> None:
        """Send a part of a body; returns once it was taken. Raises Stopped."""
        stream.rest, stream.at, stream.final = data, 0, False
        self._push(stream)
        self.soon()
        while stream.rest is not None or self.paused:
            if stream.over:
                raise Stopped
            stream.room = self._loop.create_future()
            self.waiting[stream] = None
            await stream.room
        if stream.over:
            raise Stopped

    def _push(self, stream: Stream) -> bool:
        """Send of a stream's rest what the peer takes. Returns whether that was all."""
        data = stream.rest
        if data is None:
            return True
        if self.paused or self._gathered > GATHERED_MOST:
            self._wait(stream)
            self._deferred[stream] = None
            return False
        end = stream.final and stream.trailers is None
        if data or end:
            before = stream.at
            stream.at, done = self._engine.send(stream, data, before, end=end)
            self._gathered += stream.at - before
            if not done:
                if stream.at != before or stream not in self.waiting:
                    self._wait(stream)
                return False
        stream.rest = None
        if self.waiting:
            self.waiting.pop(stream, None)
        if stream.final:
            self.held -= len(data)
            if stream.trailers is not None:
                self._engine.send_trailers(stream, stream.trailers)
        return True

    def _wait(self, stream: Stream) -> None:
        stream.since = -1.0  # from the next look on
        self.waiting[stream] = None

    def go_on(self, stream: Stream) -> bool:
        """Send more of a stream. Returns whether the end of an answer that is sent whole was sent now. Raises Stopped
        and UnfitAnswer.
        """
        if stream not in self.waiting or not self._push(stream):
            return False
        if stream.final:
            return True
        self._release(stream)
        return False

    def forget(self, stream: Stream) -> None:
        """There is no more to do for a stream."""
        if stream.rest is not None:
            if stream.final:
                self.held -= len(stream.rest)
            stream.rest = None
        if self.waiting or stream.room is not None:
            self._release(stream)

    def _release(self, stream: Stream) -> None:
        """Let who waits for room go on: there is some, or there is no stream any more."""
        if self.waiting:
            self.waiting.pop(stream, None)
        if self._deferred:
            self._deferred.pop(stream, None)
        if stream.room is not None and not stream.room.done():
            stream.room.set_result(None)

    def stalled(self, now: float, seconds: float) -> list[Stream]:
        """The streams whose peer has taken nothing for so long. That of the whole connection is looked at elsewhere."""
        found = []
        for each in self.waiting:
            if each.since < 0 or self.paused:
                each.since = now
            elif now - each.since > seconds:
                found.append(each)
        return found

    # Bytes

    def soon(self) -> None:
        """Write in the loop's next turn what has been gathered until then."""
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._later)

    def _later(self) -> None:
        self._soon = False
        self.flush()

    def flush(self) -> None:
        """Write what has been gathered; and again, as far as the peer takes it, what streams add for that."""
        if self._writing or self._uncredited:
            return
        self._writing = True
        try:
            for _ in range(ROUNDS_MOST):
                if not self._write():
                    return
        finally:
            self._writing = False
        self.soon()

    def _write(self) -> bool:
        """Write, and gather more. Returns whether there may be some."""
        transport, data = self._transport, self._engine.pending()
        if not data or transport is None:
            return False
        self._gathered = 0
        transport.write(data)
        if self.paused:
            self._uncredited = True
            return False
        went_on = self._engine.written()
        if self._deferred:
            deferred, self._deferred = self._deferred, {}
            for each in deferred:
                self._writable(each)
            went_on = True
        return went_on

    def pause(self) -> None:
        """The peer takes nothing."""
        self.paused = True

    def resume(self) -> None:
        """It does again."""
        self.paused = False
        if self._uncredited:
            self._uncredited = False
            self._engine.written()
        for each in tuple(self.waiting):
            self._writable(each)
        self.flush()
