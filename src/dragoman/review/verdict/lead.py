"""The least by which one style leads over another, however the open questions are answered.

Answers that are improbable on the surface (:mod:`.improbable`) are not tried. It is exact, and cheap. A lead is a sum
over the rules that tell two styles apart. Rules that share no open question vary by themselves, so that the minimum of
the sum is the sum of their minima; and once one question of a group is answered, most of the group falls apart into
smaller ones (recursive conditioning). "Nobody knows" is tried as an answer like the others: hence whoever leads in all
cases leads now, and learning an answer only takes cases away. That is why an unknown never makes a verdict surer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from .weighing import WEIGHTS
from .worth import TRIED, Clause, Part, Values

_Term: TypeAlias = tuple[float, tuple[Clause, ...], tuple[Clause, ...]]
"""What a rule adds to the lead, as far as it is open: points, when, unless."""

_Narrowed: TypeAlias = tuple[tuple[Part, tuple[Any, ...]], ...]
"""Of the parts of which not all answers are tried, those that are."""

Answers: TypeAlias = tuple[tuple[Part, Any], ...]
"""Answers to open questions."""


def least_lead(
    style: str, rival: str, known: Values, present: str | None, tried: Mapping[Part, tuple[Any, ...]] = TRIED
) -> tuple[float, Answers]:
    """The least by which ``style`` leads over ``rival``, over all answers to what is unknown, and answers that give it.
    ``tried`` are the answers of each part.

    Below zero where ``rival`` could lead.
    """
    settled = {part: value for part, value in known.items() if value is not None}
    narrowed = tuple([(part, values) for part, values in tried.items() if values is not TRIED[part]])
    return _least(_summed(_given(_terms(style, rival, present), settled)), narrowed)


@lru_cache
def _terms(style: str, rival: str, present: str | None) -> tuple[_Term, ...]:
    leads = ((each.points(style, present) - each.points(rival, present), each) for each in WEIGHTS)
    return tuple((points, each.when, each.unless) for points, each in leads if points)


def _given(terms: Iterable[_Term], settled: Mapping[Part, Any]) -> Iterator[_Term]:
    """The terms that are left once these parts are settled; None settles that nobody knows."""
    for points, when, unless in terms:
        if all(each.part not in settled or each.holds(settled[each.part]) for each in when) and not any(
            each.part in settled and each.holds(settled[each.part]) for each in unless
        ):
            yield (
                points,
                tuple([each for each in when if each.part not in settled]),
                tuple([each for each in unless if each.part not in settled]),
            )


def _summed(terms: Iterable[_Term]) -> tuple[_Term, ...]:
    """Terms with the same clauses as one, in the order in which they come: a set has another in each process, and of
    answers that are as bad the first is told.
    """
    sums: dict[tuple[tuple[Clause, ...], tuple[Clause, ...]], float] = {}
    for points, when, unless in terms:
        sums[when, unless] = sums.get((when, unless), 0) + points
    return tuple([(round(total, 6), *key) for key, total in sums.items()])


def _parts(term: _Term) -> set[Part]:
    return {each.part for each in (*term[1], *term[2])}


@lru_cache(maxsize=50_000)
def _least(terms: tuple[_Term, ...], narrowed: _Narrowed) -> tuple[float, Answers]:
    values = dict(narrowed)
    total, answers = 0.0, list[tuple[Part, Any]]()
    for group in _groups(terms):
        asked = _most_asked(group)
        if asked is None:
            total += sum(points for points, _, _ in group)
            continue
        # Unknown first: of answers that are as bad, the fewest are told.
        answers_of = (None, *values.get(asked, TRIED[asked]))
        tried = [(_least(_summed(_given(group, {asked: value})), narrowed), value) for value in answers_of]
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
    """The part in most of the terms: settling it leaves the smallest groups."""
    counts: dict[Part, int] = {}
    for term in terms:
        for each in _parts(term):
            counts[each] = counts.get(each, 0) + 1
    return max(counts, key=lambda each: (counts[each], each)) if counts else None
