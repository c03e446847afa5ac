"""Each rule finds its misfit, and not what is only like it."""

from __future__ import annotations

import pytest
from call_cases import ERRORS, IDEMPOTENCY, STREAMS
from list_cases import CACHING, PAGING
from misfit_texts import Case, Contracts
from name_cases import DOCUMENTATION, NAMING
from other_cases import EVENTS, GRAPHQL, PROCEDURES
from platform_cases import PLATFORM
from security_cases import SECURITY
from shape_cases import SHAPES
from surface_cases import AUDIENCE, VERSIONS

from dragoman.contract.principal import Audience
from dragoman.review.misfits.finding import Finding, Misfit
from dragoman.review.misfits.rules import MISFITS
from dragoman.review.misfits.search import FAILED

CASES: list[Case] = [
    *(*AUDIENCE, *VERSIONS, *PLATFORM, *PAGING, *CACHING, *IDEMPOTENCY, *ERRORS, *SECURITY, *SHAPES, *STREAMS),
    *(*GRAPHQL, *EVENTS, *PROCEDURES, *NAMING, *DOCUMENTATION),
]


def found(contracts: Contracts) -> list[Finding]:
    """What is found; a rule that breaks fails the test."""
    findings = contracts.findings()
    broken = [each.message for each in findings if each.rule == FAILED]
    assert not broken
    return findings


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_finds_its_misfit_at_its_element(case: Case) -> None:
    hits = [each for each in found(case.misfit) if each.rule == case.rule]
    assert case.element in [_shown(each) for each in hits], [_shown(each) for each in hits]
    for each in hits:
        assert each.message
        assert each.remedy != MISFITS[case.rule].remedy, "the remedy names the element"
        assert each.position.file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_leaves_what_is_only_like_it(case: Case) -> None:
    assert [(_shown(each), each.message) for each in found(case.near) if each.rule == case.rule] == []


def _shown(finding: Finding) -> str:
    """The element; of documents, without the folder."""
    kind, _, name = str(finding.element).partition(" ")
    return f"{kind} {name.rpartition('/')[2]}" if kind == "document" else str(finding.element)


def test_every_rule_has_a_case() -> None:
    assert {each.rule for each in CASES} == set(MISFITS)
    assert len(MISFITS) >= 45


@pytest.mark.parametrize("rule", MISFITS.values(), ids=lambda rule: rule.id)
def test_every_rule_says_what_a_reader_needs(rule: Misfit) -> None:
    assert rule.id == rule.id.lower()
    for text in (rule.title, rule.source.name, rule.reason, rule.remedy, rule.exception, rule.example):
        assert text.strip()
    assert "→" in rule.example
    assert all(isinstance(each, Audience) for each in rule.severities)
    assert rule.source.link.startswith("https://") or rule.source.name.startswith(("ThirstySprout", "IEEE"))
