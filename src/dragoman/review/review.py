"""The review as a whole: from documents to surfaces, verdicts, findings and people."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .misfits.baseline import Baseline, applied
from .misfits.finding import Finding, Subject
from .misfits.search import search
from .people import People, people
from .reading.outcome import Kept, Reading, Refusal, Remark
from .surfaces.counting import counted
from .surfaces.facts import Facts
from .surfaces.inventory import take
from .surfaces.notes import Notes
from .surfaces.owners import owners_below
from .surfaces.surface import Surface
from .verdict.judge import judge
from .verdict.nature import nature
from .verdict.verdict import Nature, Verdict


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One surface with all that is said of it."""

    surface: Surface
    nature: Nature
    verdict: Verdict
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """All that a report says. ``excused`` are findings that a baseline excuses; ``stale`` what a baseline excuses, and
    is gone or has expired. ``kept`` is what contracts cannot hold; ``refusals`` are documents that were not read.
    """

    surfaces: tuple[Reviewed, ...]
    people: People
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[Remark, ...] = ()
    kept: tuple[Kept, ...] = ()
    excused: tuple[Finding, ...] = ()
    stale: tuple[str, ...] = ()
    documents: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What a review starts from: documents as they were read, and what else is known. ``root`` is what their paths are
    relative to.
    """

    readings: Sequence[Reading]
    refusals: Sequence[Refusal] = ()
    documents: int = 0
    notes: Notes = field(default_factory=Notes)
    baseline: Baseline | None = None
    root: Path = field(default_factory=Path.cwd)


def review(given: Given, today: datetime.date) -> Review:
    """Review the documents. Nothing is read and nothing written; ``today`` is the day that baselines expire by."""
    inventory = take(given.readings, given.notes, root=given.root, owners=owners_below(given.root))
    subjects = subjects_of(inventory.surfaces)
    outcome = applied(given.baseline, search(subjects), today)
    reviewed = tuple(
        _reviewed(each, tuple(found for found in outcome.findings if found.surface == each.surface.name))
        for each in subjects
    )
    return Review(
        surfaces=reviewed,
        people=people((each.surface, each.verdict) for each in reviewed),
        refusals=tuple(given.refusals),
        remarks=(*inventory.remarks, *(remark for each in given.readings for remark in each.remarks)),
        kept=tuple(kept for each in given.readings for kept in each.kept),
        excused=outcome.excused,
        stale=outcome.stale,
        documents=given.documents,
    )


def advise(name: str, facts: Facts) -> Review:
    """The review of a surface that has no contract yet."""
    surface = Surface(name, (), facts)
    reviewed = _reviewed(subjects_of([surface])[0], ())
    return Review(surfaces=(reviewed,), people=people([(surface, reviewed.verdict)]))


def assessed(surface: Surface) -> Verdict:
    """The verdict on a surface by its facts alone, without misfits."""
    subject = subjects_of([surface])[0]
    return judge(subject.surface, subject.nature, ())


def subjects_of(surfaces: Sequence[Surface]) -> list[Subject]:
    """Each surface with what it really is and what was counted in it, beside the others."""
    natures = [nature(each) for each in surfaces]
    platform = tuple(
        Surface(each.name, each.readings, counted(each, found)) for each, found in zip(surfaces, natures, strict=True)
    )
    return [Subject(each, found, platform) for each, found in zip(platform, natures, strict=True)]


def _reviewed(subject: Subject, findings: tuple[Finding, ...]) -> Reviewed:
    return Reviewed(subject.surface, subject.nature, judge(subject.surface, subject.nature, findings), findings)
