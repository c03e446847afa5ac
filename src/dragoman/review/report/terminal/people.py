"""The skills that the styles need, and what to ask where one is missing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dragoman.review.people import Skill
from dragoman.review.report import wording
from dragoman.review.review import Review

from .look import Look
from .misfits import title

ASKS = 2
SURFACES = 4
THERE = {
    True: Text("✔ there", "green"),
    False: Text("✘ missing", "bold red"),
    None: Text("? not said", "yellow"),
}


def people(review: Review, look: Look) -> Iterator[RenderableType]:
    """Skills in order of need; questions for an interview under each gap."""
    if not review.people.skills:
        return
    yield Text()
    yield title("People")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for each in review.people.skills:
        grid.add_row(THERE[each.there], _skill(each))
        for name, text in _asks(each, look):
            grid.add_row(name, text)
    yield grid


def _skill(of: Skill) -> Text:
    text = Text(wording.plain(of.name, 120), "bold")
    names = [wording.plain(each, 60) for each in of.surfaces]
    more = f" and {len(names) - SURFACES:,} more" if len(names) > SURFACES else ""
    return text.append(f"  for {', '.join(names[:SURFACES])}{more}" if names else "", "not bold dim")


def _asks(of: Skill, look: Look) -> Iterator[tuple[Text, Text]]:
    """What to ask where the skill is missing, or nobody said that it is there."""
    asks = () if of.there else of.asks
    shown = asks[: look.few(ASKS)]
    for each in shown:
        yield Text("Ask", "dim", justify="right"), Text(wording.plain(each.question))
        heard = "; ".join(wording.plain(phrase) for phrase in each.listen_for)
        if heard:
            yield Text(), Text(f"Listen for: {heard}.", "dim")
    if more := len(asks) - len(shown):
        yield Text(), Text(f"and {more:,} more: --all shows them", "dim")
