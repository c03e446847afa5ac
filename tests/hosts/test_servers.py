"""How `dragoman serve` starts and ends; what every host has to do is in test_conformance."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from running import Running, environment, eventually, free_port, running

from dragoman.hosts.process import DRAIN_SECONDS, LEAVE_SECONDS
from dragoman.testing.host import plain

pytestmark = pytest.mark.slow


def command(port: int, app: str = "dragoman.demo:app") -> list[str]:
    return [sys.executable, "-m", "dragoman", "serve", "--port", str(port), "--workers", "1", app]


def test_a_start_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    port = free_port()
    words = command(port)
    with running(words, tmp_path, port, {"DATABASE": "folder.db"}, ready=False) as server:
        assert server.process.wait(30) != 0
        assert server.output.startswith("dragoman: ")
        assert "folder.db" in server.output
        assert server.output.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_that_is_under_way_is_answered_before_the_end(number: int, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    with running(command(port, "slow:app"), tmp_path, port) as server:
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(plain.post(f"{server.url}/api/wait", json={}, timeout=20))
        )
        asking.start()
        eventually(lambda: begun(tmp_path) == 1)
        assert server.stop(number) == 0
        asking.join()
        assert [each.status_code for each in answers] == [200]
        lines = [json.loads(line) for line in server.stdout.splitlines()]
        assert lines[-1]["operation"] == "wait"


def begun(folder: Path) -> int:
    """How many calls of the slow application's handlers have begun."""
    file = folder / "begun"
    return len(file.read_text()) if file.exists() else 0


class Asking:
    """A call in a thread of its own."""

    def __init__(self, server: Running, operation: str) -> None:
        self._answers: list[httpx.Response] = []
        self._thread = threading.Thread(target=self._ask, args=(f"{server.url}/api/{operation}",))
        self._thread.start()

    def _ask(self, url: str) -> None:
        self._answers.append(plain.post(url, json={}, timeout=60))

    def unavailable(self) -> str:
        """Check that the answer says so; returns the request's id."""
        self._thread.join()
        (answer,) = self._answers
        problem = answer.json()
        assert answer.status_code == problem["status"] == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["code"], problem["detail"]) == ("UNAVAILABLE", "the server is stopping; try again")
        return str(problem["request_id"])


