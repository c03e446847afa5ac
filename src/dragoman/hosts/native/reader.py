"""What llhttp makes of a connection's bytes, and what is asked of it beyond: requests, or why one is refused."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Protocol

import httptools

from dragoman.contract.fault import Fault, Malformed, Unimplemented
from dragoman.hosts.refusal import too_large
from dragoman.runtime.http.problem import (
    ExpectationFailed,
    HeadersTooLarge,
    RequestTimeout,
    TargetTooLong,
    VersionNotSupported,
)

from .incoming import Incoming, Refused, method_of, target_of

if TYPE_CHECKING:
    from .server import Server

SLICE: Final = 800
"""Bytes that are parsed at once outside of bodies. The parser cannot pause: this holds at most 32 whole requests."""

FRAMING_ALLOWED: Final = 16 * 1024
"""Bytes of chunk sizes, extensions and trailers that a body may have, beside eight for each byte of its own."""

_NAMES: dict[bytes, str] = {}
_NAMES_MOST: Final = 1024


class Phase(enum.IntEnum):
    """What the next bytes belong to. ``UPGRADED``: another protocol, which a mount speaks."""

    NEW = 0
    IDLE = 1
    HEAD = 2
    BODY = 3
    UPGRADED = 4


class Reads(Protocol):
    """Who wants the requests."""

    peer: str
    expires: float

    def arrived(self, request: Incoming) -> None:
        """A request is complete."""

    def mounted(self, request: Incoming, head: bytes | None) -> None:
        """The head of a request to a mount is complete; ``head`` as bytes where it asks for a WebSocket."""

    def go_ahead(self) -> None:
        """The client waits to be told to send its body."""


class Reader:
    """The requests of one connection. Parsing ends with the first that is refused: :meth:`parse` raises Refused."""

    __slots__ = (
        "_body",
        "_chunked",
        "_connection",
        "_fed",
        "_headers",
        "_hosts",
        "_keep",
        "_length",
        "_parser",
        "_piece",
        "_raw",
        "_received",
        "_server",
        "_since",
        "_size",
        "_url",
        "asked",
        "phase",
    )

    def __init__(self, server: Server, connection: Reads) -> None:
        self.phase = Phase.NEW
        self.asked: Incoming | None = None
        self._server = server
        self._connection = connection
        self._parser = httptools.HttpRequestParser(self)
        self._piece = self._raw = self._url = b""
        self._headers: dict[str, str] = {}
        self._received = self._hosts = 0
        self._body: list[bytes] = []
        self._size = self._length = self._fed = 0
        self._chunked = False
        self._keep = True
        self._since = 0.0

    @property
    def step(self) -> int:
        """How many bytes may be parsed at once."""
        if self.phase is not Phase.BODY or self._chunked:
            return SLICE
        return max(self._length - self._size, SLICE)

    def parse(self, piece: bytes) -> bytes | None:
        """Parse a piece. Returns bytes that have to be parsed next, in its place, where there are any; of an
        UPGRADED connection those that are the other protocol's. Raises Refused.
        """
        self._piece = piece
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            return self._upgraded(piece, upgrade.args[0])
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Refused):
                raise error.__context__ from None
            raise
        except httptools.HttpParserInvalidMethodError:
            raise Refused(Unimplemented("the method is not known")) from None
        except httptools.HttpParserError as error:
            raise Refused(Malformed(f"the request is not HTTP/1.1: {str(error)[:100]}")) from None
        if self.phase is Phase.HEAD:
            self._head_goes_on(piece)
        elif self.phase is Phase.BODY and self._chunked:
            self._chunks_go_on(piece)
        return None

    @property
    def silent(self) -> bool:
        """Whether the client said that nothing follows the last request."""
        return self.phase is Phase.IDLE and not self._keep

    def _head_goes_on(self, piece: bytes) -> None:
        limits = self._server.limits
        if not self._raw:
            self._connection.expires = self._server.now + limits.head_seconds
        self._raw += piece
        if len(self._url) > limits.target:
            raise _too_long(limits.target)
        if len(self._raw) > limits.head:
            raise Refused(HeadersTooLarge(f"the headers are larger than {limits.head:,} bytes; send less"))

    def _chunks_go_on(self, piece: bytes) -> None:
        self._fed += len(piece)
        if self._fed - 9 * self._size > FRAMING_ALLOWED:
            raise Refused(Malformed("the body has more chunk extensions or trailers than content"))

    # What the parser tells

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self.phase = Phase.HEAD
        self._url = self._raw = b""
        self._headers = {}
        self._received = self._hosts = 0

    def on_url(self, url: bytes) -> None:
        """A part of the request target, mostly all of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer, which is none: the head was judged before it came."""
        if self.phase is not Phase.HEAD:
            return
        key = _NAMES.get(name) or _name(name)
        text = value.decode("latin-1").rstrip(" \t")
        headers = self._headers
        if key in headers:
            # Cookies are written so in HTTP/2 too (RFC 9113, section 8.2.3); all else is a list.
            headers[key] += ("; " if key == "cookie" else ", ") + text
        else:
            headers[key] = text
        if key == "host":
            self._hosts += 1
        self._received += 1

    def on_headers_complete(self) -> None:
        """The head is there: it is judged now, and nothing that follows can change it. Raises Refused."""
        parser, headers, url = self._parser, self._headers, self._url
        version, method = parser.get_http_version(), parser.get_method()
        self._check(version, method, url)
        name = method_of(method)
        path, query = target_of(name, url.decode("ascii"))
        self._keep = keep = parser.should_keep_alive()
        server, connection = self._server, self._connection
        peer = connection.peer if server.proxies is None else server.proxies.peer(connection.peer, headers)
        self.asked = request = Incoming(name, path, query, headers, b"", peer, version, keep)
        self._size = self._length = 0
        self._chunked = False
        mounted = bool(server.mounts) and server.is_mounted(path)
        if "transfer-encoding" in headers or "content-length" in headers or "expect" in headers:
            self._expect_body(request, mounted)
        if mounted and (not parser.should_upgrade() or server.upgrades(request)):
            connection.mounted(request, self._head_again() if parser.should_upgrade() else None)
        self.phase = Phase.BODY

    def _check(self, version: str, method: bytes, url: bytes) -> None:
        server, headers = self._server, self._headers
        limits = server.limits
        if version not in ("1.1", "1.0"):
            raise Refused(VersionNotSupported(f"HTTP/{version} is not spoken here; send HTTP/1.1"))
        # llhttp takes RTSP for HTTP, and more than one space.
        if b"%b %b HTTP/" % (method, url) not in (self._raw + self._piece if self._raw else self._piece):
            raise Refused(Malformed("the request line is not a method, a target and HTTP/1.1, one space between each"))
        if self._received > limits.headers:
            raise Refused(HeadersTooLarge(f"there are more than {limits.headers} headers; send fewer"))
        if len(url) > limits.target:
            raise _too_long(limits.target)
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            raise Refused(Malformed("Host does not stand there once; send one"))
        host = headers.get("host")
        if host is not None and host not in server.hosts and not server.takes_host(host):
            raise Refused(Malformed("Host is no host with a port; send one such as example.com:8080"))

    def _expect_body(self, request: Incoming, mounted: bool) -> None:
        """Settle how the body comes. Raises Refused."""
        headers, limits = request.headers, self._server.limits
        coding, length, expected = (headers.get(each) for each in ("transfer-encoding", "content-length", "expect"))
        if coding is not None:
            if request.version == "1.0":
                raise Refused(Malformed("HTTP/1.0 has no chunks; send Content-Length"))
            if coding.lower() != "chunked":
                raise Refused(Unimplemented("only the transfer coding chunked is known; send it alone"))
            self._chunked = True
            self._fed = 0
        if length is not None:
            self._length = int(length)
            if self._length > limits.body and not mounted:
                raise Refused(too_large(limits.body))
        if expected is not None and request.version == "1.1":
            if expected.lower() != "100-continue":
                raise Refused(ExpectationFailed("only 100-continue can be expected; leave Expect out"))
            if self._chunked or self._length:
                self._connection.go_ahead()
        self._since = self._server.now
        self._connection.expires = self._since + limits.body_grace_seconds

    def on_body(self, body: bytes) -> None:
        """A part of the body. Raises Refused."""
        asked = self.asked
        assert asked is not None
        self._size += len(body)
        if asked.bridge is not None:
            asked.bridge.feed(body)
            return
        self._body.append(body)
        if self._size > self._server.limits.body:
            raise Refused(too_large(self._server.limits.body))

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        request = self.asked
        assert request is not None
        self.phase = Phase.IDLE
        if self._parser.should_upgrade():
            return  # it is begun again without the header, or a mount's
        if request.bridge is not None:
            request.bridge.end()
            return
        body = self._body
        if body:
            request.body = body[0] if len(body) == 1 else b"".join(body)
            self._body = []
        self._connection.arrived(request)

    def _upgraded(self, piece: bytes, at: int) -> bytes:
        """Another protocol was asked for. Where it is not spoken, the header is as if it were not there (RFC 9110,
        section 7.8).
        """
        assert self.asked is not None
        if self.asked.bridge is not None:
            self.phase = Phase.UPGRADED
            return piece[at:]
        self._parser = httptools.HttpRequestParser(self)
        return self._head_again(upgrade=False) + piece[at:]

    def _head_again(self, *, upgrade: bool = True) -> bytes:
        """The head once more, with or without the header that asks for another protocol."""
        version = self._parser.get_http_version()
        lines = [b"%b %b HTTP/%b\r\n" % (self._parser.get_method(), self._url, version.encode())]
        for name, value in self._headers.items():
            if not upgrade and name == "upgrade":
                continue
            if not upgrade and name == "connection":
                value = ", ".join(each for each in value.split(",") if each.strip().lower() != "upgrade")
            lines.append(f"{name}: {value}\r\n".encode("latin-1"))
        return b"".join([*lines, b"\r\n"])

    # Ends

    def refused(self, fault: Fault) -> Incoming:
        """A request to answer with a fault, as far as it is known."""
        method = method_of(self._parser.get_method()) if self._url else ""
        path = self._url[:200].decode("latin-1").partition("?")[0]
        request = Incoming(method, path, "", self._headers, b"", self._connection.peer, "1.1", False)
        request.fault = fault
        return request

    def late(self, now: float) -> Fault | None:
        """Why what began to come is not waited for any longer; None if it may take longer."""
        if self.phase is Phase.BODY:
            limits = self._server.limits
            if self._size >= (now - self._since - limits.body_grace_seconds) * limits.body_rate:
                self._connection.expires = now + 1.0
                return None
        what = "head" if self.phase is Phase.HEAD else "body"
        return RequestTimeout(f"the {what} of the request did not come in time; send it again, faster")


def _too_long(most: int) -> Refused:
    return Refused(TargetTooLong(f"the request target is longer than {most:,} bytes; send less"))


def _name(name: bytes) -> str:
    """A header's name in lower case. Usual ones are remembered; what clients make up must not fill the memory."""
    text = name.decode("latin-1").lower()
    if len(_NAMES) < _NAMES_MOST and len(name) <= 40:
        _NAMES[name] = text
    return text
