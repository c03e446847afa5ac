"""The record of one exchange: a message that came in, who sent it, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from dragoman.contract.principal import Principal
from dragoman.ports.wire import NO_HEADERS

NOBODY = Principal("", "", frozenset(), frozenset())


class Exchange(msgspec.Struct, eq=False):
    """One exchange. ``began`` and ``deadline`` are on the event loop's clock; ``started`` in seconds of a monotonic
    one. ``place`` says where the input stands (``body``, ``query``), for messages about it.

    ``limit`` is the deadline that the caller asked for, if any: it bounds a stream to its end, where ``deadline`` ends
    with the head. ``items`` is how many a stream has sent, or how many were taken of one that is answered once; None
    for what is no stream. ``replayed``: the answer is that of an earlier call with the same idempotency key.
    ``headers`` are those that the message came with.
    """

    request_id: str
    started: float
    began: float
    deadline: float = math.inf
    principal: Principal = NOBODY
    surface: str = ""
    operation: str = ""
    fault: str = ""
    place: str = "body"
    crossed: bool = False
    reruns: int = 0
    limit: float = math.inf
    items: int | None = None
    replayed: bool = False
    headers: Mapping[str, str] = NO_HEADERS

    def bound(self, seconds: float) -> None:
        """Let it take no longer than its caller waits, from its beginning."""
        until = self.began + seconds
        if until < self.limit:
            self.limit = until
        if until < self.deadline:
            self.deadline = until


def now() -> datetime:
    """The time that a call's writes are stamped with."""
    return datetime.now(UTC)
