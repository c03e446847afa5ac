"""Open questions: the unknown facts that could matter for a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Facts

from .lead import Answers
from .rule import Rule
from .rules import RULES
from .verdict import Turn


def open_questions(facts: Facts, changes: Sequence[Turn], worst: Answers) -> tuple[str, ...]:
    """The unknown facts that could matter: those that could turn the verdict alone, those that could together, and
    those that some rule would still read; last what only a contract could say. Who calls is asked before all others.
    """
    alone = [turn.fact for turn in changes if not turn.known]
    together = [part.fact for part, _ in worst]
    live = [name for rule in RULES if _live(rule, facts) for name in rule.reads if not facts[name].known]
    alone, together, live = (list(map(_asked, names)) for names in (alone, together, live))
    people = [name for name, question in CATALOGUE.items() if question.origin is Origin.PEOPLE]
    ordered = [name for names in (alone, together, live) for name in people if name in names and not facts[name].known]
    caller = [name for name in ordered if name == "audience"]
    return tuple(dict.fromkeys((*caller, *ordered)))


def _asked(name: str) -> str:
    return name if CATALOGUE[name].origin is Origin.PEOPLE else "work"


def _live(rule: Rule, facts: Facts) -> bool:
    """Whether the rule could still apply."""
    return all(each.holds(facts) or not facts[each.fact].known for each in rule.when) and not any(
        each.holds(facts) for each in rule.unless
    )
