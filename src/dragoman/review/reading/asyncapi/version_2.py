"""AsyncAPI 2.x: ``publish`` and ``subscribe`` under each channel.

They say what *others* do: what a channel lets others publish the application receives, and what they subscribe to it
sends. 3.0 turned this round, into the words that are used everywhere here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.references import References

from .exchange import Action, Channel, Exchange, Named, Server
from .merging import with_traits
from .servers import servers_of

_ACTIONS: Final[tuple[tuple[str, Action], ...]] = (("publish", "receive"), ("subscribe", "send"))


def exchanges(root: Node, servers: tuple[Server, ...], references: References) -> Iterator[Exchange]:
    """All that goes through the channels."""
    for address, item in root.members("channels"):
        node = references.follow(item)
        if node is None:
            continue
        channel = Channel(address, node, servers_of(node, servers, references))
        for word, action in _ACTIONS:
            given = node.get(word)
            if given is not None and isinstance(given.value, dict):
                operation = with_traits(given, references, own_first=False)
                messages = tuple(_messages(operation.get("message"), references))
                yield Exchange(action, channel, operation, messages, operation.text("operationId"))


def _messages(node: Node | None, references: References) -> Iterator[Named]:
    """A message, or one of several."""
    found = references.follow(node)
    if found is None:
        return
    several = list(found.items("oneOf"))
    if not several:
        yield Named(_key(found), found)
    for each in several:
        one = references.follow(each)
        if one is not None:
            yield Named(_key(one), one)


def _key(node: Node) -> str:
    """The name under which a message stands among the components."""
    return str(node.pointer[-1]) if node.pointer[-2:-1] == ("messages",) else ""
