"""From httpx to ASGI without a socket: requests go in, answers come out as they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from email.utils import formatdate
from typing import Any, Final

import httpx

from .bugs import ASKED
from .harness import Harness
from .portal import Portal

LEAVING: Final = 1.0
"""Seconds that a call has to end once its client is gone; then it is cancelled."""

Message = dict[str, Any]


class Exchange:
    """One request on its way through the application."""

    def __init__(self, harness: Harness, request: httpx.Request) -> None:
        self._harness = harness
        # A body that is there already is one message; one that is still being made ends with an empty one.
        self._in_parts = not isinstance(request.stream, httpx.SyncByteStream)
        self._body: AsyncIterator[bytes] | None = _parts(request)
        self._gone = asyncio.Event()
        # At most one part waits: who sends faster than the client reads has to wait too.
        self._answer: asyncio.Queue[Message | None] = asyncio.Queue(1)
        self._task = asyncio.create_task(self._run(_scope(request, harness)))

    async def head(self, seconds: float | None) -> Message:
        """The status and the headers."""
        message = await self._next(seconds)
        if message is not None:
            return message
        # As servers answer for an application that raised.
        return {"status": 500, "headers": [(b"content-type", b"text/plain; charset=utf-8")], "failed": True}

    async def parts(self, seconds: float | None) -> AsyncIterator[bytes]:
        """The parts of the body, each as soon as it was sent."""
        more = True
        while more:
            message = await self._next(seconds)
            if message is None:
                raise httpx.RemoteProtocolError("the application ended without sending all of its answer")
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def leave(self) -> None:
        """Go away, whether all was read or not: the application is told, and has a little time to end."""
        self._gone.set()
        _, late = await asyncio.wait({self._task}, timeout=LEAVING)
        for task in late:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self, scope: Message) -> None:
        ASKED.set(self._harness.bugs)
        try:
            await self._harness.app(scope, self._receive, self._send)
        except Exception as error:
            self._harness.bugs.keep(error, f"{scope['method']} {scope['path']} failed")
        await self._send(None)

    async def _receive(self) -> Message:
        if self._body is None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        part = await anext(self._body, None)
        more = part is not None and self._in_parts
        if not more:
            self._body = None
        return {"type": "http.request", "body": part or b"", "more_body": more}

    async def _send(self, message: Message | None) -> None:
        """Hand it over; None is the end. Nobody waits for a client that is gone."""
        putting, gone = asyncio.create_task(self._answer.put(message)), asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({putting, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            gone.cancel()

    async def _next(self, seconds: float | None) -> Message | None:
        """The next message; None where the application has ended without one."""
        try:
            return await asyncio.wait_for(self._answer.get(), seconds)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {seconds} seconds") from None


class Transport(httpx.AsyncBaseTransport):
    """Answers requests of an :class:`httpx.AsyncClient` from an application in this process."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, as soon as its head is there."""
        if not self.harness.running:
            raise RuntimeError("the application is not started: write `with Client(app) as client:`")
        timeout = request.extensions.get("timeout", {}).get("read")
        exchange = Exchange(self.harness, request)
        try:
            head = await exchange.head(timeout)
        except BaseException:
            await exchange.leave()
            raise
        headers = [*head["headers"], (b"date", formatdate(usegmt=True).encode())]
        stream = _Stream(exchange, timeout, failed=head.get("failed", False))
        return httpx.Response(head["status"], headers=headers, stream=stream)


class _Stream(httpx.AsyncByteStream):
    """An answer's body."""

    def __init__(self, exchange: Exchange, timeout: float | None, *, failed: bool) -> None:
        self._exchange = exchange
        self._timeout = timeout
        self._failed = failed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._failed:
            yield b"Internal Server Error"
            return
        async for part in self._exchange.parts(self._timeout):
            yield part

    async def aclose(self) -> None:
        await self._exchange.leave()


class BlockingTransport(httpx.BaseTransport):
    """The same for an :class:`httpx.Client`: the application runs in a thread of its own."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.portal = harness.portal
        self._transport = Transport(harness)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, as soon as its head is there."""
        if not self.harness.running:
            raise RuntimeError("the application is not started: write `with Client(app) as client:`")
        request.read()
        response = self.portal.call(self._transport.handle_async_request(request))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BlockingStream(response.stream, self.portal)
        return response


class _BlockingStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, portal: Portal) -> None:
        self._stream = stream
        self._parts = aiter(stream)
        self._portal = portal

    def __iter__(self) -> Iterator[bytes]:
        while (part := self._portal.call(self._pull())) is not None:
            yield part

    def close(self) -> None:
        self._portal.call(self._close())

    async def _pull(self) -> bytes | None:
        return await anext(self._parts, None)

    async def _close(self) -> None:
        await self._stream.aclose()
        if isinstance(self._parts, AsyncGenerator):
            await self._parts.aclose()


def _scope(request: httpx.Request, harness: Harness) -> Message:
    url = request.url
    path, _, query = url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 50000),
        "server": (url.host, url.port or 80),
        "state": dict(harness.state),
    }


async def _parts(request: httpx.Request) -> AsyncIterator[bytes]:
    if isinstance(request.stream, httpx.AsyncByteStream):
        async for part in request.stream:
            yield part
    else:
        yield request.content
