"""The map of callers, surfaces and styles: a list that can be read and walked by keys, with lines drawn beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dragoman.review.report import wording
from dragoman.review.review import Reviewed

from . import signs
from .layout import Group, Layout, Node, layout
from .markup import Markup, element

CALLERS: Final = {
    "public": "anybody who signs up",
    "partner": "companies you know",
    "internal": "your own services",
    "frontend": "your own apps",
    "operator": "your own staff",
    "unknown": "nobody has said",
}
LEGEND: Final = (
    ("keep", "keep: it fits"),
    ("mend", "mend: it fits, and is not spoken well"),
    ("move", "move: another fits better"),
    ("choose", "choose: there is no contract yet"),
    ("ask", "ask first: too little is known"),
)


def chart(surfaces: Sequence[Reviewed], listed: int) -> tuple[Markup, str]:
    """The map, and the rules of style that give its styles their places. The first ``listed`` surfaces have sections
    that it leads to.
    """
    if not surfaces:
        return Markup(""), ""
    placed = layout(surfaces)
    nothing = element("p", signs.NOTHING, class_="nothing", hidden=True)
    body = element(
        "div",
        element("div", *(_group(each, listed) for each in placed.groups), class_="groups"),
        _right(placed),
        element("h3", "What would fit", class_="fitting"),
        _styles(placed),
        class_="map",
    )
    left_out = wording.count(placed.left_out, "surface")
    more = element("p", f"{left_out} more are in the list below.", class_="quiet") if placed.left_out else None
    section = element("section", element("h2", "Map"), _heads(), body, more, _legend(placed), nothing, id="map")
    tops = "".join(f"#fits-{each.style}{{top:{each.y - 1.625:.3f}rem}}" for each in placed.slots)
    return section, f"@media (min-width:60rem){{.fits{{height:{placed.height:.3f}rem}}{tops}}}"


def _heads() -> Markup:
    heads = (("Who calls", "one"), ("Surfaces, and what they speak", "two"), ("What would fit", "three"))
    return element("div", *(element("span", text, class_=at) for text, at in heads), class_="heads", aria_hidden="true")


def _group(of: Group, listed: int) -> Markup:
    heading = element("div", element("h3", of.audience), element("p", CALLERS[of.audience]), class_="callers")
    lines = [_line(of.height / 2, each.y - of.top, each) for each in of.nodes]
    nodes = element("ul", *(_node(each, listed) for each in of.nodes))
    return element("section", heading, _drawing(lines, of.height), nodes, class_="group")


def _node(of: Node, listed: int) -> Markup:
    found = [finding for each in of.surfaces for finding in each.findings]
    many = len(of.members) > 1
    name = wording.count(len(of.members), "surface") if many else wording.plain(of.first.surface.name, 80)
    link = element(
        "a",
        element("span", element("b", name), signs.marks(found), class_="line"),
        element("span", element("i", wording.form(of.first.nature)), signs.verdict(of.first), class_="line"),
        href=f"#surface-{of.members[0]}" if of.members[0] < listed else "#surfaces",
        class_=f"node {of.decision}{' bundle' if many else ''}",
        title=None if many else wording.plain(of.first.surface.name, 200),
    )
    return element("li", link, data_of=" ".join(map(str, of.members)))


def _right(placed: Layout) -> Markup:
    ends = {each.style: each.y for each in placed.slots}
    nodes = [node for each in placed.groups for node in each.nodes]
    lines = [_line(node.y, ends[style], node) for node in nodes for style in node.styles]
    return _drawing(lines, placed.height)


def _styles(placed: Layout) -> Markup:
    items = [
        element(
            "li",
            element("b", wording.style(each.style)),
            element("span", f"fits {wording.count(each.number, 'surface')}"),
            id=f"fits-{each.style}",
            data_fits=" ".join(map(str, each.members)),
        )
        for each in placed.slots
    ]
    return element("ul", *items, class_="fits", aria_label="What would fit")


def _drawing(lines: Sequence[Markup], height: float) -> Markup:
    return element(
        "svg",
        *lines,
        viewBox=f"0 0 100 {height:g}",
        height=f"{height:g}rem",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _line(start: float, end: float, of: Node) -> Markup:
    course = f"M0 {start:g}C50 {start:g} 50 {end:g} 100 {end:g}"
    members = " ".join(map(str, of.members))
    return element("path", d=course, class_=f"{of.decision} sure-{of.sure}", data_of=members)


def _legend(placed: Layout) -> Markup:
    used = {str(node.decision) for each in placed.groups for node in each.nodes}
    lines = [element("li", text, class_=name) for name, text in LEGEND if name in used]
    lines.append(element("li", "The thicker a line, the surer.", class_="plain"))
    return element("ul", *lines, class_="legend key")
