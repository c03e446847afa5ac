"""The codec, example by example: what is taken, what is refused and with which words, and what is written."""

import dataclasses
import enum
import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from time import process_time
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel, field_validator
from pydantic import Field as PydanticField

import dragoman as dm
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import InvalidArgument, Malformed
from dragoman.contract.principal import Audience
from dragoman.contract.reading import read_record, read_resource
from dragoman.contract.schema import (
    Constraints,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Types,
    Union,
    Variant,
)
from dragoman.ports.store import Storage
from dragoman.runtime.codec import BrokenValue, JsonDecoder, JsonEncoder, PatchDecoder, StoredRecord

PARTNER, OPERATOR = Audience.PARTNER, Audience.OPERATOR


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Card(dm.Struct, tag="card"):
    digits: Annotated[str, dm.Pattern("^[0-9]{4}$")]
    checked: bool = False


class Transfer(dm.Struct, tag="transfer"):
    iban: Annotated[str, dm.Length(5, 34)]


@dataclasses.dataclass(frozen=True)
class Place:
    city: str
    codes: tuple[int, ...] = ()


class Extra(BaseModel):
    name: str
    weight: int = PydanticField(default=1, ge=1)

    @field_validator("name")
    @classmethod
    def _no_shouting(cls, value: str) -> str:
        if value.isupper():
            raise ValueError("must not shout")
        return value


class Line(dm.Struct):
    sku: Annotated[str, dm.Length(1, 10)]
    count: Annotated[int, dm.Ge(1)] = 1
    margin: Annotated[int | None, dm.Only("operator")] = None


class Everything(dm.Resource, prefix="evr"):
    flag: bool
    number: Annotated[int, dm.Ge(0), dm.Lt(1000)]
    big: dm.Int64
    huge: dm.UInt64
    ratio: Annotated[float, dm.Gt(0)]
    name: Annotated[str, dm.Length(1, 20)]
    blob: bytes
    at: datetime
    day: date
    clock: time
    span: timedelta
    key: UUID
    price: Annotated[Decimal, dm.Ge("0")]
    status: Literal["new", "old"] = "new"
    size: Size = Size.SMALL
    labels: frozenset[str] = frozenset()
    points: tuple[float, ...] = ()
    attributes: dict[str, int] = msgspec.field(default_factory=dict)
    sizes: Mapping[Size, Decimal] = msgspec.field(default_factory=dict)
    place: Place | None = None
    extra: Extra | None = None
    lines: Sequence[Line] = ()
    payment: Card | Transfer | None = None
    note: str | None = None
    secret: Annotated[str, dm.Only("operator")] = "s"


GIVEN: dict[str, Any] = {
    "flag": True,
    "number": 7,
    "big": "-9223372036854775808",
    "huge": "18446744073709551615",
    "ratio": 0.5,
    "name": "Ünï",
    "blob": "AAH/",
    "at": "2026-01-02T03:04:05.1+02:00",
    "day": "2026-01-02",
    "clock": "03:04:05",
    "span": "P1DT2.5S",
    "key": "12345678-1234-1234-1234-12345678ABCD",
    "price": "12.50",
    "status": "old",
    "size": "large",
    "labels": ["a", "b"],
    "points": [1, 2.5],
    "attributes": {"x": 1},
    "sizes": {"large": "1.0"},
    "place": {"city": "Bonn", "codes": [1, 2]},
    "extra": {"name": "x"},
    "lines": [{"sku": "a"}, {"sku": "b", "count": 3}],
    "payment": {"type": "card", "digits": "1234"},
    "note": None,
}


@pytest.fixture(scope="module")
def bound() -> tuple[Any, Types]:
    types = Types()
    return read_resource(Everything, types), types


def decoder(types: Types, audience: Audience | None = PARTNER) -> JsonDecoder:
    return JsonDecoder(Ref("Everything"), types, audience=audience)


def decode(types: Types, changes: Mapping[str, Any] | None = None, audience: Audience = PARTNER) -> Any:
    return decoder(types, audience).decode(json.dumps({**GIVEN, **(changes or {})}).encode())


def violations(call: Any, *arguments: Any, **named: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidArgument) as caught:
        call(*arguments, **named)
    return [(".".join(map(str, each.path)), f"{each.rule}: {each.message}") for each in caught.value.violations]


# In


