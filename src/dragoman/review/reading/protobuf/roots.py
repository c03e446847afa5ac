"""From which folder the imports of a file count, found from the files themselves.

protoc is told with ``-I``; here a file shows it: the folders at the end of its path are its package (the rule of Buf
and of AIP-191), or other files import it by a path that ends as its own does. A ``buf.yaml`` and a folder ``proto``
are taken as hints where neither says anything, and at last the folder that is reviewed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from .header import Header

_NAMES: Final = ("proto", "protos", "protobuf")
_MODULE: Final = re.compile(r"^\s*-\s*(?:path:\s*)?(\S+)\s*$", re.MULTILINE)


def include_roots(headers: Sequence[Header], folders: Sequence[Path]) -> dict[Path, list[Header]]:
    """The files by the folder that their imports count from, both in order of their paths. ``folders`` are those that
    are reviewed.
    """
    voted = _votes(headers)
    roots = set(voted.values())
    beside = {(header.file.parent, header.package): voted[header.file] for header in headers if header.file in voted}
    modules: dict[Path, list[Header]] = {}
    for header in sorted(headers, key=lambda each: each.file.parts):
        found = voted.get(header.file) or beside.get((header.file.parent, header.package))
        if found is None:
            guesses = [_by_package(header), *_around(header, roots), _by_folder(header, folders)]
            found = _fitting(header, [each for each in guesses if each is not None])
        modules.setdefault(found, []).append(header)
    return modules


def _fitting(header: Header, guesses: Sequence[Path]) -> Path:
    """The first of the guesses below which most of the file's imports are."""
    return max(guesses, key=lambda root: sum((root / name).is_file() for name, _ in header.imports))


def _around(header: Header, folders: Iterable[Path]) -> list[Path]:
    """Those that the file is in, the innermost first."""
    around = [folder for folder in folders if header.file.is_relative_to(folder)]
    return sorted(around, key=lambda folder: -len(folder.parts))


def virtual_name(file: Path, root: Path) -> str:
    """What protoc calls a file below that folder."""
    return Path(os.path.abspath(file)).relative_to(os.path.abspath(root)).as_posix()


def _by_package(header: Header) -> Path | None:
    """The folder above those that spell the package."""
    words = tuple(header.package.split(".")) if header.package else ()
    folders = _folders(header.file)
    if not words or folders[-len(words) :] != words:
        return None
    return _above(header.file.parent, len(words))


def _folders(file: Path) -> tuple[str, ...]:
    """The names of the folders around a file, as far as the file system goes."""
    return Path(os.path.abspath(file)).parts[:-1]


def _above(folder: Path, levels: int) -> Path:
    for _ in range(levels):
        folder = folder.parent if folder.name not in ("", "..") else Path(os.path.abspath(folder)).parent
    return folder


def _votes(headers: Sequence[Header]) -> dict[Path, Path]:
    """For each file that others import by a path, the folder which most of them mean. A bare name counts only for a
    file in the same folder: such names are everywhere.
    """
    by_name: dict[str, list[Header]] = {}
    folders: dict[Path, tuple[str, ...]] = {}
    for header in headers:
        by_name.setdefault(header.file.name, []).append(header)
        folders[header.file] = _folders(header.file)
    named: dict[str, list[Header]] = {}
    votes: dict[Path, Counter[Path]] = {}
    for importer in headers:
        for name, _ in importer.imports:
            *above, last = name.split("/")
            if name not in named:
                same = by_name.get(last, ())
                named[name] = [each for each in same if _ends(folders[each.file], above)]
            found = [each for each in named[name] if above or each.file.parent == importer.file.parent]
            if found:
                nearest = max(found, key=lambda each: _shared(folders[each.file], folders[importer.file]))
                votes.setdefault(nearest.file, Counter())[_above(nearest.file.parent, len(above))] += 1
    return {file: counted.most_common(1)[0][0] for file, counted in votes.items()}


def _ends(folders: tuple[str, ...], above: Sequence[str]) -> bool:
    return len(above) <= len(folders) and folders[len(folders) - len(above) :] == tuple(above)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many folders two paths begin with alike."""
    return next((index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def _by_folder(header: Header, folders: Sequence[Path]) -> Path:
    """The nearest folder around the file that looks like a root; at last the one that is reviewed."""
    last = next(iter(_around(header, folders)), header.file.parent)
    folder = header.file.parent
    while folder != last and folder.name not in _NAMES:
        for module in _buf_modules(folder):
            if header.file.is_relative_to(module):
                return module
        folder = folder.parent
    modules = [each for each in _buf_modules(folder) if header.file.is_relative_to(each)]
    return modules[0] if modules else folder


def _buf_modules(folder: Path) -> list[Path]:
    """What a ``buf.yaml`` or a ``buf.work.yaml`` there calls modules."""
    found: list[Path] = []
    for name in ("buf.yaml", "buf.work.yaml"):
        try:
            text = (folder / name).read_text("utf-8", errors="replace")[:65536]
        except OSError:
            continue
        paths = [match.strip("\"'") for match in _MODULE.findall(text)]
        found += [folder / path for path in paths if (folder / path).is_dir()] or [folder]
    return found
