"""What speaks for and against a style, so that the reasons come to the points that are shown.

A verdict's scores say how well each style fits. What speaks for staying with the style that is there comes on top of
them, as a part of its own: it is no better fit, and it does decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dragoman.review.verdict.rule import Rule
from dragoman.review.verdict.rules.staying import PRESENT
from dragoman.review.verdict.styles import SPOKEN
from dragoman.review.verdict.verdict import Reason, Verdict

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
    """``pro`` and ``contra`` come to the points of the style that is advised; ``instead`` is what the runner-up gets
    from rules that give the advised style nothing. The weightiest are first. ``bars`` hold all styles, the best first.
    """

    pro: tuple[Told, ...]
    contra: tuple[Told, ...]
    instead: tuple[Told, ...]
    bars: tuple[Bar, ...]

    @property
    def staying(self) -> Bar | None:
        """The bar of the style that is there; None where nothing speaks for staying."""
        return next((each for each in self.bars if each.staying), None)


def balance(of: Verdict) -> Balance:
    """The two sides of a verdict."""
    pro = [Told(each.points, _text(each), each.rule) for each in of.reasons_for]
    contra, instead = list[Told](), list[Told]()
    for each in of.reasons_against:
        # A rule that takes from one and gives to the other stands on both lists, with what is each one's own.
        own, other = each.rule.adds.get(of.style or "", 0.0), _other(each, of.runner_up)
        if own < 0 or other <= 0:
            contra.append(Told(own if own < 0 else each.points, _text(each, of.runner_up), each.rule))
        if other > 0:
            instead.append(Told(other, _text(each, of.runner_up), each.rule))
    return Balance(_weighty(pro), _weighty(contra), _weighty(instead), _bars(of))


def _other(of: Reason, runner_up: str | None) -> float:
    """What the runner-up gets. Reasons against hold what speaks for staying only where it is what is there."""
    return of.rule.adds.get(runner_up or "", 0.0) + of.rule.adds.get(PRESENT, 0.0)


def _bars(of: Verdict) -> tuple[Bar, ...]:
    kept = sum(each.rule.adds.get(PRESENT, 0.0) for each in of.reasons_for)
    left = sum(each.rule.adds.get(PRESENT, 0.0) for each in of.reasons_against)
    staying = {of.style: kept, of.runner_up: left}
    bars = [Bar(name, fit, staying.get(name, 0.0)) for name, fit in of.scores.items()]
    # Of two with the same points, the one that the verdict names stands first.
    return tuple(sorted(bars, key=lambda each: (-round(each.points, 6), each.style != of.style, each.style)))


def _weighty(found: Iterable[Told]) -> tuple[Told, ...]:
    return tuple(sorted(found, key=lambda each: -abs(each.points)))


def _text(of: Reason, runner_up: str | None = None) -> str:
    """Without the name of the style that the list's heading has, and with what it rests on inside of the sentence."""
    name = SPOKEN.get(runner_up or "", "")
    return _BRACKETS.sub(r" \1.", of.text.removeprefix(f"For {name}: ") if name else of.text)
