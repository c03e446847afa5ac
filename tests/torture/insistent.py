"""Clients that repeat a call, under its key, until it is acknowledged, and keep what they were told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 10.0


@dataclass
class Told:
    """What clients were told: the acknowledged answers by reference, and how often what else came."""

    acknowledged: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=lambda: defaultdict(list))
    otherwise: Counter[str] = field(default_factory=Counter)

    @property
    def replays(self) -> int:
        """How many of the answers had been given before."""
        return sum("idempotency-replayed" in headers for each in self.acknowledged.values() for _, headers, _ in each)

    def check_alike(self) -> None:
        """Every reference has one answer, however often it was given."""
        for reference, answers in self.acknowledged.items():
            said = {(status, body, headers.get("etag"), headers.get("location")) for status, headers, body in answers}
            assert len(said) == 1, (reference, said)


class Insistent:
    """Clients on so many connections."""

    def __init__(self, port: int, key: str, connections: int) -> None:
        self.port = port
        self.key = key
        self.connections = connections
        self.told = Told()

    async def run(self, calls: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Make each call, (reference, body) by (reference, body), until it is acknowledged."""
        waiting = iter(calls)
        async with asyncio.TaskGroup() as group:
            for _ in range(self.connections):
                group.create_task(self._insist(waiting))

    async def _insist(self, waiting: Iterable[tuple[str, dict[str, Any]]]) -> None:
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for reference, body in waiting:
            while True:
                try:
                    if line is None:
                        line = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port), PATIENCE)
                    answer = await asyncio.wait_for(self._ask(*line, reference, body), PATIENCE)
                except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                    self.told.otherwise[type(error).__name__] += 1
                    if line is not None:
                        line[1].close()
                    line = None
                    await asyncio.sleep(0.02)
                    continue
                status, headers, _ = answer
                if headers.get("connection") == "close":
                    line[1].close()
                    line = None
                if status == 200:
                    self.told.acknowledged[reference].append(answer)
                    break
                self.told.otherwise[str(status)] += 1
                assert status in (409, 503, 504), answer
                await asyncio.sleep(0.02)
        if line is not None:
            line[1].close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reference: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        content = json.dumps(body).encode()
        head = (
            f"POST /v1/pay HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.key}\r\n"
            f'Idempotency-Key: "{reference}"\r\nContent-Type: application/json\r\n'
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
        return int(first.split(" ")[1]), headers, await reader.readexactly(int(headers["content-length"]))
