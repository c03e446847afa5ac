"""From paths to readings: every document that is found, each by the reader of its format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dragoman.review.elements import Position

from .documents import Document, find
from .folder import Folder
from .nouns import recognise
from .outcome import Format, Reading, Refusal, Why

_TREES: Final = {Format.OPENAPI: "openapi", Format.ASYNCAPI: "asyncapi"}
"""Formats of which each document is a reading of its own, by the part that reads them."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read and what was not, both in order of paths. ``documents`` counts the files that are contracts."""

    readings: tuple[Reading, ...]
    refusals: tuple[Refusal, ...]
    documents: int


def read_all(paths: Sequence[Path]) -> Readings:
    """Read every contract among the files and in the folders. What is refused never keeps the rest from being read."""
    documents, refusals = find(paths)
    readings: list[Reading] = []
    for read in (_trees, _protobuf, _graphql):
        found, refused = read(documents)
        readings += found
        refusals += refused
    for reading in readings:
        recognise(reading.contract)
    readings.sort(key=lambda each: each.file)
    refusals.sort(key=lambda each: each.position)
    return Readings(tuple(readings), tuple(refusals), len(documents))


_Outcome = tuple[list[Reading], list[Refusal]]


def _trees(documents: Sequence[Document]) -> _Outcome:
    """OpenAPI and AsyncAPI, one by one."""
    readings: list[Reading] = []
    refusals: list[Refusal] = []
    folders: dict[Path, Folder] = {}
    for document in documents:
        if document.format not in _TREES:
            continue
        folder = folders.setdefault(document.folder, Folder(document.folder, Path.as_posix))

        def one(documents: Sequence[Document], folder: Folder = folder) -> _Outcome:
            (document,) = documents
            reader = importlib.import_module(f"{__package__}.{_TREES[document.format]}")
            return [reader.read(folder.tree(document.path), folder.load)], []

        found, refused = _guarded([document], one)
        readings += found
        refusals += refused
    return readings, refusals


def _protobuf(documents: Sequence[Document]) -> _Outcome:
    chosen = [each for each in documents if each.format is Format.PROTO]

    def together(documents: Sequence[Document]) -> _Outcome:
        from .protobuf import read

        return read([each.path for each in documents], *dict.fromkeys(each.folder for each in chosen))

    return _guarded(chosen, together)


def _graphql(documents: Sequence[Document]) -> _Outcome:
    chosen = [each for each in documents if each.format is Format.GRAPHQL]

    def together(documents: Sequence[Document]) -> _Outcome:
        from .graphql import read

        return read([each.path for each in documents])

    return _guarded(chosen, together)


def _guarded(documents: Sequence[Document], read: Callable[[Sequence[Document]], _Outcome]) -> _Outcome:
    """What the reader gives, or a refusal of each document that it cannot read. Where it fails on many together, each
    is read alone, so that one costs the others nothing but what they would have known of each other.
    """
    if not documents:
        return [], []
    why, message, remedy = Why.UNREADABLE, "", "Please report it, with the document if it can be shown"
    try:
        return read(documents)
    except Refusal as refusal:
        if len(documents) == 1:
            return [], [refusal]
    except ModuleNotFoundError as error:
        why, message = Why.UNSUPPORTED, f"it is read with the Python package {error.name}, which is not installed"
        remedy = "Run pip install 'dragoman[review]'"
    except RecursionError:
        message, remedy = "it nests too deeply", "Flatten it"
    except Exception as error:  # a fault of ours in one document, which must not cost the others
        message = f"its reader failed: {type(error).__name__}: {error}"[:300]
    if len(documents) == 1 or why is Why.UNSUPPORTED:
        return [], [Refusal(why, Position(each.shown), message, remedy) for each in documents]
    outcomes = [_guarded([each], read) for each in documents]
    return [each for found, _ in outcomes for each in found], [each for _, refused in outcomes for each in refused]
