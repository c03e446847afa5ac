"""The demo under each ASGI server that is named in the documentation."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from running import Running, bearer, environment, free_port, running

from dragoman.hosts.serve import DRAIN_SECONDS, LEAVE_SECONDS

pytestmark = pytest.mark.slow

COMMANDS = {
    "uvicorn": [
        "-m",
        "uvicorn",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--log-level",
        "warning",
        "{app}",
    ],
    "granian": ["-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "{app}"],
    "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "{app}"],
    "dragoman": ["-m", "dragoman", "serve", "--port", "{port}", "{app}"],
}
PREDICT = "/internal/predict"


def command(server: str, port: int, app: str = "dragoman.demo:app") -> list[str]:
    words = [word.format(port=port, app=app) for word in COMMANDS[server]]
    return [sys.executable, *words]


@pytest.fixture(scope="module", params=list(COMMANDS))
def server(request: pytest.FixtureRequest, filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    for file in filled.parent.glob("demo.db*"):
        (folder / file.name).write_bytes(file.read_bytes())
    port = free_port()
    with running(command(request.param, port), folder, port, {"DATABASE": "demo.db"}) as started:
        yield started
        assert started.stop() in (0, -signal.SIGTERM)  # uvicorn raises again what ended it
        assert "Traceback" not in started.stderr + started.stdout


def test_a_page_is_read(server: Running) -> None:
    answer = httpx.get(f"{server.url}/v1/customers?page_size=2", headers=bearer("demo-partner"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]
    assert len(answer.headers.get_list("date")) == 1


def test_a_model_is_called(server: Running) -> None:
    answer = httpx.post(f"{server.url}{PREDICT}", json={"amount_cents": 30_000}, headers=bearer("demo-internal"))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"score": 0.61, "reasons": ["large amount", "first order"]}


def test_a_resource_is_made_changed_and_deleted(server: Running) -> None:
    with httpx.Client(base_url=f"{server.url}/admin/v1", headers=bearer("demo-operator")) as client:
        made = client.post("/customers", json={"name": "Zoë", "email": "zoe@example.com"})
        assert made.status_code == 201, made.text
        path = f"/customers/{made.json()['id']}"
        changed = client.patch(path, json={"plan": "pro"}, headers={"content-type": "application/merge-patch+json"})
        assert changed.status_code == 200, changed.text
        assert changed.json()["plan"] == "pro"
        assert client.get(path).json()["name"] == "Zoë"
        gone = client.delete(path)
        assert gone.status_code == 204
        assert gone.content == b""
        assert client.get(path).status_code == 404


def test_a_path_arrives_as_it_was_sent(server: Running) -> None:
    for path in ("/v1/customers/cus%2Fx", "/v1/customers/%C3%A9%20%3F", "/v1/orders/o%3Acancel"):
        answer = httpx.get(server.url + path, headers=bearer("demo-partner"))
        assert answer.status_code in (404, 405, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(server: Running) -> None:
    for content in (b"x" * 5_000_000, (b"x" * 100_000 for _ in range(50))):
        try:
            answer = httpx.post(f"{server.url}{PREDICT}", content=content, headers=bearer("demo-internal"), timeout=10)
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            continue  # the server answered and closed while the client was still sending, which it may
        assert answer.status_code == 413
        assert answer.json()["code"] == "INVALID_ARGUMENT"
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_head_has_no_body(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as raw:
        raw.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert answer.partition(b"\r\n\r\n")[2] == b""


def test_each_request_has_a_line_in_the_log(server: Running) -> None:
    headers = bearer("demo-partner") | {"x-request-id": f"logged-{id(server)}"}
    assert httpx.get(f"{server.url}/v1/customers?page_size=1", headers=headers).status_code == 200
    eventually(lambda: headers["x-request-id"] in server.stdout)
    (line,) = (each for each in server.stdout.splitlines() if headers["x-request-id"] in each)
    assert (json.loads(line)["operation"], json.loads(line)["status"]) == ("customers.list", 200)


def test_many_requests_at_once(server: Running) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=server.url, headers=bearer("demo-partner"), timeout=30) as client:
            statuses.extend(client.get("/v1/orders?page_size=1").status_code for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 100


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_start_that_fails_ends_the_server(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    port = free_port()
    words = command(name, port)
    if name == "hypercorn":
        words[-1:-1] = ["--workers", "0"]  # with workers of its own it forgets their exit codes
    with running(words, tmp_path, port, {"DATABASE": "folder.db"}, ready=False) as server:
        code = server.process.wait(30)
    assert code != 0
    output = (tmp_path / f"stdout-{port}").read_text() + (tmp_path / f"stderr-{port}").read_text()
    assert "folder.db" in output
    if name == "dragoman":
        assert output.count("\n") == 1
        assert output.startswith("dragoman: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_is_under_way_is_answered_before_the_end(number: int, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    with running(command("dragoman", port, "slow:app"), tmp_path, port) as server:
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{server.url}/api/wait", json={}, timeout=20))
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


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


class Asking:
    """A call in a thread of its own."""

    def __init__(self, server: Running, operation: str) -> None:
        self._answers: list[httpx.Response] = []
        self._thread = threading.Thread(target=self._ask, args=(f"{server.url}/api/{operation}",))
        self._thread.start()

    def _ask(self, url: str) -> None:
        self._answers.append(httpx.post(url, json={}, timeout=60))

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
    try:
        httpx.get(f"{server.url}/healthz", timeout=2)
    except httpx.ConnectError:
        return True
    return False


def check_the_end(server: Running, ids: set[str]) -> None:
    """Each request has one line, as it was answered, and stderr has no word of trouble."""
    lines = [json.loads(line) for line in server.stdout.splitlines()]
    ended = [line for line in lines if line.get("operation")]
    assert {line["request_id"] for line in ended} == ids
    assert [(line["status"], line["fault"]) for line in ended] == [(503, "UNAVAILABLE")] * len(ids)
    assert "Traceback" not in server.stderr
    assert server.stderr.count("dragoman: ") == 1, server.stderr  # where it listens


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_not_finished_in_time_is_answered_unavailable(workers: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    words = [*command("dragoman", port, "slow:app"), "--workers", workers]
    with running(words, tmp_path, port) as server:
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
    words = [*command("dragoman", port, "slow:app"), "--workers", workers]
    with running(words, tmp_path, port) as server:
        asking = [Asking(server, "sleep"), Asking(server, "sleep")]
        eventually(lambda: begun(tmp_path) == 2)
        server.process.send_signal(signal.SIGINT)
        eventually(lambda: refuses_connections(server))
        assert server.stop(signal.SIGINT, timeout=5) == 0
        check_the_end(server, {each.unavailable() for each in asking})


@pytest.mark.parametrize("operation", ["block", "hold"])
def test_a_handler_that_cannot_be_ended_is_left_behind(operation: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    with running(command("dragoman", port, "slow:app"), tmp_path, port) as server:
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
        httpx.post(f"{server.url}/api/{operation}", json={}, timeout=60)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bug_is_shown_as_text_on_a_terminal(terminal: bool, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    port = free_port()
    ours, theirs = os.openpty()
    words = command("dragoman", port, "slow:app")
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
            return httpx.post(url, json={}, timeout=10)
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("it never came")


SLOW = """
import asyncio
import time
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
def fail(nothing: Nothing) -> Nothing:
    return 1 / 0


app = dm.App(
    dm.rpc(
        "slow",
        "/api",
        audience="internal",
        auth=dm.anonymous(),
        exposes=[wait, sleep, block, hold, fail],
        deadline=120,
    )
)
"""
