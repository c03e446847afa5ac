"""SDL as a contract."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema

import dragoman as dm
from dragoman.contract.operation import Effect, Interaction
from dragoman.contract.schema import (
    MISSING,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
    Nullable,
    Record,
    Ref,
    Scalar,
    Union,
    Variant,
)
from dragoman.contract.traits import Traits
from dragoman.review.elements import Element, field, operation, parameter, type_
from dragoman.review.elements import Kind as Elements
from dragoman.review.reading.graphql import read, sdl
from dragoman.review.reading.graphql.traits import Directive, Directives, OneOf
from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.wire import RootField

Reader = Callable[[Mapping[str, str]], tuple[list[Reading], list[Refusal]]]

BOOKS = '''\
"""Books and who wrote them."""
schema { query: Query mutation: Change subscription: Subscription }

directive @cost(complexity: Int!) on FIELD_DEFINITION

"""
An amount.
"""
scalar Money @specifiedBy(url: "https://example.com/money")
scalar DateTime

interface Node { id: ID! }

"What is sold."
type Book implements Node {
  id: ID!
  "As on the cover."
  title: String!
  genre: Genre
  price: Money!
  printed: DateTime
  tags: [String!]
  authors(first: Int = 10, after: String): [Author!]! @cost(complexity: 5)
  table: [[Int]!]
  isbn: String @deprecated(reason: "Use id.")
}

type Author implements Node { id: ID! books: [Book] again: Query }

enum Genre {
  "With a body."
  CRIME
  ROMANCE @deprecated
}

union Found = Book | Author

input BookInput {
  title: String!
  genre: Genre = CRIME
  copies: Int! = 1
  cover: Cover
}

input Cover @oneOf { url: String color: String }

type Query {
  "Full text."
  search(text: String!, first: Int = 10): [Found]!
  node(id: ID!): Node
}

type Change {
  addBook(input: BookInput!): Book
  node: Boolean @deprecated(reason: "None.")
}

type Subscription { bookAdded: Book! }
'''

UNFINISHED = '{"name": "b", "type": {"kind": "LIST", "ofType": null}}'
STRING, ID = Scalar(Kind.STRING), Scalar(Kind.STRING, format="id")
PAGE = (
    Field("first", Nullable(Scalar(Kind.INT32)), required=False, default=10),
    Field("after", Nullable(STRING), required=False),
)


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.chdir(tmp_path)

    def written(files: Mapping[str, str]) -> tuple[list[Reading], list[Refusal]]:
        for name, text in files.items():
            path = Path("api", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return read([Path("api", name) for name in files])

    return written


@pytest.fixture
def books(reads: Reader) -> Reading:
    (reading,), refusals = reads({"books.graphql": BOOKS})
    assert not refusals
    return reading


def test_the_document(books: Reading) -> None:
    assert (books.file, books.contract.name) == ("api/books.graphql", "books")
    assert books.about.description == "Books and who wrote them."
    assert books.remarks == ()


def test_a_type(books: Reading) -> None:
    deprecated = Traits([dm.Deprecated("Use id.")])
    assert books.contract.types["Book"] == Record(
        "Book",
        (
            Field("id", ID),
            Field("title", STRING, description="As on the cover."),
            Field("genre", Nullable(Ref("Genre"))),
            Field("price", Ref("Money")),
            Field("printed", Nullable(Ref("DateTime"))),
            Field("tags", Nullable(List(STRING))),
            Field(
                "authors",
                List(Ref("Author")),
                arguments=PAGE,
                traits=Traits([Directives((Directive("cost", {"complexity": 5}),))]),
            ),
            Field("table", Nullable(List(List(Nullable(Scalar(Kind.INT32)))))),
            Field("isbn", Nullable(STRING), deprecated=True, traits=deprecated),
        ),
        "What is sold.",
        ("Node",),
    )


def test_the_other_forms(books: Reading) -> None:
    types = books.contract.types
    assert types["Node"] == Record("Node", (Field("id", ID),), interface=True)
    assert types["Genre"] == Enum((EnumValue("CRIME", "With a body."), EnumValue("ROMANCE", deprecated=True)), "Genre")
    found = Union((Variant("Book", Ref("Book")), Variant("Author", Ref("Author"))), "__typename", "Found")
    assert types["Found"] == found
    assert types["Money"] == Scalar(Kind.ANY, format="Money")
    assert types["DateTime"] == Scalar(Kind.DATETIME, format="DateTime")
    cover = types["Cover"]
    assert isinstance(cover, Record)
    assert OneOf in cover.traits


def test_an_input(books: Reading) -> None:
    found = books.contract.types["BookInput"]
    assert isinstance(found, Record)
    assert [(each.name, each.required, each.default) for each in found.fields] == [
        ("title", True, MISSING),
        ("genre", False, "CRIME"),
        ("copies", False, 1),
        ("cover", False, MISSING),
    ]


def test_operations(books: Reading) -> None:
    found = books.contract.operations
    assert {
        name: (each.effect, each.interaction, each.traits.get(RootField), each.deprecated)
        for name, each in found.items()
    } == {
        "search": (Effect.SAFE, Interaction.UNARY, RootField("query", "search"), False),
        "node": (Effect.SAFE, Interaction.UNARY, RootField("query", "node"), False),
        "addBook": (Effect.UNSAFE, Interaction.UNARY, RootField("mutation", "addBook"), False),
        "mutation.node": (Effect.UNSAFE, Interaction.UNARY, RootField("mutation", "node"), True),
        "bookAdded": (Effect.SAFE, Interaction.SERVER_STREAM, RootField("subscription", "bookAdded"), False),
    }
    assert found["search"].input == Record(None, (Field("text", STRING), PAGE[0]))
    assert found["search"].output == List(Nullable(Ref("Found")))
    assert found["search"].description == "Full text."
    assert (found["bookAdded"].input, found["bookAdded"].output) == (None, Ref("Book"))


def test_root_types_are_types_only_where_they_are_used(books: Reading) -> None:
    assert "Query" in books.contract.types
    assert not {"Change", "Subscription"} & set(books.contract.types)


@pytest.mark.parametrize(
    ("element", "line", "column"),
    [
        (type_("Money"), 9, 8),
        (type_("Book"), 15, 6),
        (field("Book", "title"), 18, 3),
        (Element(Elements.VALUE, "Genre.CRIME"), 32, 3),
        (operation("query search"), 49, 3),
        (parameter("query search", "first"), 49, 25),
        (parameter("query search", "gone"), 49, 3),
        (operation("gone"), 1, 1),
    ],
)
def test_where_things_stand(books: Reading, element: Element, line: int, column: int) -> None:
    position = books.locate(element)
    assert (position.file, position.line, position.column) == ("api/books.graphql", line, column)


def test_a_scalar_that_is_specified_elsewhere_is_told(books: Reading) -> None:
    (kept,) = books.kept
    assert kept.what == "the scalar Money is specified by https://example.com/money"


def test_introspection_says_the_same(books: Reading, reads: Reader) -> None:
    """But for directives, which introspection does not tell."""
    text = BOOKS.replace(" @cost(complexity: 5)", "")
    (written,), _ = reads({"books.graphql": text})
    answer = introspection_from_schema(
        build_schema(text), specified_by_url=True, schema_description=True, input_value_deprecation=True
    )
    for name, whole in {"plain": answer, "answer": {"data": answer}}.items():
        (told,), refusals = reads({f"{name}.json": json.dumps(whole, indent=1)})
        assert not refusals
        ours = {**dict(written.contract.types)}
        cover = ours.pop("Cover")
        assert isinstance(cover, Record)
        theirs = dict(told.contract.types)
        assert theirs.pop("Cover") in (cover, Record("Cover", cover.fields))  # one-of is new in introspection
        assert theirs == ours
        assert told.contract.operations == written.contract.operations
        assert told.about.description == written.about.description
        assert told.locate(type_("Book")).line > 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"data": {"other": 1}}', "it holds no __schema"),
        ('{"__schema": {"types": []}}', "its schema has no types"),
        ('{"__schema": {"types": [{"kind": "OBJECT"}]}}', "it is no type with a kind and a name"),
        (
            f'{{"__schema": {{"types": [{{"kind": "UNION", "name": "A", "fields": [{UNFINISHED}]}}]}}}}',
            "it has a type without a name: the query asked for too few levels of ofType",
        ),
        ('{"__schema": ', "the JSON ends"),
    ],
)
def test_an_answer_that_is_not_whole(reads: Reader, answer: str, said: str) -> None:
    readings, (refusal,) = reads({"schema.json": answer})
    assert not readings
    assert said in refusal.message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("type Query {\n  a: Int\n  b\n}\n", 4, "Expected ':', found '}'"),
        ("type Query {\n a: " + "[" * 100 + "Int" + "]" * 100 + "\n}", 2, "it nests brackets deeper than 64"),
        ("type Query {\n a(b: X = " + "{a: " * 100 + "1" + "}" * 100 + "): Int\n}", 2, "deeper than 64"),
        ('type Query {\n "unclosed\n a: Int }', 2, "Unterminated string"),
        ("query { a }", 1, "it holds queries, which clients send, and no schema"),
        ("# nothing", 1, "Unexpected <EOF>"),
    ],
)
def test_what_is_broken(reads: Reader, text: str, line: int, said: str) -> None:
    readings, (refusal,) = reads({"a.graphql": text})
    assert not readings
    assert (refusal.position.file, refusal.position.line) == ("api/a.graphql", line)
    assert said in refusal.message


def test_brackets_in_strings_and_comments_nest_nothing(reads: Reader) -> None:
    text = '"""' + "[" * 100 + '"""\ntype Query { "' + "(" * 100 + '" a: Int # ' + "{" * 100 + "\n}"
    (reading,), _ = reads({"a.graphql": text})
    assert list(reading.contract.operations) == ["a"]


def test_a_file_that_is_too_large(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.review.reading.graphql.reader.MAX_BYTES", 10)
    _, (refusal,) = reads({"a.graphql": "type Query { a: Int }"})
    assert "is read" in refusal.message
    monkeypatch.setattr("dragoman.review.reading.graphql.reader.MAX_BYTES", 1000)
    monkeypatch.setattr(sdl, "MAX_TOKENS", 5)
    _, (refusal,) = reads({"a.graphql": "type Query { a: Int }"})
    assert "tokens" in refusal.message


def test_what_is_wrong_and_does_not_keep_the_rest_from_being_read(reads: Reader) -> None:
    text = """\
type Query { a: Gone @whatever @key(fields: "a") b: Int }
type Two { a: Int }
type Two { b: Int }
extend type Two { a: String }
query { a }
"""
    (reading,), _ = reads({"a.graphql": text})
    assert {(each.position.line, each.message) for each in reading.remarks} == {
        (1, "the type Gone is used, and defined nowhere"),
        (1, "the directive @whatever is defined nowhere"),
        (3, "Two is defined twice, and the first counts"),
        (4, "Two.a is defined twice, and the first counts"),
        (1, "operations and fragments stand beside the schema, and are not read"),
    }
    assert reading.contract.types["Gone"] == Scalar(Kind.ANY, format="Gone")
