"""What is noticed while a document is read."""

from __future__ import annotations

from typing import Final

from dragoman.review.elements import Element
from dragoman.review.reading.outcome import Kept, Refusal, Remark
from dragoman.review.reading.tree import Tree

from .node import Node

MAX_REMARKS: Final = 1000
"""How many things that are wrong are told of one document."""


class Notes:
    """Collects remarks, and what the contract cannot hold: each thing once for an element."""

    def __init__(self) -> None:
        self._remarks: dict[tuple[str, object], Remark] = {}
        self._kept: dict[tuple[Element, str], Node] = {}

    def remark(self, node: Node, message: str, remedy: str = "") -> None:
        """Something is wrong at that place."""
        key = message, node.key
        if key not in self._remarks and len(self._remarks) < MAX_REMARKS:
            self._remarks[key] = Remark(node.position, message, remedy)

    def refused(self, node: Node, refusal: Refusal) -> None:
        """Another document, which this one refers to, was not read."""
        self.remark(node, refusal.message, refusal.remedy)

    def of_another(self, tree: Tree) -> None:
        """Another document was read, with remarks of its own."""
        for each in tree.remarks[:MAX_REMARKS]:
            self._remarks.setdefault((each.message, each.position), each)

    def keep(self, element: Element, what: str, node: Node) -> None:
        """The contract has no place for it."""
        self._kept.setdefault((element, what), node)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """By their places."""
        return tuple(sorted(self._remarks.values(), key=lambda each: each.position))

    @property
    def kept(self) -> tuple[Kept, ...]:
        """In the order in which they were met."""
        return tuple(Kept(element, what, node.position) for (element, what), node in self._kept.items())
