"""HTTP/1.1: one request after the other on a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import httptools

from .message import Ask, Broken, Head
from .net import Wire

MOST_HEAD: Final = 1024 * 1024
"""How many bytes an answer's head may have, trailers included."""


class Http1:
    """A connection. ``release`` is told when it can be used again; ``since`` is when that was."""

    def __init__(self, wire: Wire, authority: str, release: Callable[[Http1], None]) -> None:
        self.wire = wire
        self.authority = authority
        self.release = release
        self.since = 0.0

    async def open(self, ask: Ask, deadline: float | None) -> Exchange1:
        """Send a request. Raises Broken and TimeoutError."""
        exchange = Exchange1(self, ask, deadline)
        try:
            await exchange.begin()
        except BaseException:
            exchange.close()
            raise
        return exchange


class Exchange1:
    """A request and its answer; what httptools calls while it parses."""

    def __init__(self, connection: Http1, ask: Ask, deadline: float | None) -> None:
        self.deadline = deadline
        self.trailers: dict[str, str] = {}
        self._connection = connection
        self._wire = connection.wire
        self._ask = ask
        self._sent = ask.body is not None
        self._refused: OSError | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._size = 0
        self._head: Head | None = None
        self._parts: list[bytes] = []
        self._until_end = False
        self._done = False
        self._kept = False
        self._closed = False

    async def begin(self) -> None:
        """Send the head, and the body if it is there."""
        ask = self._ask
        lines = [f"{ask.method} {ask.target} HTTP/1.1", f"host: {self._connection.authority}"]
        lines += [f"{name}: {value}" for name, value in ask.headers]
        if ask.body is None:
            lines.append("transfer-encoding: chunked")
        elif ask.body or ask.method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(ask.body)}")
        await self._put("\r\n".join([*lines, "\r\n"]).encode("latin-1") + (ask.body or b""))

    async def send(self, data: bytes, *, end: bool = False) -> bool:
        """Send a chunk. What cannot be sent may be because the answer is there already: that says why."""
        if self._sent or self._refused is not None:
            return False
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        self._sent = end
        await self._put(chunk + (b"0\r\n\r\n" if end else b""))
        return self._refused is None and not end

    async def _put(self, data: bytes) -> None:
        try:
            self._wire.put(data, self.deadline)
            await self._wire.drain(self.deadline)
        except TimeoutError:
            raise
        except OSError as error:
            self._refused = error

    async def head(self) -> Head:
        """What the answer begins with."""
        while self._head is None:
            await self._receive()
        return self._head

    async def read(self) -> bytes:
        """More of the body."""
        await self.head()
        while not self._parts:
            if self._done:
                return b""
            await self._receive()
        parts, self._parts = self._parts, []
        return b"".join(parts)

    async def _receive(self) -> None:
        try:
            data = await self._wire.receive(self.deadline)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._broken(self._refused or error) from error
        if not data:
            if self._head is None or not self._until_end:
                raise self._broken(self._refused or "the server closed the connection")
            self._done = True
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise self._broken("the server wants to speak another protocol") from None
        except httptools.HttpParserError as error:
            raise self._broken(f"the answer is no HTTP: {error}") from None

    def _broken(self, why: Any) -> Broken:
        return Broken(str(why) or type(why).__name__, reached=True)

    # What httptools calls

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        self._size += len(name) + len(value)
        if self._size > MOST_HEAD:
            raise ValueError("the answer's head is too large")
        into = self._headers if self._head is None else self.trailers
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        into[key] = f"{into[key]}, {text}" if key in into else text

    def on_headers_complete(self) -> None:
        """The head is there; or one that another follows (RFC 9110, section 15.2)."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = {}
            return
        self._head = Head(status, self._headers)
        self._kept = self._parser.should_keep_alive()
        coded = "transfer-encoding" in self._headers
        self._until_end = not coded and "content-length" not in self._headers and status not in (204, 304)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._parts.append(data)

    def on_message_complete(self) -> None:
        """The end."""
        if self._head is not None:
            self._done = True

    def close(self) -> None:
        """Keep the connection, if the answer has come to its end; else close it."""
        if self._closed:
            return
        self._closed = True
        if self._done and self._kept and self._sent and self._refused is None and not self._until_end:
            self._connection.release(self._connection)
        else:
            self._wire.close()
        self._parser = None
