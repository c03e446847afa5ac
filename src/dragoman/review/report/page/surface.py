"""One surface: its verdict with all that speaks for and against it, its facts, its misfits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from dragoman.review.report import wording
from dragoman.review.report.balance import Balance, Told, balance
from dragoman.review.review import Reviewed
from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty, Evidence, Fact

from . import signs
from .markup import Content, Markup, element
from .scores import scores

EVIDENCE: Final = 5
DOCUMENTS: Final = 20


def surface(number: int, of: Reviewed, rules: Mapping[str, int], *, opened: bool) -> Markup:
    """The ``number``th surface. ``rules`` are the numbers of the rules' own sections."""
    worst = max((each.severity for each in of.findings), default=0)
    return element(
        "article",
        element("details", _heading(of), _body(of, rules), open=opened),
        id=f"surface-{number}",
        class_=f"surface {of.verdict.decision}",
        data_n=number,
        data_audience=wording.audience(of),
        data_style=" ".join(dict.fromkeys(filter(None, (of.nature.style, of.verdict.style, *of.verdict.beside)))),
        data_decision=str(of.verdict.decision),
        data_rank=int(worst),
    )


def _heading(of: Reviewed) -> Markup:
    known = of.surface.audience
    return element(
        "summary",
        element("h3", wording.plain(of.surface.name, 120)),
        element("span", f"for {known}" if known else "for whom?", class_="tag"),
        element("span", wording.form(of.nature), class_="tag"),
        signs.verdict(of),
        signs.confidence(of.verdict.confidence),
        signs.marks(of.findings),
    )


def _body(of: Reviewed, rules: Mapping[str, int]) -> Markup:
    said, sides = of.verdict, balance(of)
    return element(
        "div",
        element("p", said.advice, class_="advice") if said.advice else None,
        element(
            "div",
            _reasons(_why(of, sides), sides.pro),
            _reasons("Against it", sides.contra),
            _reasons(f"What speaks for {wording.style(said.runner_up)} instead", sides.instead),
            _points(of, sides),
            _list("What would change it", (each.text for each in said.turns)),
            _list("Mend first", said.first, numbered=True),
            _list("What moving would cost", said.cost),
            _list("Open questions", map(wording.question, said.open)),
            _misfits(of, rules),
            class_="parts",
        ),
        _facts(of),
        _documents(of),
        class_="body",
    )


def _why(of: Reviewed, sides: Balance) -> str:
    return "Why" if sides.style == of.verdict.style else f"Why {wording.style(sides.style)}"


def _points(of: Reviewed, sides: Balance) -> Markup | None:
    drawn = scores(sides, sides.style)
    if drawn is None:
        return None
    runner = of.verdict.runner_up
    after = element("p", f"Runner-up: {wording.style(runner)}", class_="quiet") if runner else None
    return signs.titled("Points", drawn, after)


def _reasons(name: str, reasons: Iterable[Told]) -> Markup | None:
    items = [
        element(
            "li",
            element("span", wording.points(each.points), class_="points"),
            element(
                "span",
                each.text,
                " ",
                element("small", element("code", each.rule.id), " · ", _source(each)),
            ),
        )
        for each in reasons
    ]
    return signs.titled(name, element("ul", *items, class_="reasons")) if items else None


def _source(of: Told) -> Markup:
    return signs.source(of.rule.source.name, of.rule.source.link)


def _list(name: str, lines: Iterable[str], *, numbered: bool = False) -> Markup | None:
    items = [element("li", each) for each in lines]
    return signs.titled(name, element("ol" if numbered else "ul", *items)) if items else None


def _misfits(of: Reviewed, rules: Mapping[str, int]) -> Markup | None:
    """The rules that found something here, the gravest first, each with how much."""
    counted = Counter((each.severity, each.rule) for each in of.findings)
    items = [
        element(
            "li",
            signs.mark(severity, number),
            " ",
            element("a", element("code", rule), href=f"#rule-{rules[rule]}")
            if rule in rules
            else element("code", rule),
        )
        for (severity, rule), number in sorted(counted.items(), key=lambda each: (-each[0][0], each[0][1]))
    ]
    return signs.titled("Misfits", element("ul", *items, class_="bare")) if items else None


def _facts(of: Reviewed) -> Markup | None:
    known = of.surface.facts
    names = [each for each in CATALOGUE if each in known] + [each for each in known if each not in CATALOGUE]
    rows = [_fact(known[each]) for each in names]
    shown = element(
        "tr", element("th", "it is in fact"), element("td", wording.form(of.nature)), element("td"), _shown(of)
    )
    head = element(
        "tr", *(element("th", each, scope="col") for each in ("Fact", "Value", "Certainty", "What shows it"))
    )
    table = element("table", element("thead", head), element("tbody", shown, *rows), class_="facts")
    count = wording.count(len(names), "fact")
    return element("details", element("summary", f"{count}, and what shows them"), _scrolled(table))


def _shown(of: Reviewed) -> Markup:
    return element("td", _evidence(of.nature.evidence))


def _fact(of: Fact) -> Markup:
    sure = wording.CERTAINTIES[of.certainty]
    return element(
        "tr",
        element("th", wording.fact(of.name), scope="row"),
        element("td", wording.value(of.name, of.value)),
        element("td", element("span", sure, class_=f"certainty {sure}" if of.certainty != Certainty.UNKNOWN else None)),
        element("td", _evidence(of.evidence)),
    )


def _evidence(of: tuple[Evidence, ...]) -> Content:
    lines = [element("div", each.text, " ", signs.place(each.position)) for each in of[:EVIDENCE]]
    more = len(of) - EVIDENCE
    return [*lines, element("div", f"and {more:,} more", class_="quiet") if more > 0 else None]


def _documents(of: Reviewed) -> Markup | None:
    items = [
        element(
            "li",
            element("code", wording.plain(each.file, 160)),
            f" {each.format} {each.format_version}".rstrip(),
            f", {wording.plain(each.about.title, 120)} {wording.plain(each.about.version, 40)}"
            if each.about.title
            else None,
        )
        for each in of.surface.readings[:DOCUMENTS]
    ]
    if (more := len(of.surface.readings) - DOCUMENTS) > 0:
        items.append(element("li", f"and {more:,} more", class_="quiet"))
    return element("ul", *items, class_="documents") if items else None


def _scrolled(table: Markup) -> Markup:
    return element("div", table, class_="scrolled", tabindex="0", role="region", aria_label="Table")
