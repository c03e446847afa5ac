"""How names are cased, and which way a surface mostly does it."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


class Casing(enum.StrEnum):
    """The usual ways to join words."""

    SNAKE = "snake_case"
    CAMEL = "camelCase"
    PASCAL = "PascalCase"
    KEBAB = "kebab-case"


_SHAPES: Final = (
    (Casing.SNAKE, re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")),
    (Casing.KEBAB, re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")),
    (Casing.CAMEL, re.compile(r"[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*")),
    (Casing.PASCAL, re.compile(r"[A-Z][A-Z0-9]*[a-z][A-Za-z0-9]*")),
)


def casing(name: str) -> Casing | None:
    """How the name joins its words; None where it does not show: one lower-case word is at home in three of the ways,
    and what no way makes (``x_Y``, ``$ref``, ``ETag-2``) was not chosen for its casing.
    """
    if len(name) > 200:
        return None
    return next((way for way, shape in _SHAPES if shape.fullmatch(name)), None)


@dataclass(frozen=True, slots=True)
class Habit:
    """The way most names are cased, the names that are not, and how many show a casing at all."""

    way: Casing
    others: tuple[str, ...]
    total: int

    @property
    def share(self) -> float:
        """The part that keeps to the way, of 1."""
        return 1 - len(self.others) / self.total


def habit(names: Iterable[str]) -> Habit | None:
    """What most of the names do; None where none of them shows it."""
    shown = {name: way for name in names if (way := casing(name)) is not None}
    if not shown:
        return None
    way = Counter(shown.values()).most_common(1)[0][0]
    return Habit(way, tuple(name for name, each in shown.items() if each is not way), len(shown))
