"""Many conventions on one platform: what this surface does in another way than most of the others.

The surfaces beside it are compared where they speak in the same way: GraphQL's camelCase and the snake_case of .proto
are no quarrel. The one that differs is told, not those it differs from; of two that differ, the one whose name comes
last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from dragoman.contract.schema import Kind
from dragoman.review.misfits.call import https, parameters
from dragoman.review.misfits.casing import Casing, habit
from dragoman.review.misfits.credential import strength, strongest, transport_of, ways
from dragoman.review.misfits.failure import alike, described, shape_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.likeness import Thing, same, things
from dragoman.review.misfits.paging import Way, listing, way
from dragoman.review.misfits.reach import reach
from dragoman.review.misfits.shape import kind_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.version import Place, usual
from dragoman.review.misfits.wording import bare, some
from dragoman.review.reading.outcome import Format
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.rule import article

FAILS: Final = article("what usually fails")
H = TypeVar("H", bound=Hashable)


def _beside(subject: Subject) -> list[Surface]:
    return [each for each in subject.platform if each.name != subject.surface.name]


def _as(subject: Subject, surface: Surface) -> Subject:
    return replace(subject, surface=surface)


def _differs(subject: Subject, of: Callable[[Subject], H | None]) -> tuple[H, H, list[Surface]] | None:
    """What this surface does, what most do, and who they are; None where it does as they do, or nothing."""
    own = of(subject)
    if own is None:
        return None
    theirs = {each.name: (each, value) for each in _beside(subject) if (value := of(_as(subject, each))) is not None}
    counts = Counter(value for _, value in theirs.values())
    counts[own] += 1
    most = max(counts.values())
    leading = [value for value, count in counts.items() if count == most]
    if own in leading:
        names = {
            value: min(name for name, (_, each) in theirs.items() if each == value) for value in leading if value != own
        }
        mine = min([subject.surface.name, *(name for name, (_, each) in theirs.items() if each == own)])
        names = {value: name for value, name in names.items() if name < mine}
        if not names:
            return None
        usual_ = min(names, key=lambda each: names[each])
    else:
        usual_ = min(leading, key=_as_text)
    return own, usual_, [surface for surface, value in theirs.values() if value == usual_]


def _as_text(value: object) -> str:
    """What to sort by, the same in each run: a set has no order of its own."""
    return str(sorted(value)) if isinstance(value, frozenset) else str(value)


def _casing_of(subject: Subject) -> Casing | None:
    names = {
        field.name
        for reading in subject.surface.readings
        if reading.format is Format.OPENAPI
        for message in reach(reading).all
        for field in message.fields
    }
    found = habit(names)
    return found.way if found is not None and found.total >= 5 and found.share >= 0.8 else None


def _casing(subject: Subject) -> Iterator[Found]:
    if (found := _differs(subject, _casing_of)) is not None:
        own, most, others = found
        yield found_surface(
            subject,
            f"{subject.surface.name} names fields in {own}, and {_names(others)} in {most}",
            f"Use {most} in its next version",
        )


def _names(surfaces: list[Surface]) -> str:
    return some([each.name for each in surfaces])


def _errors_of(subject: Subject) -> frozenset[str] | None:
    shapes = Counter(
        shape
        for call in https(subject)
        for each in described(call)
        if (shape := shape_of(call.types, each)) is not None
    )
    return max(shapes, key=lambda each: (shapes[each], sorted(each))) if shapes else None


def _errors(subject: Subject) -> Iterator[Found]:
    own = _errors_of(subject)
    if own is None:
        return
    found = _differs(subject, lambda each: _like(own, _errors_of(each)))
    if found is not None:
        _, most, others = found
        yield found_surface(
            subject,
            f"errors of {subject.surface.name} are {{{', '.join(sorted(own)[:4])}}}, and those of {_names(others)} are "
            f"{{{', '.join(sorted(most)[:4])}}}",
            "Return one error format on all surfaces: application/problem+json (RFC 9457)",
        )


def _like(own: frozenset[str], other: frozenset[str] | None) -> frozenset[str] | None:
    return own if other is not None and alike(own, other) else other


def _paging_of(subject: Subject) -> Way | None:
    ways = Counter(found for call in https(subject) if listing(call) and (found := way(call)) is not None)
    return ways.most_common(1)[0][0] if ways else None


def _paging(subject: Subject) -> Iterator[Found]:
    if (found := _differs(subject, _paging_of)) is not None:
        own, most, others = found
        yield found_surface(
            subject,
            f"lists of {subject.surface.name} are paginated by {own}, and those of {_names(others)} by {most}",
            f"Page them by {Way.TOKEN} on all surfaces" if Way.TOKEN in (own, most) else f"Page them by {most}",
        )


def _versioning_of(subject: Subject) -> Place | None:
    found = usual(https(subject))
    del found[None]
    return found.most_common(1)[0][0] if found else None


def _versioning(subject: Subject) -> Iterator[Found]:
    if (found := _differs(subject, _versioning_of)) is not None:
        own, most, others = found
        yield found_surface(
            subject,
            f"the version of {subject.surface.name} is in {own}, and that of {_names(others)} in {most}",
            f"Put it into {most} in its next version",
        )


def _auth(subject: Subject) -> Iterator[Found]:
    audience = subject.surface.audience
    peers = tuple(each for each in subject.platform if each.audience == audience)
    if audience is None or len(peers) < 2:
        return
    among = replace(subject, platform=peers)
    for transport in sorted({transport_of(each) for each in subject.surface.readings}):
        found = _differs(among, partial(_ways_like, ways(subject.surface, transport), transport))
        if found is not None:
            own, most, others = found
            yield found_surface(
                subject,
                f"{audience} callers authenticate with {_either(own)} on {subject.surface.name}, and with "
                f"{_either(most)} on {_names(others)}",
                _auth_remedy(own, most, others),
            )
            return


def _ways_like(own: frozenset[str], transport: str, subject: Subject) -> frozenset[str] | None:
    """How its callers authenticate; those who share a way with this surface count as it does."""
    theirs = ways(subject.surface, transport)
    return (own if own & theirs else theirs) or None


def _either(ways_: frozenset[str]) -> str:
    return " or ".join(sorted(ways_))


def _auth_remedy(own: frozenset[str], most: frozenset[str], others: list[Surface]) -> str:
    """One credential for one caller, and never a weaker one than there is."""
    mine, theirs = strongest(own), strongest(most)
    if strength(mine) > strength(theirs):
        return f"Keep {mine} here: it is the stronger. Offer it on {_names(others)} too, and phase out {theirs} there"
    return f"Accept {theirs} here too, so that one credential works on all of them"


def _key_names_of(subject: Subject) -> frozenset[str]:
    return frozenset(
        bare(each.name)
        for call in https(subject)
        for each in parameters(call, "header")
        if "idempot" in each.name.lower()
        or bare(each.name) in ("xrequestid", "requestid", "correlationid", "xcorrelationid")
    )


def _headers(subject: Subject) -> Iterator[Found]:
    """Headers that mean one thing and have several names."""
    for family in (
        ("requestid", "xrequestid", "correlationid", "xcorrelationid"),
        ("idempotencykey", "xidempotencykey"),
    ):
        own = _key_names_of(subject) & set(family)
        for other in sorted(_beside(subject), key=lambda each: each.name):
            theirs = _key_names_of(_as(subject, other)) & set(family)
            if own and theirs and not own & theirs and other.name < subject.surface.name:
                yield found_surface(
                    subject,
                    f"{subject.surface.name} takes {min(own)} where {other.name} takes {min(theirs)}",
                    f"Accept the header of {other.name}, and the old one for a transition",
                )
                return


def _two_names(subject: Subject) -> Iterator[Found]:
    own = list(things(subject.surface))
    told = set[str]()
    for other in _beside(subject):
        for thing, twin in same(own, list(things(other))):
            name, theirs = thing.message.owner, twin.message.owner
            if thing.noun == twin.noun or name in told or (other.name, theirs) > (subject.surface.name, name):
                continue
            told.add(name)
            yield thing.message.found_whole(
                thing.reading,
                f"{name} looks like {theirs} of {other.name}: they share {len(thing.names & twin.names)} fields",
                f"Use the name {theirs} here too, or document the difference in both",
            )


def _two_shapes(subject: Subject) -> Iterator[Found]:
    theirs: dict[str, tuple[Surface, Thing]] = {}
    for other in sorted(_beside(subject), key=lambda each: each.name):
        if other.name < subject.surface.name:
            for thing in things(other):
                theirs.setdefault(thing.noun, (other, thing))
    for thing in things(subject.surface):
        if not thing.noun or thing.noun not in theirs:
            continue
        other, twin = theirs[thing.noun]
        if thing.message.owner == twin.message.owner and thing.reading.file == twin.reading.file:
            continue
        if len(thing.names & twin.names) * 2 < min(len(thing.names), len(twin.names)):
            continue
        known = {bare(each.name): each for each in twin.message.fields}
        for each in thing.message.fields:
            match_ = known.get(bare(each.name))
            if match_ is None:
                continue
            mine = _family(kind_of(thing.reading.contract.types, each.type))
            yours = _family(kind_of(twin.reading.contract.types, match_.type))
            if mine and yours and mine != yours:
                yield thing.message.found(
                    thing.reading,
                    each,
                    f"{thing.message.owner}.{each.name} is {mine} here and {yours} on {other.name}",
                    f"Give {each.name} the same type on both",
                )


_FAMILIES: Final = {
    Kind.BOOLEAN: "a boolean",
    Kind.INT: "a whole number",
    Kind.INT32: "a whole number",
    Kind.UINT32: "a whole number",
    Kind.FLOAT: "a fraction",
    Kind.DOUBLE: "a fraction",
    Kind.STRING: "a string",
    Kind.UUID: "a string",
    Kind.DECIMAL: "a decimal",
    Kind.DATETIME: "a time",
    Kind.DATE: "a date",
}
"""What a caller sees of a kind. 64-bit integers, which some formats write as strings, are left out."""


def _family(kind: Kind | None) -> str | None:
    return None if kind is None else _FAMILIES.get(kind)


RULES: Final = (
    Misfit(
        id="platform-casing",
        title="Field casing different from your other APIs",
        source=FAILS,
        severity=Severity.HINT,
        check=_casing,
        reason="Callers who know one of your APIs guess wrong on this one, and shared client code needs a "
        "special case.",
        remedy="Agree on one casing for all JSON.",
        exception="GraphQL and .proto, which have casings of their own; surfaces with few names or with no "
        "clear convention.",
        example="orders: total_cents; catalogue: unitPrice → unit_price",
    ),
    Misfit(
        id="platform-errors",
        title="Error format different from your other APIs",
        source=FAILS,
        severity=Severity.WARNING,
        check=_errors,
        reason="Shared clients, gateways and dashboards must handle the error format of each API.",
        remedy="Return one error format everywhere.",
        exception="Formats that share most of their fields, or are problem details (RFC 9457).",
        example="orders: {title, status}; media: {error: {code}} → {title, status}",
    ),
    Misfit(
        id="platform-paging",
        title="Pagination different from your other APIs",
        source=FAILS,
        severity=Severity.HINT,
        check=_paging,
        reason="A caller who has written a loop over pages for one of your APIs must write another for this one.",
        remedy="Use one kind of pagination.",
        exception="Surfaces without lists, and styles other than HTTP.",
        example="orders: page_token; media: page=2 → page_token",
    ),
    Misfit(
        id="platform-versioning",
        title="Version in a different place from your other APIs",
        source=FAILS,
        severity=Severity.HINT,
        check=_versioning,
        reason="Gateways route by version; each further place needs a routing rule of its own.",
        remedy="Put versions in one place.",
        exception="Surfaces without a version; unversioned-surface reports those.",
        example="orders: /v1/…; media: Api-Version: 1 → /v1/…",
    ),
    Misfit(
        id="platform-auth",
        title="Authentication different from your other APIs",
        source=FAILS,
        severity=Severity.WARNING,
        check=_auth,
        reason="A caller of two APIs needs two credentials, and you need two ways to revoke them.",
        remedy="Authenticate one audience with one scheme, the strongest that you have.",
        exception="Surfaces of different audiences or transports, and surfaces that share a scheme.",
        example="orders: OAuth; media: X-Api-Key → OAuth",
    ),
    Misfit(
        id="platform-headers",
        title="Header named differently from your other APIs",
        source=FAILS,
        severity=Severity.HINT,
        check=_headers,
        reason="Traces and retries break where a request goes from one API to the next.",
        remedy="Use one name.",
        exception="Surfaces that take no such header.",
        example="X-Correlation-Id here, X-Request-Id there → X-Request-Id",
    ),
    Misfit(
        id="two-names",
        title="Same resource under two names",
        source=FAILS,
        severity=Severity.WARNING,
        check=_two_names,
        reason="Nobody can tell whether a client and a customer are the same, so every integration maps between them.",
        remedy="Choose one name.",
        exception="Types that share only common fields (id, name, status), and suffixes of a name (OrderDto).",
        example="Customer on orders, Client on billing → Customer",
    ),
    Misfit(
        id="two-shapes",
        title="Same field with two types",
        source=FAILS,
        severity=Severity.WARNING,
        check=_two_shapes,
        reason="Whoever passes the value from one API to the other has to convert it, or forgets to.",
        remedy="Give the field one type.",
        exception="Types of one name that share less than half of their fields; 64-bit integers, which "
        "some formats write as strings; references that one side resolves.",
        example="Order.total: number here and string there → a decimal string on both",
    ),
)
