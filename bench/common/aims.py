"""A line of a table of aims."""

from __future__ import annotations

from typing import TypeAlias

from .figures import Spread, spread

Row: TypeAlias = tuple[str, ...]


def aim(what: str, seen: Spread, bound: float, *, least: bool = False) -> Row:
    """Whether what was seen is at least, or at most, what was aimed for."""
    met = seen.median >= bound if least else seen.median <= bound
    return what, f"{'at least' if least else 'at most'} {bound:g}", spread(seen, 2), "met" if met else "**not met**"
