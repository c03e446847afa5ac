"""Who is let in: ``security``, and the schemes that it names."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.review.reading.outcome import Scheme
from dragoman.review.wire import Requirement

from .node import Node
from .references import References


def requirements(operation: Node, root: Node) -> tuple[Requirement, ...] | None:
    """The ways to be let in, of the operation itself or of the whole document; None where neither says anything. An
    empty list, which takes back what the document says, lets anybody in.
    """
    for node in (operation, root):
        if isinstance(node.object.get("security"), list):
            return tuple(_requirement(each) for each in node.items("security")) or (Requirement(),)
    return None


def _requirement(node: Node) -> Requirement:
    return Requirement(tuple((name, _scopes(each)) for name, each in node.members()))


def _scopes(node: Node) -> tuple[str, ...]:
    return tuple(each for each in node.value if isinstance(each, str)) if isinstance(node.value, list) else ()


def schemes(root: Node, references: References) -> Iterator[Scheme]:
    """The schemes that a document declares, those of Swagger 2.0 in the words of 3.0."""
    section = root.get("components")
    listed = [*root.members("securityDefinitions"), *(section.members("securitySchemes") if section else ())]
    for name, each in listed:
        node = references.follow(each)
        if node is None:
            continue
        type_, scheme = node.text("type"), node.text("scheme")
        if type_ == "basic":
            type_, scheme = "http", "basic"
        yield Scheme(name, type_, node.text("in"), scheme.lower(), tuple(_declared_scopes(node)))


def _declared_scopes(node: Node) -> Iterator[str]:
    seen = dict.fromkeys(name for name, _ in node.members("scopes"))
    for _, flow in node.members("flows"):
        seen |= dict.fromkeys(name for name, _ in flow.members("scopes"))
    yield from seen
