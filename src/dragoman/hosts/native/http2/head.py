"""What an HTTP/2 request's head must be, beyond what its frames and its compression must (RFC 9113, section 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from dragoman.contract.fault import Malformed
from dragoman.hosts.native.incoming import Refused, target_of
from dragoman.ports.wire import repeated
from dragoman.runtime.http.problem import ExpectationFailed, HeadersTooLarge, TargetTooLong

if TYPE_CHECKING:
    from dragoman.hosts.native.server import Server

    from .engine import Head

LIST_LEAST: Final = 32 * 1024
LIST_TIMES: Final = 8
"""httpunk drops the headers that are beyond the size that it is told, and says nothing of it. So it is told one that is
so many times what is taken that no head gets there unnoticed: either what is left of it is too large as well; or the
first that is dropped has so many bytes that SILENT_TIMES what is taken came in a row without completing any frame,
which ends the connection. (The best compression of what is no repetition takes five bits for a byte.)
"""

SILENT_TIMES: Final = 3

CONTINUE: Final = "100-continue"
SCHEMES: Final = frozenset({"http", "https"})

OVERHEAD: Final = 32
"""What a header counts beside its bytes (RFC 9113, section 10.5.1)."""

_TARGET: Final = re.compile(r"[!-~]+")
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_OF_CONNECTIONS: Final = ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade")


class Unfit(Exception):
    """The request is malformed, as RFC 9113, section 8.1.1, has it: its stream is reset."""


class Asked(NamedTuple):
    """What a head asks for. ``headers`` have ``host``, whichever way it was sent."""

    path: str
    query: str
    headers: Mapping[str, str]


class Heads:
    """The heads of a connection. Clients send the same headers again and again: those that are equal, value for value,
    to the last ones were judged already.
    """

    __slots__ = ("_asked", "_authority", "_items", "_method", "_path", "_scheme", "_server")

    def __init__(self, server: Server) -> None:
        self._server = server
        self._items: list[tuple[str, bytes]] | None = None
        self._method = self._path = self._scheme = ""
        self._authority: str | None = None
        self._asked = Asked("", "", {})

    def judge(self, head: Head) -> Asked:
        """What it asks for. Raises Unfit and Refused."""
        items = head.headers.items()
        if (
            items == self._items
            and head.path == self._path
            and head.method == self._method
            and head.authority == self._authority
            and head.scheme == self._scheme
            and head.status is None
        ):
            return self._asked
        self._items = None
        asked = self._judged(head, items)
        assert head.method is not None
        assert head.path is not None
        assert head.scheme is not None
        self._items, self._asked = items, asked
        self._method, self._path = head.method, head.path
        self._scheme, self._authority = head.scheme, head.authority
        return asked

    def _judged(self, head: Head, items: list[tuple[str, bytes]]) -> Asked:
        limits = self._server.limits
        method, path = head.method, head.path
        if method is None or head.status is not None:
            raise Unfit
        if method == "CONNECT":
            target_of(method, "")  # which refuses it
        if not path or head.scheme is None or head.authority == "":
            raise Unfit
        if head.scheme not in SCHEMES:
            raise Refused(Malformed("the :scheme is neither http nor https"))
        if len(path) > limits.target:
            raise Refused(TargetTooLong(f"the request target is longer than {limits.target:,} bytes; send less"))
        if len(items) > limits.headers:
            raise Refused(HeadersTooLarge(f"there are more than {limits.headers} headers; send fewer"))
        headers = self._headers(items)
        if _TARGET.fullmatch(path) is None or (path[0] != "/" and path != "*"):
            raise Refused(Malformed("the path is no path; begin it with a slash, and encode what may not stand in it"))
        path, query, _ = target_of(method, path)
        self._check_host(head.authority, headers)
        return Asked(path, query, headers)

    def _headers(self, items: list[tuple[str, bytes]]) -> dict[str, str]:
        headers: dict[str, str] = {}
        size = 0
        for name, value in items:
            text = value.decode("latin-1")
            size += len(name) + len(text) + OVERHEAD
            if text != text.strip(" \t"):
                raise Unfit
            if name not in headers:
                headers[name] = text
            elif name == "content-length":
                raise Unfit
            else:
                headers[name] = repeated(name, headers[name], text)
        most = self._server.limits.head
        if size > most:
            raise Refused(HeadersTooLarge(f"the headers are larger than {most:,} bytes; send less"))
        if any(each in headers for each in _OF_CONNECTIONS) or headers.get("te", "trailers") != "trailers":
            raise Unfit
        if headers.get("expect", CONTINUE).lower() != CONTINUE:
            raise Refused(ExpectationFailed("only 100-continue can be expected; leave Expect out"))
        length = headers.get("content-length")
        if length is not None and _DIGITS.fullmatch(length) is None:
            raise Unfit
        return headers

    def _check_host(self, authority: str | None, headers: dict[str, str]) -> None:
        host = headers.get("host")
        if authority is not None:
            if host is not None and host.lower() != authority.lower():
                raise Refused(Malformed("Host is not what :authority says; send one of them"))
            headers["host"] = host = authority
        if not host:
            raise Refused(Malformed("there is no :authority; send it"))
        if host not in self._server.hosts and not self._server.takes_host(host):
            raise Refused(Malformed(":authority is no host with a port; send one such as example.com:8080"))
