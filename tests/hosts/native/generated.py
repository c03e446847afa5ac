"""Requests by chance: valid ones, and what becomes of them when somebody tampers with them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

METHODS: Final = (b"GET", b"GET", b"GET", b"POST", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"QUERY")
TARGETS: Final = (
    b"/", b"/a", b"/a/b?c=d&e=f", b"/v1/orders/ord_01?page=2", b"//a//b", b"/a%20b?%2F", b"/a?", b"/a.b/..c",
    b"http://a/b?c", b"https://a:8000", b"http://[::1]/a", b"/!$&'()*+,;=:@-._~", b"/a?b/../c?d", b"/\"<>\\^`{|}",
)  # fmt: skip
HOSTS: Final = (b"a", b"example.com", b"example.com:8080", b"127.0.0.1", b"[::1]:80", b"", b"a:", b"%61")
HEADERS: Final = (
    b"Accept: */*", b"accept: text/html, application/json;q=0.9", b"User-Agent: curl/8.9.1", b"Cookie: a=b; c=d",
    b"X-Empty:", b"X-Tab:\ta\tb\t", b"X-Latin: caf\xe9", b"X-Colon: :a:b:", b"Accept-Encoding: gzip, br",
    b'If-Match: "1-00"', b"Connection: keep-alive", b"Connection: te, x-a", b"Authorization: Bearer abc==",
    b"x_under: 1", b"X-!#$%&'*+-.^_`|~9: a", b"TE: trailers", b"Expect: 100-continue",
    b"Content-Type: application/json", b"Forwarded: for=1.2.3.4",
)  # fmt: skip
ODD_HEADERS: Final = (
    b"Host: b", b"Host: a", b"host:a b", b"Host: a/b", b"Host: u@a", b"Host: a,b", b"Content-Length: 3",
    b"Content-Length: 0", b"content-length: 5, 5", b"Content-Length: +3", b"Content-Length: 0x3",
    b"Content-Length: 3 3", b"Content-Length:", b"Content-Length: 18446744073709551616",
    b"Content-Length: 00000000000000000000003", b"Content-Length : 3", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding:",
    b"Transfer-Encoding: chunked ", b"Transfer-Encoding: xchunked", b"transfer-encoding: CHUNKED",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding: \x0bchunked", b"Connection: close", b"Connection: Close, te",
    b"Connection: keep-alive, close", b"Connection: upgrade", b"Upgrade: h2c", b"Upgrade: websocket",
    b"Connection: Upgrade, HTTP2-Settings", b"Expect: tea", b"Expect: 100-continue, tea", b"nonsense", b": a",
    b"X A: b", b"X-A : b", b"X-A: \0", b"X-A: a\x01b", b"X-A: a\x7f", b"X-A: a\rb", b"X-A: a\nX-B: b", b"X-A: a\r\n b",
    b"X-A: a\r\n\tTransfer-Encoding: chunked", b" X-A: b", b"\tX-A: b", b"X-\xe4: a", b"X(A): b", b"X-A: a\x0bb",
    b"X-A: \x85\xa0", b"", b"GET / HTTP/1.1", b"Cookie: e=f", b"X-Empty: 2", b"Proxy-Connection: close",
)  # fmt: skip
ODD_METHODS: Final = (
    b"get", b"FETCH", b"CONNECT", b"PRI", b"DESCRIBE", b"SOURCE", b"TRACE", b"G\0T", b"", b"GETS", b"G E T", b"PURGE",
    b"!x'", b"M-SEARCH", b"A" * 70,
)  # fmt: skip
ODD_TARGETS: Final = (
    b"", b"*", b"a", b"a:80", b"?a", b"#", b"/a#b", b"/a?b#c", b"/../a", b"/a/..", b"/./a", b"/%2e%2E/a", b"/a%2fb",
    b"/%00", b"/a b", b"/\t", b"/\xff", b"/\x7f", b"/\0", b"ftp://a/b", b"http:/a", b"http://", b"http:///a",
    b"http://u@a/b", b"http://a:b/c", b"HTTP://A", b"http://a?b", b"http://a#b", b"mailto:a", b"http://a/../b",
    b"/%zz", b"http://a,b/", b'http://a"b/', b"http://a\\b/",
)  # fmt: skip
VERSIONS: Final = (
    b"HTTP/1.0", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/1.10", b"HTTP/1", b"http/1.1",
    b"HTTP/1.1 ", b"RTSP/1.0", b"", b"HTTP /1.1", b"HTTP/1.\xb9", b"ICE/1.0",
)  # fmt: skip
SIZES: Final = (b"%x", b"%X", b"%x", b"%x", b"00%x", b"%x;a=b", b'%x;a="b;c"', b"%x;a;b=c")
ODD_SIZES: Final = (
    b"%x ", b" %x", b"%x ;a", b"%x; a", b"%x;", b"+%x", b"0x%x", b"-%x", b"g%x", b"1%x", b"", b"%x;a=\"b", b"%x;a\x01",
    b"%x\t", b"%x;\xe9", b"%x;a = b", b"0000000000000000000000%x", b"1000000000000000%x", b"%x;=b", b"%x,a", b"%x;a=",
    b'%x;a="b"c',
)  # fmt: skip
TRAILERS: Final = (b"X-Late: 1", b'ETag: "a"', b"Host: b", b"Connection: close", b"x-empty:")
ODD_TRAILERS: Final = (
    b"Content-Length: 5", b"Transfer-Encoding: chunked", b"nonsense", b" X: y", b"X: \0", b"X: a\nY: b", b"X: y\r\n z",
    b"X : y", b"X: \x01", b"Transfer-Encoding: gzip",
)  # fmt: skip
BYTES: Final = b'\0\x01\t\n\x0b\r "#%(),/0159:;<=?@AFGTZ[\\]_abz{|}\x7f\x80\xa0\xff'


@dataclass
class Draft:
    """A request in parts."""

    method: bytes = b"GET"
    target: bytes = b"/"
    version: bytes = b"HTTP/1.1"
    lines: list[bytes] = field(default_factory=list)
    spaces: tuple[bytes, bytes] = (b" ", b" ")
    end: bytes = b"\r\n"
    before: bytes = b""
    chunks: list[tuple[bytes, bytes]] | None = None
    last: bytes = b"0"
    trailers: list[bytes] = field(default_factory=list)
    body: bytes = b""

    def written(self) -> bytes:
        """As it is sent."""
        first = self.method + self.spaces[0] + self.target + self.spaces[1] + self.version
        head = self.before + self.end.join([first, *self.lines, b"", b""])
        if self.chunks is None:
            return head + self.body
        chunks = b"".join(size + b"\r\n" + data + b"\r\n" for size, data in self.chunks)
        return head + chunks + b"\r\n".join([self.last, *self.trailers, b"", b""])


def valid(chance: random.Random) -> Draft:
    """A request that everybody takes."""
    draft = Draft(chance.choice(METHODS), chance.choice(TARGETS))
    draft.lines = [b"Host: " + chance.choice(HOSTS), *chance.sample(HEADERS, chance.choice((0, 1, 1, 2, 3, 5)))]
    how = chance.random()
    if how < 0.3:
        draft.body = _content(chance)
        draft.lines.append(b"Content-Length: %d" % len(draft.body))
    elif how < 0.6:
        draft.lines.append(b"Transfer-Encoding: chunked")
        parts = [_content(chance) or b"x" for _ in range(chance.choice((0, 1, 1, 2, 4)))]
        draft.chunks = [(_size(chance, SIZES, part), part) for part in parts]
        draft.trailers = chance.sample(TRAILERS, chance.choice((0, 0, 0, 1, 2)))
    chance.shuffle(draft.lines)
    return draft


def _content(chance: random.Random) -> bytes:
    how = chance.random()
    if how < 0.9:
        return bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz", k=chance.choice((0, 1, 3, 5, 17, 40))))
    return bytes(chance.choices(b"\r\n\0 0a\xff", k=chance.choice((1, 4, 12))))


def _size(chance: random.Random, forms: tuple[bytes, ...], part: bytes) -> bytes:
    form = chance.choice(forms)
    return form % len(part) if b"%" in form else form


# What is done to them


def _header(chance: random.Random, draft: Draft) -> None:
    draft.lines.insert(chance.randint(0, len(draft.lines)), chance.choice(ODD_HEADERS))


def _header_again(chance: random.Random, draft: Draft) -> None:
    if draft.lines:
        draft.lines.append(chance.choice(draft.lines))


def _header_away(chance: random.Random, draft: Draft) -> None:
    if draft.lines:
        draft.lines.pop(chance.randrange(len(draft.lines)))


def _header_space(chance: random.Random, draft: Draft) -> None:
    if draft.lines:
        at = chance.randrange(len(draft.lines))
        draft.lines[at] = draft.lines[at].replace(b":", chance.choice((b" :", b"::", b":\t ", b"", b":\x0c")), 1)


def _method(chance: random.Random, draft: Draft) -> None:
    draft.method = chance.choice(ODD_METHODS)


def _target(chance: random.Random, draft: Draft) -> None:
    draft.target = chance.choice(ODD_TARGETS)


def _version(chance: random.Random, draft: Draft) -> None:
    draft.version = chance.choice(VERSIONS)


def _spaces(chance: random.Random, draft: Draft) -> None:
    odd = (b"  ", b"\t", b"", b" \t")
    draft.spaces = chance.choice(((chance.choice(odd), b" "), (b" ", chance.choice(odd))))


def _ends(chance: random.Random, draft: Draft) -> None:
    draft.end = chance.choice((b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n\r\n"))


def _before(chance: random.Random, draft: Draft) -> None:
    draft.before = chance.choice((b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n", b"\n", b"\r", b" ", b"\0"))


def _framing(chance: random.Random, draft: Draft) -> None:
    if draft.chunks:
        at = chance.randrange(len(draft.chunks))
        size, part = draft.chunks[at]
        draft.chunks[at] = chance.choice(
            ((_size(chance, ODD_SIZES, part), part), (size, part + b"x"), (size, part[:-1]))
        )
    elif draft.body:
        draft.body = chance.choice((draft.body[:-1], draft.body + b"x"))


def _trailer(chance: random.Random, draft: Draft) -> None:
    draft.trailers.append(chance.choice(ODD_TRAILERS))


def _last(chance: random.Random, draft: Draft) -> None:
    draft.last = chance.choice((b"00", b"0;a", b"0 ", b"", b"0;", b"-0", b"0\r\n", b"0x0", b"0;a=b;c"))


CHANGES: Final[tuple[Callable[[random.Random, Draft], None], ...]] = (
    _header, _header, _header, _header_again, _header_away, _header_space, _method, _target, _target, _version,
    _spaces, _ends, _before, _framing, _framing, _framing, _trailer, _last,
)  # fmt: skip


def _tampered(chance: random.Random, data: bytes) -> bytes:
    """Some bytes of it are others."""
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(data) + 1)
        byte = bytes([chance.choice(BYTES)])
        how = chance.randrange(5)
        if how == 0:
            data = data[:at] + byte + data[at:]
        elif how == 1:
            data = data[:at] + data[at + 1 :]
        elif how == 2:
            data = data[:at] + byte + data[at + 1 :]
        elif how == 3:
            data = data[:at] + data[max(at - 9, 0) : at] + data[at:]
        else:
            data = data[:at]
    return data


def requests(seed: int) -> bytes:
    """One request, or some; a third of them valid."""
    chance = random.Random(seed)
    written: list[bytes] = []
    lines: list[bytes] = []
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        draft = valid(chance)
        if lines and chance.random() < 0.5 and not draft.body and draft.chunks is None:
            draft.lines = list(lines)  # as clients do
        elif not draft.body and draft.chunks is None:
            lines = draft.lines
        if chance.random() < 0.4:
            for _ in range(chance.choice((1, 1, 2))):
                chance.choice(CHANGES)(chance, draft)
        written.append(draft.written())
    data = b"".join(written)
    return _tampered(chance, data) if chance.random() < 0.2 else data
