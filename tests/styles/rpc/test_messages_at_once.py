"""Streams over RPC: how far a handler goes ahead of whoever reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import dragoman as dm
from dragoman.ports.wire import Request, Response
from dragoman.runtime import streaming
from dragoman.runtime.streaming import AHEAD_BYTES
from dragoman.styles.rpc.ways.framing import HEAD, frame


class Asked(dm.Struct):
    count: int
    size: int = 100
    waits: bool = False


class Told(dm.Struct):
    text: str


class Counting:
    """An application whose operation tells as often as it is asked to, and how often it has."""

    def __init__(self, folder: Path) -> None:
        self.made = 0
        contract = dm.Contract("counting")

        @contract.operation(effect="safe")
        async def count(asked: Asked) -> AsyncIterator[Told]:
            for _ in range(asked.count):
                self.made += 1
                yield Told(text="x" * asked.size)
                if asked.waits:
                    await asyncio.sleep(0)
            if asked.size == 13:
                raise dm.OutOfRange("unlucky")

        lock = folder / "dragoman.lock"
        self.app = self._app(count, folder)
        files: dict[Path, bytes] = {}
        self.app.surfaces[0].endpoint.lock(files)
        lock.write_bytes(files[lock])
        self.app = self._app(count, folder)

    @staticmethod
    def _app(count: object, folder: Path) -> dm.App:
        surface = dm.rpc(
            "inner",
            "/inner",
            audience="public",
            auth=dm.anonymous(),
            exposes=[count],  # type: ignore[list-item]
            lock=folder / "dragoman.lock",
        )
        return dm.App(surface, database=folder / "counting.db")

    async def ask(self, message: bytes) -> Response:
        """Begin a stream, over gRPC."""
        request = Request(
            "POST",
            "/counting.v1.CountingService/Count",
            "",
            {"host": "localhost", "content-type": "application/grpc+json"},
            frame(message),
            trailers=True,
        )
        return await self.app.respond(request)


def sizes(chunks: list[bytes]) -> list[int]:
    """The sizes of the messages in a body."""
    body, found, at = b"".join(chunks), [], 0
    while at < len(body):
        _, size = HEAD.unpack_from(body, at)
        found.append(size)
        at += 5 + size
    return found


def test_messages_that_are_at_hand_are_sent_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "AHEAD_SECONDS", 60.0)  # however busy the machine is
    counting = Counting(tmp_path)

    async def main() -> None:
        async with counting.app.lifespan():
            response = await counting.ask(b'{"count": 1000}')
            assert response.stream is not None
            chunks = [chunk async for chunk in response.stream]
            await response.stream.aclose()
            assert len(chunks) < 20
            assert len(sizes(chunks)) == 1000
            assert response.trailers == [(b"grpc-status", b"0")]

    asyncio.run(main())


def test_a_handler_that_waits_is_not_waited_for(tmp_path: Path) -> None:
    counting = Counting(tmp_path)

    async def main() -> None:
        async with counting.app.lifespan():
            response = await counting.ask(b'{"count": 5, "waits": true}')
            assert response.stream is not None
            chunks = [chunk async for chunk in response.stream]
            await response.stream.aclose()
            assert [len(sizes([each])) for each in chunks] == [1] * 5

    asyncio.run(main())


def test_a_handler_stands_still_while_nobody_reads(tmp_path: Path) -> None:
    counting = Counting(tmp_path)

    async def main() -> None:
        async with counting.app.lifespan():
            response = await counting.ask(b'{"count": 1000000, "size": 1000}')
            assert response.stream is not None
            first = await anext(aiter(response.stream))
            made = counting.made
            assert len(first) < AHEAD_BYTES + 2000
            assert made <= len(sizes([first])) + 1
            await asyncio.sleep(0.05)
            assert counting.made == made
            await response.stream.aclose()
            await asyncio.sleep(0)
            assert counting.made == made

    asyncio.run(main())


def test_what_was_made_before_a_fault_is_sent_before_it(tmp_path: Path) -> None:
    counting = Counting(tmp_path)

    async def main() -> None:
        async with counting.app.lifespan():
            response = await counting.ask(b'{"count": 3, "size": 13}')
            assert response.stream is not None
            chunks = [chunk async for chunk in response.stream]
            await response.stream.aclose()
            assert len(sizes(chunks)) == 3
            assert response.trailers is not None
            assert response.trailers[0] == (b"grpc-status", b"11")

    asyncio.run(main())
