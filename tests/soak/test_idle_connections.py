"""Ten thousand connections on which nothing happens: others are answered as if they were not there."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import uvloop
from running import Running, eventually, free_port, running
from server_state import open_sockets, processor_time, resident
from steady import Idle, Steady

SOAKING = "DRAGOMAN_SOAK" in os.environ
IDLE = 10_000 if SOAKING else 300
RATE = 1000 if SOAKING else 200
SECONDS = 30.0 if SOAKING else 0.5

MOST_KIB = 16.0
"""Memory that a connection may take while it is idle."""

HEAD = "Host: localhost\r\nAuthorization: Bearer demo-operator\r\n"

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_idle_connections_slow_nobody_down(tmp_path: Path) -> None:
    files_needed = IDLE + 1024
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= files_needed, f"raise the limit of open files (ulimit -Hn): {hard}"
    soft_before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(files_needed, soft_before[0]), hard))
    port = free_port()
    words = ["-m", "dragoman", "serve", "soaked:app", "--port", str(port), "--workers", "1"]
    told = {"PYTHONPATH": str(Path(__file__).parent), "SOAKED_PATIENCE": "600", "SOAKED_IDLE": "600"}
    try:
        with running([sys.executable, *words], tmp_path, port, told) as server:
            eventually(lambda: "listening on" in server.stderr)
            compare(server, port)
            assert "Traceback" not in server.stderr
            assert server.stop() == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, soft_before)


def compare(server: Running, port: int) -> None:
    pid = server.process.pid
    path = create(server)
    requests = [f"GET {target} HTTP/1.1\r\n{HEAD}\r\n".encode() for target in (path, "/admin/v1/customers?page_size=2")]
    sockets = open_sockets(pid)
    steady(port, pid, requests, "to warm up", min(5.0, SECONDS))
    before = steady(port, pid, requests, "without")
    memory, begun = resident(pid), time.monotonic()
    idle = Idle(port, IDLE, requests[0])
    print(f"{IDLE} connections were taken and answered in {time.monotonic() - begun:.1f} s")
    assert open_sockets(pid) == sockets + IDLE
    each = (resident(pid) - memory) / IDLE
    beside = steady(port, pid, requests, f"with {IDLE} idle connections")
    later = (resident(pid) - memory) / IDLE
    print(f"memory of an idle connection: {each:.2f} KiB, {later:.2f} KiB after calls on others")
    idle.ask_again()
    idle.close()
    eventually(lambda: open_sockets(pid) == sockets)
    after = steady(port, pid, requests, "without them again")
    print(f"memory: {memory / 1024:.1f} MiB before them, {resident(pid) / 1024:.1f} MiB after them")
    assert not before.failures + beside.failures + after.failures, (before.failures + beside.failures)[:10]
    if SOAKING:
        assert max(each, later) < MOST_KIB
        assert beside.share(99) < 1.5 * max(before.share(99), after.share(99)) + 5.0


def steady(port: int, pid: int, requests: list[bytes], when: str, seconds: float = SECONDS) -> Steady:
    """Call for a while, and tell how it went."""
    load = Steady(port, requests, RATE)
    used, begun = processor_time(pid), time.monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(load.run(seconds))
    took, used = time.monotonic() - begun, processor_time(pid) - used
    print(
        f"{len(load.took) / took:.0f} calls a second {when}: p50 {load.share(50):.2f} ms, p99 {load.share(99):.2f} ms, "
        f"p99.9 {load.share(99.9):.2f} ms, the longest {load.share(100):.1f} ms; "
        f"{used / len(load.took) * 1e6:.0f} us of processor time a call"
    )
    return load


def create(server: Running) -> str:
    """The path of something to read."""
    headers = {"Authorization": "Bearer demo-operator", "Content-Type": "application/json"}
    for number in range(3):
        body = json.dumps({"name": "Ann", "email": f"ann{number}@example.com"}).encode()
        asked = urllib.request.Request(f"{server.url}/admin/v1/customers", body, headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            path = answer.headers["location"]
    return str(path)
