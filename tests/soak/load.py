"""A steady load on a server: every request that is not answered as it should be is kept."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Load:
    """Requests a second, half of them over ``connections`` that are kept, half over one for each."""

    port: int
    request: Callable[[int], bytes]
    rate: int = 500
    connections: int = 25
    tls: ssl.SSLContext | None = None
    answered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, until: asyncio.Event) -> None:
        """Ask until then, and until the last answer."""
        pace = self.connections / (self.rate / 2)
        async with asyncio.TaskGroup() as group:
            for number in range(self.connections):
                offset = pace * number / self.connections
                group.create_task(self._keep(until, pace, offset))
                group.create_task(self._shortly(until, pace, offset))

    async def _keep(self, until: asyncio.Event, pace: float, offset: float) -> None:
        """One client with a connection that it uses again until it is told not to."""
        line: Line | None = None
        async for request in self._requests(until, pace, offset):
            # As every client does: a connection that was seen to end is not used again.
            if line is None or line.ended:
                if line is not None:
                    line.close()
                line = await self._connect("kept")
                if line is None:
                    continue
            if not await self._ask(line, request, "kept"):
                line.close()
                line = None
        if line is not None:
            line.close()

    async def _shortly(self, until: asyncio.Event, pace: float, offset: float) -> None:
        """One client that takes a new connection for each request."""
        async for request in self._requests(until, pace, offset):
            line = await self._connect("short")
            if line is not None:
                await self._ask(line, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), "short")
                line.close()

    async def _requests(self, until: asyncio.Event, pace: float, offset: float) -> AsyncIterator[bytes]:
        """A request each time that it is due. What is late is caught up with."""
        loop = asyncio.get_running_loop()
        due = loop.time() + offset
        while not until.is_set():
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += pace
            yield self.request(next(self._numbers))

    async def _connect(self, kind: str) -> Line | None:
        try:
            return Line(*await asyncio.wait_for(asyncio.open_connection("localhost", self.port, ssl=self.tls), 30))
        except (OSError, TimeoutError) as error:
            self.failures.append(f"{kind}: no connection: {error!r}")
            return None

    async def _ask(self, line: Line, request: bytes, kind: str) -> bool:
        """Ask; returns whether the connection can be used again."""
        try:
            status, keeps = await asyncio.wait_for(line.ask(request), 30)
        except (OSError, EOFError, TimeoutError) as error:
            self.failures.append(f"{kind}, request {line.asked} on its connection: {error!r}")
            return False
        if status not in (200, 201):
            self.failures.append(f"{kind}: status {status}")
        self.answered[kind] += 1
        return keeps


class Line:
    """A connection, as a client has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.asked = 0

    @property
    def ended(self) -> bool:
        """Whether the server was seen to have ended it."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def ask(self, request: bytes) -> tuple[int, bool]:
        """The status, and whether another request may follow."""
        self.asked += 1
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head[9:12]), b"connection: close" not in head

    def close(self) -> None:
        """End it."""
        self._writer.close()
