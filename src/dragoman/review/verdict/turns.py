"""What would change a verdict: other values of one fact, tried at the bounds of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Facts

from .improbable import Plausible, plausible
from .lead import Answers
from .phrases import supposed
from .styles import SPOKEN
from .verdict import Turn
from .weighing import ranked, supposing, weigh
from .worth import TRIED, Part, Values


def turns(style: str, known: Values, facts: Facts, present: str | None, worst: Answers, rival: str) -> tuple[Turn, ...]:
    """What would lead to another style, open questions first. ``worst`` are answers under which ``rival`` would lead,
    for verdicts that no single answer turns.

    What was counted in a document is not tried otherwise: it would be another contract. Nor is what follows from a
    person's answer, nor an improbable answer.
    """
    likely = plausible(facts)
    totals = weigh(known, present)
    found: list[Turn] = []
    for part in TRIED:
        if _may_change(part, known):
            tried = [(value, supposing(totals, known, part, value, present)) for value in _nearest(part, known, likely)]
            found += _of(part, style, known[part], facts, [(value, ranked(each, present)[0]) for value, each in tried])
    if worst and not any(not turn.known for turn in found):
        needed = _needed(worst, rival, known, present)
        found += [_together(needed, rival)] if needed else []
    order = list(CATALOGUE)
    return tuple(sorted(found, key=lambda turn: (turn.known, order.index(turn.fact))))


def unsettling(style: str, known: Values, facts: Facts, present: str | None) -> str | None:
    """A question of which every plausible answer leads to another style: until it is answered there is no verdict."""
    totals, likely = weigh(known, present), plausible(facts)
    for part in TRIED:
        if known[part] is None and not any(
            ranked(supposing(totals, known, part, value, present), present)[0] == style for value in likely[part]
        ):
            return part.fact
    return None


def _may_change(part: Part, known: Values) -> bool:
    return known[part] is None or CATALOGUE[part.fact].origin is Origin.PEOPLE


def _nearest(part: Part, known: Values, likely: Plausible) -> list[Any]:
    """Other values of the part, those nearest to what it is first; of what is known, improbable ones too."""
    return sorted(likely[part] if known[part] is None else TRIED[part], key=lambda each: _distance(each, known[part]))


def _of(part: Part, style: str, value: Any, facts: Facts, tried: Iterable[tuple[Any, str]]) -> Iterator[Turn]:
    """For each other style that is led to, the first value that does."""
    led = {style}
    for other, best in tried:
        if best not in led:
            led.add(best)
            yield _turn(part, other, best, facts, known=value is not None)


def _distance(tried: Any, value: Any) -> float:
    if isinstance(tried, (int, float)) and isinstance(value, (int, float)):
        return abs(tried - value)
    return 0


def _turn(part: Part, value: Any, style: str, facts: Facts, *, known: bool) -> Turn:
    clause = supposed(part, value)
    text = f"{'If instead' if known else 'If'} {clause}: {SPOKEN[style]}"
    if part.member is None:
        return Turn(part.fact, value, style, known, text)
    members = facts.value(part.fact) or frozenset()
    return Turn(part.fact, members | {part.member} if value else members - {part.member}, style, known, text)


def _needed(worst: Answers, rival: str, known: Values, present: str | None) -> Answers:
    """As few of these answers as still make the rival the first; none where it only draws level."""

    def leads(answers: dict[Part, Any]) -> bool:
        return ranked(weigh({**known, **answers}, present), present)[0] == rival

    answers = dict(worst)
    if not leads(answers):
        return ()
    for part in list(answers):
        fewer = {each: value for each, value in answers.items() if each != part}
        if fewer and leads(fewer):
            answers = fewer
    return tuple(answers.items())


def _together(answers: Iterable[tuple[Part, Any]], style: str) -> Turn:
    answers = list(answers)
    part, value = answers[0]
    clause = " and ".join(supposed(*each) for each in answers)
    return Turn(part.fact, value, style, False, f"If {clause}: {SPOKEN[style]}")
