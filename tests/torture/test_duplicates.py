"""Calls that are repeated while their servers are killed: each is done once, and everybody is told the same."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from held import check
from insistent import Insistent
from killing import kill_in_a_commit
from running import Running, free_port, running
from tortured import KEY, TORTURING

pytestmark = [pytest.mark.slow, pytest.mark.once]

KEYS, KILLS, IN_A_COMMIT = (10_000, 50, 10) if TORTURING else (250, 2, 1)
TWINS = 8
CONNECTIONS = 64


def test_each_is_done_once(tmp_path: Path) -> None:
    port = free_port()
    database = tmp_path / "bank.db"
    words = ["serve", "tortured:app", "--workers", "2", "--port", str(port), "--database", str(database)]
    environment = {"PYTHONPATH": str(Path(__file__).parent)}
    with running([sys.executable, "-m", "dragoman", *words], tmp_path, port, environment, ready=False) as server:
        server.wait_until_it_listens()
        clients = Insistent(port, KEY, CONNECTIONS)
        kills = asyncio.run(torture(server, clients))
        assert server.stop() == 0
    said = f"{check(database, clients.told, KEYS)}; {KILLS} kills, {kills} of them in a commit"
    print(said)
    assert kills >= IN_A_COMMIT, said


async def torture(server: Running, clients: Insistent) -> int:
    """Pay and kill; how many of the killed were in a commit."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{clients.port}/v1") as client:
        made = [await client.post("/accounts", json={}, headers={"authorization": f"Bearer {KEY}"}) for _ in range(4)]
    accounts = [each.json()["id"] for each in made]
    paying = asyncio.create_task(clients.run(calls(accounts)))
    killing = asyncio.create_task(kill(server, clients, paying))
    await paying
    return await killing


def calls(accounts: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each call eight times, so that its twins are under way together."""
    for number in range(KEYS):
        body = {"reference": f"r{number}", "account": accounts[number % len(accounts)]}
        for twin in range(TWINS):
            # In another order: that is the same input.
            yield f"r{number}", dict(reversed(body.items())) if twin % 2 else body


async def kill(server: Running, clients: Insistent, paying: asyncio.Task[None]) -> int:
    dice = random.Random(11)
    killed = 0
    for done in range(KILLS):
        # Spread over the whole of it.
        part = KEYS * (done + 1) / (KILLS + 2)
        await until(lambda part=part: len(clients.told.acknowledged) >= part or paying.done())
        await until(server.workers)
        killed += await asyncio.to_thread(kill_in_a_commit, dice.choice(sorted(server.workers())), 2.0)
    return killed


async def until(holds: Callable[[], Any]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.005)
