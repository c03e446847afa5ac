"""Scalars as JSON Schema says them: exactly what :mod:`dragoman.runtime.codec` reads and writes, as far as the
language goes. What it cannot say (a bound on a number that is written as text) is said in words.

Formats are those of the OpenAPI format registry. Patterns keep to what every dialect of regular expressions knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from dragoman.contract.schema import RANGES, Constraints, Enum, EnumValue, Kind, Scalar, Type

Schema: TypeAlias = dict[str, Any]

_SECONDS: Final = r"[0-9]{1,9}(?:\.[0-9]+)?S"
_MINUTES: Final = rf"[0-9]{{1,9}}M(?:{_SECONDS})?"
_HOURS: Final = rf"[0-9]{{1,9}}H(?:[0-9]{{1,9}}M)?(?:{_SECONDS})?"
_CLOCK: Final = f"T(?:{_HOURS}|{_MINUTES}|{_SECONDS})"

PLAIN: Final[Mapping[Kind, Schema]] = {
    Kind.BOOLEAN: {"type": "boolean"},
    # An integer that an IEEE 754 double holds: in JSON more than 53 bits are not safe (RFC 8259, section 6).
    Kind.INT: {"type": "integer", "format": "double-int"},
    Kind.INT32: {"type": "integer", "format": "int32"},
    Kind.UINT32: {"type": "integer", "format": "uint32"},
    Kind.INT64: {"type": "string", "format": "int64", "pattern": "^(?:0|-?[1-9][0-9]{0,18})$"},
    Kind.UINT64: {"type": "string", "format": "uint64", "pattern": "^(?:0|[1-9][0-9]{0,19})$"},
    Kind.FLOAT: {"type": "number", "format": "float"},
    Kind.DOUBLE: {"type": "number", "format": "double"},
    Kind.STRING: {"type": "string"},
    Kind.BYTES: {
        "type": "string",
        "contentEncoding": "base64",
        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    },
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.DATE: {"type": "string", "format": "date"},
    # JSON Schema's own format `time` demands a zone; ours has none.
    Kind.TIME: {
        "type": "string",
        "format": "time-local",
        "pattern": r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?$",
    },
    # JSON Schema's own format `duration` (RFC 3339, appendix A) has no fractions and no sign, and ours no months.
    Kind.DURATION: {
        "type": "string",
        "pattern": f"^-?P(?:[0-9]{{1,9}}D(?:{_CLOCK})?|{_CLOCK})$",
        "description": "An ISO 8601 duration of days, hours, minutes and seconds.",
    },
    Kind.UUID: {"type": "string", "format": "uuid"},
    Kind.DECIMAL: {
        "type": "string",
        "format": "decimal",
        "maxLength": 64,
        "pattern": r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$",
    },
    Kind.ANY: {},
}
"""Each kind without bounds."""

LARGEST_FLOAT: Final = 3.4028234663852886e38
"""The largest number of 32 bits."""

_NUMBERS: Final = frozenset({Kind.FLOAT, Kind.DOUBLE})
_INTEGERS: Final = frozenset({Kind.INT, Kind.INT32, Kind.UINT32})
_BOUNDS: Final = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def scalar_schema(scalar: Scalar) -> Schema:
    """The schema of a scalar."""
    kind, bounds = scalar.kind, scalar.constraints
    schema = dict(PLAIN[kind])
    if kind in _INTEGERS:
        schema |= _integer(kind, bounds)
    elif kind in _NUMBERS:
        schema |= _number(kind, bounds)
    elif kind is Kind.STRING:
        schema |= _text(scalar)
    elif kind is Kind.BYTES:
        schema |= _bytes(bounds)
    elif kind in (Kind.INT64, Kind.UINT64, Kind.DECIMAL):
        schema["pattern"] = _digits(kind, bounds)
    if said := _in_words(kind, bounds):
        schema["description"] = joined(schema.get("description", ""), said)
    return schema


def _integer(kind: Kind, bounds: Constraints) -> Schema:
    low, high = RANGES[kind]
    lows = [low, *_given(bounds.ge), *(each + 1 for each in _given(bounds.gt))]
    highs = [high, *_given(bounds.le), *(each - 1 for each in _given(bounds.lt))]
    schema: Schema = {"minimum": max(lows), "maximum": min(highs)}
    if bounds.multiple_of is not None:
        schema["multipleOf"] = bounds.multiple_of
    return schema


def _given(bound: int | float | str | None) -> list[int]:
    return [] if bound is None else [int(bound)]


def _number(kind: Kind, bounds: Constraints) -> Schema:
    schema: Schema = {} if kind is Kind.DOUBLE else {"minimum": -LARGEST_FLOAT, "maximum": LARGEST_FLOAT}
    words = {"minimum": bounds.ge, "exclusiveMinimum": bounds.gt, "maximum": bounds.le, "exclusiveMaximum": bounds.lt}
    schema |= {word: _numeric(bound) for word, bound in words.items() if bound is not None}
    if bounds.multiple_of is not None:
        schema["multipleOf"] = bounds.multiple_of
    return schema


def _numeric(bound: int | float | str) -> int | float:
    return float(bound) if isinstance(bound, str) else bound


def _digits(kind: Kind, bounds: Constraints) -> str:
    """A pattern of numbers that are written as text. It knows the sign, the number of digits before the point, and for
    steps that are a power of ten of those behind it: all that a pattern can say plainly of bounds. Everything that is
    allowed matches it.
    """
    pattern: str = PLAIN[kind]["pattern"]
    lows = [Decimal(str(each)) for each in (bounds.ge, bounds.gt) if each is not None]
    highs = [Decimal(str(each)) for each in (bounds.le, bounds.lt) if each is not None]
    if any(low >= 0 for low in lows):
        pattern = pattern.replace("-?", "")
    if lows and highs:
        digits = len(str(int(max(abs(max(lows)), abs(min(highs))))))
        pattern = re.sub(r"\[1-9\]\[0-9\](?:\*|\{0,\d+\})", f"[1-9][0-9]{{0,{digits - 1}}}", pattern)
    if kind is Kind.DECIMAL and bounds.multiple_of is not None:
        pattern = pattern.replace(r"(?:\.[0-9]+)?", _fraction(Decimal(str(bounds.multiple_of))))
    return pattern


def _fraction(step: Decimal) -> str:
    """What may stand behind the integer digits of a multiple of the step."""
    places = -int(step.normalize().as_tuple().exponent)
    if places <= 0:
        return r"(?:\.0+)?"
    return rf"(?:\.(?:[0-9]{{1,{places}}}|[0-9]{{{places}}}0+))?"


def _text(scalar: Scalar) -> Schema:
    bounds, schema = scalar.constraints, lengths(scalar.constraints, "minLength", "maxLength")
    if bounds.pattern is not None:
        schema["pattern"] = bounds.pattern
    if scalar.format is not None and scalar.format != "id":
        schema["format"] = scalar.format
    return schema


def _bytes(bounds: Constraints) -> Schema:
    """Base64 turns each three bytes, or what is left of them, into four characters."""
    schema = lengths(bounds, "minLength", "maxLength")
    return {word: -(-length // 3) * 4 for word, length in schema.items()}


def lengths(bounds: Constraints, least: str, most: str) -> Schema:
    """The bounds on a length under the words that the type has for them."""
    schema: Schema = {}
    if bounds.min_length:
        schema[least] = bounds.min_length
    if bounds.max_length is not None:
        schema[most] = bounds.max_length
    return schema


def _in_words(kind: Kind, bounds: Constraints) -> str:
    """What JSON Schema has no word for, as a sentence."""
    if kind is Kind.BYTES:
        return _byte_count(bounds)
    if kind in _INTEGERS or kind in _NUMBERS or kind in (Kind.STRING, Kind.BOOLEAN, Kind.ANY):
        return ""
    given = [(phrase, getattr(bounds, name)) for name, phrase in _BOUNDS.items()]
    said = [f"{phrase} {bound}" for phrase, bound in given if bound is not None]
    if bounds.multiple_of is not None:
        said.append(f"a multiple of {bounds.multiple_of}")
    return f"Must be {' and '.join(said)}." if said else ""


def _byte_count(bounds: Constraints) -> str:
    least, most = bounds.min_length or 0, bounds.max_length
    if most is None:
        return f"At least {least} bytes once decoded." if least else ""
    return f"At most {most} bytes once decoded." if not least else f"{least} to {most} bytes once decoded."


def enum_schema(type_: Enum) -> Schema:
    """The schema of the values of an enum. JSON Schema has no place for what is said of each: people read it in the
    description, generators in ``x-enum-descriptions``.
    """
    schema: Schema = {"type": "string", "enum": list(type_.names)}
    lines = "\n".join(_described(each) for each in type_.values if each.description or each.deprecated)
    if description := "\n\n".join(part for part in (type_.description, lines) if part):
        schema["description"] = description
    if lines:
        schema["x-enum-descriptions"] = [_said_of(each) for each in type_.values]
    return schema


def open_enum(known: Schema) -> Schema:
    """The known values of an enum, or any other: generated clients name the known ones, and take what comes."""
    said = "One of the known values, or one that a later version adds: be ready for values that are not listed."
    return {"anyOf": [known, {"type": "string"}], "description": said}


def _described(value: EnumValue) -> str:
    return f"- `{value.value}`: {_said_of(value)}"


def _said_of(value: EnumValue) -> str:
    note = "Deprecated." if value.deprecated else ""
    return " ".join(part for part in (value.description, note) if part)


def key_schema(type_: Type) -> Schema:
    """What the names of an object must be, where they stand for values of this type; empty for any."""
    if isinstance(type_, Enum):
        return {"enum": list(type_.names)}
    if not isinstance(type_, Scalar):
        return {}
    if type_.kind is Kind.BOOLEAN:
        return {"enum": ["true", "false"]}
    if type_.kind in _INTEGERS:
        return {"pattern": "^(?:0|-?[1-9][0-9]{0,15})$"}
    schema = scalar_schema(type_)
    return {word: value for word, value in schema.items() if word not in ("type", "description", "contentEncoding")}


def nullable(schema: Schema) -> Schema:
    """The schema, or null. Generators name an enum best where null stands beside it, not in it."""
    if not schema:
        return {}
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def joined(first: str, second: str) -> str:
    """Two texts, one after the other; a list is set apart."""
    if not first or not second:
        return first or second
    return first + ("\n\n" if second.startswith("- ") else " ") + second
