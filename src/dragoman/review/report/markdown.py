"""The review as Markdown, for a pull request or a wiki (CommonMark with GitHub's tables and ``<details>``).

What documents say is text here: it makes no link, no heading, no markup, and calls nobody by an ``@``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dragoman.review.elements import Position
from dragoman.review.people import Skill
from dragoman.review.review import Review, Reviewed
from dragoman.review.verdict.verdict import Decision

from . import digest, grouping, wording
from .balance import Bar, Told, balance
from .grouping import Group

HARD: Final = "\n   "
"""Another line within the point of a list; the two blanks before it make it one."""
POSITIONS: Final = 10
LINES: Final = 50
SURFACES: Final = 50
ROWS: Final = 200
_MARKED: Final = re.compile(r"([\\`*_\[\]|~$])|^([-+=#>]|\d+[.)])")
_SPOKEN: Final = re.compile(r"[&<>|\\`*_~\[\]$]")
_CALLS: Final = re.compile(r"@|://|#(?=\d)")
_APART: Final = "&#8203;"
"""A blank without width: after it GitHub sees no user, no address and no number of an issue."""


def write(review: Review, *, verbose: bool = False) -> str:
    """The text, with one newline at the end. A part that has nothing to say is left out; ``verbose`` tells what
    contracts cannot hold.
    """
    review = grouping.by_urgency(review)
    parts = (
        _head(review),
        _unread(review),
        _actions(review),
        _overview(review),
        _surfaces(review),
        _misfits(review),
        _people(review),
        _remarks(review, verbose=verbose),
    )
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def text(said: object) -> str:
    """Prose, with every sign that Markdown would read set off."""
    escaped = _MARKED.sub(lambda found: f"\\{found[0]}", wording.plain(said))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;")
    return _CALLS.sub(lambda found: f"{found[0][0]}{_APART}{found[0][1:]}", escaped)


def code(said: object) -> str:
    """A name or a place, as it is written, also in a table's cell."""
    apart = _CALLS.sub(lambda found: f"{found[0][0]}\u200b{found[0][1:]}", wording.plain(said, 160))
    return f"<code>{_SPOKEN.sub(lambda found: f'&#{ord(found[0])};', apart)}</code>"


def place(at: Position) -> str:
    """Where in which file."""
    return code("".join(wording.place(at)))


def _head(review: Review) -> Iterator[str]:
    yield from (f"# {text(review.title) or 'API review'}", "", f"**{text(digest.sentence(review))}**", "")
    counts = grouping.severities(grouping.findings(review))
    found = ", ".join(wording.severity(each, number) for each, number in counts.items())
    yield f"{text(digest.reviewed(review))}{f' · {found}' if grouping.has_contracts(review) else ''}"
    yield ""


def _actions(review: Review) -> Iterator[str]:
    lines = []
    for each in digest.actions(review):
        where = f" ({text(each.where)})" if each.where else ""
        lines.append(f"**{text(each.what)}**{where}{f'  {HARD}{text(each.how)}' if each.how else ''}")
    if lines:
        yield from ("## Do first", "", *(f"{at}. {line}" for at, line in enumerate(lines, 1)), "")


def _overview(review: Review) -> Iterator[str]:
    if not review.surfaces:
        return
    found = grouping.has_contracts(review)
    rows = [
        (
            f"**{text(each.surface.name)}**",
            wording.audience(each),
            text(wording.form(each.nature)),
            f"**{wording.verdict(each)}**",
            wording.style(each.verdict.runner_up) if each.verdict.runner_up else "–",
            str(each.verdict.confidence),
            *(f"{number:,}" if number else "–" for number in grouping.severities(each.findings).values() if found),
        )
        for each in review.surfaces[:ROWS]
    ]
    counts = ("Errors", "Warnings", "Hints") if found else ()
    names = ("Surface", "For", "Speaks", "Verdict", "Runner-up", "Confidence", *counts)
    yield from _table(names, rows, numbers=len(counts))
    if any(each.verdict.decision is Decision.MEND for each in review.surfaces):
        yield from (wording.MEND, "")
    yield from _left_out(len(review.surfaces) - ROWS)


def _surfaces(review: Review) -> Iterator[str]:
    if not review.surfaces:
        return
    yield from ("## Surfaces", "")
    for each in review.surfaces[:SURFACES]:
        yield from _surface(each)
    yield from _left_out(len(review.surfaces) - SURFACES)


def _left_out(number: int) -> Iterator[str]:
    if number > 0:
        yield from (f"and {wording.count(number, 'surface')} more", "")


