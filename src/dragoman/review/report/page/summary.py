"""The head of the page: the review in a sentence, what to do first, and what there is in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dragoman.review.report import digest, grouping, wording
from dragoman.review.report.digest import Action
from dragoman.review.report.grouping import Group
from dragoman.review.review import Review
from dragoman.review.verdict.verdict import Decision

from .markup import Markup, element
from .unread import alert

DECISIONS: Final = {
    Decision.KEEP: "to keep",
    Decision.MEND: "to mend",
    Decision.MOVE: "to move",
    Decision.CHOOSE: "to choose for",
    Decision.ASK: "to ask about",
}


def summary(review: Review, title: str, groups: Sequence[Group], listed: int) -> Markup:
    """For whoever reads nothing else. Its actions lead to rules, and to the first ``listed`` surfaces."""
    places = {f"rule {each.rule}": f"#rule-{at}" for at, each in enumerate(groups)}
    places |= {f"surface {each.surface.name}": f"#surface-{at}" for at, each in enumerate(review.surfaces[:listed])}
    return element(
        "header",
        element("p", digest.reviewed(review), class_="brand"),
        element("h1", title),
        element("p", digest.sentence(review), class_="lead"),
        alert(review),
        _actions(digest.actions(review), places),
        element("div", *_tiles(review), class_="tiles"),
        class_="hero",
    )


def _actions(of: Sequence[Action], places: Mapping[str, str]) -> Markup | None:
    if not of:
        return None
    items = [_action(each, places) for each in of]
    return element("section", element("h2", "Do first"), element("ol", *items), class_="actions")


def _action(of: Action, places: Mapping[str, str]) -> Markup:
    link = places.get(f"rule {of.rule}" if of.rule else f"surface {of.surface}")
    what = element("a", of.what, href=link) if link else of.what
    where = element("span", of.where, class_="quiet") if of.where else None
    how = element("span", of.how, class_="how") if of.how else None
    return element("li", element("strong", what), " ", where, how)


def _tiles(review: Review) -> list[Markup | None]:
    found = grouping.has_contracts(review)
    return [
        _verdicts(review),
        _misfits(review) if found else None,
        _documents(review) if found else None,
        _people(review),
    ]


def _verdicts(review: Review) -> Markup | None:
    if len(review.surfaces) < 2:
        return None
    decided = grouping.decisions(review)
    bar, at = [], 0.0
    for decision, number in decided.items():
        width = 100 * number / len(review.surfaces)
        bar.append(element("rect", x=at, y=0, width=max(width - 0.6, 0.4), height=10, class_=str(decision)))
        at += width
    legend = [
        element("li", element("strong", number), f" {DECISIONS[decision]}", class_=str(decision))
        for decision, number in decided.items()
    ]
    drawn = element("svg", *bar, viewBox="0 0 100 10", preserveAspectRatio="none", class_="bar", aria_hidden="true")
    return _tile("Verdicts", drawn, element("ul", *legend, class_="legend"))


def _misfits(review: Review) -> Markup:
    counts = grouping.severities(grouping.findings(review))
    lines = [
        element("li", element("strong", number), " ", wording.severity(each, number).split(" ", 1)[1], class_=str(each))
        for each, number in counts.items()
    ]
    excused = element("p", f"{len(review.excused):,} more excused by the baseline") if review.excused else None
    return _tile("Misfits", element("ul", *lines, class_="legend shapes"), excused)


def _documents(review: Review) -> Markup | None:
    refused = len(review.refusals)
    if not review.documents and not refused:
        return None
    read = element("li", element("strong", max(review.documents - refused, 0)), " read")
    unread = element("li", element("strong", refused), " not read", class_="error") if refused else None
    return _tile("Documents", element("ul", read, unread, class_="legend"))


def _people(review: Review) -> Markup | None:
    there = [each.there for each in review.people.skills]
    counts = (
        ("there", there.count(True)),
        ("missing", there.count(False)),
        ("not known to be there", there.count(None)),
    )
    lines = [element("li", element("strong", number), f" {said}") for said, number in counts if number]
    return _tile("Skills", element("ul", *lines, class_="legend")) if lines else None


def _tile(name: str, *content: Markup | None) -> Markup:
    return element("section", element("h2", name), *content, class_="tile")
