"""The release that made a report."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as of_package


@cache
def version() -> str:
    """``0.1.0``; ``0`` where Dragoman runs without being installed."""
    try:
        return of_package("dragoman")
    except PackageNotFoundError:
        return "0"
