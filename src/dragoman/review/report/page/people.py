"""Skills, gaps, and what to ask in an interview."""

from __future__ import annotations

from typing import Final

from dragoman.review.people import Ask, People, Skill
from dragoman.review.report import wording

from .markup import Markup, element

THERE: Final = {True: ("there", "✔ there"), False: ("missing", "✘ missing"), None: ("unsaid", "? nobody has said")}
SURFACES: Final = 8


def people(of: People) -> Markup | None:
    """One card a skill, in order of need."""
    if not of.skills:
        return None
    cards = [_skill(each) for each in of.skills]
    return element("section", element("h2", "People"), element("div", *cards, class_="cards"), id="people")


def _skill(of: Skill) -> Markup:
    kind, said = THERE[of.there]
    names = [wording.plain(each, 60) for each in of.surfaces]
    more = f" and {len(names) - SURFACES:,} more" if len(names) > SURFACES else ""
    return element(
        "article",
        element("p", said, class_=f"there {kind}"),
        element("h3", of.name),
        element("p", f"for {', '.join(names[:SURFACES])}{more}", class_="quiet") if names else None,
        *(_ask(each) for each in of.asks),
        class_="skill",
    )


def _ask(of: Ask) -> Markup:
    heard = [element("li", each) for each in of.listen_for]
    listen = [element("p", "Listen for:", class_="quiet"), element("ul", *heard)] if heard else []
    return element("div", element("p", of.question, class_="question"), *listen, class_="asking")
