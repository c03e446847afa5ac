"""The page is whole by itself, says everything, and lets no document say anything but text. Browsers see it in
``foreign/test_review_page.py``.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_review import HOSTILE, large, review

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Severity
from dragoman.review.people import People
from dragoman.review.report import page
from dragoman.review.report.page import markup, signs
from dragoman.review.report.page.layout import BUNDLES, SINGLE, layout
from dragoman.review.review import Review
from dragoman.review.verdict.rule import Source

VOID = {"input", "meta", "wbr"}


class Read(HTMLParser):
    """The elements of a page, which close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            self.raw[self.open[-1]] = data
        else:
            self.said.append(data)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.elements if (value := attrs.get(attribute)) is not None]


@pytest.fixture(scope="module")
def whole() -> Read:
    return Read(page.write(review()))


def test_it_says_what_the_review_holds(whole: Read) -> None:
    said = " ".join("".join(whole.said).split())
    for each in (
        "öffentlich-商店",
        "Outside developers meet 19 calls where five nouns would do.",
        "With less than 10 ms to answer, RPC would fit better.",
        "Every caller changes 19 calls; keep both for two releases.",
        "How many organisations outside of yours call this surface",
        "Take a page size and a page token",
        "The warehouse drops doubles (SHOP-112)",
        "the excuse expired on 2026-01-31",
        "How do you keep one query from asking for the whole graph?",
        "depth and cost limits",
        "a mapping is not closed here",
        "Close the brace that line 12 opens.",
        "20 ms at p99",
        "openapi/partner.yaml:310",
    ):
        assert each in said, each


def test_it_asks_for_nothing(whole: Read) -> None:
    assert not whole.values("src")
    assert not {tag for tag, _ in whole.elements} & {"link", "img", "iframe", "object", "embed", "base", "use", "image"}
    assert all(each.startswith(("#", "https://")) for each in whole.values("href"))
    assert "url(" not in whole.raw["style"]
    assert "@import" not in whole.raw["style"]


