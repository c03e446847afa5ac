"""Scalars: how each kind is read from JSON, checked, and written; for each, one form that every style shares."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.patterns import compiled, python_source
from dragoman.contract.schema import INTEGERS, RANGES, Kind, Scalar

from .hooks import call_hook, converted

MAX_SHOWN: Final = 40
"""How much of a caller's value a message repeats."""

MAX_DECIMAL: Final = 64
"""The longest decimal, in characters."""

LARGEST: Final = {Kind.FLOAT: 3.4028234663852886e38, Kind.DOUBLE: 1.7976931348623157e308}

DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_PREFIX: Final = re.compile(r"\^([a-z][a-z0-9]*)_")
DIGITS: Final = re.compile(r"0|-?[1-9][0-9]{0,19}")

FORMATS: Final = {"email": "an email address", "uri": "an absolute URL", "id": "the id of a resource"}
"""Formats that say more than the pattern they come with."""


class Refused(ValueError):
    """A value that breaks a rule. A ValueError, so that msgspec takes it for a failed validation."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


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


def short(text: str) -> str:
    """The text, cut where it is long."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def quoted(text: str) -> str:
    """The text in quotes, cut where it is long, without characters that would break a line."""
    return '"' + short("".join(each if each.isprintable() else "�" for each in text[: MAX_SHOWN + 1])) + '"'


def kind_of(value: Any) -> str:
    """What kind of value came, in JSON's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "an array"
        case dict():
            return "an object"
        case _:
            return f"a Python {type(value).__name__}"


def to_utc(value: datetime) -> datetime:
    """The same moment in UTC. Refuses what has no zone and what falls out of the years 1 to 9999."""
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise Refused("zone", "must carry a zone, such as Z or +01:00")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Refused("range", "must be within the years 1 to 9999 in UTC") from None


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC with six digits of fraction, whatever the value. (``isoformat`` takes eight times as long.)"""
    text: str = msgspec.to_builtins(value)
    return text if value.microsecond else text[:-1] + ".000000Z"


def _write_time(value: time) -> str:
    text: str = msgspec.to_builtins(value)
    return text if value.microsecond else text + ".000000"


def _mismatch(phrase: str, value: Any) -> Refused:
    return Refused("type", f"must be {phrase}, got {kind_of(value)}")


def _unreadable(phrase: str, value: Any) -> Refused:
    if isinstance(value, str):
        return Refused("format", f"must be {phrase}, got {quoted(value)}")
    return _mismatch(phrase, value)


def _converting(base: Any, phrase: str) -> Callable[[Any], Any]:
    """Reads by msgspec's own rules, so that reading a value alone and in its message is the same."""

    def read(value: Any) -> Any:
        try:
            return msgspec.convert(value, base)
        except (msgspec.ValidationError, OverflowError):
            raise _unreadable(phrase, value) from None

    return read


def _read_datetime(value: Any) -> datetime:
    try:
        return to_utc(msgspec.convert(value, datetime))
    except msgspec.ValidationError:
        raise _unreadable(PHRASES[Kind.DATETIME], value) from None


def _read_time(value: Any) -> time:
    try:
        read = msgspec.convert(value, time)
    except msgspec.ValidationError:
        raise _unreadable(PHRASES[Kind.TIME], value) from None
    if read.tzinfo is not None:
        raise Refused("zone", "must be a time of day without a zone")
    return read


def _read_uuid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    if type(value) is str and len(value) == 36:
        try:
            return msgspec.convert(value, UUID)
        except msgspec.ValidationError:
            pass
    raise _unreadable(PHRASES[Kind.UUID], value)


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return _accept_decimal(value)
    if type(value) is not str:
        raise _mismatch(PHRASES[Kind.DECIMAL], value)
    if len(value) > MAX_DECIMAL:
        raise Refused("range", f"must be a decimal of at most {MAX_DECIMAL} characters, got {len(value)}")
    if DECIMAL.fullmatch(value) is None:
        raise _unreadable(PHRASES[Kind.DECIMAL], value)
    return Decimal(value)


