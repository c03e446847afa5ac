"""Whether a principal's scopes allow an operation."""

from __future__ import annotations

from functools import lru_cache

from dragoman.contract.fault import PermissionDenied
from dragoman.contract.principal import Principal

CROSS_TENANTS = "tenants.cross"
"""The scope that lets an operator act in another tenant. No pattern stands for it: it is given by its name."""


@lru_cache(maxsize=4096)
def permits(scopes: frozenset[str], operation: str) -> bool:
    """A scope is an operation's name, ``<resource>.*``, or ``*`` for all."""
    return "*" in scopes or operation in scopes or operation.rpartition(".")[0] + ".*" in scopes


def denied(principal: Principal, operation: str) -> PermissionDenied:
    """The fault for an operation that the principal's scopes do not allow."""
    return PermissionDenied(
        f"{principal.identity} may not call {operation}; ask for a credential with the scope {operation!r}"
    )


def may_cross_tenants(principal: Principal) -> bool:
    """Whether the principal was given the right to act in other tenants, by name."""
    return CROSS_TENANTS in principal.scopes
