"""The written cases give the verdicts that stand beside them."""

from __future__ import annotations

import pytest
from written_cases import cases, judged

CASES = list(cases())
RANK = ["low", "medium", "high"]


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_a_written_case_gives_its_verdict(case):
    verdict, expected = judged(case), case["expect"]
    assert verdict.decision == expected["decision"]
    assert verdict.style == expected.get("style", verdict.style)
    assert verdict.runner_up == expected.get("runner_up", verdict.runner_up)
    floor = expected.get("confidence", "low")
    assert RANK.index(verdict.confidence) >= RANK.index(floor)
    if floor == "low" and "open" in case:
        assert verdict.confidence == "low"
        assert set(case["open"]) <= set(verdict.open)
    assert case["why"]


def test_there_are_the_five_rows_and_thirty_more():
    assert len(CASES) >= 35
    assert len({each["name"] for each in CASES}) == len(CASES)
