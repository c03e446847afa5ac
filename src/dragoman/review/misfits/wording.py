"""What words of names mean to the rules, and how their messages count and list."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from dragoman.review.english import singular, vocabulary

READING: Final = vocabulary(
    "get list fetch read find search query lookup retrieve show describe view browse count check exists"
)
"""Verbs of calls that change nothing."""

CHANGING: Final = vocabulary(
    "create add insert update modify edit change set delete remove destroy save submit send cancel approve reject "
    "activate deactivate enable disable register unregister assign unassign upload import publish unpublish move "
    "rename reset revoke grant start stop restart close reopen archive unarchive purge clear process execute "
    "apply confirm refund charge pay transfer book reserve release lock unlock ban unban block unblock suspend "
    "resume terminate provision deploy rotate replace upsert put post patch merge sync generate invite attach "
    "detach"
)
"""Verbs of calls that change something. Many are nouns too, so that where a word stands decides."""

VERBS: Final = READING | CHANGING

COMPUTING: Final = vocabulary(
    "predict infer score classify embeddings rank rerank recommend completions translate transcribe summarize detect "
    "inference forecast"
)
"""What a call begins with that computes an answer from its input, as a model does."""


@lru_cache(maxsize=65536)
def bare(name: str) -> str:
    """The name without what casing adds: ``pageSize`` and ``page_size`` as ``pagesize``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_plural(noun: str) -> bool:
    """Whether it looks like more than one, or is a word without a plural."""
    return singular(noun) != noun or noun in _UNCOUNTED


_UNCOUNTED: Final = vocabulary(
    "media data metadata info information news equipment inventory content history analytics storage access people "
    "children feedback stock staff software hardware traffic billing"
)


def counted(number: int, noun: str) -> str:
    """``1 operation``, ``3 operations``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def some(names: list[str], limit: int = 3) -> str:
    """The first of them, and how many more there are: ``a, b, c and 4 more``."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"
