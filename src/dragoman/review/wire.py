"""How an operation that was read is reached: traits that the readers attach, and the rest of the review reads.

The contract says what an operation is; these say what its document says of the wire, so that a rule can ask whether
methods, statuses and paths are used as HTTP means them. Each operation has exactly one of :class:`Http`,
:class:`Procedure`, :class:`RootField` and :class:`Channelled`; events have :class:`Channelled`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dragoman.contract.operation import Effect, Operation
from dragoman.contract.schema import Type
from dragoman.contract.traits import Trait


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is sent beside the body. ``place`` is where (OpenAPI's words)."""

    name: str
    place: Literal["path", "query", "header", "cookie"]
    type: Type
    required: bool = False
    description: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``status`` is ``200``, ``4XX`` or ``default``; ``media`` the types it may come in, ``type`` what the
    first of them that is described holds. ``headers`` are names, as written.
    """

    status: str
    media: tuple[str, ...] = ()
    type: Type | None = None
    headers: tuple[str, ...] = ()
    description: str = ""

    @property
    def succeeds(self) -> bool:
        """Whether the call did what was asked (2xx)."""
        return self.status.startswith("2")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One way to be let in: the schemes that are needed together, by name, each with its scopes; none: anybody."""

    schemes: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Http(Trait):
    """An operation over HTTP. ``path`` is the template below the server's own path, ``{}`` around its variables;
    ``security`` are alternatives, None where the document says nothing at all. ``media`` are the types of the body.
    ``direction`` is ``callback`` or ``webhook`` for what the server calls.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    media: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    security: tuple[Requirement, ...] | None = None
    tags: tuple[str, ...] = ()
    identifier: str = ""
    summary: str = ""
    direction: Literal["served", "callback", "webhook"] = "served"

    @property
    def address(self) -> str:
        """``GET /v1/orders/{id}``."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Procedure(Trait):
    """A method of a service in ``.proto``. ``http`` is what google.api.http says of it, as (method, path)."""

    package: str
    service: str
    method: str
    http: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """``fraud.v1.FraudService/Predict``."""
        return f"{self.package}.{self.service}/{self.method}" if self.package else f"{self.service}/{self.method}"


@dataclass(frozen=True, slots=True)
class RootField(Trait):
    """A field of one of GraphQL's root types."""

    root: Literal["query", "mutation", "subscription"]
    field: str

    @property
    def address(self) -> str:
        """``query orders``."""
        return f"{self.root} {self.field}"


@dataclass(frozen=True, slots=True)
class Channelled(Trait):
    """What goes through a channel. ``action`` is the application's own: it sends, or it receives."""

    action: Literal["send", "receive"]
    channel: str
    protocols: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """``send order/placed``."""
        return f"{self.action} {self.channel}"


@dataclass(frozen=True, slots=True)
class EffectSource(Trait):
    """Where an operation's effect comes from, in the document's words (``idempotency_level``). Where ``by`` is empty
    the document says nothing, so that the effect is UNSAFE; ``presumed`` is then what ``convention`` makes likely
    (``AIP-131``), and None where none does.
    """

    by: str = ""
    presumed: Effect | None = None
    convention: str = ""


Wire: TypeAlias = Http | Procedure | RootField | Channelled


def wire(operation: Operation) -> Wire:
    """How the operation is reached. Raises KeyError for one that no reader made."""
    traits = operation.traits
    found = traits.get(Http) or traits.get(Procedure) or traits.get(RootField) or traits.get(Channelled)
    if found is None:
        raise KeyError(operation.name)
    return found


def address(operation: Operation) -> str:
    """The operation's address: what its element is named by."""
    return wire(operation).address
