"""Whether a principal's scopes allow an operation."""

from __future__ import annotations

from functools import lru_cache

from dragoman.contract.principal import Principal

CROSS_TENANTS = "tenants.cross"
"""The scope that lets an operator act in another tenant. No pattern stands for it: it is given by its name."""


@lru_cache(maxsize=4096)
def permits(scopes: frozenset[str], operation: str) -> bool:
    """A scope is an operation's name, ``<resource>.*``, or ``*`` for all."""
    return "*" in scopes or operation in scopes or operation.rpartition(".")[0] + ".*" in scopes


def may_cross_tenants(principal: Principal) -> bool:
    """Whether the principal was given the right to act in other tenants, by name."""
    return CROSS_TENANTS in principal.scopes
