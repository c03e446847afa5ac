"""What can be told of a schema by its own words, before anything that it refers to is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .node import Node
from .references import References, is_reference

SHAPING: Final = frozenset(
    (
        "properties",
        "additionalProperties",
        "patternProperties",
        "items",
        "prefixItems",
        "allOf",
        "oneOf",
        "anyOf",
        "enum",
        "const",
        "format",
        "pattern",
        "required",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    )
)
"""Words that say something of values. ``type`` alone, beside a reference, repeats what that says."""

UNHELD: Final[Mapping[str, str]] = {
    "not": "not",
    "if": "if/then/else",
    "patternProperties": "patternProperties",
    "dependencies": "dependencies",
    "dependentRequired": "dependentRequired",
    "dependentSchemas": "dependentSchemas",
    "contains": "contains",
    "unevaluatedProperties": "unevaluatedProperties",
    "unevaluatedItems": "unevaluatedItems",
    "propertyNames": "propertyNames",
    "contentSchema": "contentSchema",
    "$dynamicRef": "$dynamicRef",
    "$recursiveRef": "$recursiveRef",
    "writeOnly": "writeOnly",
    "xml": "xml",
}
"""Words of schemas that a contract has no place for."""

_INFERRED: Final = (
    ("object", frozenset(("properties", "additionalProperties", "patternProperties", "required", "minProperties"))),
    ("array", frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems"))),
    ("string", frozenset(("pattern", "minLength", "maxLength", "contentEncoding"))),
    ("number", frozenset(("minimum", "maximum", "multipleOf"))),
)
_NUMERIC: Final = {"int32": "integer", "int64": "integer", "float": "number", "double": "number"}


def shapes(value: Mapping[str, Any]) -> bool:
    """Whether the words say more than that there is an object."""
    return not SHAPING.isdisjoint(value)


def adds(value: Mapping[str, Any]) -> bool:
    """Whether a part of ``allOf`` says more than that there is an object."""
    return shapes(value) or ("type" in value and kinds(value) not in ([], ["object"]))


def kinds(value: Mapping[str, Any]) -> list[str]:
    """JSON's types that values may have, without null; inferred where they are not said, empty where all may be."""
    given = value.get("type")
    if isinstance(given, str):
        return [] if given == "null" else [given]
    if isinstance(given, list):
        return [each for each in dict.fromkeys(map(str, given)) if each != "null"]
    for name, words in _INFERRED:
        if not words.isdisjoint(value):
            return [name]
    format = value.get("format")
    return [_NUMERIC.get(format, "string")] if isinstance(format, str) else []


def takes_null(value: Any) -> bool:
    """Whether null is among the values, as the schema itself says it."""
    if not isinstance(value, dict):
        return False
    given = value.get("type")
    if given == "null" or (isinstance(given, list) and "null" in given):
        return True
    if value.get("nullable") is True or value.get("x-nullable") is True:
        return True
    if isinstance(values := value.get("enum"), list) and None in values:
        return True
    return any(
        is_null(each) for word in ("oneOf", "anyOf") if isinstance(value.get(word), list) for each in value[word]
    )


def is_null(value: Any) -> bool:
    """Whether the schema stands for null and nothing else."""
    if not isinstance(value, dict):
        return False
    return value.get("type") in ("null", ["null"]) or value.get("enum") == [None] or value.get("const", 0) is None


def alternatives(node: Node) -> tuple[str, list[Node]]:
    """The word under which alternatives stand, and these without null; empty where there are none, and where they only
    say which fields are required together.
    """
    for word in ("oneOf", "anyOf"):
        found = [each for each in node.items(word) if not is_null(each.value)]
        if found and any(_says_what(each) for each in found):
            return word, found
    return "", []


def _says_what(node: Node) -> bool:
    """Whether an alternative has a shape of its own."""
    return not node.object.keys() <= {"required", "title", "description", "not", "minProperties", "maxProperties"}


def open_enum(found: list[Node], references: References) -> Node | None:
    """Of two alternatives, the enum, if the other is any string: known values, and those that later versions add."""
    texts = [each for each in found if kinds(each.object) == ["string"] and not shapes(each.object)]
    if len(found) != 2 or len(texts) != 1:
        return None
    other = found[0] if texts[0] is found[1] else found[1]
    target = references.follow(other)
    return other if target is not None and "enum" in target.object else None


def is_map(value: Mapping[str, Any]) -> bool:
    """Whether an object has no fields, and values of one type under any names."""
    if value.get("properties") or "allOf" in value:
        return False
    return isinstance(value.get("additionalProperties"), dict) or bool(value.get("patternProperties"))


def stands_in_place(node: Node, references: References) -> bool:
    """Whether a named schema is written out wherever it is referred to: a list, a map, another name for a name."""
    value = node.value
    if not isinstance(value, dict):
        return True
    if "enum" in value or "const" in value:
        return False
    _, found = alternatives(node)
    if found and not value.get("properties") and "allOf" not in value:
        return _alone(found[0], references) if len(found) == 1 else open_enum(found, references) is not None
    if "allOf" in value:
        parts = [each for each in node.items("allOf") if is_reference(each) or adds(each.object)]
        return len(parts) == 1 and not SHAPING.difference(("allOf",)) & value.keys() and _alone(parts[0], references)
    found_kinds = kinds(value)
    return found_kinds == ["array"] or (found_kinds == ["object"] and is_map(value))


def _alone(node: Node, references: References) -> bool:
    return is_reference(node) or stands_in_place(node, references)
