"""English, as far as names need it: the words that a name is made of, and one or more of a thing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def vocabulary(words_: str) -> frozenset[str]:
    """The words between the blanks."""
    return frozenset(words_.split())


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """``listOrderLines``, ``list_order_lines`` and ``list-order-lines`` as ``list``, ``order``, ``lines``. Of a name
    that is longer than any that people write, the beginning counts.
    """
    return tuple(word.lower() for word in _WORD.findall(name[:200]))


def singular(noun: str) -> str:
    """The regular English singular, good enough to compare two names."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "zes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "sis", "xis", "ris")) else noun
