"""What is said of one surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dragoman.review.report import wording
from dragoman.review.report.balance import Balance, Told, balance
from dragoman.review.review import Reviewed
from dragoman.review.verdict.verdict import Decision, Verdict

from .look import CONFIDENCES, DECISIONS, Look

LINES = 4
REASONS = 12
"""So many reasons are shown, since they come to the points."""
DOCUMENTS = 3


def block(of: Reviewed, look: Look) -> Iterator[RenderableType]:
    """A heading, and what there is to say under it; parts that say nothing are left out."""
    yield Text()
    yield _heading(of)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True, width=12)
    grid.add_column(overflow="fold")
    for name, content in _rows(of, look):
        grid.add_row(name, content)
    yield Padding(grid, (0, 0, 0, 2))


def _heading(of: Reviewed) -> Text:
    said = of.verdict
    text = Text("▌ ", DECISIONS[said.decision])
    text.append(wording.plain(of.surface.name, 100), "default bold")
    text.append(f"  {wording.verdict(of)}", f"bold {DECISIONS[said.decision]}")
    text.append(f"  {CONFIDENCES[said.confidence]} {said.confidence} confidence", "default dim")
    return text


def _rows(of: Reviewed, look: Look) -> Iterator[tuple[str, RenderableType]]:
    said, sides = of.verdict, balance(of)
    yield "Is", _nature(of)
    if said.advice:
        yield "In short", Text(wording.plain(said.advice))
    if said.scores:
        yield "Points", _scores(sides, sides.style)
    why = "Why" if sides.style == said.style else f"Why {wording.style(sides.style)}"
    for name, reasons in (
        (why, sides.pro),
        ("Against", sides.contra),
        (f"For {wording.style(said.runner_up)}", sides.instead),
    ):
        if reasons:
            yield name, _list(_reasons(reasons), look.few(REASONS))
    for name, lines in _lists(said):
        if lines:
            yield name, _list(lines, look.few(LINES))


def _lists(said: Verdict) -> Iterator[tuple[str, list[tuple[str, Text]]]]:
    yield "Would turn", _bullets(each.text for each in said.turns)
    first = "Still to do" if said.decision is Decision.KEEP else "Mend first"
    yield first, [(f"{at}.", Text(wording.plain(each))) for at, each in enumerate(said.first, 1)]
    yield "Moving costs", _bullets(said.cost)
    yield "Open", _bullets(wording.question(each) for each in said.open)


def _nature(of: Reviewed) -> Text:
    for_whom = of.surface.audience
    text = Text(wording.form(of.nature))
    text.append(f", for {for_whom} callers" if for_whom else "; whom it is for is not known")
    files = list(dict.fromkeys(wording.plain(each.file, 120) for each in of.surface.readings))
    more = f" and {len(files) - DOCUMENTS:,} more" if len(files) > DOCUMENTS else ""
    text.append(f"  {', '.join(files[:DOCUMENTS])}{more}", "dim")
    return text


def _scores(of: Balance, chosen: str | None) -> Text:
    text = Text()
    for each in of.bars:
        look = "bold" if each.style == chosen else "dim"
        text.append(f"{wording.style(each.style)} {wording.points(each.points)}", look)
        text.append(f" ({wording.points(each.staying)} of them for staying)" if each.staying else "", "dim")
        text.append("  ")
    return text


def _reasons(reasons: Iterable[Told]) -> list[tuple[str, Text]]:
    """The weightiest first, each with its rule's id."""
    return [
        (wording.points(each.points), Text.assemble(wording.plain(each.text), "  ", (each.rule.id, "dim")))
        for each in reasons
    ]


def _bullets(lines: Iterable[str]) -> list[tuple[str, Text]]:
    return [("•", Text(wording.plain(each))) for each in lines]


def _list(lines: list[tuple[str, Text]], most: int | None) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    shown = lines[:most]
    for mark, text in shown:
        grid.add_row(mark, text)
    if more := len(lines) - len(shown):
        grid.add_row("", Text(f"and {more:,} more: --all shows them", "dim"))
    return grid
