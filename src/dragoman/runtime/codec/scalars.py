"""Scalar types, compiled: the kind's functions together with the bounds, in one form that every style shares."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.patterns import compiled, python_source
from dragoman.contract.schema import INTEGERS, RANGES, Kind, Scalar

from .hooks import call_hook, converted
from .scalar_values import (
    BASES,
    FORMATS,
    FUNCTIONS,
    LARGEST,
    PHRASES,
    PLAIN_OUTPUT,
    Refused,
    quoted,
    shown_number,
)

_PREFIX: Final = re.compile(r"\^([a-z][a-z0-9]*)_")


@dataclass(frozen=True, slots=True)
class Rule:
    """One bound on a value that has the right type."""

    name: str
    test: Callable[[Any], bool]
    expected: str
    shown: Callable[[Any], str]

    def check(self, value: Any) -> None:
        """Raise Refused if the value is out of bounds."""
        if not self.test(value):
            raise Refused(self.name, f"{self.expected}, got {self.shown(value)}")


@dataclass(frozen=True, slots=True)
class ScalarForm:
    """One scalar type, compiled.

    ``input`` and ``output`` are what msgspec decodes and converts to, with all bounds in them. ``read`` takes a JSON
    value, ``accept`` a Python value, both to a Python value, without the bounds of ``rules``; ``write`` goes on to
    JSON. All raise Refused.
    """

    scalar: Scalar
    phrase: str
    input: Any
    output: Any
    read: Callable[[Any], Any]
    accept: Callable[[Any], Any]
    write: Callable[[Any], Any]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=4096)
def scalar_form(scalar: Scalar) -> ScalarForm:
    """The form of a scalar type. Raises DeclarationError for bounds that make no sense on it."""
    kind = scalar.kind
    read, accept, write = FUNCTIONS[kind]
    rules = _rules(scalar)

    def checked(value: Any) -> Any:
        for rule in rules:
            rule.check(value)
        return value

    annotation = _annotation(scalar)
    if annotation is not None:
        input_ = annotation
    elif rules:
        input_ = converted(kind.name, lambda value: checked(read(value)))
    else:
        input_ = converted(kind.name, read)
    if annotation is not None and kind in PLAIN_OUTPUT:
        output = annotation
    elif rules:
        output = converted(kind.name, lambda value: write(checked(accept(value))))
    else:
        output = converted(kind.name, lambda value: write(accept(value)))
    return ScalarForm(scalar, PHRASES[kind], input_, output, read, accept, write, rules)


def _annotation(scalar: Scalar) -> Any:
    """The type in msgspec's own terms, or None where it cannot say it."""
    kind, bounds = scalar.kind, scalar.constraints
    if kind in (Kind.INT, Kind.INT32, Kind.UINT32):
        return _integer(scalar)
    if kind in LARGEST:
        return _number(scalar)
    if kind in (Kind.INT64, Kind.UINT64, Kind.UUID, Kind.DECIMAL):
        return None
    if not (bounds.ge is bounds.gt is bounds.le is bounds.lt is None):
        return None
    base = BASES[kind]
    meta: dict[str, Any] = {}
    if kind in (Kind.STRING, Kind.BYTES):
        meta = {"min_length": bounds.min_length, "max_length": bounds.max_length}
    if kind is Kind.STRING:
        meta["pattern"] = None if bounds.pattern is None else python_source(_searched(scalar, bounds.pattern))
    meta = {key: value for key, value in meta.items() if value is not None}
    return Annotated[base, Meta(**meta)] if meta else base


def _integer(scalar: Scalar) -> Any:
    bounds = scalar.constraints
    low, high = RANGES[scalar.kind]
    ge, gt, le, lt = (_bound(scalar, each) for each in (bounds.ge, bounds.gt, bounds.le, bounds.lt))
    if ge is not None:
        low = max(low, math.ceil(ge))
    if gt is not None:
        low = max(low, math.floor(gt) + 1)
    if le is not None:
        high = min(high, math.floor(le))
    if lt is not None:
        high = min(high, math.ceil(lt) - 1)
    if not (-(2**63) <= low < 2**63 and -(2**63) <= high < 2**63):
        return None
    if bounds.multiple_of is None:
        return Annotated[int, Meta(ge=low, le=high)]
    if bounds.multiple_of != int(bounds.multiple_of):
        return None
    return Annotated[int, Meta(ge=low, le=high, multiple_of=int(bounds.multiple_of))]


def _number(scalar: Scalar) -> Any:
    bounds = scalar.constraints
    largest = LARGEST[scalar.kind]
    ge, gt, le, lt = (_bound(scalar, each) for each in (bounds.ge, bounds.gt, bounds.le, bounds.lt))
    meta: dict[str, Any] = {}
    low = -largest if ge is None else max(-largest, float(ge))
    high = largest if le is None else min(largest, float(le))
    if gt is not None and gt >= low:
        meta["gt"] = float(gt)
    else:
        meta["ge"] = low
    if lt is not None and lt <= high:
        meta["lt"] = float(lt)
    else:
        meta["le"] = high
    if bounds.multiple_of is not None:
        meta["multiple_of"] = float(bounds.multiple_of)
    return Annotated[float, Meta(**meta)]


