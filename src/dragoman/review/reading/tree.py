"""A document of JSON or YAML as plain values, with the place of each, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from dragoman.review.elements import Position

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: names and indexes (RFC 6901's, without its text form)."""


@dataclass(frozen=True, slots=True)
class Tree:
    """``value`` is made of dict, list, str, int, float, bool and None. Parts that aliases share are one object, so that
    whoever walks it must be ready to meet a part twice. ``locate`` finds the place of a pointer, or of the nearest that
    exists.
    """

    file: str
    value: Any
    locate: Callable[[Pointer], Position]
