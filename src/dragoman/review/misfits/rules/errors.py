"""How a surface says that something went wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Field, Kind, Record, Types
from dragoman.review.elements import Position
from dragoman.review.english import vocabulary
from dragoman.review.misfits.call import Call, https, parameters, procedures
from dragoman.review.misfits.failure import alike, described, failures, shape_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import is_plain
from dragoman.review.misfits.reach import reach
from dragoman.review.misfits.shape import fields_of, kind_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import bare, counted
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

RFC_9457: Final = Source("RFC 9457", "https://www.rfc-editor.org/rfc/rfc9457")
_FLAGS: Final = vocabulary("success ok succeeded issuccess successful iserror haserror")
_TELLS: Final = vocabulary(
    "error errors errormessage errorcode errormsg errormessages errordetails failurereason errordescription"
)
_INSIDE: Final = re.compile(
    r"^(?:stack|stacktrace|traceback|backtrace|exception|exceptionmessage|exceptiontype|innerexception|sqlquery|sql|"
    r"debuginfo|debugtrace|callstack|rawexception)$"
)


def _can_fail(call: Call[Http]) -> bool:
    """Whether there is something about it that a caller can get wrong."""
    return bool(parameters(call) or call.takes is not None or call.wire.security)


def _no_error(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        if call.wire.answers and not failures(call) and _can_fail(call) and not is_plain(call.wire.path):
            yield call.found(
                f"{call.address} documents no error response",
                "Add the errors that can happen (400 or 422, 401, 404, 409 …) or `default`, each with "
                "application/problem+json",
            )


def _no_schema(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        found = [each for each in failures(call) if not each.status.startswith("30")]
        if found and call.wire.method != "HEAD" and not any(each.type is not None or each.media for each in found):
            yield call.found(
                f"{call.address} documents errors ({', '.join(each.status for each in found[:4])}) without a schema",
                "Give them one schema: application/problem+json with type, title, status and detail (RFC 9457)",
            )


def _many_shapes(subject: Subject) -> Iterator[Found]:
    forms: dict[frozenset[str], list[Call[Http]]] = defaultdict(list)
    for call in (each for each in https(subject) if not is_plain(each.wire.path)):
        for shape in {shape for each in described(call) if (shape := shape_of(call.types, each)) is not None}:
            forms[shape].append(call)
    groups: list[list[frozenset[str]]] = []
    for form in sorted(forms, key=lambda each: (-len(forms[each]), sorted(each)))[:200]:
        group = next((each for each in groups if any(alike(form, other) for other in each)), None)
        if group is None:
            groups.append([form])
        else:
            group.append(form)
    if len(groups) < 2:
        return
    shown = [
        f"{{{', '.join(sorted(each[0])[:4])}}} ({counted(len(forms[each[0]]), 'operation')})" for each in groups[:3]
    ]
    places: list[Position] = [forms[each[0]][0].position for each in groups[1:]]
    yield found_surface(
        subject,
        f"{subject.surface.name} has {len(groups)} error formats: {'; '.join(shown)}",
        f"Choose one (problem details of RFC 9457, or {shown[0].partition(' (')[0]}), and use it in "
        f"{forms[groups[1][0]][0].address} and the others",
        places,
    )


def _in_success(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        if _tells_of_errors(call.types, call.output):
            yield call.found_answer(
                _success(call),
                f"{call.address} says in the body of a 2xx response whether it failed",
                "Return errors with 4xx or 5xx and problem details (RFC 9457), and only the result with 2xx",
            )
    for method in procedures(subject):
        if _tells_of_errors(method.types, method.output):
            yield method.found(
                f"{method.address} says in its response message whether it failed",
                "End the call with a gRPC status and google.rpc.Status details (AIP-193); leave only the result "
                "in the response",
            )


def _success(call: Call[Http]) -> str:
    return next((each.status for each in call.wire.answers if each.succeeds), "200")


def _tells_of_errors(types: Types, record: Record | None) -> bool:
    if record is None:
        return False
    fields = {bare(each.name): each for each in fields_of(types, record)}
    if "jsonrpc" in fields or {"data", "errors"} == set(fields):
        return False
    flagged = any(kind_of(types, fields[name].type) is Kind.BOOLEAN for name in _FLAGS & set(fields))
    return flagged and any(_is_error(types, fields[name]) for name in _TELLS & set(fields))


def _is_error(types: Types, field: Field) -> bool:
    return kind_of(types, field.type) is not Kind.BOOLEAN


def _no_success(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        statuses = [each.status for each in call.wire.answers]
        if not any(each[:1] in "123" or each == "default" for each in statuses):
            told = f"only error responses ({', '.join(statuses[:4])})" if statuses else "no response at all"
            yield call.found(
                f"{call.address} documents {told}",
                f"Add the success response: {'204' if call.wire.method == 'DELETE' else '200'} with its schema",
            )


def _leaky(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        for message in reach(reading).errors:
            for each in message.fields:
                if _INSIDE.match(bare(each.name)) and kind_of(reading.contract.types, each.type) is not Kind.BOOLEAN:
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} shows internals of the server to callers",
                        f"Remove {each.name}; return a request id by which you find the log entry",
                    )


def _no_limits(subject: Subject) -> Iterator[Found]:
    found = list(https(subject))
    if subject.surface.audience not in (Audience.PUBLIC, Audience.PARTNER) or len(found) < 3:
        return
    for call in found:
        for each in call.wire.answers:
            limits = any("ratelimit" in bare(name) or bare(name) == "retryafter" for name in each.headers)
            if each.status in ("429", "4XX", "4xx", "default") or limits:
                return
    yield found_surface(
        subject,
        f"{subject.surface.name} does not document what happens when a caller sends too many requests",
        "Limit the rate, return 429 with Retry-After, and document it",
        [each.position for each in found[:1]],
    )


RULES: Final = (
    Misfit(
        id="no-error-answer",
        title="No error response documented",
        source=Source("OpenAPI 3.1, 4.8.16", "https://spec.openapis.org/oas/v3.1.0#responses-object"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_no_error,
        reason="Callers discover errors by trial, and generated clients have no type for them.",
        remedy="Document the errors, at least as `default`.",
        exception="Operations without parameters or authentication, and those about the server itself "
        "(health, version).",
        example="responses: {200: …} → responses: {200: …, default: {$ref: '#/components/responses/Problem'}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="no-error-schema",
        title="Error responses without a schema",
        source=RFC_9457,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_no_schema,
        reason="The status says what kind of error it is. The details, such as the field that was wrong, "
        "are in the body, and nothing says how to read it.",
        remedy="Give error responses a schema.",
        exception="Operations where any error has a schema, and HEAD, which has no body.",
        example="404: {description: Not found} → 404: {…, content: {application/problem+json: {schema: Problem}}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="many-error-shapes",
        title="Several error formats in one API",
        source=RFC_9457,
        severity=Severity.WARNING,
        check=_many_shapes,
        reason="Callers must write code for each format, and will miss one.",
        remedy="Choose one format.",
        exception="Formats of which one extends another, that share most of their fields, or are problem "
        "details (RFC 9457) with extensions.",
        example="{error: …} and {code, message} → {type, title, status, detail}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="error-in-success",
        title="Error returned with a success status",
        source=Source("RFC 9110, 15", "https://www.rfc-editor.org/rfc/rfc9110#section-15"),
        severity=Severity.WARNING,
        check=_in_success,
        reason="Gateways, retries, monitoring and caches look at the status. For them every failure is a success.",
        remedy="Use the status code of the error.",
        exception="JSON-RPC and GraphQL, whose specifications define this; results without both a success "
        "flag and an error.",
        example="200 {success: false, error: no such order} → 404 {title: no such order}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="no-success-answer",
        title="No success response documented",
        source=Source("OpenAPI 3.1, 4.8.16", "https://spec.openapis.org/oas/v3.1.0#responses-object"),
        severity=Severity.WARNING,
        check=_no_success,
        reason="Clients generated from the document have nothing to return.",
        remedy="Document the success response.",
        exception="`default` counts as one, and so does a redirect.",
        example="responses: {404: …} → responses: {200: …, 404: …}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="leaky-error",
        title="Error responses expose internals",
        source=Source(
            "OWASP API Security Top 10 2023, API8",
            "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
        ),
        severity=Severity.ERROR,
        severities={Audience.INTERNAL: Severity.HINT, Audience.OPERATOR: Severity.HINT},
        check=_leaky,
        reason="A stack trace shows an attacker libraries, versions and queries, and does not help a caller.",
        remedy="Log it, and return a request id.",
        exception="Flags (a boolean field); internal and operator surfaces, where it is a hint.",
        example="{message, stack_trace} → {title, status, request_id}",
    ),
    Misfit(
        id="no-rate-limit",
        title="No rate limit documented",
        source=Source("RFC 6585, 4", "https://www.rfc-editor.org/rfc/rfc6585#section-4"),
        severity=Severity.HINT,
        check=_no_limits,
        reason="Without a limit, one caller can use the capacity of all others. Without documentation, "
        "callers cannot slow down in time (OWASP API4).",
        remedy="Return 429 with Retry-After.",
        exception="Surfaces for your own callers, surfaces with fewer than three operations, and those "
        "that describe 429, 4XX, `default` or a RateLimit header anywhere.",
        example="responses: {200: …} → responses: {200: …, 429: {headers: {Retry-After: …}}}",
        styles=("rest",),
    ),
)
