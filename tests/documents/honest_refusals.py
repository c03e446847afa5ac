"""Refusals that a document cannot announce: what Schemathesis calls valid, and an honest server refuses all the same.

Each rule looks at what the server said, so that any other refusal of a request that fits its schema is still a
failure. Schemathesis loads this file by its configuration.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import schemathesis
from jsonschema import Draft202012Validator
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure


def was_changed_since(case: Case, problem: dict[str, Any]) -> bool:
    """No schema knows which entity tags are current: another in ``If-Match`` is answered 412 (RFC 9110, 13.1.1),
    as an earlier date in ``If-Unmodified-Since`` is.
    """
    return problem.get("reason") == "VERSION_MISMATCH" and not {"If-Match", "If-Unmodified-Since"}.isdisjoint(
        case.headers or {}
    )


def repeats_a_key(case: Case, problem: dict[str, Any]) -> bool:
    """A key belongs to the first input that it came with: no schema knows which keys were used."""
    return problem.get("reason") == "IDEMPOTENCY_KEY_REUSED" and "Idempotency-Key" in (case.headers or {})


def is_no_token_of_ours(case: Case, problem: dict[str, Any]) -> bool:
    """A page token is signed, for one list and one set of filters: no pattern says which are ours."""
    return _rules(problem) == {"page_token"}


def was_sent_beside_ids(case: Case, problem: dict[str, Any]) -> bool:
    """OpenAPI has no word for parameters that exclude each other, as ``ids`` does filters, order and pages."""
    return "combination" in _rules(problem) <= {"combination", "page_token"} and "ids" in (case.query or {})


def is_beyond_the_bounds_of_a_number_in_a_string(case: Case, problem: dict[str, Any]) -> bool:
    """JSON Schema has no bounds for the number that a string holds (a decimal, an ``Int64``, what stands between the
    commas of an ``in`` filter): a pattern says how many digits it may have, and a description the rest.
    """
    return set() < _rules(problem) <= {"ge", "gt", "le", "lt", "range"} and all(
        str(each.get("parameter", "")).endswith(".in") or isinstance(_sent(case.body, str(each.get("pointer"))), str)
        for each in problem.get("errors", ())
    )


def lacks_what_the_resource_lacks(case: Case, problem: dict[str, Any]) -> bool:
    """A merge patch may leave out the members of an object that is there (RFC 7396). Whether it is there, or of the
    kind that the tag says, depends on the resource.
    """
    inner = all(str(each.get("pointer")).count("/") > 1 for each in problem.get("errors", ()))
    return case.method == "PATCH" and _rules(problem) == {"required"} and inner


def was_spoilt_on_purpose(case: Case, problem: dict[str, Any]) -> bool:
    """The coverage phase sends 0 for entity tags, against their pattern, in cases that it counts as valid."""
    tags = [(case.headers or {}).get(name) for name in ("If-Match", "If-None-Match", "Idempotency-Key")]
    return problem.get("reason") == "MALFORMED" and "0" in map(str, tags)


def had_no_time(case: Case, problem: dict[str, Any]) -> bool:
    """Whoever asks for an answer within a nanosecond is told that there was none (504)."""
    return problem.get("code") == "DEADLINE_EXCEEDED" and "Request-Timeout" in (case.headers or {})


def holds_a_header_of_nobodys(case: Case, problem: dict[str, Any]) -> bool:
    """Headers that a server does not know are ignored (RFC 9110, 5.1), not refused. Schemathesis knows that too, but
    forgets it where another header of the request is a number.
    """
    return any(name.lower().startswith("x-schemathesis-unknown") for name in case.headers or {})


def is_longer_than_any_target(case: Case, problem: dict[str, Any]) -> bool:
    """A server bounds request targets as a whole (RFC 9110, 15.5.15): what stands in one that is longer is not looked
    at, be it right or wrong. Schemathesis expects no 414.
    """
    return problem.get("reason") == "TARGET_TOO_LONG" and len(str(case.query)) > 4096


HONEST: Final[Mapping[str, Sequence[Callable[[Case, dict[str, Any]], bool]]]] = {
    "positive_data_acceptance": (
        was_changed_since,
        repeats_a_key,
        is_no_token_of_ours,
        was_sent_beside_ids,
        is_beyond_the_bounds_of_a_number_in_a_string,
        lacks_what_the_resource_lacks,
        was_spoilt_on_purpose,
        is_longer_than_any_target,
    ),
    "not_a_server_error": (had_no_time,),
    "negative_data_rejection": (holds_a_header_of_nobodys, is_longer_than_any_target),
}
"""What each check does not know."""


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether a failure counts."""
    if failure.title == "SSE event violates schema" and '"contentMediaType": "text/event-stream"' in failure.message:
        return False  # see streams_conform
    is_problem = response.headers.get("content-type") == ["application/problem+json"]
    problem = json.loads(response.content) if is_problem else {}
    return not any(rule(case, problem) for check in failure.checks for rule in HONEST.get(check, ()))


@schemathesis.check
def streams_conform(context: CheckContext, response: Response, case: Case) -> None:
    """A stream's results are what its document says, and it ends as it says. Schemathesis takes the schema of an event
    stream for that of each event, as OpenAPI 3.2 has it beside ``itemSchema``; in 3.1 it is that of the whole text.
    """
    if not str(response.headers.get("content-type", [""])[0]).startswith("text/event-stream"):
        return
    document = case.operation.schema.raw_schema
    operation = document["paths"][case.operation.path][case.operation.method.lower()]
    shown = operation["responses"][str(response.status_code)]["content"]["text/event-stream"]["schema"]
    # Lines of an event stream end in a line feed here, and in nothing else that Python would take for an end.
    blocks = [each.split("\n") for each in response.text.split("\n\n") if each and not each.startswith(":")]
    events = [dict(line.split(": ", 1) for line in block) for block in blocks]
    *results, last = ((each.get("event", "message"), json.loads(each["data"])) for each in events)
    schema = {**shown["contentSchema"], "components": document["components"]}
    Draft202012Validator(schema).validate([data for _, data in results])
    assert {name for name, _ in results} <= {"message"}, events
    assert last == ("end", {}) or (last[0] == "fault" and "code" in last[1]), events


def _rules(problem: dict[str, Any]) -> set[str]:
    return {str(each.get("rule")) for each in problem.get("errors", ())}


def _sent(body: Any, pointer: str) -> Any:
    """What was sent at a JSON pointer (RFC 6901) in a fragment."""
    for step in pointer.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        body = body[int(step)] if isinstance(body, list) else body.get(step)
    return body
