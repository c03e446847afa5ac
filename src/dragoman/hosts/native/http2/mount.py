"""ASGI on an HTTP/2 stream: what is mounted answers, and reads the request while it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dragoman.contract.fault import Fault
from dragoman.hosts.native.body import Body
from dragoman.hosts.native.bridge import Message, answer_of
from dragoman.ports.wire import WITHOUT_CONTENT, Header, Request

from .engine import Stopped
from .stream import Stream

if TYPE_CHECKING:
    from .connection import Http2Connection

LOG: Final = logging.getLogger("dragoman.hosts.native")


class Mount:
    """One request to an ASGI application, and its answer."""

    def __init__(
        self, connection: Http2Connection, stream: Stream, request: Request, body: Body, scope: Message
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._method = request.method
        self._body = body
        self._scope = scope
        self._told = False
        self._status = 0
        self._headers: list[Header] = []
        self._begun = self._silent = False
        self._left: int | None = None
        self._gone = stream.gone = asyncio.Event()

    async def run(self, asgi: Callable[..., Any]) -> None:
        """Let the application answer."""
        try:
            await asgi(self._scope, self._receive, self._send)
        except Exception as error:
            # The ASGI host has told the log. Here it only says that the answer is not whole.
            LOG.debug("the answer of a mount was cut off", exc_info=error)
        finally:
            self._connection.left(self._stream)

    async def _receive(self) -> Message:
        if not self._told and not self._stream.over:
            part, more = b"", False
            try:
                part = await anext(self._body)
                more = not self._body.exhausted
            except StopAsyncIteration:
                pass
            except Fault:
                return {"type": "http.disconnect"}
            self._told = not more
            return {"type": "http.request", "body": part, "more_body": more}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._stream.over:
            raise OSError("the client is gone, or has its answer")
        if kind == "http.response.start" and not self._status:
            self._status, self._headers, self._left, _ = answer_of(message)
        elif kind == "http.response.body" and self._status:
            try:
                await self._send_body(bytes(message.get("body", b"")), more=bool(message.get("more_body", False)))
            except Stopped:
                raise OSError("the client is gone") from None
        else:
            raise RuntimeError(f"the ASGI message {kind!r} is not for this moment")

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        if not self._begun:
            self._begun = True
            self._silent = self._method == "HEAD" or self._status in WITHOUT_CONTENT
            if self._left is None and not self._silent and not more:
                self._headers.append((b"content-length", b"%d" % len(body)))
            end = self._silent or (not more and not body)
            self._connection.send_head(self._stream, self._status, self._headers, end=end)
            if end:
                return
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0:
                raise RuntimeError("the application sends more than its Content-Length says")
        if body or not more:
            await self._connection.send_part(self._stream, body, end=not more)
