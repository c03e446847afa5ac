"""People: the skills that the styles need, which of them are there, and what to ask whoever would bring the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for an interview, and what a strong answer speaks of."""

    question: str
    listen_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skill:
    """What somebody has to know, the surfaces that need it, and whether the team says that it has it (None: nobody
    said). ``asks`` are for gaps.
    """

    name: str
    styles: tuple[str, ...]
    surfaces: tuple[str, ...]
    there: bool | None
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The skills in order of need."""

    skills: tuple[Skill, ...] = ()
