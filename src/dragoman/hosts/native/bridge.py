"""ASGI on a native connection: what is mounted answers, and reads the request while it comes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote

from dragoman.ports.wire import WITHOUT_CONTENT, Header, Request

from .heads import CHUNKED, LAST_CHUNK, UnfitHeader, check, chunk, connection_of, head_of

if TYPE_CHECKING:
    from .connection import Connection
    from .incoming import Incoming
    from .server import Server

Message: TypeAlias = MutableMapping[str, Any]

LOG: Final = logging.getLogger("dragoman.hosts.native")

BUFFERED_MOST: Final = 64 * 1024
"""Bytes of a body that may wait for the application, before no more are read."""

OURS: Final = frozenset({b"connection", b"date", b"keep-alive", b"transfer-encoding"})
"""Headers that say what the connection does: that is not for the application to say."""


class Answer(NamedTuple):
    """How an ASGI application begins its answer. ``headers`` are those that are its own to say, with its length, if it
    says one. ``close``: it asks for the connection's end.
    """

    status: int
    headers: list[Header]
    length: int | None
    close: bool


def answer_of(message: Message) -> Answer:
    """What ``http.response.start`` says. Raises UnfitHeader: nothing is sent yet, and something else can be."""
    status, close, length = int(message["status"]), False, None
    taken: list[Header] = []
    headers: Iterable[tuple[Any, Any]] = message.get("headers", ())
    for name, value in headers:
        key, value = bytes(name).lower(), bytes(value)
        if key == b"content-length":
            if length is not None or not value.isdigit():
                raise UnfitHeader("Content-Length is not one number")
            length = int(value)
            if status == 204:
                continue  # RFC 9110, section 8.6
        elif key == b"connection" and b"close" in value.lower():
            close = True
        if key not in OURS:
            taken.append((key, value))
    check(taken)
    if not 200 <= status <= 999:
        raise UnfitHeader(f"the status {status} is that of no answer")
    return Answer(status, taken, length, close)


class Bridge:
    """One request to an ASGI application, and its answer. ``answered`` ends with whether the connection can be used
    again; the application may go on after it.
    """

    def __init__(self, connection: Connection, request: Incoming, scope: Message, server: Server) -> None:
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._connection = connection
        # Not the request, which holds this: what holds each other waits for the collector.
        self._method, self._version = request.method, request.version
        self._scope = scope
        self._server = server
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._read = False
        self._gone = False
        self._woken = asyncio.Event()
        self._told = False
        self._status = 0
        self._headers: list[Header] = []
        self._begun = False
        self._keep = request.keep
        self._chunked = False
        self._left: int | None = None
        self._silent = False

    # From the connection

    @property
    def begun(self) -> bool:
        """Whether anything of the answer was sent."""
        return self._begun

    @property
    def full(self) -> bool:
        """Whether as much waits as may."""
        return self._size > BUFFERED_MOST

    def feed(self, part: bytes) -> None:
        """A part of the body came."""
        self._parts.append(part)
        self._size += len(part)
        self._woken.set()

    def end(self) -> None:
        """The body is complete."""
        self._read = True
        self._woken.set()

    def lost(self) -> None:
        """The client is gone. The application is told; it is not stopped, for it may have more to do."""
        self._gone = True
        self._woken.set()
        self._settle(False)

    async def run(self, asgi: Callable[..., Any]) -> None:
        """Let the application answer."""
        try:
            await asgi(self._scope, self._receive, self._send)
        except Exception as error:
            # The ASGI host has told the log. Here it only says that the answer is not whole.
            LOG.debug("the answer of a mount was cut off", exc_info=error)
        finally:
            self._settle(False)

    def _settle(self, usable: bool) -> None:
        if not self.answered.done():
            self.answered.set_result(usable)

    # From the application

    async def _receive(self) -> Message:
        while not self._parts and not self._read and not self._gone:
            self._woken.clear()
            await self._woken.wait()
        if not self._told and not self._gone:
            parts = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._told = self._read
            if not self._read:
                self._connection.go_on()
            return {"type": "http.request", "body": parts, "more_body": not self._told}
        while not self._gone and not self.answered.done():
            self._woken.clear()
            await self._woken.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._gone:
            raise OSError("the client is gone")
        if kind == "http.response.start" and not self._status and not self.answered.done():
            self._take(answer_of(message))
        elif kind == "http.response.body" and self._status and not self.answered.done():
            await self._send_body(message)
        else:
            raise RuntimeError(f"the ASGI message {kind!r} is not for this moment")

    def _take(self, answer: Answer) -> None:
        self._status, self._headers, self._left = answer.status, answer.headers, answer.length
        self._keep = self._keep and not answer.close

    async def _send_body(self, message: Message) -> None:
        body, more = bytes(message.get("body", b"")), bool(message.get("more_body", False))
        if not self._begun:
            self._begun = True
            self._connection.write(self._head(len(body), more))
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0:
                raise RuntimeError("the application sends more than its Content-Length says")
        if body and not self._silent:
            self._connection.write(chunk(body) if self._chunked else body)
        if more:
            await self._connection.drain()
            return
        if self._chunked and not self._silent:
            self._connection.write(LAST_CHUNK)
        self._settle(self._keep and self._read and (not self._left or self._silent))
        self._woken.set()

    def _head(self, size: int, more: bool) -> bytes:
        status, headers = self._status, self._headers
        self._keep = self._keep and not self._connection.closing
        self._silent = self._method == "HEAD" or status in WITHOUT_CONTENT
        if self._left is None and not self._silent:
            if not more:
                headers.append((b"content-length", b"%d" % size))
            elif self._version == "1.1":
                self._chunked = True
                headers.append(CHUNKED)
            else:
                self._keep = False
        if not more and not self._read:
            self._keep = False  # what is not read of the request would be taken for the next
        return head_of(status, headers, self._server.date, connection_of(close=not self._keep, version=self._version))


def scope_of(request: Request, peer: tuple[str, int] | None, server: tuple[str, int] | None, scheme: str) -> Message:
    """The request as an ASGI scope."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.version,
        "method": request.method,
        "scheme": scheme,
        "path": unquote(request.path),
        "raw_path": request.path.encode("ascii"),
        "query_string": request.query.encode("ascii"),
        "root_path": "",
        "headers": [(name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers.items()],
        "client": (request.peer, 0) if peer is None or request.peer != peer[0] else peer,
        "server": server,
    }
