"""Field masks (AIP-134, AIP-161): which fields of a resource a change is of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dragoman.contract.fault import MAX_VIOLATIONS, Violation
from dragoman.contract.schema import MISSING, Field, Kind, List, Map, Nullable, Record, Ref, Scalar, Type, Types
from dragoman.runtime.codec import invalid, nearest
from dragoman.runtime.codec.scalar_values import short

MASK = "update_mask"
MOST_PATHS: Final = 1000
"""How many paths a mask has at most."""

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


_PART: Final = re.compile(r"`([^`]*)`|([^.`]+)")


def parts(path: str) -> list[str]:
    """The names of a path. A map's key may stand in backticks (AIP-161); empty for what is no path."""
    found = list(_PART.finditer(path))
    whole = ".".join(each[0] for each in found)
    return [each[2] if each[1] is None else each[1] for each in found] if whole == path else []


def masked(
    fields: Iterable[Field], types: Types, given: Mapping[str, Any], paths: Iterable[Sequence[str]]
) -> tuple[dict[str, Any], set[tuple[str, ...]]]:
    """The change that a mask makes of the members that are given, and the paths of what is set as a whole. What the
    mask names, and is not given, becomes null, else its default, else its zero value. Raises InvalidArgument for a path
    that leads nowhere.
    """
    by_name = {each.name: each for each in fields}
    # Shorter paths first: what is whole covers its parts, wherever they are named.
    wanted = sorted((tuple(each) for each in paths), key=len)
    if len(wanted) > MOST_PATHS:
        said = f"names {len(wanted):,} paths, and may name {MOST_PATHS:,}; name what they have in common, or *"
        raise invalid([Violation((MASK,), said, "max_length")])
    if ("*",) in wanted:
        # What is neither given nor has a default stays: nothing can be said that it becomes.
        wanted = [(name,) for name, each in by_name.items() if name in given or _ends(types, each)]
    change: dict[str, Any] = {}
    whole: set[tuple[str, ...]] = set()
    found: list[Violation] = []
    for path in wanted:
        name = path[0] if path else ""
        field = by_name.get(name)
        if field is None:
            close = nearest(name, list(by_name), found)
            more = f"; did you mean {close!r}?" if close else ""
            said = f"{short(name)!r} names no field that can be changed{more}"
            found.append(Violation((MASK,), said, "unknown_field"))
            continue
        if any(path[:length] in whole for length in range(1, len(path) + 1)):
            continue
        part = _within(types, field, given.get(name, MISSING), path[1:])
        if part is MISSING:
            said = f"{short('.'.join(path))!r} leads to no field"
            found.append(Violation((MASK,), said, "unknown_field"))
            continue
        whole.add(path)
        if len(path) > 1 and isinstance(change.get(name), dict) and isinstance(part, dict):
            _put(change[name], part)
        else:
            change[name] = part
    if found:
        raise invalid(found[:MAX_VIOLATIONS])
    return change, whole


def _ends(types: Types, field: Field) -> bool:
    """Whether something can be said that a field becomes where it is not given."""
    return field.required or field.default is not MISSING or isinstance(types.resolve(field.type), Nullable)


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


def _within(types: Types, field: Field | None, given: Any, path: Sequence[str], type_: Type | None = None) -> Any:
    """The part of a field, or of what a map holds, that a path leads to, in what it leads through; MISSING if it leads
    nowhere.
    """
    type_ = type_ if field is None else field.type
    assert type_ is not None
    if not path:
        if given is MISSING:
            return None if field is None else absent(types, field)
        return completed(types, type_, given)
    while isinstance(type_, Ref | Nullable):
        type_ = types.resolve(type_) if isinstance(type_, Ref) else type_.of
    name, rest = path[0], path[1:]
    if (
        isinstance(type_, Record | Map)
        and given is not MISSING
        and given is not None
        and not isinstance(given, Mapping)
    ):
        return given  # the contract says what is wrong with it
    value = given.get(name, MISSING) if isinstance(given, Mapping) else MISSING
    part: Any = MISSING
    if isinstance(type_, Record) and (inner := type_.field(name)) is not None:
        part = _within(types, inner, value, rest)
    elif isinstance(type_, Map):
        part = _within(types, None, value, rest, type_.value)
    return MISSING if part is MISSING else {name: part}


def completed(types: Types, type_: Type, given: Any) -> Any:
    """A value that takes the place of another: in a message, absent is zero."""
    while isinstance(type_, Ref | Nullable):
        type_ = types.resolve(type_) if isinstance(type_, Ref) else type_.of
    if not isinstance(type_, Record) or not isinstance(given, Mapping):
        return given
    made = dict(given)
    for field in type_.fields:
        if field.name in made:
            made[field.name] = completed(types, field.type, made[field.name])
        elif field.required and not field.read_only and (zero := absent(types, field)) is not None:
            made[field.name] = zero
    return made


def _put(into: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add what another path leads to. Both were made here, member by member."""
    for name, each in part.items():
        there = into.get(name)
        if isinstance(there, dict) and isinstance(each, dict):
            _put(there, each)
        else:
            into[name] = each
