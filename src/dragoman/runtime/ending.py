"""Requests that the server ends because it stops, told apart from those whose caller is gone: both are cancelled."""

from __future__ import annotations

import asyncio
import weakref
from typing import Final

from dragoman.contract.fault import Fault, Unavailable

_ENDED: Final[weakref.WeakSet[asyncio.Task[None]]] = weakref.WeakSet()


def end(task: asyncio.Task[None]) -> None:
    """Cancel a request's task, which is to answer all the same."""
    _ENDED.add(task)
    task.cancel("the server is stopping")


def ended() -> Fault | None:
    """What the task that runs now is to answer, if it was ended; None where it was cancelled by anyone else. To be
    asked where its CancelledError is caught: from then on the task counts as not cancelled.
    """
    task = asyncio.current_task()
    if task is None or task not in _ENDED:
        return None
    task.uncancel()
    return stopping()


def stopping() -> Fault:
    """What is told to those whose answer the server ends because it stops."""
    return Unavailable("the server is stopping; try again", retry_after=1)
