"""The ASGI host: scopes and messages on one side, :mod:`dragoman.ports.wire` on the other."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault, Unavailable
from dragoman.hosts.certificates import asgi_certificate
from dragoman.hosts.hosted import Hosted
from dragoman.hosts.refusal import refuse, too_large
from dragoman.ports.wire import Request, Response, repeated
from dragoman.runtime import ending, observation

from .late import RETRY_SECONDS, LateStart, failure_of
from .mounts import Mounts
from .paths import UNQUOTED, path_as_sent
from .presence import Arriving, Kept, Presence, Receive
from .sending import Send, send_stream, send_whole

Scope: TypeAlias = MutableMapping[str, Any]
Serve: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION: Final = 1008

log = logging.getLogger("dragoman.hosts.asgi")


class TooLarge(Exception):
    """The body is larger than what is read."""


class Gone(Exception):
    """The client went away before its request was complete."""


class AsgiHost:
    """An application as an ASGI 3 application.

    A server with lifespan starts and stops it. Without lifespan (mounted in another application, or called
    by a test client) the first request starts it, once in each event loop; until it can be started, requests are
    answered UNAVAILABLE.
    """

    def __init__(self, app: Hosted) -> None:
        self.app = app
        self._late = LateStart(app.start)
        self._mounts = Mounts(app.mounts, send_whole) if app.mounts else None
        self._addresses: dict[str, bool] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._kept = Kept()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection: a request, or the life of the server."""
        kind = scope["type"]
        if kind == "http":
            await self._or_end(self._http, scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await self._or_end(self._websocket, scope, receive, send)
        else:
            raise RuntimeError(f"an ASGI scope of type {kind!r} is not served here")

    def started(self) -> None:
        """The application was started, by whomever, in the event loop that runs."""
        self._late.loop = asyncio.get_running_loop()

    def stopped(self) -> None:
        """The application was stopped, by whomever: the next request starts it."""
        self._late.loop = None

    def end_requests(self) -> None:
        """Answer each request that is under way UNAVAILABLE, now: the server stops, and has no more time for them.
        Only in the event loop.
        """
        for task in tuple(self._running):
            ending.end(task)

    async def _or_end(self, serve: Serve, scope: Scope, receive: Receive, send: Send) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is None:  # granian can run a request without one
            await serve(scope, receive, send)
            return
        self._running.add(task)
        try:
            await serve(scope, receive, send)
        except asyncio.CancelledError:
            if ending.ended() is None:
                raise
            # Ended while the answer was being sent: the server closes the connection.
        finally:
            self._running.discard(task)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        if self._late.loop is not asyncio.get_running_loop() and not await self._late.happens():
            fault: Fault = Unavailable("the application could not be started", retry_after=RETRY_SECONDS)
            await send_whole(request, self._refuse(fault, request), send)
            return
        if self._mounts is not None and (mounted := self._mounts.find(request.path)) is not None:
            await self._mounts.serve(mounted, scope, request, receive, send)
            return
        if not self._may_answer(scope):
            fault = Unavailable("this application must not be reached at this address", retryable=False)
            await send_whole(request, self._refuse(fault, request), send)
            return
        most = self.app.bodies.get(request.path, self.app.limits.body)
        if most is None:
            await self._answer_what_comes(request, receive, send)
            return
        try:
            request.body = await self._read(request, receive, most)
            response = await self.app.respond(request)
        except Gone:
            return
        except TooLarge:
            response = self._refuse(too_large(most), request)
        except asyncio.CancelledError:
            stopping = ending.ended()
            if stopping is None:
                raise
            response = self._refuse(stopping, request)
        if response.stream is None:
            await send_whole(request, response, send)
        else:
            await send_stream(request, response, response.stream, Presence(receive), send)

    async def _answer_what_comes(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer a request whose body is read while it comes."""
        if asyncio.current_task() is None:  # granian can run a request without one
            await asyncio.create_task(self._answer_what_comes(request, receive, send))
            return
        async with Arriving(receive, self._kept) as body:
            request.stream = body
            try:
                response = await self.app.respond(request)
            except asyncio.CancelledError:
                stopping = ending.ended()
                if stopping is None:
                    raise
                response = self._refuse(stopping, request)
            if response.stream is None:
                await send_whole(request, response, send)
            else:
                await send_stream(request, response, response.stream, nullcontext(body), send)

    def _refuse(self, fault: Fault, request: Request) -> Response:
        response = refuse(self.app, fault, request)
        if request.version.startswith("1"):
            # What was not read of the request must not be taken for the next. HTTP/2 has no such header, and needs
            # none.
            response.headers = [*response.headers, (b"connection", b"close")]
        return response

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only mounted applications speak it."""
        if self._mounts is not None:
            request = request_of(scope)
            mounted = self._mounts.find(request.path)
            if mounted is not None and await self._late.happens():
                await self._mounts.serve(mounted, scope, request, receive, send)
                return
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "no WebSockets here"})

    async def _read(self, request: Request, receive: Receive, limit: int) -> bytes:
        """The body. Raises TooLarge as soon as that is known."""
        stated = request.headers.get("content-length", "")
        if len(stated) > 18 or (stated.isdecimal() and int(stated) > limit):
            raise TooLarge
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body", False):
            return body
        parts, size = [body], len(body)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body = message.get("body", b"")
            size += len(body)
            if size > limit:
                raise TooLarge
            parts.append(body)
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                failure = await failure_of(self.app.start)
                if failure:
                    await send({"type": "lifespan.startup.failed", "message": failure})
                    return
                self.started()
                observation.log_by_default()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.stopped()
                failure = await failure_of(self.app.stop)
                if failure:
                    await send({"type": "lifespan.shutdown.failed", "message": failure})
                else:
                    await send({"type": "lifespan.shutdown.complete"})
                return

    def _may_answer(self, scope: Scope) -> bool:
        """Whether the application may be reached at the address that the client connected to.

        The command line asks before it listens. Any other server has its own command line, and only here
        can it be noticed. Names are what test clients put there.
        """
        server = scope.get("server")
        if not server:
            return True
        host = server[0]
        known = self._addresses.get(host)
        if known is None:
            known = True
            if is_address(host):
                try:
                    self.app.check_listening(host)
                except DeclarationError as error:
                    log.error("%s", error)
                    known = False
            if len(self._addresses) < 1024:
                self._addresses[host] = known
        return known


def request_of(scope: Scope) -> Request:
    """The request without its body."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key in headers:
            headers[key] = repeated(key, headers[key], text)
        else:
            headers[key] = text
    client, root, extensions = scope.get("client"), scope.get("root_path", ""), scope.get("extensions")
    return Request(
        scope.get("method", "GET"),  # a WebSocket's handshake names none
        path_as_sent(scope["path"], scope.get("raw_path"), root),
        scope.get("query_string", b"").decode("latin-1"),
        headers,
        b"",
        client[0] if client else "",
        scope.get("http_version", "1.1"),
        quote(root.rstrip("/"), safe=UNQUOTED) if root else "",
        asgi_certificate(extensions["tls"]) if extensions and "tls" in extensions else None,
        None,
        _can_send_trailers(scope),
    )


def _can_send_trailers(scope: Scope) -> bool:
    """Whether the server can send headers behind a body, as clients of HTTP/2 expect it."""
    extensions = scope.get("extensions")
    if not extensions or "http.response.trailers" not in extensions:
        return False
    return not scope.get("http_version", "1.1").startswith("1")


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
