"""Events, and the channels that they go through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dragoman.contract.event import Event
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Types
from dragoman.review.elements import Element, Kind
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import VERSION
from dragoman.review.misfits.shape import fields_of, is_unsaid, record_of
from dragoman.review.misfits.wording import bare
from dragoman.review.reading.asyncapi.traits import Message
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.verdict.rule import Source, article
from dragoman.review.wire import Channelled

CLOUD: Final = Source("CloudEvents 1.0.2", "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md")
_VERSIONS: Final = vocabulary(
    "version schemaversion specversion eventversion dataschema dataversion apiversion schema messageversion "
    "schemaid payloadversion schemaurl"
)
_IDS: Final = vocabulary("id eventid messageid uuid guid deduplicationid dedupeid idempotencykey eventuuid msgid")
_TIMES: Final = vocabulary(
    "time timestamp occurredat eventtime createdat sentat happenedat date datetime ts occurredon emittedat "
    "publishedat updatedat eventtimestamp createtime when at"
)
_DOTTED: Final = re.compile(r"(?:^|[./_-])\d{1,3}\.\d{1,3}(?:\.\d{1,3})?(?=$|[./_-])")
"""A version within a channel: ``streetlights.1.0.event``."""

_ENVELOPE: Final = vocabulary("metadata meta header headers envelope context event info")
_PARTICLES: Final = vocabulary("on off up down in out to from for by with over back and or all")
_COMMANDS: Final = vocabulary(
    "create update delete send cancel process do run start stop turn set get add remove make notify charge refund "
    "pay ship approve reject execute"
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its document and the bare names of what stands in it, envelope and headers with it. ``endings``
    are the last words of these names.
    """

    reading: Reading
    event: Event
    names: frozenset[str]
    endings: frozenset[str]

    @property
    def types(self) -> Types:
        """The named types of its document."""
        return self.reading.contract.types

    @property
    def channel(self) -> str:
        """The channel that it goes through."""
        found = self.event.traits.get(Channelled)
        return found.channel if found is not None else ""

    def found(self, message: str, remedy: str) -> Found:
        """A misfit of the event."""
        element = Element(Kind.EVENT, self.event.name)
        return Found(element, self.reading.locate(element), message, remedy)


def events(subject: Subject) -> Iterator[Told]:
    """The events of a surface; those of Dragoman's own documents have id, time and version by construction."""
    for reading in subject.surface.readings:
        if reading.format is Format.DRAGOMAN:
            continue
        for event in reading.contract.events.values():
            names = frozenset(_names(reading.contract.types, event))
            endings = frozenset(each for name in names for each in words(name)[-1:])
            yield Told(reading, event, frozenset(map(bare, names)), endings)


def _names(types: Types, event: Event) -> Iterator[str]:
    """The names of fields, as they are written."""
    message = event.traits.get(Message)
    if message is not None:
        yield from _names_beside(types, message)
    payload = record_of(types, event.payload)
    for each in fields_of(types, payload) if payload is not None else ():
        yield each.name
        inner = record_of(types, each.type)
        if inner is not None and bare(each.name) in _ENVELOPE:
            yield from (part.name for part in fields_of(types, inner))


def _names_beside(types: Types, message: Message) -> Iterator[str]:
    """What stands beside the payload: headers (those of CloudEvents without their ``ce_``), a version, a key."""
    headers = record_of(types, message.headers)
    for each in fields_of(types, headers) if headers is not None else ():
        yield re.sub(r"^ce[-_]", "", each.name)
    if message.version:
        yield "version"
    if "cloudevents" in message.content_type:
        yield from ("id", "time", "specversion", "subject")
    if any(isinstance(each, dict) and "key" in each for each in message.bindings.values()):
        yield "key"


def _unversioned(subject: Subject) -> Iterator[Found]:
    for told in events(subject):
        parts = [part for name in (told.event.name, told.channel) for part in re.split(r"[./:_-]", name)]
        if (
            told.names & _VERSIONS
            or any(VERSION.fullmatch(part) for part in parts)
            or _DOTTED.search(told.channel)
            or is_unsaid(told.types, told.event.payload)
        ):
            continue
        if re.search(r"[vV]\d+$", told.event.name):
            continue
        yield told.found(
            f"nothing in {told.event.name} says which version its schema has",
            f"Put it into the channel ({told.channel or told.event.name}.v1) or into a field schema_version",
        )


def _without_id(subject: Subject) -> Iterator[Found]:
    for told in _described(subject):
        if not told.names & _IDS:
            yield told.found(
                f"{told.event.name} has no id, so consumers process a second delivery twice",
                "Add an id that is the same in each delivery of one event (CloudEvents: id)",
            )


def _without_time(subject: Subject) -> Iterator[Found]:
    for told in _described(subject):
        if not told.names & _TIMES and not told.endings & {"at", "on", "time", "timestamp", "date", "datetime"}:
            yield told.found(
                f"{told.event.name} has no timestamp, and it may arrive much later than it happened",
                "Add a time (RFC 3339, with a time zone), as in CloudEvents",
            )


