"""What is logged and not told: a broken contract, or an exception nobody expected."""

from __future__ import annotations

import asyncio


class BrokenContract(Exception):
    """A handler did what its declaration forbids. The caller sees INTERNAL; the log names the operation and why."""


def cancelled_from_within() -> bool:
    """Whether a CancelledError that came out of a handler is the handler's own doing, for nobody cancels this task: it
    awaited something that was cancelled, which is a bug like any other and no sign that the caller went away.
    """
    task = asyncio.current_task()
    return task is not None and not task.cancelling()
