"""Finding documents: which files in the given paths are contracts, told by a cheap look into each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dragoman.review.elements import Position

from .outcome import Format, Refusal, Why
from .recognition import recognized, recognized_by_content

MAX_FILES: Final = 200_000
"""How many files of one folder are looked at."""

SKIPPED: Final = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__", "__macosx"})
"""Folders that hold other people's files, or made ones. Hidden folders and virtual environments are left out too."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is a contract. ``path`` is as the user wrote it, or below what the user wrote; ``folder`` is what is
    reviewed around it.
    """

    path: Path
    format: Format
    folder: Path

    @property
    def shown(self) -> str:
        """The path as the user is shown it."""
        return self.path.as_posix()


def find(paths: Sequence[Path]) -> tuple[list[Document], list[Refusal]]:
    """The contracts among files and in folders, in order of their paths, each once. In folders, whatever is no contract
    is passed over; a file that is named outright and is none is refused.
    """
    found: dict[str, Document] = {}
    refusals: list[Refusal] = []
    for path in paths:
        try:
            documents = _in_folder(path) if path.is_dir() else iter((_named(path),))
            for document in documents:
                found.setdefault(os.path.realpath(document.path), document)
        except Refusal as refusal:
            refusals.append(refusal)
    return sorted(found.values(), key=lambda each: each.path.parts), refusals


def _named(path: Path) -> Document:
    """The document that a path names. Raises Refusal."""
    position = Position(path.as_posix())
    try:
        if not path.is_file():
            what = "it is neither a file nor a folder" if path.exists() else "there is no such file or folder"
            raise Refusal(Why.UNREADABLE, position, what, "Correct the path")
        format = recognized(path, named=True) or recognized_by_content(path)
    except OSError as error:
        message = f"it cannot be read: {error.strerror}"
        raise Refusal(Why.UNREADABLE, position, message, "Check its permissions") from None
    if format is None:
        raise Refusal(
            Why.UNSUPPORTED,
            position,
            "it is no contract of a kind that is read",
            "Give OpenAPI, AsyncAPI, .proto, a descriptor set, GraphQL's SDL or an introspection result",
        )
    return Document(path, format, path.parent)


def _in_folder(folder: Path) -> Iterator[Document]:
    """The contracts in a folder. Links to folders are not followed, so that none leads in a circle."""
    looked_at = 0
    for path in _files(folder):
        looked_at += 1
        if looked_at > MAX_FILES:
            raise Refusal(
                Why.UNREADABLE,
                Position(folder.as_posix()),
                f"it has more than {MAX_FILES:,} files, of which the rest was not looked at",
                "Name the folders that hold contracts",
            )
        try:
            format = recognized(path) if path.is_file() else None
        except OSError:
            continue
        if format is not None:
            yield Document(path, format, folder)


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not _is_skipped(Path(parent, each)))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(parent, name)


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return name.startswith(".") or name.lower() in SKIPPED or (folder / "pyvenv.cfg").is_file()
