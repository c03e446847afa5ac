"""Methods used as HTTP means them, and calls that can be sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.operation import Effect
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Field, List, Record, Scalar, Type, Union
from dragoman.review.english import singular, vocabulary, words
from dragoman.review.misfits.call import Call, by_collection, calls, https, name_of, parameters, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import first_word, is_entry, is_plain, is_variable, last, literals, segments
from dragoman.review.misfits.shape import fields_of, is_leaf, item_of, plain, record_of
from dragoman.review.misfits.wording import READING, VERBS, bare, is_plural
from dragoman.review.reading.protobuf.traits import Behavior
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http, Procedure, RootField, Wire

from .audience import computes

_DRAFT: Final = Source(
    "draft-ietf-httpapi-idempotency-key-header",
    "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/",
)
_KEYS: Final = vocabulary(
    "idempotencykey xidempotencykey requestid xrequestid idempotencytoken clienttoken clientrequestid "
    "clientmutationid dedupeid deduplicationid requesttoken nonce externalid externalreference clientreference "
    "clientid referenceid uniquekey transactionid correlationid idempotentkey merchantreference clientorderid "
    "reference uniquename"
)
"""What a caller can give so that the same call is known again."""

_CREATES: Final = vocabulary("create insert")

_PAYING: Final = vocabulary(
    "payment payments charge charges refund refunds transfer transfers payout payouts withdrawal withdrawals "
    "capture disbursement disbursements purchase purchases topup"
)
_MAKES: Final = vocabulary(
    "create add send submit place charge pay insert book issue buy purchase invite transfer refund capture publish "
    "request order withdraw topup reserve upload"
)
"""Verbs that make one more of something each time."""

_AMOUNTS: Final = vocabulary("amount currency price")
_CHANGES: Final = vocabulary(
    "create add insert update modify edit delete remove destroy cancel activate deactivate enable disable save "
    "approve reject reset revoke submit send purge rename restart"
)
_FLAT_NOUNS: Final = re.compile(
    r"(?:s|log|list|history|reasons?|info|status|date|time|policy|settings?|types?)$", re.IGNORECASE
)


def _is_repeatable(call: Call[Wire]) -> bool:
    """Whether the same call can be known again: by a key of the caller's, or by an id that it gives."""
    fields = fields_of(call.types, call.input) if call.input is not None else ()
    names = {bare(each.name) for each in parameters(call, "query", "header")} | {bare(each.name) for each in fields}
    for each in fields if isinstance(call.wire, RootField) else ():
        inner = record_of(call.types, each.type)
        names |= {bare(part.name) for part in fields_of(call.types, inner)} if inner is not None else set()
    given = any(each.name in ("id", "uuid") and each.required and not each.read_only for each in fields)
    if _adds_members(call):
        return True
    known = bool(names & _KEYS) or any(each.startswith("idempot") for each in names)
    return given or known or bool(names & _own_ids(call)) or _is_named(call)


def _adds_members(call: Call[Wire]) -> bool:
    """Whether it only names things that there are, to add them to a set: a second time changes nothing."""
    if not isinstance(call.wire, Http):
        return False
    body = plain(call.types, call.takes)
    kinds = [each.type for each in body.variants] if isinstance(body, Union) else [body]
    return all(_are_names(call, each) for each in kinds)


def _are_names(call: Call[Wire], type_: Type) -> bool:
    item = item_of(call.types, type_)
    if item is not None:
        return is_leaf(call.types, item)
    record = record_of(call.types, type_)
    fields = fields_of(call.types, record) if record is not None else ()
    lists = [item_of(call.types, each.type) for each in fields]
    return bool(lists) and all(each is not None and is_leaf(call.types, each) for each in lists)


def _own_ids(call: Call[Wire]) -> frozenset[str]:
    """What an id of what it makes would be called: ``CreateOrder`` takes ``order_id`` (AIP-133), and so does
    ``POST /orders``.
    """
    noun = words(name_of(call))[1:]
    ids = {"".join(noun[first:]) + "id" for first in range(len(noun))}
    if isinstance(call.wire, Http):
        ids |= {singular("".join(words(last(call.wire.path)))) + "id"}
    return frozenset(ids)


def _is_named(call: Call[Wire]) -> bool:
    """Whether the caller names what is made, so that a second call finds it there: a request with an id, one with the
    name of its resource (AIP-122; any other name may be that of a person), or metadata with a name, as Kubernetes
    has it.
    """
    fields = fields_of(call.types, call.input) if call.input is not None else ()
    if isinstance(call.wire, Procedure):
        request = call.input is not None and (call.input.name or "").endswith("Request")
        return verb_of(call) in _CREATES and any(
            (each.name == "id" and request) or (each.name == "name" and _is_resource_name(call.wire, each))
            for each in fields
        )
    metadata = next((found for each in fields if each.name == "metadata" and (found := _record(call, each))), None)
    return metadata is not None and any(each.name == "name" for each in fields_of(call.types, metadata))


