"""When a call is tried again."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass

from dragoman.contract.fault import Code, Fault, PreconditionFailed


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried, and how long it waits in between.

    ``attempts`` counts the first one. The n-th pause is random, up to ``first`` × 2ⁿ seconds and never above
    ``longest``; a fault's ``retry_after`` is waited for at least. ``budget`` is how many retries there may be for each
    call, over all calls of the client, and ``reserve`` how many beyond that may be had at once: where most calls fail,
    repeating them makes it worse. Raises ValueError for what cannot be.
    """

    attempts: int = 4
    first: float = 0.1
    longest: float = 5.0
    budget: float = 0.1
    reserve: int = 10

    def __post_init__(self) -> None:
        if not (
            self.attempts >= 1 and self.first >= 0 and self.longest >= 0 and self.budget >= 0 and self.reserve >= 0
        ):
            raise ValueError(f"{self!r}: attempts are at least 1, and the rest is not below 0")

    def pause(self, attempt: int, fault: Fault) -> float:
        """How long to wait after an attempt, which are numbered from 1."""
        spread = random.uniform(0, min(self.longest, self.first * 2 ** min(attempt - 1, 30)))
        return max(spread, fault.retry_after or 0.0)


NONE = Retries(attempts=1)
"""No call is tried again."""


class Budget:
    """What retries a client has left: a bucket into which each call puts a part of one. Threads may share it."""

    def __init__(self, retries: Retries) -> None:
        self._share = retries.budget
        self._left = float(retries.reserve)
        self._most = 10.0 * max(retries.reserve, 1)
        self._guard = threading.Lock()

    def called(self) -> None:
        """A call began."""
        with self._guard:
            self._left = min(self._left + self._share, self._most)

    def take(self) -> bool:
        """Take a retry, if there is one."""
        with self._guard:
            if self._left < 1:
                return False
            self._left -= 1
            return True


def helps(fault: Fault) -> bool:
    """Whether the same call may succeed after this fault, if it may be repeated at all."""
    if isinstance(fault, PreconditionFailed) or fault.code is Code.DEADLINE_EXCEEDED:
        return False  # that version never comes back; and it is time that is short
    if fault.code is Code.RESOURCE_EXHAUSTED:
        return fault.retry_after is not None  # who does not say when would be asked in vain
    return fault.retryable
