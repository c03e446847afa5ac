"""Unions: ``oneOf`` and ``anyOf``, with and without a discriminator."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dragoman.contract.schema import Type, Union, Variant

from .node import Key, Node, Where
from .references import REF, is_reference
from .words import alternatives, open_enum

if TYPE_CHECKING:
    from .schemas import Schemas


def read_alternatives(node: Node, where: Where, name: str | None, schemas: Schemas) -> Type | None:
    """The union; None where the alternatives say no more than which fields go together, or refine an object that has
    fields of its own.
    """
    word, found = alternatives(node)
    given = "oneOf" if "oneOf" in node.value else "anyOf"
    if not found:
        if any(each.object for each in node.items(given)) and not all(_is_null(each) for each in node.items(given)):
            schemas.notes.keep(where.element, f"{given} of required fields", node)
        return None
    if node.value.get("properties"):
        schemas.notes.keep(where.element, f"{word} beside fields", node)
        return None
    if word != given or ("oneOf" in node.value and "anyOf" in node.value):
        schemas.notes.keep(where.element, "oneOf beside anyOf", node)
    if len(found) == 1:
        return schemas.of(found[0], where)
    if (enum := open_enum(found, schemas.references)) is not None:
        return schemas.of(enum, where)
    field, tags = _discriminator(node, schemas)
    variants = [each for alternative in found for each in _variants(alternative, where, field, tags, schemas)]
    return Union(tuple(dict.fromkeys(variants)), field, name, node.text("description"))


def _is_null(node: Node) -> bool:
    return node.object.get("type") == "null"


def _variants(
    node: Node, where: Where, field: str | None, tags: dict[Key, list[str]], schemas: Schemas
) -> list[Variant]:
    """The alternative, once for each of its tags."""
    type_ = schemas.of(node, where)
    if field is None:
        return [Variant(None, type_)]
    target = schemas.references.follow(node)
    if target is not None and target.key in tags:
        return [Variant(tag, type_) for tag in tags[target.key]]
    return [Variant(_tag(node, target, field), type_)]


def _tag(node: Node, target: Node | None, field: str) -> str | None:
    """The tag of an alternative that no mapping names: its constant, or its name (OpenAPI 3.1.1, section 4.8.25)."""
    properties = None if target is None else target.get("properties")
    property_ = None if properties is None else properties.get(field)
    if property_ is not None:
        values = property_.object.get("enum", [property_.object.get("const")])
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
            return values[0]
    return str(node.value[REF]).rpartition("/")[2] if is_reference(node) else None


def _discriminator(node: Node, schemas: Schemas) -> tuple[str | None, dict[Key, list[str]]]:
    """The field that holds the tag, and the tags of each schema that a mapping leads to: references, or names."""
    found = node.get("discriminator")
    if found is None or not found.text("propertyName"):
        return None, {}
    tags = defaultdict[Key, list[str]](list)
    for tag, each in found.members("mapping"):
        if isinstance(each.value, str):
            reference = each.value if "/" in each.value or "#" in each.value or "." in each.value else ""
            way = reference or f"#/components/schemas/{each.value}"
            target = schemas.references.follow(each.having({REF: way}))
            if target is not None:
                tags[target.key].append(tag)
    return found.text("propertyName"), tags
