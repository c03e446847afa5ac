"""From which folder the imports of a file count, found from the files themselves.

protoc is told with ``-I``; here a file shows it: the folders at the end of its path are its package (the rule of Buf
and of AIP-191), or other files import it by a path that ends as its own does. A ``buf.yaml`` and a folder ``proto``
are taken as hints where neither says anything, and at last the folder that is reviewed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Final

from .header import Header

_NAMES: Final = ("proto", "protos", "protobuf")
_MODULE: Final = re.compile(r"^\s*-\s*(?:path:\s*)?(\S+)\s*$", re.MULTILINE)


def include_roots(headers: Sequence[Header], folders: Sequence[Path]) -> dict[Path, list[Header]]:
    """The files by the folder that their imports count from, both in order of their paths. ``folders`` are those that
    are reviewed.
    """
    spelled = {header.file: _by_package(header) for header in headers}
    voted = _votes(headers, [header for header in headers if spelled[header.file] is None])
    roots = set(voted.values())
    modules: dict[Path, list[Header]] = {}
    for header in sorted(headers, key=lambda each: each.file.parts):
        found = spelled[header.file] or voted.get(header.file) or _by_folder(header, _around(header, folders), roots)
        modules.setdefault(found, []).append(header)
    return modules


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


def _votes(headers: Sequence[Header], undecided: Sequence[Header]) -> dict[Path, Path]:
    """For each undecided file that others import by a path, the folder which most of them mean."""
    by_name: dict[str, list[Header]] = {}
    for header in undecided:
        by_name.setdefault(header.file.name, []).append(header)
    folders = {header.file: _folders(header.file) for header in undecided}
    named: dict[str, list[Header]] = {}
    votes: dict[Path, Counter[Path]] = {}
    for importer in headers if undecided else ():
        for name, _ in importer.imports:
            *above, last = name.split("/")
            if name not in named:
                same = by_name.get(last, ())
                named[name] = [
                    each for each in same if folders[each.file][len(folders[each.file]) - len(above) :] == tuple(above)
                ]
            if named[name]:
                nearest = max(named[name], key=lambda each: _shared(each.file, importer.file))
                votes.setdefault(nearest.file, Counter())[_above(nearest.file.parent, len(above))] += 1
    return {file: counted.most_common(1)[0][0] for file, counted in votes.items()}


def _shared(one: Path, other: Path) -> int:
    """How many folders two paths begin with alike."""
    return len(Path(os.path.commonpath([os.path.abspath(one), os.path.abspath(other)])).parts)


def _around(header: Header, folders: Sequence[Path]) -> Path:
    """The innermost of the reviewed folders that the file is in; its own, where it is in none."""
    around = [folder for folder in folders if header.file.is_relative_to(folder)]
    return max(around, key=lambda folder: len(folder.parts), default=header.file.parent)


def _by_folder(header: Header, root: Path, roots: Set[Path]) -> Path:
    """The nearest folder around the file that looks like a root."""
    folder = header.file.parent
    while True:
        if folder in roots or folder.name in _NAMES:
            return folder
        for module in _buf_modules(folder):
            if header.file.is_relative_to(module):
                return module
        if folder == root or folder.parent == folder or not folder.is_relative_to(root):
            return root
        folder = folder.parent


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
