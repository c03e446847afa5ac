"""Who calls."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Audience(enum.StrEnum):
    """For whom a surface is meant."""

    PUBLIC = "public"
    PARTNER = "partner"
    INTERNAL = "internal"
    FRONTEND = "frontend"
    OPERATOR = "operator"


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
