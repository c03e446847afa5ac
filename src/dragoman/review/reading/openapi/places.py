"""Where the elements of a document stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dragoman.review.elements import Element, Kind, Position

from .node import Key, Node
from .references import References

_INNER = ("items", "additionalProperties", "schema", "itemSchema", "contentSchema", "payload")
_PARTS = ("allOf", "oneOf", "anyOf", "prefixItems")


@dataclass(frozen=True, slots=True)
class Places:
    """Finds them. Operations, parameters, answers and types were noted when they were read; fields are looked for when
    they are asked for, on the way that their names say, through whatever their types refer to.
    """

    root: Node
    types: Mapping[str, Node]
    others: Mapping[Element, Node]
    references: References

    def locate(self, element: Element) -> Position:
        """The element's place, or its owner's, at last the document's."""
        node = self._node(element)
        return (self.root if node is None else node).position

    def _node(self, element: Element) -> Node | None:
        if element.kind is Kind.TYPE:
            return self.types.get(element.name) or self._inner(element.name)
        if element.kind in (Kind.FIELD, Kind.VALUE):
            return self._inner(element.name)
        if element in self.others:
            return self.others[element]
        if element.kind in (Kind.PARAMETER, Kind.ANSWER):
            return self.others.get(Element(Kind.OPERATION, element.name.rpartition(" · ")[0]))
        return None

    def _inner(self, name: str) -> Node | None:
        """The field at the end of a path of names, behind the longest owner that is known."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            owner = self._owner(".".join(parts[:length]))
            if owner is not None:
                return self._walk(owner, parts[length:])
        return None

    def _owner(self, name: str) -> Node | None:
        kinds = (Kind.OPERATION, Kind.ANSWER, Kind.PARAMETER, Kind.EVENT)
        found = (self.others.get(Element(kind, name)) for kind in kinds)
        return self.types.get(name) or next((each for each in found if each is not None), None)

    def _walk(self, node: Node, parts: list[str]) -> Node:
        """The field, or the last on the way to it that there is. Names may hold full stops."""
        while parts:
            for length in range(len(parts), 0, -1):
                step = self._step(node, ".".join(parts[:length]), set())
                if step is not None:
                    node, parts = step, parts[length:]
                    break
            else:
                return node
        return node

    def _step(self, node: Node | None, name: str, seen: set[Key]) -> Node | None:
        """The property of that name, or the value of an enum, of a schema or of what it is made of."""
        node = self.references.follow(node)
        if node is None or node.key in seen:
            return None
        seen.add(node.key)
        properties = node.get("properties")
        found = None if properties is None else properties.get(name)
        if found is not None:
            return found
        for value in node.items("enum"):
            if str(value.value) == name:
                return value
        inner = [node.get(word) for word in _INNER] + [node.get("requestBody")]
        parts = [each for word in _PARTS for each in node.items(word)]
        listed = list(node.items("parameters"))
        media = [each for _, each in node.members("content")]
        for each in listed:
            given = self.references.follow(each)
            if given is not None and given.text("name") == name:
                return each
        for part in (*parts, *inner, *media, *listed):
            found = self._step(part, name, seen)
            if found is not None:
                return found
        return None
