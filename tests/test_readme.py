"""The README's shop, followed to the letter: its code is served, and its curl lines are run."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SOURCE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
CURL_LINES = re.findall(r"^curl .*$", README.split("## The demo")[0], re.MULTILINE)
DRAGOMAN = [sys.executable, "-m", "dragoman"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The README's shop in an empty folder: its port and a key."""
    (tmp_path / "shop.py").write_text(SOURCE, encoding="utf-8")
    create = [*DRAGOMAN, "keys", "create", "--owner", "acme", "--audience", "partner"]
    key = subprocess.run(create, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    port = free_port()
    command = [*DRAGOMAN, "serve", "shop:app", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        yield port, key
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not listen")


def test_the_shop_fits_in_forty_lines() -> None:
    assert len([line for line in SOURCE.splitlines() if line.strip()]) < 40


def test_each_curl_line_answers(served: tuple[int, str]) -> None:
    port, key = served
    answers = []
    for line in CURL_LINES:
        command = line.replace("curl ", "curl -sS --fail-with-body ").replace("localhost:8000", f"127.0.0.1:{port}")
        done = subprocess.run(
            command, shell=True, env={**os.environ, "KEY": key}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        answers.append(json.loads(done.stdout))
    created, listed, document = answers
    assert created["email"] == "ann@example.com"
    assert listed == {"orders": [], "next_page_token": ""}
    assert document["openapi"].startswith("3.1")
