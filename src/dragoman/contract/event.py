"""Events: named facts, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .schema import Type
from .traits import Traits


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Events with one value of the field ``key`` are delivered in order; it is empty where a
    foreign document names none.
    """

    name: str
    payload: Type
    key: str
    description: str = ""
    deprecated: bool = False
    traits: Traits = field(default_factory=Traits)
    native: Any = field(default=None, compare=False, repr=False)
