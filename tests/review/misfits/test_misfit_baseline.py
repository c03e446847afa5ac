"""The baseline: what it excuses, until when, and what is wrong with one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.review.elements import Element, Kind, Position
from dragoman.review.misfits.baseline import Baseline, BaselineError, apply, parse, read, written
from dragoman.review.misfits.finding import Finding, Severity

TODAY = date(2026, 11, 28)
LATER = date(2027, 3, 31)


def finding(rule: str = "unpaged-list", name: str = "GET /v1/reports", surface: str = "partner") -> Finding:
    """A finding of an operation."""
    element = Element(Kind.OPERATION, name)
    return Finding(rule, Severity.ERROR, surface, element, Position("a.yaml", 7), "it can only grow", "page it")


ENTRY = """
[[excused]]
rule = "unpaged-list"
element = "operation GET /v1/reports"
reason = "Two partners read it whole"
expires = 2027-03-31
"""


def test_an_entry_excuses_its_rule_at_its_element() -> None:
    other = finding(name="GET /v1/orders")
    applied = apply(parse(ENTRY, "b.toml"), [finding(), other, finding("bare-array")], TODAY)
    assert applied.excused == (finding(),)
    assert applied.kept == (other, finding("bare-array"))
    assert applied.stale == ()


def test_lines_may_move_and_surfaces_may_be_several() -> None:
    applied = apply(parse(ENTRY, "b.toml"), [finding(), finding(surface="public")], TODAY)
    assert len(applied.excused) == 2


def test_it_holds_on_its_last_day_and_no_longer() -> None:
    baseline = parse(ENTRY, "b.toml")
    assert apply(baseline, [finding()], LATER).excused
    applied = apply(baseline, [finding()], date(2027, 4, 1))
    assert applied.kept == (finding(),)
    (told,) = applied.stale
    assert told == (
        "b.toml:2: the excuse of unpaged-list for operation GET /v1/reports ended on 2027-03-31 (Two partners read it "
        "whole); mend it, or give a later day with a reason that holds"
    )


def test_what_is_mended_is_told() -> None:
    (told,) = apply(parse(ENTRY, "b.toml"), [], TODAY).stale
    assert told.endswith("is for nothing: it is no longer found; remove the entry")


def test_an_unknown_rule_is_told_with_the_nearest() -> None:
    (told,) = apply(parse(ENTRY.replace("unpaged-list", "unpaged-lists"), "b.toml"), [finding()], TODAY).stale
    assert told.endswith("there is no such rule; write unpaged-list")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[[excused]\nrule = 1", 1, "the baseline is not TOML"),
        ("[[ignored]]\nrule = 'a'", 1, "there is nothing called 'ignored' in a baseline"),
        ("[excused]\nrule = 'a'", 1, "excused is no list of tables"),
        (ENTRY + ENTRY.replace("reason", "why"), 8, "an entry has no 'why'"),
        (ENTRY.replace('reason = "Two partners read it whole"', ""), 2, "this entry has no reason"),
        (ENTRY.replace('"Two partners read it whole"', '" "'), 2, "reason is ' ', which is no text"),
        (ENTRY.replace("2027-03-31", '"spring"'), 2, "expires is 'spring', which is no day"),
        (ENTRY + ENTRY, 8, "unpaged-list of operation GET /v1/reports is excused in line 2 already"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_a_remedy(text: str, line: int, message: str) -> None:
    with pytest.raises(BaselineError) as raised:
        parse(text, "b.toml")
    assert raised.value.position == Position("b.toml", line, raised.value.position.column)
    assert raised.value.message.startswith(message)
    assert raised.value.remedy


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="the baseline cannot be read: No such file"):
        read(tmp_path / "none.toml")
    broken = tmp_path / "b.toml"
    broken.write_bytes(b"# one\n# two \xff\n")
    with pytest.raises(BaselineError) as raised:
        read(broken)
    assert raised.value.position.line == 2


def test_days_may_be_written_as_text_or_with_a_time() -> None:
    for text in ('"2027-03-31"', "2027-03-31T12:00:00"):
        assert parse(ENTRY.replace("2027-03-31", text), "b.toml").entries[0].expires == LATER


def test_a_baseline_that_is_written_excuses_all_and_is_read_back(tmp_path: Path) -> None:
    findings = [finding(), finding("bare-array", "GET /v1/orders")]
    path = tmp_path / "b.toml"
    path.write_text(written(findings, "to be mended with v2", LATER, TODAY))
    applied = apply(read(path), findings, TODAY)
    assert applied.excused == tuple(findings)
    assert applied.stale == ()


def test_reasons_that_hold_are_kept() -> None:
    text = written([finding(), finding("bare-array")], "new", date(2027, 1, 1), TODAY, parse(ENTRY, "b.toml"))
    assert {each.rule: (each.reason, each.expires) for each in parse(text, "b.toml").entries} == {
        "unpaged-list": ("Two partners read it whole", LATER),
        "bare-array": ("new", date(2027, 1, 1)),
    }


def test_one_without_a_reason_or_a_future_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        written([finding()], " ", LATER, TODAY)
    with pytest.raises(ValueError, match="before today; give a later day, as in --until 2027-03-31"):
        written([finding()], "later", date(2026, 1, 1), TODAY)


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5), st.text(min_size=1).filter(str.strip))
def test_whatever_elements_are_called(names: list[tuple[str, str]], reason: str) -> None:
    findings = [finding(f"rule{rule}", name) for rule, name in names]
    baseline = parse(written(findings, reason, LATER, TODAY), "b.toml")
    assert len(apply(baseline, findings, TODAY).excused) == len(findings)


def test_nothing_excuses_nothing() -> None:
    assert apply(Baseline(), [finding()], TODAY).kept == (finding(),)
