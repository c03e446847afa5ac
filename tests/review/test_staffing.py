"""The people that the styles ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dragoman.review.interviews import ANY_STYLE, ASKS
from dragoman.review.staffing import NAMES, NEEDS, people
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.styles import ADVISED
from dragoman.review.verdict.verdict import Nature


def reviewed(name, style, **facts):
    """A surface that speaks a style and keeps it, for what is known speaks for nothing else."""
    known = {key: Fact(key, value, Certainty.STATED) for key, value in facts.items()}
    surface = Surface(name, facts=Facts(known))
    verdict = judge(surface, Nature(style, "", 1.0))
    assert verdict.style == style
    return surface, verdict


def by_name(found):
    return {each.name: each for each in found.skills}


@pytest.mark.parametrize("style", ADVISED)
def test_each_style_has_questions_whose_strong_answers_are_told(style):
    assert len(ASKS[style]) >= 4
    for ask in (*ASKS[style], *ANY_STYLE):
        assert ask.question.endswith(("?", "."))
        assert len(ask.listen_for) >= 3
    asked = {index for need in NEEDS if need.style == style for index in need.asks}
    assert asked == set(range(len(ASKS[style])))  # none that is never put
    assert NAMES[style]


def test_a_gap_comes_first_and_brings_its_questions():
    found = people(
        [
            reviewed("scores", "rpc", audience="internal", skills=frozenset({"rest"}), calls_per_second=5000.0),
            reviewed("admin", "rest", audience="operator", skills=frozenset({"rest"})),
        ]
    )
    first, *_, last = found.skills
    assert (first.there, last.there) == (False, True)
    assert first.surfaces == ("scores",)
    assert len(first.asks) >= 2
    assert last.asks == ()


def test_a_skill_that_one_team_lacks_is_a_gap_and_one_that_nobody_spoke_of_is_open():
    has = reviewed("a", "rest", audience="operator", skills=frozenset({"rest"}))
    lacks = reviewed("b", "rest", audience="operator", skills=frozenset({"rpc"}))
    silent = reviewed("c", "rest", audience="operator")
    assert people([has, lacks, silent]).skills[0].there is False
    assert people([has, silent]).skills[0].there is None
    assert people([has]).skills[0].there is True


def test_styles_that_are_kept_side_by_side_are_both_staffed():
    surface, verdict = reviewed("orders", "rest", audience="partner")
    found = people([(surface, replace(verdict, style="rpc", beside=("rest",)))])
    assert {style for each in found.skills for style in each.styles} == {"rpc", "rest"}
    assert [each.surfaces for each in found.skills] == [("orders",)] * len(found.skills)


def test_what_outsiders_need_is_asked_for_only_where_there_are_any():
    inside = people([reviewed("admin", "rest", audience="operator")])
    outside = people([reviewed("shop", "rest", audience="partner")])
    assert len(outside.skills) == len(inside.skills) + 2
    assert any(each.asks == ANY_STYLE for each in outside.skills)


def test_a_surface_of_which_nothing_is_known_asks_for_nobody():
    unknown = Surface("unknown")
    assert people([(unknown, judge(unknown, Nature(None, "", 0)))]).skills == ()
