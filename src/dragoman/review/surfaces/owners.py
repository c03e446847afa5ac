"""Who owns a file, as CODEOWNERS says it: the form that GitHub and GitLab share. Of several patterns the last wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .globs import expression

PLACES: Final = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")


def owners_below(folder: Path) -> Callable[[str], str | None]:
    """Tells the owner of a path below the folder; None where nobody is named."""
    rules = [rule for place in PLACES for rule in _rules(folder / place)]

    def owner(path: str) -> str | None:
        found = [names for pattern, names in rules if pattern.search(f"/{path}")]
        return found[-1] or None if found else None

    return owner


def _rules(file: Path) -> list[tuple[re.Pattern[str], str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    rules = []
    for line in lines:
        pattern, *names = line.split("#")[0].split() or [""]
        if pattern and not pattern.startswith(("[", "^[")):
            rules.append((_compiled(pattern), " ".join(names)))
    return rules


def _compiled(pattern: str) -> re.Pattern[str]:
    """The rules of .gitignore, but for negation and ranges, which CODEOWNERS does not have."""
    anchored = "/" in pattern.rstrip("/")
    body = expression(pattern.lstrip("/"))
    end = "" if pattern.endswith("/") else "(/.*)?$" if not pattern.endswith("/*") else "$"
    return re.compile(f"{'^/' if anchored else '/'}{body}{end}")
