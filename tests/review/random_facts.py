"""Random facts: each that some rule reads, unknown or of any value, near the bounds of the rules and far from them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dragoman.review.surfaces.catalogue import CATALOGUE, STYLES
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.verdict.rules import RULES
from dragoman.review.verdict.worth import TRIED, Part

READ = [name for name in CATALOGUE if any(name in rule.reads for rule in RULES)]
"""The facts that rules read."""

TOLD = [*READ, "style", "work"]
"""Those, and what only says which answers are improbable."""

CERTAIN = st.sampled_from([Certainty.INFERRED, Certainty.READ, Certainty.STATED])
SPOKEN_NOW = st.sampled_from([None, *STYLES])


def any_value(name: str) -> st.SearchStrategy[Any]:
    question = CATALOGUE[name]
    if question.type is frozenset:
        return st.frozensets(st.sampled_from(question.choices))
    if question.type is bool:
        return st.booleans()
    if question.choices:
        return st.sampled_from([str(each) for each in question.choices])
    near = st.sampled_from(TRIED[Part(name)])
    if question.type is int:
        return near | st.integers(0, 2000)
    return near | (st.floats(0, 1) if question.unit == "of 1" else st.floats(0, 1e6))


def a_fact(name: str) -> st.SearchStrategy[Fact]:
    return st.builds(Fact, st.just(name), any_value(name), CERTAIN)


@st.composite
def any_facts(draw: st.DrawFn, *, but: tuple[str, ...] = ()) -> Facts:
    names = draw(st.sets(st.sampled_from([name for name in TOLD if name not in but])))
    return Facts({name: draw(a_fact(name)) for name in sorted(names)})
