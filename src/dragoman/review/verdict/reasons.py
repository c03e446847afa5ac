"""Reasons for and against a style, in words."""

from __future__ import annotations

from collections.abc import Iterable

from dragoman.review.surfaces.facts import Fact, Facts
from dragoman.review.surfaces.work import is_meant

from .phrases import said
from .rule import Rule
from .verdict import Reason
from .weighing import Weight


def reasons_for(applying: Iterable[Weight], style: str, present: str | None, facts: Facts) -> tuple[Reason, ...]:
    """What speaks for the style, the weightiest first."""
    found = [_reason(weight, style, present, facts) for weight in applying]
    return tuple(sorted((each for each in found if each.points > 0), key=lambda each: -each.points))


def reasons_against(
    applying: Iterable[Weight], style: str, runner_up: str, present: str | None, facts: Facts
) -> tuple[Reason, ...]:
    """What speaks against the style, with points below zero; and then what speaks for the runner-up and not for it,
    with what it adds to the runner-up.
    """
    against, instead = list[Reason](), list[Reason]()
    for weight in applying:
        own, other = _reason(weight, style, present, facts), _reason(weight, runner_up, present, facts)
        if own.points < 0:
            against.append(own)
        if own.points <= 0 < other.points:
            instead.append(other)
    return (*sorted(against, key=lambda each: each.points), *sorted(instead, key=lambda each: -each.points))


def _reason(weight: Weight, style: str, present: str | None, facts: Facts) -> Reason:
    return Reason(weight.rule, weight.points(style, present), _told(weight.rule, facts), style)


def _told(rule: Rule, facts: Facts) -> str:
    """The rule's reason, and what it rests on here."""
    rests = [_said(facts[each.fact]) for each in rule.when]
    return f"{rule.reason} ({'; '.join(dict.fromkeys(rests))})" if rests else rule.reason


def _said(fact: Fact) -> str:
    """What is known, as it was told: what nobody counted has no number."""
    return fact.evidence[0].text if is_meant(fact) else said(fact.name, fact.value)
