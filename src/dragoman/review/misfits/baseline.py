"""The baseline: misfits that are known, each with a reason and a day on which the excuse ends.

A team that reviews a platform of ten years cannot mend it in a week. The baseline lets it begin with what is new. It is
a file of TOML::

    [[excused]]
    rule = "unpaged-list"
    element = "operation GET /v1/reports"
    reason = "Two partners read it whole; they move to pages by spring"
    expires = 2027-03-31
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from dragoman.review.elements import Position

from .finding import Finding
from .rules import MISFITS

MAX_BYTES: Final = 16 * 2**20
_TABLE: Final = re.compile(r"^\s*\[\[\s*excused\s*\]\]")
_EXAMPLE: Final = 'rule = "unpaged-list", element = "operation GET /v1/reports", reason = "…", expires = 2027-03-31'
_HEAD: Final = """\
# Misfits that `dragoman review` is not to report again until their day. Each needs a reason and a day.
# `dragoman review --write-baseline` writes this file anew; reasons of entries that still hold are kept.
"""


class BaselineError(Exception):
    """A baseline that cannot be used: where it breaks, and what to write."""

    def __init__(self, position: Position, message: str, remedy: str) -> None:
        super().__init__(f"{position}: {message}. {remedy}")
        self.position = position
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Entry:
    """One excuse. It holds on the day ``expires`` and no longer."""

    rule: str
    element: str
    reason: str
    expires: date
    position: Position

    @property
    def key(self) -> tuple[str, str]:
        """What it excuses."""
        return self.rule, self.element

    def holds(self, today: date) -> bool:
        """Whether it still excuses anything."""
        return today <= self.expires


@dataclass(frozen=True, slots=True)
class Baseline:
    """The excuses in the order of the file."""

    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a baseline makes of findings. ``stale`` says of each entry that excuses nothing why it does not."""

    kept: tuple[Finding, ...]
    excused: tuple[Finding, ...]
    stale: tuple[str, ...]