def test_every_kind_arrives_as_declared(bound: tuple[Any, Types]) -> None:
    value = decode(bound[1])
    assert type(value) is Everything
    assert value.flag is True
    assert (value.big, value.huge) == (-(2**63), 2**64 - 1)
    assert value.blob == b"\x00\x01\xff"
    assert value.at == datetime(2026, 1, 2, 1, 4, 5, 100000, UTC)
    assert value.at.tzinfo is UTC
    assert value.clock == time(3, 4, 5)
    assert value.span == timedelta(days=1, seconds=2.5)
    assert value.key == UUID("12345678-1234-1234-1234-12345678abcd")
    assert value.price == Decimal("12.50")
    assert value.size is Size.LARGE
    assert value.labels == frozenset({"a", "b"})
    assert value.points == (1.0, 2.5)
    assert value.sizes == {Size.LARGE: Decimal("1.0")}
    assert value.place == Place("Bonn", (1, 2))
    assert type(value.extra) is Extra
    assert value.extra.weight == 1
    assert value.lines == [Line(sku="a"), Line(sku="b", count=3)]
    assert value.payment == Card(digits="1234")
    assert value.secret == "s"


def test_defaults_are_those_of_the_class(bound: tuple[Any, Types]) -> None:
    optional = {name for name in GIVEN if bound[0].record.field(name).required is False}
    value = decoder(bound[1]).decode(json.dumps({k: v for k, v in GIVEN.items() if k not in optional}).encode())
    assert value.status == "new"
    assert value.size is Size.SMALL
    assert value.attributes == {}
    assert value.lines == ()
    assert value.id.startswith("evr_")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flag": 1}, ("flag", "type: must be a boolean, got an integer")),
        ({"number": -5}, ("number", "ge: must be at least 0, got -5")),
        ({"number": 1000}, ("number", "lt: must be less than 1000, got 1000")),
        ({"number": 1.5}, ("number", "type: must be an integer, got a number with a fraction")),
        ({"number": "5"}, ("number", "type: must be an integer, got a string")),
        ({"number": None}, ("number", "null: cannot be null")),
        ({"number": 2**53}, ("number", f"range: must be between {1 - 2**53} and {2**53 - 1}, got {2**53}")),
        ({"big": 5}, ("big", "type: must be an integer written as a string of digits, got an integer")),
        ({"big": "05"}, ("big", 'format: must be an integer written as a string of digits, got "05"')),
        ({"huge": "-1"}, ("huge", "range: must be between 0 and 18446744073709551615, got -1")),
        ({"ratio": 0}, ("ratio", "gt: must be more than 0, got 0.0")),
        ({"ratio": True}, ("ratio", "type: must be a number, got a boolean")),
        ({"name": ""}, ("name", "min_length: must have at least 1 character, got 0")),
        ({"name": "x" * 21}, ("name", "max_length: must have at most 20 characters, got 21")),
        ({"blob": "AAH"}, ("blob", 'format: must be a string in base64, with padding, got "AAH"')),
        ({"at": "2026-01-02T03:04:05"}, ("at", "zone: must carry a zone, such as Z or +01:00")),
        ({"at": "0001-01-01T00:00:00+01:00"}, ("at", "range: must be within the years 1 to 9999 in UTC")),
        ({"at": "soon"}, ("at", 'format: must be a date and time such as 2026-11-22T19:00:00Z, got "soon"')),
        ({"day": "2026-02-30"}, ("day", 'format: must be a date such as 2026-11-22, got "2026-02-30"')),
        ({"clock": "03:04:05Z"}, ("clock", "zone: must be a time of day without a zone")),
        ({"span": "P1Y"}, ("span", 'format: must be an ISO 8601 duration such as PT1H30M, got "P1Y"')),
        ({"key": "12345678123412341234123456781234"}, None),
        ({"price": 12.5}, ("price", 'type: must be a decimal written as a string, such as "12.50", got a number')),
        ({"price": "1e3"}, ("price", 'format: must be a decimal written as a string, such as "12.50", got "1e3"')),
        ({"price": "-1"}, ("price", 'ge: must be at least 0, got "-1"')),
        ({"price": "9" * 65}, ("price", "range: must be a decimal of at most 64 characters, got 65")),
        ({"status": "paid"}, ("status", 'enum: must be one of "new", "old", got "paid"')),
        ({"size": "SMALL"}, ("size", 'enum: must be one of "small", "large", got "SMALL"')),
        ({"labels": ["a", "a"]}, ("labels.1", "unique_items: repeats an earlier item")),
        ({"points": {}}, ("points", "type: must be an array, got an object")),
        ({"attributes": {"x": "1"}}, ("attributes.x", "type: must be an integer, got a string")),
        ({"sizes": {"tiny": "1"}}, ("sizes.tiny", 'enum: as a key must be one of "small", "large", got "tiny"')),
        ({"place": {}}, ("place.city", "required: is required")),
        ({"lines": [{"sku": "a"}, {"sku": "", "cuont": 1}]}, None),
        ({"lines": [{"sku": "a", "margin": 1}]}, ("lines.0.margin", "unknown_field: is not a field of Line")),
        ({"payment": {"digits": "1234"}}, ("payment.type", "required: is required")),
        ({"payment": {"type": "cash"}}, ("payment.type", 'tag: must be one of "card", "transfer", got "cash"')),
        ({"payment": {"type": "card", "digits": "1234\n"}}, None),
        ({"secret": "x"}, ("secret", "unknown_field: is not a field of Everything")),
        ({"nmae": "x"}, ("nmae", 'unknown_field: is not a field of Everything; did you mean "name"?')),
        ({"id": "x"}, ("id", "read_only: is set by the server and cannot be given")),
        ({"extra": {"name": "LOUD", "weight": 1}}, ("extra.name", "invalid: must not shout")),
        ({"extra": {"name": "a", "weight": 0}}, ("extra.weight", "ge: must be at least 1, got 0")),
    ],
)  # fmt: skip
def test_refusals(bound: tuple[Any, Types], changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = violations(decode, bound[1], changes)
    if expected is not None:
        assert found == [expected]
    assert all(len(message) < 140 for _, message in found)


def test_every_violation_is_reported(bound: tuple[Any, Types]) -> None:
    found = violations(
        decode, bound[1], {"number": -1, "name": 5, "lines": [{"sku": ""}, {}], "payment": {"type": "card"}, "x": 1}
    )
    assert [path for path, _ in found] == ["number", "name", "lines.0.sku", "lines.1.sku", "payment.digits", "x"]


def test_a_long_list_of_violations_ends(bound: tuple[Any, Types]) -> None:
    assert len(violations(decode, bound[1], {"points": ["x"] * 10_000})) == 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b"  ", "the body is empty"),
        (b"{", "it ends too early, after byte 1"),
        (b'{"a":1}x', "trailing characters at byte"),
        (b'{"name":"\xff"}', "not valid UTF-8 at byte 9"),
        (b'{"flag":NaN}', "at byte 8"),
        (b'{"name":"\\ud800"}', "half of a surrogate pair, \\ud800, at byte 9"),
        (b'{"name":"\\\\ud800 \\ud83d\\ude00 \\uDE00x"}', "half of a surrogate pair, \\uDE00, at byte 30"),
        (b'{"name":"\\\\ud800 \\ud83d\\ude00', "it ends too early, after byte 29"),
        (b'{"ratio":1e999}', "not valid JSON"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
        (b'{"x":' * 100_000, "deeper than 64"),
    ],
)
def test_what_is_not_json(bound: tuple[Any, Types], body: bytes, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        decoder(bound[1]).decode(body)
    assert message in caught.value.message


def test_a_name_given_twice_is_named(bound: tuple[Any, Types]) -> None:
    body = json.dumps(GIVEN)[:-1] + ', "number": 3, "number": "x", "number": 1}'
    assert violations(decoder(bound[1]).decode, body.encode()) == [
        ("number", "duplicate: is given twice in one object"),
    ]


def test_nesting_is_limited_where_a_type_contains_itself() -> None:
    tree = Record("Tree", (Field("kids", List(Ref("Tree")), required=False, default=[]),))
    types = Types({"Tree": tree})
    read = JsonDecoder(Ref("Tree"), types)

    def nested(depth: int) -> bytes:
        return b'{"kids":[' * depth + b"]}" * depth

    assert read.decode(nested(32)).kids[0].kids[0]
    with pytest.raises(Malformed):
        read.decode(nested(33))
    assert read.decode(b'{"kids":[' + b",".join([b'{"kids":[]}'] * 100) + b"]}")
    value: Any = {}
    for _ in range(5000):
        value = {"kids": [value]}
    assert violations(read.convert, value) == [("", "nesting: is nested too deeply")]


def test_text_is_read_by_type(bound: tuple[Any, Types]) -> None:
    class Query(dm.Struct):
        number: Annotated[int, dm.Ge(0)] = 1
        ratio: float = 0.5
        flag: bool | None = None
        ids: tuple[int, ...] = ()
        day: date | None = None
        big: dm.Int64 = 0

    types = Types()
    read = JsonDecoder(read_record(Query, types), types)
    value = read.convert(
        {"number": "5", "ratio": "1.5", "flag": "true", "ids": ["1", "2"], "day": "2026-01-02", "big": "7"}, text=True
    )
    assert value == Query(number=5, ratio=1.5, flag=True, ids=(1, 2), day=date(2026, 1, 2), big=7)
    assert read.convert({"ids": "3"}, text=True).ids == (3,)
    assert violations(read.convert, {"number": "x", "flag": "1", "ratio": "1e999", "ids": ["1", "b"]}, text=True) == [
        ("number", 'type: must be an integer, got "x"'),
        ("ratio", "range: must be a finite number"),
        ("flag", 'type: must be a boolean, got "1"'),
        ("ids.1", 'type: must be an integer, got "b"'),
    ]
    assert violations(read.convert, {"number": "9" * 5000}, text=True)


def test_a_post_init_that_refuses_is_a_violation_in_its_place() -> None:
    class Span(dm.Struct):
        low: int
        high: int

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low must not be above high")

    class Search(dm.Struct):
        spans: list[Span]

    types = Types()
    read = JsonDecoder(read_record(Search, types), types)
    assert violations(read.decode, b'{"spans":[{"low":1,"high":2},{"low":3,"high":2}]}') == [
        ("spans.1", "invalid: low must not be above high")
    ]


def test_a_hidden_field_needs_a_default() -> None:
    class Hidden(dm.Struct):
        cost: Annotated[int, dm.Only("operator")]

    types = Types()
    ref = read_record(Hidden, types)
    JsonDecoder(ref, types, audience=OPERATOR)
    with pytest.raises(DeclarationError, match=r"Hidden\.cost"):
        JsonDecoder(ref, types, audience=PARTNER)


def test_annotations_out_of_reach_still_give_their_collections() -> None:
    def declare() -> Any:
        class Inner(dm.Struct):
            x: int

        class Outer(dm.Struct):
            inners: "tuple[Inner, ...]"

        types = Types()
        return types, read_record(Outer, types)

    types, ref = declare()
    assert type(JsonDecoder(ref, types).decode(b'{"inners":[{"x":1}]}').inners) is tuple


def test_records_without_a_class_decode_to_plain_structs() -> None:
    pet = Record(
        "Pet",
        (
            Field("class", Scalar(Kind.STRING)),
            Field("x-y", Scalar(Kind.INT64), required=False),
            Field("tags", Map(Scalar(Kind.INT), Scalar(Kind.BOOLEAN)), required=False, default={}),
            Field("any", Scalar(Kind.ANY), required=False, default=None),
            Field("either", Union((Variant(None, Scalar(Kind.INT)), Variant(None, Scalar(Kind.DATE)))), required=False),
        ),
    )
    types = Types({"Pet": pet})
    read, write = JsonDecoder(Ref("Pet"), types), JsonEncoder(Ref("Pet"), types)
    value = read.decode(b'{"class":"dog","tags":{"1":true},"any":{"a":[1.5,null]},"either":"2026-01-02"}')
    assert value.tags == {1: True}
    assert value.either == date(2026, 1, 2)
    assert write.encode(value) == (b'{"class":"dog","tags":{"1":true},"any":{"a":[1.5,null]},"either":"2026-01-02"}')
    assert write.encode(read.decode(b'{"class":"dog","x-y":"5"}')) == b'{"class":"dog","x-y":"5","tags":{},"any":null}'


# Out


def test_what_is_written_is_the_same_for_every_value(bound: tuple[Any, Types]) -> None:
    value = decode(bound[1])
    written = json.loads(JsonEncoder(Ref("Everything"), bound[1], audience=PARTNER).encode(value))
    assert list(written) == [each.name for each in bound[0].record.fields if each.name != "secret"]
    assert written["at"] == "2026-01-02T01:04:05.100000Z"
    assert written["clock"] == "03:04:05.000000"
    assert written["big"] == "-9223372036854775808"
    assert written["price"] == "12.50"
    assert written["key"] == "12345678-1234-1234-1234-12345678abcd"
    assert written["blob"] == "AAH/"
    assert written["sizes"] == {"large": "1.0"}
    assert written["lines"] == [{"sku": "a", "count": 1}, {"sku": "b", "count": 3}]
    assert written["payment"] == {"type": "card", "digits": "1234", "checked": False}
    for_operators = json.loads(JsonEncoder(Ref("Everything"), bound[1], audience=OPERATOR).encode(value))
    assert for_operators["secret"] == "s"
    assert for_operators["lines"][0] == {"sku": "a", "count": 1, "margin": None}


def test_datetimes_of_any_zone_are_written_alike(bound: tuple[Any, Types]) -> None:
    write = JsonEncoder(Scalar(Kind.DATETIME), Types())
    assert write.encode(datetime(2026, 1, 1, tzinfo=UTC)) == b'"2026-01-01T00:00:00.000000Z"'
    assert write.encode(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == b'"2025-12-31T22:00:00.000000Z"'
    assert write.encode(datetime(1, 1, 1, tzinfo=UTC)) == b'"0001-01-01T00:00:00.000000Z"'
    with pytest.raises(BrokenValue):
        write.encode(datetime.min.replace(tzinfo=timezone(timedelta(hours=2))))


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"number": -1}, "number", "must be at least 0, got -1"),
        ({"number": 1.5}, "number", "must be an integer"),
        ({"number": True}, "number", "must be an integer, got a boolean"),
        ({"number": "1"}, "number", "must be an integer, got a string"),
        ({"ratio": math.nan}, "ratio", "must be a finite number"),
        ({"ratio": math.inf}, "ratio", "must be a finite number"),
        ({"big": 2**63}, "big", "must be between"),
        ({"big": "5"}, "big", "must be an integer, got a string"),
        ({"huge": -1}, "huge", "must be between"),
        ({"name": "\ud800"}, "name", "without lone surrogates"),
        ({"name": None}, "name", "cannot be null"),
        ({"at": datetime(2026, 1, 1)}, "at", "must carry a zone"),  # noqa: DTZ001
        ({"day": datetime(2026, 1, 1, tzinfo=UTC)}, "day", "must be a date"),
        ({"clock": time(1, tzinfo=UTC)}, "clock", "without a zone"),
        ({"price": Decimal("NaN")}, "price", "finite"),
        ({"price": Decimal("1e1000000")}, "price", "at most 64"),
        ({"price": 1.5}, "price", "must be a Decimal"),
        ({"status": "gone"}, "status", 'must be one of "new", "old", got "gone"'),
        ({"size": "gone"}, "size", "must be one of"),
        ({"key": "x"}, "key", "must be a UUID"),
        ({"labels": "abc"}, "labels", "must be an array"),
        ({"lines": [Line(sku="a"), Line(sku="")]}, "lines.1.sku", "at least 1 character"),
        ({"lines": [5]}, "lines.0", "must be an object"),
        ({"payment": Line(sku="a")}, "payment.type", "must be one of"),
        ({"attributes": {"\ud800": 1}}, "attributes.\ud800", "surrogates"),
        ({"place": Place("x", ("y",))}, "place.codes.0", "must be an integer"),  # type: ignore[arg-type]
    ],
)
def test_broken_contracts(bound: tuple[Any, Types], changes: dict[str, Any], path: str, message: str) -> None:
    value = msgspec.structs.replace(decode(bound[1]), **changes)
    with pytest.raises(BrokenValue) as caught:
        JsonEncoder(Ref("Everything"), bound[1], audience=PARTNER).encode(value)
    assert ".".join(map(str, caught.value.path)) == path
    assert message in caught.value.message
    assert violations(StoredRecord(*bound).to_row, value)[0][0] == path


