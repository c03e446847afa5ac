"""What llhttp makes of a connection's bytes, and what is asked of it beyond: requests, or why one is refused."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import httptools

from dragoman.contract.fault import Fault, Malformed, Unimplemented
from dragoman.hosts.refusal import too_large
from dragoman.ports.wire import repeated
from dragoman.runtime.http.problem import (
    ExpectationFailed,
    HeadersTooLarge,
    RequestTimeout,
    TargetTooLong,
    VersionNotSupported,
)

from .incoming import METHODS, Incoming, Refused, method_of, target_of
from .websocket import can_be_websocket

if TYPE_CHECKING:
    from .server import Server

NEVER: Final = math.inf

SLICE: Final = 4096
"""Bytes that are parsed at once where nobody knows how many belong together."""

END: Final = b"\r\n\r\n"
"""What heads end with, and bodies in chunks."""

EMPTY_LINES: Final = b"\r\n\r\n"
"""The most that may stand before a request line: RFC 9112, section 2.2, asks for one empty line."""

FRAMING_ALLOWED: Final = 16 * 1024
"""Bytes of chunk sizes, extensions and trailers that a body may have, beside eight for each byte of its own."""

_PLAIN_LINE: Final = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (/[A-Za-z0-9/._~!$&'()*+,;=:@?-]*) HTTP/1\.1")
"""A request line of which nothing can be thought but one thing."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?=\r\n)", re.IGNORECASE)

_OF_THE_METHOD: Final = "Invalid method for HTTP/x.x request"
_OF_THE_VERSION: Final = frozenset({"Invalid HTTP version", "Pause on PRI/Upgrade"})

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

    def mounted(self, request: Incoming, *, upgrade: bool) -> None:
        """The head of a request to a mount is complete; ``upgrade`` if it asks for a WebSocket. Raises Refused."""

    def streamed(self, request: Incoming, *, ended: bool) -> None:
        """The head is complete of a request that is answered while its body comes; ``ended`` if it has none."""

    def go_ahead(self) -> None:
        """The client waits to be told to send its body."""


class _Known(NamedTuple):
    """The headers of a request, as bytes and as they were understood. ``after`` is what stands behind the digits of
    Content-Length, ``before`` what stands before them; all of it where there is none.
    """

    before: bytes
    after: bytes
    headers: dict[str, str]


