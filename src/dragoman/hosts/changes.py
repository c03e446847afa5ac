"""Follows changes of the program, while it is developed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles


def follow(changed: Callable[[], None]) -> None:
    """Call ``changed``, in a thread, whenever Python files below the working directory have changed."""
    threading.Thread(target=_follow, args=(Path.cwd(), changed), name="dragoman-changes", daemon=True).start()


def _follow(folder: Path, changed: Callable[[], None]) -> None:
    # Editors and formatters write several times in a row: those are one change.
    for _ in watchfiles.watch(folder, watch_filter=watchfiles.PythonFilter(), debounce=400, raise_interrupt=False):
        changed()
