"""OPTIONS (RFC 9110, section 9.3.7): which methods a path offers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from dragoman.ports.wire import Header, Request, Response

from .caching import NO_STORE
from .json_body import JSON, MERGE_PATCH


def offered(methods: Collection[str]) -> tuple[str, ...]:
    """All methods of a path that has these: HEAD where GET is, and OPTIONS always."""
    return tuple(sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())}))


def allow(methods: Sequence[str]) -> Header:
    """``Allow``, of all that are offered."""
    return (b"allow", ", ".join(methods).encode())


@dataclass(frozen=True, slots=True)
class OptionsMatch:
    """A request that asks which methods there are; ``methods`` are all of them."""

    methods: tuple[str, ...]
    operation: str = ""

    async def answer(self, exchange: Any, request: Request) -> Response:
        """What there is."""
        return answer_options(self.methods)


def answer_options(methods: Sequence[str]) -> Response:
    """204 with ``Allow``, and ``Accept-Patch`` (RFC 5789, section 3.1) where changes are taken."""
    headers = [NO_STORE, allow(methods)]
    if "PATCH" in methods:
        headers.append((b"accept-patch", f"{MERGE_PATCH}, {JSON}".encode()))
    return Response(204, headers)
