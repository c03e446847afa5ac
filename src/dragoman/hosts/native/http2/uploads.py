"""Bodies that have to be complete before their requests are answered: how much they take, and how long."""

from __future__ import annotations

from typing import Final

from dragoman.ports.limits import Limits

from .engine import Engine
from .stream import Stream

BODIES_MOST: Final = 8 * 1024 * 1024
"""Bytes of a connection's bodies for which more may come at once. Beyond that, one upload at a time goes on, the oldest
first: so each comes to its end, and a connection never holds much more.
"""


class Uploads:
    """The bodies of one connection that are not complete; ``_size`` is how much there is of all that are not over."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._coming: dict[Stream, None] = {}
        self._starving: dict[Stream, None] = {}
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._coming)

    def add(self, stream: Stream, now: float) -> None:
        """A request whose body is to come."""
        stream.since = now
        self._coming[stream] = None

    def came(self, stream: Stream, size: int, ended: bool) -> None:
        """So many bytes came."""
        self._size += size
        if self._size <= BODIES_MOST or ended or stream is next(iter(self._starving), stream):
            self._engine.give_room(stream, size)
        else:
            stream.unreleased += size
        if self._size > BODIES_MOST:
            self._starving[stream] = None

    def arrived(self, stream: Stream) -> None:
        """The body is complete."""
        self._coming.pop(stream, None)
        if self._starving:
            self._no_more(stream)

    def forget(self, stream: Stream) -> None:
        """The request is answered, or gone."""
        self._size -= stream.size
        self._coming.pop(stream, None)
        if self._starving:
            self._no_more(stream)

    def _no_more(self, stream: Stream) -> None:
        self._starving.pop(stream, None)
        while self._starving:
            first = next(iter(self._starving))
            if first.unreleased:
                self._engine.give_room(first, first.unreleased)
                first.unreleased = 0
            if self._size > BODIES_MOST:
                return
            del self._starving[first]

    def excuse(self, now: float) -> None:
        """What came was not read, for no fault of the client's: the time that it has begins anew."""
        for each in self._coming:
            each.since, each.counted = now, each.size

    def late(self, now: float, limits: Limits) -> list[Stream]:
        """The streams whose bodies are not waited for any longer."""
        found = []
        for each in self._coming:
            if each.unreleased:
                each.since, each.counted = now, each.size
            elif each.size - each.counted < (now - each.since - limits.body_grace_seconds) * limits.body_rate:
                found.append(each)
        return found
