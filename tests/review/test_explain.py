"""Rules as people read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dragoman.contract.principal import Audience
from dragoman.review.verdict.explain import UnknownRule, explain, listed
from dragoman.review.verdict.rule import Source
from dragoman.review.verdict.rules import RULES

AIP = Source("AIP-158", "https://google.aip.dev/158")
GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Misfit:
    """As rules of misfits look, as far as they are explained."""

    id: str = "unpaged-list"
    title: str = "A list without pages"
    source: Source = AIP
    severity: str = "warning"
    severities: dict = field(default_factory=lambda: {Audience.PUBLIC: "error"})
    reason: str = "It grows with the data."
    remedy: str = "Take page_size and page_token."
    exception: str = "Lists that are bounded by nature."
    example: str = "GET /orders\n-> GET /orders?page_size=50"


def test_every_rule_is_listed_and_can_be_explained():
    lines = listed([Misfit()])
    assert [each.id for each in lines] == [*(rule.id for rule in RULES), "unpaged-list"]
    for line in lines:
        assert line.does
        assert str(explain(line.id, [Misfit()])).startswith(f"{line.id}: {line.title}")


@pytest.mark.parametrize("id", ["budget-of-10-ms", "rest-by-default", "it-works", "unpaged-list"])
def test_an_explanation_reads_as_it_should(id):
    assert f"{explain(id, [Misfit()])}\n" == (GOLDEN / f"explain-{id}.txt").read_text()


def test_a_rule_that_is_not_known_names_those_that_are_near():
    with pytest.raises(UnknownRule) as caught:
        explain("budget-of-11-ms")
    assert str(caught.value) == (
        "there is no rule 'budget-of-11-ms'; did you mean budget-of-10-ms or budget-of-100-ms? "
        "`dragoman review rules` lists all of them"
    )
    with pytest.raises(UnknownRule, match="there is no rule 'zzz'; `dragoman review rules` lists all of them"):
        explain("zzz")
