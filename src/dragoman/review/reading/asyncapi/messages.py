"""Messages: what they carry, and what else is said of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dragoman.contract.schema import Kind, Scalar, Type, Union, Variant
from dragoman.review.elements import Element
from dragoman.review.reading.openapi.node import Node, Where
from dragoman.review.reading.openapi.schemas import Schemas

from .exchange import Exchange, Named
from .merging import with_traits
from .traits import Message

_OWN_FORMATS: Final = re.compile(
    r"application/(?:vnd\.aai\.asyncapi|schema|vnd\.oai\.openapi)(?:\+(?:json|yaml))?\s*(?:;.*)?", re.IGNORECASE
)
"""AsyncAPI's own dialect, JSON Schema's drafts and OpenAPI's: all are read as JSON Schema."""

_VERSIONS: Final = ("x-version", "x-schema-version", "x-message-version", "x-event-version")


@dataclass(frozen=True, slots=True)
class Read:
    """A message that was read: its payload and the rest."""

    name: str
    node: Node
    payload: Type
    said: Message
    description: str
    deprecated: bool


class Messages:
    """Reads messages into types. ``own_first`` is how traits are merged (see :mod:`.merging`)."""

    def __init__(self, root: Node, schemas: Schemas, *, own_first: bool) -> None:
        self._schemas = schemas
        self._own_first = own_first
        self._content_type = root.text("defaultContentType")

    def name(self, named: Named, exchange: Exchange) -> str:
        """What the message is called: by itself, by the key it stands under, at last by its operation or channel."""
        node = self._whole(named.node)
        own = node.text("name") or node.text("messageId") or named.key
        return own or exchange.identifier or node.text("title") or exchange.channel.address

    def read(self, named: Named, name: str, element: Element) -> Read:
        """The message that is called ``name``, and whose element is given."""
        node = self._whole(named.node)
        payload, schema_format = self._payload(node, element)
        headers, where = node.get("headers"), Where(element)
        correlation = self._schemas.references.follow(node.get("correlationId"))
        bindings = self._schemas.references.follow(node.get("bindings"))
        said = Message(
            name,
            node.text("title"),
            node.text("summary"),
            node.text("contentType") or self._content_type,
            schema_format,
            "" if correlation is None else correlation.text("location"),
            next((str(node.object[word]) for word in _VERSIONS if word in node.object), ""),
            None if headers is None else self._schemas.shared(_schema(headers), where),
            {} if bindings is None else bindings.object,
            tags(node),
        )
        description = node.text("description") or said.summary or said.title
        return Read(name, named.node, payload, said, description, node.flag("deprecated") or node.flag("x-deprecated"))

    def _whole(self, node: Node) -> Node:
        return with_traits(node, self._schemas.references, own_first=self._own_first)

    def _payload(self, node: Node, element: Element) -> tuple[Type, str]:
        """The payload, and the language that describes it, where that is not JSON Schema."""
        payload = node.get("payload")
        found = self._schemas.references.follow(payload)
        if payload is None or found is None:
            return Scalar(Kind.ANY), ""
        language = found.text("schemaFormat") if "schema" in found.object else node.text("schemaFormat")
        if language and _OWN_FORMATS.fullmatch(language.strip()) is None:
            self._schemas.notes.keep(element, f"the payload, which is described in {language}", node)
            return Scalar(Kind.ANY, format=language), language
        return self._schemas.shared(
            _schema(payload) if found.key == payload.key else _schema(payload, found), Where(element)
        ), ""


def _schema(node: Node, found: Node | None = None) -> Node:
    """The schema itself, in 3.x's object that says its language too."""
    inner = (found or node).get("schema")
    return inner if inner is not None and "schemaFormat" in (found or node).object else node


def together(payloads: Sequence[Type]) -> Type | None:
    """One of several types; None of none."""
    different = list(dict.fromkeys(payloads))
    if len(different) < 2:
        return different[0] if different else None
    return Union(tuple(Variant(None, each) for each in different))


def tags(node: Node) -> tuple[str, ...]:
    """The names of the tags."""
    return tuple(each.text("name") for each in node.items("tags") if each.text("name"))


def plain(node: Node | None) -> dict[str, Any]:
    """An object as it was written; an empty one where there is none."""
    return {} if node is None else node.object