def test_subclasses_of_plain_types_are_written_as_what_they_extend(bound: tuple[Any, Types]) -> None:
    class Name(str):
        __slots__ = ()

    class Status(enum.StrEnum):
        OLD = "old"

    value = msgspec.structs.replace(
        decode(bound[1]), name=Name("x"), status=Status.OLD, labels={"z"}, lines=(Line(sku="a"),)
    )
    written = json.loads(JsonEncoder(Ref("Everything"), bound[1]).encode(value))
    assert (written["name"], written["status"], written["labels"]) == ("x", "old", ["z"])
    row = StoredRecord(*bound).to_row(value)
    assert (row["name"], row["status"]) == ("x", "old")


def test_any_json_is_checked_on_its_way_out() -> None:
    write = JsonEncoder(Scalar(Kind.ANY), Types())
    assert write.encode({"a": [1, (2,)], "b": None}) == b'{"a":[1,[2]],"b":null}'
    loop: list[Any] = []
    loop.append(loop)
    for wrong in ({"a": math.nan}, ["\ud800"], {1: object()}, object(), loop):
        with pytest.raises(BrokenValue):
            write.encode(wrong)


def test_absent_is_not_null() -> None:
    class Change(dm.Struct):
        name: str | msgspec.UnsetType | None = msgspec.UNSET

    types = Types()
    ref = read_record(Change, types)
    read, write = JsonDecoder(ref, types), JsonEncoder(ref, types)
    assert read.decode(b"{}").name is msgspec.UNSET
    assert read.decode(b'{"name":null}').name is None
    assert write.encode(Change()) == b"{}"
    assert write.encode(Change(name=None)) == b'{"name":null}'


