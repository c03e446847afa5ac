"""From files to readings, one for each schema."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Reading, Refusal, Why
from dragoman.review.reading.parse import parse

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
            schema = _read(file)
        except Refusal as refusal:
            refusals.append(refusal)
            continue
        (whole if file.suffix == ".json" else cut).append(schema)
    readings = [reading(schema, schema.files[0]) for schema in whole]
    readings += [reading(schema, _shown(schema)) for schema in joined(cut)]
    return sorted(readings, key=lambda each: each.file), refusals


def _shown(schema: Schema) -> str:
    """The file, or the folder of several."""
    if len(schema.files) == 1:
        return schema.files[0]
    return os.path.commonpath([os.path.dirname(file) for file in schema.files]) or "."


def _read(file: Path) -> Schema:
    data = _bytes(file)
    if file.suffix == ".json":
        return read_introspection(parse(data, file.as_posix()))
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
    position = Position(file.as_posix())
    try:
        size = file.stat().st_size
        if size > MAX_BYTES and file.suffix != ".json":
            raise Refusal(
                Why.UNREADABLE,
                position,
                f"the file has {size / 2**20:.1f} MB, and one of at most {MAX_BYTES // 2**20} MB is read",
                "Split the schema into files",
            )
        return file.read_bytes()
    except OSError as error:
        message = f"it cannot be read: {error.strerror}"
        raise Refusal(Why.UNREADABLE, position, message, "Check its permissions") from None
