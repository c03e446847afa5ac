"""Patterns of paths, in which ``**`` crosses folders and ``*`` and ``?`` do not."""

from __future__ import annotations

import re
from typing import Final

_WILD: Final = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_PART: Final = re.compile(r"(\*\*/|/\*\*$|\*\*|\*|\?)")


def expression(pattern: str) -> str:
    """The pattern as a regular expression, without anchors."""
    return "".join(_WILD.get(part) or re.escape(part) for part in _PART.split(pattern))
