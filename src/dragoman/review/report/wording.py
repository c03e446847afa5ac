"""How reports say what a review holds: one name for each style, decision and value, and text that harms no reader."""

from __future__ import annotations

import re
from typing import Any, Final

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Severity
from dragoman.review.review import Review, Reviewed
from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty
from dragoman.review.verdict.styles import SPOKEN
from dragoman.review.verdict.verdict import Decision, Nature

CERTAINTIES: Final = {
    Certainty.STATED: "stated",
    Certainty.READ: "read",
    Certainty.INFERRED: "inferred",
    Certainty.UNKNOWN: "unknown",
}
LONGEST: Final = 400
"""Characters of one text of a document that a report for people shows: a title of a megabyte makes no page of one."""

FAR: Final = 120
"""From this column on, a line by itself is no place that an eye finds."""
NUMBERS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MISFIT: Final = "A misfit is something that does not suit a surface's callers or its style."
MEND: Final = "Mend: the style fits, and is not spoken well."

_SPACE: Final = re.compile(r"[\s\u2028\u2029]+")
# Control characters (a terminal obeys them), the marks that turn the direction of text around (which make a text look
# like another), and halves of surrogate pairs (which no encoding takes).
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(text: object, longest: int = LONGEST) -> str:
    """One line of text that is safe to show: white space is one blank, what cannot be seen is ``�``; cut where it is
    too long.
    """
    whole = str(text)
    if len(whole) <= longest and whole.isprintable() and "  " not in whole:
        return whole.strip()  # as nearly all are
    line = _UNSEEN.sub("\ufffd", _SPACE.sub(" ", whole[: 4 * longest])).strip()
    return line if len(line) <= longest and len(whole) <= 4 * longest else f"{line[: longest - 1]}…"


def place(at: Position) -> tuple[str, str]:
    """The file, and where in it: ``:17``; with the column where all of a document may stand on one line."""
    column = f":{at.column}" if at.column >= FAR or (at.line == 1 and at.column > 1) else ""
    return plain(at.file, 160), f":{at.line}{column}"


def small(number: int) -> str:
    """A number in a sentence: in words as far as ten."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"


def style(name: str | None) -> str:
    """A style as people write it."""
    return "unknown" if name is None else SPOKEN.get(name, plain(name, 40))


def audience(reviewed: Reviewed) -> str:
    """Whom a surface is for."""
    known = reviewed.surface.audience
    return "unknown" if known is None else str(known)


def form(nature: Nature) -> str:
    """What a surface speaks in fact."""
    return plain(nature.form, 80) or ("nothing yet" if nature.style is None else style(nature.style))


def verdict(reviewed: Reviewed) -> str:
    """``keep REST``, ``keep RPC and REST``, ``move → RPC``, ``ask first``."""
    said = reviewed.verdict
    if said.decision is Decision.ASK:
        return "ask first" if said.style is None else f"ask first ({style(said.style)}?)"
    arrow = "→ " if said.decision is Decision.MOVE else ""
    return f"{said.decision} {arrow}{' and '.join(map(style, (said.style, *said.beside)))}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 error``, ``1,204 errors``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def not_read(review: Review) -> str:
    """``2 documents were not read: the review is not whole.``"""
    number = len(review.refusals)
    return f"{count(number, 'document')} {'was' if number == 1 else 'were'} not read: the review is not whole."


def severity(each: Severity, number: int) -> str:
    """``2 errors``."""
    return count(number, str(each))


def points(number: float) -> str:
    """``+2``, ``−1.5``, ``0``."""
    shown = f"{abs(number):.2f}".rstrip("0").rstrip(".")
    return shown if shown == "0" else f"{'+' if number > 0 else '−'}{shown}"


def fact(name: str) -> str:
    """What a fact says: ``how long its callers can wait``."""
    known = CATALOGUE.get(name)
    return known.says if known else plain(name, 80)


def question(name: str) -> str:
    """How a person is asked for a fact; for one that documents count, what it says."""
    known = CATALOGUE.get(name)
    return (known.asks if known else "") or f"{fact(name)[:1].upper()}{fact(name)[1:]}?"


def value(name: str, of: Any) -> str:
    """A fact's value with its unit: ``50 ms at p99``, ``80 %``, ``yes``."""
    if of is None:
        return "unknown"
    if isinstance(of, bool):
        return "yes" if of else "no"
    if isinstance(of, (frozenset, set, tuple, list)):
        return ", ".join(sorted(style(str(each)) for each in of)) or "none"
    unit = CATALOGUE[name].unit if name in CATALOGUE else ""
    if isinstance(of, (int, float)):
        return _amount(of, unit)
    return style(of) if name == "style" else plain(of)


def _amount(number: float, unit: str) -> str:
    if unit == "of 1":
        return f"{100 * number:.0f} %"
    shown = f"{number:,}" if isinstance(number, int) else f"{number:,.4g}"
    return f"{shown} {unit}".rstrip()
