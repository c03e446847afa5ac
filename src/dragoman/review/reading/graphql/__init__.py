"""Schemas of GraphQL: SDL, in one file or several, and results of the introspection query.

The reader is imported when it is called: what it says in traits is read where graphql-core may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dragoman.review.reading.outcome import Reading, Refusal


def read(files: Sequence[Path]) -> tuple[list[Reading], list[Refusal]]:
    """The schemas in the files, and what was refused (:mod:`.reader`)."""
    from .reader import read as read_now

    return read_now(files)


__all__ = ["read"]
