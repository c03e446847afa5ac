"""A connection whose client was asked for a certificate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dragoman.hosts.certificates import peer_certificate
from dragoman.ports.wire import Certificate

from .connection import Connection

if TYPE_CHECKING:
    from .incoming import Incoming
    from .server import Server


class CertifiedConnection(Connection):
    """A connection that gives each request the certificate that its client showed, if it did."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._certificate: Certificate | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there, and hands have been shaken."""
        self._certificate = peer_certificate(transport.get_extra_info("ssl_object"))
        super().connection_made(transport)

    def arrived(self, request: Incoming) -> None:
        """A request is complete."""
        request.certificate = self._certificate
        super().arrived(request)