def _without_key(subject: Subject) -> Iterator[Found]:
    for told in _described(subject):
        own = {"id", "eventid", "messageid", "correlationid", "traceid", "requestid"}
        keyed = any(
            each.endswith(("id", "key", "code", "number", "uuid", "sku")) and each not in own for each in told.names
        )
        variable = "{" in told.channel
        if (
            not told.event.key
            and not keyed
            and not variable
            and not told.names & {"subject", "partitionkey", "key", "data"}
        ):
            yield told.found(
                f"{told.event.name} has no key and no resource id, so brokers cannot keep its events in order",
                "Add the id of the resource that changed, and make it the key (Kafka key, ordering key)",
            )


def _described(subject: Subject) -> Iterator[Told]:
    return (each for each in events(subject) if each.names)


def _without_schema(subject: Subject) -> Iterator[Found]:
    for told in events(subject):
        message = told.event.traits.get(Message)
        if is_unsaid(told.types, told.event.payload) and not (message is not None and message.schema_format):
            yield told.found(
                f"{told.event.name} has no payload schema",
                f"Describe the payload of {told.event.name}: its fields, and which are required",
            )


def _command(subject: Subject) -> Iterator[Found]:
    for told in events(subject):
        found = words(re.split(r"[./:]", told.event.name)[-1])
        if len(found) > 1 and found[0] in _COMMANDS and not any(each.endswith("ed") for each in found):
            if found[-1] in ("command", "request", "job", "task", "query", "reply", "response"):
                continue
            yield told.found(
                f"{told.event.name} tells somebody what to do; an event says what has happened",
                f"{_renamed(found)}, or publish it as a command that one service handles",
            )


def _renamed(found: tuple[str, ...]) -> str:
    """How the event would be called, where the verb has an object. ``turn_on_off`` has none."""
    if set(found[1:]) & _PARTICLES:
        return "Name it after what has happened, as in light.turned_on"
    return f"Call it {'_'.join(found[1:])}.{_past(found[0])}"


def _past(verb: str) -> str:
    irregular = {"send": "sent", "do": "done", "run": "run", "set": "set", "get": "got", "make": "made", "pay": "paid"}
    return irregular.get(verb) or (verb + "d" if verb.endswith("e") else verb + "ed")


RULES: Final = (
    Misfit(
        id="unversioned-event",
        title="Event without a schema version",
        source=Source("CloudEvents 1.0.2, dataschema", CLOUD.link),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_unversioned,
        reason="Events are stored and replayed. Events from last year have last year's schema, and nothing "
        "in them says so.",
        remedy="Version the channel or the schema.",
        exception="A version in the name, the channel, a field or a header; events without a schema.",
        example="order.placed → order.placed.v1",
        styles=("events", "webhooks"),
    ),
    Misfit(
        id="event-without-id",
        title="Event without an id",
        source=CLOUD,
        severity=Severity.WARNING,
        check=_without_id,
        reason="Every message broker delivers some events twice. Without an id, consumers cannot detect duplicates.",
        remedy="Add an id.",
        exception="An id in the payload, its envelope or its headers.",
        example="{order_id} → {id: evt_7, order_id}",
        styles=("events", "webhooks"),
    ),
    Misfit(
        id="event-without-time",
        title="Event without a timestamp",
        source=CLOUD,
        severity=Severity.HINT,
        check=_without_time,
        reason="Replays, late deliveries and reports need the time at which it happened.",
        remedy="Add a timestamp.",
        exception="Any timestamp field, also in the envelope or the headers.",
        example="{id, order_id} → {id, order_id, time: 2026-01-31T12:00:00Z}",
        styles=("events", "webhooks"),
    ),
    Misfit(
        id="event-without-key",
        title="Event without a key or resource id",
        source=Source(
            "CloudEvents: partitioning extension",
            "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/partitioning.md",
        ),
        severity=Severity.WARNING,
        check=_without_key,
        reason="Brokers keep only events with the same key in order. Without one, paid may arrive before placed.",
        remedy="Add the id of the resource.",
        exception="A key, a field that is the id, code or number of a resource, and channels with a parameter.",
        example="{status: paid} → {order_id, status: paid}",
        styles=("events",),
    ),
    Misfit(
        id="event-without-schema",
        title="Event without a payload schema",
        source=Source(
            "AsyncAPI 3.0, Message Object", "https://www.asyncapi.com/docs/reference/specification/v3.0.0#messageObject"
        ),
        severity=Severity.WARNING,
        check=_without_schema,
        reason="Consumers copy what they saw once, and then it changes.",
        remedy="Describe the payload.",
        exception="Payloads in another schema language (Avro, Protocol Buffers).",
        example="payload: {type: object} → payload: {$ref: '#/components/schemas/OrderPlaced'}",
        styles=("events", "webhooks"),
    ),
    Misfit(
        id="event-as-command",
        title="Command published as an event",
        source=article("events decouple"),
        severity=Severity.HINT,
        check=_command,
        reason="A command expects that somebody does it. That is a call, with a queue in between.",
        remedy="Name the event after what has happened.",
        exception="Names in the past tense, and names that say command, request or job.",
        example="send_invoice → invoice.sent",
        styles=("events",),
    ),
)