def _bound(scalar: Scalar, bound: Any) -> Any:
    """A bound as a Python value that compares with the scalar's."""
    if bound is None:
        return None
    kind = scalar.kind
    try:
        if kind in INTEGERS or kind in LARGEST:
            if isinstance(bound, str):
                bound = int(bound) if kind in INTEGERS else float(bound)
            return bound
        if kind is Kind.DECIMAL:
            return Decimal(str(bound))
        return FUNCTIONS[kind][0](bound)
    except (ValueError, ArithmeticError):
        raise DeclarationError(
            f"a bound of type {kind}", f"{bound!r} does not compare with it", f"Give {PHRASES[kind]}"
        ) from None


def _shown(kind: Kind) -> Callable[[Any], str]:
    if kind in INTEGERS or kind in LARGEST:
        return shown_number
    write = FUNCTIONS[kind][2]
    return lambda value: quoted(str(write(value)))


def _rules(scalar: Scalar) -> tuple[Rule, ...]:
    kind, bounds = scalar.kind, scalar.constraints
    shown = _shown(kind)
    rules: list[Rule] = []
    if kind not in (Kind.BOOLEAN, Kind.ANY, Kind.BYTES):
        for name, phrase, compare in _COMPARISONS:
            given = getattr(bounds, name)
            bound = _bound(scalar, given)
            if bound is not None:
                test = compare(bound)
                rules.append(Rule(name, test, f"must be {phrase} {given}", shown))
    if bounds.multiple_of is not None and kind in (INTEGERS | LARGEST.keys() | {Kind.DECIMAL}):
        rules.append(_multiple(kind, bounds.multiple_of, shown))
    if kind in (Kind.STRING, Kind.BYTES):
        rules += length_rules(bounds.min_length, bounds.max_length, "character" if kind is Kind.STRING else "byte")
    if kind is Kind.STRING and bounds.pattern is not None:
        rules.append(_pattern(scalar, _searched(scalar, bounds.pattern)))
    return tuple(rules)


def _searched(scalar: Scalar, pattern: str) -> str:
    """The pattern, and what an address says by its format alone: 64 characters before the @ (RFC 5321, 4.5.3.1.1).

    It is no part of the pattern in documents, because tools that make values from patterns cannot look ahead.
    """
    return f"(?=[^@]{{1,64}}@){pattern}" if scalar.format == "email" else pattern


def _pattern(scalar: Scalar, pattern: str) -> Rule:
    search = compiled(pattern).search
    if scalar.format in FORMATS:
        prefix = _PREFIX.match(pattern) if scalar.format == "id" else None
        example = f" such as {prefix[1]}_…" if prefix else ""
        return Rule(
            "format", lambda value: search(value) is not None, f"must be {FORMATS[scalar.format]}{example}", quoted
        )
    return Rule("pattern", lambda value: search(value) is not None, f"must match {pattern}", quoted)


_COMPARISONS: Final[tuple[tuple[str, str, Callable[[Any], Callable[[Any], bool]]], ...]] = (
    ("ge", "at least", lambda bound: lambda value: bool(value >= bound)),
    ("gt", "more than", lambda bound: lambda value: bool(value > bound)),
    ("le", "at most", lambda bound: lambda value: bool(value <= bound)),
    ("lt", "less than", lambda bound: lambda value: bool(value < bound)),
)


def _multiple(kind: Kind, of: Any, shown: Callable[[Any], str]) -> Rule:
    expected = f"must be a multiple of {of}"
    if kind in LARGEST:
        base = Annotated[float, Meta(multiple_of=float(of))]

        def test(value: Any) -> bool:
            try:
                msgspec.convert(value, base)
            except msgspec.ValidationError:
                return False
            return True

        return Rule("multiple_of", test, expected, shown)
    step = Fraction(str(of)) if kind is Kind.DECIMAL or of != int(of) else int(of)
    if isinstance(step, Fraction):
        return Rule("multiple_of", lambda value: Fraction(value) % step == 0, expected, shown)
    return Rule("multiple_of", lambda value: bool(value % step == 0), expected, shown)


def length_rules(minimum: int | None, maximum: int | None, noun: str) -> list[Rule]:
    """Bounds on ``len(value)``."""
    rules = []
    if minimum:
        plural = "" if minimum == 1 else "s"
        rules.append(
            Rule(
                "min_length",
                lambda value: len(value) >= minimum,
                f"must have at least {minimum} {noun}{plural}",
                lambda value: str(len(value)),
            )
        )
    if maximum is not None:
        plural = "" if maximum == 1 else "s"
        rules.append(
            Rule(
                "max_length",
                lambda value: len(value) <= maximum,
                f"must have at most {maximum} {noun}{plural}",
                lambda value: str(len(value)),
            )
        )
    return rules


def matches(form_type: Any, value: Any) -> bool:
    """Whether msgspec takes the JSON value for the type: the last word wherever two rules could differ."""
    try:
        msgspec.convert(value, form_type, dec_hook=call_hook)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True
