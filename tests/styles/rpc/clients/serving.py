"""The Apps of this folder, as ``dragoman serve`` serves them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from running import Running, free_port, running
from stubs import HERE


@contextmanager
def served(target: str, folder: Path, *options: str, folders: Sequence[Path] = ()) -> Iterator[Running]:
    """An App, as ``dragoman serve`` serves it. ``folders`` are those of its modules beside this one."""
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", target, "--port", str(port), "--database", "served.db"]
    variables = {"PYTHONPATH": os.pathsep.join(map(str, [HERE, *folders]))}
    with running([*command, "--workers", "1", *options], folder, port, variables) as server:
        yield server


@contextmanager
def served_by(folder: Path, *command: str) -> Iterator[Running]:
    """The echoes on another server, whose command has ``{port}`` in it."""
    port = free_port()
    words = [sys.executable, "-m", *(each.format(port=port) for each in command), "echo_server:app"]
    variables = {"PYTHONPATH": str(HERE), "DRAGOMAN_DATABASE": "served.db"}
    with running(words, folder, port, variables) as server:
        yield server
