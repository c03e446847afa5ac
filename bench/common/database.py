"""The database that every server gets a copy of: made by ``dragoman migrate``, with one key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

TENANT: Final = "bench"


def prepare(path: Path, folder: Path, audience: str) -> str:
    """Make the database for the ``ours.py`` in a folder. Returns the key that opens it."""
    dragoman(folder, "migrate", "ours:app", "--database", str(path))
    asked = ("--owner", "bench", "--tenant", TENANT, "--audience", audience)
    return dragoman(folder, "keys", "create", "--database", str(path), *asked)


def dragoman(folder: Path, *arguments: str) -> str:
    """What a command of ours prints, run in a folder."""
    command = (sys.executable, "-m", "dragoman", *arguments)
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
