"""Hostile HTTP/1.1, and what is answered to it: the one table that the tests read.

An answer is written as its status; with 200, what the application was asked follows, as it says itself (tried.py):
the method, the target, in brackets the headers whose names begin with ``x-`` (and some that are named there), and the
body. ``HEAD 200`` is an answer without content.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import dragoman as dm

LIMITS: Final = dm.Limits(body=600, target=300, head=700, headers=20)
"""Those that the sizes below are about. Times are generous here; TIMED has short ones."""

TIMED: Final = dm.Limits(
    body=600, target=300, head=700, headers=20, first_byte_seconds=2.5, head_seconds=2.5, idle_seconds=2.5,
    body_grace_seconds=2.5, body_rate=512,
)  # fmt: skip


class End(enum.Enum):
    """What becomes of the connection behind the answers."""

    OPEN = "another request is served on it"
    CLOSED = "it is closed, and nothing more is served"
    LATE = "nothing more is sent, and it is closed when its time is over"
    SHUT = "it is closed at once, though more could follow"
    LEFT = "the client sends its end of file, and it is closed"


@dataclass(frozen=True, slots=True)
class Trickle:
    """Bytes that are sent one at a time, each some time after the last, until the other side closes."""

    data: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, what is answered, how it ends, and what that rests on."""

    name: str
    sends: bytes
    answers: tuple[str, ...]
    end: End
    why: str
    trickle: Trickle | None = None

    @property
    def timed(self) -> bool:
        """Whether it has to be waited for."""
        return self.end is End.LATE


def get(
    target: str = "/a", *lines: str, host: str | None = "a", version: str = "HTTP/1.1", method: str = "GET"
) -> bytes:
    """A request without a body."""
    named = () if host is None else (f"Host: {host}",)
    return "\r\n".join([f"{method} {target} {version}", *named, *lines, "", ""]).encode("latin-1")


def post(*lines: str, body: bytes = b"", version: str = "HTTP/1.1") -> bytes:
    """A request with a body that these lines tell of."""
    return get("/a", *lines, version=version, method="POST") + body


def chunked(body: bytes) -> bytes:
    """A request whose body comes so in chunks."""
    return post("Transfer-Encoding: chunked", body=body)


SMUGGLED: Final = get("/smuggled")
"""A request that must never be served: to whoever is in front it is a body, or to nobody a request."""

HELLO: Final = "Content-Length: 5"
CHUNKED: Final = "Transfer-Encoding: chunked"
ABC: Final = b"3\r\nabc\r\n0\r\n\r\n"
CASES: list[Case] = []


def case(
    name: str, sends: bytes, *answers: str, end: End | None = None, why: str, trickle: Trickle | None = None
) -> None:
    """One row. Behind a refusal the connection is closed, else it is open, unless said otherwise."""
    if end is None:
        refused = bool(answers) and not answers[-1].startswith(("200", "HEAD 200"))
        end = End.CLOSED if refused else End.OPEN
    CASES.append(Case(name, sends, answers, end, why, trickle))


# fmt: off

# Lengths -------------------------------------------------------------------------------------------------------------

case("length and chunks", post("Content-Length: 4", CHUNKED, body=b"0\r\n\r\n" + SMUGGLED), "400",
     why="RFC 9112, 6.1: a server may refuse both together; 11.2: smuggling")
case("chunks and length", post(CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED), "400",
     why="RFC 9112, 6.1: as above, whichever stands first")
case("chunks and a length of nothing", post(CHUNKED, "Content-Length: 0", body=SMUGGLED), "400",
     why="RFC 9112, 6.1: as above, whatever the length")
case("two lengths", post("Content-Length: 5", "Content-Length: 6", body=b"hello" + SMUGGLED), "400",
     why="RFC 9112, 6.3, 5")
case("two lengths in other letters", post("Content-Length: 5", "content-LENGTH: 0", body=SMUGGLED), "400",
     why="RFC 9110, 5.1: names have no case")
case("one length twice", post(HELLO, HELLO, body=b"hello"), "400",
     why="RFC 9112, 6.3, 5: only a list of equal ones may be taken for one")
case("one length in a list", post("Content-Length: 5, 5", body=b"hello"), "400",
     why="RFC 9110, 8.6: a recipient may refuse it")
for _name, _value in {"a plus": "+5", "a minus": "-5", "hexadecimal": "0x5", "two numbers": "5 5", "a parameter": "5;a",
    "nothing": "", "a fraction": "5.0", "an exponent": "5e0", "an underscore": "0_5", "another digit": "\xb2",
    "a comma": "5,", "a quoted one": '"5"', "more than 64 bits": "18446744073709551616", "a control": "5\x0b",
    "too many zeros": "0" * 30 + "5"}.items():
    case(f"a length with {_name}", post(f"Content-Length: {_value}", body=b"hello" + SMUGGLED), "400",
         why="RFC 9110, 8.6: digits, and nothing else")
case("a length with zeros before it", post("Content-Length: 005", body=b"hello"), "200 POST /a hello",
     why="RFC 9110, 8.6: that is a number")
case("a length with space around it", post("Content-Length: \t 5 \t ", body=b"hello"), "200 POST /a hello",
     why="RFC 9112, 5.1: space is no part of the value")
case("a length with space before the colon", post("Content-Length : 5", body=b"hello"), "400",
     why="RFC 9112, 5.1: must be refused")
case("a length with a tab before the colon", post("Content-Length\t: 5", body=b"hello"), "400",
     why="RFC 9112, 5.1: must be refused")
