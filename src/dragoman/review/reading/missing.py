"""Libraries that only the review needs, imported when they are."""

from __future__ import annotations

import importlib
from typing import Any

from dragoman.review.elements import Position

from .outcome import Refusal, Why


def wanted(module: str, file: str) -> Any:
    """The module. Raises Refusal, for the file that needs it, where the extra ``review`` is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f"it is read with the Python package {module}, which is not installed"
        raise Refusal(Why.UNSUPPORTED, Position(file), message, "Run pip install 'dragoman[review]'") from None
