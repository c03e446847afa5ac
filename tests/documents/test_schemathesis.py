"""Schemathesis finds nothing: every request that fits a document is served, and no other; every answer fits it too.

``make test`` runs a few examples an operation, on one surface of each contract; ``make schemathesis`` 300, on all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import Running, environment, free_port, running

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("DRAGOMAN_SCHEMATHESIS", "2"))
THOROUGH = "DRAGOMAN_SCHEMATHESIS" in os.environ
# A surface and a key for it. What is broken on purpose (/trouble) is left out.
DEMO = [("/v1", "demo-partner"), *([("/admin/v1", "demo-operator")] if THOROUGH else [])]
FEATURED = [("/v1", ""), *([("/partner", "north"), ("/admin", "operator")] if THOROUGH else [])]
DRAGOMAN = [sys.executable, "-m", "dragoman"]
FEATURES = [
    *DRAGOMAN,
    "serve",
    "dragoman.testing.contract:app",
    "--database",
    "features.db",
    "--workers",
    "1",
    "--port",
]

pytestmark = [pytest.mark.slow, pytest.mark.once]


@contextmanager
def demo(folder: Path) -> Iterator[Running]:
    port = free_port()
    with running([*DRAGOMAN, "demo"], folder, port, {"PORT": str(port), "WORKERS": "1"}) as server:
        yield server


@contextmanager
def features(folder: Path) -> Iterator[Running]:
    port = free_port()
    with running([*FEATURES, str(port)], folder, port) as server:
        yield server


def no_failure(server: Running, path: str, key: str, folder: Path) -> None:
    """Run all checks on a surface."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"{server.url}{path}/openapi.json", "--max-examples", str(EXAMPLES)]
    command += ["--header", f"Authorization: Bearer {key}"] if key else []
    # What the coverage phase does depends on the document alone, and takes ten times as long as a few examples.
    command += [] if THOROUGH else ["--phases", "examples,fuzzing,stateful"]
    done = subprocess.run(
        command, cwd=folder, env=environment({"PYTHONPATH": str(HERE)}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert " generated" in done.stdout


@pytest.mark.parametrize(("path", "key"), DEMO)
def test_the_demo(path: str, key: str, tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        no_failure(server, path, key, tmp_path)


@pytest.mark.parametrize(("path", "key"), FEATURED)
def test_the_all_features_contract(path: str, key: str, tmp_path: Path) -> None:
    with features(tmp_path) as server:
        no_failure(server, path, key, tmp_path)
