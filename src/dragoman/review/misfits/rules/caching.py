"""Reads that could be kept, and changes that could overwrite another's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Type, Types
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.call import Call, https, name_of, parameters, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import first_word, is_entry, is_plain, last
from dragoman.review.misfits.shape import fields_of, is_leaf, plain
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import bare, counted
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

from .audience import computes

_READS: Final = vocabulary("get list fetch read find retrieve show view lookup")
_MADE: Final = frozenset({"url", "uri", "key", "keys", "token", "credentials", "password", "secret", "link", "session"})
_FLAT: Final = 8
"""So many plain fields fit into an address."""

_VALIDATORS: Final = vocabulary("etag lastmodified cachecontrol expires age")
_VERSIONS: Final = vocabulary("version etag revision rev resourceversion lockversion updatemask rowversion")
_PRECONDITIONS: Final = vocabulary("ifmatch ifunmodifiedsince")


def _post_for_read(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        http = call.wire
        if http.method != "POST" or is_entry(http.path) or computes(call) or not _reads(call):
            continue
        if _fits_address(call):
            yield call.found(
                f"{call.address} is a read, but uses POST, so it cannot be cached or retried automatically",
                f"Use GET, with the fields of the body as parameters; {_instead(call)}",
            )


def _reads(call: Call[Http]) -> bool:
    """Whether it says of itself that it only reads, with no word that says otherwise. What gives a token or a signed
    address makes one.
    """
    if {*words(last(call.wire.path)), *words(name_of(call))} & _MADE:
        return False
    segment = last(call.wire.path)
    by_path = "{" not in segment and first_word(segment.partition(":")[2] or segment) in _READS
    if by_path and len(words(segment)) == 1 and segment.lower() in ("list", "view", "show", "read"):
        by_path = False  # as likely a noun, or a mark that is set: POST /messages/{id}/read
    return by_path or (verb_of(call) in _READS and len(words(name_of(call))) > 1)


def _fits_address(call: Call[Http]) -> bool:
    """Whether the body would fit into an address, and holds nothing that has no place in one."""
    input_ = call.input
    if input_ is None:
        return call.takes is None
    fields = fields_of(call.types, input_)
    secret = any({"password", "token", "secret", "email", "phone", "ssn", "card"} & set(words(f.name)) for f in fields)
    return not secret and len(fields) <= _FLAT and all(_is_flat(call.types, each.type) for each in fields)


def _is_flat(types: Types, type_: Type) -> bool:
    return is_leaf(types, plain(types, type_))


def _instead(call: Call[Http]) -> str:
    name = words(last(call.wire.path))
    noun = "-".join(name[1:] if len(name) > 1 else name)
    return f"for example GET /{noun}?…" if noun else "the parameters make its address"


def _uncached(subject: Subject) -> Iterator[Found]:
    reads = [each for each in https(subject) if each.wire.method == "GET" and not is_plain(each.wire.path)]
    if len(reads) < 5:
        return
    named = {bare(name) for each in reads for answer in each.wire.answers for name in answer.headers}
    told = any(answer.status == "304" for each in reads for answer in each.wire.answers)
    if (
        not told
        and not named & _VALIDATORS
        and not any(bare(p.name) == "ifnonematch" for c in reads for p in parameters(c))
    ):
        yield found_surface(
            subject,
            f"none of its {counted(len(reads), 'read')} documents ETag, Last-Modified, Cache-Control or 304",
            f"Return ETag and Cache-Control from {reads[0].address}, accept If-None-Match, and return 304 if nothing "
            f"changed",
            [each.position for each in reads],
        )


def _lost_update(subject: Subject) -> Iterator[Found]:
    updates = [each for each in https(subject) if each.wire.method in ("PUT", "PATCH") and each.wire.media]
    if len(updates) < 2 or any(_is_guarded(each) for each in updates):
        return
    yield found_surface(
        subject,
        f"none of its {counted(len(updates), 'update')} takes a precondition: when two callers change one resource, "
        f"the first change is silently lost",
        f"Return an ETag on reads, accept If-Match on {updates[0].address}, and return 412 if it no longer matches",
        [each.position for each in updates],
    )


def _is_guarded(call: Call[Http]) -> bool:
    asks = {bare(each.name) for each in parameters(call)}
    if asks & (_PRECONDITIONS | _VERSIONS) or any(each.status in ("412", "428") for each in call.wire.answers):
        return True
    return call.input is not None and any(bare(each.name) in _VERSIONS for each in fields_of(call.types, call.input))


RULES: Final = (
    Misfit(
        id="post-for-read",
        title="POST used for a read that could be cached",
        source=Source("RFC 9110, 9.2.3", "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.3"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_post_for_read,
        reason="Browsers, proxies and clients can cache GET responses, and can retry a failed GET. They "
        "cannot know that this POST changes nothing.",
        remedy="Use GET.",
        exception="Requests that do not fit into a URL (nested, or more than eight fields) or must not "
        "appear in one (passwords, personal data), logins, and models that compute.",
        example="POST /getOrders {status} → GET /orders?status=placed",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="uncacheable-reads",
        title="No caching headers",
        source=Source("RFC 9111, 4.2", "https://www.rfc-editor.org/rfc/rfc9111#section-4.2"),
        severity=Severity.HINT,
        check=_uncached,
        reason="Caching of reads is the first thing that HTTP gives for free, and worth trying before any other style.",
        remedy="Send ETag and Cache-Control, and describe them.",
        exception="Surfaces with fewer than five reads, and those of which any read names ETag, Last-Modified, "
        "Cache-Control or 304.",
        example="200: {content: …} → 200: {headers: {ETag: …, Cache-Control: …}, content: …}",
        styles=("rest",),
    ),
    Misfit(
        id="lost-update",
        title="Concurrent updates overwrite each other",
        source=Source("RFC 9110, 13.1.1", "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1"),
        severity=Severity.HINT,
        check=_lost_update,
        reason="Two callers read, both change, both write: without a precondition the second write "
        "silently undoes the first.",
        remedy="Accept If-Match (or a version or etag field: AIP-154).",
        exception="Surfaces with a single update, and surfaces where any update takes If-Match, a version "
        "or an etag, or returns 412.",
        example="PATCH /orders/{id} → PATCH /orders/{id} with If-Match: 7, 412 Precondition Failed",
        styles=("rest",),
    ),
)
