"""What a process takes from the outside at most: every bound on requests and connections, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from dragoman.contract.declaration import DeclarationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of an application. Sizes are in bytes, times in seconds; the defaults are safe on the open internet.

    On every host: ``body`` is the largest body of a request; ``calls`` is how many requests are handled at once,
    ``streams`` how many streams are sent or taken at once, which are counted apart. What is beyond is refused with 503.

    On the host of ``dragoman serve``, for other servers have settings of their own: ``connections`` are open at once;
    ``target`` is the longest request target, ``head`` the largest request line with its headers, ``headers`` how many
    of them there are. ``first_byte_seconds`` may pass until a new connection says anything, ``head_seconds`` until a
    head that was begun is complete, ``idle_seconds`` between two requests. A body may take ``body_grace_seconds``, and
    longer if ``body_rate`` bytes a second come on average; a peer that takes nothing of its answer for
    ``stall_seconds`` is let go. So is one over HTTP/2 that says nothing for ``idle_seconds`` while it is answered, and
    as long as ``stall_seconds`` to a ping.
    """

    body: int = 4 * 1024 * 1024
    calls: int = 1024
    streams: int = 1024
    connections: int = 16_384
    target: int = 8 * 1024
    head: int = 32 * 1024
    headers: int = 100
    first_byte_seconds: float = 15.0
    head_seconds: float = 15.0
    idle_seconds: float = 75.0
    body_grace_seconds: float = 15.0
    body_rate: int = 512
    stall_seconds: float = 30.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            whole = each.type == "int"
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value > 0:
                kind = "a whole number" if whole else "a number of seconds"
                raise DeclarationError("Limits", f"{each.name}={value!r} is not {kind} above 0", "Give one")
            if not math.isfinite(value):
                raise DeclarationError("Limits", f"{each.name}={value!r} is no bound", "Give a large number")
