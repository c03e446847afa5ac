"""Whole numbers that were written with a point or an exponent: ``1.0`` and ``1e2`` are integers to JSON Schema, and to
clients whose only numbers are floats.

msgspec takes them for floats. What it refused is looked at again, with such numbers as integers wherever the type asks
for one, so that the usual way pays nothing for the unusual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dragoman.contract.schema import Kind, List, Map, Nullable, Record, Scalar, Type, Types, Union

from .unions import tagged

NUMBERS: Final = frozenset({Kind.INT, Kind.INT32, Kind.UINT32})
"""The kinds of integers that are numbers in JSON."""


def with_whole_numbers(types: Types, type_: Type, value: Any) -> Any:
    """The JSON value with integers where the type has them; the same object if there is nothing to change."""
    type_ = types.resolve(type_)
    match type_:
        case Scalar(kind=kind) if type(value) is float:
            return int(value) if kind in NUMBERS and value.is_integer() else value
        case Nullable():
            return with_whole_numbers(types, type_.of, value)
        case List() if isinstance(value, list | tuple):
            items = [with_whole_numbers(types, type_.item, each) for each in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        case Map() if isinstance(value, Mapping):
            return _members(types, value, dict.fromkeys(value, type_.value))
        case Union() if isinstance(value, Mapping):
            return _variant(types, type_, value)
        case Record() if isinstance(value, Mapping):
            return _members(types, value, {each.name: each.type for each in type_.fields})
    return value


def _members(types: Types, value: Mapping[Any, Any], by_name: Mapping[Any, Type]) -> Mapping[Any, Any]:
    members = {
        name: with_whole_numbers(types, by_name[name], each) if name in by_name else each
        for name, each in value.items()
    }
    return members if any(members[name] is not each for name, each in value.items()) else value


def _variant(types: Types, union: Union, value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A value of a tagged union. Of one without tags the variant is not known here: whoever tries them looks."""
    tag = value.get(union.discriminator)
    for variant, record in tagged(types, union) or ():
        if variant.tag == tag:
            found: Mapping[Any, Any] = with_whole_numbers(types, record, value)
            return found
    return value
