"""One server for all tests of clients, and the clients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hosts")]

from calling import Caller, Lossy, lossy  # noqa: E402
from fair import LOCK  # noqa: E402
from running import environment, free_port, running  # noqa: E402

WAYS: dict[str, dict[str, Any]] = {
    "connect": {},
    "connect-binary": {"lock": LOCK},
    "connect-http2": {"http2": True},
    "grpc": {"over": "grpc", "lock": LOCK},
    "plain": {"over": "plain", "path": "/rpc"},
    "rest": {"over": "rest", "path": "/v1"},
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The fair's URL."""
    folder, port = tmp_path_factory.mktemp("fair"), free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "fair:app", "--port", str(port), "--workers", "1"]
    with running(command, folder, port, environment({"PYTHONPATH": str(HERE)})) as started:
        yield started.url


@pytest.fixture(params=["blocking", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "async")


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(asynchronous: bool, way: str, server: str) -> Iterator[Callable[..., Caller]]:
    """Makes clients, which are closed at the end."""
    made: list[Caller] = []

    def client(url: str = server, **options: Any) -> Caller:
        made.append(Caller(asynchronous, url, {"auth": "ann", **WAYS[way], **options}))
        return made[-1]

    yield client
    for each in made:
        each.close()


@pytest.fixture
def client(make: Callable[..., Caller]) -> Caller:
    """A client."""
    return make()


@pytest.fixture
def losing(server: str) -> Iterator[Lossy]:
    """A way to the server on which answers get lost."""
    with lossy(int(server.rpartition(":")[2])) as found:
        yield found
