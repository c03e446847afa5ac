"""What is sent of an HTTP/2 connection: in turns, as much as the peer takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from dragoman.ports.wire import Header

from .engine import Engine, Stopped
from .stream import Stream

ROUNDS_MOST: Final = 16
"""How often streams that were written may go on in one turn of the loop: who reads fast must not keep others waiting.
"""


class Writer:
    """Sends answers. ``waiting`` are the streams whose peer has to take something before they can go on; ``paused``:
    the peer takes nothing of the whole connection. ``held`` is how many bytes of whole answers wait.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.waiting: dict[Stream, None] = {}
        self.paused = False
        self.held = 0
        self._engine = engine
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._uncredited = False
        self._soon = False

    def connect(self, transport: asyncio.Transport) -> None:
        """Write there."""
        self._transport = transport

    def lost(self) -> None:
        """Nothing can be written any more."""
        self._transport = None
        self.waiting.clear()

    # Answers

    def whole(self, stream: Stream, body: bytes, trailers: list[Header] | None) -> bool:
        """Send the rest of an answer: all of a body, as the peer takes it, trailers, and the end. Returns whether that
        was taken already. Raises Stopped.
        """
        stream.rest, stream.at, stream.final, stream.trailers = body, 0, True, trailers
        self.held += len(body)
        return self._push(stream)

    async def part(self, stream: Stream, data: bytes) -> None:
        """Send a part of a body; returns once it was taken. Raises Stopped."""
        stream.rest, stream.at, stream.final = data, 0, False
        if self._push(stream):
            self.soon()
            if not self.paused:
                return
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
        """Send of a stream's rest what the peer takes. Returns whether that was all. Raises Stopped."""
        data = stream.rest
        if data is None:
            return True
        if self.paused:
            self.waiting[stream] = None
            return False
        end = stream.final and stream.trailers is None
        if data or end:
            before = stream.at
            stream.at, done = self._engine.send(stream, data, before, end=end)
            if not done:
                if stream.at != before or stream not in self.waiting:
                    stream.since = -1.0  # from the next look on
                self.waiting[stream] = None
                return False
        self._let_go(stream)
        if self.waiting:
            self.waiting.pop(stream, None)
        if stream.final and stream.trailers is not None:
            self._engine.send_trailers(stream, stream.trailers)
        return True

    def go_on(self, stream: Stream) -> bool:
        """Its peer has taken something. Returns whether the end of an answer that is sent whole was sent now. Raises
        Stopped.
        """
        if stream not in self.waiting:
            return False
        if not self._push(stream):
            return False
        if stream.final:
            return True
        self.release(stream)
        return False

    def _let_go(self, stream: Stream) -> None:
        if stream.final and stream.rest is not None:
            self.held -= len(stream.rest)
        stream.rest = None

    def forget(self, stream: Stream) -> None:
        """There is no more to do for a stream."""
        self._let_go(stream)
        self.release(stream)

    def release(self, stream: Stream) -> None:
        """Let who waits for room go on: there is some, or there is no stream any more."""
        if not self.paused or stream.over:
            self.waiting.pop(stream, None)
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
        transport = self._transport
        if transport is None or self._uncredited:
            return
        for _ in range(ROUNDS_MOST):
            data = self._engine.pending()
            if not data:
                return
            transport.write(data)
            if self.paused:
                self._uncredited = True
                return
            self._engine.written()
        self.soon()

    def pause(self) -> None:
        """The peer takes nothing."""
        self.paused = True

    def resume(self) -> Iterable[Stream]:
        """It does again. Returns the streams that can go on."""
        self.paused = False
        if self._uncredited:
            self._uncredited = False
            self._engine.written()
        return tuple(self.waiting)
