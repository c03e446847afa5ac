"""Weighing: each style's points, from the rules that apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .rule import Rule
from .rules import RULES
from .rules.staying import PRESENT
from .styles import ADVISED
from .worth import CLAUSES, Clause, Part, Values


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """A rule with its conditions as clauses."""

    rule: Rule
    when: tuple[Clause, ...]
    unless: tuple[Clause, ...]

    def applies(self, known: Values) -> bool:
        """Whether the rule says anything where the parts are these."""
        return all(each.holds(known[each.part]) for each in self.when) and not any(
            each.holds(known[each.part]) for each in self.unless
        )

    def points(self, style: str, present: str | None) -> float:
        """What it adds to the style, if it applies, on a surface that speaks ``present``."""
        adds = self.rule.adds
        return adds.get(style, 0) + (adds.get(PRESENT, 0) if style == present else 0)


WEIGHTS: Final = tuple(
    Weight(rule, tuple(CLAUSES[each] for each in rule.when), tuple(CLAUSES[each] for each in rule.unless))
    for rule in RULES
)

_ASKING: Final[Mapping[Part, tuple[Weight, ...]]] = {
    clause.part: tuple(w for w in WEIGHTS if any(each.part == clause.part for each in (*w.when, *w.unless)))
    for clause in CLAUSES.values()
}


def weigh(known: Values, present: str | None, weights: Iterable[Weight] = WEIGHTS) -> dict[str, float]:
    """Each style's points, with what speaks for staying."""
    totals = dict.fromkeys(ADVISED, 0.0)
    for weight in weights:
        if weight.applies(known):
            for style in ADVISED:
                totals[style] += weight.points(style, present)
    return totals


def supposing(
    totals: Mapping[str, float], known: Values, part: Part, value: Any, present: str | None
) -> dict[str, float]:
    """What the points would be, were this part that."""
    before = weigh(known, present, _ASKING[part])
    after = weigh({**known, part: value}, present, _ASKING[part])
    return {style: total - before[style] + after[style] for style, total in totals.items()}


def ranked(totals: Mapping[str, float], present: str | None) -> list[str]:
    """The styles, best first. Of two that fit alike, the one that is there, then the one that asks less."""
    return sorted(totals, key=lambda style: (-round(totals[style], 6), style != present, ADVISED.index(style)))
