"""The conditions that rules are written with."""

from __future__ import annotations

from typing import Final

from .rule import Condition, Test


def is_(fact: str, *values: str | bool) -> Condition:
    """The fact is one of these."""
    return Condition(fact, Test.IS, values)


def at_least(fact: str, value: float) -> Condition:
    """The fact is this number or more."""
    return Condition(fact, Test.AT_LEAST, (value,))


def at_most(fact: str, value: float) -> Condition:
    """The fact is this number or less."""
    return Condition(fact, Test.AT_MOST, (value,))


def has_not(fact: str, member: str) -> Condition:
    """The set lacks it."""
    return Condition(fact, Test.HAS_NOT, (member,))


OUTSIDE: Final = is_("audience", "public", "partner")
"""Whoever calls cannot be made to follow a change."""

INSIDE: Final = is_("audience", "internal")
"""Both ends are ours."""

FRONT: Final = is_("audience", "frontend")
"""Our own web and mobile apps: ours to change, and far away."""

ROUNDABOUT: Final = is_("audience", "public", "partner", "frontend", "operator")
"""Whoever calls is not one of our services: a network that is not ours, or a person, stands in between."""

OURS: Final = is_("audience", "internal", "frontend", "operator")
"""Nobody outside calls."""

NOBODY_WAITS: Final = is_("waits", False)
"""The caller goes on without the result."""
