"""Files that are Google's own, as reflection tells of them: those of the well-known messages, and those of what faults
hold. They are built here, so that none of Google's packages has to be there.
"""

from __future__ import annotations

from dragoman.contract.schema import Kind

from .builtin import NUMBER, TEXT, message
from .proto.model import (
    ANY,
    DURATION,
    LEAVES,
    EnumNumber,
    EnumType,
    Label,
    Leaf,
    Message,
    MessageField,
    Package,
    Shape,
    Value,
)

LONG = LEAVES[Kind.INT64]
SEVERAL, MAP = Label.REPEATED, Label.MAP


def known_files() -> dict[str, Package]:
    """What each file holds, by its path."""
    files = {f"google/protobuf/{name}.proto": _package("google.protobuf", types) for name, types in _protobuf().items()}
    return files | {f"google/rpc/{name}.proto": _package("google.rpc", types) for name, types in _rpc().items()}


def _package(name: str, types: list[Message | EnumType]) -> Package:
    return Package(name, {}, {each.name: each for each in types})


def _protobuf() -> dict[str, list[Message | EnumType]]:
    name = "google.protobuf"
    number, flag = LEAVES[Kind.DOUBLE], LEAVES[Kind.BOOLEAN]
    seconds, nanos = (1, LONG), (2, NUMBER)
    null = EnumType(f"{name}.NullValue", [EnumNumber("NULL_VALUE", "NULL_VALUE", 0)], "")
    struct, value = Message(f"{name}.Struct", []), Message(f"{name}.Value", [], Shape.UNION)
    values = Message(f"{name}.ListValue", [MessageField("values", value, SEVERAL, number=1)])
    struct.fields.append(MessageField("fields", value, MAP, map_key=TEXT, number=1))
    kinds: tuple[Value, ...] = (null, number, TEXT, flag, struct, values)
    names = ("null_value", "number_value", "string_value", "bool_value", "struct_value", "list_value")
    value.fields += [
        MessageField(field, kind, oneof="kind", number=at)
        for at, (field, kind) in enumerate(zip(names, kinds, strict=True), 1)
    ]
    return {
        "any": [message(f"{name}.Any", type_url=(1, TEXT), value=(2, LEAVES[Kind.BYTES]))],
        "empty": [message(f"{name}.Empty")],
        "timestamp": [message(f"{name}.Timestamp", seconds=seconds, nanos=nanos)],
        "duration": [message(f"{name}.Duration", seconds=seconds, nanos=nanos)],
        "field_mask": [message(f"{name}.FieldMask", paths=(1, TEXT, SEVERAL))],
        "struct": [struct, value, values, null],
    }


def _rpc() -> dict[str, list[Message | EnumType]]:
    """What a fault is in trailers, and its details: all of them, for they stand in one file."""
    name = "google.rpc"
    localized = message(f"{name}.LocalizedMessage", locale=(1, TEXT), message=(2, TEXT))
    return {
        "status": [
            message(f"{name}.Status", code=(1, NUMBER), message=(2, TEXT), details=(3, Leaf(ANY), SEVERAL)),
        ],
        "error_details": [
            _with_map(message(f"{name}.ErrorInfo", reason=(1, TEXT), domain=(2, TEXT)), "metadata", 3),
            message(f"{name}.RetryInfo", retry_delay=(1, Leaf(DURATION))),
            message(f"{name}.DebugInfo", stack_entries=(1, TEXT, SEVERAL), detail=(2, TEXT)),
            _of_many(
                f"{name}.QuotaFailure",
                "violations",
                _with_map(
                    message(
                        f"{name}.QuotaFailure.Violation",
                        subject=(1, TEXT),
                        description=(2, TEXT),
                        api_service=(3, TEXT),
                        quota_metric=(4, TEXT),
                        quota_id=(5, TEXT),
                        quota_value=(7, LONG),
                        future_quota_value=(8, LONG, Label.OPTIONAL),
                    ),
                    "quota_dimensions",
                    6,
                ),
            ),
            _of_many(
                f"{name}.PreconditionFailure",
                "violations",
                message(
                    f"{name}.PreconditionFailure.Violation", type=(1, TEXT), subject=(2, TEXT), description=(3, TEXT)
                ),
            ),
            _of_many(
                f"{name}.BadRequest",
                "field_violations",
                message(
                    f"{name}.BadRequest.FieldViolation",
                    field=(1, TEXT),
                    description=(2, TEXT),
                    reason=(3, TEXT),
                    localized_message=(4, localized),
                ),
            ),
            message(f"{name}.RequestInfo", request_id=(1, TEXT), serving_data=(2, TEXT)),
            message(
                f"{name}.ResourceInfo",
                resource_type=(1, TEXT),
                resource_name=(2, TEXT),
                owner=(3, TEXT),
                description=(4, TEXT),
            ),
            _of_many(f"{name}.Help", "links", message(f"{name}.Help.Link", description=(1, TEXT), url=(2, TEXT))),
            localized,
        ],
    }


def _of_many(name: str, field: str, one: Message) -> Message:
    """A message of a list, whose items stand in it."""
    made = message(name, **{field: (1, one, SEVERAL)})
    made.nested.append(one)
    return made


def _with_map(of: Message, field: str, number: int) -> Message:
    """A message with a map from text to text, too."""
    of.fields.append(MessageField(field, TEXT, MAP, map_key=TEXT, number=number))
    return of
