"""The fast way (msgspec) and the slow way (the walk that explains) must take the same values for valid."""

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dragoman.contract.example import NoExample, example
from dragoman.contract.fault import InvalidArgument
from dragoman.contract.schema import (
    MISSING,
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
from dragoman.runtime.codec import JsonDecoder, JsonEncoder
from dragoman.runtime.codec.violations import Walk
from dragoman.runtime.codec.whole import with_whole_numbers

NAMES = ["a", "b", "kind", "class", "x-y", "_z"]
small = st.one_of(st.none(), st.integers(-3, 6))


@st.composite
def constraints(draw: st.DrawFn, kind: Kind) -> Constraints:
    if draw(st.booleans()):
        return Constraints()
    if kind in (Kind.STRING, Kind.BYTES):
        return Constraints(
            min_length=draw(st.sampled_from([None, 0, 1, 3])),
            max_length=draw(st.sampled_from([None, 2, 5])),
            pattern=draw(st.sampled_from([None, "^[a-z]*$", "1"])) if kind is Kind.STRING else None,
        )
    if kind in (Kind.BOOLEAN, Kind.ANY, Kind.UUID, Kind.TIME, Kind.DURATION):
        return Constraints()
    if kind is Kind.DATE:
        return Constraints(ge=draw(st.sampled_from([None, "2020-01-01"])))
    if kind is Kind.DATETIME:
        return Constraints(lt=draw(st.sampled_from([None, "2024-01-01T00:00:00Z"])))
    return Constraints(
        ge=draw(small),
        gt=draw(small),
        le=draw(small),
        lt=draw(small),
        multiple_of=draw(st.sampled_from([None, 1, 2, 0.5])),
    )


@st.composite
def scalars(draw: st.DrawFn) -> Scalar:
    kind = draw(st.sampled_from(list(Kind)))
    return Scalar(kind, draw(constraints(kind)))


enums = st.lists(st.sampled_from(["x", "y", "free", "", "1"]), min_size=1, max_size=3, unique=True).map(
    lambda names: Enum(tuple(map(EnumValue, names)))
)
RECORDS = ["R0", "R1", "R2"]


def bounded(draw: st.DrawFn, *, unique: bool) -> Constraints:
    return Constraints(
        min_length=draw(st.sampled_from([None, None, 1])),
        max_length=draw(st.sampled_from([None, 2])),
        unique_items=unique and draw(st.booleans()),
    )


@st.composite
def types_(draw: st.DrawFn, depth: int = 2) -> Type:
    choice = draw(st.integers(0, 9 if depth else 4))
    match choice:
        case 0 | 1 | 2 | 3:
            return draw(scalars())
        case 4:
            return draw(enums)
        case 5:
            return List(draw(types_(depth - 1)), bounded(draw, unique=True))
        case 6:
            key = draw(
                st.one_of(
                    st.sampled_from(
                        [Scalar(each) for each in (Kind.STRING, Kind.UUID, Kind.INT, Kind.INT64, Kind.DATE)]
                    ),
                    enums,
                    st.just(Scalar(Kind.STRING, Constraints(max_length=2))),
                )
            )
            return Map(key, draw(types_(depth - 1)), bounded(draw, unique=False))
        case 7:
            return Nullable(draw(types_(depth - 1)))
        case 8:
            return Ref(draw(st.sampled_from(RECORDS)))
        case _:
            if draw(st.booleans()):
                tags = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=3, unique=True))
                return Union(tuple(Variant(each.lower(), Ref(each)) for each in tags), "kind")
            return Union(
                tuple(Variant(None, each) for each in draw(st.lists(types_(depth - 1), min_size=1, max_size=2)))
            )


@st.composite
def records(draw: st.DrawFn, name: str) -> Record:
    fields = []
    for each in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        type_ = draw(types_())
        required = draw(st.booleans())
        default = None if not required and isinstance(type_, Nullable) else MISSING
        fields.append(Field(each, type_, required, default))
    return Record(name, tuple(fields))


@st.composite
def schemas(draw: st.DrawFn) -> Types:
    return Types({name: draw(records(name)) for name in RECORDS})


texts = st.sampled_from(
    [
        "", "a", "abc", "1", "-1", "01", "1.0", "1.50", "-0", "NaN", "é", "abc\n", "x", "free", "AAAA", "YQ==", "YR==",
        "2020-01-01", "2019-12-31", "2020-02-30", "2020-01-01T00:00:00Z", "2025-01-01T00:00:00+02:00",
        "2020-01-01T00:00:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "10:30:00", "10:30:00Z",
        "10:30:00.1234567", "PT1S", "P1D", "P1Y", "-PT1.5S", "12345678-1234-1234-1234-12345678abcd",
        "12345678123412341234123456 78abcd", "12345678123412341234123456abcdef", "9223372036854775808",
        "9223372036854775807", "18446744073709551616", "true", "١",
    ]
)  # fmt: skip
numbers = st.one_of(
    st.integers(-4, 8),
    st.sampled_from([2**53, 2**53 - 1, 2**31, 2**63, 2**64, 10**40, 10**400, -(2**53)]),
    st.sampled_from([0.5, 1.0, 2.0, -0.0, 1.25, -2.5, 1e300, 2.0**53, 2.0**31, 3.5e38, 0.1]),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "q", "1"]), inner, max_size=3),
    max_leaves=4,
)


