"""Values written as text, as in a query string: made JSON values of, by type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dragoman.contract.schema import Kind, List, Map, Nullable, Record, Scalar, Type, Types

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
MAX_DIGITS: Final = 400


def from_text(types: Types, type_: Type, value: Any) -> Any:
    """The JSON value that the text stands for. What cannot be read stays text, and validation then refuses it."""
    type_ = types.resolve(type_)
    match type_:
        case Nullable():
            return from_text(types, type_.of, value)
        case Scalar() if isinstance(value, str):
            return _scalar(type_.kind, value)
        case List():
            items = value if isinstance(value, list | tuple) else [value]
            return [from_text(types, type_.item, each) for each in items]
        case Map() if isinstance(value, Mapping):
            return {key: from_text(types, type_.value, each) for key, each in value.items()}
        case Record() if isinstance(value, Mapping):
            by_name = {each.name: each.type for each in type_.fields}
            return {
                name: from_text(types, by_name[name], each) if name in by_name else each for name, each in value.items()
            }
        case _:
            return value


def _scalar(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.INT | Kind.INT32 | Kind.UINT32:
            return int(text) if len(text) <= MAX_DIGITS and _INTEGER.fullmatch(text) else text
        case Kind.FLOAT | Kind.DOUBLE:
            return float(text) if len(text) <= MAX_DIGITS and _NUMBER.fullmatch(text) else text
        case Kind.BOOLEAN:
            return {"true": True, "false": False}.get(text, text)
        case _:
            return text
