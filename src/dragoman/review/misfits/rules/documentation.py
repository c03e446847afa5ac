"""What a document leaves out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.review.english import singular, words
from dragoman.review.misfits.call import Call, calls, https
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import is_plain, literals, segments
from dragoman.review.misfits.reach import reach
from dragoman.review.misfits.tally import found_document
from dragoman.review.reading.outcome import Format
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Channelled, Http

from .audience import is_outside

_PLACEHOLDER: Final = re.compile(r"\b(?:TODO|FIXME|TBD)\b|\blorem ipsum\b")
_OPERATIONS: Final = Source("OpenAPI 3.1, 4.8.10", "https://spec.openapis.org/oas/v3.1.0#operation-object")


def _without_id(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        if call.reading.format is Format.OPENAPI and not call.wire.identifier:
            yield call.found(
                f"{call.address} has no operationId, so each code generator makes up a name for it",
                f"Write operationId: {_suggested(call)}",
            )


def _suggested(call: Call[Http]) -> str:
    verbs = {"GET": "get", "POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
    nouns = literals(call.wire.path)
    noun = words(nouns[-1]) if nouns else ("root",)
    whole = segments(call.wire.path)
    verb = verbs.get(call.wire.method, call.wire.method.lower())
    if call.wire.method == "GET" and whole and "{" not in whole[-1]:
        verb = "list"
    elif noun:
        noun = (*noun[:-1], singular(noun[-1]))
    return verb + "".join(each.capitalize() for each in noun)


def _twice(subject: Subject) -> Iterator[Found]:
    by_name: dict[tuple[str, str], list[Call[Http]]] = defaultdict(list)
    for call in https(subject):
        if call.wire.identifier:
            by_name[call.reading.file, call.wire.identifier].append(call)
    for (_, name), found in by_name.items():
        for call in found[1:]:
            yield call.found(
                f"{call.address} and {found[0].address} have the same operationId {name}",
                f"Call it {_suggested(call)}"
                if _suggested(call) != name
                else f"Give {call.address} another operationId",
                (found[0].position,),
            )


def _undescribed(subject: Subject) -> Iterator[Found]:
    for call in calls(subject):
        wire = call.wire
        if call.operation.description or isinstance(wire, Channelled) or call.reading.format is Format.DRAGOMAN:
            continue
        if isinstance(wire, Http) and (wire.summary or is_plain(wire.path)):
            continue
        yield call.found(
            f"{call.address} has no description",
            f"Write one sentence for {call.address}: what it does, for whom, and what it rejects",
        )


def _placeholder(subject: Subject) -> Iterator[Found]:
    for call in calls(subject):
        found = _PLACEHOLDER.search(f"{getattr(call.wire, 'summary', '')} {call.operation.description[:20_000]}")
        if found is not None:
            yield call.found(
                f"the description of {call.address} is a placeholder: {found[0]}",
                f"Describe what {call.address} does, or remove it from the document until it exists",
            )
    for reading in subject.surface.readings:
        for message in reach(reading).all:
            for each in message.fields:
                if each.description and (found := _PLACEHOLDER.search(each.description[:5000])) is not None:
                    yield message.found(
                        reading,
                        each,
                        f"the description of {message.owner}.{each.name} is a placeholder: {found[0]}",
                        f"Describe what {each.name} is",
                    )


def _server(subject: Subject) -> Iterator[Found]:
    if not is_outside(subject):
        return
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        hosts = [each.partition("//")[2].partition("/")[0].lower() for each in reading.about.servers]
        real = [each for each in hosts if each and not re.search(r"^(?:localhost|127\.|0\.0\.0\.0)", each)]
        if not real:
            what = (
                f"its only server is {reading.about.servers[0]}"
                if reading.about.servers and hosts[0]
                else "it names no server"
            )
            yield found_document(
                reading,
                f"{what}, so callers outside of the company do not know where it is",
                "Write servers: [{url: 'https://api.…/v1'}]",
            )


def _undescribed_api(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        has_place = reading.format in (Format.OPENAPI, Format.ASYNCAPI) and is_outside(subject)
        if has_place and not reading.about.description and len(reading.contract.operations) >= 3:
            yield found_document(
                reading,
                f"{reading.about.title or reading.file} has no description",
                "Write info.description: what the API does, how to authenticate, its limits, and whom to ask",
            )


RULES: Final = (
    Misfit(
        id="operation-without-id",
        title="Operation without an operationId",
        source=_OPERATIONS,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_without_id,
        reason="The method names of generated clients then change with the generator, or with the path.",
        remedy="Write an operationId.",
        exception="Formats whose operations have names.",
        example="get: {responses: …} → get: {operationId: listOrders, responses: …}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="id-used-twice",
        title="Duplicate operationId",
        source=_OPERATIONS,
        severity=Severity.ERROR,
        check=_twice,
        reason="Code generators reject the document, or silently drop one of the two operations.",
        remedy="Make each operationId unique.",
        exception="The same name in two documents.",
        example="operationId: get, operationId: get → operationId: getOrder, operationId: getCustomer",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="undescribed-operation",
        title="Operation without a description",
        source=_OPERATIONS,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_undescribed,
        reason="Each caller has to ask what the document does not say.",
        remedy="Write one sentence.",
        exception="A summary is enough; health checks and documentation need none.",
        example="rpc Predict(…) → // Scores one payment; refuses what is older than a day. rpc Predict(…)",
    ),
    Misfit(
        id="placeholder-text",
        title="Placeholder text in a description",
        source=_OPERATIONS,
        severity=Severity.WARNING,
        check=_placeholder,
        reason="It shows callers that nobody reviewed the document before them.",
        remedy="Finish the text.",
        exception="The words in lower case, which can be names (a todo list).",
        example="description: TODO → description: Places an order.",
    ),
    Misfit(
        id="unknown-server",
        title="No usable server URL",
        source=Source("OpenAPI 3.1, 4.8.5", "https://spec.openapis.org/oas/v3.1.0#server-object"),
        severity=Severity.WARNING,
        check=_server,
        reason="Clients generated from the document have no URL, and each caller asks for it.",
        remedy="Name the server.",
        exception="Surfaces for your own callers, whose URLs often depend on the environment.",
        example="servers: [{url: 'http://localhost:8080'}] → servers: [{url: 'https://api.shop.com/v1'}]",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="undescribed-api",
        title="API without a description",
        source=Source("OpenAPI 3.1, 4.8.2", "https://spec.openapis.org/oas/v3.1.0#info-object"),
        severity=Severity.HINT,
        check=_undescribed_api,
        reason="It is the first page that an outside developer reads.",
        remedy="Write a paragraph.",
        exception="Surfaces for your own callers, and those with fewer than three operations.",
        example="info: {title: Shop} → info: {title: Shop, description: Orders and customers of …}",
        styles=("rest", "rpc", "events"),
    ),
)
