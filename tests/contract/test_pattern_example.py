"""Texts that patterns match."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.contract.pattern_example import matching
from dragoman.contract.patterns import compiled

USUAL = [
    "^ord_[0-9a-hjkmnp-tv-z]{26}$",
    "^[A-Z]{2}$",
    "^(?:a|b)+c?$",
    r"^\d{3}-\d{2}$",
    "[^a-z]",
    r"^[\w.]+@[\w.]+\.[a-z]{2,}$",
    "^https?://[^/]+/.*$",
    r"^\+?[0-9 ()-]{5,20}$",
    "^[a-z]+?$",
    "^$",
    "^[]a]$",
]


@pytest.mark.parametrize("pattern", USUAL)
def test_usual_patterns_have_an_example(pattern: str) -> None:
    text = matching(pattern)
    assert text is not None
    assert compiled(pattern).search(text)


@pytest.mark.parametrize(
    ("pattern", "least", "most", "text"),
    [("^[a-z]*$", 3, 3, "vvv"), ("1", 3, 3, "1xx"), ("^[0-9]{4}$", 5, None, None), ("^[0-9]{4}$", 0, 3, None)],
)
def test_lengths_are_kept(pattern: str, least: int, most: int | None, text: str | None) -> None:
    assert matching(pattern, least, most) == text


@pytest.mark.parametrize("pattern", ["^(?=a)b", r"(a)\1", r"\bword", "(", "[", "a{300}", "*"])
def test_what_is_not_read_has_none(pattern: str) -> None:
    assert matching(pattern) is None


@given(st.text("ab^$.|()[]{}*+?-,1\\d", max_size=12), st.integers(0, 3))
def test_an_example_matches_whatever_the_pattern(pattern: str, least: int) -> None:
    text = matching(pattern, least) if _compiles(pattern) else None
    assert text is None or (compiled(pattern).search(text) and len(text) >= least)


def _compiles(pattern: str) -> bool:
    try:
        compiled(pattern)
    except (re.error, FutureWarning):
        return False
    return True
