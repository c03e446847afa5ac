"""The CORS protocol of the Fetch standard, on the answers of one surface.

Whether a browser may show an answer to a page is told with the answer, whatever it is; so faults have it too. A
preflight carries no credentials, and is answered before they are asked for: alike on every path of the surface, so that
nothing is learnt of which there are.
"""

from __future__ import annotations

from typing import Final

from dragoman.ports.cors import Cors
from dragoman.ports.style import Endpoint, Surface
from dragoman.ports.wire import Header, Request, Response

from .caching import NO_STORE

METHODS: Final = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
READ: Final = (
    "Content-Type",
    "Dragoman-Tenant",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Request-Timeout",
    "X-Request-Id",
)
"""The request headers that browsers ask about: what surfaces read, and what clients send of their own accord, such as
those of event streams.
"""
EXPOSED: Final = (
    "Allow",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "Sunset",
    "X-Request-Id",
)
"""The response headers that browsers keep from pages if nothing is said (Fetch, section 3.2.3 names the others)."""

VARY: Final[Header] = (b"vary", b"Origin")


class Sharing:
    """What a surface's answers say to browsers."""

    __slots__ = ("_allowed", "_preflight", "_told")

    def __init__(self, cors: Cors, surface: Surface, endpoint: Endpoint) -> None:
        auth = () if surface.auth is None else tuple(each.title() for each in surface.auth.headers)
        leave: tuple[Header, ...] = ((b"access-control-allow-credentials", b"true"),) if cors.credentials else ()
        exposed = ", ".join(sorted({*EXPOSED, *endpoint.tells, *cors.expose}))
        read = ", ".join(sorted({*READ, *endpoint.reads, *auth, *cors.headers}))
        self._allowed = frozenset(cors.origins) if cors.varies else None
        self._told: tuple[Header, ...] = (*leave, (b"access-control-expose-headers", exposed.encode()))
        self._preflight: tuple[Header, ...] = (
            *leave,
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", read.encode()),
            (b"access-control-max-age", str(cors.max_age).encode()),
        )

    def preflight(self, request: Request) -> Response | None:
        """The answer to a preflight; None for any other request. Who may not call learns just that."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        return Response(204, [NO_STORE, *self._of(request.headers.get("origin"), self._preflight)])

    def share(self, request: Request, response: Response) -> None:
        """Say who may read the answer. What may be kept mostly says already that it varies."""
        headers = self._of(request.headers.get("origin"), self._told)
        if headers[0] is VARY and any(name == b"vary" and b"Origin" in value for name, value in response.headers):
            del headers[0]
        response.headers = [*response.headers, *headers]

    def _of(self, origin: str | None, more: tuple[Header, ...]) -> list[Header]:
        if self._allowed is None:
            return [(b"access-control-allow-origin", b"*"), *more]
        if origin not in self._allowed or origin is None:
            return [VARY]
        return [VARY, (b"access-control-allow-origin", origin.encode("latin-1")), *more]
