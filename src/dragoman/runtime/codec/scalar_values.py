"""Values of each scalar kind: read from JSON, taken from Python, written."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from dragoman.contract.schema import RANGES, Kind

MAX_SHOWN: Final = 40
"""How much of a caller's value a message repeats."""

MAX_DECIMAL: Final = 64
"""The longest decimal, in characters."""

LARGEST: Final = {Kind.FLOAT: 3.4028234663852886e38, Kind.DOUBLE: 1.7976931348623157e308}

DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
DIGITS: Final = re.compile(r"0|-?[1-9][0-9]{0,19}")

FORMATS: Final = {"email": "an email address", "uri": "an absolute URL", "id": "the id of a resource"}
"""Formats that say more than the pattern they come with."""


class Refused(ValueError):
    """A value that breaks a rule. A ValueError, so that msgspec takes it for a failed validation."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


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
                raise Refused("type", "must be an integer, got a number with a fraction")
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
FUNCTIONS: Final[dict[Kind, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]]] = {
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

BASES: Final[dict[Kind, Any]] = {
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
