"""``surfaces.toml``: what no document can say of a company's surfaces, kept beside the documents.

::

    [team]
    skills = ["rest", "rpc"]

    [surfaces.partner]
    documents = ["openapi/partner.yaml"]  # files, folders or patterns, from where surfaces.toml is
    operations = ["* /v1/*"]  # a part of them, by address; all of it without
    audience = "partner"
    consumers = 40

    [surfaces.partner.inferred]  # what was inferred and nobody has confirmed
    owner = "platform"

A package of ``.proto``, or a schema in several files, is one document: it is meant by any of its files. What stands in
``[team]`` holds for each surface that does not say otherwise.
"""

from __future__ import annotations

import difflib
import glob
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal, Why

from .answers import WrongAnswer, checked
from .catalogue import CATALOGUE, Origin
from .facts import Certainty, Evidence, Fact
from .globs import expression

NAME: Final = "surfaces.toml"
ASKED: Final = tuple(name for name, each in CATALOGUE.items() if each.origin is Origin.PEOPLE)
OF_A_SURFACE: Final = ("documents", "operations", "inferred", *ASKED)


@dataclass(frozen=True, slots=True)
class Note:
    """What is noted of one surface. ``documents`` are patterns of paths below ``folder``; a surface without any is one
    that has no contract yet. ``places`` says where ``documents`` and ``operations`` stand.
    """

    name: str
    folder: Path
    documents: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    position: Position = field(default_factory=lambda: Position(NAME))
    places: Mapping[str, Position] = field(default_factory=dict)

    def holds(self, file: Path) -> bool:
        """Whether a document is one of this surface's."""
        path = Path(os.path.relpath(file.resolve(), self.folder.resolve())).as_posix()
        return any(_matches(path, pattern) for pattern in self.documents)

    def is_there(self) -> bool:
        """Whether any of its documents is on the disk: it may be of a part that is not reviewed this time."""
        patterns = (os.path.join(glob.escape(str(self.folder)), pattern) for pattern in self.documents)
        return any(next(glob.iglob(pattern, recursive=True), None) is not None for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Notes:
    """All of the file, in its order. ``file`` is its path as it is shown."""

    file: str = ""
    surfaces: tuple[Note, ...] = ()


def read(path: Path, shown: str) -> Notes:
    """Read the file. Raises Refusal, which names the line and the remedy."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refusal(Why.UNREADABLE, Position(shown), f"it cannot be read: {reason}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        position = Position(shown, int(line[1]) if line else max(1, text.count("\n")))
        raise Refusal(
            Why.UNREADABLE, position, f"it cannot be read as TOML: {error}", "Correct it, or write it anew with --init"
        ) from None
    return _Reader(path, shown, text).notes(table)


class _Reader:
    """Reads one file, and knows where things stand in it."""

    def __init__(self, path: Path, shown: str, text: str) -> None:
        self.path, self.shown, self.lines = path, shown, text.splitlines()
        self.wrong: list[Refusal] = []

    def notes(self, table: Mapping[str, Any]) -> Notes:
        self._only(table, ("team", "surfaces"), ())
        team = self._table(table, "team", ())
        self._only(team, ASKED, ("team",))
        common = self._facts(team, ("team",), Certainty.STATED)
        surfaces = self._table(table, "surfaces", ())
        found = Notes(self.shown, tuple(self._note(name, surfaces, common) for name in surfaces))
        if self.wrong:
            raise _together(self.wrong)
        return found

    def _note(self, name: str, surfaces: Mapping[str, Any], common: tuple[Fact, ...]) -> Note:
        at = ("surfaces", name)
        table = self._table(surfaces, name, ("surfaces",))
        self._only(table, OF_A_SURFACE, at)
        inferred = self._table(table, "inferred", at)
        self._only(inferred, ASKED, (*at, "inferred"))
        own = {each.name: each for each in common}
        for each in (
            *self._facts(inferred, (*at, "inferred"), Certainty.INFERRED),
            *self._facts(table, at, Certainty.STATED),
        ):
            if each.certainty is Certainty.STATED or each.name not in own:
                own[each.name] = each
        return Note(
            name,
            self.path.parent,
            self._strings(table, "documents", at),
            self._strings(table, "operations", at),
            tuple(own.values()),
            self._position(at),
            {name: self._position((*at, name)) for name in ("documents", "operations") if name in table},
        )

    def _facts(self, table: Mapping[str, Any], at: tuple[str, ...], certainty: Certainty) -> tuple[Fact, ...]:
        facts = []
        for name in ASKED:
            if name in table:
                position = self._position((*at, name))
                try:
                    value = checked(CATALOGUE[name], table[name])
                except WrongAnswer as error:
                    self._refuse((*at, name), f"{name} = {table[name]!r}: {error}", "")
                    continue
                said = "stated" if certainty is Certainty.STATED else "inferred, and not confirmed"
                facts.append(Fact(name, value, certainty, (Evidence(said, position),)))
        return tuple(facts)

    def _table(self, table: Mapping[str, Any], name: str, at: tuple[str, ...]) -> Mapping[str, Any]:
        found = table.get(name, {})
        if not isinstance(found, dict):
            self._refuse((*at, name), f"{name} is no table", f"Write [{'.'.join((*at, name))}]")
            return {}
        return found

    def _strings(self, table: Mapping[str, Any], name: str, at: tuple[str, ...]) -> tuple[str, ...]:
        found = table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            self._refuse((*at, name), f"{name} is no list of texts", f'Write {name} = ["openapi/partner.yaml"]')
            return ()
        return tuple(found)

    def _only(self, table: Mapping[str, Any], known: Iterable[str], at: tuple[str, ...]) -> None:
        known = tuple(known)
        for name in table:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"Did you mean {close[0]}?" if close else f"It may hold {', '.join(known)}"
                where = f"[{'.'.join(at)}] has" if at else "it has"
                self._refuse((*at, name), f"{where} a key {name!r} that is not known", hint)

    def _refuse(self, at: tuple[str, ...], message: str, remedy: str) -> None:
        """Note what is wrong, and go on: all of it is told at once."""
        self.wrong.append(Refusal(Why.UNREADABLE, self._position(at), message, remedy))

    def _position(self, at: tuple[str, ...]) -> Position:
        """The line of a table or of a key in one: TOML's own reader keeps none. As near as it can be found."""
        heads = [_head(line) for line in self.lines]
        if at in heads:
            return Position(self.shown, heads.index(at) + 1)
        table, key = at[:-1], re.compile(rf"""^\s*["']?{re.escape(at[-1])}["']?\s*[=.]""")
        start = heads.index(table) + 1 if table in heads else 0
        for number in range(start, len(self.lines)):
            if heads[number] and start:
                break
            if key.match(self.lines[number]):
                return Position(self.shown, number + 1)
        return Position(self.shown, max(1, start))


def _together(wrong: Iterable[Refusal]) -> Refusal:
    """All of them as one, a line for each in the order of the file; each ends, so that one line may hold them too."""
    *others, last = sorted(wrong, key=lambda each: each.position)
    if not others:
        return last
    lines = [f"{each}. {each.remedy}".rstrip(". ?") + ("?" if each.remedy.endswith("?") else ".") for each in others]
    first = lines[0].removeprefix(f"{others[0].position}: ")
    return Refusal(Why.UNREADABLE, others[0].position, "\n".join([first, *lines[1:], str(last)]), last.remedy)


def _head(line: str) -> tuple[str, ...]:
    """The name of the table that a line begins."""
    match = re.match(r"^\s*\[([^\[\]]+)\]\s*(#.*)?$", line)
    return tuple(part.strip().strip("\"'") for part in match[1].split(".")) if match else ()


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is meant by a pattern: itself, a folder above it, or a pattern whose ``**`` crosses folders."""
    pattern = pattern.removeprefix("./").rstrip("/")
    if pattern in ("", ".") or path == pattern or path.startswith(f"{pattern}/"):
        return True
    return re.fullmatch(expression(pattern), path) is not None
