"""Rolling restarts under load: a new version takes over, and nobody notices."""

import asyncio
import json
import os
import signal
import ssl
import sys
from pathlib import Path

import pytest
import trustme
from load import Load
from running import Running, free_port, running

SOAKING = "DRAGOMAN_SOAK" in os.environ
RESTARTS = 30 if SOAKING else 2
WORKERS = 2

pytestmark = [pytest.mark.slow, pytest.mark.once]


# Shaking hands takes time, in which the worker may be told to go.
@pytest.mark.parametrize("secure", [False, *([True] if SOAKING else [])])
def test_no_request_fails(secure: bool, tmp_path: Path) -> None:
    port = free_port()
    words = ["-m", "dragoman", "serve", "dragoman.demo.shop:app", "--port", str(port), "--workers", str(WORKERS)]
    load = Load(port, request)
    if secure:
        more, load.tls = certificate(tmp_path)
        words += more
    with running([sys.executable, *words], tmp_path, port, ready=False) as server:
        server.wait_until_it_listens()
        asyncio.run(restart_under(load, server))
        said = f"{RESTARTS} restarts, answered: {dict(load.answered)}, failed: {len(load.failures)}"
        print(said)
        assert not load.failures, f"{said}; the first: {load.failures[:10]}"
        assert min(load.answered["kept"], load.answered["short"]) > 10 * RESTARTS, said
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
        assert "in time" not in server.stderr, server.stderr


def certificate(folder: Path) -> tuple[list[str], ssl.SSLContext]:
    """What a server is told to speak TLS, and what its clients have to know."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return ["--tls-cert", "cert.pem", "--tls-key", "key.pem"], context


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
