"""The review for whoever reads its first lines: what it comes to, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dragoman.review.report import digest, grouping, wording
from dragoman.review.review import Review

from .look import SEVERITIES


def head(review: Review) -> Iterator[RenderableType]:
    """A sentence; what was reviewed, and when; how much was found."""
    if review.title:
        yield Text(wording.plain(review.title, 120), "bold underline")
    yield Text(digest.sentence(review), "bold")
    yield Text(digest.reviewed(review), "dim")
    if grouping.has_contracts(review):
        yield _counts(review)
    yield Text()


def _counts(review: Review) -> Text:
    text = Text()
    for at, (each, number) in enumerate(grouping.severities(grouping.findings(review)).items()):
        text.append(" · " if at else "", "dim")
        text.append(wording.severity(each, number), SEVERITIES[each] if number else "dim")
    return text


def actions(review: Review) -> Iterator[RenderableType]:
    """The most important things to do, across all surfaces."""
    found = digest.actions(review)
    if not found:
        return
    yield Text("Do first", "bold")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    for at, each in enumerate(found, 1):
        text = Text(wording.plain(each.what), "bold")
        text.append(f"  {each.where}" if each.where else "", "not bold dim")
        text.append(f"\n{wording.plain(each.how)}" if each.how else "", "not bold")
        grid.add_row(f"{at}.", text)
    yield Padding(grid, (0, 0, 0, 2))
