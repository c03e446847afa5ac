"""Results of the introspection query (the specification's section 4), with or without the envelope of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLSyntaxError, parse_value
from graphql.utilities import value_from_ast_untyped

from dragoman.contract.schema import MAX_NESTING, MISSING
from dragoman.review.reading.outcome import Refusal, Why
from dragoman.review.reading.tree import Pointer, Tree

from .definition import BUILT_IN, ROOTS, Definition, Form, Listed, Member, NonNull, Schema, Typed
from .traits import Directive

_FORMS: Final = {
    "SCALAR": Form.SCALAR,
    "OBJECT": Form.OBJECT,
    "INTERFACE": Form.INTERFACE,
    "UNION": Form.UNION,
    "ENUM": Form.ENUM,
    "INPUT_OBJECT": Form.INPUT,
}
_REMEDY: Final = "Ask the server with the whole introspection query, and save its answer"


class _Malformed(Exception):
    """A part that is not what the introspection query gives."""


def read_introspection(tree: Tree) -> Schema:
    """What the answer tells of the schema. Raises Refusal for one that is not whole."""
    value, pointer = tree.value, list[str | int]()
    for envelope in ("data", "__schema"):
        if isinstance(value, dict) and envelope in value:
            value = value[envelope]
            pointer.append(envelope)
    if not isinstance(value, dict) or pointer[-1:] != ["__schema"]:
        raise Refusal(Why.UNREADABLE, tree.locate(()), "it holds no __schema", _REMEDY)
    return _Reader(tree, tuple(pointer)).schema(value)


class _Reader:
    def __init__(self, tree: Tree, root: Pointer) -> None:
        self._tree = tree
        self._root = root

    def schema(self, value: Mapping[str, Any]) -> Schema:
        found = Schema([self._tree.file], description=_text(value.get("description")))
        for root in ROOTS:
            said = value.get(f"{root}Type")
            if isinstance(said, dict) and isinstance(said.get("name"), str):
                found.roots[root] = said["name"]
        for each in _list(value.get("directives")):
            if isinstance(each, dict):
                found.declared.add(_text(each.get("name")))
        for index, each in enumerate(_list(value.get("types"))):
            place = (*self._root, "types", index)
            try:
                definition = self._definition(each, place)
            except _Malformed as error:
                raise Refusal(Why.UNREADABLE, self._tree.locate(place), str(error), _REMEDY) from None
            if not definition.name.startswith("__") and definition.name not in BUILT_IN:
                found.types[definition.name] = definition
        if not found.types:
            raise Refusal(Why.UNREADABLE, self._tree.locate(self._root), "its schema has no types", _REMEDY)
        return found

    def _definition(self, value: Any, place: Pointer) -> Definition:
        if not isinstance(value, dict) or value.get("kind") not in _FORMS or not isinstance(value.get("name"), str):
            raise _Malformed("it is no type with a kind and a name")
        form = _FORMS[value["kind"]]
        key = {Form.ENUM: "enumValues", Form.INPUT: "inputFields"}.get(form, "fields")
        parts = value.get("possibleTypes") if form is Form.UNION else value.get("interfaces")
        members = [self._member(each, (*place, key, index)) for index, each in enumerate(_list(value.get(key)))]
        return Definition(
            form,
            value["name"],
            self._tree.locate(place),
            _text(value.get("description")),
            members,
            [each["name"] for each in _list(parts) if isinstance(each, dict) and isinstance(each.get("name"), str)],
            (Directive("oneOf"),) if value.get("isOneOf") is True else (),
            _text(value.get("specifiedByURL")),
        )

    def _member(self, value: Any, place: Pointer) -> Member:
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise _Malformed(f"its {'.'.join(map(str, place[-2:]))} has no name")
        return Member(
            value["name"],
            _typed(value["type"]) if "type" in value else "",
            self._tree.locate(place),
            _text(value.get("description")),
            [self._member(each, (*place, "args", index)) for index, each in enumerate(_list(value.get("args")))],
            _default(value.get("defaultValue")),
            _text(value.get("deprecationReason")) if value.get("isDeprecated") is True else None,
        )


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _default(value: Any) -> Any:
    """A default, which introspection writes as a literal of GraphQL."""
    if not isinstance(value, str):
        return MISSING
    try:
        return value_from_ast_untyped(parse_value(value, max_tokens=10_000))
    except (GraphQLSyntaxError, RecursionError):
        return value


def _typed(value: Any) -> Typed:
    wraps: list[type[Listed] | type[NonNull]] = []
    while isinstance(value, dict) and value.get("kind") in ("LIST", "NON_NULL"):
        wraps.append(Listed if value["kind"] == "LIST" else NonNull)
        value = value.get("ofType")
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise _Malformed("it has a type without a name: the query asked for too few levels of ofType")
    if len(wraps) > MAX_NESTING:
        raise _Malformed(f"it nests lists deeper than {MAX_NESTING}")
    typed: Typed = value["name"]
    for wrap in reversed(wraps):
        typed = wrap(typed)
    return typed
