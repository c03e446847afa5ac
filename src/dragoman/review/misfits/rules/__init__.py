"""All the rules, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from dragoman.review.misfits.finding import Misfit

from . import (
    audience,
    caching,
    documentation,
    errors,
    events,
    graphql,
    idempotency,
    inputs,
    naming,
    paging,
    platform,
    procedures,
    secrets,
    security,
    shapes,
    streams,
    values,
    versions,
)


def _table(rules: Iterable[Misfit]) -> Mapping[str, Misfit]:
    """The rules by id, in their order. Raises ValueError for an id that stands twice."""
    table: dict[str, Misfit] = {}
    for each in rules:
        if each.id in table:
            raise ValueError(f"there are two rules {each.id!r}")
        table[each.id] = each
    return MappingProxyType(table)


MISFITS: Final = _table(
    (
        *audience.RULES,
        *versions.RULES,
        *platform.RULES,
        *paging.RULES,
        *caching.RULES,
        *idempotency.RULES,
        *errors.RULES,
        *security.RULES,
        *secrets.RULES,
        *inputs.RULES,
        *values.RULES,
        *shapes.RULES,
        *streams.RULES,
        *graphql.RULES,
        *events.RULES,
        *procedures.RULES,
        *naming.RULES,
        *documentation.RULES,
    )
)
"""Every rule by its id: those first that the article names."""
