"""What the page can be narrowed to. Without a script there is nothing to narrow, and the form stays hidden."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dragoman.review.report import grouping, wording
from dragoman.review.review import Review
from dragoman.review.surfaces.catalogue import STYLES
from dragoman.review.verdict.verdict import Decision

from .markup import Markup, element

VERDICTS: Final = {each: "ask first" if each is Decision.ASK else str(each) for each in Decision}
RANKS: Final = (("1", "with misfits"), ("2", "with warnings or errors"), ("3", "with errors"), ("0", "without misfits"))


def filters(review: Review) -> Markup:
    """Only what occurs can be chosen."""
    audiences = dict.fromkeys(sorted(wording.audience(each) for each in review.surfaces))
    spoken = {each.nature.style for each in review.surfaces} | {each.verdict.style for each in review.surfaces}
    decisions = grouping.decisions(review)
    return element(
        "form",
        _select("audience", "For", "for anybody", ((each, f"for {each}") for each in audiences)),
        _select("style", "Style, now or advised", "any style", ((s, wording.style(s)) for s in STYLES if s in spoken)),
        _select("decision", "Verdict", "any verdict", ((str(each), VERDICTS[each]) for each in decisions)),
        _select("rank", "Misfits", "misfits or none", RANKS) if grouping.has_contracts(review) else None,
        element(
            "label",
            element("span", "Text", class_="heard"),
            element(
                "input", type="search", name="text", placeholder="Filter by name, rule, file …", autocomplete="off"
            ),
            class_="wide",
        ),
        element("button", "Show all", type="reset"),
        element("p", "", id="shown", role="status", aria_live="polite"),
        id="filters",
        hidden=True,
        aria_label="Narrow the page",
    )


def _select(name: str, label: str, every: str, options: Iterable[tuple[str, str]]) -> Markup:
    chosen = [element("option", every, value=""), *(element("option", text, value=value) for value, text in options)]
    return element("label", element("span", label, class_="heard"), element("select", *chosen, name=name))
