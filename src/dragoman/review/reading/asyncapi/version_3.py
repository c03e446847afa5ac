"""AsyncAPI 3.x: operations refer to channels, which hold messages."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.review.reading.openapi.node import Key, Node
from dragoman.review.reading.openapi.notes import Notes
from dragoman.review.reading.openapi.references import References

from .exchange import Action, Channel, Exchange, Named, Server
from .merging import with_traits
from .servers import servers_of


class Exchanges:
    """Reads them. A channel that no operation uses is taken to be sent to, and remarked on."""

    def __init__(self, root: Node, servers: tuple[Server, ...], references: References, notes: Notes) -> None:
        self._root = root
        self._servers = servers
        self._references = references
        self._notes = notes
        self._used: set[Key] = set()

    def read(self) -> Iterator[Exchange]:
        """All that goes through the channels."""
        for name, each in self._root.members("operations"):
            found = self._references.follow(each)
            if found is not None:
                yield from self._operation(name, with_traits(found, self._references, own_first=True))
        for name, each in self._root.members("channels"):
            node = self._references.follow(each)
            if node is None or node.key in self._used:
                continue
            channel = self._channel(name, node)
            messages = self._of_channel(node)
            if messages:
                message = f"no operation says whether the application sends to the channel {channel.address}"
                self._notes.remark(node, f"{message} or receives from it; it is taken to send", "Add an operation")
                yield Exchange("send", channel, node, messages)

    def _operation(self, name: str, node: Node) -> Iterator[Exchange]:
        action: Action
        match node.text("action"):
            case "send":
                action = "send"
            case "receive":
                action = "receive"
            case other:
                message = f"the operation {name} has the action {other[:40]!r}"
                self._notes.remark(node, message, "Write action: send, or action: receive")
                return
        channel = self._referred(node.get("channel"))
        if channel is None:
            self._notes.remark(node, f"the operation {name} has no channel", "Refer to one: channel: {$ref: …}")
            return
        reply = self._references.follow(node.get("reply"))
        messages = self._messages(node, channel.node)
        if reply is None:
            yield Exchange(action, channel, node, messages, name)
            return
        other_way = self._referred(reply.get("channel"))
        address = self._references.follow(reply.get("address"))
        to = other_way.address if other_way is not None else ""
        if not to and address is not None:
            to = address.text("location")
        replies = self._messages(reply, (other_way or channel).node)
        yield Exchange(action, channel, node, messages, name, True, replies, to)

    def _referred(self, node: Node | None) -> Channel | None:
        found = self._references.follow(node)
        if found is None:
            return None
        self._used.add(found.key)
        return self._channel(str(found.pointer[-1]) if found.pointer else "", found)

    def _channel(self, name: str, node: Node) -> Channel:
        return Channel(node.text("address") or name, node, servers_of(node, self._servers, self._references))

    def _messages(self, node: Node, channel: Node) -> tuple[Named, ...]:
        """Those that are named, or all of the channel's."""
        listed = list(node.items("messages"))
        if not listed:
            return self._of_channel(channel)
        return tuple(
            Named(_last(each), found) for each in listed if (found := self._references.follow(each)) is not None
        )

    def _of_channel(self, channel: Node) -> tuple[Named, ...]:
        return tuple(
            Named(name, found)
            for name, each in channel.members("messages")
            if (found := self._references.follow(each)) is not None
        )


def _last(reference: Node) -> str:
    """The name at the end of a reference."""
    return reference.text("$ref").rpartition("/")[2].replace("~1", "/").replace("~0", "~")
