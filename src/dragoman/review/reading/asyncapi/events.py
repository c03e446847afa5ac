"""What goes through channels as events and operations of the contract."""

from __future__ import annotations

from dragoman.contract.contract import Contract
from dragoman.contract.event import Event
from dragoman.contract.operation import Operation
from dragoman.contract.traits import Traits
from dragoman.review.elements import Element, Kind
from dragoman.review.elements import operation as operation_element
from dragoman.review.reading.openapi.names import Names, snaked
from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.schemas import Schemas
from dragoman.review.reading.openapi.security import requirements
from dragoman.review.wire import Channelled, EffectSource, Requirement

from .exchange import Exchange, Named
from .messages import Messages, plain, tags, together
from .traits import Delivery


class Events:
    """Adds events and operations to the contract. ``places`` are their nodes."""

    def __init__(self, contract: Contract, root: Node, schemas: Schemas, messages: Messages) -> None:
        self.places: dict[Element, Node] = {}
        self._contract = contract
        self._root = root
        self._schemas = schemas
        self._messages = messages
        self._names = Names()

    def add(self, exchange: Exchange) -> None:
        """Take in what goes through a channel: with a reply it is an operation, and otherwise events."""
        channelled = Channelled(exchange.action, exchange.channel.address, _protocols(exchange))
        self.places.setdefault(operation_element(channelled.address), exchange.node)
        delivery = self._delivery(exchange)
        if exchange.replies:
            self._add_operation(exchange, channelled, delivery)
            return
        if not exchange.messages:
            message = f"the channel {exchange.channel.address} has no message"
            self._schemas.notes.remark(exchange.node, message, "Say what goes through it, with a payload")
        for named in exchange.messages:
            self._add_event(named, exchange, channelled, delivery)

    def _add_event(self, named: Named, exchange: Exchange, channelled: Channelled, delivery: Delivery) -> None:
        name = self._name(self._messages.name(named, exchange), channelled)
        element = Element(Kind.EVENT, name)
        self.places[element] = named.node
        read = self._messages.read(named, name, element)
        description = read.description or exchange.node.text("description") or exchange.node.text("summary")
        traits = Traits([channelled, read.said, delivery])
        self._contract.add_event(Event(name, read.payload, "", description, read.deprecated, traits))

    def _name(self, wanted: str, channelled: Channelled) -> str:
        """The message's name; where it goes through several channels, the others are told by these."""
        events = self._contract.events
        if wanted not in events:
            return wanted
        for other in (f"{wanted} ({channelled.channel})", f"{wanted} ({channelled.address})"):
            if other not in events:
                return other
        return self._names.free_type(f"{wanted} ({channelled.address})")

    def _add_operation(self, exchange: Exchange, channelled: Channelled, delivery: Delivery) -> None:
        element = operation_element(channelled.address)
        node, name = exchange.node, self._names.free_operation(snaked(exchange.identifier) or "operation")
        asked, given = (
            [self._messages.read(each, self._messages.name(each, exchange), element) for each in listed]
            for listed in (exchange.messages, exchange.reply)
        )
        self._contract.add(
            Operation(
                name,
                input=together([each.payload for each in asked]),
                output=together([each.payload for each in given]),
                description=node.text("description") or node.text("summary"),
                deprecated=node.flag("deprecated") or node.flag("x-deprecated"),
                traits=Traits([channelled, delivery, EffectSource()]),
            )
        )

    def _delivery(self, exchange: Exchange) -> Delivery:
        node, channel = exchange.node, exchange.channel
        follow = self._schemas.references.follow
        return Delivery(
            exchange.identifier,
            node.text("summary") or node.text("title"),
            tuple(each.name for each in channel.servers),
            tuple(name for name, _ in channel.node.members("parameters")),
            self._security(exchange),
            plain(follow(channel.node.get("bindings"))),
            plain(follow(node.get("bindings"))),
            exchange.reply_to,
            tags(node),
        )

    def _security(self, exchange: Exchange) -> tuple[Requirement, ...] | None:
        """What the operation asks for, or else its servers."""
        for node in (exchange.node, *(server.node for server in exchange.channel.servers)):
            found = self._requirements(node)
            if found is not None:
                return found
        return None

    def _requirements(self, node: Node) -> tuple[Requirement, ...] | None:
        """In 2.x by the schemes' names; 3.x refers to the schemes, whose scopes stand in them."""
        listed = list(node.items("security"))
        if not any("$ref" in each.object or "type" in each.object for each in listed):
            return requirements(node, node)
        found = []
        for each in listed:
            scheme = self._schemas.references.follow(each)
            if scheme is not None:
                name = str(scheme.pointer[-1]) if "$ref" in each.object else scheme.text("type")
                found.append(Requirement(((name, scheme.texts("scopes")),)))
        return tuple(found)


def _protocols(exchange: Exchange) -> tuple[str, ...]:
    """The protocols of the servers, and those that only bindings speak of."""
    found = dict.fromkeys(each.protocol for each in exchange.channel.servers if each.protocol)
    if not found:
        for node in (exchange.channel.node.get("bindings"), exchange.node.get("bindings")):
            found.update(dict.fromkeys(name for name in plain(node) if name != "$ref" and name[:2] != "x-"))
    return tuple(found)
