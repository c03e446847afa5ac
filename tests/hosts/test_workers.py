"""Several workers: a socket for each, replaced when they die and when that is asked for, and told to end."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, eventually, free_port, running

from dragoman.hosts.listening import ListenError, listen, share
from dragoman.testing.host import plain

APP = """
import os
import dragoman as dm

contract = dm.Contract("told")


class Told(dm.Struct):
    pid: int
    version: int = 1


@contract.operation(effect="safe")
async def tell() -> Told:
    return Told(pid=os.getpid())


app = dm.App(
    dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[tell]),
    database="told.db",
)
"""


@contextlib.contextmanager
def serving(folder: Path, *words: str, ready: bool = True) -> Iterator[Running]:
    (folder / "told.py").write_text(APP)
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "told:app", "--port", str(port), *words]
    with running(command, folder, port, ready=False) as server:
        if ready:
            server.wait_until_it_listens()
        yield server


def connect(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 30)


def ask(line: socket.socket, path: str = "/healthz") -> str:
    """The answer to a request on a connection, which is well."""
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        part = line.recv(10_000)
        assert part, f"it ended behind {answer!r}"
        answer += part
    return answer.decode().lower()


def test_each_worker_has_a_socket_of_its_own() -> None:
    first = listen("127.0.0.1", 0)
    groups = share(first, 3)
    port = first[0].getsockname()[1]
    with contextlib.ExitStack() as stack:
        for each in (each for group in groups for each in group):
            stack.enter_context(each)
        assert len({each.fileno() for (each,) in groups}) == 3
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        assert all(accepted(each) > 10 for (each,) in groups)
        with pytest.raises(ListenError, match="in use"):
            listen("127.0.0.1", port)


def accepted(listener: socket.socket) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


@pytest.mark.slow
def test_a_queue_outlives_its_worker(tmp_path: Path) -> None:
    """Whoever connects to a worker that dies waits for the next one; and nobody else can listen there meanwhile."""
    with serving(tmp_path, "--workers", "2") as server, contextlib.ExitStack() as stack:
        before = server.workers()
        assert len(before) == 2
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        lines = [stack.enter_context(connect(server)) for _ in range(20)]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ListenError, match="in use"):
            listen("127.0.0.1", int(server.url.rpartition(":")[2]))
        for line in lines:
            assert ask(line).startswith("http/1.1 200")
        assert not server.workers() & before


@pytest.mark.slow
def test_workers_are_replaced_one_by_one(tmp_path: Path) -> None:
    """Who is connected to the one before is told to connect anew with the next answer, and gets that."""
    with serving(tmp_path, "--workers", "2") as server, contextlib.ExitStack() as stack:
        before = server.workers()
        lines = [stack.enter_context(connect(server)) for _ in range(8)]
        server.process.send_signal(signal.SIGHUP)
        while lines:
            answers = {line: ask(line, "/readyz") for line in lines}
            assert all(answer.startswith("http/1.1 200") for answer in answers.values())
            lines = [line for line, answer in answers.items() if "connection: close" not in answer]
        eventually(lambda: len(server.workers()) == 2 and not server.workers() & before)
        assert plain.get(f"{server.url}/v1/tell").status_code == 200
        assert server.stop() == 0
        assert "another takes its place" not in server.stderr


@pytest.mark.slow
def test_a_version_that_cannot_start_takes_nobodys_place(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        before = server.workers()
        (tmp_path / "told.py").write_text("raise ValueError('no good')\n")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "no more workers are replaced" in server.stderr)
        assert server.workers() == before
        assert plain.get(f"{server.url}/v1/tell").status_code == 200
        (tmp_path / "told.py").write_text(APP.replace("version: int = 1", "version: int = 2"))
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(server.workers()) == 2 and not server.workers() & before)
        assert plain.get(f"{server.url}/v1/tell").json()["version"] == 2
        assert server.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_grace_for_load_balancers(workers: str, tmp_path: Path) -> None:
    """Not ready, but served, and told to connect elsewhere; then nobody is let in."""
    with serving(tmp_path, "--workers", workers, "--grace", "2") as server:
        with connect(server) as before:
            assert "connection:" not in ask(before, "/readyz")
            told = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            # Workers are told one after the other, and either may answer.
            eventually(lambda: all(plain.get(f"{server.url}/readyz").status_code == 503 for _ in range(20)))
            answer = plain.get(f"{server.url}/v1/tell", headers={"connection": "keep-alive"})
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
            assert "connection: close" in ask(before, "/v1/tell")
        assert server.process.wait(20) == 0
        assert time.monotonic() - told > 1.9


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_waits_for_nobody_who_is_silent(workers: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", workers, "--grace", "15") as server, connect(server) as idle:
        ask(idle)
        told = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - told < 10
        assert idle.recv(100) == b""


@pytest.mark.slow
def test_a_second_signal_ends_the_grace(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", "--grace", "15") as server:
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: plain.get(f"{server.url}/readyz").status_code == 503)
        assert server.stop(signal.SIGINT, timeout=10) == 0


@pytest.mark.slow
def test_a_worker_that_dies_again_and_again_is_waited_for(tmp_path: Path) -> None:
    """The others go on meanwhile, and there is no end of it."""
    with serving(tmp_path, "--workers", "2") as server:
        one, _ = server.workers()
        (tmp_path / "told.py").write_text("import os\nos._exit(7)\n")
        os.kill(one, signal.SIGKILL)
        eventually(lambda: "exit code 7; another takes its place in 0.5 s" in server.stderr)
        (tmp_path / "told.py").write_text(APP)
        eventually(lambda: len(server.workers()) == 2)
        assert server.stop() == 0
