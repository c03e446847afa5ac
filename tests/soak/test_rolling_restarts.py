"""Rolling restarts under load: a new version takes over, and nobody notices."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from load import Load
from running import Running, free_port, running

SOAKING = "DRAGOMAN_SOAK" in os.environ
RESTARTS = 30 if SOAKING else 2
WORKERS = 2

pytestmark = pytest.mark.slow


def test_no_request_fails(tmp_path: Path) -> None:
    port = free_port()
    words = ["-m", "dragoman", "serve", "dragoman.demo.shop:app", "--port", str(port), "--workers", str(WORKERS)]
    with running([sys.executable, *words], tmp_path, port) as server:
        load = Load(port, request)
        asyncio.run(restart_under(load, server))
        said = f"{RESTARTS} restarts, answered: {dict(load.answered)}, failed: {len(load.failures)}"
        print(said)
        assert not load.failures, f"{said}; the first: {load.failures[:10]}"
        assert min(load.answered["kept"], load.answered["short"]) > 10 * RESTARTS, said
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
        assert "in time" not in server.stderr, server.stderr


async def restart_under(load: Load, server: Running) -> None:
    until = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        loading = group.create_task(load.run(until))
        await asyncio.sleep(1)
        try:
            for _ in range(RESTARTS):
                before = server.workers()
                server.process.send_signal(signal.SIGHUP)
                await replaced(server, before)
        finally:
            until.set()
        await loading


async def replaced(server: Running, before: set[int]) -> None:
    """Wait until the workers are all others, and those before have gone."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 120
    while (now := server.workers()) & before or len(now) != WORKERS:
        assert loop.time() < deadline, (before, now)
        await asyncio.sleep(0.05)


def request(number: int) -> bytes:
    """A read; now and then a write."""
    head = "Host: localhost\r\nAuthorization: Bearer demo-partner\r\n"
    if number % 10:
        return f"GET /v1/customers?page_size=2 HTTP/1.1\r\n{head}\r\n".encode()
    body = json.dumps({"name": "Ann", "email": f"ann{number}@example.com"})
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST /v1/customers HTTP/1.1\r\n{head}\r\n{body}".encode()