# Patches


def patcher(types: Types, audience: Audience = PARTNER) -> PatchDecoder:
    return PatchDecoder(Ref("Everything"), types, audience=audience)


def patched(types: Types, change: Any, current: Any = None, audience: Audience = PARTNER) -> Any:
    current = decode(types) if current is None else current
    return patcher(types, audience).decode(json.dumps(change).encode()).apply(current)


def test_a_patch_changes_what_it_names(bound: tuple[Any, Types]) -> None:
    current = decode(bound[1])
    after = patched(bound[1], {"number": 8, "labels": ["z"], "at": "2026-01-01T00:00:00+01:00"}, current)
    assert after == msgspec.structs.replace(
        current, number=8, labels=frozenset({"z"}), at=datetime(2025, 12, 31, 23, tzinfo=UTC)
    )
    assert patched(bound[1], {}, current) == current


def test_null_clears_what_is_nullable(bound: tuple[Any, Types]) -> None:
    assert patched(bound[1], {"note": None, "place": None}).place is None
    assert violations(patched, bound[1], {"number": None, "attributes": None}) == [
        ("number", "null: cannot be null"),
        ("attributes", "null: cannot be null"),
    ]


def test_maps_and_records_merge(bound: tuple[Any, Types]) -> None:
    current = decode(bound[1])
    assert patched(bound[1], {"attributes": {"y": 2}}, current).attributes == {"x": 1, "y": 2}
    assert patched(bound[1], {"attributes": {"x": None}}, current).attributes == {}
    assert patched(bound[1], {"sizes": {"small": "2"}}, current).sizes == {
        Size.LARGE: Decimal("1.0"),
        Size.SMALL: Decimal(2),
    }
    assert patched(bound[1], {"place": {"codes": [9]}}, current).place == Place("Bonn", (9,))
    assert patched(bound[1], {"extra": {"weight": 4}}, current).extra == Extra(name="x", weight=4)
    cleared = msgspec.structs.replace(current, place=None)
    assert patched(bound[1], {"place": {"city": "Rome"}}, cleared).place == Place("Rome")
    assert violations(patched, bound[1], {"place": {"codes": [1]}}, cleared) == [
        ("place.city", "required: is required")
    ]


