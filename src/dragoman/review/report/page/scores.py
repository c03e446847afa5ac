"""The points of all styles as bars."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.review.report import wording
from dragoman.review.report.balance import Balance, Bar

from .markup import Markup, element


def scores(of: Balance, chosen: str | None) -> Markup | None:
    """One row a style, the best first; points below zero run to the left of the line. What speaks for staying is a part
    of its own.
    """
    if not of.bars:
        return None
    low = min(0.0, *(each.fit for each in of.bars))
    span = max(0.0, *(max(each.fit, 0.0) + each.staying for each in of.bars)) - low or 1.0
    rows = [
        element(
            "tr",
            element("th", wording.style(each.style), scope="row"),
            element("td", _bar(each, low, span)),
            element("td", wording.points(each.points), class_="number"),
            class_="chosen" if each.style == chosen else None,
        )
        for each in of.bars
    ]
    return element("div", element("table", element("tbody", *rows), class_="scores"), _staying(of.staying))


def _staying(of: Bar | None) -> Markup | None:
    if of is None:
        return None
    said = f"{wording.points(of.staying)} of the points of {wording.style(of.style)} for staying: it is there already"
    return element("p", element("span", class_="swatch", aria_hidden="true"), said, class_="quiet")


def _bar(of: Bar, low: float, span: float) -> Markup:
    zero = 100 * -low / span
    fit, staying = 100 * abs(of.fit) / span, 100 * of.staying / span
    parts: Sequence[Markup] = (
        element("rect", x=zero if of.fit > 0 else zero - fit, y=1, width=fit, height=8),
        element("rect", x=zero + (fit if of.fit > 0 else 0), y=1, width=staying, height=8, class_="staying"),
    )
    axis = element("rect", x=min(zero, 99.5), y=0, width=0.5, height=10, class_="axis")
    shown = parts if of.staying else parts[:1]
    return element("svg", *shown, axis, viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")
