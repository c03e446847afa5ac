"""Weighing: each style's points, and the least by which one leads however the open questions are answered.

The least lead is exact and cheap. A lead is a sum over the rules that tell two styles apart. Rules that share no open
question vary by themselves, so that the minimum of the sum is the sum of their minima; and once one question of a group
is answered, most of the group falls apart into smaller ones (recursive conditioning). "Nobody knows" is tried as an
answer like the others: hence whoever leads in all cases leads now, and learning an answer only takes cases away. That
is why an unknown never makes a verdict surer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from .rule import Condition, Rule
from .rules import RULES
from .rules.staying import PRESENT
from .styles import ADVISED
from .worth import TRIED, Part, Values, fulfils, part


@dataclass(frozen=True, slots=True)
class _Term:
    """A rule that tells two styles apart, as far as the open questions go."""

    points: float
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]


_Terms: TypeAlias = frozenset[_Term] | tuple[_Term, ...]
Answers: TypeAlias = tuple[tuple[Part, Any], ...]
"""Answers to open questions."""


def points(rule: Rule, style: str, present: str | None) -> float:
    """What the rule adds to the style, if it applies, on a surface that speaks ``present``."""
    return rule.adds.get(style, 0) + (rule.adds.get(PRESENT, 0) if style == present else 0)


def applies(rule: Rule, known: Values) -> bool:
    """Whether the rule says anything where the parts are these."""
    return all(fulfils(each, known[part(each)]) for each in rule.when) and not any(
        fulfils(each, known[part(each)]) for each in rule.unless
    )


def weigh(known: Values, present: str | None) -> dict[str, float]:
    """Each style's points, with what speaks for staying."""
    totals = dict.fromkeys(ADVISED, 0.0)
    for rule in RULES:
        if applies(rule, known):
            for style in ADVISED:
                totals[style] += points(rule, style, present)
    return totals


def ranked(totals: dict[str, float], present: str | None) -> list[str]:
    """The styles, best first. Of two that fit alike, the one that is there, then the one that asks less."""
    return sorted(totals, key=lambda style: (-round(totals[style], 6), style != present, ADVISED.index(style)))


def least_lead(style: str, rival: str, known: Values, present: str | None) -> tuple[float, Answers]:
    """The least by which ``style`` leads over ``rival``, over all answers to what is unknown, and answers that give it.

    Below zero where ``rival`` could lead.
    """
    terms: list[_Term] = []
    for rule in RULES:
        lead = points(rule, style, present) - points(rule, rival, present)
        if lead:
            terms.append(_Term(lead, rule.when, rule.unless))
    for each, value in known.items():
        if value is not None:
            terms = list(_given(terms, each, value))
    return _least(_summed(terms))


def _given(terms: Iterable[_Term], asked: Part, value: Any) -> Iterator[_Term]:
    """The terms that are left once a part is known."""
    for term in terms:
        when, unless = [], []
        for condition in term.when:
            if part(condition) != asked:
                when.append(condition)
            elif not fulfils(condition, value):
                break
        else:
            for condition in term.unless:
                if part(condition) != asked:
                    unless.append(condition)
                elif fulfils(condition, value):
                    break
            else:
                yield _Term(term.points, tuple(when), tuple(unless))


def _summed(terms: Iterable[_Term]) -> frozenset[_Term]:
    """Terms with the same conditions as one, so that a set of them says it all."""
    sums: dict[tuple[tuple[Condition, ...], tuple[Condition, ...]], float] = {}
    for term in terms:
        key = (term.when, term.unless)
        sums[key] = sums.get(key, 0) + term.points
    return frozenset(_Term(round(total, 6), *key) for key, total in sums.items())


def _parts(term: _Term) -> set[Part]:
    return {part(each) for each in (*term.when, *term.unless)}


@lru_cache(maxsize=100_000)
def _least(terms: frozenset[_Term]) -> tuple[float, Answers]:
    total, answers = 0.0, list[tuple[Part, Any]]()
    for group in _groups(terms):
        asked = _most_asked(group)
        if asked is None:
            total += sum(term.points for term in group)
            continue
        # Unknown first: of answers that are as bad, the fewest are told.
        tried = [(_least(_summed(_given(group, asked, value))), value) for value in (None, *TRIED[asked])]
        (least, further), value = min(tried, key=lambda each: each[0][0])
        total += least
        answers += [*([] if value is None else [(asked, value)]), *further]
    return total, tuple(answers)


def _groups(terms: Iterable[_Term]) -> Iterator[list[_Term]]:
    """Terms that share open questions, directly or through others."""
    groups: list[tuple[set[Part], list[_Term]]] = []
    for term in terms:
        parts, members = _parts(term), [term]
        apart: list[tuple[set[Part], list[_Term]]] = []
        for group in groups:
            if group[0] & parts:
                parts |= group[0]
                members += group[1]
            else:
                apart.append(group)
        groups = [*apart, (parts, members)]
    for _, group_members in groups:
        yield group_members


def _most_asked(terms: Iterable[_Term]) -> Part | None:
    """The part in most of the terms: answering it leaves the smallest groups."""
    counts: dict[Part, int] = {}
    for term in terms:
        for each in _parts(term):
            counts[each] = counts.get(each, 0) + 1
    return max(counts, key=lambda each: (counts[each], each.fact, each.member or "")) if counts else None
