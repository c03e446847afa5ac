"""Which directives need no definition: GraphQL's own and Apollo Federation's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.review.elements import Position

from .definition import Schema

BUILT_IN: Final = frozenset({"deprecated", "specifiedBy", "oneOf", "skip", "include", "defer", "stream"})

FEDERATION: Final = frozenset(
    {
        *("key", "external", "requires", "provides", "extends", "shareable", "inaccessible", "override", "tag", "link"),
        *("interfaceObject", "composeDirective", "authenticated", "requiresScopes", "policy", "cost", "listSize"),
        *("context", "fromContext", "contact", "core", "join__type", "join__field", "join__graph", "join__owner"),
        *("join__implements", "join__unionMember", "join__enumValue", "join__directive", "cacheTag"),
    }
)
"""Directives that a gateway or a router gives every subgraph (Apollo Federation 1 and 2)."""


def unknown(schema: Schema) -> Iterator[tuple[str, Position]]:
    """The directives that are applied and neither defined nor given, each with the first place."""
    for name, position in schema.directives:
        given = name in BUILT_IN or name in FEDERATION or name.startswith("federation__")
        if not given and name not in schema.declared:
            yield name, position
