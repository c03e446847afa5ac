"""The page that shows a surface's document in a browser, with a third-party viewer as its authors made it.

Everything comes from the package: the page asks no other host for anything, and its policy forbids it to. It is the
same for every surface and holds nothing of it, so that anyone may have it; the document it fetches by itself, with a
key where that takes one, which it asks its reader for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from dragoman.ports.style import Surface
from dragoman.ports.wire import Header, Request, Response
from dragoman.runtime.http.documents import ServedDocument

PATH: Final = "/docs"
VIEWER: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
OURS: Final = ("page.js", "page.css")
MEDIA: Final = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
FOREVER: Final = 365 * 24 * 3600
"""How long an asset is fresh, in seconds: its path changes with what it holds."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NO_SNIFFING: Final[Header] = (b"x-content-type-options", b"nosniff")
PAGE_HEADERS: Final[tuple[Header, ...]] = (
    NO_SNIFFING,
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
)


class Docs:
    """The page of one surface and what it is made of, at ``<path>/docs`` and below. Files are read when they are first
    asked for.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._start = surface.path + PATH
        self._served: dict[str, ServedDocument] = {}

    def respond(self, request: Request) -> Response | None:
        """The answer, or None for a request of something else. Raises MethodNotAllowed and NotAcceptable."""
        if not request.path.startswith(self._start):
            return None
        below = request.path[len(self._start) :]
        if below == "/":  # the page's links are relative to the path without it
            return Response(308, [(b"location", b"../docs"), (b"cache-control", b"no-cache")])
        served = self._served.get(below) or self._find(below)
        return None if served is None else served.respond(request)

    def _find(self, below: str) -> ServedDocument | None:
        if not below:
            served = ServedDocument(
                self._surface, _page(), "text/html; charset=utf-8", more=PAGE_HEADERS, protected=False
            )
        elif (body := _assets().get(below)) is not None:
            media = MEDIA[below.rpartition(".")[2]]
            served = ServedDocument(self._surface, body, media, FOREVER, more=(NO_SNIFFING,), protected=False)
        else:
            return None
        self._served[below] = served
        return served


def viewer() -> Mapping[str, object]:
    """What the viewer is: its name, version, licence, and the digests of its files."""
    found: dict[str, object] = msgspec.json.decode(_read("viewer/viewer.json"))
    return found


def _page() -> bytes:
    return _read("page.html").replace(b"{assets}", f"docs/{_version()}".encode())


@cache
def _assets() -> Mapping[str, bytes]:
    """The assets by their paths below the page's."""
    viewers = {f"/{_version()}/{name}": _read(f"viewer/{name}") for name in VIEWER}
    return viewers | {f"/{_version()}/{name}": _read(name) for name in OURS}


@cache
def _version() -> str:
    """The viewer's version, and a digest of what is ours."""
    ours = hashlib.blake2b(b"".join(map(_read, OURS)), digest_size=4).hexdigest()
    return f"{viewer()['version']}-{ours}"


def _read(name: str) -> bytes:
    found = files("dragoman.styles.rest.docs")
    for part in name.split("/"):
        found = found / part
    return found.read_bytes()