def test_unions_merge_within_a_tag_and_are_replaced_across(bound: tuple[Any, Types]) -> None:
    current = decode(bound[1], {"payment": {"type": "card", "digits": "1234", "checked": True}})
    assert patched(bound[1], {"payment": {"digits": "9999"}}, current).payment == Card(digits="9999", checked=True)
    assert patched(bound[1], {"payment": {"type": "transfer", "iban": "DE123"}}, current).payment == Transfer(
        iban="DE123"
    )
    assert violations(patched, bound[1], {"payment": {"type": "transfer"}}, current) == [
        ("payment.iban", "required: is required")
    ]
    assert violations(patched, bound[1], {"payment": {"iban": "DE123"}}, current) == [
        ("payment.iban", "unknown_field: is not a field of Card")
    ]


def test_a_patch_may_not_touch_what_its_audience_does_not_see(bound: tuple[Any, Types]) -> None:
    assert violations(patched, bound[1], {"secret": "x", "id": "y", "lines": [{"sku": "a", "margin": 1}]}) == [
        ("secret", "unknown_field: is not a field of Everything"),
        ("id", "read_only: is set by the server and cannot be given"),
        ("lines.0.margin", "unknown_field: is not a field of Line"),
    ]
    assert patched(bound[1], {"secret": "x"}, audience=OPERATOR).secret == "x"


