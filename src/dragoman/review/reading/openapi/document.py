"""A document as a whole."""

from __future__ import annotations

import re
from typing import Final

from dragoman.contract.contract import Contract
from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Format, Reading, Refusal, Why
from dragoman.review.reading.tree import Tree

from .about import read_about
from .names import contract_name
from .node import Node
from .notes import Notes
from .operations import Operations
from .places import Places
from .references import Load, References
from .schemas import Schemas

READ: Final = "Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are read"


def read(tree: Tree, load: Load | None = None) -> Reading:
    """What a document says, as a contract. ``load`` gives the documents that it refers to (a reference without its
    fragment, and the place where it stands); without it, references to other files lead to a remark.

    Raises Refusal for what is no such document, or one of another version.
    """
    text, version = _version(tree)
    notes = Notes()
    root = Node(tree, (), tree.value)
    if version > (3, 2):
        notes.remark(root, f"OpenAPI {text} is newer than what is known here, and read as 3.2")
    references = References(notes, load)
    about = read_about(root, references)
    contract = Contract(contract_name(about.title, tree.file), version=about.version, description=about.description)
    schemas = Schemas(contract.types, references, notes, strict=version >= (3, 1))
    schemas.declare(_named_schemas(root))
    operations = Operations(contract, root, schemas, version)
    _read_operations(root, operations, notes)
    schemas.finish()
    places = Places(root, schemas.places, operations.places, references)
    remarks = (*tree.remarks, *notes.remarks)
    return Reading(tree.file, Format.OPENAPI, text, about, contract, places.locate, notes.kept, remarks)


def _version(tree: Tree) -> tuple[str, tuple[int, int]]:
    """The format's version, as it is written and as numbers. YAML may take it for a number."""
    if not isinstance(tree.value, dict):
        raise Refusal(Why.UNSUPPORTED, Position(tree.file), "it is no OpenAPI document: its root is no object", READ)
    for word in ("openapi", "swagger", "swaggerVersion"):
        if word not in tree.value:
            continue
        text = str(tree.value[word]).strip()
        numbers = re.match(r"(\d{1,3})\.(\d{1,3})", text)
        version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
        if version == (2, 0) or version[0] == 3:
            return text, version
        raise Refusal(Why.UNSUPPORTED, tree.locate((word,)), f"its version is {word} {text[:40]!r}", READ)
    message = "it is no OpenAPI document: it has neither openapi nor swagger"
    raise Refusal(Why.UNSUPPORTED, Position(tree.file), message, READ)


def _named_schemas(root: Node) -> list[tuple[str, Node]]:
    """What stands under a name: in 3.x among the components, in 2.0 among the definitions."""
    components = root.get("components")
    schemas = [] if components is None else list(components.members("schemas"))
    return [*schemas, *root.members("definitions")]


def _read_operations(root: Node, operations: Operations, notes: Notes) -> None:
    paths = root.get("paths")
    if paths is not None:
        operations.read_paths(paths, "served")
    for word in ("webhooks", "x-webhooks"):
        webhooks = root.get(word)
        if webhooks is not None:
            operations.read_paths(webhooks, "webhook")
    if paths is None and "webhooks" not in root.object and "components" not in root.object:
        notes.remark(root, "it has no paths", "Write paths: with what can be called")
