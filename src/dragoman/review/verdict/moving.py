"""What to mend before moving, and what moving would cost: in words, from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import List, Record
from dragoman.review.reading.outcome import Format
from dragoman.review.surfaces.surface import OUTSIDERS, Surface
from dragoman.review.surfaces.types import resolved
from dragoman.review.wire import Http

from .styles import SPOKEN

_CACHING: Final = frozenset({"etag", "cache-control", "last-modified", "expires"})
_DESCRIBED: Final = {
    "rest": "OpenAPI",
    "rpc": ".proto files",
    "graphql": "a GraphQL schema",
    "events": "AsyncAPI",
    "webhooks": "OpenAPI's webhooks",
}


def basics(surface: Surface) -> Iterator[str]:
    """What usually brings more than another style does (the guide: before replacing REST), as far as it is not done."""
    facts = surface.facts
    budget, rate = facts.value("latency_budget_ms"), facts.value("calls_per_second")
    if (budget is not None and budget <= 100) or (rate is not None and rate >= 1000):
        yield "Measure where the time goes before you change how it is written: a faster server often gains more."
    if (facts.value("joins") or 0) >= 3:
        yield "Make answers leaner: pages for every list, and only the fields that are asked for."
    if (facts.value("computes") or 0) >= 0.5 and not _takes_many(surface):
        yield "Take several inputs in one call, and answer them together."
    if _cacheable(surface) and not _caches(surface):
        yield "Let safe reads be cached: an ETag, and how long an answer stays good."
    if surface.audience in OUTSIDERS:
        yield "Give the contract a version and a written promise of how it changes."
        if (facts.value("computes") or 0) >= 0.5:
            yield "Keep what outside callers need apart from how the model is served inside."


def cost(surface: Surface, present: str, style: str) -> Iterator[str]:
    """What moving from one style to the other asks of those who call, and of those who run it."""
    facts = surface.facts
    yield from _followers(surface)
    yield "Both run side by side until the last has moved: two surfaces to secure, to watch and to document."
    if count := facts.value("operations"):
        yield f"{count:,} {'operation is' if count == 1 else 'operations are'} described anew, in {_DESCRIBED[style]}."
    if any(reading.format in (Format.OPENAPI, Format.PROTO, Format.GRAPHQL) for reading in surface.readings):
        yield f"Clients that were generated from {_formats(surface)} are generated again, and tests with them."
    if present == "rest" and style in ("rpc", "graphql") and _cacheable(surface):
        yield "HTTP caches no longer answer reads; what they took has to be carried or cached by hand."
    if style == "rpc" and surface.audience in (*OUTSIDERS, Audience.FRONTEND):
        yield "Browsers reach gRPC only through Connect or a proxy."
    if style in ("events", "webhooks") and present not in ("events", "webhooks"):
        yield "Callers get no answer any more: results and failures come later, perhaps twice, and have to be expected."
    if present in ("events", "webhooks") and style not in ("events", "webhooks"):
        yield "Who was told has to ask: retries and peaks are the callers' business from then on."
    skills = facts.value("skills")
    if skills is not None and style not in skills:
        yield f"The team has to learn to operate {SPOKEN[style]}."


def _followers(surface: Surface) -> Iterator[str]:
    consumers, teams = surface.facts.value("consumers"), surface.facts.value("teams")
    if consumers:
        who = (
            "1 organisation outside changes its"
            if consumers == 1
            else f"{consumers:,} organisations outside change their"
        )
        yield f"{who} code, each when it suits them: plan for {'months' if consumers < 10 else 'a year or more'}."
    elif consumers is None and surface.audience in (*OUTSIDERS, None):
        yield "How many outside would have to follow is not known: count them first, in the gateway's logs."
    if teams:
        yield f"{'1 team of yours changes its' if teams == 1 else f'{teams:,} teams of yours change their'} code."


def _cacheable(surface: Surface) -> bool:
    """Whether it is mostly read, and answers are not computed from each input anew."""
    facts = surface.facts
    return (facts.value("read_share") or 0) >= 0.5 and (facts.value("computes") or 0) < 0.5


def _takes_many(surface: Surface) -> bool:
    """Whether some operation takes a list, or a message with a list in it."""
    for reading, operation in surface.operations:
        record = resolved(operation.input, reading.contract.types)
        listed = isinstance(record, Record) and any(isinstance(each.type, List) for each in record.fields)
        if listed or isinstance(operation.input, List):
            return True
    return False


def _caches(surface: Surface) -> bool:
    for _, operation in surface.operations:
        http = operation.traits.get(Http)
        if http is not None and any(name.lower() in _CACHING for each in http.answers for name in each.headers):
            return True
    return False


def _formats(surface: Surface) -> str:
    return " and ".join(sorted({reading.format.value for reading in surface.readings}))
