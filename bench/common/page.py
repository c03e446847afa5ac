"""bench/RESULTS.md: each benchmark writes its own part of it, under its title, and leaves those of others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .figures import table
from .servers import ROOT, Kind

RESULTS: Final = ROOT / "bench" / "RESULTS.md"
TITLE: Final = re.compile(r"^(?=# )", re.MULTILINE)


def put(path: Path, part: str) -> None:
    """Write a part, which begins with its title, in place of the one with the same title, or behind all others."""
    parts = [each for each in TITLE.split(path.read_text(encoding="utf-8") if path.exists() else "") if each.strip()]
    titles = [_title(each) for each in parts]
    at = titles.index(_title(part)) if _title(part) in titles else len(parts)
    parts[at : at + 1] = [part]
    path.write_text("\n\n".join(each.strip() for each in parts) + "\n", encoding="utf-8")


def written(target: str, minutes: float, *, steady: bool) -> str:
    """When, and by which target."""
    said = f"Written by `make {target}` on {datetime.now(UTC):%d %B %Y}; it took {minutes:.0f} minutes."
    return said if steady else f"{said} **The source of ours was changed meanwhile: run it again.**"


def place(machine: Mapping[str, str], others: float, versions: Mapping[str, str], kinds: Sequence[Kind]) -> str:
    """Where it ran, and how."""
    busy = {"others on it": f"took {others:.0%} of the processors while this ran"}
    width = max(len(each.name) for each in kinds)
    lines = [
        "## Where",
        table(("", ""), list({**machine, **busy, **versions}.items())),
        "The commands, with a port and a database of its own each:",
        "```\n" + "\n".join(f"{each.name:{width}} {each.shown()}" for each in kinds) + "\n```",
    ]
    return "\n\n".join(lines)


def _title(part: str) -> str:
    return part.lstrip().partition("\n")[0].strip()
