"""Defaults: the wire value of a Python one, and whether it is a value of its type at all."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from dragoman.contract.patterns import compiled
from dragoman.contract.schema import (
    INTEGERS,
    MAX_SAFE_INTEGER,
    RANGES,
    Constraints,
    Enum,
    Kind,
    List,
    Map,
    Named,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Union,
)

from .bounds import call

Lookup = Callable[[str], Named]

CLASSES: Final[Mapping[Kind, tuple[type, ...]]] = {
    Kind.BOOLEAN: (bool,),
    Kind.FLOAT: (float, int),
    Kind.DOUBLE: (float, int),
    Kind.STRING: (str,),
    Kind.BYTES: (bytes,),
}
NAMES: Final = {Kind.DURATION: "timedelta", Kind.UUID: "UUID", Kind.DECIMAL: "Decimal"}


class WrongDefaultError(Exception):
    """The default is no value of its type; the text says why, without its subject."""


def wire(value: Any, type_: Type, lookup: Lookup) -> Any:
    """The default as it stands on the wire. Raises WrongDefaultError."""
    if isinstance(type_, Ref):
        named = lookup(type_.name)
        return wire(value, named, lookup)
    if isinstance(type_, Nullable):
        return None if value is None else wire(value, type_.of, lookup)
    if value is None:
        raise WrongDefaultError("is None, and the type does not say so")
    if isinstance(type_, Scalar):
        return _scalar(value, type_)
    if isinstance(type_, Enum):
        text = value.value if isinstance(value, enum.Enum) else value
        if text not in type_.names:
            raise WrongDefaultError(f"is not one of {', '.join(map(repr, type_.names))}")
        return str(text)
    if isinstance(type_, List):
        if not isinstance(value, Sequence | Set) or isinstance(value, str | bytes):
            raise WrongDefaultError("is not a list")
        _lengths(len(value), type_.constraints, "items")
        items = [wire(each, type_.item, lookup) for each in value]
        return sorted(items, key=repr) if isinstance(value, Set) else items
    if isinstance(type_, Map):
        if not isinstance(value, Mapping):
            raise WrongDefaultError("is not a dict")
        _lengths(len(value), type_.constraints, "entries")
        return {wire(key, type_.key, lookup): wire(each, type_.value, lookup) for key, each in value.items()}
    if isinstance(type_, Union):
        return _union(value, type_, lookup)
    return _record(value, type_, lookup)


def _scalar(value: Any, scalar: Scalar) -> Any:
    kind = scalar.kind
    if kind in INTEGERS:
        if not isinstance(value, int) or isinstance(value, bool):
            raise WrongDefaultError(f"is not {call(scalar)}")
        low, high = RANGES[kind]
        if not low <= value <= high:
            limit = "±(2^53 − 1)" if high == MAX_SAFE_INTEGER else f"{low} to {high}"
            raise WrongDefaultError(f"is outside what {call(scalar)} holds ({limit})")
        _numbers(value, scalar.constraints)
        return str(value) if kind in (Kind.INT64, Kind.UINT64) else int(value)
    if kind in CLASSES:
        if not isinstance(value, CLASSES[kind]) or (isinstance(value, bool) and kind is not Kind.BOOLEAN):
            raise WrongDefaultError(f"is not {call(scalar)}")
    elif type(value).__name__ != NAMES.get(kind, str(kind)):
        raise WrongDefaultError(f"is not {call(scalar)}")
    if kind in (Kind.FLOAT, Kind.DOUBLE):
        value = float(value)
    if (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        raise WrongDefaultError("is not a finite number")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise WrongDefaultError("has no time zone")
    if isinstance(value, float | Decimal):
        _numbers(value, scalar.constraints)
    if isinstance(value, str | bytes):
        _lengths(len(value), scalar.constraints, "characters" if isinstance(value, str) else "bytes")
    pattern = scalar.constraints.pattern
    if pattern is not None and not compiled(pattern).search(str(value)):
        raise WrongDefaultError(f"does not match {pattern}")
    return msgspec.to_builtins(value)


def _numbers(value: float | Decimal, constraints: Constraints) -> None:
    exact = Decimal(value)
    tests = {
        "ge": (exact.__ge__, "at least"),
        "gt": (exact.__gt__, "more than"),
        "le": (exact.__le__, "at most"),
        "lt": (exact.__lt__, "less than"),
    }
    for name, (holds, words) in tests.items():
        bound = getattr(constraints, name)
        if bound is not None and not holds(Decimal(bound)):
            raise WrongDefaultError(f"is not {words} {bound}")
    step = constraints.multiple_of
    if step is not None and Decimal(str(value)) % Decimal(str(step)) != 0:
        raise WrongDefaultError(f"is not a multiple of {step}")


def _lengths(length: int, constraints: Constraints, unit: str) -> None:
    low, high = constraints.min_length, constraints.max_length
    if low is not None and length < low:
        raise WrongDefaultError(f"has {length} {unit}, and {low} is the least")
    if high is not None and length > high:
        raise WrongDefaultError(f"has {length} {unit}, and {high} is the most")


def _record(value: Any, record: Record, lookup: Lookup) -> dict[str, Any]:
    if not isinstance(value, record.native):
        raise WrongDefaultError(f"is not of class {record.name}")
    present = [(each, getattr(value, each.name)) for each in record.fields]
    return {each.name: wire(part, each.type, lookup) for each, part in present if part is not msgspec.UNSET}


def _union(value: Any, union: Union, lookup: Lookup) -> dict[str, Any]:
    for variant in union.variants:
        assert isinstance(variant.type, Ref)
        record = lookup(variant.type.name)
        assert isinstance(record, Record)
        if type(value) is record.native:
            return {str(union.discriminator): variant.tag} | _record(value, record, lookup)
    raise WrongDefaultError("is not of a class of the union")
