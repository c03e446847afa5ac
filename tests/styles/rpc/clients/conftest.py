"""Servers for others' clients, and the stubs that protoc makes of what they export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent.parent / "hosts"))

from running import Running
from serving import served
from stubs import Stubs, compiled, export


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The echoes."""
    with served("echo_server:app", tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Stubs:
    """What protoc makes of the echoes."""
    folder = tmp_path_factory.mktemp("stubs")
    export("echo_server:app", "echoes", folder / "echoes/v1/echoes.proto")
    return compiled(folder, "echoes/v1/echoes.proto")


@pytest.fixture
def address(server: Running) -> str:
    """Where the echoes are: host and port."""
    return server.url.removeprefix("http://")
