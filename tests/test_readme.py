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

from dragoman.testing.host.server import free_port

pytestmark = pytest.mark.slow

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SOURCE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
(SCRIPT,) = [each for each in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "keys create" in each]
(SERVE,) = re.findall(r"`dragoman (serve shop:app) --port 8001`", README)
DRAGOMAN = [sys.executable, "-m", "dragoman"]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The README's shop is served in an empty folder, on this port."""
    (tmp_path / "shop.py").write_text(SOURCE, encoding="utf-8")
    port = free_port()
    command = [*DRAGOMAN, *SERVE.split(), "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        yield port
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


PRELUDE = """\
set -eu
dragoman() { "$PYTHON" -m dragoman "$@"; }
python3() { "$PYTHON" "$@"; }
curl() { command curl -sS --fail-with-body "$@"; }
"""


def test_its_lines_answer(port: int, tmp_path: Path) -> None:
    script = PRELUDE + SCRIPT.replace("localhost:8001", f"127.0.0.1:{port}")
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    *lines, document = done.stdout.split("\n", 4)
    patched, cancelled, listed, expanded = map(json.loads, lines)
    assert (patched["status"], cancelled["status"]) == ("paid", "cancelled")
    assert listed == {"orders": [cancelled], "next_page_token": ""}
    assert expanded["expanded"]["customer"]["name"] == "Ann"
    assert json.loads(document)["openapi"].startswith("3.1")


def test_the_demo_listens_elsewhere() -> None:
    assert "localhost:8000" not in README.split("## The demo")[0]
    assert "localhost:8001" not in README.split("## The demo")[1]
