"""What an HTTP/2 request's head must be, beyond what its frames and its compression must (RFC 9113, section 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dragoman.contract.fault import Malformed
from dragoman.hosts.native.incoming import Refused, target_of
from dragoman.ports.wire import repeated
from dragoman.runtime.http.problem import ExpectationFailed, HeadersTooLarge, TargetTooLong

if TYPE_CHECKING:
    from dragoman.hosts.native.server import Server

    from .engine import Fields, Head

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
JUDGED: Final = frozenset({"content-length", "expect", "host", "te"})
"""Headers for which not any value does."""

_OF_CONNECTIONS: Final = ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade")


class Unfit(Exception):
    """The request is malformed, as RFC 9113, section 8.1.1, has it: its stream is reset."""


class Heads:
    """The heads of a connection. Clients send the same headers again and again, or all but one: what is equal to what
    the last request had, in whatever order, was judged already.
    """

    __slots__ = (
        "_authority",
        "_headers",
        "_map",
        "_names",
        "_path",
        "_query",
        "_room",
        "_server",
        "_target",
        "_values",
    )

    def __init__(self, server: Server) -> None:
        self._server = server
        self._map: object = None
        self._names: list[str] = []
        self._values: list[bytes] = []
        self._headers: dict[str, str] = {}
        self._room = 0
        self._authority: str | None = None
        self._target: tuple[str | None, ...] = ()
        self._path = self._query = ""

    def judge(self, head: Head) -> tuple[str, str, Mapping[str, str]]:
        """The path, the query and the headers that it asks for; they have ``host``, whichever way it was sent. Raises
        Unfit and Refused.
        """
        if head.status is not None:
            raise Unfit
        target = (head.method, head.scheme, head.path)
        if target != self._target:
            self._judge_target(*target)
        fields = head.headers
        if head.authority != self._authority or fields != self._map:
            # A head that is refused is nothing to compare the next one with.
            self._map = None
            if head.authority != self._authority or not self._is_alike(fields):
                self._judge_all(fields, head.authority)
            self._map = fields
        return self._path, self._query, self._headers

    def _judge_target(self, method: str | None, scheme: str | None, path: str | None) -> None:
        self._target = ()
        if method is None:
            raise Unfit
        if method == "CONNECT":
            target_of(method, "")  # which refuses it
        if not path or scheme is None:
            raise Unfit
        if scheme not in SCHEMES:
            raise Refused(Malformed("the :scheme is neither http nor https"))
        most = self._server.limits.target
        if len(path) > most:
            raise Refused(TargetTooLong(f"the request target is longer than {most:,} bytes; send less"))
        if _TARGET.fullmatch(path) is None or (path[0] != "/" and path != "*"):
            raise Refused(Malformed("the path is no path; begin it with a slash, and encode what may not stand in it"))
        self._path, self._query, _ = target_of(method, path)
        self._target = method, scheme, path

    def _is_alike(self, fields: Fields) -> bool:
        """Take headers of which only some values are others than the last request's, and of those that any value does
        for. Returns whether they are.
        """
        values = fields.values()
        if not self._names or fields.keys() != self._names or len(values) != len(self._values):
            return False
        headers, room = self._headers.copy(), self._room
        for name, before, value in zip(self._names, self._values, values, strict=True):
            if before != value:
                text = value.decode("latin-1")
                room += len(before) - len(value)
                if name in JUDGED or room < 0 or text != text.strip(" \t"):
                    return False
                headers[name] = text
        self._headers, self._values, self._room = headers, values, room
        return True

    def _judge_all(self, fields: Fields, authority: str | None) -> None:
        limits = self._server.limits
        items = fields.items()
        self._authority, self._names = None, []
        if authority == "":
            raise Unfit
        if len(items) > limits.headers:
            raise Refused(HeadersTooLarge(f"there are more than {limits.headers} headers; send fewer"))
        headers = self._headers_of(items)
        self._check_host(authority, headers)
        self._headers, self._authority = headers, authority
        names = fields.keys()
        if len(names) == len(items):
            self._names, self._values = names, fields.values()

    def _headers_of(self, items: list[tuple[str, bytes]]) -> dict[str, str]:
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
        self._room = most - size
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
