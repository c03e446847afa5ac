"""What was not read, or not wholly."""

from __future__ import annotations

from typing import Final

from dragoman.review.elements import Position
from dragoman.review.review import Review

from . import signs
from .markup import Markup, element
from .misfits import folded

ROWS: Final = 200


def unread(review: Review) -> Markup | None:
    """Refusals in the open; what is wrong in documents and what contracts cannot hold behind a heading."""
    if not review.refusals and not review.remarks and not review.kept:
        return None
    remarks = [_item(each.position, each.message, each.remedy) for each in review.remarks[:ROWS]]
    kept = [_item(each.position, f"{each.element}: {each.what}") for each in review.kept[:ROWS]]
    return element(
        "section",
        element("h2", "Not read"),
        _refusals(review),
        folded(f"Wrong in documents: {len(review.remarks):,}", remarks, len(review.remarks)),
        folded(f"Beyond what a contract can hold: {len(review.kept):,}", kept, len(review.kept)),
        id="unread",
    )


def _refusals(review: Review) -> Markup:
    if not review.refusals:
        return element("p", "Every document was read.", class_="quiet")
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
