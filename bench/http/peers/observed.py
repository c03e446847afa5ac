"""What ours does around each request, as plain ASGI: who calls, the entity tag and 304, an id, a line in the log.

The frameworks' own ways (dependencies, guards, ``BaseHTTPMiddleware``) are slower; this one is the same for all three.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

import keys
import msgspec
import xxhash

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Message, Any, Send], Awaitable[None]]

LOG: Final = logging.getLogger("access")
LOG.setLevel(logging.INFO)
LOG.addHandler(logging.StreamHandler(sys.stdout))
LOG.propagate = False  # Litestar would pass each line on to a thread

CACHED: Final = [(b"cache-control", b"private, no-cache"), (b"vary", b"Accept-Encoding, Authorization")]
NO_KEY: Final = b'{"type":"about:blank","status":401,"detail":"no key"}'
REFUSAL: Final = [
    (b"content-type", b"application/problem+json"),
    (b"content-length", b"%d" % len(NO_KEY)),
    (b"www-authenticate", b"Bearer"),
]


class Observed:
    """An application with all that around it. It finds who calls in ``scope["caller"]``."""

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        if exchange.caller is None:
            await exchange.send({"type": "http.response.start", "status": 401, "headers": REFUSAL})
            await exchange.send({"type": "http.response.body", "body": NO_KEY})
        else:
            scope["caller"] = exchange.caller
            await self.app(scope, receive, exchange.send)
        exchange.log()


class Exchange:
    """A request and what is answered to it, which comes in two messages."""

    def __init__(self, scope: Message, send: Send) -> None:
        self.started = time.perf_counter()
        self.scope = scope
        self.passed = send
        authorization, self.known, self.id = b"", b"", b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"if-none-match":
                self.known = value
            elif name == b"x-request-id":
                self.id = value
        self.id = self.id or uuid.uuid4().hex.encode()
        self.caller = keys.caller(authorization.decode("latin-1"))
        self.start: Message = {}
        self.size = 0

    async def send(self, message: Message) -> None:
        """Send the start with the body, when the entity tag is known."""
        if message["type"] == "http.response.start":
            self.start = message
            return
        body = message["body"]
        start, headers = self.start, [*self.start["headers"], (b"x-request-id", self.id)]
        if start["status"] < 300:
            tag = b'"%b"' % xxhash.xxh3_64_hexdigest(body).encode()
            headers.append((b"etag", tag))
            if self.scope["method"] == "GET":
                headers += CACHED
                if tag == self.known:
                    start["status"], body = 304, b""
                    headers = [each for each in headers if each[0] not in (b"content-length", b"content-type")]
        self.size = len(body)
        start["headers"] = headers
        await self.passed(start)
        await self.passed({"type": "http.response.body", "body": body})

    def log(self) -> None:
        """A line of JSON, with the members of ours."""
        scope = self.scope
        owner, tenant, _, prefix, _ = self.caller or (None,) * 5
        line = {
            "time": datetime.now(UTC),
            "request_id": self.id.decode("latin-1"),
            "method": scope["method"],
            "path": scope["path"],
            "status": self.start["status"],
            "bytes": self.size,
            "ms": round((time.perf_counter() - self.started) * 1000, 3),
            "peer": scope["client"][0],
            "surface": "partner",
            "operation": getattr(scope.get("endpoint"), "__name__", None),
            "principal": owner,
            "tenant": tenant,
            "credential": prefix,
        }
        LOG.info("%s", msgspec.json.encode(line).decode())
