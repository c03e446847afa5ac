"""One HTTP/2 connection: bytes in, answers out, many at a time.

As over HTTP/1.1, a request is answered inside the callback that brought its last byte, unless its handler waits; and
what was answered in one callback is written at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from dragoman.contract.fault import Fault, Unavailable
from dragoman.hosts.certificates import peer_certificate
from dragoman.hosts.native.body import Body, joined
from dragoman.hosts.native.connection import HELD_MOST, LEAVING_SECONDS, LINGER_SECONDS
from dragoman.hosts.native.incoming import Refused
from dragoman.hosts.native.reader import NEVER
from dragoman.hosts.refusal import refuse, too_large
from dragoman.ports.wire import WITHOUT_CONTENT, ByteStream, Certificate, Header, Request, Response
from dragoman.runtime import ending
from dragoman.runtime.eager import AT_ONCE
from dragoman.runtime.http.problem import RequestTimeout

from .engine import (
    CANCEL,
    ENHANCE_YOUR_CALM,
    INTERNAL_ERROR,
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAMS_MOST,
    Broken,
    Engine,
    Frame,
    Head,
    Stopped,
    UnfitAnswer,
)
from .head import LIST_LEAST, LIST_TIMES, SILENT_TIMES, Heads, Unfit
from .mount import Mount
from .stream import Stream
from .uploads import BODIES_MOST, Uploads
from .writer import Writer

if TYPE_CHECKING:
    from dragoman.hosts.native.server import Server

SLICE: Final = 16 * 1024
"""Bytes that are read in one turn of the loop."""

LIVE_MOST: Final = 2 * STREAMS_MOST
"""Handlers of a connection that live. A stream that is reset makes room for another at once, its handler later."""

ANSWERS_MOST: Final = 1024 * 1024
"""Bytes of answers that wait for their peer, before no more requests are answered."""

CONTINUE: Final = b"\x00\x00\x05\x01\x04%b\x08\x03100"
"""A frame with the head of 100 Continue, which leaves the compression as it is (RFC 7541, section 6.2.2)."""

PING: Final = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00dragoman"
"""A frame that asks whether the peer is there (RFC 9113, section 6.7)."""

TOO_MUCH: Final = "this connection sends more at once than is held of it; send less at a time"

LOOK_SECONDS: Final = 1.0
"""How often to look whether peers do what is waited for."""


class Http2Connection(asyncio.Protocol):
    """A connection of a server. ``expires`` is when it has to be looked after, on the server's clock.

    ``_streams`` are those that are not over, and ``_ready`` those of them that wait to be answered. ``_live`` is how
    many handlers there are, which may be more; ``_used``: there was a request since it was last idle. ``_held`` are
    bytes that wait to be read, and ``_frames`` what was read and waits: nothing is done while nothing can be written.
    ``_silent`` is how many bytes came without a frame being complete. ``_heard`` is when the last came, and ``_asked``
    when the peer was asked whether it is there. ``_over``: nothing more is read. ``_lost``:
    nothing more can be written.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = server.loop
        self._respond = server.app.respond
        self._heads = Heads(server)
        self._engine = Engine(self, LIST_TIMES * max(server.limits.head, LIST_LEAST))
        self._writer = Writer(self._engine, server.loop, self.writable)
        self._uploads = Uploads()
        self._streams: dict[Stream, None] = {}
        self._ready: dict[Stream, None] = {}
        self._live = 0
        self._held = b""
        self._frames: list[Frame] = []
        self._silent = 0
        self._heard = self._asked = server.now
        self._used = True
        self._unread = self._over = self._lost = self._leaving = False
        self._certificate: Certificate | None = None
        self.peer = ""
        self.expires = NEVER

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there, and speaks HTTP/2."""
        server = self._server
        self._transport = cast("asyncio.Transport", transport)
        self._writer.connect(self._transport)
        self.peer = server.peer_of(self._transport)
        if server.asks_certificates:
            self._certificate = peer_certificate(transport.get_extra_info("ssl_object"))
        self.expires = server.now + server.limits.head_seconds
        if not server.enter(self):
            self._end(NO_ERROR)  # which says that nothing was served, so that all may be sent again

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._over:
            return
        self._heard = self._server.now
        if self._held or self._frames or self._writer.paused:
            self._hold(data)
        else:
            self._read(data)

    def eof_received(self) -> bool:
        """The peer sends no more: what is under way has a moment to be answered."""
        if not self._streams or not self._transport.can_write_eof():
            return False
        self._loop.call_later(LEAVING_SECONDS, self._transport.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, whoever ended it: so is whoever waits for an answer."""
        self._over = self._lost = True
        self._server.leave(self)
        self._held, self._frames = b"", []
        self._writer.lost()
        for stream in tuple(self._streams):
            self.stopped(stream)
        self._engine.fail()

    def pause_writing(self) -> None:
        """The peer does not take what is sent."""
        self._writer.pause()
        self._server.watch(self, self._transport)

    def resume_writing(self) -> None:
        """It does again."""
        self._writer.resume()
        self._settle()
        self._go_on()

    # Reading

    def _read(self, data: bytes) -> None:
        """Read a slice of what came; the rest is for another turn of the loop."""
        if len(data) > SLICE:
            self._hold(data[SLICE:])
            data = data[:SLICE]
            self._loop.call_soon(self._go_on)
        try:
            frames = self._engine.decode(data)
            self._count_silent(len(data), frames)
            self._apply(frames)
        except Broken as broken:
            self._end(broken.reason, linger=True)
            return
        self._writer.flush()
        self._settle()

    def _count_silent(self, size: int, frames: list[Frame]) -> None:
        if frames:
            self._silent = 0
            return
        self._silent += size
        if self._silent > SILENT_TIMES * max(self._server.limits.head, LIST_LEAST):
            raise Broken(ENHANCE_YOUR_CALM, "the headers of a request are too large")

    def _apply(self, frames: list[Frame]) -> None:
        """Do what frames say, as long as answers can be written."""
        apply, writer = self._engine.apply, self._writer
        for at, frame in enumerate(frames):
            if writer.paused:
                self._frames = frames[at:]
                return
            apply(frame)
        self._engine.acknowledge()

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > HELD_MOST and not self._unread:
            self._unread = True
            self._transport.pause_reading()

    def _go_on(self) -> None:
        """Read what was held back, if nothing stands against it any more."""
        if self._over or self._writer.paused:
            return
        if self._frames:
            frames, self._frames = self._frames, []
            try:
                self._apply(frames)
            except Broken as broken:
                self._end(broken.reason, linger=True)
                return
            self._writer.flush()
            self._settle()
            if self._frames:
                return
        if self._held and not self._over:
            held, self._held = self._held, b""
            self._read(held)
        if self._unread and not self._over and len(self._held) <= HELD_MOST:
            self._unread = False
            self._transport.resume_reading()

    # What the engine tells

    def opened(self, stream: Stream, head: Head, ended: bool) -> None:
        """A request came."""
        if self._live >= LIVE_MOST:
            self._reset(stream, REFUSED_STREAM)
            return
        self._streams[stream] = None
        self._used = True
        server = self._server
        if server.closing:
            self.wind_down()
        try:
            path, query, headers = self._heads.judge(head)
        except Unfit:
            self._reset(stream, PROTOCOL_ERROR)
            return
        except Refused as refused:
            self._refuse(stream, _known_of(head, self.peer), refused.fault)
            return
        peer = self.peer if server.proxies is None else server.proxies.peer(self.peer, headers)
        assert head.method is not None
        request = Request(head.method, path, query, headers, b"", peer, "2", "", self._certificate, None, True)
        stream.request = request
        mounted = bool(server.mounts) and server.is_mounted(path)
        # What is nobody's is refused by its head: who streams might never come to an end of the body.
        limit = None if mounted or not server.app.knows(path) else server.body_most(path)
        if limit is None:
            stream.body = body = Body(
                lambda size: self._taken(stream, size), lambda size, most: self._keep(stream, size, most)
            )
            if ended:
                body.end()
            elif "expect" in headers:
                self._go_ahead(stream)
            if mounted:
                self._mount(stream, request, body)
            else:
                request.stream = body
                self._start(stream, request)
        elif ended:
            self._start(stream, request)
        elif head.content_length is not None and head.content_length > limit:
            self._refuse(stream, request, too_large(limit))
        else:
            stream.limit = limit
            self._uploads.add(stream, server.now)
            if "expect" in headers:
                self._go_ahead(stream)

    def came(self, stream: Stream, part: bytes, ended: bool) -> None:
        """A part of a body came."""
        if stream.over:
            return
        body, request = stream.body, stream.request
        if body is not None:
            body.feed(part)
            if ended:
                body.end()
            return
        if stream.answered:
            return  # it was refused
        assert request is not None
        if part:
            self._uploads.came(stream, len(part))
            if stream.size > stream.limit:
                self._refuse(stream, request, too_large(stream.limit))
                return
            if self._uploads.size > BODIES_MOST * self._server.body_largest:
                self._refuse(stream, request, Unavailable(TOO_MUCH, retry_after=1))
                return
            stream.content = joined(stream.content, part)
            self._engine.give_room(stream, len(part))
        if ended:
            self._uploads.arrived(stream)
            request.body, stream.content = bytes(stream.content), b""
            self._start(stream, request)

    def stopped(self, stream: Stream) -> None:
        """The peer, or the protocol, has ended the stream."""
        if not stream.over:
            self._forget(stream)
            if stream.task is not None:
                stream.task.cancel()

    def writable(self, stream: Stream) -> None:
        """More can be sent on the stream."""
        try:
            if self._writer.go_on(stream):
                self._forget(stream)
        except Stopped:
            self.stopped(stream)
        except UnfitAnswer as unfit:
            self._break_off(stream, unfit)
        self._writer.soon()

    def _taken(self, stream: Stream, size: int) -> None:
        """Who reads a body has taken so much of it."""
        if not stream.over:
            self._engine.give_room(stream, size)
            self._writer.soon()

    def _keep(self, stream: Stream, size: int, most: int) -> None:
        """Who reads a body keeps so much of it. Raises Unavailable."""
        if stream.over:
            return
        uploads = self._uploads
        allowed = BODIES_MOST * max(self._server.body_largest, most)
        if size > stream.size and uploads.size + size - stream.size > allowed:
            raise Unavailable(TOO_MUCH, retry_after=1)
        uploads.keep(stream, size)

    def _go_ahead(self, stream: Stream) -> None:
        """The client waits to be told to send its body."""
        self._writer.flush()
        if not self._writer.paused:
            self._transport.write(CONTINUE % stream.id.to_bytes(4))

    # Answering

    def _start(self, stream: Stream, request: Request) -> None:
        if self._writer.held > ANSWERS_MOST:
            self._ready[stream] = None
            return
        task = asyncio.Task(self._respond(request), loop=self._loop, **AT_ONCE)
        if task.done():
            self._finish(stream, request, task)
        else:
            self._live += 1
            stream.task = task
            task.add_done_callback(lambda task: self._answered(stream, request, task))

    def _start_ready(self) -> None:
        """Answer what had to wait, as far as the peer takes its answers."""
        while self._ready and self._writer.held <= ANSWERS_MOST:
            stream = next(iter(self._ready))
            del self._ready[stream]
            assert stream.request is not None
            self._start(stream, stream.request)
        self._writer.soon()

    def _answered(self, stream: Stream, request: Request, task: asyncio.Task[Response]) -> None:
        """An answer that took its time."""
        self._live -= 1
        stream.task = None
        self._finish(stream, request, task)
        self._writer.soon()
        self._settle()

    def _finish(self, stream: Stream, request: Request, task: asyncio.Task[Response]) -> None:
        try:
            response = task.result()
        except asyncio.CancelledError:
            self._reset(stream, CANCEL)
        except BaseException as error:
            self._loop.call_exception_handler({"message": "an answer was not made", "exception": error})
            self._reset(stream, INTERNAL_ERROR)
        else:
            self._answer(stream, request, response)

    def _reset(self, stream: Stream, reason: int) -> None:
        """Break a stream off, if it is not over."""
        if not stream.over:
            self._engine.reset(stream, reason)
            self.stopped(stream)  # the engine says so itself, unless it knows no such stream any more

    def _refuse(self, stream: Stream, request: Request, fault: Fault) -> None:
        self._answer(stream, request, refuse(self._server.app, fault, request))

    def _answer(self, stream: Stream, request: Request, response: Response) -> None:
        """Send an answer whole, or begin a stream."""
        if stream.over:
            if response.stream is not None:
                self._server.close_stream(response.stream)
            return
        stream.answered = True
        self._uploads.arrived(stream)
        if response.stream is not None:
            self._begin(stream, request, response, response.stream)
            return
        body, trailers = response.body, response.trailers
        headers: Any = response.headers
        if response.bare and trailers is not None:
            headers, body, trailers = [*headers, *trailers], b"", None
        elif trailers is None and response.status not in WITHOUT_CONTENT:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        if request.method == "HEAD" or response.status in WITHOUT_CONTENT:
            body, trailers = b"", None
        end = not body and trailers is None
        try:
            self._engine.send_head(stream, response.status, headers, end=end)
        except Stopped:
            self.stopped(stream)
            return
        except UnfitAnswer as unfit:
            self._refuse(stream, request, self._server.broken(unfit))
            return
        if end:
            self._forget(stream)
        else:
            self._send_rest(stream, body, trailers)

    def _send_rest(self, stream: Stream, body: bytes, trailers: list[Header] | None) -> None:
        try:
            if self._writer.whole(stream, body, trailers):
                self._forget(stream)
        except Stopped:
            self.stopped(stream)
        except UnfitAnswer as unfit:
            self._break_off(stream, unfit)

    def _break_off(self, stream: Stream, unfit: UnfitAnswer) -> None:
        """What an answer ends with cannot be sent; the log is told why."""
        self._server.broken(unfit)
        self._reset(stream, INTERNAL_ERROR)

    def _begin(self, stream: Stream, request: Request, response: Response, parts: ByteStream) -> None:
        self._live += 1
        task = stream.task = self._loop.create_task(self._stream(stream, request, response, parts))
        task.add_done_callback(lambda task: self._streamed(stream, parts, task))

    async def _stream(self, stream: Stream, request: Request, response: Response, parts: ByteStream) -> None:
        """Send the head, the stream chunk by chunk, trailers and the end."""
        try:
            self._engine.send_head(stream, response.status, response.headers, end=request.method == "HEAD")
            self._writer.soon()
            if request.method != "HEAD":
                async for part in parts:
                    await self._writer.part(stream, part)
                    # It need not have waited for anything, and must not keep others waiting.
                    await asyncio.sleep(0)
                self._finish_body(stream, response)
            else:
                self._forget(stream)
        except asyncio.CancelledError:
            if not stream.over and ending.ended() is None:
                raise
            self._give_up(stream, CANCEL)
        except Stopped:
            self._give_up(stream, CANCEL)
        except UnfitAnswer as unfit:
            self._server.broken(unfit)
            self._give_up(stream, INTERNAL_ERROR)
        finally:
            await parts.aclose()

    def _give_up(self, stream: Stream, reason: int) -> None:
        """What runs has no more to send: it breaks the stream off, and is not to be cancelled for that."""
        stream.task = None
        self._reset(stream, reason)

    def _finish_body(self, stream: Stream, response: Response) -> None:
        if self._writer.whole(stream, b"", response.trailers):
            self._forget(stream)
        self._writer.soon()

    def _streamed(self, stream: Stream, parts: ByteStream, task: asyncio.Future[None]) -> None:
        """A stream is sent, or was cancelled: perhaps before it began, so that it did not close itself."""
        self._live -= 1
        if task.cancelled():
            self._server.close_stream(parts)
            self._reset(stream, CANCEL)
        elif (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "a stream could not be sent", "exception": error})
            self._reset(stream, INTERNAL_ERROR)
        stream.task = None
        self._writer.soon()
        self._settle()

    def _mount(self, stream: Stream, request: Request, body: Body) -> None:
        """Let what is mounted answer."""
        self._live += 1
        scope = self._server.scope_of(request, self._transport)
        mount = Mount(self, stream, request, body, scope)
        self._server.run(mount)

    # For what is mounted

    def send_head(self, stream: Stream, status: int, headers: list[Header], *, end: bool) -> None:
        """Send the head of an answer. Raises UnfitAnswer and Stopped."""
        self._engine.send_head(stream, status, headers, end=end)
        if end:
            self._forget(stream)
        self._writer.soon()

    async def send_part(self, stream: Stream, data: bytes, *, end: bool) -> None:
        """Send a part of its body; returns once it was taken. Raises Stopped."""
        if data or not end:
            await self._writer.part(stream, data)
        if end:
            if self._writer.whole(stream, b"", None):
                self._forget(stream)
            self._writer.soon()

    def left(self, stream: Stream) -> None:
        """What is mounted has come to its end."""
        self._live -= 1
        self._reset(stream, INTERNAL_ERROR)
        self._writer.soon()
        self._settle()

    # Ends

    def _forget(self, stream: Stream) -> None:
        """There is no more to do for a stream."""
        stream.over = True
        self._streams.pop(stream, None)
        if self._ready:
            self._ready.pop(stream, None)
        self._uploads.forget(stream)
        self._writer.forget(stream)
        if stream.body is not None:
            stream.body.leave()
        if stream.gone is not None:
            stream.gone.set()
        # What holds each other waits for the collector.
        stream.body = stream.request = None

    def _settle(self) -> None:
        """Note when the connection has to be looked after, and end it if it has no more to do."""
        if self._over:
            return
        if self._ready:
            self._start_ready()
        server = self._server
        if not self._streams:
            if self._engine.finished or (self._leaving and self._engine.left):
                self._end(None)
            elif self._used and self._engine.settled:
                self._used = False  # what is no request does not make it less idle
                self.expires = server.idle_until
        elif self._uploads or self._writer.waiting:
            self.expires = min(self.expires, server.now + LOOK_SECONDS)
        elif self._asked > self._heard:
            self.expires = self._asked + server.limits.stall_seconds
        else:
            self.expires = self._heard + server.limits.idle_seconds

    def _ask(self, now: float) -> bool:
        """Ask a peer that is silent for long, while it has streams, whether it is there; False if it does not say."""
        limits = self._server.limits
        if self._asked > self._heard:
            return now - self._asked < limits.stall_seconds
        if now - self._heard >= limits.idle_seconds:
            self._asked = now
            self._writer.flush()
            if not self._writer.paused:
                self._transport.write(PING)
        return True

    def expire(self, now: float) -> None:
        """It has to be looked after."""
        if self._over:
            if self._transport.get_write_buffer_size():
                self.expires = now + LINGER_SECONDS
            else:
                self.abort()
            return
        if not self._streams:
            self.close()
            return
        limits = self._server.limits
        if self._writer.paused or self._unread or self._held:
            self._uploads.excuse(now)
            self._heard = now
        elif not self._ask(now):
            self.abort()
            return
        for stream in self._uploads.late(now, limits):
            assert stream.request is not None
            fault = RequestTimeout("the body of the request did not come in time; send it again, faster")
            self._refuse(stream, stream.request, fault)
        for stream in self._writer.stalled(now, limits.stall_seconds):
            self._reset(stream, CANCEL)
        self._writer.flush()
        self.expires = now + LOOK_SECONDS
        self._settle()

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return not self._streams

    def wind_down(self) -> None:
        """Tell the peer that the server will end; what is under way, or on its way, is answered."""
        if not self._leaving and not self._over:
            self._leaving = True
            self._engine.leave()
            self._writer.flush()

    def close(self) -> None:
        """End it once all is sent."""
        self._end(NO_ERROR)

    def abort(self) -> None:
        """End it now: nobody takes what is sent, or there is no more time."""
        self._transport.abort()

    def end(self) -> None:
        """End what is under way: the server has no more time for it."""
        for stream in tuple(self._streams):
            if isinstance(stream.task, asyncio.Task):
                ending.end(stream.task)

    def _end(self, reason: int | None, *, linger: bool = False) -> None:
        """Say why, write what there is, and close; with ``linger`` what still comes is read and dropped for a while: a
        reset would take the reason from the client.
        """
        if self._over:
            return
        if reason is not None:
            self._engine.go_away(reason)
        self._writer.flush()
        self._over = True
        self._held, self._frames = b"", []
        for stream in tuple(self._streams):
            self.stopped(stream)
        self.expires = self._server.now + LINGER_SECONDS
        if self._transport.get_write_buffer_size():
            self._server.watch(self, self._transport)
        if not linger or not self._transport.can_write_eof():
            self._transport.close()
            return
        if self._unread:
            self._unread = False
            self._transport.resume_reading()
        self._transport.write_eof()


def _known_of(head: Head, peer: str) -> Request:
    """What can be told of a request that is refused for its head."""
    path = (head.path or "")[:200].partition("?")[0]
    return Request(head.method or "", path, "", {}, b"", peer, "2", trailers=True)
