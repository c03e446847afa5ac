"""Which route a path and a method lead to."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import NotFound
from dragoman.runtime.http.options import offered
from dragoman.runtime.http.problem import MethodNotAllowed

from .query import decode

R = TypeVar("R")

PARAMETER: Final = "{id}"
LIKE: Final = 0.7
"""How like a segment must be to the one that was meant, as difflib counts."""
MAX_SHOWN: Final = 100
"""How much of an unknown path is told, and looked at for what was meant."""
NAMED: Final = 5
"""How many paths are told to who asks for none of them."""


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
    ``/orders/{id}:cancel``. ``base`` is the surface's own path, for what is said of unknown ones.
    """

    def __init__(self, place: str, base: str = "") -> None:
        self._place = place
        self._base = base
        self._root: _Node[R] = _node()
        self._templates: dict[str, None] = {}
        self._exact: dict[str, _Node[R]] = {}

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
        if method == "GET":
            node.methods["HEAD"] = route
        self._templates[template] = None
        if PARAMETER not in template:
            self._exact[template] = node

    def _child(self, node: _Node[R], segment: str) -> _Node[R]:
        if not segment.startswith(PARAMETER):
            return node.static.setdefault(segment, _node())
        if node.parameter is None:
            node.parameter = _node()
        verb = segment[len(PARAMETER) + 1 :]
        return node.parameter.verbs.setdefault(verb, _node()) if verb else node.parameter

    def find(self, method: str, path: str) -> tuple[R, str]:
        """The route and the id in the path, if any; HEAD has the route of GET. Raises NotFound and MethodNotAllowed,
        which says what there is.
        """
        node, id = self._walk(path)
        route = node.methods.get(method)
        if route is None:
            raise MethodNotAllowed(method, offered(node.methods))
        return route, id

    def methods(self, path: str) -> tuple[str, ...]:
        """Every method that a path offers. Raises NotFound."""
        return offered(self._walk(path)[0].methods)

    def _walk(self, path: str) -> tuple[_Node[R], str]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, ""
        node, id = self._root, ""
        for segment in path.split("/")[1:]:
            known = node.static.get(segment)
            if known is not None:
                node = known
                continue
            found = self._parameter(node, segment)
            if found is None:
                raise self._unknown(path)
            node, id = found
        if not node.methods:
            raise self._unknown(path)
        return node, id

    def _unknown(self, path: str) -> NotFound:
        """What is said of a path that leads nowhere: the path that was likely meant, or some that there are."""
        if path.strip("/"):
            text = f"there is no {self._base + path[:MAX_SHOWN]!r} on this surface"
            close = self._close(path)
            return NotFound(f"{text}; did you mean {self._base}{close}?" if close else text)
        shown = [self._base + each for each in list(self._templates)[:NAMED]]
        more = f", and {len(self._templates) - NAMED} more" if len(self._templates) > NAMED else ""
        return NotFound(
            f"nothing is served at this path itself; below it there are {', '.join(shown)}{more}: "
            f"{self._base}/openapi.json describes them"
        )

    def _close(self, path: str) -> str:
        """The path that was likely meant: as paths are written here, with the ids that were sent."""
        if len(path) > MAX_SHOWN:
            return ""
        parts = path.rstrip("/").split("/")
        best, most = "", 0.0
        for template in self._templates:
            pattern = template.split("/")
            if len(pattern) != len(parts):
                continue
            meant = [_meant(sent, known) for sent, known in zip(parts, pattern, strict=True)]
            likeness = 1.0
            for each in zip(parts, meant, strict=True):
                if likeness >= LIKE:
                    likeness = min(likeness, _likeness(*each))
            if likeness > most:
                best, most = "/".join(meant), likeness
        return best if most >= LIKE else ""

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


def _meant(sent: str, known: str) -> str:
    """The segment of a known path, with the id that was sent in its place."""
    return known.replace(PARAMETER, sent.partition(":")[0]) if known.startswith(PARAMETER) else known


def _likeness(sent: str, known: str) -> float:
    """How like two segments are, letter case and underscores aside."""
    one, other = (text.replace("_", "").replace("-", "").lower() for text in (sent, known))
    if one == other:
        return 1.0
    matcher = difflib.SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.real_quick_ratio() >= LIKE and matcher.quick_ratio() >= LIKE else 0.0
