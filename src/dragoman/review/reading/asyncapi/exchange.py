"""What goes through a channel, the same for 2.x and 3.x, so that one converter serves both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dragoman.review.reading.openapi.node import Node

Action: TypeAlias = Literal["send", "receive"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. ``address`` is where it is, or its name where that is only known at run time; ``servers`` are those
    that have it.
    """

    address: str
    node: Node
    servers: tuple[Server, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """A server: its name, where it is, what it speaks, and its node."""

    name: str
    url: str
    protocol: str
    node: Node


@dataclass(frozen=True, slots=True)
class Named:
    """A message with the name that the document gives it from outside: a key, or nothing."""

    key: str
    node: Node


@dataclass(frozen=True, slots=True)
class Exchange:
    """The application sends one of the messages, or receives it. ``reply`` are what the other side may answer, where it
    does; ``node`` is the operation, with what its traits say of it.
    """

    action: Action
    channel: Channel
    node: Node
    messages: Sequence[Named]
    identifier: str = ""
    replies: bool = False
    reply: Sequence[Named] = field(default=())
    reply_to: str = ""
