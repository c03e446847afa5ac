"""Lists and their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Scalar
from dragoman.review.english import vocabulary
from dragoman.review.misfits.call import Call, calls, https, parameters
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.paging import (
    NUMBERS,
    SIZES,
    Listing,
    Way,
    asked,
    continues,
    grows,
    is_bounded,
    is_paged,
    listing,
    size_of,
    way,
)
from dragoman.review.misfits.path import first_word, last
from dragoman.review.misfits.shape import plain
from dragoman.review.misfits.wording import bare
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http, Procedure, RootField, Wire

AIP_158: Final = Source("AIP-158", "https://google.aip.dev/158")
_OWN_SIZES: Final = SIZES - {"n", "num", "count", "size", "length", "quantity", "first", "last"}
"""What is surely meant as the size of a page."""

_SEARCHES: Final = vocabulary("q query search keyword keywords term text lat latitude near since")


def _lists(subject: Subject) -> Iterator[tuple[Call[Wire], Listing]]:
    for call in calls(subject):
        if (found := listing(call)) is not None:
            yield call, found


def _unpaged(subject: Subject) -> Iterator[Found]:
    for call, found in _lists(subject):
        if not is_paged(call, found) and not is_bounded(call, found):
            told = call.found(f"{call.address} returns a whole list, and nothing bounds it", _page_remedy(call))
            yield told if grows(call) else replace(told, at_most=Severity.WARNING)


def _page_remedy(call: Call[Wire]) -> str:
    match call.wire:
        case Procedure():
            return (
                "Add page_size and page_token to its request and next_page_token to its response while no caller "
                "depends on getting everything"
            )
        case RootField():
            return "Add the arguments first and after, and return a connection (edges, pageInfo)"
        case _:
            return (
                f"Accept page_size and page_token on {call.address}, and return an object with the items and "
                "next_page_token; or bound the list with maxItems if it cannot grow"
            )


def _offset(subject: Subject) -> Iterator[Found]:
    found = [call for call, _ in _lists(subject) if way(call) is Way.NUMBER]
    for call in found:
        name = next(written for each, written in asked(call).items() if each in NUMBERS)
        yield call.found(
            f"{call.address} is paginated by {name}: pages shift when rows come or go, and late ones are slow",
            f"Return a token for the next page, and accept it as page_token in place of {name}",
        )


def _unbounded_size(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        for each in parameters(call, "query"):
            type_ = plain(call.types, each.type)
            if bare(each.name) not in _OWN_SIZES:
                continue
            if listing(call) is None or not isinstance(type_, Scalar) or _says_limit(type_, each.description):
                continue
            yield call.found_parameter(
                each.name,
                f"{each.name} of {call.address} has no maximum, so one request can ask for everything",
                f"Write maximum: 100 (or what you can serve) for {each.name}, and cap larger values",
            )


def _says_limit(type_: Scalar, description: str) -> bool:
    bounded = type_.constraints.le is not None or type_.constraints.lt is not None
    return bounded or bool(re.search(r"\d|fewer|capped", description))


def _no_next(subject: Subject) -> Iterator[Found]:
    for call, found in _lists(subject):
        if size_of(call) is None or way(call) is not None or continues(call, found) or is_bounded(call, found):
            continue
        headers = {bare(each) for answer in _answers(call) for each in answer}
        if (
            "link" in headers
            or set(asked(call)) & _SEARCHES
            or (isinstance(call.wire, Http) and first_word(last(call.wire.path)) == "search")
            or (found.envelope is None and isinstance(call.wire, RootField))
        ):
            continue
        yield call.found(
            f"{call.address} takes a page size, and offers no way to get the next page",
            "Return next_page_token and accept it as page_token (or send a Link header with rel=next)",
        )


def _answers(call: Call[Wire]) -> Iterator[tuple[str, ...]]:
    if isinstance(call.wire, Http):
        yield from (each.headers for each in call.wire.answers)


def _bare_array(subject: Subject) -> Iterator[Found]:
    for call, found in _lists(subject):
        if not isinstance(call.wire, Http) or found.envelope is not None or is_bounded(call, found):
            continue
        headers = {bare(each) for answer in _answers(call) for each in answer}
        if headers & {"link", "contentrange"} or any(each.startswith(("x", "next", "total")) for each in headers):
            continue
        yield call.found(
            f"{call.address} returns a bare array, which has no place for a next page or a total",
            "Return the list in an object: {items: […], next_page_token: …}",
        )


RULES: Final = (
    Misfit(
        id="unpaged-list",
        title="List without pagination",
        source=AIP_158,
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_unpaged,
        reason="It is fast with test data and times out after a year of real data. Pagination cannot be "
        "added later without breaking callers: they take the first page for the whole list.",
        remedy="Paginate from the start, with page tokens.",
        exception="Lists that are bounded: by maxItems or in words (at most 50, the last 14 days, the top 10), asked "
        "for item by item (ids) or by a span of time, or of things of which there are few (countries, roles); streams; "
        "lists of plain values. Of things that need not grow (no orders, payments, users or the like) it is a warning.",
        example="GET /orders → [Order] becomes GET /orders?page_size=50&page_token=… → {items, next_page_token}",
    ),
    Misfit(
        id="offset-paging",
        title="Offset pagination",
        source=AIP_158,
        severity=Severity.HINT,
        check=_offset,
        reason="The database reads all earlier rows for each page. If rows are added or removed meanwhile, "
        "callers see some rows twice and others never.",
        remedy="Use page tokens that hold the last key (cursor pagination).",
        exception="Lists that also take a token, and bounded lists. Offsets are fine for operators who "
        "page through a small table.",
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        example="GET /orders?page=7 → GET /orders?page_token=b3JkXzE3",
    ),
    Misfit(
        id="unbounded-page-size",
        title="Page size without a maximum",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_unbounded_size,
        reason="A caller who sends limit=1000000 gets everything in one page.",
        remedy="State the maximum page size, and cap larger values (AIP-158).",
        exception="A maximum in the schema, or a description that names a number.",
        example="limit: {type: integer} → limit: {type: integer, maximum: 100, default: 25}",
    ),
    Misfit(
        id="page-without-next",
        title="Page size without a way to the next page",
        source=AIP_158,
        severity=Severity.WARNING,
        check=_no_next,
        reason="Nobody can get the items after the first page.",
        remedy="Return a token for the next page.",
        exception="Searches and rankings, where callers want only the first results; bounded lists; a Link header.",
        example="GET /orders?limit=50 → GET /orders?limit=50&page_token=…",
    ),
    Misfit(
        id="bare-array",
        title="List returned as a bare array",
        source=Source("AIP-132", "https://google.aip.dev/132"),
        severity=Severity.HINT,
        check=_bare_array,
        reason="Nothing can be added beside an array: no token for the next page, no total, no warning. "
        "Any such addition breaks all callers.",
        remedy="Return an object that holds the list.",
        exception="Bounded lists, and lists with pagination in a header (Link, Content-Range, X-…).",
        example="[{…}, {…}] → {items: [{…}, {…}], next_page_token: …}",
        styles=("rest",),
    ),
)
