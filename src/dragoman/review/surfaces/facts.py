"""Facts of a surface: what is known of it, how sure that is, and what shows it.

Documents say a part, ``surfaces.toml`` another. What neither says is unknown, which is a value of its own: a rule that
reads an unknown fact does not apply, and the verdict is less sure. Nothing is guessed in silence.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dragoman.review.elements import Position


class Certainty(enum.IntEnum):
    """How sure a fact is; a larger one replaces a smaller one."""

    UNKNOWN = 0
    INFERRED = 1  # something points to it
    READ = 2  # counted in a document
    STATED = 3  # somebody who knows said so


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows a fact, in a phrase, and where it stands."""

    text: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about a surface. ``value`` is None exactly where it is unknown; its type is that of its
    :class:`~.catalogue.Question`.
    """

    name: str
    value: Any = None
    certainty: Certainty = Certainty.UNKNOWN
    evidence: tuple[Evidence, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.certainty is not Certainty.UNKNOWN


class Facts(Mapping[str, Fact]):
    """The facts of one surface, by name. Whatever is not there is unknown: asking for it gives such a fact."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Mapping[str, Fact] | None = None) -> None:
        self._facts = {name: fact for name, fact in (facts or {}).items() if fact.known}

    def __getitem__(self, name: str) -> Fact:
        return self._facts.get(name) or Fact(name)

    def __contains__(self, name: object) -> bool:
        """Whether it is known. (A mapping would ask for it, which never fails here.)"""
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def value(self, name: str) -> Any:
        """The fact's value; None where it is unknown."""
        return self[name].value

    def with_(self, *facts: Fact) -> Facts:
        """These facts over the others, each where it is at least as sure as what was known."""
        merged = dict(self._facts)
        for each in facts:
            if each.certainty >= self[each.name].certainty:
                merged[each.name] = each
        return Facts(merged)

    def without(self, *names: str) -> Facts:
        """The same, with these unknown."""
        return Facts({name: fact for name, fact in self._facts.items() if name not in names})