def _accept_decimal(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise _mismatch("a Decimal", value)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise Refused("range", "must be a finite decimal")
    if abs(exponent) > MAX_DECIMAL or len(format(value, "f")) > MAX_DECIMAL:
        raise Refused("range", f"must be a decimal of at most {MAX_DECIMAL} characters")
    return value


def _read_digits(kind: Kind) -> Callable[[Any], int]:
    low, high = RANGES[kind]

    def read(value: Any) -> int:
        if type(value) is not str:
            raise _mismatch(PHRASES[kind], value)
        if DIGITS.fullmatch(value) is None:
            raise _unreadable(PHRASES[kind], value)
        number = int(value)
        if not low <= number <= high:
            raise Refused("range", f"must be between {low} and {high}, got {value}")
        return number

    return read


def _read_integer(kind: Kind) -> Callable[[Any], int]:
    low, high = RANGES[kind]

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            if isinstance(value, float):
                raise Refused("type", "must be an integer, got a number with a fraction or an exponent")
            raise _mismatch("an integer", value)
        if not low <= value <= high:
            raise Refused("range", f"must be between {low} and {high}, got {shown_number(value)}")
        return int(value)

    return read


def _read_number(kind: Kind) -> Callable[[Any], float]:
    largest = LARGEST[kind]

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _mismatch("a number", value)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not -largest <= number <= largest:
            raise Refused("range", "must be a finite number" + (" of 32 bits" if kind is Kind.FLOAT else ""))
        return number

    return read


def shown_number(value: Any) -> str:
    """A number for a message."""
    if isinstance(value, int) and abs(value) >= 10**MAX_SHOWN:
        return f"a number of {int(value.bit_length() * 0.30103) + 1} digits"
    return short(str(value))


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _mismatch("a boolean", value)
    return value


def _read_string(value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch("a string", value)
    return value


def _accept_string(value: Any) -> str:
    text = _read_string(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Refused("format", "must be text, without lone surrogates") from None
    return text


def _accept_bytes(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise _mismatch("bytes", value)


def _accept_datetime(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise _mismatch("a datetime", value)
    return to_utc(value)


def _accept_date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _mismatch("a date", value)
    return value


def _accept_time(value: Any) -> time:
    if not isinstance(value, time):
        raise _mismatch("a time", value)
    if value.tzinfo is not None:
        raise Refused("zone", "must be a time of day without a zone")
    return value


def _accept_duration(value: Any) -> timedelta:
    if not isinstance(value, timedelta):
        raise _mismatch("a timedelta", value)
    return value


def _accept_uuid(value: Any) -> UUID:
    if not isinstance(value, UUID):
        raise _mismatch("a UUID", value)
    return value


def check_json(value: Any, depth: int = 64) -> Any:
    """The value, if it is plain JSON: no NaN, no lone surrogate, text keys, at most ``depth`` deep."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return _accept_string(value)
        case float():
            if not math.isfinite(value):
                raise Refused("range", "must be a finite number")
            return value
        case list() | tuple() | dict() if depth <= 0:
            raise Refused("nesting", "is nested too deeply")
        case list() | tuple():
            return [check_json(each, depth - 1) for each in value]
        case dict():
            for key in value:
                _accept_string(key)
            return {key: check_json(each, depth - 1) for key, each in value.items()}
        case _:
            raise Refused("type", f"must be a JSON value, got {kind_of(value)}")


def _accept_json(value: Any) -> Any:
    try:
        return check_json(msgspec.to_builtins(value))
    except (TypeError, RecursionError):
        raise Refused("type", f"must be a JSON value, got {kind_of(value)}") from None


def _same(value: Any) -> Any:
    return value


PHRASES: Final = {
    Kind.BOOLEAN: "a boolean",
    Kind.INT: "an integer",
    Kind.INT32: "an integer",
    Kind.UINT32: "an integer",
    Kind.INT64: "an integer written as a string of digits",
    Kind.UINT64: "an integer written as a string of digits",
    Kind.FLOAT: "a number",
    Kind.DOUBLE: "a number",
    Kind.STRING: "a string",
    Kind.BYTES: "a string in base64, with padding",
    Kind.DATETIME: "a date and time such as 2026-11-22T19:00:00Z",
    Kind.DATE: "a date such as 2026-11-22",
    Kind.TIME: "a time of day such as 19:00:00",
    Kind.DURATION: "an ISO 8601 duration such as PT1H30M",
    Kind.UUID: "a UUID of 36 characters",
    Kind.DECIMAL: 'a decimal written as a string, such as "12.50"',
    Kind.ANY: "a JSON value",
}

# For each kind: JSON to Python, Python to Python (a handler's value, made canonical), Python to JSON.
_FUNCTIONS: Final[dict[Kind, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]]] = {
    Kind.BOOLEAN: (_read_boolean, _read_boolean, _same),
    **{kind: (_read_integer(kind), _read_integer(kind), _same) for kind in (Kind.INT, Kind.INT32, Kind.UINT32)},
    **{kind: (_read_digits(kind), _read_integer(kind), str) for kind in (Kind.INT64, Kind.UINT64)},
    **{kind: (_read_number(kind), _read_number(kind), _same) for kind in (Kind.FLOAT, Kind.DOUBLE)},
    Kind.STRING: (_read_string, _accept_string, _same),
    Kind.BYTES: (
        _converting(bytes, PHRASES[Kind.BYTES]),
        _accept_bytes,
        lambda value: b64encode(value).decode("ascii"),
    ),
    Kind.DATETIME: (_read_datetime, _accept_datetime, write_datetime),
    Kind.DATE: (_converting(date, PHRASES[Kind.DATE]), _accept_date, msgspec.to_builtins),
    Kind.TIME: (_read_time, _accept_time, _write_time),
    Kind.DURATION: (_converting(timedelta, PHRASES[Kind.DURATION]), _accept_duration, msgspec.to_builtins),
    Kind.UUID: (_read_uuid, _accept_uuid, msgspec.to_builtins),
    Kind.DECIMAL: (_read_decimal, _accept_decimal, lambda value: format(value, "f")),
    Kind.ANY: (_same, _accept_json, _same),
}

_BASES: Final[dict[Kind, Any]] = {
    Kind.BOOLEAN: bool,
    Kind.STRING: str,
    Kind.BYTES: bytes,
    Kind.DATETIME: Annotated[datetime, Meta(tz=True)],
    Kind.DATE: date,
    Kind.TIME: Annotated[time, Meta(tz=False)],
    Kind.DURATION: timedelta,
    Kind.ANY: Any,
}

PLAIN_OUTPUT: Final = frozenset({Kind.BOOLEAN, Kind.INT, Kind.INT32, Kind.UINT32, Kind.FLOAT, Kind.DOUBLE, Kind.STRING})
"""The kinds whose Python value is its own JSON value."""


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
    read, accept, write = _FUNCTIONS[kind]
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
    base = _BASES[kind]
    meta: dict[str, Any] = {}
    if kind in (Kind.STRING, Kind.BYTES):
        meta = {"min_length": bounds.min_length, "max_length": bounds.max_length}
    if kind is Kind.STRING:
        meta["pattern"] = None if bounds.pattern is None else python_source(bounds.pattern)
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
        return _FUNCTIONS[kind][0](bound)
    except (ValueError, ArithmeticError):
        raise DeclarationError(
            f"a bound of type {kind}", f"{bound!r} does not compare with it", f"Give {PHRASES[kind]}"
        ) from None


def _shown(kind: Kind) -> Callable[[Any], str]:
    if kind in INTEGERS or kind in LARGEST:
        return shown_number
    write = _FUNCTIONS[kind][2]
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
        rules.append(_pattern(scalar, bounds.pattern))
    return tuple(rules)


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
