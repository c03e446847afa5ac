"""Write skew between processes: of two handlers that read the same two rows, and each of which writes another one of
them, one is refused. With ``peek``, which protects nothing, it happens: so the test can fail.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import free_port, running
from skewed import KEY
from tortured import TORTURING

pytestmark = [pytest.mark.slow, pytest.mark.once]

ROUNDS = 10_000 if TORTURING else 250
AT_ONCE = 16


def test_what_is_read_with_get_holds(tmp_path: Path) -> None:
    port = free_port()
    words = ["serve", "skewed:app", "--workers", "2", "--port", str(port), "--database", "bank.db"]
    environment = {"PYTHONPATH": str(Path(__file__).parent)}
    with running([sys.executable, "-m", "dragoman", *words], tmp_path, port, environment, ready=False) as server:
        server.wait_until_it_listens()
        held = asyncio.run(rounds(port, "get", ROUNDS))
        broken = asyncio.run(rounds(port, "peek", min(ROUNDS, 1000)))
        assert server.stop() == 0
    said = f"{ROUNDS} rounds: {dict(held)}; with peek {dict(broken)}"
    print(said)
    assert held == {"one": ROUNDS}, said
    assert broken["both"] > 0, said


async def rounds(port: int, read: str, count: int) -> Counter[str]:
    """How often one, both or none of two that took at once was let."""
    found: Counter[str] = Counter()
    limits = httpx.Limits(max_connections=2 * AT_ONCE)
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", limits=limits, headers=headers) as client:
        pairs: list[list[str]] = []
        for _ in itertools.repeat(None, -(-count // 100)):
            pairs += (await client.post("/openPairs", json={"count": 100})).json()["pairs"]
        waiting = iter(pairs[:count])

        async def play() -> None:
            for one, other in waiting:
                answers = await asyncio.gather(take(client, one, other, read), take(client, other, one, read))
                let = answers.count(200)
                assert max(answers) in (200, 409), answers
                found[("none", "one", "both")[let]] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(play())
    return found


async def take(client: httpx.AsyncClient, own: str, other: str, read: str) -> int:
    answer: Any = await client.post("/withdraw", json={"own": own, "other": other, "read": read})
    return int(answer.status_code)
