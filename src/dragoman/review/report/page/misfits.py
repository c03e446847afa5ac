"""Misfits by rule, with places and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dragoman.review.misfits.finding import Finding
from dragoman.review.report import grouping, wording
from dragoman.review.report.grouping import Group
from dragoman.review.review import Review

from . import signs
from .markup import Markup, element

ROWS: Final = 100
"""Findings of one rule that the page lists."""
OPEN: Final = 4
"""Rules up to which all are open from the start."""


def misfits(review: Review, groups: tuple[Group, ...], listed: int) -> Markup | None:
    """The section; None where nothing was found nor excused. Only the first ``listed`` surfaces can be led to."""
    if not groups and not review.excused and not review.stale:
        return None
    numbers = {each.surface.name: at for at, each in enumerate(review.surfaces[:listed])}
    rules = [_rule(at, each, numbers, opened=len(groups) <= OPEN) for at, each in enumerate(groups)]
    heading = element("h2", "Misfits ", signs.tally(grouping.severities(grouping.findings(review))))
    about = element("p", wording.MISFIT, " ", _listed(groups), class_="quiet about")
    nothing = element("p", "No misfit matches the filter.", class_="nothing", hidden=True)
    return element("section", heading, about, *rules, nothing, _excused(review), _stale(review), id="misfits")


def _listed(groups: Iterable[Group]) -> str | None:
    """How many of all stand on the page, unless all do."""
    numbers = [len(each.findings) for each in groups]
    shown = sum(min(each, ROWS) for each in numbers)
    return f"{shown:,} of {sum(numbers):,} are listed here; --format json has all." if shown < sum(numbers) else None


def _rule(at: int, of: Group, numbers: Mapping[str, int], *, opened: bool) -> Markup:
    places = wording.count(len(of.findings), "place")
    where = f"{places} on {wording.count(of.surfaces, 'surface')}"
    heading = element(
        "summary",
        signs.marks(of.findings),
        element("h3", of.title),
        element("code", of.rule),
        element("span", where, class_="quiet count"),
    )
    body = element("div", _words(of), _rows(of, numbers), class_="body")
    return element("details", heading, body, id=f"rule-{at}", class_=f"rule {of.severity}", open=opened)


def _words(of: Group) -> Markup:
    lines = (
        ("Why", of.reason),
        ("Remedy", of.remedy),
        ("Not for", of.exception),
        ("Source", signs.source(of.source, of.link) if of.source else ""),
    )
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", said)) for name, said in lines if said),
        class_="words",
    )


def _rows(of: Group, numbers: Mapping[str, int]) -> Markup:
    rows = [_row(each, of, numbers) for each in of.findings[:ROWS]]
    head = element("tr", *(element("th", each, scope="col") for each in ("", "Where", "Surface", "What")))
    table = element("table", element("thead", head), element("tbody", *rows), class_="findings")
    whole = len(of.findings)
    cut = element("p", f"The first {ROWS} of {whole:,}; --format json has all.", class_="cut") if whole > ROWS else None
    return element("div", cut, table)


def _row(of: Finding, group: Group, numbers: Mapping[str, int]) -> Markup:
    number = numbers.get(of.surface)
    name = wording.plain(of.surface, 60)
    remedy = element("div", of.remedy, class_="quiet") if of.remedy and of.remedy != group.remedy else None
    return element(
        "tr",
        element("td", signs.shape(of.severity)),
        element("td", signs.place(of.position)),
        element("td", name if number is None else element("a", name, href=f"#surface-{number}")),
        element("td", of.message, remedy, _evidence(of)),
        data_n=number,
        data_rank=int(of.severity),
    )


def _evidence(of: Finding) -> Markup | None:
    places = [signs.place(each) for each in of.evidence[:3]]
    more = len(of.evidence) - 3
    return (
        element(
            "div",
            "also ",
            *((each, " ") for each in places),
            f"and {more:,} more" if more > 0 else None,
            class_="quiet",
        )
        if places
        else None
    )


def _excused(review: Review) -> Markup | None:
    lines = [
        element(
            "li", signs.place(each.position), " ", each.message, " ", element("code", each.rule), _why(review, each)
        )
        for each in review.excused[:ROWS]
    ]
    return folded(f"Excused by the baseline: {len(review.excused):,}", lines, len(review.excused))


def _why(review: Review, of: Finding) -> Markup | None:
    why = review.excuses.get(of.key)
    return element("div", why, class_="quiet") if why else None


def _stale(review: Review) -> Markup | None:
    lines = [element("li", each) for each in review.stale[:ROWS]]
    return folded(f"Stale in the baseline: {len(review.stale):,}", lines, len(review.stale))


def folded(summary: str, lines: Iterable[Markup], whole: int) -> Markup | None:
    """A list behind its heading, with what it leaves out; None for an empty one."""
    items = list(lines)
    if not items:
        return None
    if whole > len(items):
        items.append(element("li", f"and {whole - len(items):,} more", class_="quiet"))
    return element("details", element("summary", summary), element("ul", *items), class_="fold")
