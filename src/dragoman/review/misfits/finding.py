"""Misfits: what does not fit its audience or its style, and the rules that find it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dragoman.contract.principal import Audience
from dragoman.review.elements import Element, Position
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.rule import Source
from dragoman.review.verdict.verdict import Nature


class Severity(enum.IntEnum):
    """How much a misfit matters."""

    HINT = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: an element, and what is wrong with this one. ``evidence`` are further places. ``at_most`` is
    how much this one can matter, where that is less than the rule says.
    """

    element: Element
    position: Position
    message: str
    remedy: str = ""
    evidence: tuple[Position, ...] = ()
    at_most: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """A misfit as it is told. ``key`` (rule and element) is what a baseline names."""

    rule: str
    severity: Severity
    surface: str
    element: Element
    position: Position
    message: str
    remedy: str
    evidence: tuple[Position, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """The rule and the element, which stay what they are when lines move."""
        return self.rule, str(self.element)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at: a surface with what it really is, and the surfaces beside it."""

    surface: Surface
    nature: Nature
    platform: tuple[Surface, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A rule that finds misfits. ``severities`` are by audience, with ``severity`` for the others and where
    the audience is unknown; ``check`` yields what it finds on one surface. ``exception`` says in words when it does
    not apply, ``remedy`` what to do, ``example`` shows a misfit and its mended form.
    """

    id: str
    title: str
    source: Source
    severity: Severity
    check: Callable[[Subject], Iterable[Found]]
    reason: str
    remedy: str
    exception: str
    example: str
    severities: Mapping[Audience, Severity] = field(default_factory=dict)
    styles: tuple[str, ...] = ()

    def severity_for(self, audience: Audience | None) -> Severity:
        """How much it matters on a surface for that audience."""
        return self.severity if audience is None else self.severities.get(audience, self.severity)
