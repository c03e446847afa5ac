"""What a name that does not exist was perhaps meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from dragoman.contract.fault import Violation

SUGGESTIONS: Final = 5
"""For how many violations of a request something is suggested: comparing names takes long, and a request can hold
thousands of them.
"""


def nearest(name: str, known: Iterable[str], found: Sequence[Violation]) -> str | None:
    """The known name that was perhaps meant, unless enough was ``found`` wrong with the request already."""
    if len(found) >= SUGGESTIONS:
        return None
    close = get_close_matches(name[:60], list(known), 1)
    return close[0] if close else None
