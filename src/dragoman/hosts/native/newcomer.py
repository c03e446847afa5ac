"""A connection that has not said yet which version of HTTP it speaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from .certified import CertifiedConnection
from .connection import Connection
from .http2 import Http2Connection
from .reader import NEVER

if TYPE_CHECKING:
    from .server import Server

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What HTTP/2 begins with (RFC 9113, section 3.4), and nothing else does."""


class Newcomer(asyncio.Protocol):
    """Hands a connection to the protocol that TLS has agreed on; without that, to the one that its first bytes are of.
    Nothing is held for it but these bytes, and no time is lost: they are handed on with it.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen = b""
        self.expires = NEVER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        server = self._server
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        agreed = None if tls is None else tls.selected_alpn_protocol()
        self.expires = server.now + server.limits.first_byte_seconds
        if not server.enter(self):
            server.leave(self)  # whoever it is handed to finds no room either, and says so
            self._hand_over(Http2Connection(server) if agreed == "h2" else self._http1())
        elif agreed is not None:
            self._hand_over(Http2Connection(server) if agreed == "h2" else self._http1())

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._seen = seen = self._seen + data
        begin = seen[: len(PREFACE)]
        if not PREFACE.startswith(begin):
            self._hand_over(self._http1())
        elif begin == PREFACE:
            self._hand_over(Http2Connection(self._server))

    def _http1(self) -> Connection:
        return CertifiedConnection(self._server) if self._server.asks_certificates else Connection(self._server)

    def _hand_over(self, connection: Connection | Http2Connection) -> None:
        self._server.replace(self, connection)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        if self._seen:
            connection.data_received(self._seen)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, and has said nothing."""
        self._server.leave(self)

    def expire(self, now: float) -> None:
        """It has not said anything in time."""
        self.close()

    def wind_down(self) -> None:
        """What it will say is answered, in the way of what it speaks."""

    @property
    def idle(self) -> bool:
        """Whether nothing of a request has come."""
        return not self._seen

    def close(self) -> None:
        """End it."""
        self._transport.close()

    def end(self) -> None:
        """Nothing is under way."""

    def abort(self) -> None:
        """End it now."""
        self._transport.abort()
