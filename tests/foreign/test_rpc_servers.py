"""gRPC through ASGI servers that `make test` does not install: Envoy, as pyvoy has it, and uvicorn's HTTP/2."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from grpcurl import KINDS, LARGEST, SERVICE, Grpcurl, answers, asked
from running import free_port, running
from tooling import CALLED, SCRIPTS

COMMANDS = {
    "pyvoy": (str(SCRIPTS / "pyvoy"), "--port", "{port}"),
    "uvicorn": (sys.executable, "-m", "uvicorn", "--http", "zttp", "--http2", "--port", "{port}"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_grpc(name: str, tmp_path: Path) -> None:
    port = free_port()
    command = [*(each.format(port=port) for each in COMMANDS[name]), "echo_server:app"]
    variables = {"PYTHONPATH": str(CALLED), "DRAGOMAN_DATABASE": "served.db"}
    with running(command, tmp_path, port, variables) as server:
        grpcurl = Grpcurl(server)
        assert grpcurl("list").split() == [SERVICE, "grpc.health.v1.Health"]
        for kind, expected in KINDS.items():
            assert answers(grpcurl(f"{SERVICE}/{kind}", given=asked(kind))) == expected
            said = grpcurl(f"{SERVICE}/{kind}", given='{"fault": "lost"}', code=None)
            assert "Code: Unavailable\n  Message: nothing came back" in said
            said = grpcurl(f"{SERVICE}/{kind}", given='{"pause": 30}', code=None, max_time="1")
            assert "Code: DeadlineExceeded" in said
            largest = f'{{"text": "{"a" * (LARGEST - 32)}"}}'
            assert answers(grpcurl(f"{SERVICE}/{kind}", given=largest)) == [("a" * (LARGEST - 32), 1)]
