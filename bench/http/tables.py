"""Figures and tables, as Markdown has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rounds import Spread


def spread(figures: Spread, digits: int = 0) -> str:
    """The median, with the least and the most."""
    if figures.least == figures.most:
        return f"{figures.median:,.{digits}f}"
    return f"{figures.median:,.{digits}f} ({figures.least:,.{digits}f}–{figures.most:,.{digits}f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
