"""What an HTTP/2 client may say, and may not: frames as they stand in RFC 9113, and what comes of each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import uvloop
from framed import (
    ACK,
    END_HEADERS,
    END_STREAM,
    PADDED,
    PREFACE,
    Answer,
    Peer,
    Type,
    frame,
    number,
    peer_to,
    reset,
    setting,
    window,
)
from tried import Serving, Tried, line_to, run, until

import dragoman as dm

Says = Callable[[Peer], bytes]


@dataclass
class Case:
    """What is said, and what comes of it: a status with the body of a 200; ``reset`` and a code, if the stream is
    broken off; ``over`` and a code, if the connection is.
    """

    name: str
    says: Says
    expected: str


CASES: Final[list[Case]] = []
METHOD, SCHEME, PATH, AUTHORITY = (":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "a")
PSEUDO: Final = (METHOD, SCHEME, PATH, AUTHORITY)
PRIORITY: Final = 0x20


def case(name: str, says: Says, expected: str) -> None:
    CASES.append(Case(name, says, expected))


def literal(*headers: tuple[str, str | bytes]) -> Says:
    """A GET with these headers as they are, without what a compressor would put right."""

    def says(peer: Peer) -> bytes:
        block = b""
        for name, value in headers:
            text = value.encode() if isinstance(value, str) else value
            block += bytes([0, len(name)]) + name.encode() + bytes([len(text)]) + text
        return frame(Type.HEADERS, block, flags=END_HEADERS | END_STREAM, stream=peer.next())

    return says


def but(*headers: tuple[str, str | bytes]) -> Says:
    """A GET whose pseudo-headers are others."""
    names = {name for name, _ in headers}
    return literal(*headers, *(each for each in PSEUDO if each[0] not in names))


def more(*headers: tuple[str, str | bytes]) -> Says:
    """A GET with more headers."""
    return literal(*PSEUDO, *headers)


def post(body: Callable[[Peer], bytes], *headers: tuple[str, str], path: str = "/a") -> Says:
    """A POST, and what follows its head."""
    return lambda peer: peer.head(path, *headers, method="POST", end=False) + body(peer)


def asked(follows: Callable[[Peer], bytes]) -> Says:
    """A GET that takes a moment, and what follows it."""
    return lambda peer: peer.head("/sleep/0.2") + follows(peer)


# Pseudo-headers: section 8.3

case("a request", literal(*PSEUDO), "200 GET /a")
case("no method", literal(SCHEME, PATH, AUTHORITY), "reset 1")
case("no scheme", literal(METHOD, PATH, AUTHORITY), "reset 1")
case("no path", literal(METHOD, SCHEME, AUTHORITY), "reset 1")
case("no authority", literal(METHOD, SCHEME, PATH), "400")
case("only a host", literal(METHOD, SCHEME, PATH, ("host", "a")), "200 GET /a")
case("the authority and a host", more(("host", "A")), "200 GET /a")
case("the authority and another host", more(("host", "b")), "400")
case("two hosts", more(("host", "a"), ("host", "a")), "400")
case("no pseudo-header", literal(("x-a", "1")), "reset 1")
case("no header", literal(), "reset 1")
case("a status", more((":status", "200")), "reset 1")
case("a status before all", literal((":status", "200"), *PSEUDO), "reset 1")
case("two methods", more(METHOD), "reset 1")
case("two paths", more((":path", "/b")), "reset 1")
case("two schemes", more(SCHEME), "reset 1")
case("two authorities", more((":authority", "b")), "reset 1")
case("an unknown pseudo-header", more((":other", "1")), "over 1")
case("a pseudo-header behind others", literal(METHOD, SCHEME, PATH, ("x-a", "1"), AUTHORITY), "reset 1")
case("pseudo-headers behind others", literal(("x-a", "1"), *PSEUDO), "reset 1")
case("https", but((":scheme", "https")), "200 GET /a")
case("another scheme", but((":scheme", "ftp")), "400")
case("an empty scheme", but((":scheme", "")), "400")
case("CONNECT", literal((":method", "CONNECT"), (":authority", "a:1")), "501")
case("a WebSocket", literal((":method", "CONNECT"), (":protocol", "websocket"), SCHEME, PATH, AUTHORITY), "501")
case("a method of one's own", but((":method", "FOO")), "200 FOO /a")
case("no token for a method", but((":method", "G T")), "over 1")
case("an empty method", but((":method", "")), "over 1")

# Targets: the rules are those of HTTP/1.1

case("a query", but((":path", "/a?b=c?d")), "200 GET /a?b=c?d")
case("two slashes", but((":path", "//b")), "200 GET //b")
case("an encoded space", but((":path", "/a%20b")), "200 GET /a%20b")
case("an empty path", but((":path", "")), "reset 1")
case("no slash", but((":path", "a")), "400")
case("only a query", but((":path", "?a")), "400")
case("an address", but((":path", "http://a/b")), "400")
case("a star", but((":path", "*")), "400")
case("OPTIONS of a star", but((":method", "OPTIONS"), (":path", "*")), "200 OPTIONS *")
case("dots", but((":path", "/a/../b")), "400")
case("encoded dots", but((":path", "/a/%2E%2e/b")), "400")
case("an encoded slash", but((":path", "/a%2fb")), "400")
case("an encoded NUL", but((":path", "/a%00")), "400")
case("a fragment", but((":path", "/a#b")), "400")
case("a space in the path", but((":path", "/a b")), "400")
case("a line in the path", but((":path", "/a\r\nx: y")), "400")
case("a NUL in the path", but((":path", "/a\0")), "400")
case("letters beyond ASCII", but((":path", "/é")), "400")
case("what is no text", but((":path", b"/\xe9")), "over 1")
case("a long path", lambda peer: peer.head("/" + "p" * 8192), "414")
case("an authority with a port", but((":authority", "a:80")), "200 GET /a")
case("an empty authority", but((":authority", "")), "reset 1")
case("an authority with a user", but((":authority", "u@a")), "400")
case("an authority with a space", but((":authority", "a b")), "400")
case("an authority with a path", but((":authority", "a/b")), "400")
case("a list of authorities", but((":authority", "a,b")), "400")

# Headers: section 8.2

case("an upper-case name", more(("X-A", "1")), "over 1")
case("an empty name", more(("", "1")), "over 1")
case("a space in a name", more(("x a", "1")), "over 1")
case("a colon in a name", more(("x:a", "1")), "over 1")
case("lines in a value", more(("x-a", "1\r\nx-b: 2")), "over 1")
case("a line feed in a value", more(("x-a", "1\n2")), "over 1")
case("a NUL in a value", more(("x-a", "1\0")), "over 1")
case("a space before a value", more(("x-a", " 1")), "reset 1")
case("a tab behind a value", more(("x-a", "1\t")), "reset 1")
case("a tab in a value", more(("x-a", "1\t2")), "200 GET /a [x-a: 1\t2]")
case("letters beyond ASCII in a value", more(("x-a", b"\xe9")), "200 GET /a [x-a: é]")
case("a header twice", more(("x-a", "1"), ("x-a", "2")), "200 GET /a [x-a: 1, 2]")
case("cookies in pieces", more(("cookie", "a=1"), ("cookie", "b=2")), "200 GET /a [cookie: a=1; b=2]")
case("Connection", more(("connection", "close")), "reset 1")
case("Keep-Alive", more(("keep-alive", "1")), "reset 1")
case("Proxy-Connection", more(("proxy-connection", "close")), "reset 1")
case("Transfer-Encoding", more(("transfer-encoding", "chunked")), "reset 1")
case("Upgrade", more(("upgrade", "h2c")), "reset 1")
case("TE: trailers", more(("te", "trailers")), "200 GET /a")
case("another TE", more(("te", "gzip")), "reset 1")
case("TE with more", more(("te", "trailers, gzip")), "reset 1")
case("an unknown expectation", more(("expect", "much")), "417")
case("100 headers", lambda peer: peer.head("/a", *((f"h-{at}", "1") for at in range(100))), "200 GET /a")
case("101 headers", lambda peer: peer.head("/a", *((f"h-{at}", "1") for at in range(101))), "431")
case("30 KiB of headers", lambda peer: peer.head("/a", *((f"h-{at}", "v" * 1024) for at in range(30))), "200 GET /a")
case("33 KiB of headers", lambda peer: peer.head("/a", *((f"h-{at}", "v" * 1024) for at in range(33))), "431")
case("a header of 90 KiB", lambda peer: peer.head("/a", ("h", "v" * 90 * 1024)), "431")
case("a header of 150 KiB", lambda peer: peer.head("/a", ("h", "v" * 150 * 1024)), "over 11")
case("a header of 300 KiB", lambda peer: peer.head("/a", ("h", "v" * 300 * 1024)), "over 11")
case("a MiB of headers", lambda peer: peer.head("/a", *((f"h-{at}", "v" * 16_384) for at in range(64))), "over 11")

# Bodies: section 8.1.1

case("a body", post(lambda peer: peer.data(b"hello")), "200 POST /a hello")
case("an empty body", post(lambda peer: peer.data()), "200 POST /a")
case("a body in pieces", post(lambda peer: peer.data(b"hel", end=False) + peer.data(b"lo")), "200 POST /a hello")
case("the right length", post(lambda peer: peer.data(b"hello"), ("content-length", "5")), "200 POST /a hello")
case("less than its length", post(lambda peer: peer.data(b"hell"), ("content-length", "5")), "reset 1")
case("more than its length", post(lambda peer: peer.data(b"hello!"), ("content-length", "5")), "reset 1")
case("a length and no body", more(("content-length", "5")), "reset 1")
case("a length of nothing", more(("content-length", "0")), "200 GET /a")
case("no number for a length", more(("content-length", "x")), "reset 1")
case("a length with a sign", more(("content-length", "+0")), "reset 1")
case("a length below nothing", more(("content-length", "-1")), "reset 1")
case("the length twice", more(("content-length", "0"), ("content-length", "0")), "reset 1")
case("a list of lengths", more(("content-length", "0, 0")), "reset 1")
case("a length of many digits", post(lambda peer: b"", ("content-length", "9" * 30)), "reset 1")
case("a large length", post(lambda peer: b"", ("content-length", "9" * 18)), "413")
case("a body beyond the limit", post(lambda peer: peer.data(b"b" * 11), path="/small"), "413")
case(
    "padding", post(lambda peer: frame(0, b"\x03hello\0\0\0", flags=PADDED | END_STREAM, stream=1)), "200 POST /a hello"
)
case(
    "more padding than there is",
    post(lambda peer: frame(0, b"\x09hello", flags=PADDED | END_STREAM, stream=1)),
    "over 1",
)
case(
    "trailers",
    post(lambda peer: peer.data(b"hello", end=False) + peer.headers([("x-t", "1")], stream=1)),
    "200 POST /a hello",
)
case("trailers that end nothing", post(lambda peer: peer.headers([("x-t", "1")], stream=1, end=False)), "reset 1")
case("a path in trailers", post(lambda peer: peer.headers([(":path", "/b")], stream=1)), "reset 1")
case("a status in trailers", post(lambda peer: peer.headers([(":status", "200")], stream=1)), "reset 1")
case(
    "trailers before the length is there",
    post(lambda peer: peer.data(b"hel", end=False) + peer.headers([("x-t", "1")], stream=1), ("content-length", "5")),
    "reset 1",
)

# Streams: section 5.1

case("a second head", asked(lambda peer: peer.head("/b", stream=1)), "over 1")
case("a body behind the end", asked(lambda peer: peer.data(b"x")), "over 1")
case("a body of nothing", lambda peer: frame(0, b"x", stream=5), "over 1")
case("a body of the connection", lambda peer: frame(0, b"x"), "over 1")
case("an even stream", lambda peer: peer.head(stream=2), "over 1")
case("the connection as a stream", lambda peer: peer.head(stream=0), "over 1")
case("streams in the wrong order", lambda peer: peer.head(stream=5) + peer.head(stream=3), "over 1")
case("a reset of the connection", lambda peer: reset(0), "over 1")
case("a reset of nothing", lambda peer: reset(9), "over 1")
case("a stream that depends on itself", lambda peer: frame(Type.PRIORITY, number(1) + b"\0", stream=1), "reset 1")
case("half a priority", lambda peer: frame(Type.PRIORITY, b"\0", stream=1), "over 1")
case(
    "a priority",
    lambda peer: frame(Type.HEADERS, number(0) + b"\0" + peer.block(PSEUDO), flags=PRIORITY | 5, stream=peer.next()),
    "200 GET /a",
)

# Windows: section 6.9

case("a window of nothing more", lambda peer: window(0), "over 1")
case("a window beyond the largest", lambda peer: window(2**31 - 1), "over 3")
case("a stream's window beyond the largest", asked(lambda peer: window(2**31 - 1, 1)), "reset 3")
case("a window of no stream", lambda peer: window(1, 7), "over 1")
case("more than the window", post(lambda peer: peer.data(b"b" * 300_000), path="/read/later"), "reset 3")

# Settings, pings, farewells: sections 6.5 to 6.8

case("half a setting", lambda peer: frame(Type.SETTINGS, b"abc"), "over 1")
case("settings with an answer", lambda peer: frame(Type.SETTINGS, b"\0" * 6, flags=ACK), "over 1")
case("settings of a stream", lambda peer: frame(Type.SETTINGS, stream=1), "over 1")
case("a window that is too large", lambda peer: frame(Type.SETTINGS, setting(4, 2**31)), "over 1")
case("frames that are too small", lambda peer: frame(Type.SETTINGS, setting(5, 1)), "over 1")
case("neither yes nor no", lambda peer: frame(Type.SETTINGS, setting(2, 2)), "over 1")
case("an unknown setting", lambda peer: frame(Type.SETTINGS, setting(99, 2)) + peer.head(), "200 GET /a")
case("a short ping", lambda peer: frame(Type.PING, b"abc"), "over 1")
case("a ping of a stream", lambda peer: frame(Type.PING, b"a" * 8, stream=1), "over 1")
case("a farewell", lambda peer: frame(Type.GOAWAY, number(0) * 2), "over 0")
case("a farewell beside a request", asked(lambda peer: frame(Type.GOAWAY, number(0) * 2)), "200 GET /sleep/0.2")
case("a promise", lambda peer: frame(Type.PUSH_PROMISE, number(2) + peer.block(PSEUDO), flags=4, stream=1), "over 1")

# Frames: section 4

case("an unknown frame", lambda peer: frame(77, b"x") + peer.head(), "200 GET /a")
case("a frame that is too large", lambda peer: frame(0, b"x" * 16_385, stream=1), "over 6")
case("what continues nothing", lambda peer: frame(Type.CONTINUATION, b"", flags=4, stream=1), "over 1")
case(
    "a head in pieces",
    lambda peer: (
        frame(Type.HEADERS, peer.block(PSEUDO), flags=END_STREAM, stream=peer.next()) + frame(9, flags=4, stream=1)
    ),
    "200 GET /a",
)
case(
    "a head that another stream continues",
    lambda peer: frame(Type.HEADERS, peer.block(PSEUDO), flags=END_STREAM, stream=1) + frame(9, flags=4, stream=3),
    "over 1",
)
case(
    "a ping in a head",
    lambda peer: frame(Type.HEADERS, peer.block(PSEUDO), flags=END_STREAM, stream=1) + frame(6, b"a" * 8),
    "over 1",
)
case(
    "a head in many pieces",
    lambda peer: frame(Type.HEADERS, flags=END_STREAM, stream=1) + frame(9, stream=1) * 100,
    "over 1",
)
case("what is no compression", lambda peer: frame(Type.HEADERS, b"\xff" * 20, flags=5, stream=1), "over 1")
case("what the table does not hold", lambda peer: frame(Type.HEADERS, b"\xbe", flags=5, stream=1), "over 1")
case(
    "a table that is too large",
    lambda peer: frame(Type.HEADERS, b"\x3f\xe1\xff\x03" + peer.block(PSEUDO), flags=5, stream=1),
    "over 1",
)

# Answers

case("HEAD", lambda peer: peer.head("/size/100", method="HEAD"), "200")
case("a body that nobody reads", post(lambda peer: peer.data(b"b" * 10), path="/read/none"), "200 0")
case("a body that is read", post(lambda peer: peer.data(b"b" * 100_000), path="/read"), "200 100000")
case("no body where it is read", lambda peer: peer.head("/read"), "200 0")
case(
    "less than its length where it is read",
    post(lambda peer: peer.data(b"hell"), ("content-length", "5"), path="/read"),
    "reset 1",
)


def said_by(peer: Peer, answer: Answer) -> str:
    """What came of it, as cases have it."""
    if answer.heads:
        return (
            f"{answer.status} {answer.body.decode('latin-1')}".strip() if answer.status == 200 else str(answer.status)
        )
    if answer.reset is not None:
        return f"reset {answer.reset}"
    codes = [each.code for each in peer.others if each.type == Type.GOAWAY]
    return f"over {codes[-1] if codes else ''}"


async def outcome(served: Serving, each: Case, *, slowly: bool) -> str:
    """Say it on a connection of its own."""
    async with peer_to(served) as peer:
        said = each.says(peer)
        if slowly:
            for at in range(0, len(said), 997):
                peer.line.send(said[at : at + 997])
                await asyncio.sleep(0)
        else:
            peer.line.send(said)
        return said_by(peer, await peer.answer(max(peer.last, 1)))


@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "in pieces"])
@pytest.mark.parametrize("loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_frames(loop_factory: Callable[[], asyncio.AbstractEventLoop], slowly: bool, tmp_path: Path) -> None:
    """Each on a connection of its own, all at the same time; nothing of them is left, and others are served."""

    async def act(served: Serving) -> None:
        found = await asyncio.gather(*(outcome(served, each, slowly=slowly) for each in CASES))
        wrong = {
            each.name: (said, each.expected) for each, said in zip(CASES, found, strict=True) if said != each.expected
        }
        assert not wrong
        await until(lambda: not served.server.connections)
        await until(lambda: len(asyncio.all_tasks()) == 1)
        assert (await ask(served)).status == 200

    run(act, Tried(tmp_path), loop_factory=loop_factory)


async def ask(served: Serving) -> Answer:
    async with peer_to(served) as peer:
        return await peer.get()


def test_bytes_one_by_one(tmp_path: Path) -> None:
    """The preface too: which protocol it is shows with its last byte, or with the first that is another's."""

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            peer = Peer(line)
            for byte in PREFACE + frame(Type.SETTINGS) + peer.head("/a", ("x-a", "1")):
                line.send(bytes([byte]))
                await asyncio.sleep(0.001)
            assert (await peer.answer(1)).body == b"GET /a [x-a: 1]"
        async with line_to(served) as line:
            for byte in b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n":
                line.send(bytes([byte]))
                await asyncio.sleep(0.001)
            assert (await line.answer()).status == 400
        async with line_to(served) as line:
            for byte in b"PUT /a HTTP/1.1\r\nHost: a\r\n\r\n":
                line.send(bytes([byte]))
                await asyncio.sleep(0.001)
            assert (await line.answer()).body == b"PUT /a"

    run(act, Tried(tmp_path))


