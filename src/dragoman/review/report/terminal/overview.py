"""The table of all surfaces."""

from __future__ import annotations

import re
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from dragoman.review.misfits.finding import Severity
from dragoman.review.report import grouping, wording
from dragoman.review.review import Review, Reviewed

from .look import CONFIDENCES, DECISIONS, SEVERITIES, Look

ROOMY = 118
"""From here on the audience, the runner-up and each severity have columns; in less room they share one."""


ROWS: Final = 100
NARROW: Final = 18
WIDE: Final = 30
_PARTS: Final = re.compile(r"[^\s./_-]*[\s./_-]*(?<=.)")


def overview(review: Review, look: Look) -> Table:
    """One row a surface, as the review orders them; the first ones where they are many."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=False)
    table.add_column("Surface", overflow="fold", min_width=14, max_width=_room(look))
    if look.width >= ROOMY:
        table.add_column("For", no_wrap=True)
    table.add_column("Speaks", overflow="fold", min_width=8)
    table.add_column("Verdict", no_wrap=True)
    if look.width >= ROOMY:
        table.add_column("Runner-up", no_wrap=True)
    table.add_column("Confidence", no_wrap=True)
    found = grouping.has_contracts(review)
    for name in _columns(look) if found else ():
        table.add_column(name, justify="right", no_wrap=True)
    for each in review.surfaces[: look.few(ROWS)]:
        cells = _cells(each, look)
        table.add_row(*(cells if found else cells[: -len(_columns(look))]))
    return table


def _columns(look: Look) -> tuple[str, ...]:
    return ("Errors", "Warnings", "Hints") if look.width >= ROOMY else ("Misfits",)


def _cells(of: Reviewed, look: Look) -> list[Text]:
    return _in_columns(of, look) if look.width >= ROOMY else _in_lines(of, look)


def _in_columns(of: Reviewed, look: Look) -> list[Text]:
    said = of.verdict
    return [
        _name(of, look),
        Text(wording.audience(of), "" if of.surface.audience else "dim"),
        Text(wording.form(of.nature)),
        _verdict(of),
        Text(wording.style(said.runner_up) if said.runner_up else "–", "dim"),
        Text(f"{CONFIDENCES[said.confidence]} {said.confidence}"),
        *(_number(each, number) for each, number in grouping.severities(of.findings).items()),
    ]


def _in_lines(of: Reviewed, look: Look) -> list[Text]:
    """Whom it is for stands under the name, and the runner-up under the verdict."""
    runner, whom = of.verdict.runner_up, of.surface.audience
    counts = grouping.severities(of.findings).items()
    return [
        _name(of, look).append(f"\nfor {whom}" if whom else "\nfor whom?", "not bold dim"),
        Text(wording.form(of.nature)),
        _verdict(of).append(f"\nrunner-up: {wording.style(runner)}" if runner else "", "not bold dim"),
        Text(str(of.verdict.confidence)),
        Text(" ").join(_number(each, number, str(each)[0]) for each, number in counts if number),
    ]


def _name(of: Reviewed, look: Look) -> Text:
    return Text(_broken(wording.plain(of.surface.name, 80), _room(look)), "bold")


def _verdict(of: Reviewed) -> Text:
    return Text(wording.verdict(of), f"bold {DECISIONS[of.verdict.decision]}")


def _room(look: Look) -> int:
    """Columns of a name, by what the others leave."""
    return max(NARROW, min(WIDE, look.width - (90 if look.width >= ROOMY else 62)))


def _broken(name: str, width: int) -> str:
    """The name over as many lines as it takes, parted where it has parts: ``google.api.`` and ``servicecontrol.v1``."""
    lines = [""]
    for part in _PARTS.findall(name):
        if lines[-1] and cell_len(lines[-1]) + cell_len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(each.strip() for each in lines)


def _number(severity: Severity, number: int, letter: str = "") -> Text:
    """A count; where there is no column for each severity, with the first letter of its own."""
    return Text(f"{number:,}{letter}", SEVERITIES[severity]) if number else Text("–", "dim")
