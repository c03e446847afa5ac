"""HTTP/2: many requests at once on a connection, bodies both ways at once, and trailers. Frames are h2's business."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .message import Ask, Broken, Head
from .net import Net, Signal, Wire

STREAM_WINDOW: Final = 1024 * 1024
CONNECTION_WINDOW: Final = 16 * 1024 * 1024
MOST_HEADERS: Final = 1024 * 1024
HANDSHAKE_SECONDS: Final = 20.0


class _Frames(h2.connection.H2Connection):
    """h2's connection, which a server's GOAWAY does not close: what was accepted is finished (RFC 9113, 6.8)."""

    def __init__(self, config: h2.config.H2Configuration) -> None:
        super().__init__(config)
        machine, opened = self.state_machine, h2.connection.ConnectionState.CLIENT_OPEN
        received = h2.connection.ConnectionInputs.RECV_GOAWAY
        machine._transitions = {**machine._transitions, (opened, received): (None, opened)}

    def clear_outbound_data_buffer(self) -> None:
        """Keep what is to be sent, which h2 would drop at a GOAWAY: it acknowledges what came before that."""


class Http2:
    """A connection. What comes is read by a task or thread of its own, which hands it to the exchanges."""

    def __init__(self, net: Net, wire: Wire, scheme: str, authority: str) -> None:
        self._net = net
        self._wire = wire
        self._scheme = scheme
        self._authority = authority
        self._guard = threading.RLock()  # never held while one waits
        self._exchanges: dict[int, Exchange2] = {}
        self._dead: str | None = None
        self._going = False
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._h2 = _Frames(config)

    def start(self) -> None:
        """Greet the server, and listen to it."""
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: MOST_HEADERS,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW)
        self._wire.put(self._h2.data_to_send(), None)
        self._net.spawn(self._listen(), f"dragoman client, HTTP/2 to {self._authority}")

    @property
    def free(self) -> bool:
        """Whether another request may begin."""
        with self._guard:
            if self._dead is not None or self._going:
                return False
            try:
                return self._h2.open_outbound_streams < self._h2.remote_settings.max_concurrent_streams
            except h2.exceptions.ProtocolError:
                return False

    @property
    def over(self) -> bool:
        """Whether it is of no more use to anybody."""
        return self._dead is not None or (self._going and not self._exchanges)

    async def open(self, ask: Ask, deadline: float | None) -> Exchange2:
        """Send a request. Raises Broken and TimeoutError."""
        headers = [
            (":method", ask.method),
            (":scheme", self._scheme),
            (":authority", self._authority),
            (":path", ask.target),
            *ask.headers,
        ]
        if ask.body:
            headers.append(("content-length", str(len(ask.body))))
        with self._guard:
            if self._dead is not None or self._going:
                raise Broken(self._dead or "the server is about to close the connection", reached=False)
            try:
                number = self._h2.get_next_available_stream_id()
                exchange = Exchange2(self, number, self._net.signal(), self._net.signal(), deadline)
                self._h2.send_headers(number, headers, end_stream=ask.body == b"")
            except h2.exceptions.ProtocolError as error:
                raise Broken(str(error) or type(error).__name__, reached=False) from None
            self._exchanges[number] = exchange
            if ask.body == b"":
                exchange.sent = exchange.whole = True
            self._flush(deadline)
        try:
            await self._wire.drain(deadline)
            if ask.body:
                await exchange.send(ask.body, end=True)
        except BaseException:
            exchange.close()
            raise
        return exchange

    def _flush(self, deadline: float | None) -> None:
        """Send what h2 has to say. The guard is held."""
        if data := self._h2.data_to_send():
            try:
                self._wire.put(data, deadline)
            except OSError as error:  # a part may have been sent, after which no other can be
                self._end(str(error) or type(error).__name__)

    async def _listen(self) -> None:
        why = "the server closed the connection"
        try:
            while data := await self._wire.receive(None):
                with self._guard:
                    events = self._h2.receive_data(data)
                    self._take(events)
                    self._flush(None)
        except h2.exceptions.ProtocolError as error:
            why = f"the server broke HTTP/2: {error}"
            with self._guard:
                self._flush(None)
        except OSError as error:
            why = str(error) or type(error).__name__
        finally:
            with self._guard:
                self._end(self._dead or why)

    def _take(self, events: Iterable[Any]) -> None:
        for event in events:
            match event:
                case h2.events.ConnectionTerminated():
                    self._terminated(event)
                case h2.events.RemoteSettingsChanged():
                    for each in self._exchanges.values():
                        each.room.set()
                case h2.events.WindowUpdated(stream_id=0):
                    for each in self._exchanges.values():
                        each.room.set()
                case _:
                    exchange = self._exchanges.get(getattr(event, "stream_id", None) or 0)
                    if exchange is not None:
                        exchange.take(event)
                    elif isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                        # It was given up: what still comes must not use the connection's window up.
                        self._h2.increment_flow_control_window(event.flow_controlled_length)

    def _terminated(self, event: h2.events.ConnectionTerminated) -> None:
        self._going = True
        last = event.last_stream_id or 0
        for number, each in list(self._exchanges.items()):
            if number > last:
                del self._exchanges[number]  # to the server it never was, so that it cannot be reset either
                each.fail("the server is about to close the connection", reached=False)
        if event.error_code:
            self._end(f"the server ended the connection: {_reason(event.error_code)}")
        elif not self._exchanges:
            self._end("the server closed the connection")

    def _end(self, why: str) -> None:
        if self._dead is None:
            self._dead = why
        for each in list(self._exchanges.values()):
            each.fail(why, reached=True)
        self._wire.close()

    def close(self) -> None:
        """Say good-bye, and close it."""
        with self._guard:
            if self._dead is None:
                try:
                    self._h2.close_connection()
                    self._flush(None)
                except h2.exceptions.ProtocolError:
                    pass
                self._end("the client was closed")

    # What exchanges do

    async def send(self, exchange: Exchange2, data: bytes, end: bool) -> None:
        """Send a part of a body, as far and as soon as the server takes it."""
        view = memoryview(data)
        number = exchange.number
        while True:
            with self._guard:
                exchange.room.clear()
                if exchange.failure is not None or exchange.ended:
                    exchange.sent = True  # the answer says why nobody listens
                    return
                room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
                if room > 0 or not view:
                    part, view = view[:room], view[room:]
                    last = end and not view
                    self._h2.send_data(number, part.tobytes(), end_stream=last)
                    exchange.sent = exchange.whole = last
                    self._flush(exchange.deadline)
                    if not view:
                        break
                    continue
            await exchange.room.wait(exchange.deadline)
        try:
            await self._wire.drain(exchange.deadline)
        except ConnectionError:
            pass  # whoever reads the connection says so

    def taken(self, exchange: Exchange2, size: int) -> None:
        """A part of an answer was taken, so that more may come."""
        with self._guard:
            if self._exchanges.get(exchange.number) is not exchange:
                return  # it was given up, and all that was buffered with it
            exchange.buffered -= size
            if self._dead is None:
                self._h2.acknowledge_received_data(size, exchange.number)  # the connection's window too, for all
                self._flush(None)

    def forget(self, exchange: Exchange2) -> None:
        """Be done with an exchange; the server learns of it, if it is not."""
        with self._guard:
            if self._exchanges.pop(exchange.number, None) is None or self._dead is not None:
                return
            try:
                if exchange.buffered:
                    self._h2.acknowledge_received_data(exchange.buffered, exchange.number)
                if not (exchange.ended and exchange.whole):
                    self._h2.reset_stream(exchange.number, h2.errors.ErrorCodes.CANCEL)
            except h2.exceptions.ProtocolError:
                pass  # it is closed
            self._flush(None)
            if self._going and not self._exchanges:
                self._end("the server closed the connection")


class Exchange2:
    """A request and its answer. Who reads waits for one signal, and who sends for ``room``: they may be two threads, of
    which neither may take back what the other waits for. Both clear it, look, and only then wait.
    """

    def __init__(self, connection: Http2, number: int, signal: Signal, room: Signal, deadline: float | None) -> None:
        self.deadline = deadline
        self.number = number
        self.signal = signal
        self.room = room
        self.trailers: dict[str, str] = {}
        self.sent = False  # all that anybody wants
        self.whole = False  # the server waits for no more of it
        self.ended = False
        self.failure: Broken | None = None
        self.buffered = 0
        self._connection = connection
        self._head: Head | None = None
        self._parts: deque[tuple[bytes, int]] = deque()

    def take(self, event: Any) -> None:
        """What came."""
        match event:
            case h2.events.ResponseReceived(headers=headers):
                self._head = _head(headers or [])
            case h2.events.DataReceived(data=data, flow_controlled_length=size):
                self._parts.append((data or b"", size or 0))
                self.buffered += size or 0
            case h2.events.TrailersReceived(headers=headers):
                self.trailers = _head(headers or []).headers
            case h2.events.StreamEnded():
                self.ended = True
            case h2.events.StreamReset(error_code=code):
                refused = code == h2.errors.ErrorCodes.REFUSED_STREAM
                # An answer that is whole stands, though the rest of the question was not wanted (RFC 9113, 8.1).
                self.whole = True
                if not self.ended:
                    self.fail(f"the server ended the call: {_reason(code or 0)}", reached=not refused)
            case h2.events.WindowUpdated():
                pass
            case _:
                return
        self._wake()

    def fail(self, why: str, *, reached: bool) -> None:
        """It will not come to its end."""
        if not self.ended and self.failure is None:
            self.failure = Broken(why, reached=reached)
        self._wake()

    def _wake(self) -> None:
        self.signal.set()
        self.room.set()

    async def send(self, data: bytes, *, end: bool = False) -> bool:
        """Send more of the body."""
        if not self.sent:
            await self._connection.send(self, data, end)
        return not self.sent

    async def head(self) -> Head:
        """What the answer begins with."""
        while True:
            ended, failure = self._look()
            if self._head is not None:
                return self._head
            if ended:
                raise Broken("the answer has no head", reached=True)
            await self._more(failure)

    async def read(self) -> bytes:
        """More of the body."""
        await self.head()
        while True:
            ended, failure = self._look()
            if self._parts:
                data, size = self._parts.popleft()
                if size:
                    self._connection.taken(self, size)
                if data:
                    return data
            elif ended:
                return b""
            else:
                await self._more(failure)

    def _look(self) -> tuple[bool, Broken | None]:
        """Whether it has come to its end, or failed. To be called before one looks for what came: asked afterwards, the
        end may have come together with what one did not see.
        """
        self.signal.clear()
        return self.ended, self.failure

    async def _more(self, failure: Broken | None) -> None:
        """Wait for what has come since one looked, or will."""
        if failure is not None:
            raise failure
        await self.signal.wait(self.deadline)

    def close(self) -> None:
        """Be done with it, whoever waits for it still."""
        self._connection.forget(self)
        self.fail("the call was given up", reached=True)


def _head(headers: Iterable[Any]) -> Head:
    found: dict[str, str] = {}
    status = 0
    for name, value in headers:
        if name == ":status":
            status = int(value)
        else:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return Head(status, found)


def _reason(code: int) -> str:
    try:
        return h2.errors.ErrorCodes(code).name
    except ValueError:
        return f"error {code}"
