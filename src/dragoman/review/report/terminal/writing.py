"""The review as text for a terminal: a table of all surfaces, then one block for each, then what was found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from dragoman.review.report import grouping, wording
from dragoman.review.review import Review
from dragoman.review.verdict.verdict import Decision

from .head import actions, head
from .look import Look
from .misfits import misfits
from .overview import ROWS, overview
from .people import people
from .surface import block
from .unread import kept, remarks, stale, unread

SURFACES = 20
"""Surfaces that have a block of their own, unless all are asked for."""


_CONTROLS: Final = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}


def write(review: Review, look: Look | None = None) -> str:
    """The text, with escape sequences only where the look has colour. Every line ends in a newline, none in a blank."""
    look = look or Look()
    out = io.StringIO()
    console = Console(
        file=out,
        width=look.width,
        force_terminal=look.colour,
        color_system="standard" if look.colour else None,
        no_color=not look.colour,
        legacy_windows=False,
        emoji=False,
        markup=False,
        highlight=False,
        _environ={},
    )
    for part in _parts(review, look):
        console.print(_Harmless(part))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().lstrip("\n").splitlines())


@dataclass(frozen=True, slots=True)
class _Harmless:
    """A part without the control characters that a document's texts may hold: a terminal would obey them."""

    part: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.part, options):
            yield Segment(segment.text.translate(_CONTROLS), segment.style, segment.control)


def _parts(review: Review, look: Look) -> Iterator[RenderableType]:
    review = grouping.by_urgency(review)
    if not _alone(review):
        yield from head(review)
    yield from unread(review, look)
    yield from actions(review)
    if review.surfaces and not _alone(review):
        yield overview(review, look)
        yield from _meaning(review)
        yield from _more(len(review.surfaces) - len(review.surfaces[: look.few(ROWS)]))
    shown = review.surfaces[: look.few(SURFACES)]
    for each in shown:
        yield from block(each, look)
    yield from _more(len(review.surfaces) - len(shown))
    for section in (misfits, people, remarks, kept, stale):
        yield from section(review, look)


def _more(number: int) -> Iterator[RenderableType]:
    if number:
        yield Text(f"\nand {wording.count(number, 'surface')} more: --all shows them", "dim")


def _alone(review: Review) -> bool:
    """Whether it is advice on one surface: its block says all there is."""
    return len(review.surfaces) == 1 and not grouping.has_contracts(review)


def _meaning(review: Review) -> Iterator[RenderableType]:
    """The words of the table that are ours, where it holds them."""
    words = [
        *((wording.MEND,) if any(each.verdict.decision is Decision.MEND for each in review.surfaces) else ()),
        *((wording.MISFIT,) if any(grouping.findings(review)) else ()),
    ]
    if words:
        yield Text(" ".join(words), "dim")
