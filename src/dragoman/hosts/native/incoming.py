"""A request while it arrives, and what is refused of its head."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dragoman.contract.fault import Fault, Malformed, Unimplemented
from dragoman.ports.wire import Header, Request

if TYPE_CHECKING:
    from .body import Body
    from .bridge import Bridge
    from .websocket import WebSocketBridge

METHODS: Final = {
    each.encode(): each for each in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
}
HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")
"""What may stand in Host (RFC 3986, section 3.2, without user information; and no comma, which lists are made of)."""

_ABSOLUTE: Final = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE | re.DOTALL)
_DOTS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"%(?:2f|00)", re.IGNORECASE)


class Refused(Exception):
    """The request is not served: ends its parsing. The connection cannot be used for another. ``headers`` are those
    that the answer has beside a fault's own.
    """

    def __init__(self, fault: Fault, *headers: Header) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.headers = headers


class Incoming(Request, eq=False):
    """A request of a connection. ``keep``: the connection may be used for another one after it. ``refused`` is why it
    is not served, if it is not; ``bridge`` speaks ASGI to what answers it, if that is a mount. ``coming`` is its
    stream, if it has one.
    """

    keep: bool = True
    refused: Refused | None = None
    bridge: Bridge | WebSocketBridge | None = None
    coming: Body | None = None

    @property
    def unread(self) -> bool:
        """Whether it is answered while its body comes, and not all of that has."""
        return self.coming is not None and not self.coming.complete


def method_of(name: bytes) -> str:
    """The method as text."""
    return METHODS.get(name) or name.decode("ascii")


def target_of(method: str, url: str) -> tuple[str, str, str]:
    """The path, the query and the host of a request target (RFC 9112, section 3.2); mostly it names none. Raises
    Refused.

    What proxies, caches and applications read differently is refused, since what one of them allows another would
    forbid: a fragment, segments of dots, an encoded slash or NUL.
    """
    if method == "CONNECT":
        raise Refused(Unimplemented("CONNECT is for proxies, and this is none"))
    host = ""
    if url[:1] != "/":
        url, host = _other_form(method, url)
    if "#" in url:
        raise Refused(Malformed("the request target has a fragment; leave out the # and what follows"))
    path, _, query = url.partition("?")
    if "/." in path or "%" in path:
        _check_path(path)
    return path, query, host


def _other_form(method: str, url: str) -> tuple[str, str]:
    if url == "*":
        if method == "OPTIONS":
            return url, ""
        raise Refused(Malformed("the request target * is for OPTIONS alone; name a path"))
    absolute = _ABSOLUTE.fullmatch(url)
    if absolute is None or not absolute[1] or HOST.fullmatch(absolute[1]) is None:
        raise Refused(Malformed("the request target is neither a path nor an http address; begin it with a slash"))
    rest = absolute[2]
    return rest if rest[:1] == "/" else f"/{rest}", absolute[1]


def _check_path(path: str) -> None:
    if _DOTS.search(path):
        raise Refused(Malformed("the path has segments of dots; send the path that they lead to"))
    if _HIDDEN.search(path):
        raise Refused(Malformed("the path has an encoded slash or NUL, which may not stand in a segment"))
