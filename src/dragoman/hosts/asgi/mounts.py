"""Mounted ASGI applications in the ASGI host: messages pass as they are, both ways, while they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from dragoman.contract.fault import Cancelled, Fault, Internal
from dragoman.ports.mount import Mounted
from dragoman.ports.wire import Request, Response
from dragoman.runtime import ending, observation
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http import problem

from .paths import UNQUOTED

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Answer: TypeAlias = Callable[[Request, Response, Send], Awaitable[None]]

OF_THE_PARENT: Final = ("app", "app_root_path", "endpoint", "path_params", "route", "router")
"""What Starlette's routing keeps in a scope, where the whole of us is mounted in such an application. One that is
mounted in us begins anew: it would build its links with its grandparent's routes.
"""

SWITCHING, FORBIDDEN, GONE = 101, 403, problem.STATUS[Cancelled.code]
INTERNAL_ERROR: Final = 1011
ENDS: Final = frozenset(
    {"http.response.body", "http.response.pathsend", "websocket.close", "websocket.http.response.body"}
)
"""The messages with which an answer is complete, if they have no ``more_body``."""


class Mounts:
    """The mounted applications by path. ``answer`` sends a response of ours."""

    def __init__(self, mounted: Sequence[Mounted], answer: Answer) -> None:
        self._mounted = tuple((each.mount.path, each.mount.path + "/", each) for each in mounted)
        self._answer = answer

    def find(self, path: str) -> Mounted | None:
        """Whose path it is (as sent, below our root), or None if it is no mount's."""
        for whole, start, mounted in self._mounted:
            if path.startswith(start) or path == whole:
                return mounted
        return None

    async def serve(self, mounted: Mounted, scope: Scope, request: Request, receive: Receive, send: Send) -> None:
        """Let it answer. What it raises is logged; the caller is told where, if it was told nothing yet."""
        passing = Passing(mounted, request, receive, send)
        try:
            await mounted.mount.app(below(mounted, scope), passing.receive, passing.send)
            if not passing.over:
                raise RuntimeError(f"the application at {mounted.mount.path} ended before its answer was complete")
        except asyncio.CancelledError:
            stopping = ending.ended()
            if stopping is None or passing.status:
                passing.leave(stopping)
                raise
            await self._refuse(passing, stopping, scope)
        except Exception as error:
            await self._failed(passing, error, scope)
        passing.leave()

    async def _failed(self, passing: Passing, error: Exception, scope: Scope) -> None:
        if passing.gone and not passing.complete:
            return  # it noticed that nobody listens any more
        id = passing.exchange.request_id
        observation.unexpected(passing.exchange, error)
        if passing.complete:
            return  # it has said so itself, as Starlette does, or it happened in what it does afterwards
        told = Internal(f"something went wrong here; it is logged under the request id {id}")
        if passing.status and scope["type"] == "http":
            passing.leave(told)
            raise error  # the server cuts the connection, so that nobody takes what there is for the whole
        await self._refuse(passing, told, scope)

    async def _refuse(self, passing: Passing, fault: Fault, scope: Scope) -> None:
        passing.exchange.fault = fault.code.name
        if scope["type"] == "websocket":
            await passing.send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": fault.message})
            return
        response = problem.respond(fault, request_id=passing.exchange.request_id)
        observation.add_request_id(response, passing.exchange)
        await self._answer(passing.request, response, passing.send)


class Passing:
    """Messages between a server and a mounted application, looked at in passing for the access log. Its line is
    written when the answer is complete, or when nothing can follow any more.
    """

    def __init__(self, mounted: Mounted, request: Request, receive: Receive, send: Send) -> None:
        self.request = request
        started = time.perf_counter()
        self.exchange = Exchange(observation.request_id(request, started), started, 0.0)
        self.exchange.surface = mounted.mount.path
        self.status = 0
        self.complete = False
        self.gone = False
        self._size = 0
        self._receive = receive
        self._send = send

    @property
    def over(self) -> bool:
        """Whether nothing more must come: a WebSocket that its application leaves open is closed by the server."""
        return self.complete or self.gone or self.status == SWITCHING

    async def receive(self) -> Message:
        """From the server."""
        message = await self._receive()
        if message["type"] in ("http.disconnect", "websocket.disconnect"):
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """To the server."""
        try:
            await self._send(message)
        except OSError:  # what servers raise when the client is gone (ASGI 2.4)
            self.gone = True
            raise
        kind = message["type"]
        if kind in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
        elif kind == "websocket.accept":
            self.status = SWITCHING
        elif kind == "websocket.send":
            self._size += len(message.get("bytes") or (message.get("text") or "").encode())
        elif kind in ENDS:
            self.status = self.status or FORBIDDEN  # a WebSocket that was refused
            self._size += len(message.get("body", b""))
            if not message.get("more_body", False):
                self.complete = True
                self.leave()

    def leave(self, fault: Fault | None = None) -> None:
        """Write the line, unless it is written."""
        if self.request is _TOLD:
            return
        exchange, request, self.request = self.exchange, self.request, _TOLD
        ended = self.complete or self.status == SWITCHING
        if not ended and not exchange.fault:
            exchange.fault = Cancelled.code.name if fault is None else fault.code.name
        observation.access(request, self.status or GONE, self._size, exchange)


_TOLD: Final = Request("", "")


def below(mounted: Mounted, scope: Scope) -> Scope:
    """The scope that the application sees: its root is where it is mounted, in ours, and ours in another."""
    root = scope.get("root_path", "").rstrip("/")
    child = dict(scope)
    for each in OF_THE_PARENT:
        child.pop(each, None)
    if root and not (scope["path"] + "/").startswith(root + "/"):  # a server that leaves it out of the path
        child["path"] = root + scope["path"]
        if scope.get("raw_path") is not None:
            child["raw_path"] = quote(root, safe=UNQUOTED).encode() + scope["raw_path"]
    child["root_path"] = root + mounted.mount.path
    child["state"] = dict(mounted.state)
    return child
