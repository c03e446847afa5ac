"""The same thing on two surfaces: records that describe one noun, whatever each surface calls it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dragoman.review.english import singular, vocabulary, words
from dragoman.review.reading.outcome import Reading
from dragoman.review.surfaces.surface import Surface

from .reach import Message, reach
from .wording import bare

LIMIT: Final = 5_000
"""How many messages of a surface are compared."""

_USUAL: Final = vocabulary(
    "id uuid name title description created updated createdat updatedat createtime updatetime status state type "
    "kind version etag links self href url items data next total count code message error errors metadata meta "
    "nexttoken nextpagetoken page pagesize limit offset key value object livemode"
)
"""Fields that many things have, so that having them makes no two alike."""

_ROLES: Final = vocabulary(
    "dto model view response request resource entity object item data info details detail summary payload input "
    "output message record schema type api public internal full base create update new get list read write event "
    "v1 v2 v3"
)
"""Words in a type's name that say what it is for, and not what it is of."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A message that describes something, with the bare names of the fields that make it what it is."""

    reading: Reading
    message: Message
    names: frozenset[str]

    @property
    def noun(self) -> str:
        """What it is of: ``order`` for ``shop.v1.OrderDto``."""
        return noun_of(self.message.owner)


def noun_of(name: str) -> str:
    """A type's name without package, case and roles."""
    parts = [each for each in words(re.split(r"[./]", name)[-1]) if each not in _ROLES]
    return "".join((*parts[:-1], singular(parts[-1]))) if parts else ""


def things(surface: Surface) -> Iterator[Thing]:
    """The named messages that a surface answers with and that have an identity or enough of their own."""
    for reading in surface.readings:
        for message in reach(reading).outputs[:LIMIT]:
            names = frozenset(bare(each.name) for each in message.fields)
            if message.record.name is not None and len(names - _USUAL) >= 4:
                yield Thing(reading, message, names)


def same(things_: Iterable[Thing], others: Iterable[Thing]) -> Iterator[tuple[Thing, Thing]]:
    """Pairs that describe one thing: four fields of their own in common, and four of five of all.

    Only things that share a field of their own are compared, so that it stays fast for thousands.
    """
    by_name: dict[str, list[Thing]] = defaultdict(list)
    for other in others:
        for name in other.names - _USUAL:
            by_name[name].append(other)
    for thing in things_:
        shared: dict[int, int] = defaultdict(int)
        met: dict[int, Thing] = {}
        for name in thing.names - _USUAL:
            for other in by_name.get(name, ())[:50]:
                shared[id(other)] += 1
                met[id(other)] = other
        for key, count in shared.items():
            other = met[key]
            if count >= 4 and len(thing.names & other.names) >= 0.8 * len(thing.names | other.names):
                yield thing, other
