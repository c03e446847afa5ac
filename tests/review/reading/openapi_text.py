"""Small OpenAPI documents, written in place."""

from __future__ import annotations

import textwrap
from typing import Any

from dragoman.contract.schema import Field, Record, Type
from dragoman.review.reading import openapi
from dragoman.review.reading.openapi.references import Load
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.parse import parse


def reading(text: str, *, version: str = "3.1.0", load: Load | None = None) -> Reading:
    """What is read of a YAML document; its first line says the version, unless the text does."""
    text = textwrap.dedent(text)
    if "openapi:" not in text and "swagger:" not in text:
        text = f"openapi: {version}\n{text}"
    return openapi.read(parse(text.encode(), "api.yaml"), load)


def schemas(text: str, *, version: str = "3.1.0") -> Reading:
    """What is read of a document with these schemas."""
    return reading("components:\n  schemas:\n" + textwrap.indent(textwrap.dedent(text), "    "), version=version)


def schema(text: str, *, version: str = "3.1.0") -> Type:
    """The type of a field with this schema."""
    read = schemas(
        "T:\n  type: object\n  properties:\n    it:\n" + textwrap.indent(textwrap.dedent(text), " " * 6),
        version=version,
    )
    return field(read, "T", "it").type


def record(read: Reading, name: str) -> Record:
    """The record of that name."""
    found: Any = read.contract.types[name]
    assert isinstance(found, Record)
    return found


def field(read: Reading, name: str, of: str) -> Field:
    """A field of a record."""
    found = record(read, name).field(of)
    assert found is not None
    return found
