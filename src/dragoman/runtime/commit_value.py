"""Values that are computed when a call commits, from what the database holds then."""

from __future__ import annotations

import math
from typing import Any, TypeVar, cast

from dragoman.contract.resource import SERVER_SET, ResourceDescription
from dragoman.contract.schema import INTEGERS, RANGES, Constraints, Kind, Nullable, Scalar
from dragoman.ports.store import Add, Next

from .failure import BrokenContract

N = TypeVar("N", int, float)


def add(amount: N) -> N:
    """The field's value at commit plus ``amount``: concurrent calls add up, and none is refused for the other.

    Give it to :func:`dragoman.replace`. The bounds declared with the field are checked at commit; past them the call
    is answered OUT_OF_RANGE. For the checkers it is a number; it becomes one when the call has committed.
    """
    return cast(N, Add(amount))


def next(counter: str) -> int:
    """The next number of a counter, from 1, without gaps, per tenant: invoice numbers. Computed at commit."""
    return cast(int, Next(counter))


def is_commit_value(value: Any) -> bool:
    """Whether the value is one of these."""
    return type(value) is Add or type(value) is Next


def bounded(description: ResourceDescription, name: str, change: Add | Next, *, creating: bool) -> Add | Next:
    """The change with the bounds of its field. Raises BrokenContract for a field that cannot take it."""
    place = f"{description.name}.{name}"
    scalar = _scalar(description, name)
    if scalar is None or (scalar.kind not in INTEGERS and (type(change) is Next or scalar.kind is not Kind.DOUBLE)):
        raise BrokenContract(f"{place} is no number, so that it cannot be computed at commit")
    if isinstance(change, Next):
        return change
    if creating:
        raise BrokenContract(f"{place}: dm.add has nothing to add to in a resource that is being created")
    low, high = RANGES.get(scalar.kind, (None, None))
    bounds = scalar.constraints
    return Add(change.amount, *_limits(bounds, low, high))


def stand_in(description: ResourceDescription, name: str) -> int:
    """A value that the field accepts, to validate the rest with while its own is not known."""
    scalar = _scalar(description, name)
    assert scalar is not None
    low, _ = _limits(scalar.constraints, 1, None)
    return int(low or 1)


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
