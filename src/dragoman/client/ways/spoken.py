"""What the styles have in common."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from dragoman.client.faults import Told
from dragoman.client.http.message import Ask, Head
from dragoman.client.values import BrokenAnswer, Input, Output
from dragoman.contract.fault import Fault
from dragoman.contract.operation import Operation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. ``next_page_token`` is empty on the last one; ``total_size`` is there if it was asked for."""

    items: Sequence[T]
    next_page_token: str = ""
    total_size: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a list. ``filters`` are (field, operator's word, JSON); ``parent`` is (field, id)."""

    filters: Sequence[tuple[str, str, Any]] = ()
    parent: tuple[str, str] | None = None
    order_by: str = ""
    page_size: int | None = None
    page_token: str = ""
    ids: Sequence[str] | None = None
    count: bool = False


@dataclass(slots=True)
class Given:
    """What a call is given, all of it as JSON has it. ``version`` is what the resource must have still. ``before`` is
    the resource that is changed, as far as it is known.
    """

    id: str = ""
    version: int | None = None
    value: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    query: Query | None = None


class Reader(Protocol):
    """Reads an answer that is a stream."""

    def feed(self, data: bytes) -> list[Any]:
        """The items that are complete with this. Raises Fault."""
        ...

    def end(self, trailers: Mapping[str, str]) -> None:
        """Raises Fault, if that is what the stream ended with; BrokenAnswer, if it was cut."""


@dataclass(slots=True)
class Spoken(ABC):
    """An operation in one style."""

    operation: Operation
    input: Input | None
    output: Output | None

    @property
    def two(self) -> bool:
        """Whether it needs HTTP/2."""
        return False

    @abstractmethod
    def ask(self, given: Given, key: str | None) -> Ask:
        """The request. Raises TypeError and ValueError for what cannot be said."""

    @abstractmethod
    def time(self, seconds: float) -> tuple[str, str]:
        """The header that says how long the caller waits."""

    @abstractmethod
    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """The result of an answer that is there as a whole. Raises Fault."""

    def reader(self, head: Head) -> Reader | None:
        """What reads an answer that is a stream; None if this one is none, and :meth:`reply` says why."""
        return None

    def item(self, value: Any) -> bytes:
        """An item of a stream that is sent."""
        raise NotImplementedError

    def raised(self, told: Told) -> Fault:
        """The fault that was told of."""
        return told.fault(self.operation.faults)

    def broken(self, why: str) -> BrokenAnswer:
        """The fault for an answer that is none."""
        return BrokenAnswer(f"the answer of {self.operation.name} {why}")


def inflated(head: Head, body: bytes, most: int) -> bytes:
    """The body without its coding. Raises BrokenAnswer, also beyond ``most`` bytes."""
    return inflate(body, most) if head.headers.get("content-encoding", "identity") == "gzip" else body


def inflate(data: bytes, most: int) -> bytes:
    """What was compressed with gzip. Raises BrokenAnswer, also beyond ``most`` bytes."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = unpacker.decompress(data, most + 1)
    except zlib.error:
        raise BrokenAnswer("the answer is not compressed with gzip, as it says") from None
    if len(found) > most or not unpacker.eof:
        raise BrokenAnswer(f"the answer is cut, or is more than {most:,} bytes")
    return found