class Reader:
    """The requests of one connection. Parsing ends with the first that is refused: :meth:`parse` raises Refused.

    A piece that is parsed never holds the end of one request and the beginning of the next: so the parser, which
    cannot pause, never runs ahead of the answers, and a head is known to begin where its piece does.
    """

    __slots__ = (
        "_body",
        "_chunked",
        "_connection",
        "_counted",
        "_empty",
        "_fed",
        "_headers",
        "_hosts",
        "_keep",
        "_known",
        "_length",
        "_most",
        "_parser",
        "_passed_over",
        "_piece",
        "_raw",
        "_received",
        "_server",
        "_since",
        "_size",
        "_tail",
        "_unparsed",
        "_url",
        "_worn",
        "asked",
        "phase",
    )

    def __init__(self, server: Server, connection: Reads) -> None:
        self.phase = Phase.NEW
        self.asked: Incoming | None = None
        self._server = server
        self._connection = connection
        self._parser = httptools.HttpRequestParser(self)
        self._piece = self._raw = self._url = self._tail = self._empty = b""
        self._headers: dict[str, str] = {}
        self._passed_over: dict[str, str] | None = None
        self._received = self._hosts = 0
        self._body: bytes | bytearray = b""
        self._size = self._length = self._fed = self._counted = 0
        self._most: int | None = None
        self._chunked = self._worn = False
        self._keep = True
        self._since = 0.0
        self._known: _Known | None = None
        self._unparsed = False

    def cut(self, data: bytes, at: int) -> int:
        """Where the piece ends that begins there."""
        if self.phase is Phase.BODY and not self._chunked:
            return at + self._length - self._size
        if self._tail:
            across = (self._tail + data[at : at + 3]).find(END)
            if across >= 0:
                return at + across + len(END) - len(self._tail)
        end = data.find(END, at, at + SLICE)
        return at + SLICE if end < 0 else end + len(END)

    def parse(self, piece: bytes) -> bytes | None:
        """Parse a piece, as :meth:`cut` gives it. Returns bytes that have to be parsed next, in its place, where there
        are any. Raises Refused.
        """
        before = self.phase
        if before <= Phase.IDLE and (piece[0] <= 13 or self._empty):
            piece = self._without_empty_lines(piece)
            if not piece:
                return None
        if self._known is not None and before is Phase.IDLE and self._is_known(piece, self._known):
            return None
        if self._unparsed:
            self.on_body(piece)
            if self._size == self._length:
                self.on_message_complete()
            return None
        if before is not Phase.BODY:
            self._piece = piece  # that of a body would be kept, perhaps for long
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            return self._upgraded()
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Refused):
                raise error.__context__ from None
            raise
        except httptools.HttpParserError as error:
            raise Refused(_fault_of(error)) from None
        if self.phase is Phase.HEAD:
            self._head_goes_on(piece)
        elif before is Phase.BODY and self._chunked:
            self._chunks_go_on(piece)
        return None

    def _is_known(self, piece: bytes, known: _Known) -> bool:
        """Take a head whose headers are, byte for byte, those of one before it on this connection, but for the digits
        of Content-Length: they were parsed and judged, and mean the same behind any request line that is as plain as
        these. Returns whether it was such a one. The parser, who has not seen the head, does not see its body either.
        """
        end = piece.find(b"\r\n")
        if not piece.startswith(known.before, end) or not piece.endswith(known.after):
            return False
        digits = piece[end + len(known.before) : len(piece) - len(known.after)]
        line = _PLAIN_LINE.fullmatch(piece, 0, end)
        if line is None or (digits if not known.after else not digits.isdigit() or len(digits) > 15):
            return False
        server, connection = self._server, self._connection
        limits = server.limits
        url = line[2].decode("ascii")
        if len(url) > limits.target or len(piece) > limits.head or "/." in url:
            return False  # the parser has to be asked: it knows what is refused, too
        name = METHODS[line[1]]
        path, _, query = url.partition("?")
        most = server.body_most(path)
        length = int(digits or b"0")
        if most is None or length > most or (server.mounts and server.is_mounted(path)):
            return False
        headers = known.headers
        if known.after and headers["content-length"] != (text := digits.decode()):
            headers = {**headers, "content-length": text}
        peer = connection.peer if server.proxies is None else server.proxies.peer(connection.peer, headers)
        self._empty = b""
        request = Incoming(name, path, query, headers, b"", peer)
        if not length:
            connection.arrived(request)
            return True
        self.asked, self.phase, self._unparsed = request, Phase.BODY, True
        self._length, self._most, self._chunked = length, most, False
        self._size = self._counted = 0
        self._wait_for_body()
        return True

    def _remember(self, headers: dict[str, str]) -> None:
        """The head that is complete was one of which the next may be known by."""
        block = self._piece[self._piece.find(b"\r\n") :]
        if "content-length" not in headers:
            self._known = _Known(block, b"", headers)
        elif len(found := list(_LENGTH.finditer(block))) == 1:
            self._known = _Known(block[: found[0].start(1)], block[found[0].end(1) :], headers)

    def _wait_for_body(self) -> None:
        # The next tick asks whose it is, if not all has come.
        self._since = self._connection.expires = self._server.now

    def _without_empty_lines(self, piece: bytes) -> bytes:
        rest = piece.lstrip(b"\r\n")
        self._empty += piece[: len(piece) - len(rest)]
        if not EMPTY_LINES.startswith(self._empty) or (rest and len(self._empty) % 2):
            raise Refused(Malformed("before the request line there is more than an empty line"))
        return rest

    def _head_goes_on(self, piece: bytes) -> None:
        limits = self._server.limits
        if not self._raw:
            self._connection.expires = self._server.now + limits.head_seconds
        self._raw += piece
        self._tail = self._raw[-3:]
        if len(self._url) > limits.target:
            raise _too_long(limits.target)
        if len(self._raw) > limits.head:
            raise _too_much(limits.head)

    def _chunks_go_on(self, piece: bytes) -> None:
        if self.phase is Phase.BODY:
            self._tail = (self._tail + piece)[-3:]
            self._fed += len(piece)
            if self._fed - 9 * self._size > FRAMING_ALLOWED:
                raise Refused(Malformed("the body has more chunk extensions or trailers than content"))
        elif self._worn:
            self._worn = False
            self._parser = httptools.HttpRequestParser(self)

    # What the parser tells

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self.phase = Phase.HEAD
        self._url = self._raw = self._empty = b""
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
            headers[key] = repeated(key, headers[key], text)
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
        path, query, host = target_of(name, url.decode("ascii"))
        again = self._passed_over is not None
        if self._passed_over is not None:
            self._headers = headers = self._passed_over
            self._passed_over = None
        if host:
            headers["host"] = host  # RFC 9112, section 3.2.2: the target's counts
        self._keep = keep = parser.should_keep_alive()
        server, connection = self._server, self._connection
        peer = connection.peer if server.proxies is None else server.proxies.peer(connection.peer, headers)
        self.asked = request = Incoming(name, path, query, headers, b"", peer, version, keep=keep)
        self.phase = Phase.BODY
        self._size = self._length = self._fed = self._counted = 0
        self._chunked = False
        self._tail = b""
        mounted = bool(server.mounts) and server.is_mounted(path)
        if parser.should_upgrade():
            if mounted and server.upgrades(request) and can_be_websocket(request):
                connection.mounted(request, upgrade=True)
            return  # else the head is parsed again
        self._most = most = None if mounted else server.body_most(path)
        framed = "transfer-encoding" in headers or "content-length" in headers or "expect" in headers
        if framed:
            self._expect_body(request, most)
        if keep and version == "1.1" and not (self._raw or host or again or self._chunked or "expect" in headers):
            self._remember(headers)
        if mounted:
            connection.mounted(request, upgrade=False)
        elif most is None:
            connection.streamed(request, ended=not (self._chunked or self._length))
        if framed and (mounted or most is not None):
            self._wait_for_body()

    def _check(self, version: str, method: bytes, url: bytes) -> None:
        server, headers = self._server, self._headers
        limits = server.limits
        if version not in ("1.1", "1.0"):
            raise Refused(VersionNotSupported(f"HTTP/{version} is not spoken here; send HTTP/1.1"))
        head = self._raw + self._piece if self._raw else self._piece
        # llhttp takes RTSP for HTTP, and more than one space.
        if not head.startswith(b"%b %b HTTP/" % (method, url)):
            raise Refused(Malformed("the request line is not a method, a target and HTTP/1.1, one space between each"))
        if self._received > limits.headers:
            raise Refused(HeadersTooLarge(f"there are more than {limits.headers} headers; send fewer"))
        if len(url) > limits.target:
            raise _too_long(limits.target)
        if len(head) > limits.head:
            raise _too_much(limits.head)
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            raise Refused(Malformed("Host does not stand there once; send one"))
        host = headers.get("host")
        if host is not None and host not in server.hosts and not server.takes_host(host):
            raise Refused(Malformed("Host is no host with a port; send one such as example.com:8080"))

    def _expect_body(self, request: Incoming, most: int | None) -> None:
        """Settle how the body comes, of which no more than ``most`` is taken. Raises Refused."""
        headers = request.headers
        coding, length, expected = (headers.get(each) for each in ("transfer-encoding", "content-length", "expect"))
        if coding is not None:
            if request.version == "1.0":
                raise Refused(Malformed("HTTP/1.0 has no chunks; send Content-Length"))
            if coding.lower() != "chunked":
                raise Refused(Unimplemented("only the transfer coding chunked is known; send it alone"))
            self._chunked = True
        if length is not None:
            if len(length) > 20:
                raise Refused(Malformed("Content-Length has more digits than a length can have"))
            self._length = int(length)
            if most is not None and self._length > most:
                raise Refused(too_large(most))
        if expected is not None and request.version == "1.1":
            if any(each.strip() != "100-continue" for each in expected.lower().split(",")):
                raise Refused(ExpectationFailed("only 100-continue can be expected; leave Expect out"))
            if (self._chunked or self._length) and (most is None or self._server.app.knows(request.path)):
                self._connection.go_ahead()

    def on_body(self, body: bytes) -> None:
        """A part of the body. Raises Refused."""
        asked = self.asked
        assert asked is not None
        self._size += len(body)
        if asked.bridge is not None:
            asked.bridge.feed(body)
            return
        if asked.coming is not None:
            asked.coming.feed(body)
            return
        if self._most is not None and self._size > self._most:
            raise Refused(too_large(self._most))
        if not self._body:
            self._body = body
            return
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)  # small chunks take no more than they hold
        self._body += body

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        request = self.asked
        assert request is not None
        self.phase = Phase.IDLE
        self._tail = b""
        if self._unparsed:
            self._unparsed = False
        elif self._parser.should_upgrade():
            return  # its head is parsed again, or it is a mount's
        # A trailer may say `Connection: close`, which is no business of trailers.
        self._worn = self._chunked and self._keep and not self._parser.should_keep_alive()
        if request.bridge is not None:
            self._connection.expires = NEVER
            request.bridge.end()
            return
        if request.coming is not None:
            request.coming.end()
        elif self._body:
            request.body = bytes(self._body)
            self._body = b""
        # A connection keeps nothing large while it is idle.
        self.asked = None
        if self._raw:
            self._raw, self._headers = b"", {}
        if request.coming is None:
            self._connection.arrived(request)

    def _upgraded(self) -> bytes | None:
        """Another protocol was asked for. Where it is not spoken, that means nothing (RFC 9110, section 7.8)."""
        assert self.asked is not None
        if self.asked.bridge is not None:
            self.phase = Phase.UPGRADED
            return None
        head = self._head_without_upgrade()
        self._passed_over = self._headers
        self._parser = httptools.HttpRequestParser(self)
        return head

    def _head_without_upgrade(self) -> bytes:
        """The head once more, without the header that asks for another protocol. It is no larger."""
        version = self._parser.get_http_version()
        lines = [b"%b %b HTTP/%b\r\n" % (self._parser.get_method(), self._url, version.encode())]
        for name, value in self._headers.items():
            if name == "connection":
                value = ",".join(each for each in value.split(",") if each.strip().lower() != "upgrade")
            if name != "upgrade":
                lines.append(f"{name}:{value}\r\n".encode("latin-1"))
        return b"".join([*lines, b"\r\n"])

    # Ends

    def refused(self, refused: Refused) -> Incoming:
        """A request to answer with a fault, as far as it is known."""
        method, path = "", ""
        headers: Mapping[str, str] = {}
        asked = self.asked
        if asked is not None and self._unparsed:
            method, path, headers = asked.method, asked.path, asked.headers
        elif self._url and self.phase > Phase.IDLE:  # else what is known is of the request before it
            method = method_of(self._parser.get_method())
            path = self._url[:200].decode("latin-1").partition("?")[0]
            headers = self._headers
        request = Incoming(method, path, "", headers, b"", self._connection.peer, keep=False)
        request.refused = refused
        return request

    def leave(self) -> None:
        """Parse no more. The parser, the connection and this hold one another: they go now, and do not wait for the
        collector, which may not come for long where many connections end at once and little happens after.
        """
        self.asked = None
        del self._parser, self._connection

    def for_nobody(self) -> Incoming | None:
        """A request whose body still comes, though its head is enough to say that nobody answers there."""
        request = self.asked
        if self.phase is not Phase.BODY or request is None or request.bridge is not None or request.coming is not None:
            return None
        return None if self._server.app.knows(request.path) else request

    def late(self, now: float) -> Fault | None:
        """Why what began to come is not waited for any longer; None if it may take longer."""
        if self.phase is Phase.BODY:
            limits = self._server.limits
            if self._size - self._counted >= (now - self._since - limits.body_grace_seconds) * limits.body_rate:
                self._connection.expires = max(now + 1.0, self._since + limits.body_grace_seconds)
                return None
        what = "head" if self.phase is Phase.HEAD else "body"
        return RequestTimeout(f"the {what} of the request did not come in time; send it again, faster")

    def excuse(self, now: float) -> None:
        """What came was not read, for no fault of the client's: the time that it has begins anew."""
        if self.phase is Phase.HEAD:
            self._connection.expires = now + self._server.limits.head_seconds
        elif self.phase is Phase.BODY:
            self._since, self._counted = now, self._size
            self._connection.expires = now


def _too_long(most: int) -> Refused:
    return Refused(TargetTooLong(f"the request target is longer than {most:,} bytes; send less"))


def _too_much(most: int) -> Refused:
    return Refused(HeadersTooLarge(f"the headers are larger than {most:,} bytes; send less"))


def _fault_of(error: httptools.HttpParserError) -> Fault:
    said = str(error)
    if isinstance(error, httptools.HttpParserInvalidMethodError) or said == _OF_THE_METHOD:
        return Unimplemented("the method is not known")
    if said in _OF_THE_VERSION:
        return VersionNotSupported("the version of HTTP is not spoken here; send HTTP/1.1")
    return Malformed(f"the request is not HTTP/1.1: {said[:100]}")


def _name(name: bytes) -> str:
    """A header's name in lower case. Usual ones are remembered; what clients make up must not fill the memory."""
    text = name.decode("latin-1").lower()
    if len(_NAMES) < _NAMES_MOST and len(name) <= 40:
        _NAMES[name] = text
    return text
