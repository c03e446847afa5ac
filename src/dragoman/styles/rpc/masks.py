"""Field masks (AIP-134, AIP-161): which fields of a resource a change is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dragoman.contract.fault import Violation
from dragoman.contract.schema import MISSING, Field, Kind, List, Map, Nullable, Record, Ref, Scalar, Type, Types
from dragoman.runtime.codec import invalid, nearest

MASK = "update_mask"

_ZERO: Mapping[Kind, Any] = {
    Kind.BOOLEAN: False,
    Kind.FLOAT: 0.0,
    Kind.DOUBLE: 0.0,
    Kind.INT: 0,
    Kind.INT32: 0,
    Kind.UINT32: 0,
    Kind.INT64: "0",
    Kind.UINT64: "0",
    Kind.BYTES: b"",
}


def masked(
    record: Record, fields: Iterable[Field], types: Types, given: Mapping[str, Any], paths: Iterable[str]
) -> tuple[dict[str, Any], set[str]]:
    """The change that a mask makes of the members that are given, and the fields that are set as a whole. What the mask
    names, and is not given, becomes null, else its default, else its zero value. Raises InvalidArgument for a path that
    leads nowhere.
    """
    by_name = {each.name: each for each in fields}
    wanted = list(paths)
    if "*" in wanted:
        wanted = list(by_name)
    change: dict[str, Any] = {}
    whole: set[str] = set()
    found: list[Violation] = []
    for path in wanted:
        name, _, rest = path.partition(".")
        field = by_name.get(name)
        if field is None:
            close = nearest(name, list(by_name), found)
            more = f"; did you mean {close!r}?" if close else ""
            said = f"{path[:40]!r} names no field that can be changed{more}"
            found.append(Violation((MASK,), said, "unknown_field"))
        elif not rest:
            value = given.get(name, MISSING)
            change[name] = absent(types, field) if value is MISSING else value
            whole.add(name)
        elif name not in whole:
            part = _within(types, field.type, given.get(name), rest.split("."))
            if part is MISSING:
                said = f"{path[:40]!r} leads to nothing that is given, or to no field"
                found.append(Violation((MASK,), said, "unknown_field"))
            else:
                change[name] = _together(change.get(name), part)
    if found:
        raise invalid(found)
    return change, whole


def absent(types: Types, field: Field) -> Any:
    """What a field is that a mask names and nobody gives."""
    type_ = field.type
    while isinstance(type_, Ref):
        type_ = types.resolve(type_)
    if isinstance(type_, Nullable):
        return None
    if not field.required and field.default is not MISSING:
        return field.default
    return _zero(type_)


def _zero(type_: Type) -> Any:
    match type_:
        case List():
            return []
        case Map():
            return {}
        case Scalar():
            return _ZERO.get(type_.kind, "")
    return None


def _within(types: Types, type_: Type, given: Any, path: list[str]) -> Any:
    """The part of a value that a path leads to, in the records that it leads through; MISSING if it leads nowhere."""
    while isinstance(type_, Ref | Nullable):
        type_ = types.resolve(type_) if isinstance(type_, Ref) else type_.of
    name, *rest = path
    inner: Type | None = None
    field: Field | None = None
    if isinstance(type_, Record):
        field = type_.field(name)
        inner = None if field is None else field.type
    elif isinstance(type_, Map):
        inner = type_.value
    if inner is None:
        return MISSING
    value = given.get(name, MISSING) if isinstance(given, Mapping) else MISSING
    if not rest:
        if value is MISSING:
            value = None if field is None else absent(types, field)
        return {name: value}
    part = _within(types, inner, value, rest)
    return MISSING if part is MISSING else {name: part}


def _together(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: _together(one.get(name), each) for name, each in other.items()}}
