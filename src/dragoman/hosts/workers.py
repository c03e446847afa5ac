"""Several processes that do the same work: started together, replaced when they die, ended together."""

from __future__ import annotations

import collections
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Final

NOT_STARTED: Final = 3
"""The exit code of a worker that could not start. Another would fail as well, so all are ended."""

MOST_DEATHS: Final = 5
WITHIN_SECONDS: Final = 30.0
"""More deaths than this in that time, and workers are no longer replaced."""

LOG: Final = logging.getLogger("dragoman.hosts.workers")


class Workers:
    """``count`` processes that each call ``work(*arguments)``, which are pickled. ``patience`` is how many
    seconds they have to finish after a signal before they are killed, and ``hurry`` how many after Ctrl-C is
    pressed again. ``ending`` is called before they are told to end; none is started after it.

    A worker ends on SIGTERM, and at once on SIGINT after it. It is sent a SIGTERM as well when this process
    disappears without a word, so that none is left behind with the port.
    """

    def __init__(
        self,
        work: Callable[..., None],
        arguments: tuple[Any, ...],
        *,
        count: int,
        patience: float,
        hurry: float,
        ending: Callable[[], None],
    ) -> None:
        self._work = work
        self._arguments = arguments
        self._count = count
        self._patience = patience
        self._hurry = hurry
        self._ending = ending
        self._spawn = multiprocessing.get_context("spawn")
        self._lifeline, self._held = self._spawn.Pipe(duplex=False)
        self._processes: list[SpawnProcess] = []
        self._deaths: collections.deque[float] = collections.deque(maxlen=MOST_DEATHS + 1)
        self._hurried = False
        self._stopping = False

    def run(self) -> bool:
        """Work until SIGTERM or SIGINT. Returns False if the workers could not go on."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._caught) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for _ in range(self._count):
                self._start()
            going_on = True
            while not self._stopping and going_on:
                wait([woken, *(process.sentinel for process in self._processes)])
                going_on = self._replace()
            self._end()
            return going_on
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(woken)
            os.close(wake)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self._hurried = self._hurried or (self._stopping and number == signal.SIGINT)
        self._stopping = True

    def _start(self) -> None:
        process = self._spawn.Process(target=_work, args=(self._lifeline, self._work, self._arguments), daemon=False)
        # Ctrl-C reaches every process of the terminal. A worker inherits that it is ignored, until it can
        # handle it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
        self._processes.append(process)

    def _replace(self) -> bool:
        """Replace the workers that have died. Returns False where that would be of no use."""
        for process in [each for each in self._processes if each.exitcode is not None]:
            self._processes.remove(process)
            if self._stopping:
                continue
            if process.exitcode == NOT_STARTED:
                return False
            self._deaths.append(time.monotonic())
            how = f"worker {process.pid} ended with {_ending(process.exitcode)}"
            if len(self._deaths) > MOST_DEATHS and self._deaths[-1] - self._deaths[0] < WITHIN_SECONDS:
                LOG.error("%s; too many have, one after the other, so that none is started any more", how)
                return False
            LOG.warning("%s; another takes its place", how)
            self._start()
        return True

    def _end(self) -> None:
        """End what still runs: with patience, and with less of it when Ctrl-C is pressed again."""
        self._stopping = True
        self._ending()
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + self._patience
        told = False
        while self._processes and time.monotonic() < deadline:
            if self._hurried and not told:
                told = True
                deadline = time.monotonic() + self._hurry
                for process in self._processes:
                    _interrupt(process)
            wait([process.sentinel for process in self._processes], timeout=0.2)
            self._processes = [process for process in self._processes if process.exitcode is None]
        for process in self._processes:
            LOG.warning("worker %s did not end in time, and was killed", process.pid)
            process.kill()
            process.join()


def _interrupt(process: SpawnProcess) -> None:
    """As Ctrl-C does for a process of the terminal; a supervisor may have sent it to this process alone."""
    if process.pid is not None and process.exitcode is None:
        os.kill(process.pid, signal.SIGINT)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def _work(lifeline: Connection, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """A worker's life."""
    threading.Thread(target=_follow, args=(lifeline,), name="dragoman-lifeline", daemon=True).start()
    work(*arguments)


def _follow(lifeline: Connection) -> None:
    """End this process when the one that started it is gone: nothing else holds the other end of the line."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
