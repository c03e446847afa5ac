"""The two clients behind one face, so that both are tried by the same tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import dragoman as dm


class Caller:
    """A client, called as the blocking one is."""

    def __init__(self, asynchronous: bool, url: str, options: dict[str, Any]) -> None:
        self._runner = asyncio.Runner() if asynchronous else None
        self.client: Any = (dm.AsyncClient if asynchronous else dm.Client)(url, **options)
        self.options = options

    def _done(self, given: Any) -> Any:
        if self._runner is None:
            return given
        return self._runner.run(_awaited(given))

    def call(self, *given: Any, **options: Any) -> Any:
        return self._done(self.client.call(*given, **options))

    def on(self, resources: Any, method: str, *given: Any, **options: Any) -> Any:
        """A method of a resource."""
        return self._done(getattr(self.client[resources], method)(*given, **options))

    def using(self, **options: Any) -> Caller:
        other = Caller.__new__(Caller)
        other._runner, other.client, other.options = self._runner, self.client.using(**options), self.options
        return other

    def items(self, stream: Any, most: int | None = None) -> list[Any]:
        """What a stream or a list gives; after ``most`` of them it is closed."""
        found = []
        if self._runner is None:
            for each in stream:
                found.append(each)
                if len(found) == most:
                    break
            stream.close()
            return found

        async def taken() -> None:
            async for each in stream:
                found.append(each)
                if len(found) == most:
                    break
            await stream.aclose()

        self._runner.run(taken())
        return found

    def list(self, resources: Any, *given: Any, most: int | None = None, **options: Any) -> list[Any]:
        return self.items(self.client[resources].list(*given, **options), most)

    def stream(self, *given: Any, most: int | None = None, **options: Any) -> list[Any]:
        return self.items(self.client.stream(*given, **options), most)

    def together(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Calls at the same time."""
        if self._runner is not None:
            return list(self._runner.run(_gathered(self.client, calls)))
        found: list[Any] = [None] * len(calls)

        def one(number: int, call: tuple[Any, ...]) -> None:
            found[number] = self.client.call(*call)

        threads = [threading.Thread(target=one, args=each) for each in enumerate(calls)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return found

    def close(self) -> None:
        self._done(self.client.close())
        if self._runner is not None:
            self._runner.close()


async def _awaited(given: Any) -> Any:
    return await given


async def _gathered(client: Any, calls: tuple[tuple[Any, ...], ...]) -> list[Any]:
    return await asyncio.gather(*(client.call(*each) for each in calls))


class Lossy:
    """A way to a server on which answers get lost: ``lose`` of them. What was asked has arrived by then."""

    def __init__(self, port: int) -> None:
        self.lose = 0
        self.asked: list[bytes] = []
        self._to = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._to))
        with near, far, contextlib.suppress(OSError):
            threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
            while data := far.recv(65_536):
                if self.lose:
                    self.lose -= 1
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65_536):
                self.asked.append(data)
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def lossy(port: int) -> Iterator[Lossy]:
    """Such a way while the block runs."""
    way = Lossy(port)
    try:
        yield way
    finally:
        way.close()
