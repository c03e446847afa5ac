"""What stood against a commit, as the caller is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dragoman.contract.fault import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    Fault,
    OutOfRange,
    PreconditionFailed,
    Violation,
)
from dragoman.ports.store import BoundViolation, Conflict, Key, Outcome, ReferenceViolation, UniqueViolation

from .rows import Rows

if TYPE_CHECKING:
    from .call import State
    from .unit import Unit


class Conflicted(Exception):
    """Somebody else's change came in between. Carries the fault to answer with if the call is not run again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def stale(rows: Rows, id: str, current: int | None) -> PreconditionFailed:
    """The caller named another version than the current one."""
    return PreconditionFailed(
        f"{rows.description.name} {id} was changed since the version you named; read it again and repeat the change",
        metadata={} if current is None else {"current_version": str(current)},
    )


async def check_visible_references(unit: Unit, registry: Iterable[Rows]) -> None:
    """A reference to something that the caller may not see is one to nothing. Raises FailedPrecondition."""
    targets = {rows.table.name: rows for rows in registry}
    for entry, field, id in unit.changed_references():
        target = targets[entry.rows.references[field]]
        if target.visibility is None or unit.holds(target.native, id):
            continue
        if await target.fetch(unit.principal, id, ("id",)) is None:
            raise _no_target(target, field, id)


def refusal(outcome: Outcome, state: State, loaded: Rows | None, registry: Iterable[Rows]) -> Exception:
    """The fault for an outcome that is not a commit; inside Conflicted where another run of the call may help.

    ``loaded`` are the rows of the resource that the call names, if any: its preconditions are about that one.
    """
    by_table = {rows.table.name: rows for rows in registry}
    match outcome:
        case Conflict():
            return _conflict(outcome, state, loaded, by_table)
        case UniqueViolation():
            return _taken(outcome, by_table)
        case ReferenceViolation(referenced=True):
            return FailedPrecondition(
                f"{by_table[outcome.row.table.name].description.name} {outcome.row.key} is referred to by "
                f"{outcome.holder} ({outcome.reference.column}); delete or change these first"
            )
        case ReferenceViolation():
            return _no_target(by_table[outcome.reference.table], outcome.reference.column, outcome.value)
        case BoundViolation():
            return _out_of_bounds(outcome)
    raise AssertionError(outcome)


def _conflict(outcome: Conflict, state: State, loaded: Rows | None, by_table: Mapping[str, Rows]) -> Conflicted:
    if not isinstance(outcome.row, Key):
        return Conflicted(Aborted("another call got in between; try again"))
    rows, id = by_table[outcome.row.table.name], outcome.row.key
    if state.versions is not None and rows is loaded and id == state.id:
        return Conflicted(stale(rows, id, outcome.current))
    metadata = {"resource": id}
    if outcome.current is not None:
        metadata["current_version"] = str(outcome.current)
    happened = "deleted" if outcome.current is None else "changed"
    return Conflicted(
        Aborted(
            f"{rows.description.name} {id} was {happened} by another call; read it again and repeat",
            metadata=metadata,
        )
    )


def _taken(outcome: UniqueViolation, by_table: Mapping[str, Rows]) -> Fault:
    name = by_table[outcome.row.table.name].description.name
    message = f"there is another {name} with the same {', '.join(outcome.columns)}"
    return AlreadyExists(message, violations=[Violation((each,), message, "unique") for each in outcome.columns])


def _no_target(target: Rows, field: str, id: str) -> Fault:
    message = f"there is no {target.description.name} {id!r}"
    return FailedPrecondition(message, violations=[Violation((field,), message, "reference")])


def _out_of_bounds(outcome: BoundViolation) -> Fault:
    low, high = outcome.bounds.minimum, outcome.bounds.maximum
    limit = f"at least {low}" if low is not None and outcome.value < low else f"at most {high}"
    message = f"must be {limit}, and would become {outcome.value}"
    return OutOfRange(f"{outcome.column} {message}", violations=[Violation((outcome.column,), message, "range")])