def test_a_patch_keeps_what_its_audience_does_not_see() -> None:
    class Outer(dm.Resource, prefix="out"):
        line: Line
        either: Card | Transfer

    types = Types()
    read_resource(Outer, types)
    current = Outer(line=Line(sku="a", margin=7), either=Card(digits="1234"))
    patch = PatchDecoder(Ref("Outer"), types, audience=PARTNER).decode(b'{"line":{"count":3}}')
    assert patch.apply(current).line == Line(sku="a", count=3, margin=7)
    with pytest.raises(InvalidArgument):
        PatchDecoder(Ref("Outer"), types, audience=PARTNER).decode(b'{"line":{"margin":3}}')


def test_patches_that_are_no_patches(bound: tuple[Any, Types]) -> None:
    read = patcher(bound[1])
    assert violations(read.decode, b"[]") == [("", "type: must be an object, got an array")]
    with pytest.raises(Malformed):
        read.decode(b"{")
    with pytest.raises(Malformed):
        read.decode(b'{"attributes":' + b"[" * 1000)
    assert violations(read.decode, b'{"place":{"city":5,"town":1},"number":"x","payment":5}') == [
        ("place.city", "type: must be a string, got an integer"),
        ("place.town", "unknown_field: is not a field of Place"),
        ("number", "type: must be an integer, got a string"),
        ("payment", "type: must be an object, got an integer"),
    ]


