"""What is served of generated requests is what h11 would serve: method, target, headers and body; but for differences
that are meant, each with the clause that it rests on.

3,000 inputs; DRAGOMAN_REQUESTS=100000 (`make fuzz`) tries more.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import h11
import pytest
from generated import requests

import dragoman as dm
from dragoman.contract.fault import Fault
from dragoman.hosts.native import Server
from dragoman.hosts.native.connection import Connection
from dragoman.ports.wire import Request, Response
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http import problem

COUNT: Final = int(os.environ.get("DRAGOMAN_REQUESTS", "3000"))
PARTS: Final = 4

LARGE: Final = 1_000_000


@dataclass(frozen=True)
class Seen:
    """A request that is served."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


# Ours


class Recorder:
    """An application that serves everything."""

    limits = dm.Limits(head=LARGE, headers=10_000, target=LARGE)
    mounts = ()
    bodies: ClassVar[Mapping[str, int | None]] = {}

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def knows(self, path: str) -> bool:
        """Whatever it is."""
        return True

    async def respond(self, request: Request) -> Response:
        """Note it."""
        target = f"{request.path}?{request.query}" if request.query else request.path
        self.seen.append(Seen(request.method, target, tuple(sorted(request.headers.items())), request.body))
        return Response(200)

    def refuse(self, fault: Fault, request: Request, exchange: Exchange) -> Response:
        """Refuse as the application does where there is no surface."""
        return problem.respond(fault, request_id=exchange.request_id)

    async def asgi(self, *scope: Any) -> None:
        """Nothing is mounted."""


