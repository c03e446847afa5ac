"""WebSockets on a native connection, for what is mounted: framing is the library websockets', without its I/O."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from dragoman.contract.fault import Malformed
from dragoman.ports.wire import Header

from .bridge import BUFFERED_MOST, LOG, OURS, Message
from .heads import head_of
from .incoming import Refused

if TYPE_CHECKING:
    from .connection import Connection
    from .incoming import Incoming
    from .server import Server

SPOKEN: Final = find_spec("websockets") is not None
"""Whether the library is there; without it an Upgrade is passed over."""

VERSION: Final = "13"

MESSAGE_MOST: Final = 16 * 1024 * 1024
"""Bytes of the largest message that is taken."""

MESSAGE_COST: Final = 256
"""Bytes that a message counts beside its own, for empty ones take memory too."""

REASON_MOST: Final = 123
"""Bytes of a reason that a closing frame has room for."""

ABNORMAL, INVALID_DATA = 1006, 1007

FORBIDDEN: Final = 403

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE: Final = b"connection: Upgrade\r\n\r\n"


def can_be_websocket(request: Incoming) -> bool:
    """Whether a request can ask for a WebSocket (RFC 6455, section 4.1); in others that header means nothing."""
    headers = request.headers
    return (
        request.method == "GET"
        and request.version == "1.1"
        and "transfer-encoding" not in headers
        and headers.get("content-length", "0") == "0"
    )


def _key_of(request: Incoming) -> bytes:
    """What proves to the client that its handshake was understood. Raises Refused."""
    headers = request.headers
    if headers.get("sec-websocket-version") != VERSION:
        said = f"only version {VERSION} of WebSockets is spoken here; send Sec-WebSocket-Version: {VERSION}"
        raise Refused(Malformed(said), (b"sec-websocket-version", VERSION.encode()))
    key = headers.get("sec-websocket-key", "").encode("latin-1")
    try:
        sound = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        sound = False
    if not sound:
        raise Refused(Malformed("Sec-WebSocket-Key is not 16 bytes in base64; send one"))
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


class WebSocketBridge:
    """One WebSocket to an ASGI application. ``answered`` ends when the connection is over for it. Raises Refused."""

    begun: Final = True

    def __init__(self, connection: Connection, request: Incoming, scope: Message, server: Server) -> None:
        from websockets.protocol import OPEN, SERVER, Protocol

        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._key = _key_of(request)
        self._connection = connection
        self._server = server
        self._scope: Message = {
            **scope,
            "type": "websocket",
            "scheme": "wss" if scope["scheme"] == "https" else "ws",
            "subprotocols": [
                each.strip() for each in request.headers.get("sec-websocket-protocol", "").split(",") if each.strip()
            ],
        }
        self._protocol = Protocol(SERVER, state=OPEN, max_size=MESSAGE_MOST)
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._size = 0
        self._woken = asyncio.Event()
        self._early = b""
        self._parts: list[bytes] = []
        self._text = False
        self._accepted = False
        self._over = False

    # From the connection

    @property
    def full(self) -> bool:
        """Whether as much waits as may."""
        return self._size + len(self._early) > BUFFERED_MOST

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        from websockets.frames import Frame

        if not self._accepted:  # and nothing may be said to the client yet, such as a pong
            self._early += data
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()
        if self._protocol.close_expected():
            self._disconnect(self._close_code())

    def _close_code(self) -> int:
        """The code with which the client closed, or the one with which it was closed."""
        close = self._protocol.close_rcvd or self._protocol.close_sent
        return ABNORMAL if close is None else int(close.code)

    def end(self) -> None:
        """A WebSocket has no end but its own."""

    def lost(self) -> None:
        """The client is gone."""
        self._disconnect(self._close_code())
        self._settle()

    async def run(self, asgi: Callable[..., Any]) -> None:
        """Let the application speak."""
        try:
            await asgi(self._scope, self._receive, self._send)
        except Exception as error:
            LOG.debug("the WebSocket of a mount was cut off", exc_info=error)  # as with answers
        finally:
            self._close(1000, "")
            self._settle()

    def _settle(self) -> None:
        if not self.answered.done():
            self.answered.set_result(False)

    def _frame(self, frame: Any) -> None:
        from websockets.frames import Opcode

        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._text, self._parts = frame.opcode is Opcode.TEXT, [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT:
            self._parts.append(bytes(frame.data))
        else:
            return
        if not frame.fin or self._over:
            return
        data, self._parts = b"".join(self._parts), []
        try:
            content = {"text": data.decode()} if self._text else {"bytes": data}
        except UnicodeDecodeError:  # RFC 6455, section 8.1
            self._protocol.fail(INVALID_DATA, "a text is not UTF-8")
            self._disconnect(INVALID_DATA)
            return
        self._size += len(data) + MESSAGE_COST
        self._say({"type": "websocket.receive", **content})

    def _say(self, message: Message) -> None:
        self._messages.append(message)
        self._woken.set()

    def _disconnect(self, code: int) -> None:
        if not self._over:
            self._over = True
            self._say({"type": "websocket.disconnect", "code": code})

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.write(data)
            else:
                self._settle()

    # From the application

    async def _receive(self) -> Message:
        while not self._messages:
            if self._over:  # it was told already, or has closed it
                return {"type": "websocket.disconnect", "code": self._close_code()}
            self._woken.clear()
            await self._woken.wait()
        message = self._messages.popleft()
        if message["type"] == "websocket.receive":
            text = message.get("text")
            self._size -= MESSAGE_COST + len(message["bytes"] if text is None else text.encode())
            self._connection.go_on()
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.close":
            self._close(int(message.get("code") or 1000), message.get("reason") or "")
        elif kind == "websocket.accept" and not self._accepted:
            self._accept(message)
        elif kind == "websocket.send" and self._accepted:
            if self._over:
                raise OSError("the client is gone")
            text = message.get("text")
            if text is not None:
                self._protocol.send_text(text.encode())
            else:
                self._protocol.send_binary(message["bytes"])
            self._flush()
        else:
            raise RuntimeError(f"the ASGI message {kind!r} is not for this moment")
        await self._connection.drain()

    def _accept(self, message: Message) -> None:
        if self._over:
            raise OSError("the client is gone")
        headers: list[Header] = [(b"upgrade", b"websocket"), (b"sec-websocket-accept", self._key)]
        headers += _headers_of(message)
        if message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", str(message["subprotocol"]).encode("latin-1")))
        self._connection.write(head_of(101, headers, self._server.date, _UPGRADE))
        self._accepted = True
        early, self._early = self._early, b""
        if early:
            self.feed(early)
        self._connection.go_on()

    def _close(self, code: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        if self._accepted:
            self._protocol.send_close(code, reason.encode()[:REASON_MOST].decode("utf-8", "ignore"))
            self._flush()
        else:
            framing = b"content-length: 0\r\nconnection: close\r\n\r\n"
            self._connection.write(head_of(FORBIDDEN, (), self._server.date, framing))
            self._settle()


def _headers_of(message: Message) -> list[Header]:
    headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
    return [each for each in headers if each[0] not in OURS]