case("a length without a colon", post("Content-Length 5", body=b"hello"), "400", why="RFC 9112, 5")
case("a length in another header", post("Content_Length: 5"), "200 POST /a", why="RFC 9110, 5.1: that is another name")
case("a length behind a NUL", post("X-A: a\0Content-Length: 5", body=b"hello"), "400", why="RFC 9110, 5.5")
case("a length of nothing", post("Content-Length: 0"), "200 POST /a", why="RFC 9112, 6.3, 6")
case("a GET with a body", get("/a", HELLO) + b"hello", "200 GET /a hello",
     why="RFC 9110, 9.3.1: its framing counts, else the body would be the next request")
case("a body that looks like a request", post(f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED),
     f"200 POST /a {SMUGGLED.decode()}", why="RFC 9112, 6.3, 6: a body is a body")
case("a GET with neither", get() + SMUGGLED.replace(b"/smuggled", b"/b"), "200 GET /a", "200 GET /b",
     why="RFC 9112, 6.3, 7: no body, and what follows is a request")

# Transfer codings ----------------------------------------------------------------------------------------------------

for _name, _value, _status in (("another one", "gzip", "501"), ("another one before it", "gzip, chunked", "501"),
    ("identity", "identity", "501"), ("another word", "xchunked", "501"), ("a parameter", "chunked;q=1", "501"),
    ("quotes", '"chunked"', "501"), ("an empty place in the list", ",chunked", "501"), ("a space in it", "chun ked",
    "501"), ("another one behind it", "chunked, gzip", "400"), ("itself twice", "chunked, chunked", "400"), ("nothing",
    "", "400"), ("a comma", "chunked,", "400"), ("a vertical tab", "\x0bchunked", "400"), ("a NUL", "chunked\0", "400"),
    ("a line feed", "\nchunked", "400"), ("a folded line", "\r\n chunked", "400"), ("space behind it", "chunked \t",
    "400")):
    case(f"a coding with {_name}", post(f"Transfer-Encoding: {_value}", body=b"0\r\n\r\n" + SMUGGLED), _status,
         why="RFC 9112, 6.1 and 6.3, 4: only chunked is known, and whoever is in front may have read it otherwise")
case("a coding twice", post(CHUNKED, CHUNKED, body=b"0\r\n\r\n" + SMUGGLED), "400", why="RFC 9112, 6.1")
case("a coding in other letters", post("TRANSFER-ENCODING: ChUnKeD", body=ABC), "200 POST /a abc",
     why="RFC 9112, 7: names have no case")
case("a coding with space before it", post("Transfer-Encoding: \t chunked", body=ABC), "200 POST /a abc",
     why="RFC 9112, 5.1: space is no part of the value")
case("a coding with space before the colon", post("Transfer-Encoding : chunked", body=ABC + SMUGGLED), "400",
     why="RFC 9112, 5.1: must be refused")
case("a coding behind space", post(" Transfer-Encoding: chunked", body=ABC + SMUGGLED), "400",
     why="RFC 9112, 5.2: a folded line")
case("a coding behind a bare line feed", post("X-A: a\nTransfer-Encoding: chunked", body=ABC + SMUGGLED), "400",
     why="RFC 9112, 2.2: a bare LF need not be taken for the end of a line")
case("a coding behind a bare carriage return", post("X-A: a\rTransfer-Encoding: chunked", body=ABC + SMUGGLED), "400",
     why="RFC 9112, 2.2: a bare CR makes it invalid")
