"""Which route a path and a method lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import NotFound
from dragoman.runtime.problem import MethodNotAllowed

from .query import decode

R = TypeVar("R")

PARAMETER: Final = "{id}"


@dataclass(slots=True)
class _Node(Generic[R]):
    static: dict[str, _Node[R]]
    verbs: dict[str, _Node[R]]
    methods: dict[str, R]
    parameter: _Node[R] | None = None


def _node() -> _Node[Any]:
    return _Node({}, {}, {})


class Router(Generic[R]):
    """Paths below a surface's own, with at most one parameter, ``{id}``, which a custom method may follow:
    ``/orders/{id}:cancel``.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._root: _Node[R] = _node()

    def add(self, method: str, template: str, route: R) -> None:
        """Add a route. Raises DeclarationError if the path and method have one."""
        node = self._root
        for segment in template.split("/")[1:]:
            node = self._child(node, segment)
        if method in node.methods:
            raise DeclarationError(
                self._place,
                f"two operations would both be {method} {template}",
                "Rename one, or expose only one",
            )
        node.methods[method] = route

    def _child(self, node: _Node[R], segment: str) -> _Node[R]:
        if not segment.startswith(PARAMETER):
            return node.static.setdefault(segment, _node())
        if node.parameter is None:
            node.parameter = _node()
        verb = segment[len(PARAMETER) + 1 :]
        return node.parameter.verbs.setdefault(verb, _node()) if verb else node.parameter

    def find(self, method: str, path: str) -> tuple[R, str]:
        """The route and the id in the path, if any. Raises NotFound and MethodNotAllowed, which says what there is."""
        node, id = self._root, ""
        for segment in path.split("/")[1:]:
            known = node.static.get(segment)
            if known is not None:
                node = known
                continue
            found = self._parameter(node, segment)
            if found is None:
                raise NotFound(f"there is no {path[:100]!r} on this surface")
            node, id = found
        route = node.methods.get(method)
        if route is not None:
            return route, id
        if not node.methods:
            raise NotFound(f"there is no {path[:100]!r} on this surface")
        allowed = sorted(node.methods)
        raise MethodNotAllowed(f"{method[:20]} is not offered here; {', '.join(allowed)} is", allowed)

    @staticmethod
    def _parameter(node: _Node[R], segment: str) -> tuple[_Node[R], str] | None:
        child = node.parameter
        if child is None or not segment:
            return None
        text, colon, verb = segment.partition(":")
        if colon:
            child = child.verbs.get(verb)
            if child is None:
                return None
        return child, decode(text.replace("+", "%2B")) if "%" in text else text
