"""Services and messages in ``.proto``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Enum, Field, Kind, Ref, Scalar, Union
from dragoman.review import elements
from dragoman.review.elements import Element
from dragoman.review.english import words
from dragoman.review.misfits.call import Call, procedures
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import fields_of, plain
from dragoman.review.misfits.wording import bare, some
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Procedure

_FOREIGN: Final = ("google.", "grpc.")
_ZERO: Final = re.compile(
    r"(?:^|_)(?:UNSPECIFIED|UNKNOWN|INVALID|NONE|UNDEFINED|DEFAULT|UNSET|NOT_SET|NULL|UNUSED)(?:_|$)", re.IGNORECASE
)


def _protos(subject: Subject) -> Iterator[Reading]:
    return (each for each in subject.surface.readings if each.format is Format.PROTO)


def _shared_request(subject: Subject) -> Iterator[Found]:
    by_input: dict[str, list[Call[Procedure]]] = defaultdict(list)
    for call in procedures(subject):
        if isinstance(call.operation.input, Ref) and not call.operation.input.name.startswith(_FOREIGN):
            by_input[call.operation.input.name].append(call)
    for name, users in by_input.items():
        methods = {each.address for each in users}
        if len(methods) > 1:
            first, second, *_ = users
            yield Found(
                elements.type_(name),
                first.reading.locate(elements.type_(name)),
                f"{name} is what {some(sorted(methods), 2)} take: a field for one of them is a field for all",
                f"Give each method a request of its own: {first.wire.method}Request, {second.wire.method}Request",
                tuple(each.position for each in users),
            )


def _zero(subject: Subject) -> Iterator[Found]:
    for reading in _protos(subject):
        if "proto2" in reading.format_version:
            continue
        for name, each in reading.contract.types.items():
            if not isinstance(each, Enum) or not each.values or name.startswith(_FOREIGN):
                continue
            first = next((value for value in each.values if value.number == 0), None)
            if first is not None and not _ZERO.search(first.value):
                element = Element(elements.Kind.VALUE, f"{name}.{first.value}")
                prefix = "_".join(words(name.rpartition(".")[2])).upper()
                yield Found(
                    element,
                    reading.locate(element),
                    f"{first.value} is what {name} has where nobody set it",
                    f"Let {prefix}_UNSPECIFIED = 0 be the first value, and give {first.value} a number of its own",
                )


def _empty(subject: Subject) -> Iterator[Found]:
    for call in procedures(subject):
        if call.operation.input is None:
            yield call.found(
                f"{call.address} takes google.protobuf.Empty, to which no field can be added",
                f"Use a request message of its own: message {call.wire.method}Request {{}}",
            )


def _no_mask(subject: Subject) -> Iterator[Found]:
    for call in procedures(subject):
        verb = words(call.wire.method)
        if verb[:1] not in {("update",), ("patch",)} or len(verb) < 2 or call.input is None:
            continue
        if call.operation.interaction.streams_input or "batch" in verb:
            continue
        fields = fields_of(call.types, call.input)
        masked = any("mask" in words(each.name) or _is_mask(call, each) for each in fields)
        thing = any(bare(each.name) == "".join(verb[1:]) for each in fields)
        if thing and not masked:
            noun = "_".join(verb[1:])
            yield call.found(
                f"{call.address} takes the whole {noun}, and cannot tell a field left out from a field cleared",
                f"Add google.protobuf.FieldMask update_mask to {call.wire.method}'s request (AIP-134)",
            )


def _is_mask(call: Call[Procedure], field: Field) -> bool:
    type_ = plain(call.types, field.type)
    return isinstance(type_, Scalar) and (type_.format or "").endswith("FieldMask")


def _gaps(subject: Subject) -> Iterator[Found]:
    for reading in _protos(subject):
        for message in reach(reading).all:
            numbers = sorted(_numbers(message))
            if not numbers or message.owner.startswith(_FOREIGN) or message.owner not in reading.contract.types:
                continue
            known = set(numbers) | _reserved(message)
            missing = [each for each in range(1, min(numbers[-1], 1000)) if each not in known]
            if 0 < len(missing) <= 3 and len(numbers) >= 4:
                yield message.found_whole(
                    reading,
                    f"{message.owner} has no field number {some([str(each) for each in missing])}, nor reserves it",
                    f"Write reserved {', '.join(map(str, missing))}; (and the names) if they were ever used",
                )


def _numbers(message: Message) -> Iterator[int]:
    for each in message.fields:
        if each.number is not None:
            yield each.number
        found = getattr(each.type, "of", each.type)
        if isinstance(found, Union):
            yield from (variant.number for variant in found.variants if variant.number is not None)


def _reserved(message: Message) -> set[int]:
    """The numbers that must not be used again, from whatever trait has ranges of them."""
    ranges = [pair for trait in message.record.traits for pair in getattr(trait, "numbers", ())]
    return {number for low, high in ranges for number in range(max(low, 1), min(high, 1000) + 1)}


def _unitless(subject: Subject) -> Iterator[Found]:
    """Durations and sizes as bare numbers."""
    for reading in _protos(subject):
        for message in reach(reading).all:
            if message.owner.startswith(_FOREIGN):
                continue
            for each in message.fields:
                type_ = plain(reading.contract.types, each.type)
                if isinstance(type_, Scalar) and type_.kind in (Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64):
                    unit = words(each.name)[-1:]
                    if unit in {("timeout",), ("ttl",), ("duration",), ("interval",), ("delay",)} and not re.search(
                        r"second|minute|milli|micro|nano|hour|day|\bms\b", each.description, re.IGNORECASE
                    ):
                        yield message.found(
                            reading,
                            each,
                            f"{message.owner}.{each.name} is a duration without a unit",
                            f"Use google.protobuf.Duration, or name it {each.name}_ms",
                        )


RULES: Final = (
    Misfit(
        id="shared-request",
        title="Request message shared by several methods",
        source=Source("Buf: RPC_REQUEST_RESPONSE_UNIQUE; AIP-131 to 136", "https://buf.build/docs/lint/rules/"),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_shared_request,
        reason="Requests of different methods soon need different fields. Splitting the message later "
        "breaks callers of both.",
        remedy="Give each method its own request message.",
        exception="Messages of Google's own packages.",
        example="rpc Get(OrderId), rpc Cancel(OrderId) → rpc GetOrder(GetOrderRequest), rpc "
        "CancelOrder(CancelOrderRequest)",
        styles=("rpc",),
    ),
    Misfit(
        id="enum-without-zero",
        title="Enum without an UNSPECIFIED zero value",
        source=Source("AIP-126", "https://google.aip.dev/126"),
        severity=Severity.WARNING,
        check=_zero,
        reason="A field that was never set reads as the zero value, and so does each value that an older "
        "reader does not know.",
        remedy="Make the zero value UNSPECIFIED.",
        exception="Zero values named UNSPECIFIED, UNKNOWN, NONE or the like; proto2, where fields have presence.",
        example="enum Status { PLACED = 0; } → enum Status { STATUS_UNSPECIFIED = 0; PLACED = 1; }",
        styles=("rpc",),
    ),
    Misfit(
        id="empty-request",
        title="google.protobuf.Empty as a request",
        source=Source("AIP-131 to 136", "https://google.aip.dev/136"),
        severity=Severity.HINT,
        check=_empty,
        reason="The first parameter needs another request type, which breaks generated clients.",
        remedy="Use a request message of your own.",
        exception="Responses: Delete returns google.protobuf.Empty (AIP-135).",
        example="rpc Refresh(google.protobuf.Empty) → rpc Refresh(RefreshRequest)",
        styles=("rpc",),
    ),
    Misfit(
        id="update-without-mask",
        title="Update method without a field mask",
        source=Source("AIP-134", "https://google.aip.dev/134"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_no_mask,
        reason="An older client sends the resource without the fields that it does not know, and the "
        "update clears them.",
        remedy="Accept a field mask.",
        exception="Requests with a mask, requests that do not hold the resource itself, batches and streams.",
        example="UpdateOrderRequest { Order order = 1; } → "
        "{ Order order = 1; google.protobuf.FieldMask update_mask = 2; }",
        styles=("rpc",),
    ),
    Misfit(
        id="unreserved-number",
        title="Deleted field number not reserved",
        source=Source("Protocol Buffers: deleting fields", "https://protobuf.dev/programming-guides/proto3/#deleting"),
        severity=Severity.HINT,
        check=_gaps,
        reason="If somebody reuses the number, the new field silently reads the bytes of the old one.",
        remedy="Reserve the number.",
        exception="Reserved numbers and extension ranges, messages with fewer than four fields, and gaps "
        "of more than three, which are numbering in groups.",
        example="id = 1; total = 3; → reserved 2; reserved 'note'; id = 1; total = 3;",
        styles=("rpc",),
    ),
    Misfit(
        id="span-without-unit",
        title="Duration without a unit",
        source=Source("AIP-142", "https://google.aip.dev/142"),
        severity=Severity.HINT,
        check=_unitless,
        reason="If milliseconds are read as seconds, a timeout of one second becomes a quarter of an hour.",
        remedy="Use Duration, or put the unit into the name.",
        exception="Names and comments that state the unit.",
        example="int32 timeout = 1; → google.protobuf.Duration timeout = 1;",
        styles=("rpc",),
    ),
)
