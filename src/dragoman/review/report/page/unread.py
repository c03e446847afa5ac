"""What was not read, or not wholly."""

from __future__ import annotations

from typing import Final

from dragoman.review.elements import Position
from dragoman.review.report import wording
from dragoman.review.review import Review

from . import signs
from .markup import Markup, element
from .misfits import folded

ROWS: Final = 200
FIRST: Final = 3
"""Of what was not read, as much stands at the head of the page."""


def unread(review: Review, *, verbose: bool) -> Markup | None:
    """Refusals in the open; what is wrong in documents behind a heading, and so, if it is asked for, what contracts
    cannot hold.
    """
    if not review.refusals and not review.remarks and not (verbose and review.kept):
        return None
    remarks = [_item(each.position, each.message, each.remedy) for each in review.remarks[:ROWS]]
    kept = [_item(each.position, f"{each.element}: {each.what}") for each in review.kept[:ROWS]] if verbose else []
    return element(
        "section",
        element("h2", heading(review)),
        _refusals(review) if review.refusals else None,
        folded(f"Wrong in documents: {len(review.remarks):,}", remarks, len(review.remarks)),
        folded(f"Beyond what a contract can hold: {len(review.kept):,}", kept, len(review.kept)),
        id="unread",
    )


def heading(review: Review) -> str:
    """What the section is called: it may be that all was read, and not all is well."""
    return "Not read" if review.refusals else "Documents"


def alert(review: Review) -> Markup | None:
    """What was not read, for the head of the page: whoever reads on has to know that the review is not whole."""
    if not review.refusals:
        return None
    items = [element("li", _told(each.position, each.message, each.remedy)) for each in review.refusals[:FIRST]]
    if (more := len(review.refusals) - FIRST) > 0:
        items.append(element("li", element("a", f"and {more:,} more", href="#unread")))
    said = element("strong", wording.not_read(review))
    return element("section", element("p", said, class_="warned"), element("ul", *items), class_="alert", role="note")


def _refusals(review: Review) -> Markup:
    items = [
        element("li", element("strong", str(each.why)), ": ", _told(each.position, each.message, each.remedy))
        for each in review.refusals[:ROWS]
    ]
    if (more := len(review.refusals) - ROWS) > 0:
        items.append(element("li", f"and {more:,} more", class_="quiet"))
    return element("ul", *items, class_="refusals")


def _item(at: Position, message: str, remedy: str = "") -> Markup:
    return element("li", _told(at, message, remedy))


def _told(at: Position, message: str, remedy: str) -> list[Markup | str | None]:
    return [signs.place(at), " ", message, element("div", remedy, class_="quiet") if remedy else None]
