"""``dragoman serve --socket``: a socket that is a file."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running import Running, running

from dragoman.hosts.listening import ListenError
from dragoman.hosts.unix_socket import UnixSocket


def test_it_listens_for_its_user_and_group_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with UnixSocket(str(path)), socket.socket(socket.AF_UNIX) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        client.connect(str(path))
    assert not path.exists()


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with UnixSocket(str(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_what_another_put_there_since_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with UnixSocket(str(path)):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


def test_what_cannot_be_listened_on(tmp_path: Path) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(ListenError) as caught:
            UnixSocket(str(path))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    path = tmp_path / "http.sock"
    with UnixSocket(str(path)):
        assert refusal(path) == f"the socket {path} is in use: stop what listens there, or take another path"
    (tmp_path / "file").write_text("")
    assert "is there, and is no socket" in refusal(tmp_path / "file")
    assert "there is no folder" in refusal(tmp_path / "nothing" / "http.sock")
    assert "path too long" in refusal(tmp_path / ("a" * 200))


@contextlib.contextmanager
def serving(folder: Path, path: str, *words: str) -> Iterator[Running]:
    # Its port is not listened on: files are named by it.
    command = [sys.executable, "-m", "dragoman", "serve", "dragoman.demo.shop:app", "--socket", path, *words]
    with running(command, folder, os.getpid(), ready=False) as server:
        server.wait_until_it_listens()
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_is_served(workers: str, tmp_path: Path) -> None:
    """The keys that stand in the source are good for it: it is not reached from elsewhere."""
    with serving(tmp_path, "http.sock", "--workers", workers) as server:
        (line,) = [
            each.strip() for each in server.stderr.splitlines() if "/v1/customers" in each and "admin" not in each
        ]
        assert line.startswith("curl --unix-socket http.sock ")
        done = subprocess.run(
            ["sh", "-c", f"{line} --silent --fail-with-body"], cwd=tmp_path, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stdout
        assert done.stdout.startswith('{"customers":')
        if workers == "2":
            before = server.workers()
            server.process.send_signal(signal.SIGHUP)
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "http.sock"))) as client:
                while server.workers() & before or len(server.workers()) < 2:
                    assert client.get("http://localhost/readyz").status_code == 200
        assert server.stop() == 0
        assert not (tmp_path / "http.sock").exists()
        assert "Traceback" not in server.stderr
