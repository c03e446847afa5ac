"""Where a host meets the runtime: requests and responses as plain records. Free of ASGI and of any server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import msgspec

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate. The host has verified it when the connection was made: no header speaks of it.

    ``subject`` is written as in RFC 4514: ``CN=billing,O=Acme``. ``names`` are what it can be known by, the surest
    first: ``sha256:`` and its fingerprint in lower case; then, from its alternative names, ``uri:``, ``dns:`` (in lower
    case) and ``email:``; then ``cn:`` and its common name.
    """

    subject: str
    names: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, as 64 hexadecimal digits."""
        return self.names[0].removeprefix("sha256:")


class Request(msgspec.Struct, eq=False):
    """One HTTP request. Its body has arrived, unless it is read while it comes: then that is the ``stream``, and
    ``body`` is empty.

    ``path`` is as sent, still percent-encoded, without the query; ``query`` is without the question mark, ``""`` if
    none. ``headers`` has lower-case names; repeated headers are joined, as :func:`repeated` has it.
    ``peer`` is the other side's address, for the log. ``root`` is where the application is mounted in another one, as
    in ``/shop``: ``""`` if it is not. ``path`` is below it, and links that are sent must begin with it.
    ``certificate`` is what the client showed to TLS, if it did. ``trailers``: the host can send headers behind the
    answer's body on this connection.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    peer: str = ""
    version: str = "1.1"
    root: str = ""
    certificate: Certificate | None = None
    stream: BodyStream | None = None
    trailers: bool = False


def repeated(name: str, before: str, more: str) -> str:
    """The value of a header that stands there once more: a list (RFC 9110, section 5.3). Cookies, which HTTP/2 may
    split, are put together again in their own way (RFC 9113, section 8.2.3).
    """
    return f"{before}; {more}" if name == "cookie" else f"{before}, {more}"


WITHOUT_CONTENT: Final = frozenset({204, 304})
"""Statuses whose answers have neither a body nor its length (RFC 9110, sections 8.6, 15.3.5 and 15.4.5)."""

Header: TypeAlias = tuple[bytes, bytes]


class BodyStream(Protocol):
    """A request's body while it comes: an asynchronous iterator of chunks, none of them empty, with one reader.

    Back-pressure is the reader's patience: a host takes no more from the peer than it holds for who reads. Once the
    peer has gone away, or has broken off the request, reading raises Cancelled; where the body breaks a limit or the
    protocol, the fault that says so. What is not read when the answer ends is the host's to drop.
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def __anext__(self) -> Coroutine[Any, Any, bytes]:
        """The next chunk. Raises StopAsyncIteration behind the last, and Fault."""
        ...

    def keep(self, size: int, most: int) -> None:
        """Its reader says how many bytes it keeps of what it took, of ``most`` that it would, whenever that changes and
        is more than a little. Raises Unavailable where the same peer has too much kept already. What is kept when the
        request is over counts no more.
        """
        ...


class ByteStream(Protocol):
    """A body that is made while it is sent: an asynchronous iterator of chunks, none of them empty.

    One task reads it, in the event loop that made it. Back-pressure is that task's patience: nothing is made before it
    is asked for, so a host asks for the next chunk only once the peer has taken the last. A host sends each chunk at
    once, and learns of the peer's leaving while it waits for a chunk too.

    A stream tells of its own failures in its own words, in a chunk: it raises nothing but the cancellation of the task
    that reads it. Whoever was given it calls ``aclose`` in any case: at its end, when the peer is gone, or where it is
    not read at all (HEAD). That cancels what makes it, and returns once nothing of it runs any more.
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def __anext__(self) -> Coroutine[Any, Any, bytes]:
        """The next chunk. Raises StopAsyncIteration."""
        ...

    def aclose(self) -> Coroutine[Any, Any, None]:
        """Make no more of it. May be called again."""
        ...


class Response(msgspec.Struct, eq=False):
    """One HTTP response. The host adds ``date``, ``content-length`` and what the connection needs, nothing else.

    Headers that are a list are this response's own: more are added to it on the way out.

    With a ``stream``, that is the body, of a length that nobody knows, and ``body`` is empty.

    ``trailers`` are sent behind the body, by hosts that can (:attr:`Request.trailers`); those of a stream are looked at
    when it has ended, so that it can fill them until then. Where there is nothing else, the answer is ``bare``: a
    host that can end it with its head sends them in that, which tells clients of gRPC that they may try again.
    """

    status: int
    headers: list[Header] | tuple[Header, ...] = ()
    body: bytes = b""
    stream: ByteStream | None = None
    trailers: list[Header] | None = None
    bare: bool = False
