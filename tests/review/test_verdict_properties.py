"""What holds of every verdict, whatever the facts are."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_facts import CERTAIN, READ, SPOKEN_NOW, a_fact, any_facts, any_value

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.surfaces.work import meant
from dragoman.review.verdict.improbable import IMPROBABLE, is_plausible, plausible
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.lead import least_lead
from dragoman.review.verdict.rule import Test
from dragoman.review.verdict.rules import RULES
from dragoman.review.verdict.styles import ADVISED, CHATTINESS
from dragoman.review.verdict.verdict import Confidence, Decision, Nature, Verdict
from dragoman.review.verdict.weighing import weigh
from dragoman.review.verdict.worth import TRIED, values

RANK = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2}
STYLE = st.sampled_from(ADVISED)


def verdict(facts: Facts, present: str | None = None) -> Verdict:
    return judge(Surface("surface", facts=facts), Nature(present, "", 1.0))


def scores(facts: Facts) -> dict[str, float]:
    return weigh(values(facts), None)


def stated(facts: Facts, name: str, value: Any) -> Facts:
    return facts.without(name).with_(Fact(name, value, Certainty.STATED))


@given(any_facts(but=("latency_budget_ms",)), any_value("latency_budget_ms"), any_value("latency_budget_ms"))
@settings(max_examples=60, deadline=None)
def test_a_stricter_latency_budget_never_favours_a_chattier_style(facts, one, other):
    strict = scores(stated(facts, "latency_budget_ms", min(one, other)))
    loose = scores(stated(facts, "latency_budget_ms", max(one, other)))
    for leaner, chattier in itertools.combinations(CHATTINESS, 2):
        assert strict[chattier] - strict[leaner] <= loose[chattier] - loose[leaner]


@given(any_facts(but=("consumers",)), any_value("consumers"), any_value("consumers"))
@settings(max_examples=60, deadline=None)
def test_more_outside_consumers_never_lower_rest(facts, one, other):
    few, many = (scores(stated(facts, "consumers", count)) for count in sorted((one, other)))
    assert many["rest"] >= few["rest"]
    for rival in ADVISED:
        assert many["rest"] - many[rival] >= few["rest"] - few[rival]  # so that it never loses a rank


@given(any_facts(), SPOKEN_NOW, st.sampled_from(READ))
@settings(max_examples=60, deadline=None)
def test_an_unknown_never_raises_confidence(facts, present, name):
    """Whatever answer comes that is plausible; a surprise may unsettle a verdict."""
    less = verdict(facts.without(name), present)
    assume(less.confidence is Confidence.HIGH or is_plausible(name, facts.value(name), facts.without(name)))
    assert RANK[less.confidence] <= RANK[verdict(facts, present).confidence]


@given(any_facts(), st.sampled_from(READ))
@settings(max_examples=60, deadline=None)
def test_learning_a_fact_makes_nothing_plausible_that_was_not(facts, name):
    before, after = plausible(facts.without(name)), plausible(facts)
    assert all(set(after[part]) <= set(before[part]) for part in TRIED)
    assert all(after[part] or (facts["work"].known and not CATALOGUE[part.fact].asks) for part in TRIED)


def test_improbable_answers_end_where_some_rule_s_bounds_are():
    """So that a value stands for all that the rules take like it, here too."""
    for row in IMPROBABLE:
        assert row.reason
        if row.answer.test in (Test.AT_LEAST, Test.AT_MOST):
            bounds = [each for rule in RULES for each in (*rule.when, *rule.unless)]
            assert row.answer in bounds


@given(any_facts(), SPOKEN_NOW, st.sampled_from(READ), st.data())
@settings(max_examples=60, deadline=None)
def test_a_guess_is_never_surer_than_a_statement(facts, present, name, data):
    value = data.draw(any_value(name))
    guessed = verdict(facts.without(name).with_(Fact(name, value, Certainty.INFERRED)), present)
    known = verdict(stated(facts, name, value), present)
    assert RANK[guessed.confidence] <= RANK[known.confidence]
    assert guessed.style == known.style


@given(any_facts(), SPOKEN_NOW, st.data())
@settings(max_examples=60, deadline=None)
def test_a_verdict_that_is_not_low_holds_however_the_open_questions_are_answered(facts, present, data):
    """A high one whatever comes, a medium one whatever plausible answer comes."""
    now = verdict(facts, present)
    if now.confidence is Confidence.LOW:
        return
    answers = [data.draw(a_fact(name)) for name in READ if not facts[name].known]
    if now.confidence is Confidence.MEDIUM:
        answers = [each for each in answers if is_plausible(each.name, each.value, facts)]
    answered = facts.with_(*answers)
    assert verdict(answered, present).style == now.style


@given(any_facts(), SPOKEN_NOW)
@settings(max_examples=60, deadline=None)
def test_a_low_verdict_names_the_questions_that_could_turn_it(facts, present):
    now = verdict(facts, present)
    assert all(not facts[name].known and CATALOGUE[name].asks for name in now.open)
    if now.confidence is Confidence.LOW:
        turning = [turn.fact for turn in now.turns if not turn.known]
        assert set(turning) <= set(now.open)


@given(any_facts(), SPOKEN_NOW)
@settings(max_examples=60, deadline=None)
def test_a_turn_leads_where_it_says(facts, present):
    for turn in verdict(facts, present).turns:
        if " and " in turn.text.replace(" and mobile", "").replace(" and queues", ""):
            continue  # several answers together
        assert turn.known is facts[turn.fact].known
        if isinstance(turn.value, frozenset) and not turn.known:
            continue  # one member of a set of which the others stay unknown
        answered = stated(facts, turn.fact, turn.value)
        turned = verdict(answered.with_(*meant(answered)) if turn.fact == "work" else answered, present)
        assert turned.style == turn.style


@given(any_facts(), SPOKEN_NOW, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_same_facts_give_the_same_verdict(facts, present, random):
    names = list(facts)
    random.shuffle(names)
    assert verdict(Facts({name: facts[name] for name in names}), present) == verdict(facts, present)


@given(any_facts(but=("skills",)), any_value("skills"), STYLE)
@settings(max_examples=60, deadline=None)
def test_adding_a_skill_never_lowers_its_style(facts, skills, style):
    before, after = scores(stated(facts, "skills", skills)), scores(stated(facts, "skills", skills | {style}))
    assert after[style] >= before[style]
    assert all(after[other] == before[other] for other in ADVISED if other != style)


@given(any_facts(but=("consumers",)), STYLE, CERTAIN, any_value("consumers"), any_value("consumers"))
@settings(max_examples=60, deadline=None)
def test_what_moving_must_gain_grows_with_outside_consumers(facts, present, certainty, one, other):
    def staying(count: int) -> float:
        known = values(facts.with_(Fact("consumers", count, certainty)))
        return weigh(known, present)[present] - weigh(known, None)[present]

    few, many = sorted((one, other))
    assert 0 < staying(few) <= staying(many)


@given(any_facts(), SPOKEN_NOW)
@settings(max_examples=60, deadline=None)
def test_nobody_is_told_to_move_for_a_reason_that_one_answer_could_take_away(facts, present):
    now = verdict(facts, present)
    if now.decision is Decision.MOVE:
        assert now.confidence is not Confidence.LOW
        assert now.style != present
        assert now.cost
    if now.decision in (Decision.KEEP, Decision.MEND):
        assert now.style == present


@given(any_facts(), SPOKEN_NOW)
@settings(max_examples=60, deadline=None)
def test_what_is_kept_stays_with_some_plausible_answer_to_each_question(facts, present):
    now, likely = verdict(facts, present), plausible(facts)
    if now.decision not in (Decision.KEEP, Decision.MEND):
        return
    for part in TRIED:
        if part.member is None and likely[part] and not facts[part.fact].known:
            answered = (verdict(stated(facts, part.fact, value), present) for value in likely[part])
            assert any(each.style == present for each in answered)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_least_lead_is_that_of_trying_every_answer(data):
    """All combinations, against the sum over groups: the same number, and the answers that it names give it."""
    known = {part: data.draw(st.sampled_from(TRIED[part])) for part in TRIED}
    open_ = data.draw(st.sets(st.sampled_from(sorted(TRIED, key=repr)), min_size=1, max_size=4))
    present = data.draw(st.sampled_from([None, *ADVISED]))
    style, rival = data.draw(st.permutations(ADVISED))[:2]
    asked = {**known, **dict.fromkeys(open_)}

    def lead(answers):
        totals = weigh({**asked, **dict(answers)}, present)
        return totals[style] - totals[rival]

    least, answers = least_lead(style, rival, asked, present)
    tried = itertools.product(*([(part, value) for value in (None, *TRIED[part])] for part in open_))
    assert round(min(map(lead, tried)), 6) == round(least, 6) == round(lead(answers), 6)


def test_mending_is_for_what_fits_and_is_done_badly():
    facts = Facts({"audience": Fact("audience", "public", Certainty.STATED)})
    sound = Nature("rest", "resources over HTTP", 1.0)
    surface = Surface("shop", facts=facts)
    assert judge(surface, sound).decision is Decision.KEEP
    assert judge(surface, sound, errors=1).decision is Decision.MEND
    assert judge(surface, replace(sound, purity=0.5)).decision is Decision.MEND
    assert judge(surface, sound, first=("Page the lists.",)).first == ("Page the lists.",)
