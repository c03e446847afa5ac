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
    case = _weighed(surface.facts, _spoken(surface.facts, nature))
    impure = _impure(nature, errors, warnings, surface.facts.value("operations") or 0)
    decision = _decision(case, impure=impure)
    changes = turns(case.style, case.known, surface.facts, case.present, case.worst, case.rival)
    asks = open_questions(surface.facts, changes, case.worst)
    leaves = case.present if case.present != case.style else None
    return Verdict(
        decision=decision,
        style=None if case.empty else case.style,
        runner_up=None if case.empty else case.runner_up,
        scores=weigh(case.known, None),
        reasons_for=reasons_for(case.applying, case.style, case.present, surface.facts),
        reasons_against=reasons_against(case.applying, case.style, case.runner_up, case.present, surface.facts),
        confidence=case.confidence,
        turns=changes,
        first=tuple(dict.fromkeys((*first, *(basics(surface) if leaves else ())))),
        cost=tuple(cost(surface, leaves, case.style)) if leaves else (),
        open=asks,
        advice=advice(decision, case.style, case.runner_up, nature, case.confidence, asks),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What was weighed. ``worst`` are answers under which ``rival`` would lead; none where no answers are such.
    ``unsettled`` is a question that any answer to would lead elsewhere.
    """

    present: str | None
    known: Values
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


def _spoken(facts: Facts, nature: Nature) -> str | None:
    """What the surface speaks now; where that is several styles, the one of them that fits best: nobody has to move
    to what is there already.
    """
    if nature.style is None or not nature.beside:
        return nature.style
    scores = weigh(values(facts), None)
    return max((nature.style, *nature.beside), key=lambda style: scores.get(style, 0.0))


def _weighed(facts: Facts, present: str | None) -> _Case:
    known = values(facts)
    style, runner_up, *_ = ranked(weigh(known, present), present)
    lead, rival, worst = _least(style, known, present, plausible(facts))
    confidence = _confidence(style, lead, facts, present)
    applying = tuple(weight for weight in WEIGHTS if weight.applies(known))
    # Who calls is the first question: without it, only a verdict that no answer turns is one.
    heard = confidence is not Confidence.LOW or facts["audience"].known
    unsettled = unsettling(style, known, facts, present) if confidence is Confidence.LOW else None
    worst = worst if lead <= 0 else ()
    return _Case(present, known, style, runner_up, rival, worst, confidence, applying, heard, unsettled)


def _least(style: str, known: Values, present: str | None, tried: Plausible) -> tuple[float, str, Answers]:
    """The least by which the style leads over any other, that other, and the answers that give it."""
    leads = ((*least_lead(style, rival, known, present, tried), rival) for rival in ADVISED if rival != style)
    lead, answers, rival = min(leads, key=lambda each: each[0])
    return lead, rival, answers


def _stated(facts: Facts) -> Facts:
    """The facts without those that are only inferred."""
    return facts.without(*(name for name, fact in facts.items() if fact.certainty is Certainty.INFERRED))


def _confidence(style: str, lead: float, facts: Facts, present: str | None) -> Confidence:
    """Low where a plausible answer could turn it; high where none at all could, not even one to what is inferred."""
    if lead <= 0:
        return Confidence.LOW
    sure, _, _ = _least(style, values(_stated(facts)), present, TRIED)
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
