"""WebSockets on a native connection, for what is mounted: framing is the library websockets', without its I/O."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from .bridge import BUFFERED_MOST, Message

if TYPE_CHECKING:
    from websockets.http11 import Request

    from .connection import Connection
    from .incoming import Incoming

SPOKEN: Final = find_spec("websockets") is not None
"""Whether the library is there; without it an Upgrade is passed over."""

MESSAGE_MOST: Final = 16 * 1024 * 1024
"""Bytes of the largest message that is taken."""

GOING_AWAY, ABNORMAL = 1001, 1006


class WebSocketBridge:
    """One WebSocket to an ASGI application. ``answered`` ends when the connection is over for it."""

    def __init__(self, connection: Connection, request: Incoming, scope: Message, head: bytes) -> None:
        from websockets.server import ServerProtocol

        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._connection = connection
        self._request = request
        self._scope: Message = {
            **scope,
            "type": "websocket",
            "scheme": "wss" if scope["scheme"] == "https" else "ws",
            "subprotocols": [
                each.strip() for each in request.headers.get("sec-websocket-protocol", "").split(",") if each.strip()
            ],
        }
        self._protocol = ServerProtocol(max_size=MESSAGE_MOST)
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._size = 0
        self._woken = asyncio.Event()
        self._parts: list[bytes] = []
        self._text = False
        self._accepted = False
        self._over = False
        self._protocol.receive_data(head)
        (self._handshake,) = cast("list[Request]", self._protocol.events_received())

    # From the connection

    @property
    def full(self) -> bool:
        """Whether as much waits as may."""
        return self._size > BUFFERED_MOST

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        from websockets.frames import Frame

        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()
        if self._protocol.close_expected() and self._accepted:
            self._disconnect(self._protocol.close_code or ABNORMAL)

    def end(self) -> None:
        """A WebSocket has no end but its own."""

    def lost(self) -> None:
        """The client is gone."""
        self._disconnect(self._protocol.close_code or ABNORMAL)
        self._settle()

    async def run(self, asgi: Callable[..., Any]) -> None:
        """Let the application speak."""
        try:
            await asgi(self._scope, self._receive, self._send)
        finally:
            if not self._over and self._accepted:
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
        if frame.fin:
            data, self._parts = b"".join(self._parts), []
            self._size += len(data)
            content = {"text": data.decode("utf-8", "replace")} if self._text else {"bytes": data}
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
            self._woken.clear()
            await self._woken.wait()
        message = self._messages.popleft()
        if message["type"] == "websocket.receive":
            self._size -= len(message.get("bytes") or message["text"].encode())
            self._connection.go_on()
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept" and not self._accepted:
            self._accept(message)
        elif kind == "websocket.send" and self._accepted:
            if self._over:
                raise OSError("the client is gone")
            text = message.get("text")
            if text is not None:
                self._protocol.send_text(text.encode())
            else:
                self._protocol.send_binary(message["bytes"])
        elif kind == "websocket.close":
            self._close(int(message.get("code") or 1000), message.get("reason") or "")
        else:
            raise RuntimeError(f"the ASGI message {kind!r} is not for this moment")
        self._flush()
        await self._connection.drain()

    def _accept(self, message: Message) -> None:
        response = self._protocol.accept(self._handshake)
        for name, value in message.get("headers", ()):
            response.headers[bytes(name).decode("latin-1")] = bytes(value).decode("latin-1")
        if message.get("subprotocol"):
            response.headers["Sec-WebSocket-Protocol"] = message["subprotocol"]
        self._accepted = response.status_code == 101
        self._protocol.send_response(response)

    def _close(self, code: int, reason: str) -> None:
        if not self._accepted:
            self._protocol.send_response(self._protocol.reject(403, ""))
            self._over = True
        elif not self._over:
            self._over = True
            self._protocol.send_close(code, reason)
        self._flush()
