"""The heads of answers as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from dragoman.ports.wire import WITHOUT_CONTENT, Header, Response
from dragoman.runtime.http.problem import title

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED: Final[Header] = (b"transfer-encoding", b"chunked")
LAST_CHUNK: Final = b"0\r\n\r\n"

_BREAKS: Final = re.compile(rb"[\r\n\0]")


def _first_line(status: int) -> bytes:
    try:
        phrase = title(status)
    except ValueError:
        phrase = ""  # RFC 9112, section 4: it may be empty
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


_FIRST_LINES: Final = {status: _first_line(status) for status in (*map(int, HTTPStatus), 499)}


class UnfitHeader(Exception):
    """A header of an answer that would be read as more than one."""


def head_of(status: int, headers: Iterable[Header], date: bytes, framing: bytes) -> bytes:
    """The head of an answer. ``date`` is a whole line, ``framing`` the lines about length and connection, with the
    empty line that ends the head. Raises UnfitHeader.
    """
    parts = [_FIRST_LINES.get(status) or _first_line(status)]
    lines = 2
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        lines += 1
    parts.append(date)
    head = b"".join(parts)
    if head.count(b"\n") != lines or head.count(b"\r") != lines:
        raise UnfitHeader("a header holds a line break")
    return head + framing


def check(headers: Iterable[Header]) -> None:
    """Raises UnfitHeader where one could not be sent as it is."""
    for pair in headers:
        if _BREAKS.search(b"".join(pair)) is not None:
            raise UnfitHeader("a header holds a line break or NUL")


def framing_of(response: Response, *, head_only: bool, close: bool, version: str) -> tuple[bytes, bytes]:
    """The lines about length and connection, and the body as it is sent."""
    body = response.body
    if response.status in WITHOUT_CONTENT:
        length, body = b"", b""
    elif not close and not head_only and version == "1.1":
        return b"content-length: %d\r\n\r\n" % len(body), body
    else:
        length = b"content-length: %d\r\n" % len(body)
        if head_only:
            body = b""  # the length that a GET would have, and nothing of it
    return length + connection_of(close=close, version=version), body


def connection_of(*, close: bool, version: str) -> bytes:
    """What is said of the connection, with the line that ends the head."""
    if close:
        return b"connection: close\r\n\r\n"
    return b"\r\n" if version == "1.1" else b"connection: keep-alive\r\n\r\n"


def chunk(part: bytes) -> bytes:
    """A piece of a body whose length nobody knows (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(part), part)
