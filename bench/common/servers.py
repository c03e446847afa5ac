"""A server that runs, on a port and a copy of the database of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path("/var/tmp")
"""Where the databases lie: unlike /tmp, it is a disk everywhere."""

KEYS: Final = (("PYTHONPATH", str(ROOT / "bench" / "common" / "peers")),)
"""The environment of peers in Python, which look up keys alike."""

START_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A server to be. ``full`` ones do what ours does; the others routing, SQL and JSON only."""

    name: str
    command: tuple[str, ...]
    folder: Path
    full: bool = True
    environment: tuple[tuple[str, str], ...] = ()

    def called(self, name: str) -> Kind:
        """The same under another name."""
        return replace(self, name=name)

    def shown(self) -> str:
        """The command, for a reader."""
        program, *arguments = (each.format(port="PORT", database="DATABASE") for each in self.command)
        settings = [f"{name}={value.replace(f'{ROOT}/', '')}" for name, value in self.environment]
        return " ".join([f"cd {self.folder.relative_to(ROOT)};", *settings, Path(program).name, *arguments])


def ours(name: str, folder: Path, *flags: str) -> Kind:
    """What ``dragoman serve`` starts of the ``ours.py`` in a folder."""
    command = (sys.executable, "-m", "dragoman", "serve", "ours:app", "--port", "{port}", "--database", "{database}")
    return Kind(name, (*command, *flags), folder)


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
        """Start it; returns the seconds until it was there."""
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
        try:
            socket.create_connection(("127.0.0.1", self.port), START_SECONDS).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
