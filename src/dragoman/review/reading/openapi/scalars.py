"""Types without parts: what ``type`` and ``format`` stand for, and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dragoman.contract.schema import NO_CONSTRAINTS, RANGES, Constraints, Kind, Scalar

ANY: Final = Scalar(Kind.ANY)

KINDS: Final[Mapping[tuple[str, str], Kind]] = {
    ("boolean", ""): Kind.BOOLEAN,
    ("integer", ""): Kind.INT,
    ("integer", "double-int"): Kind.INT,
    ("integer", "int32"): Kind.INT32,
    ("integer", "uint32"): Kind.UINT32,
    ("number", ""): Kind.DOUBLE,
    ("number", "double"): Kind.DOUBLE,
    ("number", "float"): Kind.FLOAT,
    ("number", "double-int"): Kind.INT,
    ("string", ""): Kind.STRING,
    ("string", "byte"): Kind.BYTES,
    ("string", "base64"): Kind.BYTES,
    ("string", "date"): Kind.DATE,
    ("string", "date-time"): Kind.DATETIME,
    ("string", "time-local"): Kind.TIME,
    ("string", "uuid"): Kind.UUID,
    ("string", "decimal"): Kind.DECIMAL,
    ("string", "int64"): Kind.INT64,
    ("string", "uint64"): Kind.UINT64,
}
"""What needs no format beside the kind. Formats are those of OpenAPI's registry."""

REFINED: Final[Mapping[tuple[str, str], Kind]] = {
    ("string", "binary"): Kind.BYTES,
    ("string", "base64url"): Kind.BYTES,
    ("string", "time"): Kind.TIME,
    ("string", "duration"): Kind.DURATION,
    ("integer", "int8"): Kind.INT32,
    ("integer", "int16"): Kind.INT32,
    ("integer", "uint8"): Kind.UINT32,
    ("integer", "uint16"): Kind.UINT32,
}
"""What a kind holds, in another form or a narrower range, which the format goes on saying."""

PLAIN: Final = {"boolean": Kind.BOOLEAN, "integer": Kind.INT, "number": Kind.DOUBLE, "string": Kind.STRING}
LARGEST_FLOAT: Final = 3.4028234663852886e38


def scalar(type_: str, schema: Mapping[str, Any]) -> Scalar:
    """The scalar of one of JSON's types: ``boolean``, ``integer``, ``number``, ``string``."""
    given = schema.get("format")
    format = given if isinstance(given, str) else ""
    if type_ == "string" and not format and schema.get("contentEncoding") in ("base64", "base64url"):
        format = schema["contentEncoding"]
    kind = KINDS.get((type_, format))
    if kind is not None:
        return Scalar(kind, bounds(kind, schema))
    kind = REFINED.get((type_, format)) or PLAIN[type_]
    return Scalar(kind, bounds(kind, schema), format or None)


def bounds(kind: Kind, schema: Mapping[str, Any]) -> Constraints:
    """The bounds of a number or a text; those that say no more than the kind does are left out."""
    if not _BOUNDING & schema.keys():
        return NO_CONSTRAINTS
    least, above = _edge(schema, "minimum", "exclusiveMinimum")
    most, below = _edge(schema, "maximum", "exclusiveMaximum")
    low, high = RANGES.get(kind, (-LARGEST_FLOAT, LARGEST_FLOAT) if kind is Kind.FLOAT else (None, None))
    pattern = schema.get("pattern")
    return Constraints(
        ge=None if least == low else least,
        gt=above,
        le=None if most == high else most,
        lt=below,
        multiple_of=_number(schema.get("multipleOf")),
        min_length=count(schema, "minLength"),
        max_length=count(schema, "maxLength"),
        pattern=pattern if isinstance(pattern, str) else None,
    )


_BOUNDING: Final = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern")
)


def lengths(schema: Mapping[str, Any], least: str, most: str) -> Constraints:
    """The bounds of a list or a map."""
    low, high = count(schema, least), count(schema, most)
    unique = schema.get("uniqueItems") is True
    if low is None and high is None and not unique:
        return NO_CONSTRAINTS
    return Constraints(min_length=low, max_length=high, unique_items=unique)


def count(schema: Mapping[str, Any], word: str) -> int | None:
    """The number of characters, items or members under a word; zero bounds nothing from below."""
    found = schema.get(word)
    if not isinstance(found, int | float) or isinstance(found, bool) or found != found // 1:
        return None
    return None if found == 0 and word.startswith("min") else int(found)


def _edge(schema: Mapping[str, Any], inclusive: str, exclusive: str) -> tuple[int | float | None, int | float | None]:
    """The inclusive and the exclusive bound: up to 3.0 the second is a flag on the first, then a number."""
    bound, other = _number(schema.get(inclusive)), schema.get(exclusive)
    return (None, bound) if other is True else (bound, _number(other))


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
