"""HTTP/2's frames, states, windows and header compression, by httpunk: the one module that knows it.

httpunk's own protocol for asyncio starts a task for each connection and each request, and moves bytes through queues.
Beneath it is a state machine without any of that: bytes go in, frames come out, each frame is applied, and bytes to
send gather. That is what is driven here, from the callback that brought the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from httpunk._httpunk import (
    H2_FLAG_CAPACITY,
    H2_FLAG_CONN_DONE,
    H2_HEADERS_OPENED,
    H2_HEADERS_TRAILERS,
    H2Error,
    H2FrameData,
    H2FrameGoAway,
    H2FrameHeaders,
    H2FramePing,
    H2FrameRstStream,
    H2FrameSettings,
    H2FrameStreamError,
    H2FrameWindowUpdate,
    H2ResetVerdict,
    H2SendVerdict,
    H2StreamError,
    H2Streams,
    HeaderMap,
)

from dragoman.ports.wire import Header

from .stream import Stream

if TYPE_CHECKING:
    from httpunk._httpunk import H2Frame

Head: TypeAlias = H2FrameHeaders
Fields: TypeAlias = HeaderMap
Frame: TypeAlias = "H2Frame"

NO_ERROR: Final = 0x0
PROTOCOL_ERROR: Final = 0x1
INTERNAL_ERROR: Final = 0x2
REFUSED_STREAM: Final = 0x7
"""Nothing was done: the request may be sent again."""

CANCEL: Final = 0x8
ENHANCE_YOUR_CALM: Final = 0xB

STREAMS_MOST: Final = 1000
"""Requests of a connection that are open at once."""

STREAM_WINDOW: Final = 256 * 1024
CONNECTION_WINDOW: Final = 8 * 1024 * 1024
"""Above a stream's: a body that nobody reads must not block the others."""

FRAME_MOST: Final = 16 * 1024
SENDING_MOST: Final = 64 * 1024
"""Bytes of a stream's answer that wait to be written."""

SMALL_FRAMES: Final = 64 * 1024 * 1024
"""What the small frames of bodies may cost before they are taken for an attack: with httpunk's own bound, a client that
sends 2,500 small messages at once is one.
"""


TOLD: Final = H2_FLAG_CONN_DONE | H2_FLAG_CAPACITY
"""What is told of a step and matters here; there is nearly always something to write, for one."""


