"""What reports show for and against a style comes to the points that they show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from random_facts import SPOKEN_NOW, any_facts

from dragoman.review.report.balance import balance
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.verdict import Nature, Verdict


def verdict(facts: Facts, present: str | None) -> Verdict:
    return judge(Surface("surface", facts=facts), Nature(present, "", 1.0))


@given(any_facts(), SPOKEN_NOW)
@settings(max_examples=30, deadline=None)
def test_reasons_come_to_the_points_of_the_style_and_bars_stand_as_it_ranks_them(
    facts: Facts, present: str | None
) -> None:
    said = verdict(facts, present)
    shown = balance(said)
    if said.style is not None:
        chosen = next(each for each in shown.bars if each.style == said.style)
        assert sum(each.points for each in (*shown.pro, *shown.contra)) == pytest.approx(chosen.points)
        assert all(each.points > 0 for each in (*shown.pro, *shown.instead))
        assert all(each.points < 0 for each in shown.contra)
        assert shown.bars[0] == chosen
    assert {each.style: each.fit for each in shown.bars} == said.scores


def test_what_speaks_for_staying_is_a_part_of_its_own() -> None:
    facts = Facts({"audience": Fact("audience", "partner", Certainty.STATED)})
    staying = balance(verdict(facts, "rest")).staying
    assert staying is not None
    assert (staying.style, staying.staying) == ("rest", 3.0)
    assert balance(verdict(facts, None)).staying is None


def test_the_runner_up_has_its_points_with_their_own_sign() -> None:
    facts = Facts({"audience": Fact("audience", "partner", Certainty.STATED)})
    said = verdict(facts, "graphql")
    shown = balance(said)
    for each in shown.instead:
        assert each.points > 0
        assert not each.text.startswith("For ")
