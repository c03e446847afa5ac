"""The connections of a client: kept, and used again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from .message import Ask, Broken, Exchange
from .net import Address, Net, Wire
from .one import Http1

if TYPE_CHECKING:
    from .two import Http2

MOST_IDLE: Final = 100
"""How many connections of HTTP/1.1 are kept that nobody uses."""

IDLE_SECONDS: Final = 60.0
"""How long they are kept: less than servers keep them, so that few requests meet a connection that is being closed."""

CONNECT_SECONDS: Final = 10.0


class Pool:
    """Connections to one server. With ``two``, HTTP/2 is spoken, which the server must know beforehand where there is
    no TLS to agree on it.
    """

    def __init__(self, net: Net, address: Address, authority: str, *, two: bool) -> None:
        self._net = net
        self._address = address
        self._authority = authority
        self.two = two
        self._idle: list[Http1] = []
        self._shared: list[Http2] = []
        self._guard = threading.Lock()
        self._opening = net.lock()
        self._closed = False

    async def open(self, ask: Ask, deadline: float | None) -> Exchange:
        """Send a request on a connection that is free. Raises Broken and TimeoutError."""
        if self._closed:
            raise RuntimeError("the client is closed")
        if self.two:
            return await (await self._two(deadline)).open(ask, deadline)
        return await (await self._one(deadline)).open(ask, deadline)

    async def _one(self, deadline: float | None) -> Http1:
        with self._guard:
            while self._idle:
                connection = self._idle.pop()
                if connection.wire.quiet and time.monotonic() - connection.since < IDLE_SECONDS:
                    return connection
                connection.wire.close()
        wire = await self._connect(deadline)
        return Http1(wire, self._authority, self._release)

    def _release(self, connection: Http1) -> None:
        with self._guard:
            connection.since = time.monotonic()
            if not self._closed and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        connection.wire.close()

    async def _two(self, deadline: float | None) -> Http2:
        from .two import Http2

        for each in self._shared:
            if each.free:
                return each
        async with self._opening:
            self._shared = [each for each in self._shared if not each.over]
            for each in self._shared:
                if each.free:
                    return each
            wire = await self._connect(deadline)
            if self._address.tls is not None and wire.protocol != "h2":
                wire.close()
                raise Broken(f"{self._address} does not speak HTTP/2", reached=False)
            scheme = "http" if self._address.tls is None else "https"
            connection = Http2(self._net, wire, scheme, self._authority)
            try:
                connection.start()
            except OSError as error:
                wire.close()
                raise Broken(str(error), reached=False) from error
            self._shared.append(connection)
            return connection

    async def _connect(self, deadline: float | None) -> Wire:
        limit = time.monotonic() + CONNECT_SECONDS
        try:
            return await self._net.connect(self._address, limit if deadline is None else min(limit, deadline))
        except TimeoutError:
            if deadline is not None and deadline <= time.monotonic():
                raise
            raise Broken(f"{self._address} did not answer for {CONNECT_SECONDS:g} s", reached=False) from None
        except OSError as error:
            why = error.strerror or str(error) or type(error).__name__
            raise Broken(f"{self._address} cannot be reached: {why}", reached=False) from error

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        with self._guard:
            idle, self._idle = self._idle, []
        for one in idle:
            one.wire.close()
        for two in self._shared:
            two.close()
        await self._net.close()
