"""The review for whoever reads nothing else of it: a sentence, and the five things to do first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from dragoman.review.misfits.finding import Severity
from dragoman.review.review import Review, Reviewed
from dragoman.review.verdict.verdict import Decision

from . import grouping, wording
from .grouping import Group

MOST: Final = 5
MOVES: Final = 3
"""Of the actions, as many at most speak of single surfaces to move or to begin."""
NAMES: Final = 3


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: ``what`` in a few words, ``how``, and ``where``, in words. ``surface`` is the name of the one
    that it is about, ``rule`` the rule that asks for it; at most one of the two is given.
    """

    what: str
    how: str
    where: str
    surface: str = ""
    rule: str = ""


def sentence(review: Review) -> str:
    """``Nothing has to move; mend three; ask first about one.``"""
    if not review.surfaces:
        return "There is no surface to judge."
    if len(review.surfaces) == 1 and not grouping.has_contracts(review):
        return review.surfaces[0].verdict.advice or f"{_first_up(wording.verdict(review.surfaces[0]))}."
    counts = grouping.decisions(review)
    said = [_clause(decision, number) for decision, number in counts.items()]
    if Decision.MOVE not in counts:
        said.insert(0, "nothing has to move")
    return f"{_first_up('; '.join(said))}."


def _clause(decision: Decision, number: int) -> str:
    many = wording.small(number)
    match decision:
        case Decision.MOVE:
            return f"move {many}"
        case Decision.MEND:
            return f"mend {many}"
        case Decision.KEEP:
            return f"keep {many} as {'it is' if number == 1 else 'they are'}"
        case Decision.CHOOSE:
            return f"choose a style for {many}"
        case Decision.ASK:
            return f"ask first about {many}"


def reviewed(review: Review) -> str:
    """What was reviewed, and when: ``2 surfaces in 3 documents of apis · 2026-11-28``."""
    if not grouping.has_contracts(review):
        what = wording.count(len(review.surfaces), "surface")
    else:
        read = f" in {wording.count(review.documents, 'document')}" if review.documents else ""
        what = f"{wording.count(len(review.surfaces), 'surface')}{read}"
    places = [wording.plain(each, 80) for each in review.paths]
    below = f" of {_some(places)}" if places else ""
    return f"{what}{below}{f' · {review.made.isoformat()}' if review.made else ''}"


def actions(review: Review) -> tuple[Action, ...]:
    """The most important across all surfaces: what is to be decided, then what is to be mended, the gravest first."""
    deciding = [*islice(_moves(review), MOVES), *_asking(review)]
    return tuple(islice((*deciding, *_mending(review)), MOST))


def _moves(review: Review) -> Iterator[Action]:
    for each in review.surfaces:
        said, name = each.verdict, wording.plain(each.surface.name, 80)
        if said.decision is Decision.MOVE:
            yield Action(f"Move {name} to {wording.style(said.style)}", said.advice, "", surface=each.surface.name)
        elif said.decision is Decision.CHOOSE and grouping.has_contracts(review):
            yield Action(f"Begin {name} with {wording.style(said.style)}", "", "", surface=each.surface.name)


def _asking(review: Review) -> Iterator[Action]:
    """The question that most of the undecided surfaces wait for, of those that each asks first."""
    waiting = [each for each in review.surfaces if each.verdict.decision is Decision.ASK and each.verdict.open]
    asked = Counter(each.verdict.open[0] for each in waiting)
    for fact, _ in asked.most_common(1):
        for_whom = [each for each in waiting if each.verdict.open[0] == fact]
        yield Action(f"Find out: {wording.question(fact)}", "", _where(for_whom), surface=for_whom[0].surface.name)


def _mending(review: Review) -> Iterator[Action]:
    """What the verdicts say is to be done first: by rule where a rule found it, else as it is said."""
    groups = [each for each in grouping.by_rule(review) if each.severity > Severity.HINT]
    yield from (_mended(each) for each in sorted(groups, key=_weight))
    saying: dict[str, list[Reviewed]] = defaultdict(list)
    for each in review.surfaces:
        for line in each.verdict.first:
            if not any(line.startswith(group.title) for group in groups):
                saying[line].append(each)
    for line, those in sorted(saying.items(), key=lambda each: -len(each[1])):
        yield Action(line, "", _where(those), surface=those[0].surface.name)


def _weight(of: Group) -> tuple[int, ...]:
    return -of.severity, -of.surfaces, -len(of.findings)


def _mended(of: Group) -> Action:
    names = list(dict.fromkeys(wording.plain(each.surface, 60) for each in of.findings))
    where = f"{wording.count(len(of.findings), 'place')} on {_some(names)}"
    return Action(f"Mend: {of.title}", of.remedy, where, rule=of.rule)


def _where(those: Sequence[Reviewed]) -> str:
    return f"for {_some([wording.plain(each.surface.name, 60) for each in those])}"


def _some(names: Sequence[str]) -> str:
    shown, more = list(names[:NAMES]), len(names) - NAMES
    if more > 0:
        shown.append(f"{more:,} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""


def _first_up(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
