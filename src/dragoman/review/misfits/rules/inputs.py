"""What is taken: bodies of which nothing is said, and what has no bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Enum, Kind, List, Scalar, Type, Types
from dragoman.review.misfits.call import Call, https, parameters
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import literals
from dragoman.review.misfits.reach import reach
from dragoman.review.misfits.shape import is_unsaid, plain, record_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import some
from dragoman.review.reading.outcome import Format
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

from .audience import is_outside

_FREE: Final = re.compile(
    r"json|patch|query|graphql|metadata|raw|any|data|event|payload|document|object|context", re.IGNORECASE
)


def _free_form(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        types, input_ = call.types, call.takes
        if input_ is not None and _is_nothing(types, input_) and _is_json(call.wire.media) and not _is_free(call):
            yield call.found(
                f"{call.address} takes a body without a schema",
                f"Describe the body of {call.address}: its fields, which are required, and their limits",
            )
        for each in call.wire.answers:
            if (
                each.succeeds
                and each.type is not None
                and _is_nothing(types, each.type)
                and _is_json(each.media)
                and not _is_free(call)
            ):
                yield call.found_answer(
                    each.status,
                    f"{call.address} returns a body without a schema",
                    f"Describe the response of {call.address}; use 204 if it has no content",
                )


def _is_nothing(types: Types, type_: Type) -> bool:
    """Whether nothing is said of it. An object of no fields that has a name is said to be empty."""
    record = record_of(types, type_)
    return is_unsaid(types, type_) and (record is None or record.name is None)


def _is_json(media: tuple[str, ...]) -> bool:
    return any(each.partition(";")[0].strip() == "application/json" for each in media)


def _is_free(call: Call[Http]) -> bool:
    tail = literals(call.wire.path)
    return bool(tail and _FREE.search(tail[-1])) or call.wire.method in ("DELETE", "HEAD", "OPTIONS")


def _unbounded_input(subject: Subject) -> Iterator[Found]:
    if not is_outside(subject):
        return
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).inputs:
            for each in message.fields:
                type_ = plain(reading.contract.types, each.type)
                if isinstance(type_, List) and type_.constraints.max_length is None and not each.read_only:
                    if isinstance(plain(reading.contract.types, type_.item), Enum) or re.search(
                        r"\d", each.description
                    ):
                        continue
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} is a list without a maximum length",
                        f"Write maxItems for {each.name}, as many as you can process in one request",
                    )


def _unbounded_text(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI or not is_outside(subject):
            continue
        texts = [
            (message, each)
            for message in reach(reading).inputs
            for each in message.fields
            if isinstance(type_ := plain(reading.contract.types, each.type), Scalar) and type_.kind is Kind.STRING
        ]
        if len(texts) >= 5 and not any(_is_bounded_text(reading.contract.types, each.type) for _, each in texts):
            message, each = texts[0]
            yield found_surface(
                subject,
                f"none of the {len(texts)} strings in its requests has a maximum length: "
                f"{some([f'{m.owner}.{f.name}' for m, f in texts])}",
                f"Write maxLength for {message.owner}.{each.name} and the others, so that the gateway can reject "
                f"what is too long",
                [reading.locate(m.element(f)) for m, f in texts],
                reading,
            )


def _is_bounded_text(types: Types, type_: Type) -> bool:
    found = plain(types, type_)
    return isinstance(found, Scalar) and (
        found.constraints.max_length is not None or found.constraints.pattern is not None
    )


def _parameters(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        asked = parameters(call, "query")
        if len(asked) > 30:
            yield call.found(
                f"{call.address} takes {len(asked)} query parameters",
                f"Let {call.address} take one filter= with a small filter language (AIP-160), or split it into several "
                f"operations",
            )


RULES: Final = (
    Misfit(
        id="free-form",
        title="Request or response body without a schema",
        source=Source(
            "OWASP API Security Top 10 2023, API3",
            "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/",
        ),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_free_form,
        reason="Nothing can be validated, generated or compared: the contract says only that it is JSON.",
        remedy="Describe the body.",
        exception="Bodies that are free-form by nature (metadata, JSON Patch, a query), media types other "
        "than JSON, responses to DELETE.",
        example="schema: {type: object} → schema: {$ref: '#/components/schemas/Order'}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unbounded-list-in-input",
        title="List in a request without a maximum length",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.HINT,
        check=_unbounded_input,
        reason="One request with a million items uses the memory of all others.",
        remedy="Set maxItems.",
        exception="Surfaces for your own callers, lists of enum values, lists whose description names a "
        "number, and the bodies of webhooks and callbacks, which are yours.",
        example="lines: {type: array} → lines: {type: array, maxItems: 200}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unbounded-text-in-input",
        title="Strings in requests without a maximum length",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.HINT,
        check=_unbounded_text,
        reason="What the contract does not reject, the database rejects, with an error of its own.",
        remedy="Set maxLength.",
        exception="Surfaces for your own callers, surfaces with fewer than five strings, and those where "
        "any string has a length or a pattern.",
        example="name: {type: string} → name: {type: string, maxLength: 200}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="many-parameters",
        title="Operation with too many query parameters",
        source=Source("AIP-160", "https://google.aip.dev/160"),
        severity=Severity.HINT,
        check=_parameters,
        reason="No test covers the combinations of thirty parameters, and no database index serves them.",
        remedy="Use one filter parameter, or split the operation.",
        exception="Up to thirty; path parameters and headers.",
        example="?a=…&b=…&… → ?filter=…",
        styles=("rest",),
    ),
)
