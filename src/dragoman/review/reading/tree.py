"""A document of JSON or YAML as plain values, with the place of each, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from dragoman.review.elements import Position

from .outcome import Refusal, Remark, Why

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest document that is read. The largest that is known to be published has 30 MB."""

MAX_VALUES: Final = 6_000_000
"""How many values a document may hold, so that its memory is bounded: a document of 11 MB has some 700,000."""

MAX_NESTING: Final = 256
"""How deeply a document may nest arrays and objects."""

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: names and indexes (RFC 6901's, without its text form)."""


@dataclass(frozen=True, slots=True)
class Tree:
    """``value`` is made of dict, list, str, int, float, bool and None. Parts that aliases share are one object, so that
    whoever walks it must be ready to meet a part twice. ``locate`` finds the place of a pointer, or of the nearest that
    exists. ``remarks`` are what is wrong and did not keep it from being read, such as a name that stands twice.
    """

    file: str
    value: Any
    locate: Callable[[Pointer], Position]
    remarks: Sequence[Remark] = ()


def too_deep(position: Position) -> Refusal:
    """The refusal of a document that nests deeper than is read."""
    return Refusal(
        Why.UNREADABLE,
        position,
        f"it nests arrays and objects more than {MAX_NESTING} deep",
        "Give the inner parts names, and refer to them",
    )


def too_many(position: Position) -> Refusal:
    """The refusal of a document with more values than are read."""
    return Refusal(
        Why.UNREADABLE,
        position,
        f"it holds more than {MAX_VALUES:,} values",
        "Split it into documents, one for each surface",
    )


def check_nesting(value: Any, position: Position) -> None:
    """Raises Refusal where the value nests deeper than :data:`MAX_NESTING`."""
    level, depth = [value], 0
    while level:
        if depth > MAX_NESTING:
            raise too_deep(position)
        depth += 1
        level = [
            child
            for each in level
            for child in (each.values() if type(each) is dict else each if type(each) is list else ())
            if type(child) is dict or type(child) is list
        ]
