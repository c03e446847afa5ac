"""Values that are computed when a call commits, from what the database holds then."""

from __future__ import annotations

import math
import sys
from typing import Any, TypeVar, cast

from dragoman.contract.fault import OutOfRange, Violation
from dragoman.contract.resource import SERVER_SET, ResourceDescription
from dragoman.contract.schema import INTEGERS, RANGES, Constraints, Kind, Nullable, Scalar
from dragoman.ports.store import Add, Next

from .failure import BrokenContract

N = TypeVar("N", int, float)


def add(amount: N) -> N:
    """The field's value at commit plus ``amount``. Give it to :func:`dragoman.replace`.

    Concurrent calls add up, and none is refused for the other, if the resource was read with ``peek``; read with
    ``get``, as a custom method's resource is, its version is checked like any other's, and ``rerun=True`` helps. The
    bounds declared with the field are checked at commit; past them the call is answered OUT_OF_RANGE. For the checkers
    it is a number; it becomes one when the call has committed.
    """
    return cast(N, Add(amount))


def next(counter: str) -> int:
    """The next number of a counter, from 1, without gaps, per tenant: invoice numbers. Computed at commit."""
    return cast(int, Next(counter))


def is_commit_value(value: Any) -> bool:
    """Whether the value is one of these."""
    return type(value) is Add or type(value) is Next


def bounded(description: ResourceDescription, name: str, change: Add | Next) -> Add | Next:
    """The change with the bounds of its field. Raises BrokenContract for a field that cannot take it, OutOfRange for an
    amount that would leave the field's grid.
    """
    place = f"{description.name}.{name}"
    scalar = _scalar(description, name)
    if scalar is None or (scalar.kind not in INTEGERS and (type(change) is Next or scalar.kind is not Kind.DOUBLE)):
        raise BrokenContract(f"{place} is no number, so that it cannot be computed at commit")
    bounds = scalar.constraints
    if isinstance(change, Next):
        if bounds.le is not None or bounds.lt is not None or bounds.multiple_of is not None or stand_in_of(scalar) != 1:
            raise BrokenContract(f"{place} has bounds that a counter, which goes 1, 2, 3 …, would leave")
        return change
    if not _fits(scalar, change.amount):
        raise BrokenContract(f"{place} cannot be changed by {change.amount!r}: that is no number of its kind")
    if bounds.multiple_of is not None and change.amount % type(change.amount)(bounds.multiple_of):
        message = f"must change by a multiple of {bounds.multiple_of}, not by {change.amount}"
        raise OutOfRange(f"{name} {message}", violations=[Violation((name,), message, "multiple_of")])
    low, high = RANGES.get(scalar.kind, (-sys.float_info.max, sys.float_info.max))
    return Add(change.amount, *_limits(bounds, low, high))


def _fits(scalar: Scalar, amount: Any) -> bool:
    if scalar.kind in INTEGERS:
        return type(amount) is int
    return type(amount) in (int, float) and math.isfinite(amount)


def stand_in(description: ResourceDescription, name: str) -> int:
    """A value that the field accepts, to validate the rest with while its own is not known."""
    scalar = _scalar(description, name)
    assert scalar is not None
    return stand_in_of(scalar)


def stand_in_of(scalar: Scalar) -> int:
    """A number that the bounds allow, 1 if they do."""
    low, _ = _limits(scalar.constraints, 1, None)
    least: int = math.ceil(low)
    return least


def _limits(bounds: Constraints, low: Any, high: Any) -> tuple[Any, Any]:
    """The inclusive bounds of a number; exclusive ones of integers are moved by one."""
    lows = [each for each in (low, bounds.ge, None if bounds.gt is None else _after(bounds.gt, 1)) if each is not None]
    highs = [
        each for each in (high, bounds.le, None if bounds.lt is None else _after(bounds.lt, -1)) if each is not None
    ]
    return max(lows, default=None), min(highs, default=None)


def _after(bound: Any, direction: int) -> Any:
    return bound + direction if isinstance(bound, int) else math.nextafter(bound, math.inf * direction)


def _scalar(description: ResourceDescription, name: str) -> Scalar | None:
    field = description.record.field(name)
    type_ = None if field is None else field.type
    if isinstance(type_, Nullable):
        type_ = type_.of
    return type_ if isinstance(type_, Scalar) and name not in SERVER_SET else None
