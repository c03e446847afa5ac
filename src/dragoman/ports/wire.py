"""Where a host meets the runtime: requests and responses as plain records. Free of ASGI and of any server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias


class Request:
    """One HTTP request whose body has arrived.

    ``path`` is as sent, still percent-encoded, without the query; ``query`` is without the question mark, ``""`` if
    none. ``headers`` has lower-case names; repeated headers are joined with ``", "`` (RFC 9110, section 5.3).
    ``peer`` is the other side's address, for the log. ``root`` is where the application is mounted in another one, as
    in ``/shop``: ``""`` if it is not. ``path`` is below it, and links that are sent must begin with it.
    """

    __slots__ = ("body", "headers", "method", "path", "peer", "query", "root", "version")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        peer: str = "",
        version: str = "1.1",
        root: str = "",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self.body = body
        self.peer = peer
        self.version = version
        self.root = root


Header: TypeAlias = tuple[bytes, bytes]


class Response:
    """One HTTP response. The host adds ``date``, ``content-length`` and what the connection needs, nothing else."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[Header] | tuple[Header, ...] = (), body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body
