"""Templates of paths: their segments, and what these are."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from dragoman.review.english import vocabulary, words

VERSION: Final = re.compile(r"v\d+(?:[._-]\d+)*(?:(?:alpha|beta|preview|rc)\d*)?|\d{4}-\d{2}(?:-\d{2})?", re.IGNORECASE)
"""``v1``, ``v2beta1``, ``2026-01-31``."""


@lru_cache(maxsize=16384)
def segments(path: str) -> tuple[str, ...]:
    """The parts between the slashes, without query and empty ones."""
    return tuple(part for part in path.partition("?")[0].split("/") if part)


def is_variable(segment: str) -> bool:
    """Whether a value stands in for it: ``{id}``, ``:id``."""
    return "{" in segment or segment.startswith(":")


def literals(path: str) -> tuple[str, ...]:
    """The segments that are words, without versions."""
    return tuple(each for each in segments(path) if not is_variable(each) and not VERSION.fullmatch(each))


def version_of(path: str) -> str | None:
    """The first segment that is a version."""
    return next((each for each in segments(path) if VERSION.fullmatch(each)), None)


def last(path: str) -> str:
    """The last segment; empty for the root."""
    parts = segments(path)
    return parts[-1] if parts else ""


def first_word(segment: str) -> str:
    """The word that a segment begins with."""
    found = words(segment)
    return found[0] if found else ""


def shape(path: str) -> str:
    """The path with its variables made nameless, so that those of one shape match the same addresses."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


_ENTRY: Final = vocabulary(
    "login signin logout signout signup register registration token tokens oauth oauth2 authorize auth "
    "authenticate authentication session sessions password otp verify activation refresh openid jwks wellknown "
    "saml sso introspect revoke reset"
)
_PLAIN: Final = vocabulary(
    "health healthz healthcheck ready readyz readiness live livez liveness ping status heartbeat metrics openapi "
    "swagger docs doc schema robots favicon version info about time"
)


def is_entry(path: str) -> bool:
    """Whether callers come there to be let in, so that they cannot have been before."""
    return any(word in _ENTRY for segment in literals(path) for word in (*words(segment), "".join(words(segment))))


def is_plain(path: str) -> bool:
    """Whether it speaks of the server and not of the product: health, documents, the version."""
    parts = literals(path)
    return not parts or "".join(words(parts[-1])) in _PLAIN or ".well-known" in parts
