"""Waiting, until a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Final, TypeVar

from dragoman.contract.fault import DeadlineExceeded

T = TypeVar("T")

LATE_COMMIT: Final = "the database took longer than the deadline allows; whether it was written is not known"


class Begun(Awaitable[T]):
    """A coroutine that ran to its first wait: awaited, it hands that on, and goes on from there."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, T]:
        coroutine, waits_for = self._coroutine, self._waits_for
        while True:
            try:
                try:
                    sent = yield waits_for
                except GeneratorExit:
                    coroutine.close()
                    raise
                except BaseException as error:
                    waits_for = coroutine.throw(error)
                else:
                    waits_for = coroutine.send(sent)
            except StopIteration as done:
                result: T = done.value
                return result


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
