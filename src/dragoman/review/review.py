"""What a review comes to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from .misfits.finding import Finding, Misfit
from .people import People
from .reading.outcome import Kept, Refusal, Remark
from .surfaces.surface import Surface
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
    is gone or has expired; ``excuses`` are the reasons that it gives, by the finding's key. ``kept`` is what contracts
    cannot hold; ``refusals`` are documents that were not read. ``rules`` are those that looked for misfits: a report
    takes titles, reasons and sources from them. ``documents`` counts what was found, refused ones among them; they
    were found in ``paths``, as these were given, on the day ``made``. ``title`` says what was reviewed, in the reader's
    words.
    """

    surfaces: tuple[Reviewed, ...]
    people: People
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[Remark, ...] = ()
    kept: tuple[Kept, ...] = ()
    excused: tuple[Finding, ...] = ()
    stale: tuple[str, ...] = ()
    documents: int = 0
    rules: tuple[Misfit, ...] = ()
    excuses: Mapping[tuple[str, str], str] = field(default_factory=dict)
    title: str = ""
    made: datetime.date | None = None
    paths: tuple[str, ...] = ()
