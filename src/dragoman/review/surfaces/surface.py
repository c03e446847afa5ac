"""A surface as the review sees it: the documents that describe it, and its facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from dragoman.contract.operation import Operation
from dragoman.contract.principal import Audience
from dragoman.review.reading.outcome import Reading

from .facts import Facts

OUTSIDERS: Final = (Audience.PUBLIC, Audience.PARTNER)
"""Audiences that are not of the company."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One door into the product. Most have one document; none, where it is only spoken of in ``surfaces.toml`` or in a
    dialogue. ``facts`` are all that is known of it.
    """

    name: str
    readings: tuple[Reading, ...] = ()
    facts: Facts = field(default_factory=Facts)

    @property
    def audience(self) -> Audience | None:
        """Whom it is for, where that is known."""
        value = self.facts.value("audience")
        return None if value is None else Audience(value)

    @property
    def operations(self) -> Iterator[tuple[Reading, Operation]]:
        """Every operation, with the document that it stands in."""
        for reading in self.readings:
            for operation in reading.contract.operations.values():
                yield reading, operation
