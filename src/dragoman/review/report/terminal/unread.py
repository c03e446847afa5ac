"""What the review did not read, or not wholly, and what its baseline says in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from dragoman.review.elements import Position
from dragoman.review.report import wording
from dragoman.review.review import Review

from .look import Look
from .misfits import title

LINES = 10


def unread(review: Review, look: Look) -> Iterator[RenderableType]:
    """Documents that were refused: where, why, and what would help. It stands first: the rest is not whole."""
    if not review.refusals:
        return
    yield Text(wording.not_read(review), "bold red")
    lines = [_line(each.position, each.message, each.remedy, str(each.why)) for each in review.refusals]
    yield _indented(lines, look)
    yield Text()


def remarks(review: Review, look: Look) -> Iterator[RenderableType]:
    """What is wrong with documents that were read."""
    lines = [_line(each.position, each.message, each.remedy) for each in review.remarks]
    yield from _listed("Wrong in documents", lines, look)


def kept(review: Review, look: Look) -> Iterator[RenderableType]:
    """What contracts cannot hold: how much, and what where that is asked for."""
    if not review.kept:
        return
    if look.verbose:
        lines = [_line(each.position, f"{each.element}: {each.what}") for each in review.kept]
        yield from _listed("Beyond a contract", lines, look)
        return
    number = wording.count(len(review.kept), "thing")
    yield Text(f"\n{number} in the documents that no contract can hold: --verbose lists them", "dim")


def stale(review: Review, look: Look) -> Iterator[RenderableType]:
    """Entries of the baseline to take out, or to renew."""
    yield from _listed("Stale in the baseline", [Text(wording.plain(each)) for each in review.stale], look)


def _listed(heading: str, lines: Iterable[Text], look: Look) -> Iterator[RenderableType]:
    all_ = list(lines)
    if not all_:
        return
    yield Text()
    yield title(heading)
    yield _indented(all_, look)


def _indented(lines: list[Text], look: Look) -> Padding:
    shown = lines[: look.few(LINES)]
    if more := len(lines) - len(shown):
        shown.append(Text(f"and {more:,} more: --all shows them", "dim"))
    return Padding(Text("\n", overflow="fold").join(shown), (0, 0, 0, 2))


def _line(at: Position, message: str, remedy: str = "", why: str = "") -> Text:
    text = Text("".join(wording.place(at)), "cyan")
    text.append(f"  {why}: " if why else "  ", "default bold")
    text.append(wording.plain(message), "default")
    text.append(f"  {wording.plain(remedy)}" if remedy else "", "default italic")
    return text
