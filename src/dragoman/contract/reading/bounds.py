"""Bounds beside a type: read from any object with the usual attributes, checked against the type and one
another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.schema import (
    INTEGERS,
    MAX_SAFE_INTEGER,
    RANGES,
    Constraints,
    Enum,
    Kind,
    List,
    Map,
    Nullable,
    Scalar,
    Type,
)

NUMBERS: Final = ("ge", "gt", "le", "lt", "multiple_of")
LENGTHS: Final = ("min_length", "max_length")
NAMES: Final = (*NUMBERS, *LENGTHS, "pattern")
NUMERIC: Final = INTEGERS | {Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL}

WRITTEN: Final = {
    "ge": "Ge",
    "gt": "Gt",
    "le": "Le",
    "lt": "Lt",
    "multiple_of": "MultipleOf",
    "min_length": "Length",
    "max_length": "Length",
    "pattern": "Pattern",
}
"""What a developer calls each bound."""

# What Python knows and JSON Schema's regular expressions (ECMA-262) do not, or read in another way.
_PYTHON_ONLY = re.compile(r"(?<!\\)(?:\\\\)*(\\[AZ]|\(\?P|\(\?#|\(\?>|\(\?[aiLmsux-]+[):])")


def bounds_of(mark: Any) -> dict[str, Any]:
    """The bounds that an object beside a type states, by name; empty where it states none."""
    found = {name: getattr(mark, name, None) for name in NAMES}
    if isinstance(found["pattern"], re.Pattern):
        found["pattern"] = found["pattern"].pattern
    if found["min_length"] == 0:
        found["min_length"] = None
    return {name: value for name, value in found.items() if value is not None and not callable(value)}


def constrain(type_: Type, marks: Iterable[Any], place: str) -> Type:
    """The type with the bounds among ``marks``. Raises DeclarationError for one that does not fit."""
    stated = [(name, value) for mark in marks for name, value in bounds_of(mark).items()]
    if not stated:
        return type_
    if isinstance(type_, Nullable):
        return Nullable(_constrain(type_.of, stated, place))
    return _constrain(type_, stated, place)


def _constrain(type_: Type, stated: list[tuple[str, Any]], place: str) -> Type:
    allowed = _allowed(type_)
    constraints = type_.constraints if isinstance(type_, Scalar | List | Map) else Constraints()
    for name, value in stated:
        if name not in allowed:
            raise _misplaced(type_, name, place)
        constraints = _tighten(constraints, name, _value(type_, name, value, place), place)
    _check(type_, constraints, place)
    assert isinstance(type_, Scalar | List | Map)
    return replace(type_, constraints=constraints)


def _allowed(type_: Type) -> tuple[str, ...]:
    if isinstance(type_, List | Map):
        return LENGTHS
    if isinstance(type_, Scalar) and type_.kind in NUMERIC:
        return NUMBERS
    if isinstance(type_, Scalar) and type_.kind is Kind.STRING:
        return (*LENGTHS, "pattern")
    if isinstance(type_, Scalar) and type_.kind is Kind.BYTES:
        return LENGTHS
    return ()


def call(type_: Type) -> str:
    """What the type is called in an error."""
    if isinstance(type_, Scalar):
        words = {Kind.BOOLEAN: "a bool", Kind.STRING: "a string", Kind.INT: "an int", Kind.DOUBLE: "a float"}
        return words.get(type_.kind, f"a {type_.kind}" if type_.kind[0] not in "aeiou" else f"an {type_.kind}")
    words_by_class = {List: "a list", Map: "a map", Enum: "an enum", Nullable: "a nullable value"}
    return words_by_class.get(type(type_), "a record")


def _misplaced(type_: Type, name: str, place: str) -> DeclarationError:
    right = {
        "pattern": "A pattern bounds a string",
        "min_length": "A length bounds a string, bytes, a list or a map",
        "max_length": "A length bounds a string, bytes, a list or a map",
    }.get(name, "It bounds a number")
    allowed = sorted({f"dm.{WRITTEN[each]}" for each in _allowed(type_)})
    remedy = f"{right}: {f'bound {call(type_)} with ' + ', '.join(allowed) if allowed else 'remove it'}"
    return DeclarationError(place, f"{WRITTEN[name]} does not fit {call(type_)}", remedy)


def _value(type_: Type, name: str, value: Any, place: str) -> Any:
    """The bound in the form in which the schema keeps it."""
    written = f"{WRITTEN[name]}({value!r})"
    if name == "pattern":
        return _pattern(value, place)
    if name in LENGTHS:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise DeclarationError(
                place, f"{written} is not a length", "Give whole numbers from 0, as in Length(1, 200)"
            )
        return value
    assert isinstance(type_, Scalar)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise DeclarationError(place, f"{written} is not a number", f"Give a number, as in {WRITTEN[name]}(1)")
    if name == "multiple_of" and _number(value, place, written) <= 0:
        raise DeclarationError(place, f"{written} is not positive", "Give a number above 0")
    if type_.kind is Kind.DECIMAL:
        if isinstance(value, float):
            raise DeclarationError(
                place,
                f"{written} is a float, which holds most decimals only roughly",
                f'Write it as text: {WRITTEN[name]}("{value}")',
            )
        _number(value, place, written)
        return value if isinstance(value, int) else str(value)
    number = _number(value, place, written)
    if type_.kind not in INTEGERS:
        return number if isinstance(value, str | Decimal) else value
    if number != int(number):
        raise DeclarationError(place, f"{written} is no whole number, on {call(type_)}", "Give a whole number")
    low, high = RANGES[type_.kind]
    if not low <= number <= high:
        limit = "±(2^53 − 1)" if high == MAX_SAFE_INTEGER else f"{low} to {high}"
        remedy = "Use dm.Int64, which is a string in JSON" if type_.kind is not Kind.INT64 else "Give a smaller bound"
        raise DeclarationError(
            place,
            f"{written} is outside what {call(type_)} holds ({limit})",
            remedy if type_.kind is not Kind.UINT64 else "Give a bound within it",
        )
    return int(value)


def _number(value: Any, place: str, written: str) -> int | float:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise DeclarationError(place, f"{written} is not a number", "Give a number") from None
    if not number.is_finite() or (isinstance(value, float) and not math.isfinite(value)):
        raise DeclarationError(place, f"{written} is not a finite number", "Give a finite number, or remove the bound")
    return value if isinstance(value, int | float) else float(number)


def _pattern(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DeclarationError(place, f"Pattern({value!r}) is not text", 'Write Pattern("^[a-z]+$")')
    try:
        re.compile(value)
    except re.error as error:
        raise DeclarationError(
            place, f"Pattern({value!r}) is not a regular expression: {error}", "Correct it, or remove it"
        ) from None
    if found := _PYTHON_ONLY.search(value):
        raise DeclarationError(
            place,
            f"Pattern({value!r}) uses {found[1]!r}, which only Python reads so",
            "Write what JSON Schema knows too: ^ and $ for the ends, (…) for groups, no flags",
        )
    return value


def _tighten(constraints: Constraints, name: str, value: Any, place: str) -> Constraints:
    """Of two bounds of one name, the narrower holds."""
    known = getattr(constraints, name)
    if known is None or known == value:
        return replace(constraints, **{name: value})
    if name in ("pattern", "multiple_of"):
        raise DeclarationError(
            place, f"{WRITTEN[name]} stands here twice: {known!r} and {value!r}", "Write one that says both"
        )
    pick = max if name in ("ge", "gt", "min_length") else min
    return replace(constraints, **{name: pick(known, value, key=Decimal)})


def _check(type_: Type, constraints: Constraints, place: str) -> None:
    """No value at all would meet contradictory bounds."""
    bounds = {each.name: getattr(constraints, each.name) for each in fields(constraints)}
    low_length, high_length = bounds["min_length"], bounds["max_length"]
    if low_length is not None and high_length is not None and low_length > high_length:
        raise _contradiction(f"Length({low_length}, {high_length})", place)
    lows = [(Decimal(bounds[name]), name == "gt", name) for name in ("ge", "gt") if bounds[name] is not None]
    highs = [(Decimal(bounds[name]), name == "lt", name) for name in ("le", "lt") if bounds[name] is not None]
    whole = isinstance(type_, Scalar) and type_.kind in INTEGERS
    for low, above, low_name in lows:
        for high, below, high_name in highs:
            if whole:
                empty = low + above > high - below
            else:
                empty = low > high or (low == high and (above or below))
            if empty:
                raise _contradiction(
                    f"{WRITTEN[low_name]}({bounds[low_name]}) with {WRITTEN[high_name]}({bounds[high_name]})",
                    place,
                )


def _contradiction(written: str, place: str) -> DeclarationError:
    return DeclarationError(place, f"no value meets {written}", "Correct one of the bounds")
