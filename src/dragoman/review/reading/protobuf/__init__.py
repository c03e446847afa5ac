"""Files of protocol buffers: ``.proto`` through protoc, and descriptor sets. Each package is a reading of its own.

The reader is imported when it is called: what it says in traits is read where protoc may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dragoman.review.reading.outcome import Reading, Refusal


def read(files: Sequence[Path], *folders: Path) -> tuple[list[Reading], list[Refusal]]:
    """Read ``.proto`` files and descriptor sets, and what was refused (:mod:`.reader`)."""
    from .reader import read as read_now

    return read_now(files, *folders)


__all__ = ["read"]
