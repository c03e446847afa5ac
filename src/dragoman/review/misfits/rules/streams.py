"""Streams, jobs, and what is asked again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Scalar
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.call import Call, calls, https, name_of, outward, parameters, procedures, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import is_variable, literals, segments
from dragoman.review.misfits.shape import fields_of, is_unsaid, plain
from dragoman.review.misfits.wording import bare
from dragoman.review.reading.outcome import Format
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

_FLOWS: Final = vocabulary("events updates changes stream poll longpoll deltas")
_SINCE: Final = vocabulary(
    "since aftertime lasteventid lastid lastseen lastupdate lastsync fromid waittime wait longpoll "
    "polltimeout waitseconds sinceid lastknown"
)
_ENDLESS: Final = vocabulary("watch subscribe listen stream tail follow observe monitor receive pull attach")
"""Verbs of streams that go on until somebody ends them; those of a result end with it."""

_SLOW: Final = vocabulary("import export train backup reindex migrate retrain transcode")
_TERMS: Final = re.compile(
    r"deadline|time.?out|heartbeat|keep.?alive|reconnect|resum|until|end|close|cancel|finish|chunk", re.IGNORECASE
)
_RESUMES: Final = vocabulary(
    "pagetoken cursor resumetoken since offset starttime startat afterid lasteventid token sequence from "
    "resumefrom startafter readoffset"
)


def _polled(subject: Subject) -> Iterator[Found]:
    if any(True for _ in outward(subject)) or _pushes(subject):
        return
    for call in https(subject):
        tail = literals(call.wire.path)
        if call.wire.method != "GET" or not tail or is_variable(segments(call.wire.path)[-1]):
            continue
        asks = [each.name for each in parameters(call, "query", "header") if bare(each.name) in _SINCE]
        if set(words(tail[-1])) & _FLOWS and asks and not _streams(call):
            yield call.found(
                f"callers poll {call.address} for new items ({asks[0]})",
                "Push them: server-sent events (text/event-stream, with Last-Event-ID to resume), or webhooks for "
                "other companies; keep this operation for callers who catch up",
            )


def _pushes(subject: Subject) -> bool:
    """Whether there is another way: a stream here, or events on the platform for the same audience."""
    if any(each.operation.interaction.streams_output for each in calls(subject)) or any(map(_streams, https(subject))):
        return True
    return any(
        reading.format is Format.ASYNCAPI and surface.audience == subject.surface.audience
        for surface in subject.platform
        for reading in surface.readings
    )


def _streams(call: Call[Http]) -> bool:
    media = [each for answer in call.wire.answers for each in answer.media]
    return any(each.startswith(("text/event-stream", "application/x-ndjson", "application/jsonl")) for each in media)


def _accepted(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        for each in call.wire.answers:
            if each.status != "202" or call.wire.method != "POST":
                continue
            headers = {bare(name) for name in each.headers}
            known = headers & {"location", "operationlocation", "contentlocation", "link", "azureasyncoperation"}
            if known or (each.type is not None and not is_unsaid(call.types, each.type)) or each.media:
                continue
            if _is_fire_and_forget(call):
                continue
            yield call.found_answer(
                "202",
                f"{call.address} returns 202, and nothing says where to read the status of the work",
                "Return 202 with Location: /jobs/{id}, or with the job's id and state",
            )


def _is_fire_and_forget(call: Call[Http]) -> bool:
    named = {word for part in literals(call.wire.path) for word in words(part)}
    return bool(
        named & {"events", "event", "track", "webhook", "webhooks", "logs", "log", "metrics", "telemetry", "collect"}
    )


def _without_terms(subject: Subject) -> Iterator[Found]:
    for call in procedures(subject):
        if not call.operation.interaction.streams_output or call.operation.interaction.streams_input:
            continue
        takes = {bare(each.name) for each in fields_of(call.types, call.input)} if call.input is not None else set()
        if verb_of(call) in _ENDLESS and not takes & _RESUMES and not _TERMS.search(call.operation.description[:5000]):
            yield call.found(
                f"{call.address} is a stream, and nothing says when it ends or how to resume it",
                f"State in the comment of {name_of(call)} which deadline to set and what ends it, and let its request "
                f"accept a resume_token",
            )


def _long_running(subject: Subject) -> Iterator[Found]:
    for call in procedures(subject):
        verb = words(call.wire.method)[:1]
        if not verb or verb[0] not in _SLOW or call.operation.interaction.value != "unary":
            continue
        output = call.output.name if call.output is not None and call.output.name else str(call.operation.output)
        named = set(words(output.rpartition(".")[2]))
        fields = {bare(each.name) for each in fields_of(call.types, call.output)} if call.output is not None else set()
        if named & {"operation", "job", "task", "run"} or fields & {
            "operation",
            "job",
            "jobid",
            "operationid",
            "taskid",
        }:
            continue
        yield call.found(
            f"the name of {call.address} suggests work that takes longer than a call can stay open",
            f"Let {call.wire.method} return google.longrunning.Operation at once (AIP-151), or a job whose state "
            f"callers can read",
        )


def _bare_job(subject: Subject) -> Iterator[Found]:
    """Jobs whose state has no end that a program can tell."""
    for call in https(subject):
        parts = segments(call.wire.path)
        if call.wire.method != "GET" or len(parts) < 2 or call.output is None:
            continue
        noun = parts[-2] if is_variable(parts[-1]) else ""
        if not set(words(noun)) & {"jobs", "tasks", "imports", "exports"}:
            continue
        for each in fields_of(call.types, call.output):
            type_ = plain(call.types, each.type)
            if bare(each.name) not in ("status", "state") or not isinstance(type_, Scalar) or each.description:
                continue
            if type_.constraints.pattern is None:
                yield call.found(
                    f"the {each.name} of {call.address} is a plain string, so clients do not know which mean done",
                    f"Give {each.name} an enum: queued, running, succeeded, failed, cancelled",
                )


RULES: Final = (
    Misfit(
        id="polled-stream",
        title="Polling where updates could be pushed",
        source=Source("HTML, 9.2 Server-sent events", "https://html.spec.whatwg.org/multipage/server-sent-events.html"),
        severity=Severity.WARNING,
        check=_polled,
        reason="Most requests find nothing new, and new items arrive late by up to the polling interval.",
        remedy="Push the updates.",
        exception="Surfaces that also have a stream, webhooks or events; lists that are only filtered by "
        "time (created_after).",
        example="GET /events?since=17 every second → GET /events as text/event-stream",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="accepted-without-place",
        title="202 Accepted without a status URL",
        source=Source("RFC 9110, 15.3.3", "https://www.rfc-editor.org/rfc/rfc9110#section-15.3.3"),
        severity=Severity.WARNING,
        check=_accepted,
        reason="The caller cannot tell success from loss, and sends the request again.",
        remedy="Return the URL of the status.",
        exception="A Location header, a described body, deletions, and requests whose result nobody waits "
        "for (events, logs).",
        example="202 → 202 with Location: /v1/jobs/job_7",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="job-without-states",
        title="Job status without an enum",
        source=Source("AIP-216", "https://google.aip.dev/216"),
        severity=Severity.HINT,
        check=_bare_job,
        reason="Clients compare strings that they have seen, until a new one appears.",
        remedy="List the possible states.",
        exception="Enums, patterns, and states that are described.",
        example="status: {type: string} → status: {type: string, enum: [queued, running, succeeded, failed]}",
        styles=("rest",),
    ),
    Misfit(
        id="stream-without-terms",
        title="Stream without documented end or resume",
        source=Source("gRPC: deadlines", "https://grpc.io/docs/guides/deadlines/"),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_without_terms,
        reason="Streams break, at least at each deployment. If nothing says how to resume, a caller starts "
        "again from the beginning or misses messages.",
        remedy="Document when it ends and how to resume.",
        exception="Streams of a single result (Search, BatchGet), requests with a position to resume from, "
        "comments about an end, a deadline or a heartbeat; bidirectional streams.",
        example="rpc Watch(WatchRequest) → // Ends after 30 minutes; go on with resume_token.",
        styles=("rpc",),
    ),
    Misfit(
        id="long-call",
        title="Long-running work in a synchronous call",
        source=Source("AIP-151", "https://google.aip.dev/151"),
        severity=Severity.WARNING,
        check=_long_running,
        reason="Proxies close connections that are silent for a minute, and the work is done for nobody.",
        remedy="Return a long-running operation.",
        exception="Streams, and responses that are an operation, a job or a task or hold the id of one.",
        example="rpc TrainModel(…) returns (Model) → returns (google.longrunning.Operation)",
        styles=("rpc",),
    ),
)
