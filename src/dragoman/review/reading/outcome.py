"""What comes of reading a document: a contract, or a refusal. Never nothing."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dragoman.contract.contract import Contract
from dragoman.contract.principal import Audience
from dragoman.review.elements import Element, Position


class Format(enum.StrEnum):
    """What documents are written in."""

    OPENAPI = "OpenAPI"
    PROTO = "proto"
    GRAPHQL = "GraphQL"
    ASYNCAPI = "AsyncAPI"
    DRAGOMAN = "Dragoman"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that a contract cannot hold: it stands in a trait or here, and is told."""

    element: Element
    what: str
    position: Position


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong with a document that did not keep the rest from being read: a reference that leads nowhere, a
    name that stands twice. ``remedy`` is what its author could do.
    """

    position: Position
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How callers show who they are, by the words of OpenAPI: ``apiKey``, ``http`` (``bearer``, ``basic``), ``oauth2``,
    ``openIdConnect``, ``mutualTLS``. ``place`` says where a key stands: ``header``, ``query``, ``cookie``.
    """

    name: str
    type: str
    place: str = ""
    scheme: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a document says of itself. ``version`` is the API's, not the format's. ``audience`` is only what it says
    outright (Dragoman's own documents, ``x-audience``).
    """

    title: str = ""
    version: str = ""
    description: str = ""
    contact: str = ""
    license: str = ""
    terms: str = ""
    servers: tuple[str, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    audience: Audience | None = None
    extensions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read. ``file`` is its path as it is shown; ``format_version`` such as ``3.1.0``.

    ``files`` are all files that it was read from, as they are shown, where these are not ``file`` alone: the files of a
    package.

    ``locate`` gives an element's place; of one that is not known by itself, its owner's, at last the document's.
    """

    file: str
    format: Format
    format_version: str
    about: About
    contract: Contract
    locate: Callable[[Element], Position]
    kept: tuple[Kept, ...] = ()
    remarks: tuple[Remark, ...] = ()
    files: tuple[str, ...] = ()


class Why(enum.StrEnum):
    """Why a document was not read."""

    UNREADABLE = "unreadable"  # it is broken, or beyond what is read
    UNSUPPORTED = "unsupported"  # it is whole, and of a kind or a version that is not read


class Refusal(Exception):
    """A document that was not read: where it breaks, and what would help. The rest goes on without it."""

    def __init__(self, why: Why, position: Position, message: str, remedy: str = "") -> None:
        super().__init__(f"{position}: {message}")
        self.why = why
        self.position = position
        self.message = message
        self.remedy = remedy
