"""Several processes that do the same work: started together, replaced when they die or when that is wished for, ended
together.
"""

from __future__ import annotations

import logging
import math
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

from .terminal import Terminal
from .tls import LOOK_SECONDS, TlsWatch
from .worker import FINISH, GIVE_WAY, HURRY, INTERRUPT, RENEW, Task, Worker

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 8.0
"""How long a worker that dies again and again is left dead: nobody serves its queue meanwhile."""

STEADY_SECONDS: Final = 30.0
"""A worker that has lived for so long is replaced at once, whatever became of those before it."""

MOST_FAILURES: Final = 5
"""More workers than this that died in a row, none of which had become ready, and no other is started."""

LOG: Final = logging.getLogger("dragoman.hosts.workers")


@dataclass(slots=True)
class Place:
    """One of the workers, whichever process it is: the one that serves, and the one that ``comes`` to do so. Where
    there is neither, ``again`` is when another is started. ``failures`` are its deaths, one soon after the other.
    """

    task: Task
    serves: Worker | None = None
    comes: Worker | None = None
    again: float = 0.0
    failures: int = 0


class Workers:
    """A worker for each task. ``patience`` is how many seconds they have to finish before they are killed, ``hurry``
    how many after Ctrl-C is pressed again. ``ready`` is called when all are, for the first time; ``ending`` before they
    are told to end. None is started after that.

    SIGHUP replaces them one after the other: each goes on until the one that takes its place is ready, on the same
    sockets. So does :meth:`changed`, for a developer who waits: what is under way then is not waited for.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        patience: float,
        hurry: float,
        ready: Callable[[], None],
        ending: Callable[[], None],
        watch: TlsWatch | None = None,
        developing: bool = False,
    ) -> None:
        self._places = [Place(each) for each in tasks]
        self._patience = patience
        self._hurry = hurry
        self._ready: Callable[[], None] | None = ready
        self._ending = ending
        self._watch = watch
        self._developing = developing
        self._turns: deque[Place] = deque()
        self._leaving: list[Worker] = []
        self._in_a_row = 0
        self._signal = 0
        self._hurried = self._given_up = self._replace = False
        self._woken, self._wake = os.pipe()
        self._terminal = Terminal()

    def run(self) -> bool:
        """Work until SIGTERM or SIGINT. Returns False if the workers could not go on."""
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        caught = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        handlers = {number: signal.signal(number, self._caught) for number in caught}
        try:
            while not self._signal and not self._given_up:
                self._go_on(time.monotonic())
                self._wait(self._next(time.monotonic()))
            self._end()
            return not self._given_up
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(self._woken)
            os.close(self._wake)

    def changed(self) -> None:
        """Replace the workers: the program is another. May be called from any thread."""
        self._replace = True
        try:
            os.write(self._wake, b"\0")
        except OSError:  # it is awake, or it has ended
            pass

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP and not self._terminal.hung_up():
            self._replace = True
        elif number == signal.SIGHUP and self._terminal.survives:
            pass
        elif number != signal.SIGCHLD:
            self._hurried = self._hurried or bool(self._signal and number == signal.SIGINT)
            self._signal = self._signal or number

    def _wait(self, seconds: float | None) -> None:
        """Until a signal came, a worker says something or has died, or that time is over."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        for place in self._places:
            if place.comes is not None:
                poll.register(place.comes.line, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)
        try:
            os.read(self._woken, 1000)
        except BlockingIOError:
            pass

    def _next(self, now: float) -> float | None:
        """How long nothing has to be done unless something happens."""
        times = [place.again for place in self._places if place.serves is None and place.comes is None]
        times += [worker.deadline for worker in self._leaving if worker.deadline is not None]
        if self._watch is not None:
            times.append(now + LOOK_SECONDS)
        first = min(times, default=math.inf)
        return None if first == math.inf else max(0.0, first - now)

    # While they work

    def _go_on(self, now: float) -> None:
        """Do what there is to do."""
        self._bury(now)
        if self._replace:
            self._replace = False
            self._begin_turns()
        for place in self._places:
            self._promote(place)
            self._see_deaths(place, now)
            if place.serves is None and place.comes is None and place.again <= now and not self._given_up:
                place.comes = Worker(place.task)
        if self._turns and all(place.comes is None for place in self._places):
            place = self._turns.popleft()
            if place.serves is not None:
                place.comes = Worker(place.task)
        if self._ready is not None and all(place.serves is not None for place in self._places):
            ready, self._ready = self._ready, None
            ready()
        if self._watch is not None and self._watch.renewed():
            for worker in self._all():
                worker.tell(RENEW)

    def _begin_turns(self) -> None:
        """Replace all. Those that were to be the replacement until now are so no more."""
        for place in self._places:
            place.again = 0.0
            if place.comes is not None:
                self._dismiss(place.comes, INTERRUPT, HURRY)
                place.comes = None
        self._turns = deque(self._places)

    def _promote(self, place: Place) -> None:
        """Let the one that comes serve, if it is ready, and the one before it go."""
        if place.comes is None:
            return
        place.comes.look()
        if not place.comes.ready:
            return
        if place.serves is not None:
            self._dismiss(place.serves, *((GIVE_WAY, HURRY) if self._developing else (GIVE_WAY,)))
        place.serves, place.comes = place.comes, None
        self._in_a_row = 0

    def _dismiss(self, worker: Worker, *words: str) -> None:
        for word in words:
            worker.tell(word)
        worker.deadline = time.monotonic() + self._patience
        self._leaving.append(worker)

    def _bury(self, now: float) -> None:
        """Forget those that left, and end those that should have."""
        self._leaving = [each for each in self._leaving if not each.ended]
        for worker in self._leaving:
            if worker.deadline is not None and worker.deadline <= now:
                LOG.warning("%s did not end in time, and was killed", worker)
                worker.kill()
        self._leaving = [each for each in self._leaving if not each.ended]

    def _see_deaths(self, place: Place, now: float) -> None:
        if place.comes is not None and (how := place.comes.ended):
            worker, place.comes = place.comes, None
            self._not_begun(place, worker, how, now)
        if place.serves is not None and (how := place.serves.ended):
            worker, place.serves = place.serves, None
            if now - worker.begun > STEADY_SECONDS:
                place.failures = 0
            if place.comes is None:
                self._start_again(place, f"{worker} ended with {how}", now)

    def _not_begun(self, place: Place, worker: Worker, how: str, now: float) -> None:
        """A worker died before it was ready."""
        if self._developing and worker.refused and self._ready is None:
            place.again = math.inf
            LOG.error("waiting for the next change%s", "; what ran before it goes on" if place.serves else "")
            return
        if place.serves is not None:
            self._turns.clear()
            LOG.error("%s ended with %s before it was ready: no more workers are replaced, they go on", worker, how)
            return
        if worker.refused and self._ready is not None:
            self._given_up = True
            return
        self._in_a_row += 1
        if self._in_a_row > MOST_FAILURES and all(each.serves is None for each in self._places):
            self._given_up = True
            LOG.error(
                "%s ended with %s; too many have, one after the other, so that none is started any more", worker, how
            )
            return
        self._start_again(place, f"{worker} ended with {how}", now)

    def _start_again(self, place: Place, what: str, now: float) -> None:
        wait = min(FIRST_WAIT * 2.0 ** (place.failures - 1), LONGEST_WAIT) if place.failures else 0.0
        place.failures += 1
        place.again = now + wait
        LOG.warning("%s; another takes its place%s", what, f" in {wait:g} s" if wait else "")

    def _all(self) -> list[Worker]:
        return [each for place in self._places for each in (place.serves, place.comes) if each is not None]

    # The end

    def _end(self) -> None:
        """End what still runs: with patience, and with less of it when Ctrl-C is pressed again."""
        self._ending()
        workers = [*self._all(), *self._leaving]
        self._places = []
        for worker in workers:
            worker.tell(INTERRUPT if self._signal == signal.SIGINT else FINISH)
        deadline = time.monotonic() + self._patience
        told = False
        while (workers := [each for each in workers if not each.ended]) and time.monotonic() < deadline:
            if self._hurried and not told:
                told = True
                deadline = time.monotonic() + self._hurry
                for worker in workers:
                    worker.tell(HURRY)
            self._wait(0.2)
        for worker in workers:
            LOG.warning("%s did not end in time, and was killed", worker)
            worker.kill()
