"""One of several workers: the process that serves, and what the one that started it holds of it.

A line between the two carries words: what the worker is told, one of :data:`WORDS` each, and :data:`READY` from it. Its
end says that the other is gone.
"""

from __future__ import annotations

import importlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

import msgspec

from . import logs
from .process import Ending, Process
from .settings import Settings

NOT_STARTED: Final = 3
"""The exit code of a worker that could not start."""

READY: Final = "ready"
FINISH, INTERRUPT, GIVE_WAY, HURRY, RENEW = WORDS = ("finish", "interrupt", "give way", "hurry", "renew")

_HELD: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""What a terminal or a service manager sends to all processes at once: a worker must not die of it while it starts."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker does: it calls ``target`` (``module:function``) for the application, and serves it on its sockets,
    which are named by their numbers.
    """

    target: str
    sockets: Sequence[int]
    settings: Settings


class Worker:
    """A worker process, from outside."""

    def __init__(self, task: Task) -> None:
        self.line, theirs = socket.socketpair()
        self.begun = time.monotonic()
        self.ready = False
        self.deadline: float | None = None
        number = theirs.fileno()
        # What comes meanwhile is kept back, here and there: there until it can be handled.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_flags(), "-m", __name__, str(number)], pass_fds=(number, *task.sockets)
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        self.line.setblocking(False)
        _say(self.line, msgspec.json.encode(task).decode())

    def __str__(self) -> str:
        return f"worker {self._process.pid}"

    def tell(self, word: str) -> None:
        """Tell it one of the WORDS."""
        _say(self.line, word)

    def look(self) -> None:
        """See whether it has become ready."""
        try:
            self.ready = self.ready or bool(self.line.recv(100))
        except OSError:
            pass

    @property
    def ended(self) -> str:
        """How it has ended, in words; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        self.line.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    @property
    def refused(self) -> bool:
        """Whether it has ended because it could not start, and has said why."""
        return self._process.poll() == NOT_STARTED

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()


def _say(line: socket.socket, word: str) -> None:
    try:
        line.sendall(f"{word}\n".encode())
    except OSError:  # the other is gone, which is noticed elsewhere
        pass


def _flags() -> list[str]:
    """The interpreter's own flags, such as -O and -W, so that a worker runs as this process does."""
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return flags


def main(number: int) -> None:
    """A worker's life."""
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, _pass)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    line = socket.socket(fileno=number)
    line.set_inheritable(False)
    words = line.makefile("r", encoding="utf-8")
    told = words.readline()
    if not told:
        return  # the one that started this process is gone already
    task = msgspec.json.decode(told, type=Task)
    sockets = [socket.socket(fileno=each) for each in task.sockets]
    for listening in sockets:
        listening.set_inheritable(False)
    logs.set_up()
    module, _, name = task.target.partition(":")
    process = Process(
        lambda: getattr(importlib.import_module(module), name)(),
        sockets,
        lambda: _say(line, READY),
        task.settings,
        alone=False,
    )
    threading.Thread(target=_follow, args=(words, process), name="dragoman-line", daemon=True).start()
    if not process.run():
        sys.exit(NOT_STARTED)


def _pass(number: int, frame: FrameType | None) -> None:
    """The one that started this process tells it what to do."""


def _follow(words: Iterable[str], process: Process) -> None:
    """Do what is said on the line. When its other end is gone, nobody will say anything any more."""
    orders: Mapping[str, Callable[[], None]] = {
        FINISH: lambda: process.end(Ending.FINISH),
        INTERRUPT: lambda: process.end(Ending.INTERRUPT),
        GIVE_WAY: lambda: process.end(Ending.GIVE_WAY),
        HURRY: process.hurry,
        RENEW: process.renew,
    }
    try:
        for word in words:
            orders[word.rstrip("\n")]()
    except OSError:
        pass
    process.end(Ending.FINISH)


if __name__ == "__main__":
    main(int(sys.argv[1]))
