"""Conducting a review: from documents that were read to surfaces, misfits, verdicts and people."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .misfits.baseline import Baseline, apply
from .misfits.finding import Finding, Severity, Subject
from .misfits.rules import MISFITS
from .misfits.search import search
from .reading.outcome import Reading, Refusal
from .review import Review, Reviewed
from .staffing import people
from .surfaces.counting import count
from .surfaces.facts import Facts
from .surfaces.inventory import take
from .surfaces.notes import Notes
from .surfaces.owners import owners_below
from .surfaces.speech import speech
from .surfaces.surface import Surface
from .surfaces.work import meant
from .verdict.judge import judge
from .verdict.nature import nature
from .verdict.verdict import Verdict

FIRST: Final = 5
"""So many misfits are named as the first to mend."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a review starts from: documents as they were read, and what else is known. ``root`` is what their paths are
    relative to; ``paths`` and ``title`` are what was asked for, in the reader's words.
    """

    readings: Sequence[Reading]
    refusals: Sequence[Refusal] = ()
    documents: int = 0
    notes: Notes = field(default_factory=Notes)
    baseline: Baseline = field(default_factory=Baseline)
    root: Path = field(default_factory=Path.cwd)
    paths: tuple[str, ...] = ()
    title: str = ""


def review(given: Given, today: datetime.date) -> Review:
    """Review the documents. Nothing is read but CODEOWNERS; ``today`` is the day that baselines expire by."""
    inventory = take(given.readings, given.notes, root=given.root, owners=owners_below(given.root))
    subjects = subjects_of(inventory.surfaces)
    outcome = apply(given.baseline, search(subjects), today)
    by_surface: dict[str, list[Finding]] = {}
    for found in outcome.kept:
        by_surface.setdefault(found.surface, []).append(found)
    reviewed = tuple(_reviewed(each, tuple(by_surface.get(each.surface.name, ()))) for each in subjects)
    return Review(
        surfaces=reviewed,
        people=people((each.surface, each.verdict) for each in reviewed),
        refusals=(*given.refusals, *inventory.refusals),
        remarks=tuple(remark for each in given.readings for remark in each.remarks),
        kept=tuple(kept for each in given.readings for kept in each.kept),
        excused=outcome.excused,
        stale=outcome.stale,
        documents=given.documents,
        rules=tuple(MISFITS.values()),
        excuses={each.key: each.reason for each in given.baseline.entries},
        title=given.title,
        made=today,
        paths=given.paths,
    )


def advise(name: str, facts: Facts, today: datetime.date | None = None) -> Review:
    """The review of a surface that has no contract yet."""
    surface = Surface(name, (), facts)
    reviewed = _reviewed(subjects_of([surface])[0], ())
    return Review(surfaces=(reviewed,), people=people([(surface, reviewed.verdict)]), made=today)


def assessed(subject: Subject, facts: Facts) -> Verdict:
    """The verdict if these were the surface's facts, without misfits: what a dialogue asks again and again."""
    surface = subject.surface
    return judge(Surface(surface.name, surface.readings, _complete(surface.readings, facts)), subject.nature)


def subjects_of(surfaces: Sequence[Surface]) -> list[Subject]:
    """Each surface with what it really is and what was counted in it, beside the others."""
    spoken = [speech(each.readings) for each in surfaces]
    platform = tuple(
        Surface(each.name, each.readings, _complete(each.readings, each.facts).with_(*count(each.readings, told)))
        for each, told in zip(surfaces, spoken, strict=True)
    )
    return [Subject(each, nature(each, told), platform) for each, told in zip(platform, spoken, strict=True)]


def _complete(readings: Sequence[Reading], facts: Facts) -> Facts:
    """The facts, with those that follow from what a person says of a surface that has no document."""
    return facts if readings else facts.with_(*meant(facts))


def _reviewed(subject: Subject, findings: tuple[Finding, ...]) -> Reviewed:
    severities = Counter(each.severity for each in findings)
    verdict = judge(
        subject.surface,
        subject.nature,
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARNING],
        first=_first(findings),
    )
    return Reviewed(subject.surface, subject.nature, verdict, findings)


def _first(findings: Sequence[Finding]) -> list[str]:
    """What to mend before anything else: the worst, and of these what is found most often."""
    counts = Counter((each.severity, each.rule) for each in findings if each.severity > Severity.HINT)
    worst = sorted(counts, key=lambda each: (-each[0], -counts[each], each[1]))[:FIRST]
    known = ((MISFITS[rule], counts[severity, rule]) for severity, rule in worst if rule in MISFITS)
    return [f"{each.title} ({count}): {each.remedy}" for each, count in known]