def refuses_connections(server: Running) -> bool:
    """Whether nobody listens any more. What waits to be accepted at that moment is reset: not yet, then."""
    try:
        plain.get(f"{server.url}/healthz", timeout=2)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def check_the_end(server: Running, ids: set[str]) -> None:
    """Each request has one line, as it was answered, and stderr has no word of trouble."""
    lines = [json.loads(line) for line in server.stdout.splitlines()]
    ended = [line for line in lines if line.get("operation")]
    assert {line["request_id"] for line in ended} == ids
    assert [(line["status"], line["fault"]) for line in ended] == [(503, "UNAVAILABLE")] * len(ids)
    assert "Traceback" not in server.stderr
    first, *_, last = [line for line in server.stderr.splitlines() if line.startswith("dragoman: ")]
    assert first.startswith("dragoman: listening on "), server.stderr
    assert last == "dragoman: stopped", server.stderr
    assert server.stderr.count("dragoman: ") == 2, server.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_not_finished_in_time_is_answered_unavailable(workers: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    words = [*command(port, "slow:app"), "--workers", workers]
    with running(words, tmp_path, port) as server:
        server.wait_until_it_listens()
        asking = [Asking(server, "sleep"), Asking(server, "sleep")]
        eventually(lambda: begun(tmp_path) == 2)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(server))
        assert server.process.wait(DRAIN_SECONDS + 5) == 0
        check_the_end(server, {each.unavailable() for each in asking})


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_interrupt_ends_at_once(workers: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    words = [*command(port, "slow:app"), "--workers", workers]
    with running(words, tmp_path, port) as server:
        server.wait_until_it_listens()
        asking = [Asking(server, "sleep"), Asking(server, "sleep")]
        eventually(lambda: begun(tmp_path) == 2)
        server.process.send_signal(signal.SIGINT)
        eventually(lambda: refuses_connections(server))
        assert server.stop(signal.SIGINT, timeout=5) == 0
        check_the_end(server, {each.unavailable() for each in asking})


def test_a_stream_is_told_that_the_server_stops(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    with running(command(port, "slow:app"), tmp_path, port) as server:
        with plain.stream("GET", f"{server.url}/v1/watch", timeout=20) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "data: {}"
            server.process.send_signal(signal.SIGINT)
            eventually(lambda: refuses_connections(server))
            server.process.send_signal(signal.SIGINT)
            event, data = [line for line in lines if line]
        assert (event, json.loads(data.removeprefix("data: "))["code"]) == ("event: fault", "UNAVAILABLE")
        assert server.process.wait(LEAVE_SECONDS + 3) == 0
        (line,) = [each for each in map(json.loads, server.stdout.splitlines()) if each.get("operation")]
        assert (line["status"], line["fault"], line["items"]) == (200, "UNAVAILABLE", 1)


@pytest.mark.parametrize("operation", ["block", "hold"])
def test_a_handler_that_cannot_be_ended_is_left_behind(operation: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    with running(command(port, "slow:app"), tmp_path, port) as server:
        threading.Thread(target=lambda: ignore(server, operation), daemon=True).start()
        eventually(lambda: begun(tmp_path) == 1)
        server.process.send_signal(signal.SIGINT)
        # Nothing can be seen of a server whose loop is held; two signals at once would be one.
        time.sleep(0.5)
        assert server.stop(signal.SIGINT, timeout=LEAVE_SECONDS + 3) == 0
        assert "did not end in time, and was left behind" in server.stderr
        assert "Traceback" not in server.stderr


def ignore(server: Running, operation: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        plain.post(f"{server.url}/api/{operation}", json={}, timeout=60)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bug_is_shown_as_text_on_a_terminal(terminal: bool, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    ours, theirs = os.openpty()
    words = command(port, "slow:app")
    with (tmp_path / "stderr").open("w") as file:
        server = subprocess.Popen(
            words,
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs if terminal else file,
        )
    try:
        assert ask_until_it_is_there(f"http://127.0.0.1:{port}/api/fail").status_code == 500
    finally:
        server.terminate()
        assert server.wait(10) == 0
    said = os.read(ours, 100_000).decode().replace("\r", "") if terminal else (tmp_path / "stderr").read_text()
    os.close(ours)
    os.close(theirs)
    said = said.removesuffix("dragoman: stopped\n")
    told = said.partition("\n\n\n")[2] or said.rpartition("\n\n")[2]
    if terminal:
        head, first, frame, *_, last = told.strip().splitlines()
        assert head.startswith("dragoman: fail on the surface slow failed, request id req_")
        assert first == "Traceback (most recent call last):"
        assert frame.startswith(f'  File "{tmp_path}/slow.py", line ')
        assert last == "ZeroDivisionError: division by zero"
    else:
        line = json.loads(told)
        assert line["operation"] == "fail"
        assert line["error"] == "ZeroDivisionError: division by zero"
        assert "slow.py" in line["traceback"]


def ask_until_it_is_there(url: str) -> httpx.Response:
    for _ in range(200):
        try:
            return plain.post(url, json={}, timeout=10)
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("it never came")


SLOW = """
import asyncio
import time
from collections.abc import AsyncIterator
import dragoman as dm

contract = dm.Contract("slow")


class Nothing(dm.Struct):
    pass


def begin():
    with open("begun", "a") as file:
        file.write("x")


@contract.operation(effect="safe")
async def wait(nothing: Nothing) -> Nothing:
    begin()
    await asyncio.sleep(1.5)
    return nothing


@contract.operation(effect="safe")
async def sleep(nothing: Nothing) -> Nothing:
    begin()
    await asyncio.sleep(60)
    return nothing


@contract.operation(effect="safe")
def block(nothing: Nothing) -> Nothing:
    begin()
    time.sleep(60)
    return nothing


@contract.operation(effect="safe")
async def hold(nothing: Nothing) -> Nothing:
    begin()
    time.sleep(60)
    return nothing


@contract.operation(effect="safe")
async def watch(nothing: Nothing) -> AsyncIterator[Nothing]:
    yield nothing
    await asyncio.Event().wait()


@contract.operation(effect="safe")
def fail(nothing: Nothing) -> Nothing:
    return 1 / 0


app = dm.App(
    dm.rpc(
        "slow",
        "/api",
        audience="internal",
        auth=dm.anonymous(),
        exposes=[wait, sleep, block, hold, fail],
        lock=None,
        deadline=120,
    ),
    dm.rest("streams", "/v1", audience="public", auth=dm.anonymous(), exposes=[watch]),
)
"""
