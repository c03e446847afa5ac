"""Where things stand on the map: callers to the left, surfaces in the middle, to the right the styles that would fit.

Heights are fixed, in rem, so that lines can be drawn without a script and without a style of their own; the same
numbers stand in ``page.css``. Many surfaces are drawn as bundles of those that are alike, so that a map never grows
beyond what an eye takes in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.review.report import wording
from dragoman.review.review import Reviewed
from dragoman.review.verdict.verdict import Confidence, Decision

SINGLE: Final = 36
"""Up to here each surface is drawn by itself."""
BUNDLES: Final = 48
NODE: Final = 3.5
ROW: Final = 4.25
GROUP: Final = 1.25
SLOT: Final = 4.0
AUDIENCES: Final = (*map(str, Audience), "unknown")
_SURE: Final = {Confidence.LOW: 1, Confidence.MEDIUM: 2, Confidence.HIGH: 3}


@dataclass(frozen=True, slots=True)
class Node:
    """One surface, or a bundle of such with one audience, form and verdict. ``members`` are numbers of surfaces; ``y``
    is the middle's height in the map.
    """

    members: tuple[int, ...]
    surfaces: tuple[Reviewed, ...]
    y: float

    @property
    def first(self) -> Reviewed:
        """One that stands for all."""
        return self.surfaces[0]

    @property
    def decision(self) -> Decision:
        """What to do with it."""
        return self.first.verdict.decision

    @property
    def styles(self) -> tuple[str, ...]:
        """The style that would fit, and those that are kept beside it."""
        said = self.first.verdict
        return () if said.style is None else (said.style, *said.beside)

    @property
    def sure(self) -> int:
        """From 1 to 3, by the least sure."""
        return min(_SURE[each.verdict.confidence] for each in self.surfaces)


@dataclass(frozen=True, slots=True)
class Group:
    """The nodes of one audience, from ``top`` on, ``height`` high."""

    audience: str
    nodes: tuple[Node, ...]
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A style on the right, whose middle is at ``y``, with the numbers of the surfaces that it fits."""

    style: str
    members: tuple[int, ...]
    y: float

    @property
    def number(self) -> int:
        """How many it fits."""
        return len(self.members)


@dataclass(frozen=True, slots=True)
class Layout:
    """The map. ``left_out`` are surfaces for which there was no room."""

    groups: tuple[Group, ...]
    slots: tuple[Slot, ...]
    height: float
    left_out: int = 0


def layout(surfaces: Sequence[Reviewed]) -> Layout:
    """Places everything, audience by audience."""
    bundles, left_out = _bundles(surfaces)
    groups: list[Group] = []
    top = 0.0
    for name in AUDIENCES:
        found = [each for each in bundles if wording.audience(surfaces[each[0]]) == name]
        if not found:
            continue
        nodes = tuple(
            Node(each, tuple(surfaces[n] for n in each), top + at * ROW + NODE / 2) for at, each in enumerate(found)
        )
        height = len(found) * ROW - (ROW - NODE)
        groups.append(Group(name, nodes, top, height))
        top += height + GROUP
    height = max(top - GROUP, 0.0)
    return Layout(tuple(groups), _slots([node for each in groups for node in each.nodes], height), height, left_out)


def _bundles(surfaces: Sequence[Reviewed]) -> tuple[list[tuple[int, ...]], int]:
    """Numbers of surfaces that are drawn as one; the larger bundles first where there are many."""
    if len(surfaces) <= SINGLE:
        return [(at,) for at in range(len(surfaces))], 0
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, each in enumerate(surfaces):
        said = each.verdict
        alike[wording.audience(each), wording.form(each.nature), said.decision, said.style, said.beside].append(at)
    largest = sorted(map(tuple, alike.values()), key=lambda each: (-len(each), each))
    return largest[:BUNDLES], sum(map(len, largest[BUNDLES:]))


def _slots(nodes: Iterable[Node], height: float) -> tuple[Slot, ...]:
    """Each style stands by the middle of what it would fit, and none on another."""
    wanted: dict[str, list[Node]] = defaultdict(list)
    for each in nodes:
        for style in each.styles:
            wanted[style].append(each)
    middles = sorted((sum(node.y for node in all_) / len(all_), name) for name, all_ in wanted.items())
    places = [y for y, _ in middles]
    for at in range(len(places)):
        places[at] = max(places[at], NODE / 2 if at == 0 else places[at - 1] + SLOT)
    for at in reversed(range(len(places))):
        below = height - NODE / 2 if at == len(places) - 1 else places[at + 1] - SLOT
        places[at] = min(places[at], below)
    return tuple(
        Slot(name, tuple(member for node in wanted[name] for member in node.members), y)
        for (_, name), y in zip(middles, places, strict=True)
    )
