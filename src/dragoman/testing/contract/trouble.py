"""Operations that go wrong when they are asked to: each of the sixteen faults, bugs, and calls that take their time."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from typing import Annotated, Final

import dragoman as dm

FAULTS: Final[Mapping[str, type[dm.Fault]]] = {
    fault.code.name: fault
    for fault in (
        dm.Cancelled,
        dm.Unknown,
        dm.InvalidArgument,
        dm.DeadlineExceeded,
        dm.NotFound,
        dm.AlreadyExists,
        dm.PermissionDenied,
        dm.ResourceExhausted,
        dm.FailedPrecondition,
        dm.Aborted,
        dm.OutOfRange,
        dm.Unimplemented,
        dm.Internal,
        dm.Unavailable,
        dm.DataLoss,
        dm.Unauthenticated,
    )
}
"""The class of each code."""


class FaultCode(enum.StrEnum):
    """The canonical codes, by name."""

    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class Failure(dm.Struct):
    """How to fail."""

    code: FaultCode
    message: Annotated[str, dm.Length(1, 200)] = "as it was asked to"
    retryable: bool | None = None


class Pause(dm.Struct):
    """How long to take."""

    seconds: Annotated[float, dm.Ge(0), dm.Le(60)] = 0.0


class Certain(dm.Struct):
    """A message that holds only what it may hold."""

    chance: Annotated[float, dm.Ge(0), dm.Le(1)]


trouble = dm.Contract("trouble", description="What goes wrong, on demand.")


@trouble.operation(effect="safe", faults=FAULTS.values())
def fail(failure: Failure) -> None:
    """Answer with a fault."""
    raise FAULTS[failure.code](failure.message, retryable=failure.retryable)


@trouble.operation
def crash() -> None:
    """Raise what no contract speaks of. The caller learns an id, and the log the rest."""
    raise RuntimeError("a bug, on purpose: it is for the log and for nobody else")


@trouble.operation
def lie() -> Certain:
    """Return what the contract does not allow."""
    return Certain(chance=2.0)


@trouble.operation(effect="safe")
async def wait(pause: Pause) -> Pause:
    """Take as long as one is told to."""
    await asyncio.sleep(pause.seconds)
    return pause


@trouble.operation(name="hurry", effect="safe", deadline=0.05)
async def take_too_long(pause: Pause, ctx: dm.Context) -> Pause:
    """Take as long, with 50 milliseconds to do it in."""
    await asyncio.sleep(pause.seconds)
    return dm.replace(pause, seconds=ctx.remaining() or 0.0)
