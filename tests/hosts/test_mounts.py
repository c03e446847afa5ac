"""Mounts both ways under real servers, in processes of their own."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from running import free_port, running
from websockets.sync.client import connect

from dragoman.testing.host import plain
from dragoman.testing.host.calls import eventually

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent.parent / "interop"
DRAGOMAN = [sys.executable, "-m", "dragoman"]

OURS = """
import sys
sys.path.insert(0, {folder!r})
from legacy import legacy, note_surface
import dragoman as dm

async def echo(scope, receive, send):
    "Each part of the body, as soon as it is there."
    assert scope["type"] == "http"
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({{"type": "http.response.body", "body": message.get("body", b""), "more_body": more}})

app = dm.App(note_surface(), dm.mount("/legacy", legacy()), dm.mount("/echo", echo), limits=dm.Limits(body=100))
"""

THEIRS = """
import sys
sys.path.insert(0, {folder!r})
from fastapi import FastAPI
from legacy import note_surface
import dragoman as dm

shop = dm.App(note_surface(), limits=dm.Limits(body=100))
api = FastAPI(lifespan=shop.lifespan)
api.mount("/shop", shop)

@api.get("/readyz")
def ready() -> str:
    return "ready"
"""


def write(folder: Path, source: str) -> None:
    (folder / "served.py").write_text(source.format(folder=str(FOLDER)))


@pytest.mark.parametrize("workers", [1, 2])
def test_dragoman_serves_mounts(tmp_path: Path, workers: int) -> None:
    write(tmp_path, OURS)
    port = free_port()
    command = [*DRAGOMAN, "serve", "served:app", "--port", str(port), "--workers", str(workers)]
    with running(command, tmp_path, port) as server:
        told = "/legacy: fastapi.applications.FastAPI, mounted; it does its own authentication"
        assert eventually(lambda: told in server.stderr), "it is told once every worker is ready"
        with plain.Client(base_url=server.url) as client:
            assert client.get("/legacy/hello").json()["greeting"] == "hello from legacy"
            assert client.get("/v1/notes").status_code == 200
            assert client.get("/legacy/docs").status_code == 200
            assert client.post("/v1/notes", content=b"x" * 101).status_code == 413
            assert len(client.post("/echo/x", content=b"x" * 1_000_000).content) == 1_000_000, "its own limits"
        with connect(f"ws://127.0.0.1:{port}/legacy/talk") as talk:
            talk.send("you")
            assert talk.recv() == "hello from legacy: you"
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.stdout.splitlines()]
        assert {line.get("surface") for line in lines} >= {"/legacy", "/echo", "open"}
        assert "Traceback" not in server.stderr


def test_bodies_pass_while_they_come(tmp_path: Path) -> None:
    """The answer to the first part is there before the second part is sent."""
    write(tmp_path, OURS)
    port = free_port()
    with (
        running([*DRAGOMAN, "serve", "served:app", "--port", str(port), "--workers", "1"], tmp_path, port),
        socket.create_connection(("127.0.0.1", port), 10) as line,
    ):
        line.sendall(b"POST /echo/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        read_until(line, b"first")
        line.sendall(b"6\r\nsecond\r\n0\r\n\r\n")
        read_until(line, b"second")


def read_until(line: socket.socket, text: bytes) -> None:
    found = b""
    while text not in found:
        part = line.recv(4096)
        assert part, found
        found += part


def test_a_mount_that_fails_to_start_is_named(tmp_path: Path) -> None:
    source = OURS + (
        "from contextlib import asynccontextmanager\nfrom starlette.applications import Starlette\n"
        "@asynccontextmanager\nasync def fails(app):\n    raise RuntimeError('no connection')\n    yield\n"
        "app = dm.App(note_surface(), dm.mount('/old', Starlette(lifespan=fails)))\n"
    )
    write(tmp_path, source)
    for workers in ("1", "2"):
        port = free_port()
        command = [*DRAGOMAN, "serve", "served:app", "--port", str(port), "--workers", workers]
        with running(command, tmp_path, port, ready=False) as server:
            assert server.process.wait(30) == 1
            said = "dragoman: mount /old: its application could not be started: RuntimeError: no connection"
            assert said in server.stderr


def test_explain_shows_a_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from dragoman.cli import main

    write(tmp_path, OURS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["explain", "served:app", "/legacy"]) == 0
    assert capsys.readouterr().out.startswith("/legacy: fastapi.applications.FastAPI, mounted;")
    assert main(["explain", "served:app", "/legaci"]) == 1
    assert "there is /legacy" in capsys.readouterr().err
    sys.modules.pop("served", None)


SERVERS = {
    "uvicorn": ["uvicorn", "served:api", "--port", "{port}", "--workers", "2"],
    # A worker that is told to stop while it starts does not hear it.
    "granian": [
        *["granian", "--interface", "asgi", "served:api", "--port", "{port}"],
        *["--workers", "2", "--workers-kill-timeout", "2"],
    ],
    "hypercorn": ["hypercorn", "served:api", "--bind", "127.0.0.1:{port}"],
}


@pytest.mark.once
@pytest.mark.parametrize("name", SERVERS)
def test_a_fastapi_application_serves_ours(tmp_path: Path, name: str) -> None:
    write(tmp_path, THEIRS)
    port = free_port()
    command = [sys.executable, "-m", *(each.format(port=port) for each in SERVERS[name])]
    with running(command, tmp_path, port) as server, plain.Client(base_url=server.url) as client:
        created = client.post("/shop/v1/notes", json={"text": "a"})
        assert created.status_code == 201
        assert created.headers["location"].startswith("/shop/v1/notes/")
        assert client.get(created.headers["location"]).json()["text"] == "a"
        assert client.get("/docs").status_code == 200
        assert client.get("/shop/readyz").json() == {"status": "ready"}
        assert "started by its first request" not in server.stderr
