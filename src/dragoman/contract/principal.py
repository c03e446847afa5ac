"""Who calls."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .declaration import DeclarationError

AudienceName: TypeAlias = Literal["public", "partner", "internal", "frontend", "operator"]
"""An audience as developers write it."""


class Audience(enum.StrEnum):
    """For whom a surface is meant."""

    PUBLIC = "public"
    PARTNER = "partner"
    INTERNAL = "internal"
    FRONTEND = "frontend"
    OPERATOR = "operator"


def audience_called(name: str, place: str) -> Audience:
    """The audience of that name. Raises DeclarationError for an unknown one."""
    try:
        return Audience(name)
    except ValueError:
        raise DeclarationError(place, f"there is no audience {name!r}", f"Write one of {', '.join(Audience)}") from None


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    ``identity`` outlives a single credential (a key's owner: rotating the key changes nothing). ``tenant``
    owns the rows that the principal sees and writes. ``scopes`` are patterns over operation names
    (``orders.list``, ``orders.*``, ``*``); ``audiences`` the kinds of surface it may enter. ``credential``
    names what was shown (a key's prefix) for the log.
    """

    identity: str
    tenant: str
    scopes: frozenset[str] = frozenset({"*"})
    audiences: frozenset[Audience] = frozenset()
    credential: str = ""
