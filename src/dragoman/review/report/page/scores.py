"""The points of all styles as bars."""

from __future__ import annotations

from dragoman.review.report import wording
from dragoman.review.verdict.verdict import Verdict

from .markup import Markup, element


def scores(of: Verdict) -> Markup | None:
    """One row a style, the best first; points below zero run to the left of the line."""
    if not of.scores:
        return None
    low, high = min(0.0, *of.scores.values()), max(0.0, *of.scores.values())
    span = high - low or 1.0
    rows = [
        element(
            "tr",
            element("th", wording.style(name), scope="row"),
            element("td", _bar(number, low, span)),
            element("td", wording.points(number), class_="number"),
            class_="chosen" if name == of.style else None,
        )
        for name, number in sorted(of.scores.items(), key=lambda each: (-each[1], each[0]))
    ]
    return element("table", element("tbody", *rows), class_="scores")


def _bar(number: float, low: float, span: float) -> Markup:
    zero = 100 * -low / span
    width = 100 * abs(number) / span
    bar = element("rect", x=zero if number > 0 else zero - width, y=1, width=width, height=8)
    axis = element("rect", x=min(zero, 99.5), y=0, width=0.5, height=10, class_="axis")
    return element("svg", bar, axis, viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")
