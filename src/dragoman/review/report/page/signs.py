"""The small signs that the page is made of: verdicts, severities, confidence, places. Each says in words what its
colour and shape say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Finding, Severity
from dragoman.review.report import grouping, wording
from dragoman.review.review import Reviewed
from dragoman.review.verdict.verdict import Confidence

from .markup import Content, Markup, element

NOTHING: Final = "No surface matches the filter."
SHORT: Final = 34
"""Characters of a place up to which it stands on one line."""
SHAPES: Final = {Severity.ERROR: "▲", Severity.WARNING: "◆", Severity.HINT: "●"}
DOTS: Final = {Confidence.HIGH: 3, Confidence.MEDIUM: 2, Confidence.LOW: 1}


def verdict(of: Reviewed) -> Markup:
    """``move → REST``."""
    return element("span", wording.verdict(of), class_=f"chip {of.verdict.decision}")


def confidence(of: Confidence) -> Markup:
    """Three dots and the word."""
    full = DOTS[of]
    dots = element("span", "●" * full + "○" * (3 - full), class_="dots", aria_hidden="true")
    return element("span", dots, f" {of} confidence", class_="sure")


def marks(found: Iterable[Finding]) -> Markup:
    """How many misfits of each severity."""
    return tally(grouping.severities(found))


def tally(counts: Mapping[Severity, int]) -> Markup:
    """The same, where they are counted already."""
    return element("span", *(mark(each, number) for each, number in counts.items() if number), class_="marks")


def mark(severity: Severity, number: int) -> Markup:
    """A shape and a number."""
    said = wording.severity(severity, number)
    drawn = element("span", SHAPES[severity], aria_hidden="true")
    heard = element("span", f" {said.split(' ', 1)[1]} ", class_="heard")
    return element("span", drawn, Markup("\u202f"), number, heard, class_=f"mark {severity}", title=said)


def shape(severity: Severity) -> Markup:
    """A shape alone, for one misfit."""
    drawn = element("span", SHAPES[severity], aria_hidden="true")
    return element(
        "span", drawn, element("span", str(severity), class_="heard"), class_=f"mark {severity}", title=str(severity)
    )


def place(at: Position | None) -> Markup | None:
    """File and line; a long one may break where its parts end."""
    if at is None:
        return None
    file, where = wording.place(at)
    if len(file) + len(where) <= SHORT:
        return element("code", file, where, class_="place")
    parts = (each for part in file.split("/") for each in (element("wbr"), f"/{part}"))
    _, first, *rest = parts
    return element("code", first[1:], *rest, element("wbr"), where, class_="place long")


def source(name: str, link: str) -> Markup:
    """Where a rule comes from; a link only where it is an address of the web."""
    if link.startswith(("https://", "http://")):
        return element("a", name, href=link, rel="noreferrer noopener")
    return element("span", name)


def titled(name: str, *content: Content, class_: str | None = None) -> Markup:
    """A part of a surface, under a heading."""
    return element("section", element("h4", name), *content, class_=class_)
