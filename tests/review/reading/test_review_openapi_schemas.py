"""Schemas as types: what each word means, and what a contract has no place for."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_text import field, record, schema, schemas

from dragoman.contract.schema import (
    MISSING,
    Constraints,
    Enum,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Union,
    Variant,
)
from dragoman.review.elements import Element
from dragoman.review.elements import Kind as ElementKind
from dragoman.review.elements import field as field_element
from dragoman.review.elements import type_ as type_element
from dragoman.review.reading import openapi
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.parse import parse

STRING = Scalar(Kind.STRING)


@pytest.mark.parametrize(
    ("text", "kind", "format"),
    [
        ("type: boolean", Kind.BOOLEAN, None),
        ("type: integer", Kind.INT, None),
        ("{type: integer, format: int32}", Kind.INT32, None),
        ("{type: integer, format: int64}", Kind.INT, "int64"),
        ("{type: integer, format: uint8}", Kind.UINT32, "uint8"),
        ("{type: integer, format: unix-time}", Kind.INT, "unix-time"),
        ("{type: string, format: int64}", Kind.INT64, None),
        ("type: number", Kind.DOUBLE, None),
        ("{type: number, format: float}", Kind.FLOAT, None),
        ("{type: number, format: decimal}", Kind.DOUBLE, "decimal"),
        ("{type: string, format: decimal}", Kind.DECIMAL, None),
        ("type: string", Kind.STRING, None),
        ("{type: string, format: email}", Kind.STRING, "email"),
        ("{type: string, format: date}", Kind.DATE, None),
        ("{type: string, format: date-time}", Kind.DATETIME, None),
        ("{type: string, format: time}", Kind.TIME, "time"),
        ("{type: string, format: duration}", Kind.DURATION, "duration"),
        ("{type: string, format: uuid}", Kind.UUID, None),
        ("{type: string, format: byte}", Kind.BYTES, None),
        ("{type: string, format: binary}", Kind.BYTES, "binary"),
        ("{type: string, contentEncoding: base64}", Kind.BYTES, None),
        ("{}", Kind.ANY, None),
        ("true", Kind.ANY, None),
        ("{format: int32}", Kind.INT32, None),
        ("{description: anything}", Kind.ANY, None),
    ],
)
def test_types_and_formats(text: str, kind: Kind, format: str | None) -> None:
    assert schema(text) == Scalar(kind, format=format)


def test_bounds() -> None:
    assert schema("{type: integer, minimum: 1, exclusiveMaximum: 9, multipleOf: 2}") == Scalar(
        Kind.INT, Constraints(ge=1, lt=9, multiple_of=2)
    )
    assert schema("{type: integer, minimum: 1, exclusiveMinimum: true}", version="3.0.3") == Scalar(
        Kind.INT, Constraints(gt=1)
    )
    assert schema("{type: string, minLength: 1, maxLength: 3, pattern: ^a}") == Scalar(
        Kind.STRING, Constraints(min_length=1, max_length=3, pattern="^a")
    )
    assert schema("{type: array, items: {type: string}, minItems: 1, uniqueItems: true}") == List(
        STRING, Constraints(min_length=1, unique_items=True)
    )
    assert schema("{type: integer, format: int32, minimum: -2147483648, maximum: 2147483647}") == Scalar(Kind.INT32)
    assert schema("{type: string, minLength: one, maxLength: true, pattern: 3}") == STRING


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("{type: string, nullable: true}", "3.0.3"),
        ("{type: string, x-nullable: true}", "3.0.3"),
        ("{type: [string, 'null']}", "3.1.0"),
        ("{anyOf: [{type: string}, {type: 'null'}]}", "3.1.0"),
        ("{oneOf: [{type: 'null'}, {type: string}]}", "3.1.0"),
        ("{allOf: [{type: string}], nullable: true}", "3.0.3"),
    ],
)
def test_null(text: str, version: str) -> None:
    assert schema(text, version=version) == Nullable(STRING)


def test_several_types_are_a_union() -> None:
    assert schema("{type: [string, integer, 'null']}") == Nullable(
        Union((Variant(None, STRING), Variant(None, Scalar(Kind.INT))))
    )


@pytest.mark.parametrize(
    ("text", "names", "kind"),
    [
        ("{type: string, enum: [a, b, a]}", ("a", "b"), Kind.STRING),
        ("{enum: [1, 2]}", ("1", "2"), Kind.INT),
        ("{type: integer, format: int32, enum: [-1]}", ("-1",), Kind.INT32),
        ("{enum: [1.5, 2]}", ("1.5", "2"), Kind.DOUBLE),
        ("{enum: [a, 1, true]}", ("a", "1", "true"), Kind.STRING),
        ("{const: x}", ("x",), Kind.STRING),
    ],
)
def test_enums(text: str, names: tuple[str, ...], kind: Kind) -> None:
    read: Any = schema(text)
    assert isinstance(read, Enum)
    assert (read.names, read.kind) == (names, kind)


def test_null_in_an_enum() -> None:
    assert schema("{type: [string, 'null'], enum: [a, null]}") == Nullable(schema("{enum: [a]}"))


def test_an_enum_that_is_no_enum() -> None:
    read = schemas(
        "A: {type: boolean, enum: [true]}\nB: {enum: [{a: 1}]}\nC: {type: string, enum: []}\nD: {enum: [null]}"
    )
    assert list(read.contract.types.values()) == [Scalar(Kind.BOOLEAN), Scalar(Kind.ANY), STRING, Scalar(Kind.ANY)]
    assert [each.what for each in read.kept] == ["that it is always true", "an enum of lists or objects"]
    assert [each.message for each in read.remarks] == ["an enum without values"]


def test_what_is_said_of_the_values_of_an_enum() -> None:
    read = schemas("A: {type: string, enum: [a, null, a, b], x-enum-descriptions: [First., None., First., Second.]}")
    found = read.contract.types["A"]
    assert isinstance(found, Enum)
    assert [each.description for each in found.values] == ["First.", "Second."]


def test_known_values_or_any_other_are_an_enum() -> None:
    read = schemas(
        """
        Known: {type: string, enum: [a, b]}
        Open: {anyOf: [{$ref: '#/components/schemas/Known'}, {type: string}]}
        T:
          properties:
            x: {$ref: '#/components/schemas/Open'}
            y: {anyOf: [{type: string}, {enum: [c]}]}
        """
    )
    assert field(read, "T", "x").type == Ref("Known")
    y = field(read, "T", "y").type
    assert isinstance(y, Enum)
    assert y.names == ("c",)


def test_fields() -> None:
    read = schemas(
        """
        Order:
          description: What is bought.
          deprecated: true
          x-owner: sales
          required: [id]
          properties:
            id: {type: string, readOnly: true, description: Set by the server.}
            note: {type: string, default: none, example: hello, deprecated: true}
            tags: {type: array, items: {type: string}, examples: [[a]]}
        """
    )
    order = record(read, "Order")
    assert (order.name, order.description, order.deprecated, order.open) == ("Order", "What is bought.", True, False)
    id, note, tags = order.fields
    assert (id.required, id.read_only, id.description, id.default) == (True, True, "Set by the server.", MISSING)
    assert (note.required, note.default, note.example, note.deprecated) == (False, "none", "hello", True)
    assert (tags.type, tags.example) == (List(STRING), ["a"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{type: object}", Record(None, (), open=True)),
        ("{type: object, additionalProperties: true}", Record(None, (), open=True)),
        ("{type: object, additionalProperties: false}", Record(None, ())),
        ("{type: object, additionalProperties: {type: integer}}", Map(STRING, Scalar(Kind.INT))),
        ("{additionalProperties: {type: string}, maxProperties: 3}", Map(STRING, STRING, Constraints(max_length=3))),
        (
            "{patternProperties: {'^x-': {type: string}}}",
            Map(Scalar(Kind.STRING, Constraints(pattern="^x-")), STRING),
        ),
        (
            "{additionalProperties: {type: string}, propertyNames: {type: string, format: uuid}}",
            Map(Scalar(Kind.UUID), STRING),
        ),
    ],
)
def test_objects_without_fields(text: str, expected: Type) -> None:
    assert schema(text) == expected


def test_what_extends_has_the_fields_of_all() -> None:
    read = schemas(
        """
        Dog:
          allOf:
            - $ref: '#/components/schemas/Pet'
            - {type: object, required: [name], properties: {bark: {type: string}}}
          description: Barks.
        Pet: {type: object, properties: {name: {type: string}, owner: {$ref: '#/components/schemas/Person'}}}
        Person:
          allOf: [{$ref: '#/components/schemas/Pet'}]
          properties: {pets: {type: array, items: {$ref: '#/components/schemas/Dog'}}}
        """
    )
    dog, person = record(read, "Dog"), record(read, "Person")
    assert dog.implements == person.implements == ("Pet",)
    assert [(each.name, each.required) for each in dog.fields] == [("name", True), ("owner", False), ("bark", False)]
    assert dog.description == "Barks."
    assert field(read, "Person", "pets").type == List(Ref("Dog"))


def test_allof_around_one_reference_is_that_type() -> None:
    read = schemas(
        """
        Status: {type: string, enum: [a]}
        Tags: {type: array, items: {type: string}}
        Alias: {allOf: [{$ref: '#/components/schemas/Status'}], description: The same.}
        T:
          properties:
            a: {allOf: [{$ref: '#/components/schemas/Status'}], default: a}
            b: {$ref: '#/components/schemas/Alias'}
            c: {$ref: '#/components/schemas/Tags'}
            d: {$ref: '#/components/schemas/Status', nullable: true}
        """,
        version="3.0.3",
    )
    assert [each.type for each in record(read, "T").fields] == [
        Ref("Status"),
        Ref("Status"),
        List(STRING),
        Nullable(Ref("Status")),
    ]
    assert set(read.contract.types) == {"Status", "T"}
    assert read.locate(type_element("Tags")).line == 6


def test_unions_with_a_discriminator() -> None:
    read = schemas(
        """
        Payment:
          oneOf:
            - {$ref: '#/components/schemas/Card'}
            - {$ref: '#/components/schemas/Transfer'}
            - {$ref: '#/components/schemas/Cash'}
          discriminator:
            propertyName: type
            mapping: {card: '#/components/schemas/Card', credit: '#/components/schemas/Card', wire: Transfer}
        Card: {type: object, properties: {type: {type: string}}}
        Transfer: {type: object, properties: {type: {type: string}}}
        Cash: {type: object, properties: {type: {const: cash}}}
        """
    )
    union = read.contract.types["Payment"]
    assert isinstance(union, Union)
    assert union.discriminator == "type"
    assert [(each.tag, each.type) for each in union.variants] == [
        ("card", Ref("Card")),
        ("credit", Ref("Card")),
        ("wire", Ref("Transfer")),
        ("cash", Ref("Cash")),
    ]


def test_unions_without_one() -> None:
    assert schema("{oneOf: [{type: string}, {type: integer}]}") == Union(
        (Variant(None, STRING), Variant(None, Scalar(Kind.INT)))
    )


def test_what_stands_beside_a_reference() -> None:
    text = """
        A: {type: object, properties: {x: {type: string}}}
        B: {properties: {a: {$ref: '#/components/schemas/A', properties: {y: {type: string}}, description: More.}}}
    """
    now, before = schemas(text), schemas(text, version="3.0.3")
    extended = field(now, "B", "a").type
    assert isinstance(extended, Record)
    assert [each.name for each in extended.fields] == ["x", "y"]
    assert field(before, "B", "a").type == Ref("A")
    assert [each.message for each in before.remarks] == ["what stands beside $ref does not count before OpenAPI 3.1"]
    assert field(before, "B", "a").description == "More."


def test_what_a_contract_cannot_hold_is_kept() -> None:
    read = schemas(
        """
        A:
          type: object
          not: {required: [a]}
          if: {properties: {a: {const: 1}}}
          then: {required: [b]}
          patternProperties: {^x: {}}
          dependentRequired: {a: [b]}
          unevaluatedProperties: false
          anyOf: [{required: [a]}, {required: [b]}]
          properties:
            a: {type: integer, xml: {attribute: true}}
            b: {type: string, writeOnly: true}
            c: {type: array, prefixItems: [{type: string}]}
            d: false
            e: {type: array, contains: {type: string}}
        B: {type: object, additionalProperties: {type: string}, properties: {a: {}}, discriminator: {propertyName: a}}
        """
    )
    kept = {(str(each.element), each.what) for each in read.kept}
    assert kept == {
        ("type A", "not"),
        ("type A", "if/then/else"),
        ("type A", "patternProperties"),
        ("type A", "dependentRequired"),
        ("type A", "unevaluatedProperties"),
        ("type A", "anyOf of required fields"),
        ("field A.a", "xml"),
        ("field A.b", "writeOnly"),
        ("field A.c", "a list with a type for each place"),
        ("field A.d", "a schema that no value meets"),
        ("field A.e", "contains"),
        ("type B", "the type of additionalProperties beside fields"),
        ("type B", "a discriminator without oneOf"),
    }
    assert all(read.locate(each.element) == each.position for each in read.kept)


def test_fields_are_located() -> None:
    read = schemas(
        """
        A:
          allOf:
            - $ref: '#/components/schemas/v1.B'
            - properties:
                own: {type: string}
        v1.B:
          properties:
            inner:
              type: array
              items:
                properties:
                  deep: {type: string, enum: [x, y]}
        """
    )
    lines = {
        name: read.locate(Element(kind, name)).line
        for kind, name in (
            (ElementKind.TYPE, "A"),
            (ElementKind.FIELD, "A.own"),
            (ElementKind.FIELD, "A.inner"),
            (ElementKind.FIELD, "v1.B.inner.deep"),
            (ElementKind.FIELD, "v1.B.inner.absent"),
            (ElementKind.FIELD, "Nothing.here"),
        )
    }
    assert list(lines.values()) == [5, 9, 12, 16, 12, 1]
    assert read.locate(Element(ElementKind.VALUE, "v1.B.inner.deep.y")).column > 40
    assert field_element("A", "own") == Element(ElementKind.FIELD, "A.own")


# References


def test_recursion() -> None:
    read = schemas(
        """
        Tree:
          type: object
          properties: {left: {$ref: '#/components/schemas/Tree'}, all: {$ref: '#/components/schemas/Trees'}}
        Trees: {type: array, items: {$ref: '#/components/schemas/Tree'}}
        Lists: {type: array, items: {$ref: '#/components/schemas/Lists'}}
        Json: {oneOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Json'}}]}
        Self: {$ref: '#/components/schemas/Self'}
        Ping: {$ref: '#/components/schemas/Pong'}
        Pong: {$ref: '#/components/schemas/Ping'}
        Child: {allOf: [{$ref: '#/components/schemas/Parent'}, {properties: {a: {}}}]}
        Parent: {allOf: [{$ref: '#/components/schemas/Child'}, {properties: {b: {}}}]}
        Maybe: {type: [object, 'null'], properties: {next: {$ref: '#/components/schemas/Maybe'}}}
        """
    )
    assert [each.type for each in record(read, "Tree").fields] == [Ref("Tree"), List(Ref("Tree"))]
    assert field(read, "Maybe", "next").type == Nullable(Ref("Maybe"))
    messages = sorted(each.message for each in read.remarks)
    assert messages == [
        "Child extends itself by allOf",
        "the reference #/components/schemas/Ping leads to itself, or nowhere in 64 steps",
        "the reference #/components/schemas/Pong leads to itself, or nowhere in 64 steps",
        "the reference #/components/schemas/Self leads to itself, or nowhere in 64 steps",
    ]
    assert [each.what for each in read.kept] == ["a list or a map that contains itself without a named object between"]


def test_pointers_anchors_and_ids() -> None:
    read = schemas(
        """
        a/b~c d: {type: object, properties: {x: {type: string}}}
        Anchored: {$anchor: here, type: object}
        Dynamic: {$dynamicAnchor: node, type: object}
        Named: {$id: 'https://example.com/named', type: object, $defs: {Inner: {type: object, description: Inner.}}}
        T:
          properties:
            a: {$ref: '#/components/schemas/a~1b~0c%20d'}
            b: {$ref: '#here'}
            c: {$dynamicRef: '#node'}
            d: {$ref: 'https://example.com/named'}
            e: {$ref: 'https://example.com/named#/$defs/Inner'}
            f: {$ref: '#/components/schemas/a~1b~0c%20d/properties/x'}
            g: {$ref: '#/nowhere'}
            h: {$ref: '#nowhere'}
        """
    )
    types = [each.type for each in record(read, "T").fields]
    assert types[:2] == [Ref("a/b~c d"), Ref("Anchored")]
    assert types[3:6] == [Ref("Named"), Ref("Inner"), Ref("x")]
    assert types[6:] == [Scalar(Kind.ANY)] * 2
    assert [each.message for each in read.remarks] == [
        "the reference #/nowhere leads to nothing",
        "the reference #nowhere leads to nothing",
    ]
    assert ("field T.c", "$dynamicRef") in {(str(each.element), each.what) for each in read.kept}


# Hostile documents


def _read(value: Any) -> tuple[Reading, float]:
    data = json.dumps({"openapi": "3.1.0", "components": {"schemas": value}}).encode()
    start = time.process_time()
    return openapi.read(parse(data, "api.json")), time.process_time() - start


def test_a_million_values_of_an_enum_are_bounded() -> None:
    read, seconds = _read({"E": {"type": "string", "enum": [f"v{n}" for n in range(1_000_000)]}})
    enum = read.contract.types["E"]
    assert isinstance(enum, Enum)
    assert len(enum.values) == 10_000
    assert [each.what for each in read.kept] == ["all but the first 10,000 of 1,000,000 values"]
    assert seconds < 5


def test_a_long_chain_of_references_is_followed() -> None:
    chain = {
        f"A{n}": {"type": "object", "properties": {"next": {"$ref": f"#/components/schemas/A{n + 1}"}}}
        for n in range(5000)
    }
    read, _ = _read(chain | {"A5000": {"type": "object"}})
    assert len(read.contract.types) == 5001


def test_a_long_chain_of_allof_is_bounded() -> None:
    chain = {
        f"A{n}": {"allOf": [{"$ref": f"#/components/schemas/A{n + 1}"}, {"properties": {f"f{n}": {}}}]}
        for n in range(500)
    }
    read, seconds = _read(chain | {"A500": {"properties": {"end": {}}}})
    assert any("allOf leads more than 64 steps on" in each.message for each in read.remarks)
    assert seconds < 5


def test_schemas_within_schemas_are_bounded() -> None:
    inner: Any = {"type": "string"}
    for _ in range(100):
        inner = {"type": "object", "properties": {"a": inner}}
    read, _ = _read({"A": inner})
    assert [each.what for each in read.kept] == ["what is nested more than 64 deep"]


def test_fields_that_allof_repeats_are_bounded() -> None:
    wide = {f"f{n}": {"type": "string"} for n in range(2000)}
    many = {f"A{n}": {"allOf": [{"$ref": "#/components/schemas/W"}, {"required": ["f1"]}]} for n in range(1000)}
    read, seconds = _read({"W": {"type": "object", "properties": wide}} | many)
    assert any("allOf repeats more than 1,000,000 fields" in each.message for each in read.remarks)
    assert seconds < 20


WORDS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "enum",
        "const",
        "$ref",
        "required",
        "additionalProperties",
        "format",
        "nullable",
        "not",
        "if",
        "discriminator",
        "propertyName",
        "mapping",
        "minimum",
        "maximum",
        "pattern",
        "minLength",
        "default",
        "example",
        "$anchor",
        "prefixItems",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(
        ["string", "object", "array", "null", "#/components/schemas/A", "#/components/schemas/B", "a", "#x"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.sampled_from("ab"), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, VALUES)
@settings(deadline=None, max_examples=150)
def test_whatever_stands_where_schemas_should_is_read(a: Any, b: Any) -> None:
    read, _ = _read({"A": a, "B": b})
    for each in read.kept:
        read.locate(each.element)
    for named in read.contract.types.values():
        hash(named)
