"""Answers that come item by item, for a client in an event loop and for one that blocks."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Self, TypeVar

from .asked import Pages
from .core import Items
from .http.blocking import run

T = TypeVar("T")


class AsyncStream(Generic[T]):
    """What comes item by item. Leaving it early cancels the call, once it is closed: by ``async with``, or
    :meth:`aclose`.
    """

    def __init__(self, items: Items | Pages) -> None:
        self._items = items

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        item: T = await self._items.next()
        return item

    async def aclose(self) -> None:
        """Take no more."""
        self._items.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()


class Stream(Generic[T]):
    """What comes item by item. Leaving it early cancels the call, once it is closed: by ``with``, or
    :meth:`close`.
    """

    def __init__(self, items: Items | Pages) -> None:
        self._items = items

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            item: T = run(self._items.next())
        except StopAsyncIteration:
            raise StopIteration from None
        return item

    def close(self) -> None:
        """Take no more."""
        self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()
