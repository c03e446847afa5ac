"""The skills that the styles need, and what to ask where one is missing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dragoman.review.people import Ask, Skill
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
    for each in review.people.skills:
        yield Text.assemble(THERE[each.there], "  ", (wording.plain(each.name, 120), "bold"), "  ", _for(each))
        shown = each.asks[: look.few(ASKS)] if not each.there else ()
        if shown:
            yield Padding(_asks(shown, len(each.asks) - len(shown)), (0, 0, 0, 4))


def _for(of: Skill) -> Text:
    names = [wording.plain(each, 60) for each in of.surfaces]
    more = f" and {len(names) - SURFACES:,} more" if len(names) > SURFACES else ""
    return Text(f"for {', '.join(names[:SURFACES])}{more}" if names else "", "dim")


def _asks(asks: tuple[Ask, ...], more: int) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for each in asks:
        grid.add_row("Ask", Text(wording.plain(each.question)))
        grid.add_row("", Text(f"A strong answer speaks of {_listed(each.listen_for)}.", "dim"))
    if more:
        grid.add_row("", Text(f"and {more:,} more: --all shows them", "dim"))
    return grid


def _listed(phrases: tuple[str, ...]) -> str:
    said = [wording.plain(each) for each in phrases]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)