def _is_resource_name(procedure: Procedure, field: Field) -> bool:
    behavior = field.traits.get(Behavior)
    identifies = behavior is not None and "IDENTIFIER" in behavior.names
    return identifies or any("{name=" in path or "{name}" in path for _, path in procedure.http)


def _record(call: Call[Wire], field: Field) -> Record | None:
    return record_of(call.types, field.type)


def _unsafe(subject: Subject) -> Iterator[Call[Wire]]:
    """What makes one more of something with each call, as far as its words say."""
    for call in calls(subject):
        match call.wire:
            case Http(method="POST", path=path):
                outside = is_entry(path) or is_plain(path) or computes(call)
                makes = not outside and call.operation.effect is Effect.UNSAFE and _makes(path, verb_of(call))
            case Procedure():
                makes = verb_of(call) in _MAKES - {"add", "upload"} and call.operation.effect is Effect.UNSAFE
            case RootField(root="mutation"):
                makes = verb_of(call) in _MAKES
            case _:
                continue
        if makes and not call.operation.interaction.streams_input:
            yield call


def _makes(path: str, verb: str) -> bool:
    """Whether a POST makes something. Its name says so, or, where that is no verb, its path: what ends with an action
    that leads to one state (stop, approve) does nothing more the second time.
    """
    if verb in VERBS:
        return verb in _MAKES
    segment = last(path).partition(":")[2] or last(path)
    return not is_variable(segment) and (first_word(segment) in _MAKES or is_plural((words(segment) or ("",))[-1]))


def _pays(call: Call[Wire]) -> bool:
    """Whether it moves money: by its noun, and by an amount among what it takes."""
    tail = literals(call.wire.path) if isinstance(call.wire, Http) else (name_of(call),)
    named = words(tail[-1]) if tail else ()
    if not {*named[:1], *named[-1:]} & _PAYING or set(named) & {"method", "methods", "link", "links", "settings"}:
        return False
    fields = fields_of(call.types, call.input) if call.input is not None else ()
    inner = [each for field in fields if (record := record_of(call.types, field.type)) for each in record.fields]
    return any(set(words(each.name)) & _AMOUNTS for each in (*fields, *inner))


def _no_key(subject: Subject) -> Iterator[Found]:
    for call in _unsafe(subject):
        if not _pays(call) and not _is_repeatable(call):
            yield call.found(f"a retry of {call.address} after a time-out may do it twice", _key_remedy(call))


def _no_key_for_money(subject: Subject) -> Iterator[Found]:
    for call in _unsafe(subject):
        if _pays(call) and not _is_repeatable(call):
            yield call.found(
                f"{call.address} moves money, and a retry after a time-out may move it twice", _key_remedy(call)
            )


def _key_remedy(call: Call[Wire]) -> str:
    match call.wire:
        case Http():
            return f"Accept the header Idempotency-Key on {call.address}, and repeat the first response for a known key"
        case RootField():
            return f"Add a clientMutationId or an idempotencyKey to the input of {name_of(call)}, and store it"
        case _:
            return (
                f"Add `string request_id` to the request of {name_of(call)} (AIP-155), and repeat the first response "
                "for a known one"
            )


def _changing_get(subject: Subject) -> Iterator[Found]:
    for call in calls(subject):
        match call.wire:
            case Http(method="GET" | "HEAD", path=path, summary=summary):
                parts = segments(path)
                tail = parts[-1] if parts and not is_variable(parts[-1]) else ""
                changing = (
                    first_word(tail) in _CHANGES and not _FLAT_NOUNS.search(tail) and verb_of(call) not in READING
                )
                if changing and _named_so(call, summary):
                    yield _changing(call, f"{call.address} looks like a change of data, and GET must not change any")
            case Procedure(method=method, http=http):
                if any(verb == "GET" for verb, _ in http) and words(method)[:1] and words(method)[0] in _CHANGES:
                    yield _changing(call, f"{call.address} is mapped to GET, and its name says that it changes data")
            case RootField(root="query", field=field):
                if len(words(field)) > 1 and words(field)[0] in _CHANGES and not _FLAT_NOUNS.search(field):
                    yield call.found(
                        f"the name of {call.address} says that it changes data, and queries must not",
                        f"Make {field} a mutation: queries may run in parallel and be retried",
                    )
            case _:
                pass


def _named_so(call: Call[Wire], summary_: str) -> bool:
    """Whether nothing speaks against it: what it is called, or its summary, begins with a reading word."""
    summary = words(summary_ or call.operation.description[:80])
    return not summary or (summary[0] not in READING and singular_verb(summary[0]) not in READING)


