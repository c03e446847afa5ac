"""Waiting, until a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from dragoman.contract.fault import DeadlineExceeded

T = TypeVar("T")


async def within(deadline: float, waited_for: Awaitable[T], message: str) -> T:
    """Await until the deadline, on the loop's clock; then cancel it, and raise DeadlineExceeded with the message.

    A TimeoutError of what is waited for is not taken for it.
    """
    timer = asyncio.timeout_at(deadline)
    try:
        async with timer:
            return await waited_for
    except TimeoutError:
        if timer.expired():
            raise DeadlineExceeded(message) from None
        raise
