"""Misfits by rule."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from dragoman.review.misfits.finding import Finding
from dragoman.review.report import grouping, wording
from dragoman.review.report.grouping import Group
from dragoman.review.review import Review

from .look import SEVERITIES, Look

RULES = 15
POSITIONS = 3


def title(text: str) -> Rule:
    """The heading of a part of the report."""
    return Rule(Text(text, "bold"), align="left", style="dim", characters="─")


def misfits(review: Review, look: Look) -> Iterator[RenderableType]:
    """The gravest rules first, each with some of the places where it looked in vain for better."""
    groups = grouping.by_rule(review)
    if not groups and not review.excused:
        return
    yield Text()
    yield title("Misfits")
    shown = groups[: look.few(RULES)]
    for each in shown:
        yield Text()
        yield _heading(each)
        yield Padding(_places(each, look), (0, 0, 0, 2))
    if more := len(groups) - len(shown):
        yield Text(f"\nand {wording.count(more, 'rule')} more: --all shows them", "dim")
    if review.excused:
        yield Text(f"\nThe baseline excuses {wording.count(len(review.excused), 'finding')}", "dim")


def _heading(of: Group) -> Text:
    text = Text(f"{str(of.severity).upper():<9}", SEVERITIES[of.severity])
    text.append(wording.plain(of.title, 100), "bold")
    text.append(f"  {of.rule}", "dim")
    text.append(f"  {wording.count(len(of.findings), 'place')}")
    text.append(f" on {wording.count(of.surfaces, 'surface')}" if of.surfaces > 1 else "")
    return text


def _places(of: Group, look: Look) -> Text:
    shown = of.findings[: look.few(POSITIONS)]
    lines = [_place(each, of) for each in shown]
    if more := len(of.findings) - len(shown):
        lines.append(Text(f"and {more:,} more: --all shows them", "dim"))
    if of.remedy:
        lines.append(Text(f"Remedy: {wording.plain(of.remedy)}", "italic"))
    return Text("\n", overflow="fold").join(lines)


def _place(of: Finding, group: Group) -> Text:
    text = Text("".join(wording.place(of.position)), "cyan")
    text.append(f"  {wording.plain(of.message)}", "not bold default")
    if of.remedy and of.remedy != group.remedy:
        text.append(f"  {wording.plain(of.remedy)}", "italic default")
    return text
