"""The judge: from a surface's facts and what it really is, to a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Certainty, Facts
from dragoman.review.surfaces.surface import Surface

from .lead import Answers, least_lead
from .moving import basics, cost
from .phrases import said
from .rule import Rule
from .rules import RULES
from .styles import ADVISED, SPOKEN
from .turns import turns
from .verdict import Confidence, Decision, Nature, Reason, Turn, Verdict
from .weighing import WEIGHTS, Weight, ranked, weigh
from .worth import Values, values

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

    Takes a millisecond or so. The same facts give the same verdict.
    """
    facts, present = surface.facts, nature.style
    known = values(facts)
    order = ranked(weigh(known, present), present)
    style, runner_up = order[0], order[1]
    lead, rival, worst = _least(style, known, present)
    confidence = _confidence(style, lead, facts, present)
    applying = [weight for weight in WEIGHTS if weight.applies(known)]
    impure = _impure(nature, errors, warnings, facts.value("operations") or 0)
    heard = confidence is not Confidence.LOW or facts["audience"].known
    decision = _decision(style, present, confidence, applying, heard=heard, impure=impure)
    changes = turns(style, known, facts, present, worst if lead <= 0 else (), rival)
    nothing = present is None and not any(weight.when for weight in applying)
    moves = present is not None and present != style
    return Verdict(
        decision=decision,
        style=None if nothing else style,
        runner_up=None if nothing else runner_up,
        scores=weigh(known, None),
        reasons_for=_reasons_for(applying, style, present, facts),
        reasons_against=_reasons_against(applying, style, runner_up, present, facts),
        confidence=confidence,
        turns=changes,
        first=_first(surface, decision, first),
        cost=tuple(cost(surface, present, style)) if moves and present else (),
        open=_open(facts, style, present, changes, worst if lead <= 0 else ()),
        advice=_advice(decision, style, runner_up, nature, changes),
    )


def _least(style: str, known: Values, present: str | None) -> tuple[float, str, Answers]:
    """The least by which the style leads over any other, that other, and the answers that give it."""
    leads = ((*least_lead(style, rival, known, present), rival) for rival in ADVISED if rival != style)
    lead, answers, rival = min(leads, key=lambda each: each[0])
    return lead, rival, answers


def _stated(facts: Facts) -> Facts:
    """The facts without those that are only inferred."""
    return facts.without(*(name for name, fact in facts.items() if fact.certainty is Certainty.INFERRED))


def _confidence(style: str, lead: float, facts: Facts, present: str | None) -> Confidence:
    """Low where another answer could turn it; high where not even one to what is only inferred could."""
    if lead <= 0:
        return Confidence.LOW
    sure, _, _ = _least(style, values(_stated(facts)), present)
    return Confidence.HIGH if sure >= SURE else Confidence.MEDIUM


def _impure(nature: Nature, errors: int, warnings: int, operations: int) -> bool:
    return errors > 0 or warnings > TOLERATED * operations or nature.purity < PURE


def _decision(
    style: str, present: str | None, confidence: Confidence, applying: Sequence[Weight], *, heard: bool, impure: bool
) -> Decision:
    if present == style:
        return Decision.MEND if impure else Decision.KEEP
    if present is None:
        reasoned = any(weight.when and weight.points(style, None) > 0 for weight in applying)
        return Decision.CHOOSE if heard and reasoned else Decision.ASK
    # Nobody should move for a reason that one answer could take away.
    return Decision.ASK if confidence is Confidence.LOW else Decision.MOVE


def _reasons_for(applying: Iterable[Weight], style: str, present: str | None, facts: Facts) -> tuple[Reason, ...]:
    found = [(weight.points(style, present), weight.rule) for weight in applying]
    return tuple(
        Reason(rule, value, _told(rule, facts)) for value, rule in sorted(found, key=lambda each: -each[0]) if value > 0
    )


def _reasons_against(
    applying: Sequence[Weight], style: str, runner_up: str, present: str | None, facts: Facts
) -> tuple[Reason, ...]:
    """What speaks against the style, and then what speaks for the runner-up alone."""
    against, instead = list[Reason](), list[Reason]()
    for weight in applying:
        own, other, rule = weight.points(style, present), weight.points(runner_up, present), weight.rule
        if own < 0:
            against.append(Reason(rule, own, _told(rule, facts)))
        elif own == 0 and other > 0:
            instead.append(Reason(rule, -other, f"For {SPOKEN[runner_up]}: {_told(rule, facts)}"))
    return tuple(sorted(against, key=lambda each: each.points) + sorted(instead, key=lambda each: each.points))


def _told(rule: Rule, facts: Facts) -> str:
    """The rule's reason, and what it rests on here."""
    rests = [said(each.fact, facts.value(each.fact)) for each in rule.when]
    return f"{rule.reason} ({'; '.join(dict.fromkeys(rests))})" if rests else rule.reason


def _first(surface: Surface, decision: Decision, first: Sequence[str]) -> tuple[str, ...]:
    if decision in (Decision.MOVE, Decision.ASK) and surface.readings:
        return tuple(dict.fromkeys((*first, *basics(surface))))
    return tuple(dict.fromkeys(first))


def _open(facts: Facts, style: str, present: str | None, changes: Sequence[Turn], worst: Answers) -> tuple[str, ...]:
    """The unknown facts that could matter: first those that could turn the verdict, then those that some rule would
    still read. Once there are documents, only people can say more.
    """
    turning = [turn.fact for turn in changes if not turn.known] + [part.fact for part, _ in worst]
    live = [name for rule in RULES if _live(rule, facts) for name in rule.reads if not facts[name].known]
    people = [name for name in CATALOGUE if name in live and CATALOGUE[name].origin is Origin.PEOPLE]
    return tuple(dict.fromkeys((*(name for name in CATALOGUE if name in turning), *people)))


def _live(rule: Rule, facts: Facts) -> bool:
    """Whether the rule could still apply."""
    return all(each.holds(facts) or not facts[each.fact].known for each in rule.when) and not any(
        each.holds(facts) for each in rule.unless
    )


def _advice(decision: Decision, style: str, runner_up: str, nature: Nature, changes: Sequence[Turn]) -> str:
    name = SPOKEN[style]
    question = next((CATALOGUE[turn.fact].asks for turn in changes if not turn.known), "")
    match decision:
        case Decision.KEEP:
            return f"Keep {name}."
        case Decision.MEND:
            return f"Keep {name}, and do it well: mend what is found before you think of moving."
        case Decision.MOVE:
            return f"Move from {nature.form or SPOKEN[nature.style or style]} to {name}: beside it first, then instead."
        case Decision.CHOOSE:
            return f"Begin with {name}; {SPOKEN[runner_up]} comes next."
        case Decision.ASK:
            return f"Ask before you decide: {question}" if question else "Ask before you decide."