class Wire(asyncio.Transport):
    """A transport that takes everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.over = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self.over

    def close(self) -> None:
        self.over = True

    def abort(self) -> None:
        self.over = True

    def write(self, data: Any) -> None:
        assert not self.over

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


class Ours:
    """The native host without a network."""

    def __init__(self) -> None:
        self._app = Recorder()
        self._server = Server(cast("Any", self._app))

    async def serve(self, *pieces: bytes) -> list[Seen]:
        """What is served of it, as it comes."""
        self._app.seen = []
        connection, wire = Connection(self._server), Wire()
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
            while not connection.idle and not wire.over and await self._goes_on():
                pass
        connection.eof_received()
        connection.connection_lost(None)
        return self._app.seen

    async def _goes_on(self) -> bool:
        """Whether something is served in a turn of the loop or two, as it is where tasks do not begin at once."""
        before = len(self._app.seen)
        for _ in range(3):
            await asyncio.sleep(0)
        return len(self._app.seen) > before


# Theirs


def theirs(data: bytes) -> tuple[list[Seen], list[bytes]]:
    """What h11 serves of it, and what is left of it before each, and behind the last."""
    seen: list[Seen] = []
    left = [data]
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGE)
    connection.receive_data(data)
    asked: h11.Request | None = None
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                asked, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert asked is not None
                seen.append(seen_of(asked, body))
                left.append(connection.trailing_data[0])
                status = 501 if asked.method == b"CONNECT" else 200
                connection.send(h11.Response(status_code=status, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return seen, left
                connection.start_next_cycle()
            else:
                return seen, left
    except h11.RemoteProtocolError:
        return seen, left


def seen_of(request: h11.Request, body: bytes) -> Seen:
    """As ours tells it: repeated headers are joined (RFC 9110, 5.3), and of a target with a host the path remains,
    while the host takes the place of Host (RFC 9112, 3.2.2).
    """
    headers: dict[str, str] = {}
    for raw, value in request.headers:
        name, text = raw.decode(), value.decode("latin-1")
        between = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + between + text if name in headers else text
    target = request.target.decode()
    if absolute := re.fullmatch(r"(?i:https?)://([^/?#]*)(.*)", target):
        headers["host"], target = absolute[1], absolute[2]
        if not target.startswith("/"):
            target = "/" + target
    path, _, query = target.partition("?")
    target = f"{path}?{query}" if query else path
    return Seen(request.method.decode(), target, tuple(sorted(headers.items())), body)


def alike(ours: list[Seen], theirs: list[Seen]) -> bool:
    """Whether they are the same, but for letters of codings, which h11 makes small ones (RFC 9112, 7: they have no
    case).
    """
    return list(map(small, ours)) == theirs


def small(seen: Seen) -> Seen:
    headers = tuple((name, value.lower() if name == "transfer-encoding" else value) for name, value in seen.headers)
    return Seen(seen.method, seen.target, headers, seen.body)


# The differences that are meant


Predicate = Callable[[bytes, bytes], bool]
"""Of the input before the request at which we part, and from there on."""


@dataclass(frozen=True)
class Difference:
    """``holds`` where we refuse what h11 serves; or, where we are ``looser``, serve what it does not. ``example`` is
    such an input.
    """

    name: str
    clause: str
    holds: Predicate
    example: bytes
    looser: bool = False


def head_of(rest: bytes) -> bytes:
    """The first head, with the empty line that ends it."""
    rest = rest.lstrip(b"\r\n")
    end = re.search(rb"\n\r?\n", rest)
    return rest if end is None else rest[: end.end()]


def matches(pattern: bytes, text: bytes) -> bool:
    """Whether something in it matches. A line begins at ``^``; letters have no case."""
    return re.search(pattern, text, re.IGNORECASE | re.MULTILINE) is not None


def in_head(*patterns: bytes) -> Predicate:
    """The head has what matches each of them."""
    return lambda before, rest: all(matches(each, head_of(rest)) for each in patterns)


def in_body(pattern: bytes) -> Predicate:
    """What follows the head has what matches, and is in chunks."""

    def holds(before: bytes, rest: bytes) -> bool:
        head = head_of(rest)
        return matches(rb"^transfer-encoding:", head) and matches(pattern, rest.lstrip(b"\r\n")[len(head) :])

    return holds


def before_it(pattern: bytes) -> Predicate:
    """The last request before it has what matches."""

    def holds(before: bytes, rest: bytes) -> bool:
        *_, last = re.split(rb"(?=[A-Z]+ [!-~]+ HTTP/1)", before)
        return matches(pattern, last)

    return holds


LINE: Final = re.compile(rb"([!-~]+) ([!-~]+) HTTP/[0-9]\.[0-9]\r?\n")
KNOWN: Final = frozenset(
    b"ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS "
    b"PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK "
    b"UNSUBSCRIBE".split()
)
NAME: Final = rb"(?:[a-z0-9._~!$&'()*+;=-]|%[0-9a-f]{2})*"
HOST: Final = rb"(?:\[[0-9a-f:.]+\]|" + NAME + rb")(?::[0-9]*)?"
TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9a-z-]+"
EXTENSION: Final = rb";" + TOKEN + rb"(?:=(?:" + TOKEN + rb'|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?'
PLAIN: Final = re.compile(rb"(?:/[^#]*|\*|https?://(?!/)(?=[^?])" + HOST + rb"(?:[/?][^#]*)?)", re.IGNORECASE)
DOTS: Final = re.compile(rb"/(?:\.|%2e){1,2}(?:/|\Z)|%2f|%00", re.IGNORECASE)


def line_of(rest: bytes) -> tuple[bytes, bytes]:
    """The method and the target; of what is no request line, those of one that is."""
    found = LINE.match(rest.lstrip(b"\r\n"))
    return (b"GET", b"/") if found is None else (found[1], found[2])


def unknown_method(before: bytes, rest: bytes) -> bool:
    return line_of(rest)[0] not in KNOWN


def other_target(before: bytes, rest: bytes) -> bool:
    method, target = line_of(rest)
    return PLAIN.fullmatch(target) is None or (target == b"*" and method != b"OPTIONS")


def misleading_path(before: bytes, rest: bytes) -> bool:
    path = re.sub(rb"(?i:\Ahttps?://[^/?]*)", b"", line_of(rest)[1]).partition(b"?")[0]
    return DOTS.search(path) is not None


def ask(*lines: bytes, first: bytes = b"GET /a HTTP/1.1", body: bytes = b"") -> bytes:
    """A request, with Host."""
    return b"\r\n".join([first, b"Host: a", *lines, b"", b""]) + body


def post(*lines: bytes, body: bytes = b"abc", version: bytes = b"1.1") -> bytes:
    return ask(*lines, first=b"POST /a HTTP/" + version, body=body)


CHUNKED: Final = b"Transfer-Encoding: chunked"
DIFFERENCES: Final = (
    Difference("a bare line feed", "RFC 9112, 2.2: a recipient MAY take it for the end of a line",
               in_head(rb"(?<!\r)\n"), ask().replace(b"\r\n", b"\n")),
    Difference("a bare line feed in a trailer", "RFC 9112, 2.2: a recipient MAY take it for the end of a line",
               in_body(rb"^0+(?:;.*)?\r\n(?:[^\r\n]*\r\n)*[^\r\n]*\n"), post(CHUNKED, body=b"0\r\nX: y\n\r\n")),
    Difference("a folded line", "RFC 9112, 5.2: a server MUST reject it or replace it",
               in_head(rb"\n[ \t]"), ask(b"X-A: a", b" b")),
    Difference("a folded line in a trailer", "RFC 9112, 5.2: a server MUST reject it or replace it",
               in_body(rb"\n[ \t]"), post(CHUNKED, body=b"0\r\nX: y\r\n z\r\n\r\n")),
    Difference("a control in a value", "RFC 9110, 5.5: such values are invalid",
               in_head(rb"^[^:\r\n]+:.*[\x01-\x08\x0e-\x1f\x7f]"), ask(b"X-A: a\x01")),
    Difference("a control in a trailer", "RFC 9110, 5.5: such values are invalid",
               in_body(rb"^[^:\r\n]+:.*[\x01-\x08\x0e-\x1f\x7f]"), post(CHUNKED, body=b"0\r\nX-A: a\x01\r\n\r\n")),
    Difference("a length and a coding", "RFC 9112, 6.1: a server MAY reject both together",
               in_head(rb"^transfer-encoding:", rb"^content-length:"),
               post(b"Content-Length: 3", CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n")),
    Difference("a coding over HTTP/1.0", "RFC 9112, 6.1: its framing MUST be taken for faulty",
               in_head(rb" HTTP/1\.0\r?$", rb"^transfer-encoding:"), post(CHUNKED, body=b"0\r\n\r\n", version=b"1.0")),
    Difference("a tab behind a coding", "RFC 9112, 11.2: it is known from smuggling, and nobody else sends it",
               in_head(rb"^transfer-encoding:.*\t[ \t]*\r?$"), post(CHUNKED + b"\t", body=b"0\r\n\r\n")),
    Difference("a length more than once", "RFC 9110, 8.6: a recipient may reject even equal ones",
               in_head(rb"^content-length:[^\r\n]*,|^content-length:(?s:.*)^content-length:"),
               post(b"Content-Length: 3, 3")),
    Difference("another version", "RFC 9110, 15.6.6: 505",
               in_head(rb"\A.* HTTP/(?!1\.[01])[0-9]\.[0-9]\r?$"), ask(first=b"GET /a HTTP/2.0")),
    Difference("a method that nobody knows", "RFC 9110, 9.1: it SHOULD be answered 501",
               unknown_method, ask(first=b"FETCH /a HTTP/1.1")),
    Difference("a Host that is none", "RFC 9112, 3.2: an invalid value MUST be answered 400",
               in_head(rb"^host:(?![ \t]*" + HOST + rb"[ \t]*\r?$)"), ask().replace(b"Host: a", b"Host: a/b")),
    Difference("a target that is none", "RFC 9112, 3.2: neither of its forms, or not for this method",
               other_target, ask(first=b"GET /a#b HTTP/1.1")),
    Difference("a path that others read as another", "RFC 9110, 17.3, and RFC 3986, 6.2.2: dots, %2F and %00",
               misleading_path, ask(first=b"GET /a/%2e%2e/b HTTP/1.1")),
    Difference("an expectation that nobody knows", "RFC 9110, 10.1.1: it MAY be answered 417",
               in_head(rb"^expect:(?![ \t]*100-continue[ \t]*\r?$)"), ask(b"Expect: tea")),
    Difference("a chunk extension that is none, or has space in it",
               "RFC 9112, 7.1.1 and 11.2: only its grammar, without space, which nobody sends",
               in_body(rb"^[0-9a-f]+(?!(?:" + EXTENSION + rb")*\r?$)[ \t;]"),
               post(CHUNKED, body=b"3; a\r\nabc\r\n0\r\n\r\n")),
    Difference("framing in a trailer", "RFC 9110, 6.5.1: no sender may write it there",
               in_body(rb"^0+(?:;.*)?\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding):"),
               post(CHUNKED, body=b"0\r\nContent-Length: 3\r\n\r\n")),
    Difference("the connection of a proxy", "RFC 9112, 9.6 and C.2.2: a server may close behind any answer",
               before_it(rb"^proxy-connection:.*close"), ask(b"Proxy-Connection: close") + ask()),
    Difference("an empty line before a request", "RFC 9112, 2.2: at least one SHOULD be passed over",
               lambda before, rest: matches(rb"\A(?:\r\n){1,2}[!-~]", rest), b"\r\n" + ask(), looser=True),
    Difference("HTTP/1.0 that is kept", "RFC 9112, 9.3: it persists where keep-alive is asked for",
               before_it(rb" HTTP/1\.0\r?\n(?s:.*)^connection:.*keep-alive"),
               ask(b"Connection: keep-alive", first=b"GET /a HTTP/1.0") + ask(), looser=True),
    Difference("a chunk's size with many zeros", "RFC 9112, 7.1: any number of digits",
               in_body(rb"^0[0-9a-f]{20,}"), post(CHUNKED, body=b"0" * 22 + b"3\r\nabc\r\n0\r\n\r\n"), looser=True),
)  # fmt: skip


def run_ours(inputs: list[bytes]) -> list[list[Seen]]:
    """What is served of each; it is the same when the input comes in two pieces."""

    async def whole() -> list[list[Seen]]:
        ours, chance = Ours(), random.Random(len(inputs))
        served = []
        for data in inputs:
            at = chance.randint(0, len(data))
            pieces = [each for each in (data[:at], data[at:]) if each]
            served.append(await ours.serve(data))
            assert await ours.serve(*pieces) == served[-1], f"{pieces} is served otherwise than in one"
        return served

    return asyncio.run(whole())


def explained(data: bytes, ours: list[Seen]) -> list[str] | None:
    """The differences that can explain it; None if there is nothing to explain."""
    others, left = theirs(data)
    if alike(ours, others):
        return None
    shared = min(len(ours), len(others))
    if not alike(ours[:shared], others[:shared]):
        return []
    rest = left[shared]
    before = data[: len(data) - len(rest)]
    looser = len(ours) > len(others)
    return [each.name for each in DIFFERENCES if each.looser is looser and each.holds(before, rest)]


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_requests(part: int) -> None:
    size = COUNT // PARTS
    inputs = [requests(seed) for seed in range(part * size, (part + 1) * size)]
    counts: Counter[str] = Counter()
    for data, ours in zip(inputs, run_ours(inputs), strict=True):
        names = explained(data, ours)
        assert names != [], f"{data!r}\nis served as {ours}\nand by h11 as {theirs(data)[0]}"
        counts["explained" if names else "served" if ours else "refused"] += 1
    assert min(counts[each] for each in ("explained", "served", "refused")) > size / 20, f"one-sided: {counts}"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.name)
def test_differences(difference: Difference) -> None:
    """Each exists, and is explained by nothing else."""
    (ours,) = run_ours([difference.example])
    others, _ = theirs(difference.example)
    assert len(ours) != len(others)
    assert (len(ours) > len(others)) is difference.looser
    assert explained(difference.example, ours) == [difference.name]
