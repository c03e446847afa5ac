"""Types that nobody writes in Python as our readers have it, but that descriptions may hold: built by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.contract.patterns import compiled
from dragoman.contract.principal import Audience
from dragoman.contract.schema import (
    Constraints,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
    Variant,
)
from dragoman.runtime.codec.scalar_values import Refused
from dragoman.runtime.codec.scalars import scalar_form
from dragoman.styles.rest.openapi.names import component_names, sentence
from dragoman.styles.rest.openapi.scalars import enum_schema, scalar_schema
from dragoman.styles.rest.openapi.schemas import Mode, Part, Schemas, Source, resolved

TEXT = Scalar(Kind.STRING)


def described(type_: Type, mode: Mode = Mode.INPUT, **named: Any) -> tuple[Any, dict[str, Any]]:
    """The schema of a type, and the components it refers to, by name."""
    schemas = Schemas(Audience.PUBLIC)
    schema = schemas.of(Source("test", Types(named), frozenset()), type_, mode)
    names = component_names(schemas.parts, ())
    components = {names[part]: resolved(each, names.__getitem__) for part, each in schemas.parts.items()}
    return resolved(schema, names.__getitem__), components


@pytest.mark.parametrize(
    ("scalar", "schema"),
    [
        (Scalar(Kind.ANY), {}),
        (Scalar(Kind.BOOLEAN), {"type": "boolean"}),
        (
            Scalar(Kind.INT32, Constraints(gt=0, lt=10)),
            {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9},
        ),
        (
            Scalar(Kind.DOUBLE, Constraints(gt="0.5")),
            {"type": "number", "format": "double", "exclusiveMinimum": 0.5},
        ),
        (Scalar(Kind.STRING, Constraints(min_length=0), "hostname"), {"type": "string", "format": "hostname"}),
        (
            Scalar(Kind.DATE, Constraints(ge="2020-01-01")),
            {"type": "string", "format": "date", "description": "Must be at least 2020-01-01."},
        ),
        (
            Scalar(Kind.INT64, Constraints(gt=0, multiple_of=5)),
            {
                "type": "string",
                "format": "int64",
                "pattern": "^(?:0|[1-9][0-9]{0,18})$",
                "description": "Must be more than 0 and a multiple of 5.",
            },
        ),
    ],
    ids=str,
)
def test_scalars(scalar: Scalar, schema: dict[str, Any]) -> None:
    assert described(scalar)[0] == schema


@pytest.mark.parametrize(
    ("bounds", "lengths", "said"),
    [
        (Constraints(), {}, None),
        (Constraints(min_length=3), {"minLength": 4}, "At least 3 bytes once decoded."),
        (Constraints(max_length=4), {"maxLength": 8}, "At most 4 bytes once decoded."),
        (Constraints(min_length=1, max_length=3), {"minLength": 4, "maxLength": 4}, "1 to 3 bytes once decoded."),
    ],
)
def test_bytes(bounds: Constraints, lengths: dict[str, int], said: str | None) -> None:
    schema, _ = described(Scalar(Kind.BYTES, bounds))
    assert {name: each for name, each in schema.items() if name.endswith("Length")} == lengths
    assert schema.get("description") == said
    assert schema["contentEncoding"] == "base64"


@given(
    st.sampled_from([Kind.DECIMAL, Kind.INT64, Kind.UINT64]),
    st.one_of(st.none(), st.integers(-300, 300)),
    st.one_of(st.none(), st.integers(-300, 300)),
    st.sampled_from([None, "0.01", "0.5", "0.1", 1, 5, 100]),
    st.decimals(-400, 400, places=3),
)
def test_patterns_of_numbers_in_text_match_all_that_is_allowed(
    kind: Kind, low: int | None, high: int | None, step: str | int | None, number: Decimal
) -> None:
    if kind is not Kind.DECIMAL:
        number, step = number.to_integral_value(), None
    if kind is Kind.UINT64:
        number, low, high = abs(number), low and abs(low), high and abs(high)
    scalar = Scalar(kind, Constraints(ge=low, le=high, multiple_of=step))
    multiple = number - number % Decimal(str(step)) if step is not None else number
    text = format(abs(multiple) if multiple == 0 else multiple, "f")
    form = scalar_form(scalar)
    try:
        for rule in form.rules:
            rule.check(form.read(text))
    except Refused:
        return
    assert compiled(scalar_schema(scalar)["pattern"]).search(text)


@pytest.mark.parametrize(
    ("bounds", "refused"),
    [
        (Constraints(ge=0, lt=100), ["-1", "100000"]),
        (Constraints(multiple_of="0.01"), ["0.001", "1.230001"]),
        (Constraints(multiple_of=5), ["0.5"]),
    ],
)
def test_patterns_of_decimals_say_what_they_can(bounds: Constraints, refused: list[str]) -> None:
    pattern = compiled(scalar_schema(Scalar(Kind.DECIMAL, bounds))["pattern"])
    assert not [each for each in refused if pattern.search(each)]


def test_values_of_enums_are_described() -> None:
    values = (EnumValue("a", "The first."), EnumValue("b", deprecated=True), EnumValue("c"))
    assert enum_schema(Enum(values, description="A letter.")) == {
        "type": "string",
        "enum": ["a", "b", "c"],
        "description": "A letter.\n\n- `a`: The first.\n- `b`: Deprecated.",
        "x-enum-descriptions": ["The first.", "Deprecated.", ""],
    }


def test_enums_are_closed_on_input_and_open_on_output() -> None:
    """An answer of tomorrow may hold a value that the clients of today do not know."""
    order = Record("Order", (Field("status", Enum((EnumValue("new"), EnumValue("done")))),))
    source, schemas = Source("test", Types({"Order": order}), frozenset({"Order"})), Schemas(Audience.PUBLIC)
    for mode in (Mode.OUTPUT, Mode.CREATE, Mode.UPDATE):
        schemas.of(source, Ref("Order"), mode)
    names = component_names(schemas.parts, ())
    written = {names[part]: resolved(schema, lambda each: names[each]) for part, schema in schemas.parts.items()}
    assert written["Order"]["properties"]["status"] == {"$ref": "OrderStatusOutput"}
    assert written["OrderCreate"]["properties"]["status"] == {"$ref": "OrderStatus"}
    assert written["OrderUpdate"]["properties"]["status"] == {"$ref": "OrderStatus"}
    assert written["OrderStatus"] == {"type": "string", "enum": ["new", "done"]}
    assert written["OrderStatusOutput"]["anyOf"] == [{"$ref": "OrderStatus"}, {"type": "string"}]


def test_names_of_enums_without_one() -> None:
    one, other = (Enum((EnumValue(each),)) for each in "ab")
    order = Record("Order", (Field("status", one), Field("kinds", List(other)), Field("Status", other)))
    source = Source("test", Types({"Order": order, "OrderKindsItem": Record("OrderKindsItem", ())}), frozenset())
    schemas = Schemas(Audience.PUBLIC)
    schemas.of(source, Ref("Order"), Mode.INPUT)
    names = set(component_names(schemas.parts, ()).values())
    assert names == {"Order", "OrderStatus", "OrderStatusValue", "OrderKindsItemValue"}


def test_null() -> None:
    either = Enum((EnumValue("a"), EnumValue("b")))
    assert described(Nullable(TEXT))[0] == {"type": ["string", "null"]}
    assert described(Nullable(either))[0]["anyOf"][1] == {"type": "null"}
    assert described(Nullable(Scalar(Kind.ANY)))[0] == {}
    assert described(Nullable(Ref("Any")), Any=Scalar(Kind.ANY))[0]["anyOf"][1] == {"type": "null"}


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (TEXT, None),
        (Scalar(Kind.STRING, Constraints(pattern="^[a-z]$")), {"pattern": "^[a-z]$"}),
        (Scalar(Kind.UUID), {"format": "uuid"}),
        (Scalar(Kind.INT), {"pattern": "^(?:0|-?[1-9][0-9]{0,15})$"}),
        (Scalar(Kind.BOOLEAN), {"enum": ["true", "false"]}),
        (Enum((EnumValue("a"),)), {"enum": ["a"]}),
    ],
    ids=str,
)
def test_names_of_entries(key: Type, names: dict[str, Any] | None) -> None:
    assert described(Map(key, TEXT))[0].get("propertyNames") == names


def test_a_patch_merges_maps_and_replaces_lists() -> None:
    leaf = Record("Leaf", (Field("a", TEXT),))
    in_map, components = described(Map(TEXT, Ref("Leaf"), Constraints(min_length=1)), Mode.UPDATE, Leaf=leaf)
    assert in_map == {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "LeafUpdate"}, {"type": "null"}]}}
    assert "required" not in components["LeafUpdate"]
    in_list, components = described(List(Ref("Leaf")), Mode.UPDATE, Leaf=leaf)
    assert in_list == {"type": "array", "items": {"$ref": "Leaf"}}
    assert components["Leaf"]["required"] == ["a"]


def test_a_union_without_tags() -> None:
    union = Union((Variant(None, TEXT), Variant(None, Scalar(Kind.BOOLEAN))), description="One or the other.")
    schema, _ = described(union)
    assert schema == {"anyOf": [{"type": "string"}, {"type": "boolean"}], "description": "One or the other."}


def test_a_record_with_and_without_its_tag() -> None:
    """The same record as one of a union and on its own: two components, for only one of them must hold the tag."""
    leaf = Record("Leaf", (Field("a", TEXT),))
    union = Union((Variant("leaf", Ref("Leaf")),), "type", "Tree")
    both = Record("Both", (Field("alone", Ref("Leaf")), Field("tagged", Ref("Tree"))))
    _, components = described(Ref("Both"), Mode.OUTPUT, Leaf=leaf, Tree=union, Both=both)
    assert components["Leaf"]["required"] == ["a"]
    assert components["Leaf2"]["required"] == ["type", "a"]
    assert components["Tree"]["discriminator"] == {"propertyName": "type", "mapping": {"leaf": "Leaf2"}}


def test_an_open_record_stays_open() -> None:
    schema, _ = described(Record(None, (Field("a", TEXT, required=False),), open=True, deprecated=True))
    assert schema == {"type": "object", "properties": {"a": {"type": "string"}}, "deprecated": True}


def test_types_that_contain_one_another() -> None:
    """Only what can be told apart, however deep, has two names."""
    one = Record("One", (Field("two", Nullable(Ref("Two"))),))
    two = Record("Two", (Field("one", Nullable(Ref("One"))), Field("size", Ref("Size"))))
    size = Enum((EnumValue("s"), EnumValue("l")), "Size")
    source = Source("test", Types({"One": one, "Two": two, "Size": size}), frozenset())
    schemas = Schemas(Audience.PUBLIC)
    for mode in (Mode.OUTPUT, Mode.INPUT, Mode.CREATE):
        schemas.of(source, Ref("One"), mode)
    names = component_names(schemas.parts, ())
    assert sorted(set(names.values())) == ["One", "OneInput", "Size", "SizeOutput", "Two", "TwoInput"]
    assert names[Part(source, "Two", Mode.INPUT)] == names[Part(source, "Two", Mode.CREATE)] == "TwoInput"


def test_contracts_with_types_of_one_name() -> None:
    schemas = Schemas(Audience.PUBLIC)
    for contract, field in (("one", "a"), ("two-three", "b"), ("four", "a")):
        types = Types({"Thing": Record("Thing", (Field(field, TEXT),))})
        schemas.of(Source(contract, types, frozenset()), Ref("Thing"), Mode.INPUT)
    names = {part.source.name: name for part, name in component_names(schemas.parts, ()).items()}
    assert names == {"one": "Thing", "two-three": "TwoThreeThing", "four": "Thing"}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ""),
        ("Take it\nout of use. It is kept.", "Take it out of use"),
        ("A title\n\nand more", "A title"),
        ("Version 1.5 is here.", "Version 1.5 is here"),
        ("x" * 200, "x" * 99 + "…"),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert sentence(text) == first
