"""In an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .net import CHUNK, Address, Signal, Wire, left


class LoopWire:
    """A connection that asyncio looks after."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, closing: set[Any]) -> None:
        self._reader = reader
        self._writer = writer
        self._closing = closing
        tls = writer.get_extra_info("ssl_object")
        self.protocol: str | None = None if tls is None else tls.selected_alpn_protocol()

    def put(self, data: bytes, deadline: float | None) -> None:
        """Send."""
        self._writer.write(data)

    async def drain(self, deadline: float | None) -> None:
        """Wait until the connection can take more."""
        async with asyncio.timeout(left(deadline)):
            await self._writer.drain()

    async def receive(self, deadline: float | None) -> bytes:
        """What came."""
        if deadline is None:
            return await self._reader.read(CHUNK)
        async with asyncio.timeout(left(deadline)):
            return await self._reader.read(CHUNK)

    @property
    def quiet(self) -> bool:
        """Whether nothing came."""
        buffered: Any = getattr(self._reader, "_buffer", b"")
        return not buffered and not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Close it: at once, for what is given up is not to be sent to its end."""
        if self._writer.is_closing():
            return
        self._writer.transport.abort()
        task = asyncio.ensure_future(self._closed())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _closed(self) -> None:
        try:
            await self._writer.wait_closed()
        except OSError:
            pass


class LoopSignal(asyncio.Event):
    """A signal between tasks."""

    async def wait(self, deadline: float | None = None) -> None:  # type: ignore[override]
        """Wait until it is given."""
        async with asyncio.timeout(left(deadline)):
            await super().wait()


class LoopNet:
    """asyncio's part."""

    concurrent = True

    def __init__(self) -> None:
        self._tasks: set[Any] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connect(self, address: Address, deadline: float | None) -> Wire:
        """A new connection."""
        self._loop = asyncio.get_running_loop()
        host = address.host if address.tls is not None else None
        async with asyncio.timeout(left(deadline)):
            if address.path:
                found = await asyncio.open_unix_connection(address.path, ssl=address.tls, server_hostname=host)
            else:
                found = await asyncio.open_connection(
                    address.host, address.port, ssl=address.tls, server_hostname=host, limit=CHUNK
                )
        return LoopWire(*found, self._tasks)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def signal(self) -> Signal:
        """A new signal."""
        return LoopSignal()

    def lock(self) -> asyncio.Lock:
        """A new lock."""
        return asyncio.Lock()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Do it in a task."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def drop(self, close: Callable[[], None]) -> None:
        """Close it in the loop, if that still runs."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(close)

    async def close(self) -> None:
        """Wait for the tasks, and for what is being closed."""
        while waiting := [each for each in self._tasks if each is not asyncio.current_task()]:
            await asyncio.wait(waiting)
