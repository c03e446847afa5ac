"""What would change a verdict: other values of one fact, tried at the bounds of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.work import meant

from .improbable import Plausible
from .lead import Answers
from .phrases import said, supposed
from .styles import SPOKEN
from .verdict import Turn
from .weighing import ranked, supposing, weigh
from .worth import TRIED, Part, Values, values

_IF: Final = {True: "If instead", False: "If"}

MOST: Final = 2
"""A turn with more conditions than this is no longer read."""


def turns(
    group: Sequence[str],
    known: Values,
    likely: Plausible,
    facts: Facts,
    present: str | None,
    worst: Answers,
    rival: str,
) -> tuple[Turn, ...]:
    """What would lead to a style that is none of the ``group``, open questions first. ``worst`` are answers under which
    ``rival`` would lead, for verdicts that no single answer turns.

    What a document says is not tried otherwise: it would be another contract. Of a surface without one, it is tried
    what it would mostly do.
    """
    totals = weigh(known, present)
    found: list[Turn] = []
    for part in TRIED:
        if CATALOGUE[part.fact].origin is Origin.PEOPLE:
            tried = [(value, supposing(totals, known, part, value, present)) for value in _nearest(part, known, likely)]
            found += _of(part, group, known[part], facts, [(value, ranked(each, present)[0]) for value, each in tried])
    found += _of_work(group, facts, present)
    if worst and not any(not turn.known for turn in found):
        needed = _needed(worst, rival, known, present)
        readable = 0 < len(needed) <= MOST and all(CATALOGUE[part.fact].asks for part, _ in needed)
        found += [_together(needed, rival)] if readable else []
    order = list(CATALOGUE)
    return tuple(sorted(found, key=lambda turn: (turn.known, order.index(turn.fact))))


def unsettling(group: Sequence[str], known: Values, likely: Plausible, present: str | None) -> str | None:
    """A question of which every plausible answer leads to another style: until it is answered there is no verdict."""
    totals = weigh(known, present)
    for part in TRIED:
        if (
            known[part] is None
            and likely[part]
            and not any(
                ranked(supposing(totals, known, part, value, present), present)[0] in group for value in likely[part]
            )
        ):
            return part.fact
    return None


def _of_work(group: Sequence[str], facts: Facts, present: str | None) -> Iterator[Turn]:
    """What it would lead to, did a surface without documents mostly do this or that."""
    if any(facts[part.fact].certainty is Certainty.READ and not CATALOGUE[part.fact].asks for part in TRIED):
        return
    led, known = set(group), facts["work"].known
    for work in CATALOGUE["work"].choices:
        answer = Fact("work", work, Certainty.STATED)
        best = ranked(weigh(values(facts.with_(answer, *meant(Facts({"work": answer})))), present), present)[0]
        if work != facts.value("work") and best not in led:
            led.add(best)
            yield Turn("work", work, best, known, f"{_IF[known]} {said('work', work)}: {SPOKEN[best]}")


def _nearest(part: Part, known: Values, likely: Plausible) -> list[Any]:
    """Other values of the part, those nearest to what it is first; of what is known, improbable ones too."""
    return sorted(likely[part] if known[part] is None else TRIED[part], key=lambda each: _distance(each, known[part]))


def _of(part: Part, group: Sequence[str], value: Any, facts: Facts, tried: Iterable[tuple[Any, str]]) -> Iterator[Turn]:
    """For each other style that is led to, the first value that does."""
    led = set(group)
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
    text = f"{_IF[known]} {clause}: {SPOKEN[style]}"
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
