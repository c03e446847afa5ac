"""Servers, and which of them have a channel."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.references import References

from .exchange import Server


def read_servers(root: Node, references: References) -> tuple[Server, ...]:
    """The document's servers, 2.x's by ``url``, 3.x's by ``host`` and ``pathname``."""
    return tuple(_servers(root, references))


def _servers(root: Node, references: References) -> Iterator[Server]:
    for name, each in root.members("servers"):
        node = references.follow(each)
        if node is None:
            continue
        protocol = node.text("protocol")
        url = node.text("url")
        if node.text("host"):
            url = f"{protocol}://{node.text('host')}{node.text('pathname')}"
        for variable, said in node.members("variables"):
            given = references.follow(said)
            default = "" if given is None else str(given.object.get("default", ""))
            url = url.replace(f"{{{variable}}}", default or f"{{{variable}}}")
        if protocol and "://" not in url:
            url = f"{protocol}://{url}"
        yield Server(name, url, protocol, node)


def servers_of(channel: Node, servers: tuple[Server, ...], references: References) -> tuple[Server, ...]:
    """Those that have the channel: all of them, where it names none. 2.x names them, 3.x refers to them."""
    names = set(channel.texts("servers"))
    keys = {found.key for each in channel.items("servers") if (found := references.follow(each)) is not None}
    chosen = tuple(each for each in servers if each.name in names or each.node.key in keys)
    return chosen or servers
