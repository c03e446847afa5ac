"""What the ledger holds of one call."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from dragoman.contract.fault import (
    CANONICAL,
    Aborted,
    Code,
    FailedPrecondition,
    Fault,
    InvalidArgument,
    Malformed,
    Violation,
)
from dragoman.ports.store import Column, Index, Key, Storage, Table

LEDGER: Final = Table(
    "dragoman_ledger",
    (
        Column("id", Storage.TEXT),
        Column("tenant", Storage.TEXT),
        Column("principal", Storage.TEXT),
        Column("operation", Storage.TEXT),
        Column("idempotency_key", Storage.TEXT),
        Column("resource", Storage.TEXT),
        Column("fingerprint", Storage.TEXT),
        Column("state", Storage.TEXT),
        Column("surface", Storage.TEXT),
        Column("scopes", Storage.TEXT),
        Column("result", Storage.TEXT, nullable=True),
        Column("fault", Storage.TEXT, nullable=True),
        Column("request_id", Storage.TEXT),
        Column("created_at", Storage.INTEGER),
        Column("leased_until", Storage.INTEGER, nullable=True),
        Column("expires_at", Storage.INTEGER),
        Column("version", Storage.INTEGER),
    ),
    tenant=False,
    indexes=(Index(("expires_at",)),),
)
"""Times are milliseconds since 1970 on the database's clock. ``state`` is HELD or DONE. ``version`` begins with a
random epoch, by which whoever made an entry, and nobody else, knows it again. ``surface`` and ``scopes`` are those of
the call; an entry that was settled by hand has no surface.
"""

HELD: Final = "held"
DONE: Final = "done"

FINAL: Final = frozenset(
    {
        Code.INVALID_ARGUMENT,
        Code.NOT_FOUND,
        Code.ALREADY_EXISTS,
        Code.PERMISSION_DENIED,
        Code.FAILED_PRECONDITION,
        Code.OUT_OF_RANGE,
        Code.UNIMPLEMENTED,
    }
)
"""The codes of faults that are an answer, which the same call gets again."""


class OtherInput(InvalidArgument):
    """The key was used for another input."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class KeyRequired(Malformed):
    """The call needs a key, and has none (400)."""

    reason = "IDEMPOTENCY_KEY_REQUIRED"


class InFlight(Aborted):
    """The call with this key is under way (409)."""

    reason = "IN_FLIGHT"


class OutcomeUnknown(FailedPrecondition):
    """The call with this key was begun and has not ended, so that nobody knows what it did outside (409)."""

    reason = "OUTCOME_UNKNOWN"


class Entry(msgspec.Struct, frozen=True):
    """A row of the ledger."""

    id: str
    fingerprint: str
    state: str
    surface: str
    scopes: str
    result: str | None
    fault: str | None
    leased_until: int | None
    expires_at: int
    version: int


COLUMNS: Final = Entry.__struct_fields__


def entry_id(tenant: str, principal: str, operation: str, key: str) -> str:
    """The id of a call's entry: what the key is a key within, and the key."""
    return msgspec.json.encode((tenant, principal, operation, key)).decode()


def entry_name(id: str) -> str:
    """A short name for an entry, for people."""
    return hashlib.blake2b(id.encode(), digest_size=6).hexdigest()


def scopes_text(scopes: frozenset[str]) -> str:
    """Scopes, to be compared."""
    return " ".join(sorted(scopes))


def downstream_key(id: str) -> str:
    """A key for whoever is asked in turn: it tells nothing of the caller's own."""
    return hashlib.blake2b(id.encode(), digest_size=16, person=b"dragoman-key").hexdigest()


def row_of(id: str) -> Key:
    """The row of an entry."""
    return Key(LEDGER, None, id)


class _ToldViolation(msgspec.Struct, array_like=True):
    path: tuple[str | int, ...]
    message: str
    rule: str


class _Told(msgspec.Struct, omit_defaults=True):
    code: int
    message: str
    reason: str = ""
    violations: tuple[_ToldViolation, ...] = ()
    metadata: dict[str, str] = {}


def is_final(fault: Fault) -> bool:
    """Whether the same call would get it again, so that it is an answer like any other."""
    return fault.code in FINAL and not fault.retryable


def fault_text(fault: Fault) -> str:
    """A fault, to be kept."""
    violations = tuple(_ToldViolation(each.path, each.message, each.rule) for each in fault.violations)
    metadata = {str(name): str(value) for name, value in fault.metadata.items()}
    told = _Told(fault.code.value, fault.message, fault.reason, violations, metadata)
    return msgspec.json.encode(told).decode()


def fault_of(text: str, known: tuple[type[Fault], ...], *, whole: bool) -> Fault:
    """The fault that was kept, of one of the ``known`` classes where its reason is one's. Unless ``whole``, without
    what the surface that it was told on may show and another may not.
    """
    told = msgspec.json.decode(text, type=_Told)
    code = Code(told.code)
    canonical = next(each for each in CANONICAL if each.code is code)
    classes: tuple[type[Fault], ...] = (*known, Malformed)
    made: Any = next((each for each in classes if each.code is code and each.reason == told.reason), None)
    if made is None or made.__init__ is not Fault.__init__:
        made = type(canonical.__name__, (canonical,), {"reason": told.reason})
    if not whole:
        return made(f"the call was refused when it was made on another surface ({code.name})")  # type: ignore[no-any-return]
    violations = [Violation(each.path, each.message, each.rule) for each in told.violations]
    return made(told.message, violations=violations, metadata=told.metadata)  # type: ignore[no-any-return]
