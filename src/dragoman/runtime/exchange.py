"""The record of one exchange: a message that came in, who sent it, and what became of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from dragoman.contract.principal import Principal

NOBODY = Principal("", "", frozenset(), frozenset())


class Exchange:
    """One exchange. ``deadline`` is on the event loop's clock; ``started`` in seconds of a monotonic one. ``place``
    says where the input stands (``body``, ``query``), for messages about it.

    ``limit`` is the deadline that the caller asked for, if any: it bounds a stream to its end, where ``deadline`` ends
    with the head. ``items`` is how many a stream has sent; None for what is no stream.
    """

    __slots__ = (
        "crossed",
        "deadline",
        "fault",
        "items",
        "limit",
        "operation",
        "place",
        "principal",
        "request_id",
        "reruns",
        "started",
        "surface",
    )

    def __init__(self, request_id: str, started: float, deadline: float) -> None:
        self.request_id = request_id
        self.started = started
        self.deadline = deadline
        self.principal = NOBODY
        self.surface = ""
        self.operation = ""
        self.fault = ""
        self.place = "body"
        self.crossed = False
        self.reruns = 0
        self.limit = math.inf
        self.items: int | None = None


def now() -> datetime:
    """The time that a call's writes are stamped with."""
    return datetime.now(UTC)
