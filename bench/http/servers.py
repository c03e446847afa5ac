"""A server that runs, on a port and a copy of the database of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Final

from kinds import Kind

START_SECONDS: Final = 15.0


class Server:
    """One of a kind."""

    def __init__(self, kind: Kind, database: Path, folder: Path) -> None:
        self.kind = kind
        self.port = _free_port()
        stem = folder / kind.name.replace(" ", "-").replace(",", "")
        self.log, self._database = stem.with_suffix(".log"), stem.with_suffix(".db")
        shutil.copyfile(database, self._database)
        self._errors = stem.with_suffix(".err")
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return self.kind.name

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start it; returns the seconds until it has answered a request."""
        environment = os.environ | dict(self.kind.environment)
        environment |= {"PORT": str(self.port), "DATABASE": str(self._database)}
        command = [each.format(port=self.port, database=self._database) for each in self.kind.command]
        with self.log.open("ab") as log, self._errors.open("ab") as errors:
            began = time.perf_counter()
            self._process = self._run(command, environment, log, errors)
            while not self._answers():
                if self._process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                    raise SystemExit(f"{self.kind.name} did not start:\n{self._errors.read_text()[-2000:]}")
                time.sleep(0.002)
            return time.perf_counter() - began

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def told(self) -> str:
        """What it wrote to stdout."""
        return self.log.read_text(encoding="utf-8")

    def _run(
        self, command: list[str], environment: dict[str, str], log: IO[bytes], errors: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=self.kind.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=errors
        )

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/v1/hello")
            connection.getresponse().read()
        except OSError:
            return False
        finally:
            connection.close()
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