case("a coding in another header", post("Transfer_Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED), "200 POST /a",
     "501", why="RFC 9110, 5.1: that is another name, so that what follows is a request, of a method that is not known")
case("a coding that the connection should forget", post("Connection: Transfer-Encoding", CHUNKED, body=ABC),
     "200 POST /a abc", why="RFC 9110, 7.6.1: that is for proxies")
case("chunks over HTTP/1.0", post(CHUNKED, "Connection: keep-alive", body=ABC + SMUGGLED, version="HTTP/1.0"), "400",
     why="RFC 9112, 6.1: must be taken for faulty framing")
case("a GET in chunks", get("/a", CHUNKED) + ABC, "200 GET /a abc", why="RFC 9112, 6.3, 4")

# Chunks --------------------------------------------------------------------------------------------------------------

for _name, _body, _content in (("one chunk", ABC, "abc"), ("two chunks", b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
    ("none", b"0\r\n\r\n", ""), ("a size in capitals", b"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("a size with zeros", b"0003\r\nabc\r\n000\r\n\r\n", "abc"), ("an extension", b"3;a=b;c\r\nabc\r\n0;d\r\n\r\n",
    "abc"), ("an extension in quotes", b'3;a="b;\\"c"\r\nabc\r\n0\r\n\r\n', "abc"), ("line breaks inside",
    b"8\r\n\r\n\r\n0\r\n\r\r\n0\r\n\r\n", "\r\n\r\n0\r\n\r"), ("what looks like its end",
    b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"), ("single bytes",
    b"".join(b"1\r\n%c\r\n" % each for each in b"ab" * 30) + b"0\r\n\r\n", "ab" * 30), ("a trailer",
    b"3\r\nabc\r\n0\r\nX-Late: 1\r\nHost: b\r\n\r\n", "abc"), ("a trailer that closes",
    b"3\r\nabc\r\n0\r\nConnection: close\r\n\r\n", "abc"), ("a trailer that upgrades",
    b"3\r\nabc\r\n0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", "abc")):
    case(f"chunks: {_name}", chunked(_body), f"200 POST /a {_content}".rstrip(" "),
         why="RFC 9112, 7.1; trailers are no headers: RFC 9110, 6.5.1")
    case(f"chunks: {_name}, and a request", chunked(_body) + get("/b"), f"200 POST /a {_content}".rstrip(" "),
         "200 GET /b", why="RFC 9112, 9.3.2")
for _name, _body in {"no number": b"g\r\nabc\r\n0\r\n\r\n", "a minus": b"-1\r\nabc\r\n0\r\n\r\n",
    "a plus": b"+3\r\nabc\r\n0\r\n\r\n", "0x": b"0x3\r\nabc\r\n0\r\n\r\n", "nothing": b"\r\nabc\r\n0\r\n\r\n",
    "space before it": b" 3\r\nabc\r\n0\r\n\r\n", "space behind it": b"3 \r\nabc\r\n0\r\n\r\n",
    "a tab behind it": b"3\t;a\r\nabc\r\n0\r\n\r\n", "an underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "an empty line before it": b"\r\n3\r\nabc\r\n0\r\n\r\n",
    "more than 64 bits": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "an extension without a name": b"3;\r\nabc\r\n0\r\n\r\n", "a NUL in an extension": b"3;a\0\r\nabc\r\n0\r\n\r\n",
    "a control in an extension": b"3;a\x01\r\nabc\r\n0\r\n\r\n", "a line feed": b"3\nabc\r\n0\r\n\r\n",
    "a line feed behind an extension": b"3;a\nabc\r\n0\r\n\r\n",
    "a carriage return behind an extension": b"3;a\rabc\r\n0\r\n\r\n", "an open quote": b'3;a="b\r\nabc\r\n0\r\n\r\n',
    "too little": b"2\r\nabc\r\n0\r\n\r\n", "too much": b"4\r\nabc\r\n0\r\n\r\n",
    "no line behind it": b"3\r\nabc0\r\n\r\n", "a line feed behind the data": b"3\r\nabc\n0\r\n\r\n",
    "a line feed behind the last": b"3\r\nabc\r\n0\n\r\n", "a line feed at the end": b"3\r\nabc\r\n0\r\n\n",
    "a trailer with a line feed": b"3\r\nabc\r\n0\r\nX: y\n\r\n",
    "a trailer without a colon": b"3\r\nabc\r\n0\r\nnonsense\r\n\r\n",
    "a trailer that is folded": b"3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n",
    "a trailer with a NUL": b"3\r\nabc\r\n0\r\nX: \0\r\n\r\n",
    "a length in a trailer": b"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"}.items():
    case(f"chunks with {_name}", chunked(_body + SMUGGLED), "400",
         why="RFC 9112, 7.1: what is no chunk makes the framing uncertain")
case("chunks with long extensions",
     chunked(b"".join(b"1;%s\r\na\r\n" % (b"e" * 1000) for _ in range(30)) + b"0\r\n\r\n"), "400",
     why="RFC 9112, 7.1.1: a recipient ought to limit extensions")
case("chunks with one long extension", chunked(b"1;" + b"e" * 30_000 + b"\r\na\r\n0\r\n\r\n"), "400",
     why="RFC 9112, 7.1.1")
case("chunks with many trailers", chunked(b"0\r\n" + b"X: y\r\n" * 5000 + b"\r\n"), "400", why="RFC 9112, 7.1.2")

# Host ----------------------------------------------------------------------------------------------------------------

for _name, _host in {"a name": "a", "a port": "a:80", "an empty port": "a:", "nothing": "",
    "an address": "127.0.0.1:8000", "an IPv6 address": "[::1]:80", "percent-encoding": "%61.b",
    "space around it": " \ta \t", "another case": "EXAMPLE.com"}.items():
    case(f"Host: {_name}", get(host=_host), "200 GET /a", why="RFC 9110, 7.2")
for _name, _host in {"a list": "a, b", "a space": "a b", "a path": "a/b", "a user": "u@a", "a port of letters": "a:b",
    "two ports": "a:80:80", "a fragment": "a#b", "a query": "a?b", "an open bracket": "[::1", "a backslash": "a\\b",
    "a letter beyond ASCII": "\xe4", "a NUL": "a\0", "a bad percent": "%6", "a scheme": "http://a",
    "a quote": '"a"'}.items():
    case(f"Host with {_name}", get(host=_host), "400", why="RFC 9112, 3.2: an invalid one must be refused")
case("no Host", get(host=None), "400", why="RFC 9112, 3.2: must be refused")
case("two Hosts", get("/a", "Host: b"), "400", why="RFC 9112, 3.2: must be refused")
case("one Host twice", get("/a", "HOST: a"), "400", why="RFC 9112, 3.2: must be refused")
case("Host with space before the colon", get("/a", "Host : b", host=None), "400", why="RFC 9112, 5.1")
case("a folded Host", get("/a", "X-A: 1", " Host: b", host=None), "400", why="RFC 9112, 5.2")
case("no Host over HTTP/1.0", get(host=None, version="HTTP/1.0"), "200 GET /a",
     end=End.CLOSED, why="RFC 9112, 3.2: asked for since HTTP/1.1")
case("two Hosts over HTTP/1.0", get("/a", "Host: b", version="HTTP/1.0"), "400", why="RFC 9112, 3.2")

# Methods -------------------------------------------------------------------------------------------------------------

for _method in ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"):
    case(f"the method {_method}", get(method=_method), f"200 {_method} /a",
         why="RFC 9110, 9.1: the application's matter")
for _name, _method in {"in small letters": "get", "that nobody knows": "FETCH", "that begins as another": "GETS",
    "with a NUL": "G\0T", "that is long": "A" * 300, "of RTSP": "DESCRIBE", "with a colon": "GET:",
    "with a quote": '"GET"', "that is missing": "", "beyond ASCII": "G\xcbT", "with a tab": "GET\t"}.items():
    case(f"a method {_name}", get(method=_method), "501", why="RFC 9110, 9.1: one that is not known is not implemented")
case("CONNECT", get("a:80", method="CONNECT") + SMUGGLED, "501", why="RFC 9110, 9.3.6: for proxies")
case("CONNECT with a path", get("/a", method="CONNECT") + SMUGGLED, "501", why="RFC 9110, 9.3.6")
case("HEAD", get(method="HEAD"), "HEAD 200", why="RFC 9110, 9.3.2: no content")
case("HEAD with a body", get("/a", HELLO, method="HEAD") + b"hello", "HEAD 200",
     why="RFC 9110, 9.3.2: its framing counts")
case("HEAD that is refused", get("/a#b", method="HEAD"), "HEAD 400", end=End.CLOSED, why="RFC 9110, 9.3.2: no content")
case("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), "501", why="it is no HTTP")
case("SSH", b"SSH-2.0-OpenSSH_9.9\r\n", "501", why="it is no HTTP")
case("a redis command", b"*1\r\n$4\r\nPING\r\n", "501", why="it is no HTTP")
case("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "501", why="RFC 9112, 2.1: it is no request")
case("nonsense", b"nonsense\r\n\r\n", "501", why="RFC 9112, 2.2")

# Versions ------------------------------------------------------------------------------------------------------------

for _version in ("HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0"):
    case(f"the version {_version}", get(version=_version) + SMUGGLED, "505", why="RFC 9110, 15.6.6")
for _name, _version in {"two digits": "HTTP/1.10", "a zero before it": "HTTP/01.1", "no minor": "HTTP/1",
    "small letters": "http/1.1", "a space in it": "HTTP/ 1.1", "another space in it": "HTTP /1.1",
    "space behind it": "HTTP/1.1 ", "a tab": "HTTP/1.1\t", "another protocol": "HTTPS/1.1",
    "a word behind it": "HTTP/1.1 x", "letters": "HTTP/a.b", "a comma": "HTTP/1,1", "a NUL": "HTTP/1.1\0",
    "nothing": "HTTP/", "RTSP": "RTSP/1.0", "ICE": "ICE/1.0"}.items():
    case(f"a version with {_name}", get(version=_version) + SMUGGLED, "400", why="RFC 9112, 2.3")
case("RTSP's OPTIONS", get("/a", method="OPTIONS", version="RTSP/1.0"), "400", why="RFC 9112, 2.3: another protocol")
case("RTSP's DESCRIBE", get("/a", method="DESCRIBE", version="RTSP/1.0"), "400", why="RFC 9112, 2.3")
case("a stream to Icecast", get("/a", method="SOURCE", version="ICE/1.0"), "400", why="RFC 9112, 2.3")
case("no version", b"GET /a\r\n\r\n", "505", why="RFC 9112, 2.3: that was HTTP/0.9")
case("not quite HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\n", "400", why="RFC 9113, 3.4: no HTTP/1.1 either")
case("HTTP/2's method", get("*", method="PRI"), "400", why="RFC 9113, 3.4")
case("HTTP/1.0", get(version="HTTP/1.0") + SMUGGLED, "200 GET /a", end=End.CLOSED, why="RFC 9112, 9.3")
case("HTTP/1.0 that is kept", get("/a", "Connection: keep-alive", version="HTTP/1.0"), "200 GET /a",
     why="RFC 9112, 9.3")
case("HTTP/1.0 with a body", post(HELLO, body=b"hello", version="HTTP/1.0"), "200 POST /a hello",
     end=End.CLOSED, why="RFC 9112, 6.3, 6")

# The request line ----------------------------------------------------------------------------------------------------

for _name, _line in {"two spaces before the target": b"GET  /a HTTP/1.1",
    "two spaces behind the target": b"GET /a  HTTP/1.1", "tabs": b"GET\t/a\tHTTP/1.1",
    "a space in the target": b"GET /a b HTTP/1.1", "a tab in the target": b"GET /a\tb HTTP/1.1",
    "a NUL in the target": b"GET /a\0b HTTP/1.1", "a control in the target": b"GET /a\x01b HTTP/1.1",
    "DEL in the target": b"GET /a\x7fb HTTP/1.1", "a letter beyond ASCII in the target": b"GET /\xc3\xa9 HTTP/1.1",
    "a form feed": b"GET /a\x0cb HTTP/1.1", "no target": b"GET HTTP/1.1", "an empty target": b"GET  HTTP/1.1",
    "a carriage return inside": b"GET /a\rHTTP/1.1", "space behind it": b"GET /a HTTP/1.1 "}.items():
    _status = "501" if _name == "tabs" else "400"
    case(f"a request line with {_name}", _line + b"\r\nHost: a\r\n\r\n", _status, why="RFC 9112, 3")
case("a request line behind space", b" GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "501", why="RFC 9112, 2.2")
case("a request line that ends with a line feed", b"GET /a HTTP/1.1\nHost: a\r\n\r\n", "400", why="RFC 9112, 2.2")
case("line feeds everywhere", b"GET /a HTTP/1.1\nHost: a\n\n", "400", why="RFC 9112, 2.2")
case("a request line that a body said before", post("Content-Length: 17",
     body=b"GET /b HTTP/1.1\r\n") + b"GET  /b HTTP/1.1\r\nHost: a\r\n\r\n", "200 POST /a GET /b HTTP/1.1\r\n", "400",
     why="RFC 9112, 3: each head is judged by itself")
case("a request line that chunks said before",
     chunked(b"24\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n\r\n0\r\n\r\n").replace(b"X: y\r\n",
     b"X:yy") + b"GET  /b HTTP/1.1\r\nHost: a\r\n\r\n", "200 POST /a \r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nX:yy\r\n",
     "400", why="RFC 9112, 3: each head is judged by itself")
case("a request line that a header says again", get("/a", "X-A: GET /a HTTP/1.1").replace(b"GET ", b"GET  ", 1), "400",
     why="RFC 9112, 3")
for _count, _answer in ((1, "200 GET /a"), (2, "200 GET /a"), (3, "400"), (5000, "400")):
    case(f"{_count} empty lines before it", b"\r\n" * _count + get(), _answer,
         why="RFC 9112, 2.2: at least one ought to be passed over; there has to be a bound")
for _name, _bytes in {"a line feed": b"\n", "a carriage return": b"\r", "both the wrong way": b"\n\r",
    "two line feeds": b"\n\n", "an empty line and a line feed": b"\r\n\n"}.items():
    case(f"{_name} before it", _bytes + get(), "400", why="RFC 9112, 2.2: an empty line is CR and LF")
case("an empty line between requests", post(HELLO, body=b"hello") + b"\r\n" + get("/b"), "200 POST /a hello",
     "200 GET /b", why="RFC 9112, 2.2: old clients send one behind a body")
case("an empty line behind the last", get("/a", "Connection: close") + b"\r\n", "200 GET /a",
     end=End.CLOSED, why="RFC 9112, 2.2")

# Targets -------------------------------------------------------------------------------------------------------------

for _name, _target, _seen in (("a host", "http://b/host", "GET /host [host: b]"), ("a host and a query",
    "http://b:80/host?c=d", "GET /host?c=d [host: b:80]"), ("https", "https://b/host", "GET /host [host: b]"),
    ("capitals", "HTTP://B/host", "GET /host [host: B]"), ("no path", "http://b", "GET /"), ("a query without a path",
    "http://b?c", "GET /?c"), ("an IPv6 address", "http://[::1]:80/host", "GET /host [host: [::1]:80]"), ("two slashes",
    "//b/c", "GET //b/c"), ("a query", "/a?b=/../%2f#".rstrip("#"), "GET /a?b=/../%2f"), ("an empty query", "/a?",
    "GET /a"), ("dots in names", "/..a/b../.c/...", "GET /..a/b../.c/..."), ("what is no encoding", "/%zz%",
    "GET /%zz%"), ("a backslash", "/a\\b", "GET /a\\b"), ("an encoded percent", "/%252f%2500", "GET /%252f%2500"),
    ("punctuation", "/!$&'()*+,;=:@~|{}", "GET /!$&'()*+,;=:@~|{}")):
    case(f"a target with {_name}", get(_target), f"200 {_seen}", why="RFC 9112, 3.2; paths are as sent")
for _name, _target in {"a fragment": "/a#b", "a fragment in the query": "/a?b#c", "a fragment alone": "#",
    "a user": "http://u@b/a", "another scheme": "ftp://b/a", "no host": "http:///a", "no slashes": "http:/a",
    "a bad port": "http://b:c/a", "a host beyond a host": "http://b,c/a", "a backslash in the host": "http://b\\c/a",
    "no slash": "a", "a query alone": "?a", "an authority": "a:80", "a star": "*", "a star and more": "*a",
    "a mail address": "mailto:a@b", "an encoded slash": "/a%2fb", "an encoded slash in capitals": "/a%2Fb",
    "an encoded NUL": "/a%00", "dots": "/../a", "dots inside": "/a/../b", "dots at the end": "/a/..", "a dot": "/./a",
    "a dot at the end": "/a/.", "encoded dots": "/%2e%2E/a", "half encoded dots": "/.%2e/a", "an encoded dot": "/%2e",
    "dots behind a host": "http://b/../a", "dots behind two slashes": "//../a"}.items():
    case(f"a target with {_name} is refused", get(_target), "400",
         why="RFC 9112, 3.2; what others would read as another path is refused (design)")
case("OPTIONS *", get("*", method="OPTIONS"), "200 OPTIONS *", why="RFC 9112, 3.2.4")
case("a host in the target and none beside it", get("http://b/host", host=None), "400", why="RFC 9112, 3.2")

# Sizes ---------------------------------------------------------------------------------------------------------------


def _target_of(size: int) -> str:
    return "/" + "t" * (size - 1)


def _head_of(size: int) -> bytes:
    plain = get("/a", "X-Pad: ")
    return get("/a", "X-Pad: " + "p" * (size - len(plain)))


case("a target as long as may be", get(_target_of(300)), f"200 GET {_target_of(300)}", why="Limits.target")
case("a target that is longer", get(_target_of(301)), "414", why="RFC 9112, 3; Limits.target")
case("a target without an end", b"GET " + _target_of(600).encode(), "414",
     end=End.SHUT, why="RFC 9112, 3; Limits.target")
case("a head as large as may be", _head_of(700), f"200 GET /a [x-pad: {'p' * (700 - len(get('/a', 'X-Pad: ')))}]",
     why="Limits.head")
case("a head that is larger", _head_of(701), "431", why="RFC 6585, 5; Limits.head")
case("a head without an end", _head_of(750)[:-4], "431", end=End.SHUT, why="RFC 6585, 5; Limits.head")
case("a head without a line", b"GET /a HTTP/1.1\r\nX-A: " + b"a" * 700, "431",
     end=End.SHUT, why="RFC 6585, 5; Limits.head")
case("a large head behind a body", post(HELLO, body=b"hello") + _head_of(700), "200 POST /a hello",
     f"200 GET /a [x-pad: {'p' * (700 - len(get('/a', 'X-Pad: ')))}]", why="Limits.head, of each")
case("a head far too large", get("/a", *["X: y"] * 5_000), "431", why="RFC 6585, 5")
case("as many headers as may be", get("/a", *["a: b"] * 19), "200 GET /a", why="Limits.headers")
case("a header too many", get("/a", *["a: b"] * 20), "431", why="RFC 6585, 5; Limits.headers")
case("a body as large as may be", post("Content-Length: 600", body=b"b" * 600), f"200 POST /a {'b' * 600}",
     why="Limits.body")
case("a body that is larger", post("Content-Length: 601", body=b"b" * 601), "413", why="RFC 9110, 15.5.14; Limits.body")
case("a body that would be larger", post("Content-Length: 18446744073709551615"), "413", why="RFC 9110, 15.5.14")
case("a larger body in one chunk", chunked(b"259\r\n" + b"b" * 601 + b"\r\n0\r\n\r\n"), "413", why="RFC 9110, 15.5.14")
case("a larger body in chunks", chunked(b"40\r\n%s\r\n" % (b"b" * 64) * 10 + b"0\r\n\r\n"), "413",
     why="RFC 9110, 15.5.14")
case("the largest chunk there can be", chunked(b"ffffffffffffffff\r\n" + b"b" * 601), "413",
     end=End.CLOSED, why="RFC 9110, 15.5.14: before it has come")

# Headers -------------------------------------------------------------------------------------------------------------

for _name, _lines, _seen in (("an empty value", ["X-A:"], "x-a: "), ("space around it", ["X-A: \t a b \t "],
    "x-a: a b"), ("no space before it", ["X-A:b"], "x-a: b"), ("letters beyond ASCII", ["X-A: caf\xe9"],
    "x-a: caf\xe9"), ("colons", ["X-A: :b:"], "x-a: :b:"), ("a name twice", ["X-A: 1", "x-a: 2"], "x-a: 1, 2"),
    ("an empty value twice", ["X-A:", "X-A:"], "x-a: , "), ("every sign of a name", ["X-!#$%&'*+-.^_`|~0: 1"],
    "x-!#$%&'*+-.^_`|~0: 1"), ("cookies", ["Cookie: a=b", "Cookie: c=d"], "cookie: a=b; c=d"), ("a tab inside",
    ["X-A: a\tb"], "x-a: a\tb")):
    case(f"a header with {_name}", get("/a", *_lines), f"200 GET /a [{_seen}]", why="RFC 9110, 5.2 to 5.5")
for _name, _line in {"no colon": "nonsense", "no name": ": a", "a space in the name": "X A: b",
    "a bracket in the name": "X(A): b", "a NUL in the name": "X\0A: b",
    "a letter beyond ASCII in the name": "X-\xe4: b", "a NUL": "X-A: \0", "a control": "X-A: a\x01b",
    "DEL": "X-A: a\x7f", "a bare carriage return": "X-A: a\rb", "a bare line feed": "X-A: a\nX-B: b",
    "a folded line": "X-A: a\r\n b", "a line folded with a tab": "X-A: a\r\n\tb",
    "a folded empty line": "X-A: a\r\n \r\n b", "a vertical tab": "X-A: a\x0bb", "an escape": "X-A: \x1b[31m",
    "a slash in the name": "X/A: b", "two carriage returns": "X-A: a\r"}.items():
    case(f"a header with {_name} is refused", get("/a", _line) + SMUGGLED, "400", why="RFC 9112, 5; RFC 9110, 5.1, 5.5")
case("space before the first header", get("/a", " X-A: b", host=None), "400",
     why="RFC 9112, 2.2: must be refused or passed over")
case("a head that ends with a line feed", get()[:-2] + b"\n", "400", why="RFC 9112, 2.2")

# Connections ---------------------------------------------------------------------------------------------------------

for _name, _value in {"close": "close", "in capitals": "CLOSE", "in a list": "keep-alive, close",
    "before another": "close, te"}.items():
    case(f"the client closes: {_name}", get("/a", f"Connection: {_value}") + SMUGGLED, "200 GET /a",
         end=End.CLOSED, why="RFC 9112, 9.6: nothing behind it is served")
case("the client closes with a body", post("Connection: close", HELLO, body=b"hello" + SMUGGLED), "200 POST /a hello",
     end=End.CLOSED, why="RFC 9112, 9.6")
case("the client closes with chunks", post("Connection: close", CHUNKED, body=ABC + SMUGGLED), "200 POST /a abc",
     end=End.CLOSED, why="RFC 9112, 9.6")
case("the client keeps", get("/a", "Connection: keep-alive"), "200 GET /a", why="RFC 9112, 9.3")
case("the client says nothing of it", get("/a", "Connection: te, x-a"), "200 GET /a", why="RFC 9112, 9.3")

# Pipelines -----------------------------------------------------------------------------------------------------------

case("three at once", get("/1") + get("/2") + get("/3"), "200 GET /1", "200 GET /2", "200 GET /3",
     why="RFC 9112, 9.3.2")
case("forty at once", b"".join(get(f"/{each}") for each in range(40)), *(f"200 GET /{each}" for each in range(40)),
     why="RFC 9112, 9.3.2: in order")
case("bodies at once", post(HELLO, body=b"hello") + chunked(ABC) + get("/3"), "200 POST /a hello", "200 POST /a abc",
     "200 GET /3", why="RFC 9112, 9.3.2")
case("HEAD among others", get("/1", method="HEAD") + get("/2") + get("/3", method="HEAD") + get("/4"), "HEAD 200",
     "200 GET /2", "HEAD 200", "200 GET /4", why="RFC 9110, 9.3.2")
case("a HEAD, and the same headers with a bad path", get("/1", method="HEAD") + get("/../2"), "HEAD 200", "400",
     why="RFC 9110, 9.3.2: of each, whatever is known of those before it")
case("the same headers with a bad path behind a HEAD", get("/1") + get("/../2", method="HEAD"), "200 GET /1",
     "HEAD 400", end=End.CLOSED, why="RFC 9110, 9.3.2: of each, whatever is known of those before it")
case("the same headers, and another line", get("/1") + get("/2?b", method="DELETE") + get("/3#") + SMUGGLED,
     "200 GET /1", "200 DELETE /2?b", "400", why="RFC 9112, 3: each line is judged by itself")
case("the same headers in HTTP/1.0", get("/1") + get("/2", version="HTTP/1.0") + SMUGGLED, "200 GET /1", "200 GET /2",
     end=End.CLOSED, why="RFC 9112, 9.3: each version counts for itself")
case("the same headers behind a body", get("/1") + post(HELLO, body=b"hello") + get("/3"), "200 GET /1",
     "200 POST /a hello", "200 GET /3", why="RFC 9112, 6.3: each framing counts for itself")
case("the same headers and more", get("/1", "X-A: 1") + get("/2", "X-A: 1", "X-B: 2") + get("/3", "X-A: 1"),
     "200 GET /1 [x-a: 1]", "200 GET /2 [x-a: 1; x-b: 2]", "200 GET /3 [x-a: 1]", why="RFC 9110, 5.2")
case("the same headers behind others", get("/1", "X-A: 1") + get("/2", "X-B: 2", "X-A: 1") + get("/3", "X-A: 1"),
     "200 GET /1 [x-a: 1]", "200 GET /2 [x-b: 2; x-a: 1]", "200 GET /3 [x-a: 1]", why="RFC 9110, 5.2")
case("an empty line before each", (b"\r\n" + get()) * 6, *["200 GET /a"] * 6, why="RFC 9112, 2.2")
case("a slow one first", get("/slow") + get("/2"), "200 GET /slow", "200 GET /2", why="RFC 9112, 9.3.2: in order")
case("slow ones among others", get("/1") + get("/slow") + post(HELLO, body=b"hello") + get("/slow") + get("/5"),
     "200 GET /1", "200 GET /slow", "200 POST /a hello", "200 GET /slow", "200 GET /5", why="RFC 9112, 9.3.2")
case("a bad one behind a good one", get("/1") + get("/2#") + SMUGGLED, "200 GET /1", "400", why="RFC 9112, 9.3.2")
case("a bad one behind a slow one", get("/slow") + get("/2#") + SMUGGLED, "200 GET /slow", "400", why="RFC 9112, 9.3.2")
case("nonsense behind a slow one", get("/slow") + b"nonsense\r\n\r\n" + SMUGGLED, "200 GET /slow", "501",
     why="RFC 9112, 9.3.2")
case("a large one behind a slow one", get("/slow") + post("Content-Length: 601", body=b"b" * 601), "200 GET /slow",
     "413", why="RFC 9112, 9.3.2")
case("the last says so", get("/1") + get("/2", "Connection: close") + SMUGGLED, "200 GET /1", "200 GET /2",
     end=End.CLOSED, why="RFC 9112, 9.6")
case("a slow one is the last", get("/slow", "Connection: close") + SMUGGLED, "200 GET /slow",
     end=End.CLOSED, why="RFC 9112, 9.6")
case("HTTP/1.0 in between", get("/1") + get("/2", version="HTTP/1.0") + SMUGGLED, "200 GET /1", "200 GET /2",
     end=End.CLOSED, why="RFC 9112, 9.3")

# Expect --------------------------------------------------------------------------------------------------------------

EXPECT: Final = "Expect: 100-continue"
case("asking first", post(EXPECT, HELLO, body=b"hello"), "100", "200 POST /a hello", why="RFC 9110, 10.1.1")
case("asking first in other letters", post("expect: 100-Continue", HELLO, body=b"hello"), "100", "200 POST /a hello",
     why="RFC 9110, 10.1.1: it has no case")
case("asking first with chunks", post(EXPECT, CHUNKED, body=ABC), "100", "200 POST /a abc", why="RFC 9110, 10.1.1")
case("asking first without a body", get("/a", EXPECT), "200 GET /a",
     why="RFC 9110, 10.1.1: there is nothing to wait for")
case("asking first with an empty body", post(EXPECT, "Content-Length: 0"), "200 POST /a", why="RFC 9110, 10.1.1")
case("asking first over HTTP/1.0", post(EXPECT, HELLO, body=b"hello", version="HTTP/1.0"), "200 POST /a hello",
     end=End.CLOSED, why="RFC 9110, 10.1.1: must be passed over")
case("asking first for too much", post(EXPECT, "Content-Length: 601"), "413", why="RFC 9110, 10.1.1: no 100 before it")
case("asking first for a bad path", get("/a#b", EXPECT, HELLO), "400", end=End.CLOSED, why="RFC 9110, 10.1.1")
case("expecting something else", post("Expect: tea", HELLO, body=b"hello" + SMUGGLED), "417", why="RFC 9110, 10.1.1")
case("expecting two things", post("Expect: 100-continue, tea", HELLO, body=b"hello"), "417", why="RFC 9110, 10.1.1")
case("asking first in a pipeline", get("/slow") + post(EXPECT, HELLO, body=b"hello") + post(EXPECT, CHUNKED,
     body=ABC) + get("/4"), "200 GET /slow", "100", "200 POST /a hello", "100", "200 POST /a abc", "200 GET /4",
     why="RFC 9110, 10.1.1; RFC 9112, 9.3.2")

# Upgrade -------------------------------------------------------------------------------------------------------------

WEBSOCKET: Final = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
H2C: Final = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
for _name, _lines in {"a WebSocket": WEBSOCKET, "HTTP/2, as curl does": H2C,
    "something unknown": ("Connection: upgrade", "Upgrade: x/1, y"), "nothing": ("Connection: upgrade",),
    "nothing in words": ("Connection: upgrade", "Upgrade:"), "HTTP/2 without saying so": ("Upgrade: h2c",)}.items():
    case(f"upgrading to {_name}", get("/a", *_lines) + get("/b"), "200 GET /a", "200 GET /b",
         why="RFC 9110, 7.8: a server may pass it over")
case("upgrading with a body", post(*H2C, HELLO, body=b"hello") + get("/b"), "200 POST /a hello", "200 GET /b",
     why="RFC 9110, 7.8: the body is not the other protocol")
case("upgrading with chunks", post(*H2C, CHUNKED, body=ABC) + get("/b"), "200 POST /a abc", "200 GET /b",
     why="RFC 9110, 7.8")
case("upgrading and asking first", post(*H2C, EXPECT, HELLO, body=b"hello"), "100", "200 POST /a hello",
     why="RFC 9110, 7.8 and 10.1.1")
case("upgrading over HTTP/1.0", get("/a", *H2C, version="HTTP/1.0"), "200 GET /a",
     end=End.CLOSED, why="RFC 9110, 7.8: must be passed over")
case("upgrading and closing", get("/a", "Connection: close, upgrade", "Upgrade: h2c") + SMUGGLED, "200 GET /a",
     end=End.CLOSED, why="RFC 9112, 9.6")
case("upgrading with headers that stay", get("/a", *H2C, "X-A: caf\xe9", "X-A: 2", "X-B:"),
     "200 GET /a [x-a: caf\xe9, 2; x-b: ]", why="RFC 9110, 7.8")
case("upgrading with smuggling", post(*H2C, "Content-Length: 4", CHUNKED, body=b"0\r\n\r\n" + SMUGGLED), "400",
     why="RFC 9112, 6.1")
case("upgrading for a bad path", get("/a#b", *H2C) + SMUGGLED, "400", why="RFC 9112, 3.2")

# Time ----------------------------------------------------------------------------------------------------------------

case("silence", b"", end=End.LATE, why="Limits.first_byte_seconds")
case("an empty line and silence", b"\r\n", end=End.LATE, why="Limits.first_byte_seconds: it is no head")
case("half a method", b"GE", "408", end=End.LATE, why="Limits.head_seconds")
case("half a head", get()[:-2], "408", end=End.LATE, why="Limits.head_seconds")
case("half a line end", get()[:-1], "408", end=End.LATE, why="Limits.head_seconds")
case("a slow head", get()[:-2], "408", end=End.LATE, why="Limits.head_seconds: for all of it",
     trickle=Trickle(b"X-A: " + b"a" * 1000, 0.1))
case("half a body", post(HELLO, body=b"hell"), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("no body", post(HELLO), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("no body behind a promise", post(EXPECT, HELLO), "100", "408", end=End.LATE, why="Limits.body_grace_seconds")
case("half a chunk", chunked(b"5\r\nhell"), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("half a chunk's size", chunked(b"3\r\nabc\r\n1"), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("no last chunk", chunked(b"3\r\nabc\r\n"), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("half a trailer", chunked(b"3\r\nabc\r\n0\r\nX: y\r\n"), "408", end=End.LATE, why="Limits.body_grace_seconds")
case("no end behind the last chunk", chunked(b"3\r\nabc\r\n0\r\n"), "408",
     end=End.LATE, why="Limits.body_grace_seconds")
case("a slow body", post("Content-Length: 600"), "408", end=End.LATE,
     why="Limits.body_rate", trickle=Trickle(b"b" * 600, 0.05))
case("slow chunks", chunked(b""), "408", end=End.LATE, why="Limits.body_rate",
     trickle=Trickle(b"1\r\nb\r\n" * 600, 0.05))
case("silence behind an answer", get(), "200 GET /a", end=End.LATE, why="Limits.idle_seconds")
case("half a head behind an answer", get() + get("/b")[:-3], "200 GET /a", "408",
     end=End.LATE, why="Limits.head_seconds")
case("half a head behind slow ones", get("/slow") + get("/slow") + get("/b")[:-3], "200 GET /slow", "200 GET /slow",
     "408", end=End.LATE, why="Limits.head_seconds")
case("half a body behind a slow one", get("/slow") + post(HELLO, body=b"h"), "200 GET /slow", "408",
     end=End.LATE, why="Limits.body_grace_seconds")
case("an empty line behind an answer", get() + b"\r\n", "200 GET /a",
     end=End.LATE, why="Limits.idle_seconds: it is no head")

# Leaving -------------------------------------------------------------------------------------------------------------

case("leaving at once", b"", end=End.LEFT, why="RFC 9112, 9.6")
case("leaving in a head", get()[:-2], end=End.LEFT, why="RFC 9112, 8: an incomplete request is not served")
case("leaving in a body", post(HELLO, body=b"hell"), end=End.LEFT,
     why="RFC 9112, 8: an incomplete request is not served")
case("leaving in chunks", chunked(b"3\r\nabc\r\n0\r\n"), end=End.LEFT,
     why="RFC 9112, 8: an incomplete request is not served")
case("leaving when all is asked first", post(EXPECT, HELLO), "100", end=End.LEFT, why="RFC 9112, 8")
case("leaving behind a refusal", get("/a#"), "400", end=End.LEFT, why="RFC 9112, 9.6")
case("leaving without the answer", get("/never"), end=End.LEFT, why="who is gone is not answered (design)")
case("leaving without the answers", get("/never") + get("/smuggled"),
     end=End.LEFT, why="who is gone is not answered (design)")
