"""The neutral schema describes contracts that nobody wrote in Python: the shape of an OpenAPI document, of a
proto file and of a GraphQL schema, each built by hand as a reader of it would.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

import dragoman as dm
from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.schema import (
    Constraints,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
    Map,
    Named,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
    Variant,
)
from dragoman.contract.traits import Trait, Traits

Shape = tuple[Types, tuple[Operation, ...]]

STRING, BOOLEAN, INT = Scalar(Kind.STRING), Scalar(Kind.BOOLEAN), Scalar(Kind.INT)
ID = Scalar(Kind.STRING, format="id")


@dataclass(frozen=True, slots=True)
class WriteOnly(Trait):
    """A fact that only a reader of OpenAPI knows, and its lint."""


@dataclass(frozen=True, slots=True)
class Reserved(Trait):
    """Field numbers and names that a proto message must not use again."""

    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route(Trait):
    """Where an operation of an OpenAPI document is found."""

    method: str
    path: str


def named(*types: Named) -> Types:
    """Each under its own name."""
    found = Types()
    for each in types:
        assert not isinstance(each, Scalar)
        assert each.name is not None
        found.add(each.name, each)
    return found


def openapi() -> Shape:
    """A pet shop in OpenAPI 3.0."""
    types = named(
        Record(
            "Animal",
            (
                Field("id", Scalar(Kind.INT, format="int64"), read_only=True),
                Field("name", Scalar(Kind.STRING, Constraints(min_length=1, max_length=80, pattern="^[A-Z]"))),
                Field("nickname", Nullable(STRING), required=False, description="A second name."),
                Field("born", Scalar(Kind.DATE), required=False),
                Field("kind", STRING),
                Field("legs", Scalar(Kind.INT32, Constraints(ge=0, multiple_of=2)), required=False, default=4),
                Field("weight", Scalar(Kind.FLOAT, Constraints(gt=0)), required=False, deprecated=True),
                Field("secret", Scalar(Kind.STRING, format="password"), required=False, traits=Traits([WriteOnly()])),
                Field("picture", Scalar(Kind.STRING, format="binary"), required=False),
                Field("site", Scalar(Kind.STRING, format="uri"), required=False),
                Field("class", STRING, required=False),
            ),
            "What is sold.",
        ),
        # allOf: [{$ref: Animal}, {properties: …}]
        Record("Cat", (Field("indoor", BOOLEAN),), implements=("Animal",)),
        Record(
            "Dog",
            (Field("tricks", List(STRING, Constraints(max_length=9, unique_items=True))),),
            implements=("Animal",),
        ),
        Union((Variant("cat", Ref("Cat")), Variant("dog", Ref("Dog"))), discriminator="kind", name="Pet"),
        # oneOf without a discriminator, and of things that are no objects
        Union((Variant(None, STRING), Variant(None, List(STRING)), Variant(None, Ref("Cat"))), name="Query"),
        Enum((EnumValue("1"), EnumValue("2")), name="Size", kind=Kind.INT),
        # additionalProperties, alone and beside others
        Record("Settings", (Field("theme", Enum((EnumValue("dark"), EnumValue("light")))),), open=True),
        Record(
            "Problem",
            (Field("detail", STRING, required=False), Field("more", Scalar(Kind.ANY), required=False)),
            deprecated=True,
        ),
        Record(
            "Page",
            (
                Field("items", List(Ref("Pet"))),
                Field("labels", Map(STRING, List(Nullable(INT)))),
                Field("sizes", List(Ref("Size"))),
                # an object that is written in place
                Field("cursor", Nullable(Record(None, (Field("next", STRING),)))),
            ),
        ),
    )
    operations = (
        Operation(
            "listPets",
            input=Record(
                None,
                (
                    Field("limit", Scalar(Kind.INT32, Constraints(ge=1, le=100)), required=False, default=20),
                    Field("tag", List(STRING), required=False),
                    Field("q", Ref("Query"), required=False),
                ),
            ),
            output=Ref("Page"),
            effect=Effect.SAFE,
            faults=(dm.Unauthenticated, dm.InvalidArgument),
            traits=Traits([Route("GET", "/pets")]),
        ),
        Operation("createPet", input=Ref("Pet"), output=Ref("Pet"), traits=Traits([Route("POST", "/pets")])),
        Operation(
            "deletePet",
            effect=Effect.IDEMPOTENT,
            deprecated=True,
            traits=Traits([Route("DELETE", "/pets/{id}")]),
        ),
    )
    return types, operations


def proto() -> Shape:
    """A file of proto3."""
    types = named(
        Enum(
            (
                EnumValue("COLOR_UNSPECIFIED", number=0),
                EnumValue("COLOR_RED", "Like a rose.", number=1),
                EnumValue("COLOR_PUCE", number=7, deprecated=True),
            ),
            name="paint.v1.Color",
        ),
        Record(
            "paint.v1.Can",
            (
                Field("id", Scalar(Kind.INT64), number=1),
                Field("litres", Scalar(Kind.FLOAT), number=2),
                Field("count", Scalar(Kind.UINT32), number=3),
                Field("serial", Scalar(Kind.UINT64, format="fixed64"), number=4),
                Field("change", Scalar(Kind.INT32, format="sint32"), number=5),
                Field("ratio", Scalar(Kind.DOUBLE), number=6),
                Field("label", Scalar(Kind.BYTES), number=7),
                Field("color", Ref("paint.v1.Color"), number=8),
                Field("note", Nullable(STRING), required=False, number=9),
                Field("mixed_at", Scalar(Kind.DATETIME), required=False, number=10),
                Field("dries_in", Scalar(Kind.DURATION), required=False, number=11),
                Field("shares", Map(Scalar(Kind.INT32), Ref("paint.v1.Can")), number=12),
                Field("details", Scalar(Kind.ANY, format="google.protobuf.Any"), required=False, number=13),
                Field("inner", List(Ref("paint.v1.Can")), number=14),
                Field(
                    "finish",
                    Nullable(
                        Union(
                            (
                                Variant("gloss", Scalar(Kind.FLOAT), number=15),
                                Variant("matt", BOOLEAN, number=16),
                                Variant("special", Ref("paint.v1.Can"), number=17),
                            )
                        )
                    ),
                    required=False,
                ),
            ),
            traits=Traits([Reserved((18, 19), ("lid",))]),
        ),
    )
    can = Ref("paint.v1.Can")
    kinds = {
        "Mix": Interaction.UNARY,
        "Watch": Interaction.SERVER_STREAM,
        "Upload": Interaction.CLIENT_STREAM,
        "Chat": Interaction.BIDIRECTIONAL,
    }
    return types, tuple(
        Operation(f"paint.v1.Paints.{name}", input=can, output=can, interaction=interaction)
        for name, interaction in kinds.items()
    )


def graphql() -> Shape:
    """A schema in GraphQL's own language."""
    page = (
        Field("first", Nullable(Scalar(Kind.INT32)), required=False, default=10),
        Field("after", Nullable(STRING), required=False),
    )
    types = named(
        Record("Node", (Field("id", ID),), interface=True),
        Record("Priced", (Field("price", Ref("Money")),), interface=True, implements=("Node",)),
        Record(
            "Book",
            (
                Field("id", ID),
                Field("price", Ref("Money")),
                Field("title", STRING, description="As on the cover."),
                Field("genre", Nullable(Ref("Genre"))),
                # [String!], [String!]!, [[Int]!]
                Field("tags", Nullable(List(STRING))),
                Field("authors", List(Ref("Author")), arguments=page),
                Field("table", Nullable(List(List(Nullable(Scalar(Kind.INT32)))))),
                Field("isbn", Nullable(STRING), deprecated=True, traits=Traits([dm.Deprecated("Use id.")])),
            ),
            implements=("Node", "Priced"),
        ),
        Record(
            "Author",
            (Field("id", ID), Field("books", Nullable(List(Nullable(Ref("Book")))), arguments=page)),
            implements=("Node",),
        ),
        Enum((EnumValue("CRIME", "With a body."), EnumValue("ROMANCE", deprecated=True)), "Genre", "What it is like."),
        Union(
            (Variant("Book", Ref("Book")), Variant("Author", Ref("Author"))), discriminator="__typename", name="Found"
        ),
        Record("BookInput", (Field("title", STRING), Field("genre", Nullable(Ref("Genre")), required=False))),
    )
    types.add("Money", Scalar(Kind.DECIMAL, format="Money"))
    operations = (
        Operation(
            "search",
            input=Record(None, (Field("text", STRING), *page)),
            output=List(Nullable(Ref("Found"))),
            effect=Effect.SAFE,
        ),
        Operation("node", input=Record(None, (Field("id", ID),)), output=Nullable(Ref("Node")), effect=Effect.SAFE),
        Operation("addBook", input=Record(None, (Field("input", Ref("BookInput")),)), output=Nullable(Ref("Book"))),
        Operation("bookAdded", output=Ref("Book"), interaction=Interaction.SERVER_STREAM, effect=Effect.SAFE),
    )
    return types, operations


