"""Traits: parts that several operations or messages share, merged as JSON Merge Patch has it (RFC 7396)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.references import References

MAX_MERGED: Final = 10_000
"""How many objects are merged with one another for one node. Aliases of YAML can make a few lines hold billions."""


def with_traits(node: Node, references: References, *, own_first: bool) -> Node:
    """The node with what its traits say. In 3.x what it says itself counts (``own_first``); in 2.x the traits do."""
    followed = [references.follow(part) for part in node.items("traits")]
    traits = [part.object for part in followed if part is not None]
    if not traits:
        return node
    own = {name: value for name, value in node.object.items() if name != "traits"}
    merge = _Merge()
    merged: dict[str, Any] = {} if own_first else own
    for each in (*traits, own) if own_first else traits:
        merged = merge.of(merged, each)
    return node.having(merged)


class _Merge:
    def __init__(self) -> None:
        self._left = MAX_MERGED

    def of(self, target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """The target with the patch over it; null takes away."""
        self._left -= 1
        found = dict(target)
        for name, value in patch.items():
            known = found.get(name)
            if value is None:
                found.pop(name, None)
            elif isinstance(known, dict) and isinstance(value, dict) and "$ref" not in value and self._left > 0:
                found[name] = self.of(known, value)
            else:
                found[name] = value
        return found