class Broken(Exception):
    """The peer broke the protocol in a way that ends the connection. ``reason`` is its code."""

    def __init__(self, reason: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnfitAnswer(Exception):
    """An answer's head cannot be sent."""


class Stopped(Exception):
    """The stream is not there any more: nothing can be sent on it."""


class Events(Protocol):
    """Who is told what frames do."""

    def opened(self, stream: Stream, head: Head, ended: bool) -> None:
        """A request came; ``ended`` if it has no body."""

    def came(self, stream: Stream, part: bytes, ended: bool) -> None:
        """A part of a body came, which may be empty; ``ended`` if it was the last."""

    def stopped(self, stream: Stream) -> None:
        """The peer, or the protocol, has ended the stream."""

    def writable(self, stream: Stream) -> None:
        """More can be sent on the stream."""


class Engine:
    """The protocol's state of one connection. ``head_most`` is how large a head may be that is told of at all."""

    __slots__ = ("_events", "_spare", "_streams", "finished", "settled")

    def __init__(self, events: Events, head_most: int) -> None:
        self._events = events
        self._spare = Stream()
        self.finished = False
        """Whether the connection has no more to do but to write what waits."""
        self.settled = False
        """Whether the peer has sent its preface and settings."""
        self._streams = H2Streams(
            "server",
            initial_window_size=STREAM_WINDOW,
            connection_window=CONNECTION_WINDOW,
            max_frame_size=FRAME_MOST,
            max_header_list_size=head_most,
            max_send_buf_size=SENDING_MOST,
            max_concurrent_streams=STREAMS_MOST,
            # Requests are taken from the queue that this bounds as soon as they are in it.
            max_pending_accept_reset_streams=STREAMS_MOST,
            # It would count all of a connection's life; what bounds the harm is the number of handlers that live.
            max_local_error_reset_streams=None,
            data_frame_budget=SMALL_FRAMES,
            auto_date_header=True,
        )
        self._streams.begin()

    # Reading

    def decode(self, data: bytes) -> list[Frame]:
        """The frames that are complete with these bytes. Raises Broken."""
        try:
            return self._streams.receive(data)
        except H2Error as error:
            raise _ended_by(error) from None

    def apply(self, frame: Frame) -> None:
        """Let a frame have its effect. Raises Broken."""
        streams = self._streams
        try:
            if isinstance(frame, H2FrameHeaders):
                self._open(frame)
            elif isinstance(frame, H2FrameData):
                data = streams.recv_data(frame)
                if data.handle is not None:
                    stream: Any = data.handle
                    part = data.payload or b""
                    if data.budgeted:
                        streams.release_data_frame(stream.id, len(part))
                    if part or data.eof:
                        self._events.came(stream, part, data.eof)
                if data.flags & TOLD:
                    self._after(data.flags)
            else:
                self._heed(frame)
        except H2StreamError as error:
            number, reason, initiator = error.args
            self._spare = Stream()
            if initiator != "remote":
                self._reset(streams.reset_on_error(number, reason))
        except H2Error as error:
            raise _ended_by(error) from None

    def _open(self, frame: H2FrameHeaders) -> None:
        """A head, or trailers."""
        streams, events, stream = self._streams, self._events, self._spare
        opening = streams.recv_headers(frame, stream)
        if opening.kind == H2_HEADERS_OPENED:
            self._spare = Stream()
            stream.id = opening.stream_id
            streams.accepted(stream.id)
            events.opened(stream, frame, opening.eof)
        elif opening.kind == H2_HEADERS_TRAILERS and _names_what_only_heads_do(frame):
            self._reset(streams.reset_on_error(frame.stream_id, PROTOCOL_ERROR))
        elif opening.kind == H2_HEADERS_TRAILERS:
            # What they say is no part of the head, nor of the body.
            events.came(cast("Stream", opening.handle), b"", True)
        if opening.flags & TOLD:
            self._after(opening.flags)

    def _heed(self, frame: Frame) -> None:
        """What is no part of a request."""
        streams, events = self._streams, self._events
        if isinstance(frame, H2FrameWindowUpdate):
            self._writable(streams.recv_window_update(frame))
        elif isinstance(frame, H2FrameRstStream):
            reset = streams.recv_reset(frame)
            if reset is not None:
                events.stopped(cast("Stream", reset[0]))
                self._after(reset[3])
        elif isinstance(frame, H2FrameSettings):
            initial, widened, flags = streams.recv_settings(frame)
            self.settled = self.settled or initial
            self._writable(widened)
            self._after(flags)
        elif isinstance(frame, H2FramePing):
            self._after(streams.recv_ping(frame))
        elif isinstance(frame, H2FrameGoAway):
            aborted, flags = streams.recv_go_away(frame)
            for handle, _ in aborted:
                events.stopped(cast("Stream", handle))
            self._after(flags)
        elif isinstance(frame, H2FrameStreamError):
            self._reset(streams.reset_on_error(frame.stream_id, frame.error_code))
        # What is left are priorities, which are not kept here.

    def _after(self, flags: int) -> None:
        if flags & H2_FLAG_CONN_DONE:
            self.finished = True
        if flags & H2_FLAG_CAPACITY:
            handle = self._streams.next_capacity_wake()
            if handle is not None:
                self._events.writable(cast("Stream", handle))

    def _writable(self, handles: Iterable[object]) -> None:
        for each in handles:
            self._events.writable(cast("Stream", each))

    def _reset(self, verdict: H2ResetVerdict) -> None:
        if verdict.handle is not None:
            self._events.stopped(cast("Stream", verdict.handle))
        self._after(verdict.flags)

    def acknowledge(self) -> None:
        """Where the peer has said that it leaves, and nothing is under way any more: do the same."""
        self._after(self._streams.maybe_goaway_reply())

    def give_room(self, stream: Stream, size: int) -> None:
        """So many bytes of the body were taken: the peer may send as many more."""
        flags = self._streams.release_capacity(stream.id, size)
        if flags & TOLD:
            self._after(flags)

    # Writing

    def send_head(self, stream: Stream, status: int, headers: Iterable[Header], *, end: bool) -> None:
        """The answer's head; ``end`` if that is all. Raises UnfitAnswer, with nothing sent, and Stopped."""
        try:
            verdict = self._streams.send_response_head(stream.id, status, HeaderMap(headers), end)
        except (ValueError, H2Error) as error:
            raise UnfitAnswer(str(error)) from None
        if verdict.stopped is not None or verdict.flags & TOLD:
            self._sent(verdict)

    def send(self, stream: Stream, data: bytes, at: int, *, end: bool) -> tuple[int, bool]:
        """As much of the data behind ``at`` as the peer takes now, and the end behind it, if ``end``. Returns how far
        that is, and whether it is all. Raises Stopped.
        """
        while True:
            verdict = self._streams.send_data(stream.id, data, at, end)
            if verdict.stopped is not None or verdict.flags & TOLD:
                self._sent(verdict)
            at += verdict.sent
            if verdict.done or not verdict.sent:
                return at, verdict.done

    def send_trailers(self, stream: Stream, trailers: Iterable[Header]) -> None:
        """Headers behind the body, and the end. Raises UnfitAnswer, with nothing sent, and Stopped."""
        try:
            verdict = self._streams.send_trailers(stream.id, HeaderMap(trailers))
        except (ValueError, H2Error) as error:
            raise UnfitAnswer(str(error)) from None
        if verdict.stopped is not None or verdict.flags & TOLD:
            self._sent(verdict)

    def _sent(self, verdict: H2SendVerdict) -> None:
        if verdict.stopped is not None:
            raise Stopped
        self._after(verdict.flags)

    def reset(self, stream: Stream, reason: int) -> None:
        """Break a stream off; who is told of events is told of that, too."""
        self._reset(self._streams.reset_stream(stream.id, reason, "user"))

    def pending(self) -> bytes:
        """What is to be written now."""
        view, _ = self._streams.take_pending()
        data = bytes(view)
        view.release()
        return data

    def written(self) -> bool:
        """It was. Returns whether some streams can go on for that."""
        handles = self._streams.credit_written()
        self._writable(handles)
        return bool(handles)

    # Ends

    def leave(self) -> None:
        """Tell the peer that the connection will end: it should send no more requests. Those that are on their way are
        answered, until the peer has said that it knows.
        """
        self._after(self._streams.begin_graceful_shutdown())

    @property
    def left(self) -> bool:
        """Whether the peer knows: no more requests are taken."""
        return self._streams.shutdown_final

    def go_away(self, reason: int) -> None:
        """Tell the peer that the connection ends now."""
        self._after(self._streams.send_goaway(reason))

    def fail(self) -> None:
        """The connection is gone; who is told of events is told of each stream's end."""
        for handle, _ in self._streams.fail(None):
            self._events.stopped(cast("Stream", handle))
        self.finished = True
        # The connection and this hold one another: they go now, and do not wait for the collector.
        del self._events


def _names_what_only_heads_do(trailers: Head) -> bool:
    """Whether they have a pseudo-header (RFC 9113, section 8.1)."""
    found = (trailers.method, trailers.scheme, trailers.authority, trailers.path, trailers.status)
    return any(each is not None for each in found)


def _ended_by(error: H2Error) -> Broken:
    reason = error.args[0] if error.args and isinstance(error.args[0], int) else PROTOCOL_ERROR
    return Broken(reason, str(error))
