"""Schemas and values at random, of all that a contract in Python can hold."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from dragoman.contract.schema import (
    MISSING,
    RANGES,
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

NAMES = ["a", "bC", "some_name", "class", "x2y", "HTTPStatus", "z", "kind2"]
RECORDS = ["R0", "R1", "R2"]
ENUMS = ["Color"]
ROOT = Ref("R0")

enums = st.lists(st.sampled_from(["red", "dark-blue", "free", "1", "7"]), min_size=1, max_size=4, unique=True).map(
    lambda names: Enum(tuple(map(EnumValue, names)))
)
scalars = st.sampled_from(list(Kind)).map(Scalar)


@st.composite
def types_(draw: st.DrawFn, depth: int = 2) -> Type:
    """A type that stands in a record."""
    match draw(st.integers(0, 10 if depth else 5)):
        case 0 | 1 | 2 | 3:
            return draw(scalars)
        case 4:
            return draw(enums)
        case 5:
            return Ref("Color")
        case 6:
            return List(draw(types_(depth - 1)))
        case 7:
            keys = [Kind.STRING, Kind.UUID, Kind.INT, Kind.INT32, Kind.INT64, Kind.UINT64, Kind.BOOLEAN, Kind.DATE]
            key = draw(st.one_of(st.sampled_from(keys).map(Scalar), st.just(Ref("Color")), enums))
            return Map(key, draw(types_(depth - 1)))
        case 8:
            return Nullable(draw(types_(depth - 1)))
        case 9:
            return Ref(draw(st.sampled_from(RECORDS)))
        case _:
            tags = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=3, unique=True))
            return Union(tuple(Variant(each.lower(), Ref(each)) for each in tags), "kind")


@st.composite
def records(draw: st.DrawFn, name: str) -> Record:
    """A record of some of the names."""
    fields = []
    for each in draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True)):
        type_ = draw(types_())
        required = draw(st.booleans())
        default: Any = MISSING
        if not required and isinstance(type_, Nullable):
            default = None  # any other is refused where the record is input
        elif not required and isinstance(type_, List) and draw(st.booleans()):
            default = []
        fields.append(Field(each, type_, required, default))
    return Record(name, tuple(fields))


@st.composite
def schemas(draw: st.DrawFn) -> Types:
    """Three records, of which R0 is the message."""
    color = Enum((EnumValue("red"), EnumValue("green"), EnumValue("UNSPEC")), "Color")
    return Types({"Color": color, **{name: draw(records(name)) for name in RECORDS}})


class Random_values:
    """Makes values of a type at random, as JSON has them: ``right`` ones, or some that break a bound or lack a part."""

    def __init__(self, random: Random, types: Types, *, right: bool = True) -> None:
        self.random = random
        self.types = types
        self.right = right

    def value(self, type_: Type, depth: int = 4) -> Any:
        """A value. Records within records end somewhere."""
        random = self.random
        type_ = self.types.resolve(type_)
        match type_:
            case Scalar():
                return self.scalar(type_.kind)
            case Enum():
                return random.choice(type_.names)
            case Nullable():
                return None if random.random() < 0.3 else self.value(type_.of, depth)
            case List():
                # A required record that holds a list of itself ends there.
                return [self.value(type_.item, depth - 1) for _ in range(random.randrange(4) if depth > 0 else 0)]
            case Map():
                size = random.randrange(3) if depth > 0 else 0
                return {self.key(type_.key): self.value(type_.value, depth - 1) for _ in range(size)}
            case Union():
                variant = random.choice(type_.variants)
                return {type_.discriminator: variant.tag, **self.value(variant.type, depth - 1)}
            case Record():
                if depth < -20:
                    raise Endless
                made = {}
                for field in type_.fields:
                    if field.required or (depth > 0 and random.random() < 0.6):
                        made[field.name] = self.value(field.type, depth - 1)
                    if not self.right and random.random() < 0.1 and self._has_presence(field.type):
                        made.pop(field.name, None)
                return made
        raise AssertionError(type_)

    def _has_presence(self, type_: Type) -> bool:
        return isinstance(self.types.resolve(type_), Record | Union)

    def key(self, type_: Type) -> str:
        """A map's key."""
        type_ = self.types.resolve(type_)
        if isinstance(type_, Enum):
            return self.random.choice(type_.names)
        assert isinstance(type_, Scalar)
        value = self.scalar(type_.kind)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def scalar(self, kind: Kind) -> Any:
        """A value of a kind."""
        low, high = RANGES.get(kind, (0, 0))
        if kind in RANGES:
            n = self.random.choice([low, high, 0, 1, max(low, -1), 7, 300, high // 3])
            return str(n) if kind in (Kind.INT64, Kind.UINT64) else n
        return self.random.choice(SCALARS[kind])


class Endless(Exception):
    """A type that has no value, since it requires itself."""


SCALARS: dict[Kind, list[Any]] = {
    Kind.BOOLEAN: [True, False],
    Kind.FLOAT: [0.0, 1.5, -0.25, 3.4028234663852886e38, 2.0**-149, -0.0],
    Kind.DOUBLE: [0.0, 0.1, -2.5, 1e300, 5e-324, 3.0, -0.0],
    Kind.STRING: ["", "a", "abc", "é\U0001f600", "x" * 300, "\0", "7", "null"],
    Kind.BYTES: ["", "YQ==", "+/8=", "YWJj", "_" * 0],
    Kind.DATETIME: [
        "2026-11-22T19:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z", "2026-11-22T19:00:00.250000+01:00",
    ],
    Kind.DATE: ["2026-11-22", "0001-01-01", "9999-12-31"],
    Kind.TIME: ["10:30:00", "00:00:00", "23:59:59.999999"],
    Kind.DURATION: ["PT1H30M", "PT0S", "-PT0.5S", "P1DT2H", "-P2DT0.000001S", "PT0.25S", "P3650000D"],
    Kind.UUID: ["12345678-1234-1234-1234-12345678abcd", "00000000-0000-0000-0000-000000000000"],
    Kind.DECIMAL: ["0", "1.50", "-0.001", "99999999999999999999"],
    Kind.ANY: [None, True, 0, 1.5, "", "x", [], {}, [1, [None]], {"a": {"b": [False]}, "": None}],
}  # fmt: skip
