"""Bodies that have to be complete before their requests are answered: how much they take, and how long. Of those that
are read while they come, what their readers keep.
"""

from __future__ import annotations

from typing import Final

from dragoman.ports.limits import Limits

from .stream import Stream

BODIES_MOST: Final = 8
"""How many bodies, or messages, of the largest size a connection may hold, of those that come and of those that are
being answered. The windows bound what nobody has read; what is kept for a handler is read.
"""


class Uploads:
    """The bodies of one connection that are not complete; ``size`` is how many bytes are held of all that are not
    over.
    """

    def __init__(self) -> None:
        self.size = 0
        self._coming: dict[Stream, None] = {}

    def __bool__(self) -> bool:
        return bool(self._coming)

    def add(self, stream: Stream, now: float) -> None:
        """A request whose body is to come."""
        stream.since = now
        self._coming[stream] = None

    def came(self, stream: Stream, size: int) -> None:
        """So many bytes came."""
        stream.size += size
        self.size += size

    def keep(self, stream: Stream, size: int) -> None:
        """Who reads the body while it comes keeps so many bytes of it."""
        self.size += size - stream.size
        stream.size = size

    def arrived(self, stream: Stream) -> None:
        """The body is complete, or not waited for."""
        if self._coming:
            self._coming.pop(stream, None)

    def forget(self, stream: Stream) -> None:
        """The request is answered, or gone."""
        self.size -= stream.size
        if self._coming:
            self._coming.pop(stream, None)

    def excuse(self, now: float) -> None:
        """What came was not read, for no fault of the client's: the time that it has begins anew."""
        for each in self._coming:
            each.since, each.counted = now, each.size

    def late(self, now: float, limits: Limits) -> list[Stream]:
        """The streams whose bodies are not waited for any longer."""
        return [
            each
            for each in self._coming
            if each.size - each.counted < (now - each.since - limits.body_grace_seconds) * limits.body_rate
        ]
