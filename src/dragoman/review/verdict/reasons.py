"""Reasons for and against a style, in words."""

from __future__ import annotations

from collections.abc import Iterable

from dragoman.review.surfaces.facts import Facts

from .phrases import said
from .rule import Rule
from .styles import SPOKEN
from .verdict import Reason
from .weighing import Weight


def reasons_for(applying: Iterable[Weight], style: str, present: str | None, facts: Facts) -> tuple[Reason, ...]:
    found = [(weight.points(style, present), weight.rule) for weight in applying]
    return tuple(
        Reason(rule, value, _told(rule, facts)) for value, rule in sorted(found, key=lambda each: -each[0]) if value > 0
    )


def reasons_against(
    applying: Iterable[Weight], style: str, runner_up: str, present: str | None, facts: Facts
) -> tuple[Reason, ...]:
    """What speaks against the style, and then what speaks for the runner-up and not for it, with what lies between."""
    against, instead = list[Reason](), list[Reason]()
    for weight in applying:
        own, other, rule = weight.points(style, present), weight.points(runner_up, present), weight.rule
        if own <= 0 < other:
            instead.append(Reason(rule, own - other, f"For {SPOKEN[runner_up]}: {_told(rule, facts)}"))
        elif own < 0:
            against.append(Reason(rule, own, _told(rule, facts)))
    return tuple(sorted(against, key=lambda each: each.points) + sorted(instead, key=lambda each: each.points))


def _told(rule: Rule, facts: Facts) -> str:
    """The rule's reason, and what it rests on here."""
    rests = [said(each.fact, facts.value(each.fact)) for each in rule.when]
    return f"{rule.reason} ({'; '.join(dict.fromkeys(rests))})" if rests else rule.reason
