"""One HTTP/1.1 connection: bytes in, answers out, in order.

A request is answered inside the callback that brought its last byte: nothing waits for a turn of the loop, unless its
handler does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

from dragoman.contract.fault import Unavailable
from dragoman.hosts.refusal import refuse
from dragoman.ports.wire import ByteStream, Response
from dragoman.runtime import ending
from dragoman.runtime.eager import AT_ONCE

from .body import Body
from .bridge import Bridge
from .heads import CHUNKED, CONTINUE, LAST_CHUNK, UnfitHeader, chunk, connection_of, framing_of, head_of
from .incoming import Incoming, Refused
from .reader import NEVER, SLICE, Phase, Reader
from .websocket import WebSocketBridge

if TYPE_CHECKING:
    from .server import Server

HELD_MOST: Final = 64 * 1024
"""Bytes that may wait to be parsed, before no more are read."""

JOINED_MOST: Final = 16 * 1024
"""The largest body that is copied to be written together with its head."""

LEAVING_SECONDS: Final = 0.25
"""How long what is under way may take once the peer sends no more. Then it is gone, and its calls are cancelled."""

LINGER_SECONDS: Final = 2.0
"""How long what still comes is read and dropped behind a refusal: a reset would take the answer from the client."""

AT_ONCE_MOST: Final = 64
"""Pieces that are parsed in one turn of the loop: who sends thousands of requests at once must not keep others waiting.
"""


class Connection(asyncio.Protocol):
    """A connection of a server. ``expires`` is when it has to have done something, on the server's clock.

    ``_task`` is the answer that is under way, and ``_queue`` holds the requests behind it; none is parsed while one
    waits. ``_over``: nothing more is read. ``_lost``: nothing more can be written.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = server.loop
        self._respond = server.app.respond
        self._reader = Reader(server, self)
        self._queue: deque[Incoming] = deque()
        self._task: asyncio.Future[Any] | None = None
        self._bridge: Bridge | WebSocketBridge | None = None
        self._coming: Body | None = None
        self._drained: asyncio.Future[None] | None = None
        self._held = b""
        self._paused = self._unread = self._over = self._lost = self._ended = False
        self.peer = ""
        self.expires = NEVER

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        server = self._server
        self._transport = cast("asyncio.Transport", transport)
        self.peer = server.peer_of(self._transport)
        self.expires = server.now + server.limits.first_byte_seconds
        if not server.enter(self):
            shed = Unavailable("the server has as many connections as it can; try again later", retry_after=1)
            self._refuse(Refused(shed))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._over:
            return
        if self._held:
            self._hold(data)
        else:
            self._read(data)

    def eof_received(self) -> bool:
        """The peer sends no more. Who closed looks like who only says that nothing follows: what is under way has a
        moment to be answered. (TLS has no such halves: there it is gone.)
        """
        if not self._is_busy() or not self._transport.can_write_eof():
            return False
        self._ended = True
        self._loop.call_later(LEAVING_SECONDS, self._transport.close)
        return True

    def _is_busy(self) -> bool:
        return self._task is not None or bool(self._queue) or bool(self._held)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, whoever ended it: so is whoever waits for an answer."""
        self._over = self._lost = True
        self._server.leave(self)
        self._reader.leave()
        self._queue.clear()
        self._held = b""
        if self._coming is not None:
            self._coming.leave()
        if self._bridge is not None:
            self._bridge.lost()  # what is mounted is told, and may go on
        elif self._task is not None:
            self._task.cancel()
        self._release()

    def pause_writing(self) -> None:
        """The peer does not take what is sent."""
        self._paused = True
        self._server.watch(self, self._transport)

    def resume_writing(self) -> None:
        """It does again."""
        self._paused = False
        self._release()
        self._advance()
        self.go_on()

    def _release(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # Reading

    def _read(self, data: bytes) -> None:
        """Parse what came, as far as there is nobody to wait for."""
        reader, at, size = self._reader, 0, len(data)
        left = AT_ONCE_MOST
        while at < size and not self._over:
            if self._waits():
                self._hold(data[at:])
                return
            if not left:
                self._hold(data[at:])
                self._loop.call_soon(self.go_on)
                return
            left -= 1
            if reader.phase is Phase.UPGRADED:
                assert self._bridge is not None
                self._bridge.feed(data[at : at + SLICE])
                at += SLICE
                continue
            end = reader.cut(data, at)
            piece = data if at == 0 and size <= end else data[at:end]
            at = end
            try:
                again = reader.parse(piece)
            except Refused as refused:
                self._refuse(refused)
                return
            if again is not None:
                data, at = again + data[at:], 0
                size = len(data)

    def _waits(self) -> bool:
        """Whether parsing has to wait: for an answer, or for who reads a body and has not taken what came."""
        if self._task is None:
            return self._paused or bool(self._queue)
        if self._reader.phase < Phase.BODY:
            return True
        if self._bridge is None:
            return self._coming is None or self._coming.full
        # Another protocol may answer what it reads, as WebSockets answer pings.
        return self._bridge.full or (self._paused and self._reader.phase is Phase.UPGRADED)

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > HELD_MOST and not self._unread:
            self._unread = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Parse what was held back, if nothing stands against it any more."""
        if self._held and not self._over and not self._waits():
            held, self._held = self._held, b""
            self._read(held)
        if self._unread and not self._over and len(self._held) <= HELD_MOST:
            self._unread = False
            self._transport.resume_reading()

    # What the reader tells

    def arrived(self, request: Incoming) -> None:
        """A request is complete."""
        if self._task is None and not self._queue and not self._paused:
            self._start(request)
        else:
            self._queue.append(request)

    def mounted(self, request: Incoming, *, upgrade: bool) -> None:
        """The head of a request to a mount is complete: let that answer, which may read the body while it comes."""
        scope = self._server.scope_of(request, self._transport)
        if upgrade:
            request.bridge = WebSocketBridge(self, request, scope, self._server)
        else:
            request.bridge = Bridge(self, request, scope, self._server)
        self.arrived(request)

    def streamed(self, request: Incoming, *, ended: bool) -> None:
        """The head is complete of a request that is answered while its body comes; ``ended`` if it has none."""
        request.stream = request.coming = body = Body(self._taken)
        if ended:
            body.end()
        self.arrived(request)

    def _taken(self, size: int) -> None:
        """Who reads a body has taken what there was of it."""
        self.go_on()

    def go_ahead(self) -> None:
        """The client waits to be told to send its body."""
        self._transport.write(CONTINUE)

    # Answering

    def _start(self, request: Incoming) -> None:
        self.expires = NEVER
        if request.refused is not None or request.bridge is not None:
            self._start_otherwise(request)
            return
        self._coming = request.coming
        task = asyncio.Task(self._respond(request), loop=self._loop, **AT_ONCE)
        if task.done():
            self._finish(request, task)
        else:
            self._task = task
            task.add_done_callback(lambda task: self._answered(request, task))

    def _start_otherwise(self, request: Incoming) -> None:
        """Answer what is refused, or let a mount answer."""
        if request.refused is not None:
            response = refuse(self._server.app, request.refused.fault, request)
            response.headers = [*response.headers, *request.refused.headers]
            self._answer(request, response)
            return
        assert request.bridge is not None
        self._bridge = request.bridge
        self._task = request.bridge.answered
        self._task.add_done_callback(self._sent)
        self._server.run(request.bridge)

    def _answered(self, request: Incoming, task: asyncio.Task[Response]) -> None:
        """An answer that took its time."""
        self._task = None
        self._finish(request, task)
        self._advance()

    def _finish(self, request: Incoming, task: asyncio.Task[Response]) -> None:
        try:
            response = task.result()
        except BaseException:
            self._whole(task)
            return
        self._answer(request, response)

    def _whole(self, task: asyncio.Future[Any]) -> bool:
        """Whether it came to a good end; what did not takes the connection with it."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "an answer was not made", "exception": error})
        elif not task.cancelled():
            return True
        self._transport.abort()
        return False

    def _answer(self, request: Incoming, response: Response) -> None:
        """Write an answer whole, or begin a stream."""
        stream = response.stream
        self._coming = None
        if self._lost:
            if stream is not None:
                self._server.close_stream(stream)
            return
        if stream is not None:
            self._coming = request.coming
            self._task = self._loop.create_task(self._stream(request, response, stream))
            self._task.add_done_callback(lambda task: self._streamed(stream, task))
            return
        server = self._server
        # What was not read of the request would be taken for the next.
        close = not request.keep or server.closing or request.unread
        framing, body = framing_of(response, head_only=request.method == "HEAD", close=close, version=request.version)
        try:
            head = head_of(response.status, response.headers, server.date, framing)
        except UnfitHeader as unfit:
            self._answer(request, refuse(server.app, server.broken(unfit), request))
            return
        if len(body) <= JOINED_MOST:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        self._be_idle()
        if close:
            self._close(linger=request.refused is not None or request.unread)

    def _be_idle(self) -> None:
        if self._reader.phase is Phase.IDLE:
            self.expires = self._server.idle_until

    async def _stream(self, request: Incoming, response: Response, stream: ByteStream) -> bool:
        """Send the head, the stream chunk by chunk, and the end; returns whether the connection can be used again."""
        chunked = request.version == "1.1"
        close = not request.keep or self._server.closing or not chunked
        try:
            headers = [*response.headers, CHUNKED] if chunked else response.headers
            framing = connection_of(close=close, version=request.version)
            self.write(head_of(response.status, headers, self._server.date, framing))
            if request.method != "HEAD":
                async for part in stream:
                    self.write(chunk(part) if chunked else part)
                    await self.drain()
                    # It need not have waited for anything, and must not keep others waiting.
                    await asyncio.sleep(0)
                if chunked:
                    self.write(LAST_CHUNK)
        except asyncio.CancelledError:
            if not self._lost and ending.ended() is None:
                raise
            return False
        finally:
            await stream.aclose()
        return not close and not request.unread

    def _streamed(self, stream: ByteStream, task: asyncio.Future[bool]) -> None:
        """A stream is sent, or was cancelled: perhaps before it began, so that it did not close itself."""
        if task.cancelled():
            self._server.close_stream(stream)
        self._sent(task)

    def _sent(self, task: asyncio.Future[bool]) -> None:
        """A stream, or a mount's answer, is sent."""
        self._task = self._bridge = self._coming = None
        if self._lost or not self._whole(task):
            return
        self._be_idle()
        if task.result():
            self._advance()
        else:
            self._close(linger=self._reader.phase >= Phase.BODY)

    def _advance(self) -> None:
        """Answer what waits, and read on."""
        while self._queue and self._task is None and not self._paused and not self._lost:
            self._start(self._queue.popleft())
        if self._task is None:
            self.go_on()
        if self._ended and not self._lost and not self._is_busy():
            self._transport.close()

    # For what answers at length

    @property
    def closing(self) -> bool:
        """Whether the server stops, so that connections end with their answers."""
        return self._server.closing

    def write(self, data: bytes) -> None:
        """Send bytes of an answer."""
        if not self._lost:
            self._transport.write(data)

    async def drain(self) -> None:
        """Until the peer has taken enough of what was written."""
        while self._paused and not self._lost:
            if self._drained is None or self._drained.done():
                self._drained = self._loop.create_future()
            await asyncio.shield(self._drained)  # others may wait for it too

    # Ends

    def _refuse(self, refused: Refused) -> None:
        """Answer what cannot be served, in its turn; nothing behind it is read."""
        self._over = True
        if self._coming is not None:  # who reads it answers, with this or something else
            self._coming.fail(refused.fault)
            return
        bridge = self._bridge
        if bridge is not None:  # it will not get the rest of the body
            if bridge.begun:
                self._transport.abort()
                return
            bridge.answered.remove_done_callback(self._sent)
            self._task = self._bridge = None
            bridge.lost()
        self.arrived(self._reader.refused(refused))

    def _answer_by_head(self, request: Incoming) -> None:
        """Answer a request though its body still comes, and parse nothing behind its head."""
        self._over = True
        request.coming = Body(self._taken)  # never complete: the connection ends with the answer
        self.arrived(request)

    def _close(self, *, linger: bool) -> None:
        """End the connection once all is sent."""
        self._over = True
        self._queue.clear()
        self._held = b""
        self.expires = self._server.now + LINGER_SECONDS
        if not self._lost and self._transport.get_write_buffer_size():
            self._server.watch(self, self._transport)
        if not linger:
            self._transport.close()
            return
        if self._unread:
            self._unread = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def expire(self, now: float) -> None:
        """Its time is over."""
        if self._over:
            if self._transport.get_write_buffer_size():
                self.expires = now + LINGER_SECONDS  # it may take its time, as long as it takes anything at all
            else:
                self.abort()
        elif self._waits():
            self.expires = self._server.idle_until
            self._reader.excuse(now)
        elif self._reader.phase not in (Phase.HEAD, Phase.BODY):
            self.close()
        elif (request := self._reader.for_nobody()) is not None:
            self._answer_by_head(request)
        elif (fault := self._reader.late(now)) is not None:
            self._refuse(Refused(fault))

    def wind_down(self) -> None:
        """The server will end. Its answers say so, and the connection ends with the next of them."""

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, and nothing of one has come."""
        return self._reader.phase in (Phase.NEW, Phase.IDLE) and self._task is None and not self._queue

    def close(self) -> None:
        """End it once all is sent."""
        self._close(linger=False)

    def abort(self) -> None:
        """End it now: nobody takes what is sent, or there is no more time."""
        self._transport.abort()

    def end(self) -> None:
        """End what is under way: the server has no more time for it."""
        if isinstance(self._task, asyncio.Task):
            ending.end(self._task)