# Rows


def test_a_row_holds_the_value(bound: tuple[Any, Types]) -> None:
    stored = StoredRecord(*bound)
    storage = {column.name: column.storage for column in stored.columns}
    assert list(storage)[:2] == ["id", "flag"]
    assert list(storage)[-3:] == ["created_at", "updated_at", "version"]
    assert storage["flag"] is storage["big"] is storage["version"] is Storage.INTEGER
    assert storage["ratio"] is Storage.REAL
    assert storage["huge"] is storage["price"] is storage["size"] is Storage.TEXT
    assert storage["labels"] is storage["place"] is storage["payment"] is Storage.JSON
    value = decode(bound[1], {"secret": "t"}, OPERATOR)
    row = stored.to_row(value)
    assert list(row) == list(storage)
    assert row["flag"] == 1
    assert type(row["flag"]) is int
    assert row["huge"] == "18446744073709551615"
    assert row["at"] == "2026-01-02T01:04:05.100000Z"
    assert row["note"] is None
    assert row["lines"] == '[{"sku":"a","count":1,"margin":null},{"sku":"b","count":3,"margin":null}]'
    assert stored.from_row(tuple(row.values())) == value
    assert {type(each) for each in row.values()} <= {int, str, float, type(None)}


@pytest.mark.parametrize("audience", [PARTNER, OPERATOR, None])
def test_a_projection_is_what_the_encoder_makes_of_the_instance(
    bound: tuple[Any, Types], audience: Audience | None
) -> None:
    stored, encoder = StoredRecord(*bound), JsonEncoder(Ref("Everything"), bound[1], audience=audience)
    for changes in ({}, {"place": None, "payment": None, "huge": "0", "flag": False}):
        value = decode(bound[1], changes)
        row = stored.to_row(value)
        projector = stored.projector(encoder)
        assert projector.columns[-1] == "version"
        projected = projector([row[name] for name in projector.columns])
        assert type(projected) is encoder.wire
        assert msgspec.json.encode(projected) == encoder.encode(value)


def test_changes_are_what_differs(bound: tuple[Any, Types]) -> None:
    stored = StoredRecord(*bound)
    value = decode(bound[1])
    same = msgspec.structs.replace(
        value, at=value.at.astimezone(timezone(timedelta(hours=3))), lines=tuple(value.lines)
    )
    assert stored.changes(value, same) == {}
    other = msgspec.structs.replace(value, price=Decimal("12.5"), note="n", version=9)
    assert stored.changes(value, other) == {"price": "12.5", "note": "n"}
    legacy = msgspec.structs.replace(value, number=-5)
    assert stored.changes(legacy, msgspec.structs.replace(legacy, number=6)) == {"number": 6}


def test_rows_of_an_older_schema_are_read() -> None:
    class Item(dm.Struct):
        sku: Annotated[str, dm.Length(1, 2)]
        color: str = "grey"

    class Box(dm.Resource, prefix="box"):
        items: list[Item]

    types = Types()
    stored = StoredRecord(read_resource(Box, types), types)
    row = ("box_1", '[{"sku":"long","gone":1}]', "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z", 3)
    value = stored.from_row(row)
    assert value.items == [Item(sku="long")]
    assert value.version == 3


def test_conditions(bound: tuple[Any, Types]) -> None:
    stored = StoredRecord(*bound)
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert stored.to_stored("at", moment) == "2026-01-01T00:00:00.000000Z"
    assert stored.to_stored("at", "2026-01-01T01:00:00+01:00") == "2026-01-01T00:00:00.000000Z"
    assert stored.to_stored("size", Size.LARGE) == stored.to_stored("size", "large") == "large"
    assert stored.to_stored("flag", True) == 1
    assert stored.to_stored("number", -5) == -5
    assert stored.to_stored("big", 5) == stored.to_stored("big", "5") == 5
    assert stored.to_stored("huge", 5) == "00000000000000000005"
    assert stored.to_stored("note", None) is None
    assert stored.to_stored("labels", {"a"}) == stored.to_stored("labels", ["a"]) == '["a"]'
    assert stored.to_stored("payment", Card(digits="1234")) == '{"type":"card","digits":"1234","checked":false}'
    assert stored.to_stored("created_at", moment) == "2026-01-01T00:00:00.000000Z"
    for field, wrong in (("number", "x"), ("size", "x"), ("at", 5), ("ratio", math.nan), ("labels", 5), ("name", 5)):
        assert violations(stored.to_stored, field, wrong)[0][0] == field
    assert stored.parse("flag", "true") == 1
    assert stored.parse("number", "-5") == -5
    assert stored.parse("big", "7") == 7
    assert stored.parse("day", "2026-01-02") == "2026-01-02"
    assert stored.parse("at", "2026-01-02T00:00:00Z") == "2026-01-02T00:00:00.000000Z"
    assert stored.parse("name", "null") == "null"
    assert stored.parse("version", "3") == 3
    assert violations(stored.parse, "number", "x") == [("number", 'type: must be an integer, got "x"')]
    assert violations(stored.parse, "status", "x") == [("status", 'enum: must be one of "new", "old", got "x"')]
    assert violations(stored.parse, "labels", "x") == [("labels", "filter: cannot be compared with a value")]


