"""Findings that speak of a surface as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dragoman.review.elements import Element, Kind, Position
from dragoman.review.reading.outcome import Reading

from .finding import Found, Subject

EVIDENCE: Final = 20
"""How many further places a finding keeps."""


def found_surface(
    subject: Subject, message: str, remedy: str = "", places: Sequence[Position] = (), reading: Reading | None = None
) -> Found:
    """A misfit of the surface: at the first of the places, or where its document begins."""
    element = Element(Kind.SURFACE, subject.surface.name)
    first = places[0] if places else _begin(subject, reading)
    return Found(element, first, message, remedy, tuple(places[1 : EVIDENCE + 1]))


def found_document(reading: Reading, message: str, remedy: str = "") -> Found:
    """A misfit of a document."""
    element = Element(Kind.DOCUMENT, reading.file)
    return Found(element, reading.locate(element), message, remedy)


def _begin(subject: Subject, reading: Reading | None) -> Position:
    readings = (reading,) if reading is not None else subject.surface.readings
    return readings[0].locate(Element(Kind.DOCUMENT, readings[0].file)) if readings else Position("surfaces.toml")
