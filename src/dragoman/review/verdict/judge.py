"""The judge: from a surface's facts and what it really is, to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dragoman.review.surfaces.facts import Certainty, Facts
from dragoman.review.surfaces.surface import Surface

from .advice import advice
from .improbable import Plausible, plausible
from .lead import Answers, least_lead
from .moving import basics, cost
from .openness import open_questions
from .reasons import reasons_against, reasons_for
from .styles import ADVISED
from .turns import turns, unsettling
from .verdict import Confidence, Decision, Nature, Verdict
from .weighing import WEIGHTS, Weight, ranked, weigh
from .worth import TRIED, Values, values

SURE: Final = 1.0
"""By so much a style has to lead, in every case, for a verdict to be sure."""

TOLERATED: Final = 0.25
"""So many warnings for each operation still make a surface that can be kept as it is."""

PURE: Final = 0.75
"""Below this part of its operations, a surface does not speak its style well."""


def judge(
    surface: Surface, nature: Nature, *, errors: int = 0, warnings: int = 0, first: Sequence[str] = ()
) -> Verdict:
    """What fits the surface. ``errors`` and ``warnings`` count what was found wrong with it; ``first`` are remedies of
    what should be mended before anything else.

    Takes some milliseconds. The same facts give the same verdict.
    """
    spoken = () if nature.style is None else (nature.style, *nature.beside)
    case = _weighed(surface.facts, _best(surface.facts, spoken) if spoken else None, spoken)
    impure = _impure(nature, errors, warnings, surface.facts.value("operations") or 0)
    decision = _decision(case, impure=impure)
    changes = turns(case.group, case.known, case.likely, surface.facts, case.present, case.worst, case.rival)
    asks = open_questions(surface.facts, changes, case.worst)
    leaves = case.present if case.present != case.style else None
    stays = leaves is None and bool(nature.beside)
    style = nature.style if stays and nature.style is not None else case.style
    scores = weigh(case.known, None)
    there = case.present if case.present in scores else None
    return Verdict(
        decision=decision,
        style=None if case.empty else style,
        runner_up=None if case.empty else case.runner_up,
        scores=scores,
        reasons_for=reasons_for(case.applying, case.style, case.present, surface.facts),
        reasons_against=reasons_against(case.applying, case.style, case.runner_up, case.present, surface.facts),
        confidence=case.confidence,
        turns=changes,
        first=tuple(dict.fromkeys((*first, *(basics(surface) if leaves else ())))),
        cost=tuple(cost(surface, leaves, case.style)) if leaves else (),
        open=asks,
        advice=advice(decision, style, case.runner_up, nature, case.confidence, asks, surface),
        staying=0.0 if there is None else weigh(case.known, there)[there] - scores[there],
        beside=nature.beside if stays else (),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What was weighed. ``worst`` are answers under which ``rival`` would lead; none where no answers are such.
    ``unsettled`` is a question that any answer to would lead elsewhere. ``group`` is the
    style, and where it is there already, what is spoken beside it: neither rivals the other.
    """

    present: str | None
    group: tuple[str, ...]
    known: Values
    likely: Plausible
    style: str
    runner_up: str
    rival: str
    worst: Answers
    confidence: Confidence
    applying: tuple[Weight, ...]
    heard: bool
    unsettled: str | None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to judge: neither a contract nor a fact that any rule reads."""
        return self.present is None and all(value is None for value in self.known.values())


def _best(facts: Facts, spoken: Sequence[str]) -> str:
    """Of the styles that the surface speaks now, the one that fits best: nobody has to move to what is there."""
    scores = weigh(values(facts), None)
    return max(spoken, key=lambda style: scores.get(style, 0.0))


def _weighed(facts: Facts, present: str | None, spoken: Sequence[str]) -> _Case:
    known = values(facts)
    style, *others = ranked(weigh(known, present), present)
    group = tuple(dict.fromkeys((style, *spoken))) if style == present else (style,)
    runner_up = next(each for each in others if each not in group)
    moves = style != present and present in ADVISED
    likely = plausible(facts)
    lead, rival, worst = _least(group, known, present, plausible(facts, ()) if moves else likely)
    confidence = _confidence(group, lead, facts, present)
    applying = tuple(weight for weight in WEIGHTS if weight.applies(known))
    # Who calls is the first question: without it, only a verdict that no answer turns is one.
    heard = confidence is not Confidence.LOW or facts["audience"].known
    unsettled = unsettling(group, known, likely, present) if confidence is Confidence.LOW else None
    worst = worst if lead <= 0 else ()
    return _Case(present, group, known, likely, style, runner_up, rival, worst, confidence, applying, heard, unsettled)


def _least(group: tuple[str, ...], known: Values, present: str | None, tried: Plausible) -> tuple[float, str, Answers]:
    """The least by which the first of a group leads over any style of no part in it, that style, and the answers that
    give it.
    """
    style, *_ = group
    leads = ((*least_lead(style, rival, known, present, tried), rival) for rival in ADVISED if rival not in group)
    lead, answers, rival = min(leads, key=lambda each: each[0])
    return lead, rival, answers


def _stated(facts: Facts) -> Facts:
    """The facts without those that are only inferred."""
    return facts.without(*(name for name, fact in facts.items() if fact.certainty is Certainty.INFERRED))


def _confidence(group: tuple[str, ...], lead: float, facts: Facts, present: str | None) -> Confidence:
    """Low where a plausible answer could turn it; high where none at all could, not even one to what is inferred."""
    if lead <= 0:
        return Confidence.LOW
    sure, _, _ = _least(group, values(_stated(facts)), present, TRIED)
    return Confidence.HIGH if sure >= SURE else Confidence.MEDIUM


def _impure(nature: Nature, errors: int, warnings: int, operations: int) -> bool:
    return errors > 0 or warnings > TOLERATED * operations or nature.purity < PURE


def _decision(case: _Case, *, impure: bool) -> Decision:
    if case.present == case.style:
        if case.unsettled is not None:
            return Decision.ASK
        return Decision.MEND if impure else Decision.KEEP
    if case.present is None:
        reasoned = any(weight.when and weight.points(case.style, None) > 0 for weight in case.applying)
        return Decision.CHOOSE if case.heard and reasoned else Decision.ASK
    # Nobody should move for a reason that one answer could take away.
    return Decision.ASK if case.confidence is Confidence.LOW else Decision.MOVE