def test_bounds_of_every_sort_hold_both_ways() -> None:
    cases: list[tuple[Scalar, list[Any], list[Any]]] = [
        (Scalar(Kind.INT, Constraints(gt=1.5, lt=4)), [2, 3], [1, 4]),
        (Scalar(Kind.INT, Constraints(ge=2, gt=2, multiple_of=3)), [3, 6], [2, 4]),
        (Scalar(Kind.DOUBLE, Constraints(gt=1, ge=2, le=5, lt=5)), [2, 4.5], [1.5, 5]),
        (Scalar(Kind.DECIMAL, Constraints(gt=0, multiple_of=0.01)), ["0.05"], ["0", "0.005"]),
        (Scalar(Kind.INT64, Constraints(ge=5)), ["5"], ["4"]),
        (Scalar(Kind.DATE, Constraints(ge="2020-01-01")), ["2020-01-01"], ["2019-12-31"]),
        (Scalar(Kind.STRING, Constraints(pattern="^a$")), ["a"], ["a\n", "b"]),
        (Scalar(Kind.FLOAT), [1e38], [1e39]),
    ]
    for type_, right, wrong in cases:
        types = Types({"R": Record("R", (Field("x", Nullable(type_)),))})
        read, write = JsonDecoder(Ref("R"), types), JsonEncoder(Ref("R"), types)
        for value in right:
            assert write.encode(read.convert({"x": value}))
        for value in wrong:
            assert violations(read.convert, {"x": value})


def test_large_wrong_bodies_are_refused_quickly(bound: tuple[Any, Types]) -> None:
    tree = Types({"Tree": Record("Tree", (Field("kids", List(Ref("Tree")), required=False, default=[]),))})
    bodies = [
        (decoder(bound[1]), b'{"points":[' + b"1," * 300_000 + b'"x"]}'),
        (decoder(bound[1]), b"{" + b",".join(b'"f%d":1' % number for number in range(100_000)) + b"}"),
        (decoder(bound[1]), b'{"attributes":{' + b",".join(b'"f%d":"x"' % number for number in range(50_000)) + b"}}"),
        (JsonDecoder(Ref("Tree"), tree), b"[]" * 70 + b'"' + b'\\"' * 300_000),
        (JsonDecoder(Ref("Tree"), tree), b"[]" * 70 + b'"\\'),
    ]
    for read, body in bodies:
        started = process_time()
        with pytest.raises(InvalidArgument):
            read.decode(body)
        assert process_time() - started < 2


def test_decoders_serve_many_threads(bound: tuple[Any, Types]) -> None:
    read, write = decoder(bound[1]), JsonEncoder(Ref("Everything"), bound[1], audience=PARTNER)
    body = json.dumps(GIVEN).encode()

    def there_and_back(_: int) -> str:
        written = json.loads(write.encode(read.decode(body)))
        stamps = {"id", "created_at", "updated_at"}
        return json.dumps({name: value for name, value in written.items() if name not in stamps})

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(there_and_back, range(64)))) == 1


class Tally(dm.Struct):
    name: Annotated[str, dm.Length(1, 5)]
    counts: list[int]
    share: float | None = None


@dataclasses.dataclass
class Likewise:
    name: Any
    counts: Any
    share: Any = None


@pytest.mark.parametrize("name", ["a", "", "abcdef", None])
@pytest.mark.parametrize("counts", [[1], [], ["1"], (1, 2), 3, [2**60]])
@pytest.mark.parametrize("share", [0.5, None, "much"])
def test_the_class_itself_is_written_as_what_looks_like_it(name: Any, counts: Any, share: Any) -> None:
    """And is refused in the same words: there is a shorter way for it."""
    types = Types()
    encoder = JsonEncoder(read_record(Tally, types), types)

    def said(value: Any) -> Any:
        try:
            return msgspec.json.encode(encoder.to_wire(value))
        except BrokenValue as broken:
            return str(broken)

    assert said(Tally(name=name, counts=counts, share=share)) == said(Likewise(name, counts, share))
