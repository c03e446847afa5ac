"""From files to readings, one for each schema."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Reading, Refusal, Why
from dragoman.review.reading.parse import parse
from dragoman.review.reading.tree import MAX_BYTES as LARGEST

from .conversion import reading
from .definition import Schema
from .introspection import read_introspection
from .joining import joined
from .sdl import MAX_BYTES, read_sdl


def read(files: Sequence[Path]) -> tuple[list[Reading], list[Refusal]]:
    """Read files of SDL, of which several may make one schema, and results of introspection (``.json``). Both lists are
    in the order of the files' paths.
    """
    cut: list[Schema] = []
    whole: list[Schema] = []
    refusals: list[Refusal] = []
    for file in sorted(files):
        try:
            data = _bytes(file)
            if data.lstrip()[:1] == b"{":  # SDL never begins so
                whole.append(read_introspection(parse(data, file.as_posix())))
            else:
                cut.append(_read_sdl(file, data))
        except Refusal as refusal:
            refusals.append(refusal)
    readings = [reading(schema, schema.files[0]) for schema in whole]
    readings += [reading(schema, _shown(schema)) for schema in joined(cut)]
    return sorted(readings, key=lambda each: each.file), refusals


def _shown(schema: Schema) -> str:
    """The file, or the folder of several."""
    if len(schema.files) == 1:
        return schema.files[0]
    return os.path.commonpath([os.path.dirname(file) for file in schema.files]) or "."


def _read_sdl(file: Path, data: bytes) -> Schema:
    if len(data) > MAX_BYTES:
        raise _too_large(file, len(data), MAX_BYTES)
    schema = read_sdl(file, data)
    if not schema.types and not schema.extensions and not schema.roots:
        what = "queries, which clients send" if schema.executable else "no type"
        raise Refusal(
            Why.UNSUPPORTED,
            Position(file.as_posix()),
            f"it holds {what}, and no schema",
            "Give the schema's SDL, or the result of an introspection query",
        )
    return schema


def _bytes(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise _too_large(file, size, LARGEST)
        return file.read_bytes()
    except OSError as error:
        message = f"it cannot be read: {error.strerror}"
        raise Refusal(Why.UNREADABLE, Position(file.as_posix()), message, "Check its permissions") from None


def _too_large(file: Path, size: int, limit: int) -> Refusal:
    message = f"the file has {size / 2**20:.1f} MB, and one of at most {limit / 2**20:.0f} MB is read"
    return Refusal(Why.UNREADABLE, Position(file.as_posix()), message, "Split the schema into files")
