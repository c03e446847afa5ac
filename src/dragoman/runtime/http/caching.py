"""Who may keep an answer, for how long, and what it differs by (RFC 9111).

What a credential could see is ``private``, always; faults and answers to unsafe methods are ``no-store``. What nobody
needs a credential for says nothing of who may store it, which allows shared caches to; ``public`` is not written, since
that would let them store even what was asked for with ``Authorization`` (section 3.5).

An answer is fresh for as long as the contract says, by :class:`Fresh`. Where it says nothing it is ``no-cache``: kept,
and asked about each time. Browsers do so; nginx and Varnish pass such answers through, where ``max-age=0`` would
depend on how they are set up, and ``must-revalidate`` would let shared caches store what was asked for with
``Authorization``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.traits import Trait
from dragoman.ports.style import Surface
from dragoman.ports.wire import Header

NO_STORE: Final[Header] = (b"cache-control", b"no-store")
MAX_AGE: Final = 2**31 - 1
"""The longest freshness that every cache reads (RFC 9111, section 1.2.2)."""
TENANT_HEADER: Final = "Dragoman-Tenant"


@dataclass(frozen=True, slots=True)
class Fresh(Trait):
    """The answer may be used again for ``max_age`` seconds without asking. For safe operations; on a resource, for its
    lists and for the reading of one. Later changes are not seen before that time is over.
    """

    max_age: int

    def __post_init__(self) -> None:
        if type(self.max_age) is not int or not 0 < self.max_age <= MAX_AGE:
            raise DeclarationError(
                f"Fresh({self.max_age!r})",
                "its max_age is not a number of whole seconds from 1 on",
                "Write dm.Fresh(60), or leave it out: without it each use asks whether the answer changed",
            )


def freshness(operation: Operation, place: str) -> int | None:
    """How long an operation's answer is fresh, in seconds; None where that is not said. Raises DeclarationError for an
    operation that is not safe, and for a stream.
    """
    own = operation.traits.get(Fresh)
    if own is not None and operation.effect is not Effect.SAFE:
        raise DeclarationError(
            f"{place}, {operation.name}",
            f"it is declared {own!r}, and its effect is {operation.effect}",
            'Only what reads can be kept: write effect="safe" if it changes nothing, or leave dm.Fresh(…) out',
        )
    if own is not None and operation.interaction is not Interaction.UNARY:
        raise DeclarationError(
            f"{place}, {operation.name}",
            f"it is declared {own!r}, and it is a stream",
            "A stream is never kept: leave dm.Fresh(…) out",
        )
    if own is None and operation.resource is not None and operation.method in (Method.GET, Method.LIST):
        own = operation.resource.traits.get(Fresh)
    return None if own is None else own.max_age


def cache_control(*, protected: bool, max_age: int | None) -> Header:
    """The header of an answer that may be kept. ``protected``: a credential may have been looked at."""
    age = "no-cache" if max_age is None else f"max-age={max_age}"
    return (b"cache-control", (f"private, {age}" if protected else age).encode())


def is_protected(surface: Surface) -> bool:
    """Whether answers of a surface may depend on a credential: one that callers may leave out counts as well."""
    return surface.auth is None or not surface.auth.anonymous or bool(surface.auth.headers)


def vary(surface: Surface, *, protected: bool) -> Header:
    """What answers of a surface differ by: the content coding, who asks, and from where."""
    names = ["Accept-Encoding"]
    if protected and surface.auth is not None:
        names += [each.title() for each in surface.auth.headers]
    if surface.cross_tenants:
        names.append(TENANT_HEADER)
    if surface.cors is not None and surface.cors.varies:
        names.append("Origin")
    return (b"vary", ", ".join(dict.fromkeys(names)).encode())
