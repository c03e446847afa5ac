"""Protocol buffers' own types, and the well-known messages that are values rather than records."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from dragoman.contract.schema import MISSING, Kind, List, Map, Nullable, Scalar, Type

_FIELD = FieldDescriptorProto
_WELL_KNOWN = "google.protobuf."

SCALARS: Final[Mapping[int, Scalar]] = {
    _FIELD.TYPE_DOUBLE: Scalar(Kind.DOUBLE),
    _FIELD.TYPE_FLOAT: Scalar(Kind.FLOAT),
    _FIELD.TYPE_INT64: Scalar(Kind.INT64),
    _FIELD.TYPE_UINT64: Scalar(Kind.UINT64),
    _FIELD.TYPE_INT32: Scalar(Kind.INT32),
    _FIELD.TYPE_FIXED64: Scalar(Kind.UINT64, format="fixed64"),
    _FIELD.TYPE_FIXED32: Scalar(Kind.UINT32, format="fixed32"),
    _FIELD.TYPE_BOOL: Scalar(Kind.BOOLEAN),
    _FIELD.TYPE_STRING: Scalar(Kind.STRING),
    _FIELD.TYPE_BYTES: Scalar(Kind.BYTES),
    _FIELD.TYPE_UINT32: Scalar(Kind.UINT32),
    _FIELD.TYPE_SFIXED32: Scalar(Kind.INT32, format="sfixed32"),
    _FIELD.TYPE_SFIXED64: Scalar(Kind.INT64, format="sfixed64"),
    _FIELD.TYPE_SINT32: Scalar(Kind.INT32, format="sint32"),
    _FIELD.TYPE_SINT64: Scalar(Kind.INT64, format="sint64"),
}

_ANY = Scalar(Kind.ANY, format="google.protobuf.Value")
WELL_KNOWN: Final[Mapping[str, Type]] = {
    f"{_WELL_KNOWN}Timestamp": Scalar(Kind.DATETIME),
    f"{_WELL_KNOWN}Duration": Scalar(Kind.DURATION),
    f"{_WELL_KNOWN}FieldMask": Scalar(Kind.STRING, format="google.protobuf.FieldMask"),
    f"{_WELL_KNOWN}Any": Scalar(Kind.ANY, format="google.protobuf.Any"),
    f"{_WELL_KNOWN}Value": _ANY,
    f"{_WELL_KNOWN}Struct": Map(Scalar(Kind.STRING), _ANY),
    f"{_WELL_KNOWN}ListValue": List(_ANY),
    f"{_WELL_KNOWN}BoolValue": Nullable(Scalar(Kind.BOOLEAN)),
    f"{_WELL_KNOWN}StringValue": Nullable(Scalar(Kind.STRING)),
    f"{_WELL_KNOWN}BytesValue": Nullable(Scalar(Kind.BYTES)),
    f"{_WELL_KNOWN}Int32Value": Nullable(Scalar(Kind.INT32)),
    f"{_WELL_KNOWN}Int64Value": Nullable(Scalar(Kind.INT64)),
    f"{_WELL_KNOWN}UInt32Value": Nullable(Scalar(Kind.UINT32)),
    f"{_WELL_KNOWN}UInt64Value": Nullable(Scalar(Kind.UINT64)),
    f"{_WELL_KNOWN}FloatValue": Nullable(Scalar(Kind.FLOAT)),
    f"{_WELL_KNOWN}DoubleValue": Nullable(Scalar(Kind.DOUBLE)),
}
EMPTY: Final = f"{_WELL_KNOWN}Empty"

_INTEGERS = {
    _FIELD.TYPE_INT32,
    _FIELD.TYPE_UINT32,
    _FIELD.TYPE_SINT32,
    _FIELD.TYPE_FIXED32,
    _FIELD.TYPE_SFIXED32,
}
_FLOATS = {_FIELD.TYPE_DOUBLE, _FIELD.TYPE_FLOAT}


def default(field: FieldDescriptorProto) -> Any:
    """The declared default as JSON has it (64-bit integers as strings); MISSING where none is declared."""
    if not field.HasField("default_value"):
        return MISSING
    text = field.default_value
    if field.type in _INTEGERS:
        return int(text)
    if field.type in _FLOATS:
        number = float(text)
        return number if math.isfinite(number) else {"inf": "Infinity", "-inf": "-Infinity"}.get(text, "NaN")
    if field.type == _FIELD.TYPE_BOOL:
        return text == "true"
    if field.type == _FIELD.TYPE_BYTES:
        raw = text.encode("latin-1", "backslashreplace").decode("unicode_escape")  # protoc writes C's escapes
        return base64.b64encode(raw.encode("latin-1", "replace")).decode()
    return text
