"""A value of a type, to show: the least that is valid, made of required fields."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from .schema import (
    INTEGERS,
    MISSING,
    RANGES,
    Constraints,
    Enum,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Scalar,
    Type,
    Types,
    Union,
)

WRITTEN: Final[Mapping[Kind, Any]] = {
    Kind.BOOLEAN: True,
    Kind.BYTES: "",
    Kind.DATETIME: "2026-01-31T12:00:00.000000Z",
    Kind.DATE: "2026-01-31",
    Kind.TIME: "12:00:00.000000",
    Kind.DURATION: "PT1H",
    Kind.UUID: "00000000-0000-4000-8000-000000000000",
    Kind.ANY: None,
}
FORMATS: Final = {"email": "name@example.com", "uri": "https://example.com/"}
MAX_DEPTH: Final = 8
MAX_ITEMS: Final = 20


class NoExample(Exception):
    """None can be made: a pattern, or a type that contains itself without end."""


def example(type_: Type, types: Types) -> Any:
    """A wire value of the type. Raises NoExample."""
    return _example(type_, types, 0)


def _example(type_: Type, types: Types, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise NoExample
    match types.resolve(type_):
        case Scalar() as scalar:
            return _scalar(scalar)
        case Enum(values=values):
            return values[0].value
        case Nullable(of=of):
            return _example(of, types, depth)
        case List(item=item, constraints=constraints):
            count = constraints.min_length or 0
            if count > MAX_ITEMS or (count > 1 and constraints.unique_items):
                raise NoExample
            return [_example(item, types, depth + 1) for _ in range(count)]
        case Map(constraints=constraints):
            if constraints.min_length:
                raise NoExample
            return {}
        case Union(variants=variants, discriminator=name):
            value = _example(variants[0].type, types, depth + 1)
            return value if name is None else {**value, name: variants[0].tag}
        case Record(fields=fields):
            return {each.name: _field(each, types, depth) for each in fields if each.required}
    raise NoExample


def _field(field: Field, types: Types, depth: int) -> Any:
    return _example(field.type, types, depth + 1) if field.default is MISSING else field.default


def _scalar(scalar: Scalar) -> Any:
    kind, bounds = scalar.kind, scalar.constraints
    if bounds.max_length is not None and (bounds.min_length or 0) > bounds.max_length:
        raise NoExample
    if scalar.format in FORMATS:
        return FORMATS[scalar.format]
    if bounds.pattern is not None or (bounds and kind in WRITTEN):
        raise NoExample
    if kind in WRITTEN:
        return WRITTEN[kind]
    if kind is Kind.STRING:
        return "text"[: bounds.max_length].ljust(bounds.min_length or 0, "x")
    number = _number(bounds, *RANGES.get(kind, (-math.inf, math.inf)), whole=kind in INTEGERS)
    return str(number) if kind in (Kind.INT64, Kind.UINT64, Kind.DECIMAL) else number


def _number(bounds: Constraints, low: float, high: float, *, whole: bool) -> int | float:
    """A small round number within the bounds."""
    lows = [low, *(float(each) for each in (bounds.ge, bounds.gt) if each is not None)]
    highs = [high, *(float(each) for each in (bounds.le, bounds.lt) if each is not None)]
    step = float(bounds.multiple_of or 1)
    for number in (step, 100 * step, 0.0, step * math.ceil(max(lows) / step) if max(lows) > -math.inf else 0.0):
        beyond = (bounds.gt is not None and number <= float(bounds.gt)) or (
            bounds.lt is not None and number >= float(bounds.lt)
        )
        if max(lows) <= number <= min(highs) and not beyond and (not whole or number == int(number)):
            return int(number) if whole else number
    raise NoExample
