"""SDL, read with graphql-core's parser; what it means is judged here, so that one wrong name costs no schema."""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final

from graphql import GraphQLSyntaxError, parse
from graphql.language import ast
from graphql.utilities import value_from_ast_untyped

from dragoman.contract.schema import MAX_NESTING, MISSING
from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal, Why

from .definition import Definition, Form, Listed, Member, NonNull, Schema, Typed
from .traits import Directive

MAX_BYTES: Final = 8 * 1024 * 1024
"""How large a file may be. GitHub's whole schema has 1.2 MB."""

MAX_TOKENS: Final = 2_000_000

_FORMS: Final = {
    "scalar_type": Form.SCALAR,
    "object_type": Form.OBJECT,
    "interface_type": Form.INTERFACE,
    "union_type": Form.UNION,
    "enum_type": Form.ENUM,
    "input_object_type": Form.INPUT,
}
_TOKEN: Final = re.compile(r'"""(?:\\"""|.)*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*"?|#[^\n]*|[\[({]|[\])}]', re.DOTALL)


def read_sdl(file: Path, data: bytes) -> Schema:
    """What a file of SDL defines. Raises Refusal, with the line, for one that is broken or beyond bounds."""
    shown = file.as_posix()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"it is no UTF-8 text: byte {error.start} is not part of it"
        raise Refusal(Why.UNREADABLE, Position(shown), message, "Save it as UTF-8") from None
    _check_nesting(text, shown)
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        line, column = error.locations[0] if error.locations else (1, 1)
        message = error.message.removeprefix("Syntax Error: ").rstrip(".")
        raise Refusal(Why.UNREADABLE, Position(shown, line, column), message, "Correct the SDL") from None
    return _Reader(shown, text).schema(document)


def _check_nesting(text: str, shown: str) -> None:
    """Refuse what nests deeper than any schema does, before a parser recurses into it."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "[({":
            depth += 1
            if depth > MAX_NESTING:
                line = text.count("\n", 0, match.start()) + 1
                message = f"it nests brackets deeper than {MAX_NESTING}"
                raise Refusal(Why.UNREADABLE, Position(shown, line), message, "Flatten the type or the value")
        elif token in "])}":
            depth -= 1


class _Reader:
    def __init__(self, shown: str, text: str) -> None:
        self._shown = shown
        self._lines = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
        self._schema = Schema([shown])
        self._applied: dict[str, Position] = {}

    def schema(self, document: ast.DocumentNode) -> Schema:
        for node in document.definitions:
            kind = node.kind
            if kind in ("schema_definition", "schema_extension"):
                self._root(node)
            elif kind == "directive_definition":
                self._schema.declared.add(_name(node))
            elif kind.endswith("_definition") and kind.removesuffix("_definition") in _FORMS:
                self._define(self._definition(node, _FORMS[kind.removesuffix("_definition")]))
            elif kind.endswith("_extension") and kind.removesuffix("_extension") in _FORMS:
                self._schema.extensions.append(self._definition(node, _FORMS[kind.removesuffix("_extension")]))
            else:
                self._schema.executable += 1
        self._schema.directives = list(self._applied.items())
        return self._schema

    def _root(self, node: Any) -> None:
        for each in node.operation_types or ():
            self._schema.roots[each.operation.value] = each.type.name.value
        self._schema.description = self._schema.description or _description(node)
        self._directives(node)

    def _define(self, definition: Definition) -> None:
        if definition.name in self._schema.types:
            self._schema.twice.append(definition)
        else:
            self._schema.types[definition.name] = definition

    def _definition(self, node: Any, form: Form) -> Definition:
        directives = self._directives(node)
        said = next((each for each in directives if each.name == "specifiedBy"), None)
        members = getattr(node, "fields", None) or getattr(node, "values", None) or ()
        parts = getattr(node, "interfaces", None) or getattr(node, "types", None) or ()
        return Definition(
            form,
            _name(node),
            self._position(node),
            _description(node),
            [self._member(each) for each in members],
            [each.name.value for each in parts],
            directives,
            "" if said is None else str(said.arguments.get("url", "")),
        )

    def _member(self, node: Any) -> Member:
        directives = self._directives(node)
        deprecated = next((each for each in directives if each.name == "deprecated"), None)
        default = getattr(node, "default_value", None)
        type_ = getattr(node, "type", None)
        return Member(
            _name(node),
            "" if type_ is None else _typed(type_),
            self._position(node),
            _description(node),
            [self._member(each) for each in getattr(node, "arguments", None) or ()],
            MISSING if default is None else value_from_ast_untyped(default),
            None if deprecated is None else str(deprecated.arguments.get("reason", "")),
            tuple(each for each in directives if each.name != "deprecated"),
        )

    def _directives(self, node: Any) -> tuple[Directive, ...]:
        made = []
        for each in node.directives or ():
            arguments = {_name(one): value_from_ast_untyped(one.value) for one in each.arguments or ()}
            made.append(Directive(_name(each), arguments))
            self._applied.setdefault(_name(each), self._position(each))
        return tuple(made)

    def _position(self, node: Any) -> Position:
        """Where a node's name stands: descriptions stand above it, and are part of the node."""
        start = (node.name if getattr(node, "name", None) is not None else node).loc.start
        line = bisect_right(self._lines, start)
        return Position(self._shown, line, start - self._lines[line - 1] + 1)


def _name(node: Any) -> str:
    name = node.name.value
    assert isinstance(name, str)
    return name


def _description(node: Any) -> str:
    return "" if getattr(node, "description", None) is None else str(node.description.value)


def _typed(node: ast.TypeNode) -> Typed:
    if isinstance(node, ast.NonNullTypeNode):
        return NonNull(_typed(node.type))
    if isinstance(node, ast.ListTypeNode):
        return Listed(_typed(node.type))
    assert isinstance(node, ast.NamedTypeNode)
    return node.name.value