SHAPES = [openapi, proto, graphql]


def refs(type_: Type | Named | None) -> Iterator[str]:
    """Every name that a type uses."""
    if isinstance(type_, Ref):
        yield type_.name
    elif isinstance(type_, Record):
        yield from type_.implements
        for field in type_.fields:
            yield from refs(field.type)
            for argument in field.arguments:
                yield from refs(argument.type)
    elif isinstance(type_, Union):
        for variant in type_.variants:
            yield from refs(variant.type)
    elif isinstance(type_, List):
        yield from refs(type_.item)
    elif isinstance(type_, Map):
        yield from refs(type_.key)
        yield from refs(type_.value)
    elif isinstance(type_, Nullable):
        yield from refs(type_.of)


@pytest.mark.parametrize("build", SHAPES)
def test_every_name_is_declared(build: Callable[[], Shape]) -> None:
    types, operations = build()
    used: set[str] = set()
    for each in types.values():
        used.update(refs(each))
    for operation in operations:
        used.update(refs(operation.input))
        used.update(refs(operation.output))
    assert used <= set(types)
    assert all(types.resolve(Ref(name)) == types[name] for name in used)


@pytest.mark.parametrize("build", SHAPES)
def test_two_of_one_shape_are_equal(build: Callable[[], Shape]) -> None:
    (first, one), (second, other) = build(), build()
    assert dict(first) == dict(second)
    assert one == other
    for left, right in zip(first.values(), second.values(), strict=True):
        assert hash(left) == hash(right)
    assert repr(one) == repr(other)


def test_a_name_that_nobody_declared() -> None:
    with pytest.raises(KeyError):
        Types().resolve(Ref("Nothing"))


def test_streams_of_all_four_kinds() -> None:
    _, operations = proto()
    assert {each.interaction for each in operations} == set(Interaction)
    assert [each.short_name for each in operations] == ["Mix", "Watch", "Upload", "Chat"]


def test_a_shape_is_told_from_another() -> None:
    """What only foreign documents have takes part in equality."""
    cases: Sequence[tuple[object, object]] = [
        (Variant("a", STRING, number=1), Variant("a", STRING, number=2)),
        (Enum((EnumValue("1"),)), Enum((EnumValue("1"),), kind=Kind.INT)),
        (Field("a", STRING), Field("a", STRING, arguments=(Field("b", STRING),))),
        (Field("a", STRING), Field("a", STRING, traits=Traits([WriteOnly()]))),
        (Record("a", ()), Record("a", (), open=True)),
        (Record("a", ()), Record("a", (), implements=("b",))),
        (Nullable(List(STRING)), List(Nullable(STRING))),
    ]
    for left, right in cases:
        assert left != right


def test_the_class_behind_a_type_takes_no_part_in_equality() -> None:
    assert Record("a", (), native=int) == Record("a", ())
