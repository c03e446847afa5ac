"""One stream of an HTTP/2 connection: a request, and what is still to be sent of its answer."""

from __future__ import annotations

import asyncio
from typing import Any

from dragoman.hosts.native.body import Body
from dragoman.ports.wire import Header, Request


class Stream:
    """What a connection knows of a stream. The protocol's own state is the engine's, which holds this.

    ``body`` is that of a request which is answered while it comes, of which its reader keeps ``size`` bytes; else
    ``content`` is what came of it, ``size`` bytes of at most ``limit``, until it is ``answered``. ``rest`` is what is
    still to be sent, from ``at`` on, and behind it the end, if ``final``, with ``trailers``; ``room`` is who waits
    until it was taken. ``since`` is when it began to wait for its peer, and ``counted`` what had come of the body then.
    ``gone`` tells what is mounted that there is nobody any more. ``over``: there is no more to do for it.
    """

    __slots__ = (
        "answered",
        "at",
        "body",
        "content",
        "counted",
        "final",
        "gone",
        "id",
        "limit",
        "over",
        "request",
        "rest",
        "room",
        "since",
        "size",
        "task",
        "trailers",
    )

    def __init__(self) -> None:
        self.id = 0
        self.request: Request | None = None
        self.body: Body | None = None
        self.content: bytes | bytearray = b""
        self.size = self.limit = self.counted = 0
        self.task: asyncio.Future[Any] | None = None
        self.rest: bytes | None = None
        self.at = 0
        self.final = False
        self.trailers: list[Header] | None = None
        self.room: asyncio.Future[None] | None = None
        self.since = 0.0
        self.gone: asyncio.Event | None = None
        self.answered = self.over = False
