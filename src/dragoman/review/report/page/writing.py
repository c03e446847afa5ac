"""The page as a whole.

It asks for nothing: style and script stand in it, and its policy allows these two by their digests and nothing else, so
that text of a hostile document could neither run nor fetch anything even if it came to be read as HTML.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from dragoman.review.report import grouping, wording
from dragoman.review.report.version import version
from dragoman.review.review import Review
from dragoman.review.verdict.verdict import Decision

from . import signs
from .chart import chart
from .filters import filters
from .markup import Markup, element
from .misfits import misfits
from .people import people
from .summary import summary
from .surface import surface
from .unread import heading, unread

OPEN: Final = 6
"""Of the surfaces at which something is to be decided, as many are open from the start."""
DECIDING: Final = (Decision.MOVE, Decision.ASK)
LISTED: Final = 500
"""Surfaces that have a section of their own; the map holds every one."""
PARTS: Final = (
    ("map", "Map"),
    ("surfaces", "Surfaces"),
    ("misfits", "Misfits"),
    ("people", "People"),
)


def write(review: Review, *, title: str = "", verbose: bool = False) -> str:
    """The page, in UTF-8 without a mark of byte order. ``title`` is its heading instead of the review's own;
    ``verbose`` tells what contracts cannot hold.
    """
    review, title = grouping.by_urgency(review), title or review.title or _title(review)
    drawn, places = chart(review.surfaces, LISTED)
    groups = grouping.by_rule(review)
    sections = {
        "map": drawn or None,
        "surfaces": _surfaces(review, {each.rule: at for at, each in enumerate(groups)}),
        "misfits": misfits(review, groups, LISTED),
        "people": people(review.people),
        "unread": unread(review, verbose=verbose),
    }
    parts = (*PARTS, ("unread", heading(review)))
    body = element(
        "body",
        element("a", "To the surfaces", href="#surfaces", class_="skip"),
        _navigation([(name, text) for name, text in parts if sections[name]]),
        element(
            "main",
            summary(review, title, groups, LISTED),
            filters(review) if len(review.surfaces) > 1 or groups else None,
            *sections.values(),
        ),
        element("footer", f"Dragoman {version()}{_dated(review)}", _on_paper()),
        _raw("script", _file("page.js")),
        data_documents=review.documents,
    )
    page = element("html", _head(title, f"{_file('page.css')}{places}"), body, lang="en")
    return f"<!doctype html>\n{page}\n"


def _title(review: Review) -> str:
    only = len(review.surfaces) == 1
    return f"Which style fits {wording.plain(review.surfaces[0].surface.name, 80) if only else 'which surface'}"


def _head(title: str, style: str) -> Markup:
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(_file('page.js'))}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{wording.plain(title, 120)} – Dragoman review"),
        _raw("style", style),
    )


def _navigation(parts: list[tuple[str, str]]) -> Markup:
    links = [element("a", text, href=f"#{name}") for name, text in parts]
    return element("nav", element("b", "Dragoman"), *links, aria_label="Parts of the page")


def _surfaces(review: Review, rules: dict[str, int]) -> Markup | None:
    if not review.surfaces:
        return None
    listed = review.surfaces[:LISTED]
    deciding = [at for at, each in enumerate(listed) if each.verdict.decision in DECIDING][:OPEN]
    opened = {*deciding, *((0,) if len(listed) == 1 else ())}
    all_ = [surface(at, each, rules, opened=at in opened) for at, each in enumerate(listed)]
    if (more := len(review.surfaces) - LISTED) > 0:
        all_.append(element("p", f"and {more:,} more: --format json has them all", class_="quiet"))
    nothing = element("p", signs.NOTHING, class_="nothing", hidden=True)
    return element("section", element("h2", "Surfaces"), *all_, nothing, id="surfaces")


def _dated(review: Review) -> str:
    return f" · {review.made.isoformat()}" if review.made else ""


def _on_paper() -> Markup:
    """What the paper leaves out."""
    return element("p", "Misfits, people and remarks stand on the page itself.", class_="paper")


def _raw(name: str, text: str) -> Markup:
    """An element whose text HTML takes as it is."""
    return Markup(f"<{name}>{text}</{name}>")


@cache
def _file(name: str) -> str:
    return files("dragoman.review.report.page").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
