"""The inventory: which surfaces there are, from the documents and from ``surfaces.toml``."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from dragoman.contract.contract import Contract
from dragoman.review.reading.outcome import Format, Reading, Refusal, Why
from dragoman.review.wire import Procedure, address, wire

from .facts import Facts
from .inference import infer
from .notes import Note, Notes
from .surface import Surface


@dataclass(frozen=True, slots=True)
class Inventory:
    """The surfaces, by name. ``without`` are documents that declare types and nothing that can be called;
    ``refusals`` are of notes that mean no document, or none of its operations: nothing is known of such a surface.
    """

    surfaces: tuple[Surface, ...]
    without: tuple[Reading, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def take(
    readings: Sequence[Reading],
    notes: Notes,
    *,
    root: Path,
    owners: Callable[[str], str | None] = lambda path: None,
) -> Inventory:
    """Sort documents into surfaces. What the notes claim is theirs; each document that is left, and says that something
    can be called or happens, is a surface by itself. ``root`` is what the documents' paths are relative to.
    """
    surfaces: list[Surface] = []
    refusals: list[Refusal] = []
    left = list(readings)
    for note in notes.surfaces:
        own = [each for each in readings if any(note.holds(root / file) for file in (each.file, *each.files))]
        claimed = {id(each) for each in own}
        left = [each for each in left if id(each) not in claimed]
        narrowed = tuple(_narrowed(own, note.operations))
        if not note.documents or any(_offers(each) for each in narrowed):
            surfaces.append(_surface(note.name, narrowed, note, owners))
        elif own or not note.is_there():
            # To judge it as a surface without a contract would be untrue.
            refusals.append(_empty(note, bool(own)))
    taken = {each.name for each in surfaces}
    for together in _together(filter(_offers, left)):
        name = _free(_name(together[0]), together[0].about.version, taken)
        surfaces.append(_surface(name, together, None, owners))
    return Inventory(tuple(surfaces), tuple(each for each in left if not _offers(each)), tuple(refusals))


def _together(readings: Iterable[Reading]) -> Iterable[tuple[Reading, ...]]:
    """Each by itself, but for what a surface of an app exports in several packages: that is one surface."""
    groups: dict[object, list[Reading]] = {}
    for number, each in enumerate(readings):
        groups.setdefault(each.file if each.format is Format.DRAGOMAN else number, []).append(each)
    return map(tuple, groups.values())


def _surface(
    name: str, readings: tuple[Reading, ...], note: Note | None, owners: Callable[[str], str | None]
) -> Surface:
    facts = Facts().with_(*infer(readings, owners))
    return Surface(name, readings, facts.with_(*(note.facts if note else ())))


def _offers(reading: Reading) -> bool:
    return bool(reading.contract.operations or reading.contract.events)


def _narrowed(readings: Iterable[Reading], patterns: Sequence[str]) -> Iterable[Reading]:
    """The same documents with the operations that some pattern means; all of them without patterns."""
    if not patterns:
        return readings
    return [replace(each, contract=_part(each, patterns)) for each in readings]


def _part(reading: Reading, patterns: Sequence[str]) -> Contract:
    part = copy.copy(reading.contract)
    part.operations = {
        name: each
        for name, each in reading.contract.operations.items()
        if any(fnmatchcase(address(each), pattern) for pattern in patterns)
    }
    part.events = {
        name: each
        for name, each in reading.contract.events.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }
    return part


def _empty(note: Note, known: bool) -> Refusal:
    if known:
        key, what, message = "operations", note.operations, "none of its documents has such operations"
        remedy = "Patterns are of addresses, such as GET /v1/*"
    else:
        key, what, message = "documents", note.documents, "no document that was read is meant"
        remedy = "Patterns are of files and folders, from the folder of this file, such as protos/**/*.proto"
    position = note.places.get(key, note.position)
    return Refusal(Why.UNREADABLE, position, f"surface {note.name}: {message} ({', '.join(what)})", remedy)


def _name(reading: Reading) -> str:
    """What a document's surface is called: as an app calls it, a package by its name, all else by title, or else by
    its file.
    """
    if reading.format is Format.DRAGOMAN:
        return reading.about.title
    first = next(iter(reading.contract.operations.values()), None)
    if first is not None and isinstance(found := wire(first), Procedure) and found.package:
        return found.package
    title = re.sub(r"\b(api|rest|open ?api|specification|service|the)\b", " ", reading.about.title, flags=re.IGNORECASE)
    words = re.findall(r"\w+", title.lower())
    return "-".join(words[:5]) or Path(reading.file).stem.lower()


def _free(name: str, version: str, taken: set[str]) -> str:
    """The name; where there is one already, with the version's first number, or else a number, after it."""
    major = re.match(r"v?(\d+)", version)
    candidates = [name, *([f"{name}-v{major[1]}"] if major else []), *(f"{name}-{n}" for n in range(2, len(taken) + 3))]
    free = next(each for each in candidates if each not in taken)
    taken.add(free)
    return free
