"""How a server starts and ends."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from dragoman.testing.target import TARGET

from . import plain
from .calls import eventually
from .server import Host, Server, wait_until_ready


def refuses(server: Server) -> bool:
    """Whether nobody can connect any more."""
    try:
        plain.get(f"{server.url}/healthz", timeout=2)
    except httpx.TransportError:
        return True
    return False


class Life:
    """A server tells how it is, starts whole or not at all, and finishes what it began."""

    host: ClassVar[Host]

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_it_tells_how_it_is(self, server: Server, path: str) -> None:
        assert plain.get(server.url + path).status_code == 200
        assert plain.head(server.url + path).content == b""
        refused = plain.post(server.url + path)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")

    def test_a_start_that_fails_is_loud(self, tmp_path: Path) -> None:
        """It says why, and ends; nobody is served by half an application."""
        (tmp_path / "folder.db").mkdir()
        with self.host.serve(TARGET, tmp_path, {"DRAGOMAN_DATABASE": "folder.db"}) as server:
            assert not server.wait(), "it says that all went well"
            assert "folder.db" in server.output

    def test_what_was_begun_is_finished(self, tmp_path: Path) -> None:
        """Told to stop, it answers what is under way, lets nobody in, and says that all went well."""
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(plain.get(f"{server.url}/trouble/wait", params={"seconds": 1.5}, timeout=20))

        with self.host.serve(TARGET, tmp_path, {"DRAGOMAN_DATABASE": "life.db"}) as server:
            wait_until_ready(server)
            asking = threading.Thread(target=ask)
            asking.start()
            assert not eventually(lambda: bool(answers), 0.5)
            server.stop()
            assert server.wait()
            asking.join()
            assert [each.status_code for each in answers] == [200]
            assert refuses(server)
            assert "Traceback" not in server.output
