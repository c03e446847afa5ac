"""What AsyncAPI says and a contract has no place for: kept beside what it is said of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dragoman.contract.schema import Type
from dragoman.contract.traits import Trait
from dragoman.review.wire import Requirement


@dataclass(frozen=True, slots=True)
class Message(Trait):
    """What a document says of a message beside its payload.

    ``schema_format`` is empty for JSON Schema; a payload in another language is held as any value. ``correlation`` is a
    runtime expression (``$message.header#/correlationId``). ``version`` is what an extension calls so
    (``x-version``, ``x-schema-version``), ``bindings`` what the protocol needs (a key of Kafka, say), as written.
    """

    name: str
    title: str = ""
    summary: str = ""
    content_type: str = ""
    schema_format: str = ""
    correlation: str = ""
    version: str = ""
    headers: Type | None = None
    bindings: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.name, self.schema_format))


@dataclass(frozen=True, slots=True)
class Delivery(Trait):
    """How messages get through a channel. ``identifier`` is the operation's own, ``title`` and ``summary`` its words;
    ``parameters`` are the variables in the channel's address. ``security`` is what the operation asks for, or its
    servers; None where neither says anything. ``reply_to`` is the channel of the reply, or the runtime expression that
    gives it.
    """

    identifier: str = ""
    summary: str = ""
    servers: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    security: tuple[Requirement, ...] | None = None
    channel_bindings: Mapping[str, object] = field(default_factory=dict)
    bindings: Mapping[str, object] = field(default_factory=dict)
    reply_to: str = ""
    tags: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.identifier, self.reply_to))
