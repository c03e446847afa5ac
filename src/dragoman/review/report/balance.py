"""What speaks for and against a style, so that the reasons come to the points that are shown.

A verdict's scores say how well each style fits. What speaks for staying with the style that is there comes on top of
them, as a part of its own: it is no better fit, and it does decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dragoman.review.review import Reviewed
from dragoman.review.verdict.rule import Rule
from dragoman.review.verdict.verdict import Reason

_BRACKETS: Final = re.compile(r"\. (\([^()]*\))$")


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as it is shown."""

    points: float
    text: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Bar:
    """A style's points: how well it fits, and what speaks for staying with it."""

    style: str
    fit: float
    staying: float

    @property
    def points(self) -> float:
        """Both together."""
        return self.fit + self.staying


@dataclass(frozen=True, slots=True)
class Balance:
    """``pro`` and ``contra`` come to the points of ``style``: the one that is advised, or of several that are kept
    beside one another, the one that fits best. ``instead`` is what the runner-up gets from rules that give this one
    nothing. The weightiest are first. ``bars`` hold all styles, the best first.
    """

    style: str | None
    pro: tuple[Told, ...]
    contra: tuple[Told, ...]
    instead: tuple[Told, ...]
    bars: tuple[Bar, ...]

    @property
    def staying(self) -> Bar | None:
        """The bar of the style that is there; None where nothing speaks for staying."""
        return next((each for each in self.bars if each.staying), None)


def balance(of: Reviewed) -> Balance:
    """The two sides of a verdict."""
    said = of.verdict
    style = _there(of) if said.beside else said.style
    contra = [each for each in said.reasons_against if each.style in ("", style)]
    instead = [each for each in said.reasons_against if each.style not in ("", style)]
    return Balance(style, _told(said.reasons_for), _told(contra), _told(instead), _bars(of, style))


def _bars(of: Reviewed, style: str | None) -> tuple[Bar, ...]:
    scores, there = of.verdict.scores, _there(of)
    bars = [Bar(name, fit, of.verdict.staying if name == there else 0.0) for name, fit in scores.items()]
    # Of two with the same points, the one that the verdict speaks of stands first.
    return tuple(sorted(bars, key=lambda each: (-round(each.points, 6), each.style != style, each.style)))


def _there(of: Reviewed) -> str | None:
    """The style that is there; of several, the one that fits best, since nobody has to move to what is there."""
    if of.nature.style is None:
        return None
    return max((of.nature.style, *of.nature.beside), key=lambda each: of.verdict.scores.get(each, 0.0))


def _told(found: Iterable[Reason]) -> tuple[Told, ...]:
    told = (Told(each.points, _BRACKETS.sub(r" \1.", each.text), each.rule) for each in found)
    return tuple(sorted(told, key=lambda each: -abs(each.points)))
