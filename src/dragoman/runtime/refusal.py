"""What stood against a commit, as the caller is told."""

from __future__ import annotations

from collections.abc import Mapping
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

from .rows import Registry, Rows
from .shown import Shown

if TYPE_CHECKING:
    from .call import Plan, State
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


async def check_visible_references(unit: Unit, registry: Registry) -> None:
    """A reference to something that the caller may not see is one to nothing. Raises FailedPrecondition."""
    for entry, field, id in unit.changed_references():
        target = registry.by_table[entry.rows.references[field]]
        if target.visibility is None or unit.holds(target.native, id):
            continue
        if await target.fetch(unit.principal, id, ("id",)) is None:
            raise _no_target(target, field, id)


def refusal(outcome: Outcome, state: State, plan: Plan) -> Exception:
    """The fault for an outcome that is not a commit; inside Conflicted where another run of the call may help. It tells
    nothing that the surface does not show.
    """
    by_table, shown = plan.registry.by_table, plan.shown
    match outcome:
        case Conflict():
            return _conflict(outcome, state, plan)
        case UniqueViolation() | BoundViolation():
            return _violated(outcome, state, plan)
        case ReferenceViolation(referenced=True):
            return _referred_to(outcome, by_table, shown)
        case ReferenceViolation():
            target = by_table[outcome.reference.table]
            if not shown.field(by_table[outcome.row.table.name], outcome.reference.column):
                return FailedPrecondition("something that this refers to, out of sight here, does not exist")
            return _no_target(target, outcome.reference.column, outcome.value)
    raise AssertionError(outcome)


def _conflict(outcome: Conflict, state: State, plan: Plan) -> Conflicted:
    if not isinstance(outcome.row, Key):
        return Conflicted(Aborted("another call got in between; try again"))
    rows, id = plan.registry.by_table[outcome.row.table.name], outcome.row.key
    if state.versions is not None and rows is plan.rows and id == state.id:
        return Conflicted(stale(rows, id, outcome.current))
    if rows.description.plural not in plan.shown.resources:
        return Conflicted(Aborted("another call got in between; try again"))
    metadata = {"resource": id}
    if outcome.current is not None:
        metadata["current_version"] = str(outcome.current)
    happened = "deleted" if outcome.current is None else "changed"
    return Conflicted(
        Aborted(
            f"{rows.description.name} {id} was {happened} by another call; read it again and repeat", metadata=metadata
        )
    )


def _violated(outcome: UniqueViolation | BoundViolation, state: State, plan: Plan) -> Fault:
    """The fault of the first violation, with those of all items that are wrong."""
    by_table, shown, unit = plan.registry.by_table, plan.shown, state.unit
    found: list[Violation] = []
    first: Fault | None = None
    for each in (outcome, *outcome.others):
        rows = by_table[each.row.table.name]
        told = _taken(each, rows, shown) if isinstance(each, UniqueViolation) else _out_of_bounds(each, rows, shown)
        first = first or told
        place = () if unit is None else unit.place_of(each.position)
        found += [
            Violation((*place, *violation.path), violation.message, violation.rule) for violation in told.violations
        ]
    assert first is not None
    return type(first)(first.message, violations=found)


def _taken(outcome: UniqueViolation, rows: Rows, shown: Shown) -> Fault:
    names = [each for each in outcome.columns if shown.field(rows, each)]
    message = f"there is another {rows.description.name} with the same {' and '.join(names) or 'key'}"
    return AlreadyExists(message, violations=[Violation((each,), message, "unique") for each in names])


def _referred_to(outcome: ReferenceViolation, by_table: Mapping[str, Rows], shown: Shown) -> Fault:
    field = outcome.reference.column
    seen = shown.reference(by_table[outcome.holder], field)
    holders = f"{outcome.holder} ({field})" if seen else "other resources"
    name = by_table[outcome.row.table.name].description.name
    return FailedPrecondition(f"{name} {outcome.row.key} is referred to by {holders}; delete or change these first")


def _no_target(target: Rows, field: str, id: str) -> Fault:
    message = f"there is no {target.description.name} {id!r}"
    return FailedPrecondition(message, violations=[Violation((field,), message, "reference")])


def _out_of_bounds(outcome: BoundViolation, rows: Rows, shown: Shown) -> Fault:
    if not shown.field(rows, outcome.column):
        return OutOfRange("a number that this surface does not show would leave its bounds")
    low, high = outcome.bounds.minimum, outcome.bounds.maximum
    limit = f"at least {low}" if low is not None and outcome.value < low else f"at most {high}"
    message = f"must be {limit}, and would become {outcome.value}"
    return OutOfRange(f"{outcome.column} {message}", violations=[Violation((outcome.column,), message, "range")])
