"""The search: every rule on every surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from dragoman.review.elements import Element, Kind, Position

from .finding import Finding, Found, Misfit, Severity, Subject
from .rules import MISFITS

FAILED: Final = "rule-failed"
"""The rule of a finding that tells of a rule which broke: a fault of ours, not to be taken for a clean surface."""

CUT: Final = "rule-cut"
"""The rule of a finding that tells of a rule which found more than is kept."""

MAX_FOUND: Final = 20_000
"""How much of one rule is kept of one surface: nobody reads more, and hostile documents have no end."""


def search(subjects: Sequence[Subject], rules: Iterable[Misfit] | None = None) -> list[Finding]:
    """What the rules (all of them, where none are given) find, by surface, severity (errors first) and position.

    A rule that breaks on what it meets does not stop the others; that it broke is a finding of its own, :data:`FAILED`.
    """
    table = tuple(MISFITS.values() if rules is None else rules)
    found = [each for subject in subjects for rule in table for each in _findings(subject, rule)]
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[str, int, Position, str, Element]:
    return finding.surface, -finding.severity, finding.position, finding.rule, finding.element


def _findings(subject: Subject, rule: Misfit) -> Iterator[Finding]:
    """What one rule finds, each element once."""
    severity = rule.severity_for(subject.surface.audience)
    seen = set[Element]()
    try:
        for number, each in enumerate(islice(rule.check(subject), MAX_FOUND + 1)):
            if number == MAX_FOUND:
                yield _cut(subject, rule)
            elif each.element not in seen:
                seen.add(each.element)
                yield _finding(subject, rule, severity, each)
    except Exception as error:
        yield _failed(subject, rule, error)


def _finding(subject: Subject, rule: Misfit, severity: Severity, found: Found) -> Finding:
    return Finding(
        rule.id,
        min(severity, found.at_most),
        subject.surface.name,
        found.element,
        found.position,
        found.message,
        found.remedy or rule.remedy,
        found.evidence,
    )


def _cut(subject: Subject, rule: Misfit) -> Finding:
    message = (
        f"the rule {rule.id} found more than {MAX_FOUND:,} places in {subject.surface.name}, and the rest is left out"
    )
    return _of_the_search(CUT, subject, message, "Mend what is found, or split the document")


def _failed(subject: Subject, rule: Misfit, error: Exception) -> Finding:
    what = f"{type(error).__name__}: {str(error)[:200]}"
    message = f"the rule {rule.id} broke on {subject.surface.name} ({what}): nothing is known of what it looks for"
    return _of_the_search(FAILED, subject, message, "Report it with the document, please; the other rules went on")


def _of_the_search(rule: str, subject: Subject, message: str, remedy: str) -> Finding:
    """What a search says of itself, on the surface as a whole."""
    surface = subject.surface
    position = Position(surface.readings[0].file if surface.readings else "surfaces.toml")
    element = Element(Kind.SURFACE, surface.name)
    return Finding(rule, Severity.WARNING, surface.name, element, position, message, remedy)