def read(path: str | Path) -> Baseline:
    """The baseline in a file. Raises BaselineError, which names the line and what to write."""
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "Write one with --write-baseline, or leave --baseline out"
        raise BaselineError(Position(name), f"the baseline cannot be read: {reason}", remedy) from None
    if len(raw) > MAX_BYTES:
        raise BaselineError(Position(name), f"the baseline has more than {MAX_BYTES:,} bytes", "Give the right file")
    try:
        return parse(raw.decode(), name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BaselineError(Position(name, line), "the baseline is not UTF-8", "Save it as UTF-8") from None


def parse(text: str, file: str) -> Baseline:
    """The baseline in a text. Raises BaselineError."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        position = Position(file, int(at[1]), int(at[2])) if at else Position(file, max(1, text.count("\n")))
        said = re.sub(r" \(at .*\)$", "", str(error))
        raise BaselineError(
            position, f"the baseline is not TOML: {said}", f"Write [[excused]], and below it {_EXAMPLE}"
        ) from None
    for other in document:
        if other != "excused":
            remedy = "Write [[excused]] above each entry"
            raise BaselineError(
                Position(file, _line_of(text, other)), f"there is nothing called {other!r} in a baseline", remedy
            )
    tables = document.get("excused", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise BaselineError(
            Position(file, _line_of(text, "excused")),
            "excused is no list of tables",
            "Write [[excused]] with two brackets",
        )
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _TABLE.match(line)]
    lines = lines if len(lines) == len(tables) else [1] * len(tables)
    entries = tuple(_entry(each, Position(file, line)) for each, line in zip(tables, lines, strict=True))
    _check_twice(entries)
    return Baseline(entries)


def _line_of(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().lstrip("[ \"'").startswith(key):
            return number
    return 1


def _entry(table: Mapping[str, Any], position: Position) -> Entry:
    known = ("rule", "element", "reason", "expires")
    for name in table:
        if name not in known:
            close = get_close_matches(name, known, 1)
            remedy = f"Write {close[0]}" if close else f"Write {', '.join(known)}"
            raise BaselineError(position, f"an entry has no {name!r}", remedy)
    for name in known:
        if name not in table:
            raise BaselineError(position, f"this entry has no {name}", f"Add it, as in {_EXAMPLE}")
    for name in known[:3]:
        if not isinstance(table[name], str) or not table[name].strip():
            raise BaselineError(position, f"{name} is {table[name]!r}, which is no text", f"Write it as in {_EXAMPLE}")
    expires = table["expires"]
    expires = expires.date() if isinstance(expires, datetime) else _day(expires)
    if expires is None:
        raise BaselineError(
            position, f"expires is {table['expires']!r}, which is no day", "Write it as in expires = 2027-03-31"
        )
    return Entry(table["rule"], table["element"], table["reason"].strip(), expires, position)


def _day(value: object) -> date | None:
    """The day, also of a text that is one."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _check_twice(entries: Iterable[Entry]) -> None:
    seen: dict[tuple[str, str], Entry] = {}
    for each in entries:
        if each.key in seen:
            line = seen[each.key].position.line
            raise BaselineError(
                each.position, f"{each.rule} of {each.element} is excused in line {line} already", "Keep one of the two"
            )
        seen[each.key] = each


def apply(baseline: Baseline, findings: Iterable[Finding], today: date) -> Applied:
    """Part findings into what is told and what is excused. An entry that has expired excuses nothing, and is told; so
    is one whose misfit is gone.
    """
    by_key = {each.key: each for each in baseline.entries}
    kept: list[Finding] = []
    excused: list[Finding] = []
    met = set[tuple[str, str]]()
    for finding in findings:
        key = finding.rule, _text(str(finding.element))
        entry = by_key.get(key)
        if entry is not None:
            met.add(key)
        (excused if entry is not None and entry.holds(today) else kept).append(finding)
    stale = [told for each in baseline.entries if (told := _stale(each, today, met=each.key in met)) is not None]
    return Applied(tuple(kept), tuple(excused), tuple(stale))


def _stale(entry: Entry, today: date, *, met: bool) -> str | None:
    what = f"{entry.position}: the excuse of {entry.rule} for {entry.element}"
    if not met:
        if entry.rule not in MISFITS:
            close = get_close_matches(entry.rule, MISFITS, 1)
            return f"{what}: there is no such rule" + (f"; write {close[0]}" if close else "; remove the entry")
        return f"{what} is for nothing: it is no longer found; remove the entry"
    if not entry.holds(today):
        return (
            f"{what} ended on {entry.expires} ({entry.reason}); mend it, or give a later day with a reason that holds"
        )
    return None


def written(
    findings: Iterable[Finding], reason: str, expires: date, today: date, previous: Baseline | None = None
) -> str:
    """A baseline that excuses all of the findings until ``expires``, as a text. What ``previous`` excuses and has not
    expired keeps its reason and its day. Raises ValueError for an empty reason and for a day that is past.
    """
    if not reason.strip():
        raise ValueError('a baseline needs a reason; give one, as in --reason "to be mended with v2"')
    if expires < today:
        raise ValueError(
            f"the baseline would have ended on {expires}, before today; give a later day, as in --until "
            f"{today.year + 1}-03-31"
        )
    known = {each.key: each for each in (previous.entries if previous else ()) if each.holds(today)}
    lines = [_HEAD]
    for rule, element in sorted({(each.rule, _text(str(each.element))) for each in findings}):
        entry = known.get((rule, element))
        why, until = (entry.reason, entry.expires) if entry is not None else (reason.strip(), expires)
        lines.append(
            f"[[excused]]\nrule = {_quoted(rule)}\nelement = {_quoted(element)}\nreason = {_quoted(why)}\nexpires "
            f"= {until}\n"
        )
    return "\n".join(lines)


def _text(value: str) -> str:
    """The value as TOML can hold it: halves of surrogate pairs have no place in UTF-8."""
    return value.encode("utf-8", "replace").decode()


def _quoted(value: str) -> str:
    """The value as a basic string of TOML, whose escapes are JSON's (and DEL has one)."""
    return json.dumps(_text(value), ensure_ascii=False).replace("\x7f", "\\u007f")
