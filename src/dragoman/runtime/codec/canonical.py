"""JSON in a form that no audience and no style has a part in: to be kept, to be shown again, and to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from dragoman.contract.schema import MISSING, Kind, List, Map, Nullable, Record, Scalar, Type, Types, Union

from .encoder import encode_json, plain
from .hooks import call_hook
from .inbound import Inbound
from .outbound import Outbound, convert_out
from .unions import tagged
from .view import EVERYTHING, View


class Canonical:
    """The values of one type as JSON of all their fields, whoever may see them."""

    def __init__(self, type_: Type, types: Types) -> None:
        self._wire = Outbound(types, EVERYTHING).annotation(type_)
        self._read = Inbound(types, EVERYTHING).annotation(type_)

    def check(self, value: Any) -> None:
        """Raises msgspec's ValidationError where JSON is no value of the type."""
        msgspec.convert(value, self._read, dec_hook=call_hook)

    def builtins(self, value: Any) -> Any:
        """The value as JSON has it. Raises msgspec's ValidationError."""
        return to_builtins(convert_out(value, self._wire))

    def text(self, value: Any) -> str:
        """The value as JSON text. Raises msgspec's ValidationError."""
        return encode_json(convert_out(value, self._wire)).decode()


def to_builtins(wire: Any) -> Any:
    """What was decoded, or is to be encoded, as JSON has it; what is absent is left out."""
    return msgspec.to_builtins(wire, enc_hook=_parsed)


def _parsed(value: Any) -> Any:
    """Parts of a row that are kept as JSON text, too."""
    return msgspec.json.decode(value) if type(value) is msgspec.Raw else plain(value)


def shown(types: Types, view: View, type_: Type, value: Any) -> Any:
    """JSON of all fields as one view sees it, in the same order: what the value itself would be encoded to."""
    type_ = types.resolve(type_)
    match type_:
        case Nullable():
            return None if value is None else shown(types, view, type_.of, value)
        case List() if isinstance(value, list):
            return [shown(types, view, type_.item, each) for each in value]
        case Map() if isinstance(value, Mapping):
            return {name: shown(types, view, type_.value, each) for name, each in value.items()}
        case Union() if isinstance(value, Mapping) and (records := tagged(types, type_)) is not None:
            field = type_.discriminator or ""
            record = next((record for variant, record in records if variant.tag == value.get(field)), None)
            return {} if record is None else _members(types, view, record, value, field)
        case Record() if isinstance(value, Mapping):
            return _members(types, view, type_, value)
    return value


def _members(types: Types, view: View, record: Record, value: Mapping[str, Any], tag: str = "") -> dict[str, Any]:
    known = {each.name: each for each in view.fields(record)}
    return {
        name: shown(types, view, known[name].type, each) if name in known else each
        for name, each in value.items()
        if name in known or name == tag
    }


def without_defaults(types: Types, type_: Type, value: Any) -> Any:
    """JSON that was given, without members that say what would be so without them, and with times in UTC."""
    type_ = types.resolve(type_)
    match type_:
        case Nullable():
            return None if value is None else without_defaults(types, type_.of, value)
        case List() if isinstance(value, list):
            return [without_defaults(types, type_.item, each) for each in value]
        case Map() if isinstance(value, Mapping):
            return {name: without_defaults(types, type_.value, each) for name, each in value.items()}
        case Union() if isinstance(value, Mapping) and (records := tagged(types, type_)) is not None:
            given = value.get(type_.discriminator or "")
            record = next((record for variant, record in records if variant.tag == given), None)
            return value if record is None else _without_defaults(types, record, value)
        case Record() if isinstance(value, Mapping):
            return _without_defaults(types, type_, value)
        case Scalar(kind=Kind.DATETIME) if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


def _without_defaults(types: Types, record: Record, value: Mapping[str, Any]) -> dict[str, Any]:
    kept = {}
    for name, each in value.items():
        field = record.field(name)
        if field is not None:
            each = without_defaults(types, field.type, each)
            if not field.required and field.default is not MISSING and each == field.default:
                continue
        kept[name] = each
    return kept
