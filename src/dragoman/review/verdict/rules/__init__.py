"""The rules that weigh styles: one table, in files by topic.

Points: 0.5 is a breath, 1 a reason, 2 a good one, 4 what decides where nothing speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.verdict.rule import Condition, Rule, Test
from dragoman.review.verdict.styles import ADVISED

from . import audience, latency, shape, skills, staying, workload

_SETS: Final = (Test.HAS, Test.HAS_NOT)
_BOUNDS: Final = (Test.AT_LEAST, Test.AT_MOST)


def checked(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, if the table is sound. Raises ValueError naming the rule and what is wrong with it."""
    known: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in known:
            raise ValueError(f"rule {rule.id}: there are two of it")
        if not set(rule.adds) <= {*ADVISED, staying.PRESENT} or not any(rule.adds.values()):
            raise ValueError(f"rule {rule.id}: adds to {', '.join(rule.adds) or 'nothing'}")
        if not all((rule.title, rule.source.name, rule.reason, rule.exception, rule.example)):
            raise ValueError(f"rule {rule.id}: it is not explained")
        for condition in (*rule.when, *rule.unless):
            _check(rule, condition)
        known[rule.id] = rule
    return tuple(known.values())


def _check(rule: Rule, condition: Condition) -> None:
    question = CATALOGUE.get(condition.fact)
    if question is None:
        raise ValueError(f"rule {rule.id}: there is no fact {condition.fact}")
    if (condition.test in _SETS) is not (question.type is frozenset):
        raise ValueError(f"rule {rule.id}: {condition} does not suit a {question.type.__name__}")
    if (condition.test in _BOUNDS) is not (question.type in (int, float)):
        raise ValueError(f"rule {rule.id}: {condition} does not suit a {question.type.__name__}")
    if question.choices and not set(condition.values) <= set(question.choices):
        raise ValueError(f"rule {rule.id}: {condition} asks for what {condition.fact} never is")
    if condition.test in _SETS and len(condition.values) != 1:
        raise ValueError(f"rule {rule.id}: {condition} asks for several members; write a rule for each")


RULES: Final = checked((*audience.RULES, *latency.RULES, *workload.RULES, *shape.RULES, *skills.RULES, *staying.RULES))
"""All of them, in the order in which they are listed."""

BY_ID: Final = {each.id: each for each in RULES}