@st.composite
def values(draw: st.DrawFn, types: Types, type_: Type, depth: int = 5) -> Any:
    """Mostly right: a value made for the type, with something else in its place now and then."""
    if depth == 0 or draw(st.integers(0, 24)) == 0:
        return draw(anything)
    type_ = types.resolve(type_)
    match type_:
        case Scalar(kind=Kind.INT | Kind.INT32 | Kind.UINT32 | Kind.FLOAT | Kind.DOUBLE):
            return draw(numbers)
        case Scalar(kind=Kind.BOOLEAN):
            return draw(st.booleans())
        case Scalar(kind=Kind.ANY):
            return draw(anything)
        case Scalar():
            return draw(texts)
        case Enum():
            return draw(st.sampled_from(type_.names))
        case Nullable():
            return draw(st.one_of(st.none(), values(types, type_.of, depth - 1)))
        case List():
            return draw(st.lists(values(types, type_.item, depth - 1), max_size=3))
        case Map():
            return draw(st.dictionaries(texts, values(types, type_.value, depth - 1), max_size=2))
        case Union():
            variant = draw(st.sampled_from(type_.variants))
            value = draw(values(types, variant.type, depth - 1))
            if type_.discriminator and isinstance(value, dict):
                value = {**value, "kind": variant.tag}
            return value
        case Record():
            value = {}
            for field in type_.fields:
                if field.required or draw(st.booleans()):
                    value[field.name] = draw(values(types, field.type, depth - 1))
            if draw(st.integers(0, 19)) == 0:
                value["unknown"] = 1
            return value
    raise AssertionError(type_)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Types, list[Any]]:
    types = draw(schemas())
    return types, draw(st.lists(values(types, Ref("R0")), min_size=1, max_size=5))


def outcome(decoder: JsonDecoder, value: Any, *, text: bool) -> Any:
    try:
        if text:
            return decoder.decode(json.dumps(value).encode())
        return decoder.convert(value)
    except InvalidArgument as fault:
        return fault


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_fast_and_slow_agree(case: tuple[Types, list[Any]]) -> None:
    types, candidates = case
    decoder = JsonDecoder(Ref("R0"), types, audience=None)
    encoder = JsonEncoder(Ref("R0"), types, audience=None)
    for value in candidates:
        decoded = outcome(decoder, value, text=True)
        found = Walk(decoder._inbound).check(Ref("R0"), with_whole_numbers(types, Ref("R0"), value))
        if isinstance(decoded, InvalidArgument):
            event("refused")
            assert found, (value, decoded.message)
            assert all(each.rule != "invalid" for each in decoded.violations), decoded.violations
            assert len({(each.path, each.rule, each.message) for each in found}) == len(found)
        else:
            event("taken")
            assert not found
            # What was taken can be sent, and what was sent is taken again and sent alike.
            sent = encoder.encode(decoded)
            assert encoder.encode(decoder.decode(sent)) == sent
        converted = outcome(decoder, value, text=False)
        assert isinstance(converted, InvalidArgument) == isinstance(decoded, InvalidArgument), value
        if not isinstance(converted, InvalidArgument):
            assert encoder.encode(converted) == encoder.encode(decoded)


def with_points(value: Any) -> Any:
    """The value, its integers written with a point, where a float holds them."""
    if isinstance(value, list):
        return [with_points(each) for each in value]
    if isinstance(value, dict):
        return {name: with_points(each) for name, each in value.items()}
    return float(value) if type(value) is int and abs(value) < 2**53 else value


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_whole_numbers_may_be_written_with_a_point(case: tuple[Types, list[Any]]) -> None:
    """1.0 is an integer: it is taken where 1 is, refused where 1 is, and means the same."""
    types, candidates = case
    decoder, encoder = JsonDecoder(Ref("R0"), types), JsonEncoder(Ref("R0"), types)
    for value in candidates:
        plain, pointed = (outcome(decoder, each, text=True) for each in (value, with_points(value)))
        if isinstance(plain, InvalidArgument):
            assert isinstance(pointed, InvalidArgument)
            assert {each.path for each in pointed.violations} == {each.path for each in plain.violations}
        else:
            event("taken")
            sent = [json.loads(encoder.encode(each)) for each in (plain, pointed)]
            assert sent[0] == sent[1]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas())
def test_an_example_is_taken(types: Types) -> None:
    try:
        shown = example(Ref("R0"), types)
    except NoExample:
        return
    JsonDecoder(Ref("R0"), types).decode(json.dumps(shown).encode())


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_bytes_are_a_value_or_a_fault(data: st.DataObject) -> None:
    types = data.draw(schemas())
    decoder = JsonDecoder(Ref("R0"), types, audience=None)
    body = json.dumps(data.draw(values(types, Ref("R0")))).encode()
    for _ in range(5):
        position = data.draw(st.integers(0, len(body)))
        junk = data.draw(
            st.sampled_from([b"", b'"', b"{", b"[" * 70, b"\xff", b"\\ud800", b"1e999", b",", b"NaN", b"\x00"])
        )
        length = data.draw(st.integers(0, 3))
        mutated = body[:position] + junk + body[position + length :]
        try:
            decoder.decode(mutated)
        except InvalidArgument as caught:
            # Its paths must go through JSON, whatever names the message had.
            msgspec.json.encode([each.path for each in caught.violations])
