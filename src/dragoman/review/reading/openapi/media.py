"""Bodies: media types, what they hold, and whether they are streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dragoman.contract.schema import List, Type

from .node import Node, Where
from .schemas import Schemas

STREAMS: Final = frozenset(
    (
        "text/event-stream",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-ndjson",
        "application/ndjson",
        "application/json-seq",
        "application/stream+json",
    )
)
"""Media types that carry items one by one (OpenAPI 3.2, section 4.14.3, and those that came before it)."""


@dataclass(frozen=True, slots=True)
class Body:
    """What goes over the wire: the media types, and the type in the first of them that is described; of a stream, the
    type of an item.
    """

    media: tuple[str, ...] = ()
    type: Type | None = None
    streams: bool = False


def plain(media: str) -> str:
    """The media type without parameters: ``application/json``."""
    return media.partition(";")[0].strip().lower()


def read_content(node: Node, where: Where, schemas: Schemas) -> Body:
    """What stands under ``content`` (3.0 and later)."""
    media = dict(node.members("content"))
    streams = bool(media) and all(_streams(name, each) for name, each in media.items())
    if not streams and any(_streams(name, each) for name, each in media.items()):
        schemas.notes.keep(where.element, "that it may be streamed as well", node)
    type_ = next(
        (found for each in media.values() if (found := _type(each, where, schemas, streams)) is not None), None
    )
    return Body(tuple(media), type_, streams)


def _streams(name: str, node: Node) -> bool:
    return plain(name) in STREAMS or "itemSchema" in node.object


def _type(node: Node, where: Where, schemas: Schemas, streams: bool) -> Type | None:
    followed = schemas.references.follow(node)  # 3.2 has media types among the components
    if followed is None:
        return None
    item, schema = followed.get("itemSchema"), followed.get("schema")
    if item is not None:
        return schemas.shared(item, where)
    if schema is None:
        return None
    messages = schema.get("contentSchema") if streams else None
    if messages is not None:
        # A text whose messages make up an array, as Dragoman's own documents describe events.
        type_ = schemas.shared(messages, where)
        return type_.item if isinstance(type_, List) else type_
    return schemas.shared(schema, where)


def read_produced(node: Node, where: Where, schemas: Schemas, media: Iterable[str]) -> Body:
    """What an answer of Swagger 2.0 holds: its schema, in what the operation produces."""
    schema = node.get("schema")
    if schema is None:
        return Body()
    produced = tuple(media)
    streams = bool(produced) and all(plain(each) in STREAMS for each in produced)
    return Body(produced, schemas.shared(schema, where), streams)
