"""Clients of RPC that are not Python's: Connect's for Node, grpcurl and buf, against a procedure of each kind."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from grpcurl import DETAILS, KEY, KINDS, LARGEST, SERVICE, Grpcurl, answers, asked
from running import Running
from tooling import CALLED, HERE, NODE_MODULES, npm, run, serve

TARGET: Final = "echo_server:app"
FORMS: Final = ["proto", "json"]
TRANSPORTS: Final = ["connect, HTTP/1.1", "connect, HTTP/2", "grpc", "grpc-web, HTTP/1.1", "grpc-web, HTTP/2"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(TARGET, CALLED, tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture(scope="module")
def proto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that describes them, as ``dragoman export`` writes it."""
    folder = tmp_path_factory.mktemp("proto")
    command = ("dragoman", "export", TARGET, "--surface", "echoes", "--format", "proto", "--output", "echoes.proto")
    run(*command, folder=folder, more={"PYTHONPATH": str(CALLED)})
    return folder


# Node


@pytest.fixture(scope="module")
def program(proto: Path) -> Path:
    """The program of clients/, with its stubs, compiled."""
    folder = proto
    spec = find_spec("google.rpc")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    common = Path(next(iter(spec.submodule_search_locations))).parent.parent
    options = (f"--plugin={npm('protoc-gen-es')}", "--es_out=.", "--es_opt=target=ts,import_extension=js")
    files = ("echoes.proto", "google/rpc/error_details.proto")
    run(sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{common}", *options, *files, folder=folder)
    shutil.copy(HERE / "clients/echoes.ts", folder)
    (folder / "node_modules").symlink_to(NODE_MODULES)
    settings = {
        "extends": str(HERE / "tsconfig.json"),
        "compilerOptions": {"outDir": "out", "rootDir": ".", "skipLibCheck": True},
        "files": ["echoes.ts"],
    }
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    (folder / "package.json").write_text('{"type": "module"}')
    run(npm("tsc"), "--project", folder, folder=folder)
    return folder / "out/echoes.js"


EACH: Final[dict[str, Any]] = {
    "answer": [["hello ☺", 1]],
    "faults": 16,
    "details": ["Unavailable", "ECHO_LOST", "echoes.v1", {"where": "valley"}, 1, 500_000_000],
    "violations": ["times"],
    "deadline": ["DeadlineExceeded", True],
    "leaving": [True, "Canceled", True],
    "large": [True],
    "too large": "ResourceExhausted",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connect_for_node(server: Running, program: Path, transport: str, form: str) -> None:
    said = json.loads(run("node", program, server.url, transport, form, folder=program.parent))
    kinds = ["echo", "repeat", "join", "talk"]
    expected: dict[str, Any] = dict.fromkeys(kinds, EACH) | {f"{kind}, compressed": [True] for kind in kinds}
    expected["many"] = 50
    if transport.startswith("connect"):
        expected["by GET"] = "hello ☺"
    if not transport.endswith("HTTP/1.1"):
        expected["ping pong"] = "abc"
    assert said == expected


# Commands


def test_grpcurl_shows_what_there_is(server: Running) -> None:
    grpcurl = Grpcurl(server)
    assert grpcurl("list").split() == [SERVICE, "grpc.health.v1.Health"]
    assert grpcurl("list", SERVICE).split() == [f"{SERVICE}.{each}" for each in sorted([*KINDS, "Seen", "Shout"])]
    said = grpcurl("describe", f"{SERVICE}.Talk")
    assert "rpc Talk ( stream .echoes.v1.Ask ) returns ( stream .echoes.v1.Echo )" in said
    assert "optional string text = 1;" in grpcurl("describe", "echoes.v1.Ask")
    assert "no credentials" in grpcurl("list", key="x: y", code=1)


@pytest.mark.parametrize("files", [False, True])
def test_grpcurl_calls_procedures(server: Running, proto: Path, files: bool) -> None:
    grpcurl = Grpcurl(server, *(("-import-path", proto, "-proto", "echoes.proto") if files else ()))
    for kind, expected in KINDS.items():
        assert answers(grpcurl(f"{SERVICE}/{kind}", given=asked(kind))) == expected
        said = grpcurl(f"{SERVICE}/{kind}", given='{"fault": "lost"}', code=None)
        assert "Code: Unavailable\n  Message: nothing came back" in said
        assert all(each in said for each in DETAILS)
        said = grpcurl(f"{SERVICE}/{kind}", given='{"pause": 30}', code=None, max_time="0.3")
        assert "Code: DeadlineExceeded" in said
        largest = "a" * (LARGEST - 32)
        found = answers(grpcurl(f"{SERVICE}/{kind}", given=json.dumps({"text": largest})))
        assert found == [(largest, 1)]


def test_grpcurl_asks_how_the_server_is(server: Running) -> None:
    assert json.loads(Grpcurl(server)("grpc.health.v1.Health/Check")) == {"status": "SERVING"}


def buf(*words: str | Path, given: str = "", code: int | None = 0) -> str:
    data = ("-d", "@-") if given else ()
    return run("buf", "curl", "-H", KEY, *words[:-1], *data, words[-1], folder=HERE, code=code, given=given)


@pytest.mark.parametrize(
    "way", ["connect, HTTP/1.1", "connect, HTTP/2", "grpc", "grpcweb, HTTP/1.1", "grpcweb, HTTP/2"]
)
def test_buf_curl(server: Running, proto: Path, way: str) -> None:
    protocol, _, version = way.partition(", ")
    options = ["--protocol", protocol, *(["--http2-prior-knowledge"] if version == "HTTP/2" else [])]
    from_file = [*options, "--schema", str(proto / "echoes.proto")]
    options += ["--reflect", "--reflect-header", KEY]
    for kind, expected in KINDS.items():
        url = f"{server.url}/{SERVICE}/{kind}"
        assert answers(buf(*options, url, given=asked(kind))) == expected
        assert answers(buf(*from_file, url, given=asked(kind))) == expected
        said = buf(*options, url, given='{"fault": "lost"}', code=None)
        fault = json.loads(said[said.index('{\n   "code"') :])
        assert (fault["code"], fault["message"]) == ("unavailable", "nothing came back")
        assert [each["type"] for each in fault["details"]] == DETAILS
        # Its time-out is for all that it does, reading the file included.
        assert "deadline_exceeded" in buf(*from_file, "--timeout", "3s", url, given='{"pause": 30}', code=None)
        largest = "a" * (LARGEST - 32)
        assert answers(buf(*from_file, url, given=json.dumps({"text": largest}))) == [(largest, 1)]
