"""From files to readings, one for each package of an include root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Reading, Refusal, Why

from .compilation import Compilation, Module
from .descriptor_set import is_descriptor_set, read_descriptor_set
from .gathering import Gathering
from .header import Header, read_header
from .protoc import Budget, misread
from .roots import include_roots, virtual_name

SECONDS: Final = 300
"""How long protoc may run for all files together. Google's 8,000 take ten seconds."""


def read(files: Sequence[Path], *folders: Path) -> tuple[list[Reading], list[Refusal]]:
    """Read ``.proto`` files and descriptor sets. ``folders`` are what is reviewed: imports are looked for there, and
    around the files themselves. Both lists are in the order of the files' paths.
    """
    readings: list[Reading] = []
    refusals: list[Refusal] = []
    headers: list[Header] = []
    for file in files:
        try:
            if is_descriptor_set(file):
                readings += _read_set(file)
            else:
                headers.append(read_header(file))
        except Refusal as refusal:
            refusals.append(refusal)
    modules = include_roots(headers, folders)
    budget = Budget(SECONDS)
    for folder, members in modules.items():
        others = sorted((other for other in modules if other != folder), key=lambda other: len(other.parts))
        refusals += [found for member in members if (found := _misread(member, folder)) is not None]
        module = Module(folder, [each for each in members if _misread(each, folder) is None], others)
        compilation = Compilation(module, budget)
        gathering = Gathering(module.shown, compilation.remarks)
        for names, made in compilation.compiled():
            gathering.add(made.file, names)
        readings += gathering.readings()
        refusals += compilation.refusals
    return sorted(readings, key=lambda each: each.file), sorted(refusals, key=lambda each: each.position)


def _misread(header: Header, root: Path) -> Refusal | None:
    """The refusal of a file whose name protoc would take for something else."""
    why = misread(virtual_name(header.file, root))
    return (
        Refusal(Why.UNREADABLE, Position(header.shown), why, "Rename it, or the folder that it is in") if why else None
    )


def _read_set(file: Path) -> list[Reading]:
    found, own = read_descriptor_set(file)
    gathering = Gathering(lambda name: file.as_posix(), placed=False)
    gathering.add(found, own)
    return gathering.readings()
