"""What people answer: in their own spelling, or told what would be right."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dragoman.review.surfaces.answers import WrongAnswer, checked, parsed, shown
from dragoman.review.surfaces.catalogue import CATALOGUE


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("audience", "partner", "partner"),
        ("audience", "Partner", "partner"),
        ("audience", "par", "partner"),
        ("audience", "3", "internal"),
        ("consumers", "1,500", 1500),
        ("consumers", "1.5k", 1500),
        ("consumers", "about", None),
        ("consumers", "40 companies", 40),
        ("latency_budget_ms", "300 ms", 300.0),
        ("latency_budget_ms", "2s", 2000.0),
        ("latency_budget_ms", "0.5", 0.5),
        ("latency_budget_ms", "2 seconds", 2000.0),
        ("latency_budget_ms", "5 minutes", 300_000.0),
        ("latency_budget_ms", "300 ms at most", 300.0),
        ("latency_budget_ms", "10 000", 10_000.0),
        ("latency_budget_ms", "10-50", None),
        ("latency_budget_ms", "1,5", None),
        ("latency_budget_ms", "3 fortnights", None),
        ("latency_budget_ms", "5 min", 300_000.0),
        ("latency_budget_ms", "6h", 21_600_000.0),
        ("latency_budget_ms", "300 ms at p99", 300.0),
        ("latency_budget_ms", "6 weeks", None),
        ("latency_budget_ms", "60 days", None),
        ("joins", "300", None),
        ("teams", "12 of them", 12),
        ("skills", "gRPC, kafka", frozenset({"rpc", "events"})),
        ("skills", "OpenAPI GraphQL", frozenset({"rest", "graphql"})),
        ("latency_budget_ms", "0", None),
        ("latency_budget_ms", "3k", None),
        ("calls_per_second", "2m", 2_000_000.0),
        ("calls_per_second", "5 s", None),
        ("calls_per_second", "5 million", 5_000_000.0),
        ("calls_per_second", "20/s", 20.0),
        ("calls_per_second", "20 calls/s", 20.0),
        ("waits", "yes", True),
        ("waits", "N", False),
        ("waits", "perhaps", None),
        ("skills", "rest, rpc", frozenset({"rest", "rpc"})),
        ("skills", "1 3", frozenset({"rest", "graphql"})),
        ("skills", "none", frozenset()),
        ("skills", "cobol", None),
        ("owner", "team payments", "team payments"),
    ],
)
def test_an_answer_is_understood_or_refused(name: str, text: str, value: Any) -> None:
    question = CATALOGUE[name]
    if value is None:
        with pytest.raises(WrongAnswer):
            parsed(question, text)
    else:
        assert parsed(question, text) == value


def test_a_misspelt_choice_is_told_the_nearest() -> None:
    with pytest.raises(WrongAnswer, match=re.escape("there is no 'publik'; did you mean public?")):
        parsed(CATALOGUE["audience"], "publik")


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_toml_holds_is_checked_by_type(name: str) -> None:
    for wrong in ({}, [1], -1, 1e300, float("nan"), ""):
        with pytest.raises(WrongAnswer):
            checked(CATALOGUE[name], wrong)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency_budget_ms", 300.0, "300 ms at p99"),
        ("consumers", 1, "1 organisation"),
        ("consumers", 1500, "1,500 organisations"),
        ("skills", frozenset({"rpc", "rest"}), "rest, rpc"),
        ("waits", False, "no"),
        ("verb_share", 0.25, "25%"),
        ("owner", None, "unknown"),
    ],
)
def test_a_value_is_shown_with_its_unit(name: str, value: Any, text: str) -> None:
    assert shown(CATALOGUE[name], value) == text
