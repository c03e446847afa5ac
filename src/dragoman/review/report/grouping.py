"""Findings as reports show them: by rule, the gravest first, with counts by severity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dragoman.review.misfits.finding import Finding, Misfit, Severity
from dragoman.review.review import Review, Reviewed
from dragoman.review.verdict.verdict import Confidence, Decision

GRAVEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.HINT)

URGENT_FIRST = (Decision.MOVE, Decision.ASK, Decision.MEND, Decision.CHOOSE, Decision.KEEP)
LEAST_SURE_FIRST = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


@dataclass(frozen=True, slots=True)
class Group:
    """What one rule found. ``severity`` is the gravest of its findings; ``remedy`` and ``reason`` are the rule's, and
    empty where the review does not hold the rule.
    """

    rule: str
    title: str
    severity: Severity
    findings: tuple[Finding, ...]
    reason: str = ""
    remedy: str = ""
    exception: str = ""
    source: str = ""
    link: str = ""

    @property
    def surfaces(self) -> int:
        """On how many surfaces."""
        return len({each.surface for each in self.findings})


def findings(review: Review) -> Iterator[Finding]:
    """All that count, of all surfaces."""
    for each in review.surfaces:
        yield from each.findings


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then as they stand in the documents."""
    return sorted(found, key=lambda each: (-each.severity, each.position, each.rule, each.element, each.message))


def by_rule(review: Review) -> tuple[Group, ...]:
    """The gravest rules first, then those that found most."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for each in findings(review):
        found[each.rule].append(each)
    rules = {each.id: each for each in review.rules}
    groups = [_group(name, ordered(all_), rules.get(name)) for name, all_ in found.items()]
    return tuple(sorted(groups, key=lambda each: (-each.severity, -len(each.findings), each.rule)))


def _group(name: str, found: list[Finding], rule: Misfit | None) -> Group:
    grave = found[0].severity
    if rule is None:
        return Group(name, name, grave, tuple(found), remedy=found[0].remedy)
    return Group(
        name,
        rule.title,
        grave,
        tuple(found),
        rule.reason,
        rule.remedy,
        rule.exception,
        rule.source.name,
        rule.source.link,
    )


def severities(found: Iterable[Finding]) -> dict[Severity, int]:
    """How many there are of each severity, the gravest first."""
    tally = Counter(each.severity for each in found)
    return {each: tally[each] for each in GRAVEST_FIRST}


def has_contracts(review: Review) -> bool:
    """Whether there was anything in which misfits could be found."""
    return bool(review.documents or review.rules) or any(each.surface.readings for each in review.surfaces)


def by_urgency(review: Review) -> Review:
    """The same review, with the surfaces first at which there is something to do: to move, to ask about, to mend."""
    return replace(review, surfaces=tuple(sorted(review.surfaces, key=_urgency)))


def _urgency(of: Reviewed) -> tuple[int, ...]:
    gravest = tuple(-number for number in severities(of.findings).values())
    sure = LEAST_SURE_FIRST.index(of.verdict.confidence)
    if of.verdict.decision is Decision.MEND:
        return (URGENT_FIRST.index(of.verdict.decision), *gravest, sure)
    return (URGENT_FIRST.index(of.verdict.decision), sure, *gravest)


def decisions(review: Review) -> dict[Decision, int]:
    """How many surfaces have which verdict, the most urgent first."""
    tally = Counter(each.verdict.decision for each in review.surfaces)
    return {each: tally[each] for each in URGENT_FIRST if tally[each]}
