"""One stream of an HTTP/2 connection: a request, and what is still to be sent of its answer."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from dragoman.hosts.native.body import Body
from dragoman.ports.wire import Header, Request


class Stream(msgspec.Struct, eq=False):
    """What a connection knows of a stream. The protocol's own state is the engine's, which holds this.

    ``body`` is that of a request which is answered while it comes, of which its reader keeps ``size`` bytes; else
    ``content`` is what came of it, ``size`` bytes of at most ``limit``, until it is ``answered``. ``rest`` is what is
    still to be sent, from ``at`` on, and behind it the end, if ``final``, with ``trailers``; ``room`` is who waits
    until it was taken. ``since`` is when it began to wait for its peer, and ``counted`` what had come of the body then.
    ``gone`` tells what is mounted that there is nobody any more. ``over``: there is no more to do for it.
    """

    id: int = 0
    request: Request | None = None
    body: Body | None = None
    content: bytes | bytearray = b""
    size: int = 0
    limit: int = 0
    counted: int = 0
    task: asyncio.Future[Any] | None = None
    rest: bytes | None = None
    at: int = 0
    final: bool = False
    trailers: list[Header] | None = None
    room: asyncio.Future[None] | None = None
    since: float = 0.0
    gone: asyncio.Event | None = None
    answered: bool = False
    over: bool = False
