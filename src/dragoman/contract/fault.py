"""Faults: the errors that a contract may answer with.

The sixteen canonical codes are gRPC's (https://grpc.io/docs/guides/status-codes). Every style maps them to
its own wire; nothing here knows how. Raise the subclass named after the code, or a subclass of your own with
a ``reason``::

    class CardDeclined(dm.FailedPrecondition):
        reason = "CARD_DECLINED"
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

Path = tuple[str | int, ...]


class Code(enum.IntEnum):
    """The canonical codes with gRPC's numbers. OK is not among them: a fault is never a success."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


RETRYABLE = frozenset({Code.ABORTED, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE})
"""The codes after which the same call may succeed without any change by the caller."""


MAX_VIOLATIONS: Final = 100
"""How many violations a fault keeps: an answer is not to grow with what is wrong."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with an input: where it is, which rule it breaks, and what would be right.

    ``path`` leads from the input's root through field names and list indexes. ``rule`` is a stable word
    for programs (``required``, ``type``, ``ge``, ``pattern``, ``unknown_field`` …).
    """

    path: Path
    message: str
    rule: str = "invalid"


class Fault(Exception):
    """An answer that is not a result. ``message`` is for the caller's developer: it never holds internals.

    ``retryable`` defaults by code; ``retry_after`` says how long to wait before the next attempt, in seconds
    (google.rpc.RetryInfo), and implies it. ``metadata`` are facts for programs (string to string). Of the violations
    the first :data:`MAX_VIOLATIONS` are kept. Raises ValueError for a time below 0, and for one that no retry follows.
    Of a fault that a client was answered with, ``request_id`` is what the server's log knows the call by.
    """

    code: ClassVar[Code] = Code.UNKNOWN
    reason: ClassVar[str] = ""
    request_id: str = ""

    def __init__(
        self,
        message: str,
        *,
        violations: Iterable[Violation] = (),
        metadata: Mapping[str, str] | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(islice(violations, MAX_VIOLATIONS))
        self.metadata = dict(metadata or {})
        if retry_after is not None and not (retryable is not False and 0 <= retry_after < math.inf):
            raise ValueError(
                f"retry_after={retry_after!r} is not a number of seconds from 0 on, or stands beside retryable=False"
            )
        self.retryable = retry_after is not None or self.code in RETRYABLE if retryable is None else retryable
        self.retry_after = retry_after


class Cancelled(Fault):
    """The caller went away."""

    code = Code.CANCELLED


class Unknown(Fault):
    """An error of a system that gave no better code."""

    code = Code.UNKNOWN


class InvalidArgument(Fault):
    """The input is wrong whatever the state of the system."""

    code = Code.INVALID_ARGUMENT


class Malformed(InvalidArgument):
    """The input cannot even be parsed."""

    reason = "MALFORMED"


class DeadlineExceeded(Fault):
    """The time that the caller or the contract allows ran out."""

    code = Code.DEADLINE_EXCEEDED


class NotFound(Fault):
    """No such thing, or none that this caller may know of."""

    code = Code.NOT_FOUND


class AlreadyExists(Fault):
    """What the call would create is there."""

    code = Code.ALREADY_EXISTS


class PermissionDenied(Fault):
    """The caller is known and may not do this."""

    code = Code.PERMISSION_DENIED


class ResourceExhausted(Fault):
    """A quota or a limit is used up."""

    code = Code.RESOURCE_EXHAUSTED


class FailedPrecondition(Fault):
    """The system's state does not allow it; retrying helps only after the state was changed."""

    code = Code.FAILED_PRECONDITION


class Aborted(Fault):
    """A concurrent change got in between; the caller may start over."""

    code = Code.ABORTED


class PreconditionFailed(Aborted):
    """The version that the caller named is not the current one (REST: a failed ``If-Match``, 412)."""

    reason = "VERSION_MISMATCH"


class OutOfRange(Fault):
    """A value past the valid range, which may be valid in another state."""

    code = Code.OUT_OF_RANGE


class Unimplemented(Fault):
    """Not offered here."""

    code = Code.UNIMPLEMENTED


class Internal(Fault):
    """A broken invariant of ours. The caller learns an id that is in the log, and nothing else."""

    code = Code.INTERNAL


class Unavailable(Fault):
    """Not now; the same call may be retried, with a pause."""

    code = Code.UNAVAILABLE


class DataLoss(Fault):
    """Data is lost or corrupt."""

    code = Code.DATA_LOSS


class Unauthenticated(Fault):
    """No valid credentials."""

    code = Code.UNAUTHENTICATED


CANONICAL: Final[tuple[type[Fault], ...]] = (
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
)
"""The class of each code, in the order of their numbers."""