def _surface(of: Reviewed) -> Iterator[str]:
    said = of.verdict
    name = text(of.surface.name)
    yield from (f"### {name}: {wording.verdict(of)}", "")
    files = [code(each.file) for each in of.surface.readings]
    stands = f" It stands in {_first(files, 3)}." if files else ""
    yield from (
        f"It speaks {text(wording.form(of.nature))}; confidence in the verdict is {said.confidence}.{stands}",
        "",
    )
    if said.advice:
        yield from (text(said.advice), "")
    sides = balance(of)
    yield from _list(
        "Why" if sides.style == said.style else f"Why {wording.style(sides.style)}",
        _reasons((*sides.pro, *sides.contra)),
    )
    yield from _list(f"What speaks for {wording.style(said.runner_up)} instead", _reasons(sides.instead))
    if sides.bars:
        yield from (f"**Points:** {', '.join(map(_bar, sides.bars))}", "")
    yield from _list("What would change it", (text(each.text) for each in said.turns))
    yield from _list("To mend first", map(text, said.first), numbered=True)
    yield from _list("What moving would cost", map(text, said.cost))
    yield from _list("Open questions", (text(wording.question(each)) for each in said.open))


def _reasons(found: Iterable[Told]) -> Iterator[str]:
    return (f"{wording.points(each.points)} {text(each.text)} {code(each.rule.id)}" for each in found)


def _bar(of: Bar) -> str:
    staying = f" ({wording.points(of.staying)} of them for staying)" if of.staying else ""
    return f"{wording.style(of.style)} {wording.points(of.points)}{staying}"


def _misfits(review: Review) -> Iterator[str]:
    groups = grouping.by_rule(review)
    if groups:
        yield from ("## Misfits", "", wording.MISFIT, "")
    for each in groups:
        yield from _group(each)
    if review.excused:
        lines = [
            f"{place(each.position)} {text(each.message)} {code(each.rule)}{_because(review.excuses.get(each.key))}"
            for each in review.excused
        ]
        yield from _folded(f"Excused by the baseline: {len(review.excused):,}", lines)
    if review.stale:
        yield from _folded(f"Stale in the baseline: {len(review.stale):,}", [text(each) for each in review.stale])


def _because(why: str | None) -> str:
    return f": {text(why)}" if why else ""


def _group(of: Group) -> Iterator[str]:
    places = wording.count(len(of.findings), "place")
    yield from (f"### {str(of.severity).capitalize()}: {text(of.title)} ({code(of.rule)}, {places})", "")
    if of.reason:
        yield from (text(of.reason), "")
    if of.remedy:
        yield from (f"**Remedy:** {text(of.remedy)}", "")
    lines = [f"{place(each.position)} {text(each.message)}" for each in of.findings]
    yield from _bullets(lines, POSITIONS)


def _people(review: Review) -> Iterator[str]:
    skills = review.people.skills
    if not skills:
        return
    yield from ("## People", "")
    there = {True: "yes", False: "**no**", None: "not said"}
    rows = [(text(each.name), _first([text(name) for name in each.surfaces], 5), there[each.there]) for each in skills]
    yield from _table(("Skill", "For", "There"), rows)
    for each in skills:
        if each.asks and not each.there:
            yield from _asks(each)


def _asks(of: Skill) -> Iterator[str]:
    yield from (f"### What to ask: {text(of.name)}", "")
    for each in of.asks:
        yield f"- {text(each.question)}"
        yield f"  Listen for: {'; '.join(map(text, each.listen_for))}." if each.listen_for else ""
    yield ""


def _unread(review: Review) -> Iterator[str]:
    if review.refusals:
        yield from ("## Not read", "", f"**{wording.not_read(review)}**", "")
        lines = [_told(each.position, f"{each.why}: {each.message}", each.remedy) for each in review.refusals]
        yield from _bullets(lines, LINES)


def _remarks(review: Review, *, verbose: bool) -> Iterator[str]:
    if review.remarks:
        remarks = [_told(each.position, each.message, each.remedy) for each in review.remarks]
        yield from _folded(f"Wrong in documents: {len(remarks):,}", remarks)
    if review.kept and verbose:
        kept = [_told(each.position, f"{each.element}: {each.what}") for each in review.kept]
        yield from _folded(f"Beyond what a contract can hold: {len(kept):,}", kept)


def _told(at: Position, message: str, remedy: str = "") -> str:
    return f"{place(at)} {text(message)}{f' *{text(remedy)}*' if remedy else ''}"


def _folded(summary: str, lines: Sequence[str]) -> Iterator[str]:
    yield from ("<details>", f"<summary>{summary}</summary>", "")
    yield from _bullets(lines, LINES)
    yield from ("</details>", "")


def _list(name: str, lines: Iterable[str], *, numbered: bool = False) -> Iterator[str]:
    all_ = list(lines)
    if all_:
        yield from (f"**{name}**", "")
        yield from (f"{f'{at}.' if numbered else '-'} {line}" for at, line in enumerate(all_, 1))
        yield ""


def _bullets(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"- and {len(lines) - most:,} more"
    yield ""


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> Iterator[str]:
    """``numbers`` of the last columns stand to the right."""
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('--:' if at >= len(names) - numbers else '---' for at in range(len(names)))} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _first(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
