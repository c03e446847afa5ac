"""The table of rules: sound, explained, and every rule of it can say something."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.verdict.conditions import at_least, has_not, is_
from dragoman.review.verdict.rule import Condition, Rule, Source, Test
from dragoman.review.verdict.rules import RULES, checked
from dragoman.review.verdict.rules.staying import PRESENT
from dragoman.review.verdict.styles import ADVISED, CHATTINESS
from dragoman.review.verdict.worth import TRIED, Part

SOUND = Rule(
    "sound", "A rule", Source("The guide"), (is_("waits", True),), {"rest": 1}, "A reason.", "None.", "An example."
)


def fulfilling(rule: Rule) -> Facts | None:
    """Facts under which the rule applies, if there are any."""
    for values in itertools.product(*(_values(name) for name in rule.reads)):
        facts = Facts(
            {name: Fact(name, value, Certainty.STATED) for name, value in zip(rule.reads, values, strict=True)}
        )
        if rule.applies(facts):
            return facts
    return None


def _values(name):
    if CATALOGUE[name].type is frozenset:
        return [frozenset(), frozenset(CATALOGUE[name].choices), None]
    return [*TRIED[Part(name)], None]


@pytest.mark.parametrize("rule", RULES, ids=[each.id for each in RULES])
def test_every_rule_can_apply(rule):
    assert fulfilling(rule) is not None


def test_every_style_is_spoken_for_and_against():
    for style in ADVISED:
        assert any(rule.adds.get(style, 0) > 0 for rule in RULES)
        assert any(rule.adds.get(style, 0) < 0 for rule in RULES)


def test_no_rule_says_the_same_as_another():
    assert len({(rule.when, rule.unless, tuple(sorted(rule.adds.items()))) for rule in RULES}) == len(RULES)


def test_an_unknown_fact_fulfils_nothing():
    nothing = Facts()
    assert [rule.id for rule in RULES if rule.applies(nothing)] == ["rest-by-default", "it-works"]


def test_the_latency_rules_order_styles_by_their_chattiness():
    """Monotone by construction: a bound from above adds ever less along the order, one from below ever more."""
    for rule in RULES:
        added = [rule.adds.get(style, 0) for style in CHATTINESS]
        for condition in rule.when:
            if condition.fact == "latency_budget_ms":
                falling = condition.test is Test.AT_MOST
                assert added == sorted(added, reverse=falling), rule.id
        assert all(each.fact != "latency_budget_ms" for each in rule.unless)


def test_the_rules_of_consumers_only_raise_rest():
    for rule in RULES:
        if any(each.fact == "consumers" for each in rule.when) and PRESENT not in rule.adds:
            assert rule.adds["rest"] == max(*rule.adds.values(), 0)
        assert all(each.fact != "consumers" for each in rule.unless)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (replace(SOUND, adds={"soap": 1}), "adds to soap"),
        (replace(SOUND, adds={}), "adds to nothing"),
        (replace(SOUND, reason=""), "not explained"),
        (replace(SOUND, when=(is_("weather", True),)), "there is no fact weather"),
        (replace(SOUND, when=(at_least("waits", 1),)), "waits at least 1 does not suit a bool"),
        (replace(SOUND, when=(has_not("audience", "public"),)), "does not suit a str"),
        (replace(SOUND, when=(is_("audience", "aliens"),)), "asks for what audience never is"),
        (replace(SOUND, when=(Condition("skills", Test.HAS, ("rest", "rpc")),)), "several members"),
    ],
)
def test_a_rule_that_is_not_sound_is_refused(rule, wrong):
    with pytest.raises(ValueError, match=f"rule sound: .*{wrong}"):
        checked([rule])


def test_two_rules_of_one_id_are_refused():
    with pytest.raises(ValueError, match="rule sound: there are two of it"):
        checked([SOUND, SOUND])
