"""The shapes of answers and addresses, and how many calls they take."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from dragoman.contract.schema import Field, Record, Types
from dragoman.review.misfits.call import Call, by_collection, https, parameters
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.likeness import noun_of
from dragoman.review.misfits.paging import listing
from dragoman.review.misfits.path import is_variable, literals, segments
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import fields_of, is_nullable, record_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import bare, some
from dragoman.review.reading.outcome import Format
from dragoman.review.verdict.rule import Source, article
from dragoman.review.wire import Http


def _chatty(subject: Subject) -> Iterator[Found]:
    reads = [each for each in https(subject) if each.wire.method == "GET"]
    batched = {
        tail[-1] for each in https(subject) if "batch" in each.wire.path.lower() and (tail := literals(each.wire.path))
    }
    items = by_collection(reads)
    for call in reads:
        one = items.get(call.wire.path.rstrip("/"))
        found = listing(call) if one is not None else None
        item = record_of(call.types, found.item) if found is not None else None
        whole = one.output if one is not None else None
        if one is None or item is None or whole is None or _can_ask_more(call) or _has_batch(call, batched):
            continue
        if _is_stub(call.types, item) and len(fields_of(one.types, whole)) >= 5:
            yield call.found(
                f"{call.address} returns only {some([each.name for each in fields_of(call.types, item)])} of each "
                f"item: callers need {one.address} once for each item",
                f"Return the items that {one.address} returns (or accept view= or fields=): one request is enough",
                (one.position,),
            )


def _is_stub(types: Types, item: Record) -> bool:
    """Whether it says little more than where to ask."""
    fields = fields_of(types, item)
    own = [
        each
        for each in fields
        if bare(each.name) not in ("id", "href", "url", "self", "link", "links", "uuid", "name", "type")
    ]
    return 0 < len(fields) <= 3 and not own


def _can_ask_more(call: Call[Http]) -> bool:
    asks = {bare(each.name) for each in parameters(call)}
    return bool(
        asks & {"fields", "expand", "include", "view", "embed", "full", "details", "projection", "with", "select"}
    )


def _has_batch(call: Call[Http], batched: set[str]) -> bool:
    """Whether many can be asked for at once: ``/orders:batchGet``, ``/orders/batch``."""
    tail = literals(call.wire.path)
    return bool(tail) and any(each.partition(":")[0] == tail[-1] or each.startswith("batch") for each in batched)


def _optional(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        inputs = {each.owner for each in reach(reading).inputs}
        big = [
            each
            for each in reach(reading).outputs
            if len(each.fields) >= 4 and each.record.name and each.owner not in inputs
        ]
        vague = [each for each in big if not any(field.required for field in each.fields)]
        if len(big) >= 5 and len(vague) == len(big):
            yield found_surface(
                subject,
                f"none of its {len(big)} response types has a required field: {some([each.owner for each in vague])}",
                f"List the fields that are always present under required:, the id first, in {vague[0].owner} and the "
                f"others",
                [each.position(reading) for each in vague],
                reading,
            )


def _nullable(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).outputs:
            nullable = all(is_nullable(reading.contract.types, each.type) for each in message.fields)
            own = _identity(message) if nullable and len(message.fields) >= 5 else None
            if own is not None:
                yield message.found_whole(
                    reading,
                    f"every field of {message.owner} is nullable, even {own.name}",
                    f"Remove null from the fields that {message.owner} always has, {own.name} first",
                )


def _identity(message: Message) -> Field | None:
    """The field by which a thing is known; parts of others, such as an address, have none."""
    own = noun_of(message.owner) + "id"
    return next((each for each in message.fields if bare(each.name) in ("id", "uuid", "guid", "sid", own)), None)


def _deep(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        parts = segments(call.wire.path)
        pairs = sum(1 for one, two in itertools.pairwise(parts) if not is_variable(one) and is_variable(two))
        if pairs > 4:
            yield call.found(
                f"{call.address} needs {pairs} ids to address one resource",
                f"Address the resource by its own id: {call.wire.method} /{literals(call.wire.path)[-1]}/…",
            )


RULES: Final = (
    Misfit(
        id="chatty-list",
        title="List items need one request each (N+1)",
        source=article("before replacing REST, fix the basics"),
        severity=Severity.WARNING,
        check=_chatty,
        reason="A page of fifty items needs fifty-one requests, and the slowest decides how long it takes. "
        "Teams often blame REST for this and switch to GraphQL.",
        remedy="Return complete items, or let callers ask for more fields.",
        exception="Lists that take fields, expand, include or view; items with hardly more than an id; "
        "lists with a batch operation beside them.",
        example="GET /orders → {items: [{id}]} becomes {items: [{id, status, total_cents, …}]}",
        styles=("rest",),
    ),
    Misfit(
        id="nothing-promised",
        title="No required fields in responses",
        source=Source(
            "JSON Schema Validation 2020-12, 6.5.3",
            "https://json-schema.org/draft/2020-12/json-schema-validation#section-6.5.3",
        ),
        severity=Severity.HINT,
        check=_optional,
        reason="Typed clients must check that the id exists before each use.",
        remedy="List the fields that are always present as required.",
        exception="Surfaces where any response requires a field, surfaces with fewer than five types, and "
        "types also used as input, where required means something else.",
        example="Order: {properties: …} → Order: {required: [id, status], properties: …}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="nullable-everywhere",
        title="All fields nullable",
        source=Source("AIP-149", "https://google.aip.dev/149"),
        severity=Severity.HINT,
        check=_nullable,
        reason="Null then has no meaning: unknown, not set and not present look the same.",
        remedy="Allow null only where it has a meaning.",
        exception="Things with fewer than five fields or without an id, and .proto, where it marks presence; "
        "GraphQL has nullable-id.",
        example="id: string | null → id: string",
        styles=("rest",),
    ),
    Misfit(
        id="deep-path",
        title="Deeply nested path",
        source=Source("AIP-122", "https://google.aip.dev/122"),
        severity=Severity.HINT,
        check=_deep,
        reason="A caller who has the id of an item still needs four other ids; and if the item moves, its URL breaks.",
        remedy="Address items by their own id.",
        exception="Up to four ids in a path.",
        example="/a/{}/b/{}/c/{}/d/{}/e/{} → /e/{}",
        styles=("rest",),
    ),
)
