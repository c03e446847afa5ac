"""A value of a type, to show."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from .pattern_example import matching
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
    Ref,
    Scalar,
    Type,
    Types,
    Union,
)

WRITTEN: Final[Mapping[Kind, Any]] = {
    Kind.BOOLEAN: True,
    Kind.DATETIME: "2026-01-31T12:00:00.000000Z",
    Kind.DATE: "2026-01-31",
    Kind.TIME: "12:00:00.000000",
    Kind.DURATION: "PT1H",
    Kind.UUID: "00000000-0000-4000-8000-000000000000",
    Kind.ANY: None,
}
FORMATS: Final = {"email": "name@example.com", "uri": "https://example.com/"}
MAX_ITEMS: Final = 20


class NoExample(Exception):
    """None can be made: a pattern that is not read, or a type that contains itself without end."""


def example(type_: Type, types: Types, *, whole: bool = False) -> Any:
    """A wire value of the type: the least that is valid, or with ``whole`` one in which optional fields and an item of
    each list stand, too. What an author gave as an example is taken. Raises NoExample.
    """
    return _Maker(types, whole).make(type_, ())


@dataclass(frozen=True, slots=True)
class _Maker:
    types: Types
    whole: bool

    def make(self, type_: Type, within: tuple[str, ...]) -> Any:
        """``within`` are the named types that the value will stand in."""
        if isinstance(type_, Ref):
            if type_.name in within:
                raise NoExample
            within = (*within, type_.name)
        match self.types.resolve(type_):
            case Scalar() as scalar:
                return _scalar(scalar)
            case Enum(values=values):
                return values[0].value
            case Nullable(of=of):
                return self._nullable(of, within)
            case List() as list_:
                return self._list(list_, within)
            case Map(constraints=constraints):
                if constraints.min_length:
                    raise NoExample
                return {}
            case Union(variants=variants, discriminator=name):
                value = self.make(variants[0].type, within)
                return value if name is None else {name: variants[0].tag} | {**value, name: variants[0].tag}
            case Record() as record:
                return self._record(record, within)
        raise NoExample

    def _nullable(self, of: Type, within: tuple[str, ...]) -> Any:
        try:
            return self.make(of, within)
        except NoExample:
            return None

    def _list(self, type_: List, within: tuple[str, ...]) -> list[Any]:
        bounds = type_.constraints
        least = bounds.min_length or 0
        if least > MAX_ITEMS or (least > 1 and bounds.unique_items):
            raise NoExample
        count = 1 if self.whole and least == 0 and bounds.max_length != 0 else least
        try:
            return [self.make(type_.item, within) for _ in range(count)]
        except NoExample:
            if least:
                raise
            return []

    def _record(self, record: Record, within: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in record.fields:
            try:
                if self.whole or field.required:
                    found[field.name] = self._field(field, within)
            except NoExample:
                if field.required:
                    raise
                if field.default is not MISSING:
                    found[field.name] = field.default
        return found

    def _field(self, field: Field, within: tuple[str, ...]) -> Any:
        if field.example is not MISSING:
            return field.example
        if field.default in (MISSING, None, "", [], {}):
            return self.make(field.type, within)
        return field.default


def _scalar(scalar: Scalar) -> Any:
    kind, bounds = scalar.kind, scalar.constraints
    if bounds.max_length is not None and (bounds.min_length or 0) > bounds.max_length:
        raise NoExample
    if scalar.format in FORMATS:
        return FORMATS[scalar.format]
    if bounds.pattern is not None:
        return _matching(bounds)
    if kind is Kind.BYTES:
        return b64encode(b"example"[: bounds.max_length].ljust(bounds.min_length or 0, b"e")).decode()
    if bounds and kind in WRITTEN:
        raise NoExample
    if kind in WRITTEN:
        return WRITTEN[kind]
    if kind is Kind.STRING:
        return "text"[: bounds.max_length].ljust(bounds.min_length or 0, "x")
    number = _number(bounds, *RANGES.get(kind, (-math.inf, math.inf)), whole=kind in INTEGERS)
    if kind is Kind.DECIMAL:
        return format(Decimal(str(number)), "f")
    return str(number) if kind in (Kind.INT64, Kind.UINT64) else number


def _matching(bounds: Constraints) -> str:
    text = matching(bounds.pattern or "", bounds.min_length or 0, bounds.max_length)
    if text is None:
        raise NoExample
    return text


def _number(bounds: Constraints, low: float, high: float, *, whole: bool) -> int | float:
    """A small round number within the bounds; of fractions, the middle of them if there is no other."""
    lows = [low, *(float(each) for each in (bounds.ge, bounds.gt) if each is not None)]
    highs = [high, *(float(each) for each in (bounds.le, bounds.lt) if each is not None)]
    step = float(bounds.multiple_of or 1)
    least = step * math.ceil(max(lows) / step) if max(lows) > -math.inf else 0.0
    most = step * math.floor(min(highs) / step) if min(highs) < math.inf else 0.0
    # Without a bound on both sides there is no middle, and none is needed.
    between = (max(lows) + min(highs)) / 2
    middle = [] if whole or bounds.multiple_of is not None or not math.isfinite(between) else [between]
    ends = sorted((least, least + step, most, most - step), key=abs)
    for number in (step, 100 * step, 0.0, *ends, *middle):
        beyond = (bounds.gt is not None and number <= float(bounds.gt)) or (
            bounds.lt is not None and number >= float(bounds.lt)
        )
        if max(lows) <= number <= min(highs) and not beyond and (not whole or number == int(number)):
            return int(number) if whole else number
    raise NoExample
