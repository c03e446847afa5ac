"""A value of a document, together with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from dragoman.review.elements import Element, Kind, Position
from dragoman.review.reading.tree import Pointer, Tree

Key: TypeAlias = tuple[str, Pointer]
"""What tells nodes apart: the file and the pointer."""


class Node:
    """A value, and the way to it. What is asked for and is of another type counts as absent: documents are read for
    what they say, and validators say what they should.
    """

    __slots__ = ("pointer", "tree", "value")

    def __init__(self, tree: Tree, pointer: Pointer, value: Any) -> None:
        self.tree = tree
        self.pointer = pointer
        self.value = value

    def __repr__(self) -> str:
        return f"<{self.tree.file}#/{'/'.join(map(str, self.pointer))}>"

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.tree.file, self.pointer

    @property
    def position(self) -> Position:
        """Its place."""
        return self.tree.locate(self.pointer)

    @property
    def object(self) -> dict[str, Any]:
        """The value, if it is an object; an empty one otherwise."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, name: str) -> Node | None:
        """The member of that name."""
        value = self.object
        return Node(self.tree, (*self.pointer, name), value[name]) if name in value else None

    def members(self, name: str | None = None) -> Iterator[tuple[str, Node]]:
        """The members of the object under the name, or of this one."""
        node = self if name is None else self.get(name)
        if node is not None:
            for each, value in node.object.items():
                yield each, Node(node.tree, (*node.pointer, each), value)

    def items(self, name: str) -> Iterator[Node]:
        """The items of the list under the name."""
        found = self.object.get(name)
        if isinstance(found, list):
            for index, value in enumerate(found):
                yield Node(self.tree, (*self.pointer, name, index), value)

    def text(self, name: str) -> str:
        """The string under the name, or an empty one."""
        found = self.object.get(name)
        return found if isinstance(found, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings in the list under the name."""
        return tuple(each.value for each in self.items(name) if isinstance(each.value, str))

    def flag(self, name: str) -> bool:
        """Whether true stands under the name."""
        return self.object.get(name) is True

    def having(self, value: Any) -> Node:
        """Another value at the same place."""
        return Node(self.tree, self.pointer, value)


class Where:
    """What a schema belongs to: an element, and the path from it to the field that is read."""

    __slots__ = ("path", "root")

    def __init__(self, root: Element, path: str = "") -> None:
        self.root = root
        self.path = path or root.name

    def field(self, name: str) -> Where:
        """A field of the type that is here."""
        return Where(self.root, f"{self.path}.{name}")

    @property
    def element(self) -> Element:
        """The element that is here."""
        return self.root if self.path == self.root.name else Element(Kind.FIELD, self.path)
