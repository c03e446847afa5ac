"""What reports show for and against a style comes to the points that they show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_facts import SPOKEN_NOW, any_facts

from dragoman.review.report.balance import balance
from dragoman.review.review import Reviewed
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.styles import ADVISED
from dragoman.review.verdict.verdict import Nature


def reviewed(facts: Facts, present: str | None, *beside: str) -> Reviewed:
    surface, nature = Surface("surface", facts=facts), Nature(present, "", 1.0, beside=beside)
    return Reviewed(surface, nature, judge(surface, nature), ())


@given(any_facts(), SPOKEN_NOW, st.sampled_from([(), *((each,) for each in ADVISED)]))
@settings(max_examples=30, deadline=None)
def test_reasons_come_to_the_points_of_the_style_and_bars_stand_as_it_ranks_them(
    facts: Facts, present: str | None, beside: tuple[str, ...]
) -> None:
    of = reviewed(facts, present, *(each for each in beside if present is not None and each != present))
    shown = balance(of)
    if of.verdict.style is not None:
        chosen = next(each for each in shown.bars if each.style == shown.style)
        assert sum(each.points for each in (*shown.pro, *shown.contra)) == pytest.approx(chosen.points)
        assert all(each.points > 0 for each in (*shown.pro, *shown.instead))
        assert all(each.points < 0 for each in shown.contra)
        assert shown.style in (of.verdict.style, *of.verdict.beside)
        assert shown.bars[0] == chosen
    assert {each.style: each.fit for each in shown.bars} == of.verdict.scores


def test_what_speaks_for_staying_is_a_part_of_its_own() -> None:
    facts = Facts({"audience": Fact("audience", "partner", Certainty.STATED)})
    staying = balance(reviewed(facts, "rest")).staying
    assert staying is not None
    assert (staying.style, staying.staying) == ("rest", 3.5)
    assert balance(reviewed(facts, None)).staying is None


def test_what_a_reason_rests_on_stands_within_its_sentence() -> None:
    facts = Facts({"audience": Fact("audience", "partner", Certainty.STATED)})
    shown = balance(reviewed(facts, "rest"))
    assert any(each.text.endswith(").") for each in shown.pro)
    assert not any(". (" in each.text for each in (*shown.pro, *shown.contra, *shown.instead))
