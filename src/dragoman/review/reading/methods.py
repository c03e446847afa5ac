"""What methods of HTTP do, wherever a document binds an operation to one."""

from __future__ import annotations

from typing import Final

from dragoman.contract.operation import Effect

_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "SEARCH", "REPORT"))
_IDEMPOTENT: Final = frozenset(("PUT", "DELETE"))


def effect_of(method: str) -> Effect:
    """What a call by the method does (RFC 9110, section 9.2, and the registry of methods)."""
    return Effect.SAFE if method in _SAFE else Effect.IDEMPOTENT if method in _IDEMPOTENT else Effect.UNSAFE
