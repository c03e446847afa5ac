"""Calls at a steady rate, whether or not those before are answered; and connections on which nothing happens."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from typing import cast

TURN = 0.001
"""How often it is looked for calls that are due."""


@dataclass
class Steady:
    """Calls a second over ``connections`` that are kept. ``took`` is what each took in milliseconds, from when it was
    sent or, if no connection was free, from when it should have been.
    """

    port: int
    requests: list[bytes]
    rate: int = 1000
    connections: int = 64
    took: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    free: deque[Caller] = field(default_factory=deque)
    late: deque[tuple[bytes, float]] = field(default_factory=deque)

    async def run(self, seconds: float) -> None:
        """Call for so long, and until the last answer."""
        loop = asyncio.get_running_loop()
        callers = [
            (await loop.create_connection(lambda: Caller(self), "127.0.0.1", self.port))[1]
            for _ in range(self.connections)
        ]
        begun, number = loop.time(), 0
        total = int(seconds * self.rate)
        while number < total:
            due = min(total, int((loop.time() - begun) * self.rate))
            while number < due:
                self.call(self.requests[number % len(self.requests)], time.perf_counter())
                number += 1
            await asyncio.sleep(TURN)
        for _ in range(3000):
            if len(self.took) + len(self.failures) >= total:
                break
            await asyncio.sleep(0.01)
        for each in callers:
            each.close()
        await asyncio.sleep(0.05)
        self.failures += ["no answer"] * (total - len(self.took) - len(self.failures))

    def call(self, request: bytes, begun: float) -> None:
        """Call now, or as soon as a connection is free."""
        if self.free:
            self.free.popleft().call(request, begun)
        else:
            self.late.append((request, begun))

    def share(self, hundredths: float) -> float:
        """Within how many milliseconds so many of a hundred were answered."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * hundredths / 100))]


class Caller(asyncio.Protocol):
    """One connection of it."""

    def __init__(self, load: Steady) -> None:
        self._load = load
        self._begun = 0.0
        self._got = b""
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._load.free.append(self)

    def call(self, request: bytes, begun: float) -> None:
        """Ask."""
        self._begun = begun
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not complete(self._got):
            return
        load = self._load
        if self._got.startswith(b"HTTP/1.1 200 "):
            load.took.append((time.perf_counter() - self._begun) * 1000)
        else:
            load.failures.append(self._got[:200].decode("latin-1"))
        self._got = b""
        if load.late:
            self.call(*load.late.popleft())
        else:
            load.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed:
            self._load.failures.append(f"a connection was lost: {exc!r}")

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._transport.close()


def complete(got: bytes) -> bool:
    """Whether it is a whole answer."""
    head, end, body = got.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])


class Idle:
    """Connections that have asked once, each, and may ask again. They cost the client nothing meanwhile.

    They come from several addresses, so that the ports of one need not suffice.
    """

    def __init__(self, port: int, count: int, request: bytes) -> None:
        self._request = request
        self._lines = [socket.socket() for _ in range(count)]
        for number, line in enumerate(self._lines):
            line.settimeout(30)
            line.bind((f"127.0.0.{2 + number % 16}", 0))
            line.connect(("127.0.0.1", port))
            self._ask(line)

    def ask_again(self) -> None:
        """Each is still served."""
        for line in self._lines:
            self._ask(line)

    def _ask(self, line: socket.socket) -> None:
        line.sendall(self._request)
        got = b""
        while not complete(got):
            part = line.recv(65_536)
            assert part, "an idle connection was ended"
            got += part
        assert got.startswith(b"HTTP/1.1 200 "), got

    def close(self) -> None:
        """End them."""
        for line in self._lines:
            line.close()
