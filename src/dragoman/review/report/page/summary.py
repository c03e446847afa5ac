"""The head of the page: what there is, in numbers."""

from __future__ import annotations

from typing import Final

from dragoman.review.report import grouping, wording
from dragoman.review.review import Review
from dragoman.review.verdict.verdict import Decision

from .markup import Markup, element

DECISIONS: Final = {
    Decision.KEEP: "to keep",
    Decision.MEND: "to mend",
    Decision.MOVE: "to move",
    Decision.CHOOSE: "to choose for",
    Decision.ASK: "to ask about",
}


def summary(review: Review, title: str) -> Markup:
    """The title, the verdicts as one bar with its legend, and the misfits."""
    return element(
        "header",
        element("p", "Dragoman review", class_="brand"),
        element("h1", title),
        element("p", _lead(review), class_="lead"),
        element("div", _verdicts(review), _misfits(review), _documents(review), class_="tiles"),
        class_="hero",
    )


def _lead(review: Review) -> str:
    surfaces = wording.count(len(review.surfaces), "surface")
    read = f" in {wording.count(review.documents, 'document')}" if review.documents else ""
    return f"{surfaces}{read}: whom each is for, what it speaks, what would fit, and what to mend first."


def _verdicts(review: Review) -> Markup | None:
    if not review.surfaces:
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


def _documents(review: Review) -> Markup:
    refused = len(review.refusals)
    gaps = sum(1 for each in review.people.skills if not each.there)
    read = [
        element("li", element("strong", review.documents), " read or tried"),
        element("li", element("strong", refused), " not read", class_="error" if refused else None),
    ]
    lines = [
        *(read if review.documents or refused else ()),
        element("li", element("strong", gaps), f" {'skill' if gaps == 1 else 'skills'} missing or not known"),
    ]
    return _tile(
        "Documents and people" if review.documents or refused else "People", element("ul", *lines, class_="legend")
    )


def _tile(name: str, *content: Markup | None) -> Markup:
    return element("section", element("h2", name), *content, class_="tile")
