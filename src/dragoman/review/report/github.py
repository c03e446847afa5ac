"""The review as GitHub's workflow commands, which mark lines of a pull request.

GitHub shows some ten annotations of a kind for a step, so that the gravest come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Finding, Severity
from dragoman.review.reading.outcome import Refusal, Remark, Why
from dragoman.review.review import Review

from . import grouping, wording

LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
LONGEST: Final = 1_000


def write(review: Review, least: Severity = Severity.HINT) -> str:
    """One command a line: refusals, findings from the ``least`` severity on, remarks where hints are wanted, stale
    excuses; at the end a line of plain text with all counts.
    """
    titles = {each.id: each.title for each in review.rules}
    lines = [_refusal(each) for each in review.refusals]
    lines += [_finding(each, titles) for each in grouping.ordered(_from(least, review))]
    lines += [_remark(each) for each in review.remarks if least <= Severity.HINT]
    lines += [command("notice", {"title": "Stale excuse"}, each) for each in review.stale]
    return "\n".join([*lines, _counts(review)]) + "\n"


def _from(least: Severity, review: Review) -> Iterator[Finding]:
    return (each for each in grouping.findings(review) if each.severity >= least)


def command(name: str, properties: dict[str, str], message: str) -> str:
    """``::error file=a,line=1::message``. What would end the command or one of its properties is written as %XX."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {given}::{_data(message)}"


def _finding(of: Finding, titles: dict[str, str]) -> str:
    title = f"{titles.get(of.rule, of.rule)} ({of.rule})"
    text = f"{of.message}\n{of.remedy}" if of.remedy else of.message
    return command(LEVELS[of.severity], {**_place(of.position), "title": title}, text)


def _refusal(of: Refusal) -> str:
    level = "error" if of.why is Why.UNREADABLE else "warning"
    text = f"{of.message}\n{of.remedy}" if of.remedy else of.message
    return command(level, {**_place(of.position), "title": f"Not read: {of.why}"}, text)


def _remark(of: Remark) -> str:
    text = f"{of.message}\n{of.remedy}" if of.remedy else of.message
    return command("notice", {**_place(of.position), "title": "In the document"}, text)


def _place(at: Position) -> dict[str, str]:
    return {"file": at.file, "line": str(at.line), "col": str(at.column)}


def _data(text: str) -> str:
    lines = (wording.plain(each, LONGEST) for each in text[: 2 * LONGEST].splitlines())
    return "\n".join(lines).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    plain = wording.plain(text, LONGEST)
    return plain.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _counts(review: Review) -> str:
    tally = grouping.severities(grouping.findings(review))
    found = ", ".join(wording.severity(each, number) for each, number in tally.items())
    surfaces = wording.count(len(review.surfaces), "surface")
    return f"{surfaces}: {found}; {wording.count(len(review.refusals), 'document')} not read"
