"""What does not fit the people and programs that call: what usually fails, by the article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.review.english import words
from dragoman.review.misfits.call import Call, calls, https, name_of, procedures
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import first_word, is_variable, literals, segments
from dragoman.review.misfits.shape import fields_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.version import place
from dragoman.review.misfits.wording import COMPUTING, VERBS, bare, counted, some
from dragoman.review.reading.outcome import Format
from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Certainty
from dragoman.review.verdict.rule import Source, article
from dragoman.review.wire import Http, Procedure, Wire

OUTSIDE: Final = (Audience.PUBLIC, Audience.PARTNER)
FAILS: Final = article("what usually fails")


def is_outside(subject: Subject) -> bool:
    """Whether callers are of other companies."""
    return subject.surface.audience in OUTSIDE


def computes(call: Call[Wire]) -> bool:
    """Whether it computes an answer from its input, as a model does: by the word that the last of its address begins
    with (``/predict``, ``/text:classify``, ``/chat/completions``).
    """
    match call.wire:
        case Http(method="POST", path=path):
            tail = re.split(r"[:.]", (literals(path) or ("",))[-1])[-1]
        case Procedure(method=method):
            tail = method
        case _:
            return False
    return first_word(tail) in COMPUTING and not set(words(tail)[1:]) & {"job", "jobs", "config", "settings"}


def _rpc_in_public(subject: Subject) -> Iterator[Found]:
    found = [each for each in https(subject) if not computes(each)]
    all_ = sum(1 for _ in https(subject))
    if not is_outside(subject) or subject.nature.style != "rpc" or len(found) < 3 or len(found) * 2 < all_:
        return
    acting = [each for each in found if _is_action(each)]
    shown = some([each.address for each in acting or found])
    yield found_surface(
        subject,
        f"{subject.surface.name} is for {subject.surface.audience} callers, and its operations are RPC-style: {shown}",
        "Name the resources and give them the standard methods, as in GET /v1/orders/{id} and "
        "POST /v1/orders; keep a verb only for what no method says, as in POST /v1/orders/{id}:cancel",
        [each.position for each in acting or found],
    )


def _is_action(call: Call[Http]) -> bool:
    parts = segments(call.wire.path)
    return bool(parts) and not is_variable(parts[-1]) and words(parts[-1])[:1] != () and words(parts[-1])[0] in VERBS


def _unversioned_model(subject: Subject) -> Iterator[Found]:
    if not is_outside(subject):
        return
    for call in calls(subject):
        if computes(call) and place(call) is None and not _names_model(call):
            yield call.found(
                f"{call.address} returns results of a model, and nothing says of which version",
                f"Let {name_of(call)} accept the model's version (a field `model`, as in fraud-2026-01), return the "
                f"version that was used, and put a version into the path: /v1/…",
            )


def _names_model(call: Call[Wire]) -> bool:
    records = [each for each in (call.input, call.output) if each is not None]
    names = {bare(each.name) for record in records for each in fields_of(call.types, record)}
    if isinstance(call.wire, Http):
        names |= {bare(each.name) for each in call.wire.parameters}
    return any(each.startswith("model") or each in ("version", "engine", "deployment") for each in names)


def _binary_only(subject: Subject) -> Iterator[Found]:
    found = list(procedures(subject))
    if subject.surface.audience is not Audience.PUBLIC or not found or any(each.wire.http for each in found):
        return
    if any(True for _ in https(subject)):
        return
    yield found_surface(
        subject,
        f"{subject.surface.name} is public, and {counted(len(found), 'method')} can only be called with gRPC",
        "Map each method to HTTP with google.api.http (AIP-127), serve Connect beside gRPC, or put REST before it",
        [each.position for each in found],
    )


def _unowned(subject: Subject) -> Iterator[Found]:
    facts = subject.surface.facts
    if facts["owner"].known or any(each.about.contact for each in subject.surface.readings):
        return
    asked = any(
        facts[name].certainty is Certainty.STATED for name in CATALOGUE if CATALOGUE[name].origin is Origin.PEOPLE
    )
    silent = [each for each in subject.surface.readings if each.format in (Format.OPENAPI, Format.ASYNCAPI)]
    if asked or silent:
        yield found_surface(
            subject,
            f"no owner is named for {subject.surface.name}",
            'Name the team in surfaces.toml (owner = "…"), or in the document under info.contact',
            reading=silent[0] if silent else None,
        )


RULES: Final = (
    Misfit(
        id="rpc-in-public",
        title="RPC-style operations in a public or partner API",
        source=FAILS,
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR},
        check=_rpc_in_public,
        reason="Outside developers know resources and HTTP methods. Operations named after internal "
        "functions must be learned one by one, cannot be cached, and change whenever the "
        "implementation changes.",
        remedy="Model the resources and give them the standard methods. Keep RPC for your own services.",
        exception="Surfaces that compute answers (a score, a translation), surfaces with fewer than three "
        "such operations, and surfaces that are not for partners or the public.",
        example="POST /getOrder, POST /cancelOrder → GET /v1/orders/{id}, POST /v1/orders/{id}:cancel",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unversioned-model",
        title="Model offered to other companies without a version",
        source=FAILS,
        severity=Severity.ERROR,
        check=_unversioned_model,
        reason="A new model gives other answers to the same input. Partners who tuned a threshold to the "
        "old model find out in their own production.",
        remedy="Accept the model's version in the request, return it in the response, and version the API.",
        exception="A version in path, host, header, query or media type, an input that names the model, and surfaces "
        "for callers of your own.",
        example="POST /predict {features} → POST /v1/predict {model: fraud-2026-01, features}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="binary-only",
        title="Public API that only gRPC clients can call",
        source=Source("AIP-127", "https://google.aip.dev/127"),
        severity=Severity.WARNING,
        check=_binary_only,
        reason="Browsers, scripts and the gateways of most partners speak HTTP and JSON. With gRPC alone, "
        "each caller needs generated code and HTTP/2 from end to end.",
        remedy="Map the methods to HTTP (google.api.http), or serve Connect.",
        exception="Surfaces where any method is mapped to HTTP or also described in OpenAPI, and surfaces "
        "that are not public.",
        example="rpc GetOrder(…) returns (Order); → … { option (google.api.http) = { get: '/v1/orders/{id}' }; }",
        styles=("rpc",),
    ),
    Misfit(
        id="unowned-surface",
        title="API without an owner",
        source=Source(
            "OWASP API Security Top 10 2023, API9",
            "https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/",
        ),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_unowned,
        reason="An API that nobody owns is not patched and not retired, and nobody answers its callers when it fails.",
        remedy="Name the team that owns it.",
        exception="An owner in surfaces.toml, a contact in one of the documents; .proto and GraphQL SDL "
        "alone, which have no place for a contact.",
        example="info: {title: Shop} → info: {title: Shop, contact: {name: Team Checkout, email: …}}",
    ),
)
