"""What a surface shows: messages about a refused commit must not tell more."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman.contract.annotations import visible_to
from dragoman.contract.principal import Audience

from .rows import Rows


@dataclass(frozen=True, slots=True)
class Shown:
    """The audience, and the resources that the surface exposes, by plural."""

    audience: Audience
    resources: frozenset[str]

    def field(self, rows: Rows, name: str) -> bool:
        """Whether the surface shows the field."""
        field = rows.description.record.field(name)
        return field is not None and visible_to(field, self.audience)

    def reference(self, rows: Rows, name: str) -> bool:
        """Whether the surface shows that the resource refers to another by this field."""
        return rows.description.plural in self.resources and self.field(rows, name)
