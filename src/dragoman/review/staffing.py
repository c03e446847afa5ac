"""From the styles that result to the people: skills needed, gaps, and what to ask for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dragoman.contract.principal import Audience

from .interviews import ANY_STYLE, ASKS
from .people import People, Skill
from .surfaces.surface import OUTSIDERS, Surface
from .verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class _Need:
    """A skill that a style asks for. ``audiences`` narrow it; ``asks`` are which of the style's questions show it."""

    name: str
    style: str
    asks: tuple[int, ...]
    audiences: tuple[Audience, ...] = ()


NEEDS: Final = (
    _Need("HTTP as it is meant: resources, methods, statuses, caching, OpenAPI", "rest", (0, 3, 4)),
    _Need("Contracts that keep: versions, idempotency, what developers outside go through", "rest", (1, 2), OUTSIDERS),
    _Need("Schemas of protocol buffers that grow without breaking", "rpc", (0, 1, 4)),
    _Need("Operating gRPC: balancing, deadlines, retries", "rpc", (2, 3)),
    _Need("Modelling a graph, and who may see what of it", "graphql", (2, 3, 4)),
    _Need("Keeping queries affordable: limits, batched resolvers", "graphql", (0, 1)),
    _Need("Events that can come twice and late: outbox, order, schemas", "events", (0, 1, 3, 4)),
    _Need("Operating a broker: backlogs, what keeps failing, consumers", "events", (2,)),
    _Need("Webhooks that are signed, repeated and accounted for", "webhooks", (0, 1, 2, 3)),
)

NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {style: tuple(each.name for each in NEEDS if each.style == style) for style in ASKS}
)
"""The skills that each style asks for."""


def people(reviewed: Iterable[tuple[Surface, Verdict]]) -> People:
    """The skills that the surfaces' styles need, gaps first, then what nobody said, and within these by the number of
    surfaces. A skill is there where every team whose surface needs it says that it operates the style.
    """
    surfaces = [
        (surface, style)
        for surface, verdict in reviewed
        if verdict.style is not None
        for style in (verdict.style, *verdict.beside)
    ]
    found = [each for need in NEEDS if (each := _skill(need, surfaces)) is not None]
    if any(surface.audience in OUTSIDERS for surface, _ in surfaces):
        found.append(_discipline(surfaces))
    order = {False: 0, None: 1, True: 2}
    return People(tuple(sorted(found, key=lambda each: (order[each.there], -len(each.surfaces)))))


def _skill(need: _Need, surfaces: Sequence[tuple[Surface, str]]) -> Skill | None:
    needing = [surface for surface, style in surfaces if style == need.style and _meant(need, surface)]
    if not needing:
        return None
    there = _there(need.style, needing)
    asks = () if there else tuple(ASKS[need.style][index] for index in need.asks)
    return Skill(need.name, (need.style,), tuple(each.name for each in needing), there, asks)


def _meant(need: _Need, surface: Surface) -> bool:
    return not need.audiences or surface.audience in need.audiences


def _there(style: str, needing: Iterable[Surface]) -> bool | None:
    """Whether all have it: one that lacks it is a gap, and one that did not say leaves it open."""
    said = [None if (skills := each.facts.value("skills")) is None else style in skills for each in needing]
    if False in said:
        return False
    return None if None in said else True


def _discipline(surfaces: Iterable[tuple[Surface, str]]) -> Skill:
    """What no style brings, and every surface that others reach needs. Nobody is asked for it in ``surfaces.toml``."""
    outside = [(surface.name, style) for surface, style in surfaces if surface.audience in OUTSIDERS]
    names, styles = (tuple(dict.fromkeys(each)) for each in zip(*outside, strict=True))
    return Skill("Security and governance, whatever is spoken", styles, names, None, ANY_STYLE)
