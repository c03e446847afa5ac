"""``$ref``: followed when it is met, within the document and to others beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal
from dragoman.review.reading.tree import Tree

from .node import Node
from .notes import Notes

Load: TypeAlias = Callable[[str, Position], Tree]
"""Loads another document: a reference without its fragment, and where it stands. Raises Refusal."""

MAX_HOPS: Final = 64
"""How many references may follow one another."""

REF: Final = "$ref"


def is_reference(node: Node) -> bool:
    """Whether the object refers to another."""
    return isinstance(node.object.get(REF), str)


class References:
    """Follows references. What leads nowhere is remarked on, once."""

    def __init__(self, notes: Notes, load: Load | None) -> None:
        self._notes = notes
        self._load = load
        self._known: dict[tuple[str, str], Node | None] = {}
        self._named: dict[str, dict[str, Node]] = {}

    def follow(self, node: Node | None) -> Node | None:
        """The node, or what its references lead to at last; None where that is nothing."""
        hops = 0
        while node is not None and is_reference(node):
            hops += 1
            if hops > MAX_HOPS:
                message = f"the reference {_short(node.value[REF])} leads to itself, or nowhere in {MAX_HOPS} steps"
                self._notes.remark(node, message, "Let it refer to what is meant")
                return None
            node = self.target(node)
        return node

    def target(self, node: Node) -> Node | None:
        """What the node's own reference leads to."""
        key = node.tree.file, node.value[REF]
        if key not in self._known:
            try:
                self._known[key] = self._found(node, key[1])
            except Refusal as refusal:
                self._notes.refused(node, refusal)
                self._known[key] = None
        return self._known[key]

    def _found(self, node: Node, reference: str) -> Node | None:
        address, _, fragment = reference.partition("#")
        base = self._base(node, address) if address else Node(node.tree, (), node.tree.value)
        if base is None:
            return None
        fragment = unquote(fragment)
        named = fragment[:1] not in ("", "/")
        found = self._names(base.tree).get(f"#{fragment}") if named else _at(base, fragment)
        if found is None:
            message = f"the reference {_short(reference)} leads to nothing"
            self._notes.remark(node, message, "Correct it, or add what it refers to")
        return found

    def _base(self, node: Node, address: str) -> Node | None:
        """What a pointer starts from: a part of the document that has this ``$id``, or another document."""
        named = self._names(node.tree).get(address)
        if named is not None:
            return named
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            message = f"the reference {_short(address)} is on a network, which is not asked"
            self._notes.remark(node, message, "Keep a copy of it beside the document, and refer to that")
            return None
        if self._load is None:
            message = f"the reference {_short(address)} is another file, and this document is read alone"
            self._notes.remark(node, message, "Review the folder that holds both")
            return None
        tree = self._load(address, node.position)
        self._notes.of_another(tree)
        return Node(tree, (), tree.value)

    def _names(self, tree: Tree) -> dict[str, Node]:
        """What has a name of its own (``$id``, ``$anchor``, ``$dynamicAnchor``: JSON Schema 2020-12, core, section 8.2)
        by that name.
        """
        if tree.file not in self._named:
            self._named[tree.file] = found = dict[str, Node]()
            pending = [Node(tree, (), tree.value)]
            while pending:
                node = pending.pop()
                for word, start in (("$id", ""), ("$anchor", "#"), ("$dynamicAnchor", "#")):
                    if isinstance(node.value, dict) and isinstance(node.value.get(word), str):
                        found.setdefault(start + node.value[word], node)
                pending += _containers(node)
        return self._named[tree.file]


def _containers(node: Node) -> list[Node]:
    pairs: Any = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
    return [Node(node.tree, (*node.pointer, step), value) for step, value in pairs if isinstance(value, dict | list)]


def _at(base: Node, pointer: str) -> Node | None:
    """What a JSON pointer leads to (RFC 6901)."""
    value: Any = base.value
    inner: Any
    way = list(base.pointer)
    for token in pointer.split("/")[1:]:
        step: str | int = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and token.isascii() and token.isdigit() and int(token[:9]) < len(value):
            step = int(token[:9])
        elif not isinstance(value, dict) or step not in value:
            return None
        inner = value
        value = inner[step]
        way.append(step)
    return Node(base.tree, tuple(way), value)


def _short(reference: str) -> str:
    return reference if len(reference) <= 100 else reference[:99] + "…"
