"""Regular expressions that mean one thing everywhere.

A pattern in the schema is read as JSON Schema reads it (ECMA-262). Python differs in two places that matter:
its ``$`` also matches before a final line feed, and its ``\\d`` and ``\\w`` match the digits and letters of
every script.
"""

from __future__ import annotations

import re
from functools import cache


def python_source(pattern: str) -> str:
    """The same expression for Python's ``re``, where ``$`` is the very end."""
    found: list[str] = []
    in_class = False
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            found.append(pattern[position : position + 2])
            position += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "$":
            character = r"\Z"
        found.append(character)
        position += 1
    return "(?a)" + "".join(found)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression, ready to search with."""
    return re.compile(python_source(pattern))
