"""A document as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dragoman.contract.contract import Contract
from dragoman.review.elements import Position
from dragoman.review.reading.openapi.about import read_about
from dragoman.review.reading.openapi.names import contract_name
from dragoman.review.reading.openapi.node import Node
from dragoman.review.reading.openapi.notes import Notes
from dragoman.review.reading.openapi.places import Places
from dragoman.review.reading.openapi.references import Load, References
from dragoman.review.reading.openapi.schemas import Schemas
from dragoman.review.reading.outcome import Format, Reading, Refusal, Why
from dragoman.review.reading.tree import Tree

from . import version_2
from .events import Events
from .exchange import Exchange
from .messages import Messages
from .servers import read_servers
from .version_3 import Exchanges

READ: Final = "AsyncAPI 2.0 to 2.6, 3.0 and 3.1 are read"
NEWEST: Final = {2: 6, 3: 1}


def read(tree: Tree, load: Load | None = None) -> Reading:
    """What a document says, as a contract. ``load`` gives the documents that it refers to (a reference without its
    fragment, and the place where it stands); without it, references to other files lead to a remark.

    Raises Refusal for what is no such document, or one of another version.
    """
    text, major, minor = _version(tree)
    notes = Notes()
    root = Node(tree, (), tree.value)
    if minor > NEWEST[major]:
        notes.remark(root, f"AsyncAPI {text} is newer than what is known here, and read as {major}.{NEWEST[major]}")
    references = References(notes, load)
    servers = read_servers(root, references)
    about = replace(read_about(root, references), servers=tuple(dict.fromkeys(each.url for each in servers)))
    contract = Contract(contract_name(about.title, tree.file), version=about.version, description=about.description)
    schemas = Schemas(contract.types, references, notes, strict=False)
    components = root.get("components")
    schemas.declare([] if components is None else list(components.members("schemas")))
    exchanges: Iterable[Exchange]
    if major == 2:
        exchanges = version_2.exchanges(root, servers, references)
    else:
        exchanges = Exchanges(root, servers, references, notes).read()
    events = Events(contract, root, schemas, Messages(root, schemas, own_first=major == 3))
    for exchange in exchanges:
        events.add(exchange)
    schemas.finish()
    if not contract.events and not contract.operations:
        notes.remark(root, "no message goes through any channel", "Write channels: with what is sent and received")
    places = Places(root, schemas.places, events.places, references)
    return Reading(
        tree.file, Format.ASYNCAPI, text, about, contract, places.locate, notes.kept, (*tree.remarks, *notes.remarks)
    )


def _version(tree: Tree) -> tuple[str, int, int]:
    """The format's version, as it is written and as numbers. YAML may take it for a number."""
    if not isinstance(tree.value, dict) or "asyncapi" not in tree.value:
        raise Refusal(Why.UNSUPPORTED, Position(tree.file), "it is no AsyncAPI document: it has no asyncapi", READ)
    text = str(tree.value["asyncapi"]).strip()
    numbers = re.match(r"(\d{1,3})\.(\d{1,3})", text)
    if numbers is None or int(numbers[1]) not in NEWEST:
        raise Refusal(Why.UNSUPPORTED, tree.locate(("asyncapi",)), f"its version is {text[:40]!r}", READ)
    return text, int(numbers[1]), int(numbers[2])
