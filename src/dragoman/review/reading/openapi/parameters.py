"""Parameters: what is sent beside the body, and in Swagger 2.0 the body, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast

from dragoman.contract.schema import Field, List, Record, Type
from dragoman.review.elements import parameter as parameter_element
from dragoman.review.reading.extensions import extensions
from dragoman.review.wire import Parameter

from .node import Node, Where
from .records import default_of, example_of
from .scalars import ANY, lengths
from .schemas import Schemas

PLACES: Final = ("path", "query", "header", "cookie")
_ELSEWHERE: Final = {"body", "formData"}


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter as it stands in a document. ``listed`` is where the operation or the path has it, ``node`` where it
    is described.
    """

    node: Node
    listed: Node

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.text("name")

    @property
    def place(self) -> str:
        """Where it is sent, in the words of the document."""
        return self.node.text("in")


def given_parameters(levels: Iterable[Node], schemas: Schemas) -> list[Given]:
    """The parameters of an operation: those of its path, which its own replace by name and place."""
    found: dict[tuple[str, str], Given] = {}
    for level in levels:
        for listed in level.items("parameters"):
            node = schemas.references.follow(listed)
            if node is not None:
                given = Given(node, listed)
                found[given.name, given.place] = given
    return list(found.values())


def read_parameters(given: Iterable[Given], address: str, schemas: Schemas) -> Iterator[tuple[Given, Parameter]]:
    """Those beside the body."""
    for each in given:
        if each.place in PLACES:
            yield each, _parameter(each, address, schemas)
        elif each.place == "querystring":
            yield from _query_string(each, address, schemas)
        elif each.place not in _ELSEWHERE:
            message = f"a parameter is in one of {', '.join(PLACES)}, and this is in {each.place[:40]!r}"
            schemas.notes.remark(each.listed, message, "Correct its `in`")


def _parameter(given: Given, address: str, schemas: Schemas) -> Parameter:
    node = given.node
    return Parameter(
        given.name,
        cast('Literal["path", "query", "header", "cookie"]', given.place),
        type_of(node, Where(parameter_element(address, given.name)), schemas),
        node.flag("required") or given.place == "path",
        node.text("description"),
        node.flag("deprecated"),
    )


def type_of(node: Node, where: Where, schemas: Schemas) -> Type:
    """The type of a parameter or a header: of its schema, of what its content holds, or, in Swagger 2.0, of itself."""
    schema = node.get("schema")
    if schema is not None:
        return schemas.shared(schema, where)
    for _, media in node.members("content"):
        inner = media.get("schema")
        return ANY if inner is None else schemas.shared(inner, where)
    if node.text("type") == "array":
        items = node.get("items")
        item = ANY if items is None else type_of(items, where, schemas)
        return List(item, lengths(node.value, "minItems", "maxItems"))
    # A parameter of Swagger 2.0 has the words of a schema; `required`, a flag there, is none of them.
    words = {word: each for word, each in node.object.items() if word not in ("required", "in", "name", "description")}
    return schemas.of(node.having(words), where)


def _query_string(given: Given, address: str, schemas: Schemas) -> Iterator[tuple[Given, Parameter]]:
    """A whole query as one object (3.2): its fields, as parameters."""
    where = Where(parameter_element(address, given.name))
    type_: Type = ANY
    for _, media in given.node.members("content"):
        schema = media.get("schema")
        if schema is not None:
            _, type_ = schemas.record(schema, where)
    if isinstance(type_, Record):
        for field in type_.fields:
            required = field.required and given.node.flag("required")
            yield given, Parameter(field.name, "query", field.type, required, field.description, field.deprecated)
    else:
        schemas.notes.keep(where.element, "a query that is no object", given.node)


def query_record(parameters: Iterable[tuple[Given, Parameter]]) -> Record | None:
    """What an operation without a body takes: the parameters in its query, as fields."""
    fields = tuple(_field(given, each) for given, each in parameters if each.place == "query")
    return Record(None, fields) if fields else None


def _field(given: Given, parameter: Parameter) -> Field:
    schema = given.node.get("schema") or given.node
    example = example_of(given.node)
    return Field(
        parameter.name,
        parameter.type,
        parameter.required,
        default=default_of(schema),
        description=parameter.description,
        deprecated=parameter.deprecated,
        traits=extensions(given.node.object),
        example=example if not isinstance(example, dict) else example_of(schema),
    )


def form_record(given: Iterable[Given], where: Where, schemas: Schemas) -> Record | None:
    """The form of an operation of Swagger 2.0, as a record."""
    fields = tuple(
        Field(
            each.name,
            type_of(each.node, where.field(each.name), schemas),
            each.node.flag("required"),
            default=default_of(each.node),
            description=each.node.text("description"),
            traits=extensions(each.node.object),
        )
        for each in given
        if each.place == "formData"
    )
    return Record(None, fields) if fields else None
