"""Traits: parts that several operations or messages share, merged as JSON Merge Patch has it (RFC 7396)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.references import References


def with_traits(node: Node, references: References, *, own_first: bool) -> Node:
    """The node with what its traits say. In 3.x what it says itself counts (``own_first``); in 2.x the traits do."""
    followed = [references.follow(part) for part in node.items("traits")]
    traits = [part.object for part in followed if part is not None]
    if not traits:
        return node
    own = {name: value for name, value in node.object.items() if name != "traits"}
    merged: dict[str, Any] = {} if own_first else own
    for each in (*traits, own) if own_first else traits:
        merged = _merged(merged, each)
    return node.having(merged)


def _merged(target: Any, patch: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict) and "$ref" not in value and depth < 16:
            found[name] = _merged(found.get(name), value, depth + 1)
        else:
            found[name] = value
    return found
