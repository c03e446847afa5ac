"""What documents say in words of their own makers (``x-…``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dragoman.contract.traits import Trait, Traits


@dataclass(frozen=True, slots=True)
class Extensions(Trait):
    """The members of an object whose names begin with ``x-``, as they were written."""

    values: Mapping[str, object] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(tuple(self.values))


def extensions(value: Mapping[str, Any]) -> Traits:
    """The trait, where there are any."""
    found = {name: each for name, each in value.items() if name[:2] == "x-"}
    return Traits([Extensions(found)]) if found else Traits()