def test_its_policy_allows_its_own_style_and_script_alone(whole: Read) -> None:
    policy = next(
        attrs["content"] for _, attrs in whole.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(whole.raw[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in (policy or "")
        assert [tag for tag, _ in whole.elements].count(name) == 1
    assert "default-src 'none'" in (policy or "")
    assert not whole.values("style")
    assert not [key for _, attrs in whole.elements for key in attrs if key.startswith("on")]


@pytest.mark.parametrize("of", [review(), large(60, 600)], ids=["few", "many"])
def test_every_link_within_leads_somewhere(of: Review) -> None:
    read = Read(page.write(of))
    names = read.values("id")
    assert len(names) == len(set(names))
    assert {each[1:] for each in read.values("href") if each.startswith("#")} <= set(names)


def test_no_rule_makes_a_link_that_runs() -> None:
    rules = tuple(replace(each, source=Source("evil", "javascript:alert(1)")) for each in review().rules)
    assert "javascript:alert(1)" not in Read(page.write(replace(review(), rules=rules))).values("href")


@settings(max_examples=200)
@given(st.text() | st.just(HOSTILE), st.text() | st.just(HOSTILE))
def test_text_is_text(content: str, value: str) -> None:
    read = Read(markup.element("p", content, title=value))
    assert read.elements == [("p", {"title": markup.wording.plain(value, 100_000)})]
    assert not set("".join(read.said)) & set("\x00\x1b\u202e")


def test_a_title_of_a_megabyte_makes_no_page_of_one() -> None:
    long = review()
    first = replace(long.surfaces[0], surface=replace(long.surfaces[0].surface, name="x" * 1_000_000))
    assert len(page.write(replace(long, surfaces=(first, *long.surfaces[1:])))) < 200_000


def opened(of: Review) -> list[str]:
    """The surfaces whose sections are open."""
    steps = pairwise(Read(page.write(of)).elements)
    return [attrs["id"] or "" for (tag, attrs), (_, inner) in steps if tag == "article" and "open" in inner]


def test_only_what_is_to_be_decided_is_open_from_the_start() -> None:
    assert opened(review()) == ["surface-0", "surface-1"]  # what should move, and what is to be asked about
    assert opened(replace(review(), surfaces=review().surfaces[2:3])) == ["surface-0"]
    assert len(opened(large(300, 600))) == 6


def test_what_was_not_read_stands_at_the_head() -> None:
    said = "".join(Read(page.write(review())).said)
    assert "2 documents were not read: the review is not whole." in said
    assert said.index("a mapping is not closed here") < said.index("Do first")


def test_what_no_contract_can_hold_is_told_where_it_is_asked_for() -> None:
    whole = replace(review(), refusals=(), remarks=())
    assert "unread" not in Read(page.write(whole)).values("id")
    told = "".join(Read(page.write(whole, verbose=True)).said)
    assert "multipleOf 0.01" in told
    assert "Not read" not in told


def test_a_long_place_may_break_and_a_short_one_does_not() -> None:
    assert "<wbr>" not in signs.place(Position("openapi/partner.yaml", 40))
    assert "<wbr>/openapi" in signs.place(Position("services/orders/contracts/openapi/partner.yaml", 40))


def test_an_empty_review_is_a_page_too() -> None:
    read = Read(page.write(Review((), People()), title="Nothing <yet>"))
    assert "Nothing <yet>" in "".join(read.said)
    assert "filters" not in read.values("id")


def test_many_surfaces_and_findings_stay_within_bounds() -> None:
    text = page.write(large(100, 10_000))
    assert len(text) < 1_500_000
    read = Read(text)
    assert [tag for tag, _ in read.elements].count("article") == 100 + len(review().people.skills)
    assert text.count("data-rank=") <= 100 + 100 * 4
    assert "The first 100 of 2,500; --format json has all." in "".join(read.said)
    assert "400 of 10,000 are listed here" in "".join(read.said)


def test_a_thousand_surfaces_are_on_the_map_and_hundreds_in_the_list() -> None:
    read = Read(page.write(large(1_000, 1_000)))
    names = set(read.values("id"))
    assert {each for of in read.values("data-of") for each in of.split()} == set(map(str, range(1_000)))
    assert sum(each.startswith("surface-") for each in names) == 500
    assert {each[1:] for each in read.values("href") if each.startswith("#")} <= names
    assert "and 500 more: --format json has them all" in "".join(read.said)


@pytest.mark.parametrize("number", [1, 2, 7, SINGLE, SINGLE + 1, 500])
def test_a_map_holds_every_surface_once_and_nothing_stands_on_another(number: int) -> None:
    placed = layout(large(number, number).surfaces)
    nodes = [node for group in placed.groups for node in group.nodes]
    members = [each for node in nodes for each in node.members]
    assert sorted(members) == list(range(number))
    assert len(nodes) <= BUNDLES
    middles = sorted(node.y for node in nodes)
    assert all(later - earlier >= 3.5 for earlier, later in pairwise(middles))
    slots = sorted(slot.y for slot in placed.slots)
    assert all(later - earlier >= 3.25 for earlier, later in pairwise(slots))
    assert all(0 <= each <= placed.height for each in slots)
    assert sum(slot.number for slot in placed.slots) == number


def test_styles_that_are_kept_side_by_side_are_both_on_the_map() -> None:
    both = replace(review().surfaces[2], verdict=replace(review().surfaces[2].verdict, beside=("rest",)))
    placed = layout((both, *review().surfaces[3:]))
    assert {slot.style for slot in placed.slots if 0 in slot.members} == {"rpc", "rest"}
    read = Read(page.write(replace(review(), surfaces=(both,))))
    assert [attrs["data-of"] for tag, attrs in read.elements if tag == "path"] == ["0"] * 3
    assert "keep RPC and REST" in "".join(read.said)


def test_severities_are_told_by_shape_and_word(whole: Read) -> None:
    said = "".join(whole.said)
    for each in Severity:
        assert str(each) in said
    assert {"▲", "◆", "●"} <= set(said)


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_surface_breaks_the_page(name: str, title: str, message: str) -> None:
    of = review().surfaces[1]
    reading = replace(of.surface.readings[0], about=replace(of.surface.readings[0].about, title=title))
    found = tuple(replace(each, message=message, remedy=title, rule=name) for each in of.findings)
    surface = replace(of.surface, name=name, readings=(reading,))
    plain = page.write(replace(review(), surfaces=(of,)))
    text = page.write(replace(review(), surfaces=(replace(of, surface=surface, findings=found),)))
    kinds = {(tag, frozenset(attrs)) for tag, attrs in Read(plain).elements}
    assert {tag for tag, _ in Read(text).elements} <= {tag for tag, _ in kinds}
    text.encode()