def test_what_was_asked_before_changes_nothing(tmp_path: Path) -> None:
    """Heads are compared with those before them on the connection: each means what it means alone."""
    asked = [
        but(),
        but((":path", "/b?c")),
        but((":path", "/a/../b")),
        but((":method", "PUT")),
        but((":scheme", "ftp")),
        but((":authority", "b")),
        literal(METHOD, SCHEME, PATH, ("host", "a")),
        literal(METHOD, SCHEME, PATH, ("host", "c")),
        literal(METHOD, SCHEME, PATH),
        more(("host", "b")),
        more(("x-a", "1"), ("x-b", "2")),
        more(("x-a", "1"), ("x-b", "3")),
        more(("x-a", "3"), ("x-b", "2")),
        more(("x-a", "1"), ("x-a", "2")),
        more(("x-a", "1, 2")),
        more(("x-a", " 1"), ("x-b", "2")),
        more(("x-a", "v" * 100), ("x-b", "2")),
        more(("x-a", "v" * 100), ("x-b", "v" * 100)),
        more(("te", "trailers"), ("x-a", "1")),
        more(("te", "gzip"), ("x-a", "1")),
        more(("content-length", "0")),
        more(("content-length", "x")),
        more(("expect", "much")),
        more(("expect", "100-continue")),
        literal((":status", "200"), *PSEUDO),
        literal(METHOD, PATH, AUTHORITY),
    ]

    async def alone(served: Serving, says: Says) -> str:
        async with peer_to(served) as peer:
            peer.line.send(says(peer))
            return said_by(peer, await peer.answer(1))

    async def act(served: Serving) -> None:
        expected = [await alone(served, each) for each in asked]
        assert len(set(expected)) > 12
        chance = random.Random(1)
        async with peer_to(served, settings=setting(4, 2**30)) as peer:
            peer.line.send(window(2**30))
            for _ in range(3000):
                at = chance.randrange(len(asked))
                peer.line.send(asked[at](peer))
                assert said_by(peer, await peer.answer(peer.last)) == expected[at], asked[at]

    run(act, Tried(tmp_path, limits=dm.Limits(head=400)))


def test_problems_name_their_reasons(tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        async with peer_to(served) as peer:
            answer = await peer.get("/a", *((f"h-{at}", "1") for at in range(4)))
            assert answer.headers["content-type"] == "application/problem+json"
            assert b"HEADERS_TOO_LARGE" in answer.body
            answer = await peer.get("/small", method="POST", body=b"b" * 11)
            assert (answer.status, answer.reset) == (413, None)
            assert b"CONTENT_TOO_LARGE" in answer.body
            assert (await peer.get()).status == 200, "the connection goes on"

    run(act, Tried(tmp_path, limits=dm.Limits(headers=3)))
