"""Figures and tables, as Markdown has them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several figures, with the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Spread:
        """Of these."""
        found = sorted(figures)
        return cls(statistics.median(found), found[0], found[-1])


def spread(figures: Spread, digits: int = 0) -> str:
    """The median, with the least and the most."""
    if figures.least == figures.most:
        return f"{figures.median:,.{digits}f}"
    return f"{figures.median:,.{digits}f} ({figures.least:,.{digits}f}–{figures.most:,.{digits}f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