def singular_verb(word: str) -> str:
    """``gets`` as ``get``, ``returns`` as ``return``."""
    return word.removesuffix("s")


def _changing(call: Call[Wire], message: str) -> Found:
    return call.found(
        message, f"Make {name_of(call)} a POST (or DELETE, PATCH): a GET may be prefetched, retried and cached"
    )


def _body_of_get(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        if call.wire.method in ("GET", "HEAD") and call.wire.media and not _is_empty(call):
            yield call.found(
                f"{call.address} takes a body, which means nothing for {call.wire.method}; many proxies drop it",
                f"Send the fields of the body of {call.address} as query parameters, or use POST",
            )


def _is_empty(call: Call[Http]) -> bool:
    """Whether the body that is declared can only be empty, which some generators write everywhere."""
    body = plain(call.types, call.takes)
    return isinstance(body, Record) and not body.fields


def _put_on_collection(subject: Subject) -> Iterator[Found]:
    items = by_collection(https(subject))
    for call in https(subject):
        path, tail = call.wire.path.rstrip("/"), last(call.wire.path)
        one = isinstance(plain(call.types, call.takes), Scalar) or (call.input is not None and not _holds_list(call))
        if call.wire.method == "PUT" and path in items and not is_variable(tail) and is_plural(tail) and one:
            yield call.found(
                f"{call.address} puts one item at the URL of the collection",
                f"Use PUT {items[path].wire.path}, or create it with POST {path}",
            )


def _holds_list(call: Call[Http]) -> bool:
    """Whether the body is in essence a list in an envelope, which does replace the collection."""
    fields = fields_of(call.types, call.input) if call.input is not None else ()
    return len(fields) <= 3 and any(isinstance(plain(call.types, each.type), List) for each in fields)


RULES: Final = (
    Misfit(
        id="no-idempotency",
        title="Create or action that cannot be retried safely",
        source=_DRAFT,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_no_key,
        reason="After a time-out the caller does not know whether the request was processed. Without an "
        "idempotency key, a retry may do it twice.",
        remedy="Accept an idempotency key and store the response with it (Idempotency-Key; request_id in AIP-155).",
        exception="Operations that read, compute or log in; that take an idempotency key, a request id, an id chosen "
        "by the caller or the name of what is created; that only name the members of a set; that google.api.http maps "
        "to PUT; or that are declared idempotent.",
        example="POST /orders → POST /orders with Idempotency-Key: 9f2c…",
    ),
    Misfit(
        id="payment-without-idempotency",
        title="Payment that may be processed twice on retry",
        source=_DRAFT,
        severity=Severity.ERROR,
        check=_no_key_for_money,
        reason="Callers retry a payment at once when it times out, and it is the operation that must never "
        "be processed twice.",
        remedy="Require an idempotency key.",
        exception="As for no-idempotency; and operations that only manage payment methods, links or settings.",
        example="POST /payments → POST /payments with a required Idempotency-Key",
    ),
    Misfit(
        id="unsafe-get",
        title="GET that changes data",
        source=Source("RFC 9110, 9.2.1", "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1"),
        severity=Severity.ERROR,
        check=_changing_get,
        reason="Browsers, crawlers and proxies may send a GET ahead of time or again, or answer it from a "
        "cache; a link checker could delete the whole catalogue. GraphQL queries are treated as "
        "safe in the same way.",
        remedy="Use POST, PATCH or DELETE; in GraphQL, a mutation.",
        exception="Nouns that look like verbs (cancel-reasons, resetHistory), and operations described as a read.",
        example="GET /orders/{id}/cancel → POST /orders/{id}:cancel",
    ),
    Misfit(
        id="body-of-get",
        title="GET with a request body",
        source=Source("RFC 9110, 9.3.1", "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.1"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR},
        check=_body_of_get,
        reason="Browsers cannot send it, proxies drop or reject it, and caches ignore it, so that two "
        "different queries share one cached response.",
        remedy="Use query parameters, or POST.",
        exception="None; bodies of DELETE are not reported.",
        example="GET /orders {status: placed} → GET /orders?status=placed",
        styles=("rest",),
    ),
    Misfit(
        id="put-on-collection",
        title="PUT of one item to a collection",
        source=Source("RFC 9110, 9.3.4", "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.4"),
        severity=Severity.HINT,
        check=_put_on_collection,
        reason="PUT replaces what is at that URL. Taken literally, it replaces the whole collection with one item.",
        remedy="PUT to the item's own URL.",
        exception="Bodies that are lists, bare or in an object, which do replace the collection; and singletons.",
        example="PUT /orders {id: 7, …} → PUT /orders/7",
        styles=("rest",),
    ),
)
