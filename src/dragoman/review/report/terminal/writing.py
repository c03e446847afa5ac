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

from .look import DECISIONS, SEVERITIES, Look
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
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


@dataclass(frozen=True, slots=True)
class _Harmless:
    """A part without the control characters that a document's texts may hold: a terminal would obey them."""

    part: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.part, options):
            yield Segment(segment.text.translate(_CONTROLS), segment.style, segment.control)


def _parts(review: Review, look: Look) -> Iterator[RenderableType]:
    yield _heading(review)
    if review.surfaces:
        yield overview(review, look)
        yield from _more(len(review.surfaces) - len(review.surfaces[: look.few(ROWS)]))
    shown = review.surfaces[: look.few(SURFACES)]
    for each in shown:
        yield from block(each, look)
    yield from _more(len(review.surfaces) - len(shown))
    for section in (misfits, people, unread, remarks, kept, stale):
        yield from section(review, look)


def _more(number: int) -> Iterator[RenderableType]:
    if number:
        yield Text(f"\nand {wording.count(number, 'surface')} more: --all shows them", "dim")


def _heading(review: Review) -> Text:
    text = Text()
    text.append(wording.count(len(review.surfaces), "surface"), "bold")
    text.append(f" in {wording.count(review.documents, 'document')}" if review.documents else "")
    for decision, number in grouping.decisions(review).items():
        text.append(" · ", "dim")
        text.append(f"{number} to {decision}", DECISIONS[decision])
    text.append("\n")
    for at, (each, number) in enumerate(grouping.severities(grouping.findings(review)).items()):
        text.append(" · " if at else "", "dim")
        text.append(wording.severity(each, number), SEVERITIES[each] if number else "dim")
    if review.refusals:
        text.append(" · ", "dim")
        text.append(f"{wording.count(len(review.refusals), 'document')} not read", "bold red")
    return text
