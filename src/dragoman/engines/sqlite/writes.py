"""One write set, inside a transaction that is open: done as a whole, or not at all once the caller rolls
back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import apsw

from dragoman.contract.fault import OutOfRange
from dragoman.ports.store import (
    Add,
    BoundViolation,
    Check,
    Committed,
    Conflict,
    Delete,
    Guard,
    Insert,
    Key,
    Late,
    Next,
    Outcome,
    Settled,
    UniqueViolation,
    Update,
    Value,
    Write,
    WriteSet,
)

from .connection import Execute
from .ddl import COUNTERS, GUARDS
from .references import Touched, enforce
from .sql import TENANT, quote
from .texts import UPDATED_AT, TableTexts

READ_GUARD: Final = f"SELECT version FROM {quote(GUARDS)} WHERE tenant = ? AND name = ? AND key = ?"
BUMP_GUARD: Final = (
    f"INSERT INTO {quote(GUARDS)} (tenant, name, key, version) VALUES (?, ?, ?, 1) "
    "ON CONFLICT DO UPDATE SET version = version + 1"
)
NEXT: Final = (
    f"INSERT INTO {quote(COUNTERS)} (tenant, name, value) VALUES (?, ?, 1) "
    "ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value"
)
LARGEST: Final = 2**63 - 1

REPEATED: Final = {
    apsw.SQLITE_CONSTRAINT_PRIMARYKEY,
    apsw.SQLITE_CONSTRAINT_UNIQUE,
    apsw.SQLITE_CONSTRAINT_ROWID,
}

NONE: Final[Settled] = {}
MOST_OTHERS: Final = 99
"""How many violations are looked for behind the first."""

LAST: Final = -1
"""The position of writes that have none."""


def tenant_value(tenant: str | None) -> str | bytes:
    """A tenant in the engine's own tables: the empty blob for none."""
    return b"" if tenant is None else tenant


class Writes:
    """A write set on its way into the database."""

    __slots__ = ("changes", "execute", "settled", "tables", "touched")

    def __init__(self, execute: Execute, changes: Callable[[], int], tables: Mapping[str, TableTexts]) -> None:
        self.execute = execute
        self.changes = changes
        self.tables = tables
        self.touched = Touched()
        self.settled: dict[int, dict[str, Value]] | None = None

    def apply(self, writes: WriteSet) -> Outcome:
        """Checks, guards, the writes in order, references. Any outcome but Committed wants a rollback."""
        refused: Outcome | None
        for check in writes.checks:
            if (refused := self._check(check)) is not None:
                return refused
        if writes.guards and (refused := self._guard(writes.guards)) is not None:
            return refused
        for position, write in enumerate(writes.writes):
            if (refused := self._write(position, write)) is not None:
                return self._with_others(refused, writes.writes)
        if self.touched:
            refused = enforce(self.execute, self.touched)
            if refused is not None:
                return refused
            if self.touched.nulled:
                self._settle_nulled(writes)
        settled = self.settled or NONE
        for write in writes.last:
            if (refused := self._write(LAST, _resolved(write, settled))) is not None:
                return refused
        return Committed(settled)

    def _write(self, position: int, write: Write) -> Outcome | None:
        texts = self._texts(write.row)
        match write:
            case Update():
                return self._update(position, write, texts)
            case Insert():
                return self._insert(position, write, texts)
            case Delete():
                return self._delete(write, texts)

    def _with_others(self, first: Outcome, writes: Sequence[Write]) -> Outcome:
        """A violation with those of the writes behind it, as far as they can be told: all of it is rolled back anyway,
        and whoever sent a hundred items is to hear of each that is wrong.
        """
        if not isinstance(first, UniqueViolation | BoundViolation):
            return first
        others: list[UniqueViolation | BoundViolation] = []
        for position, write in enumerate(writes[first.position + 1 :], first.position + 1):
            try:
                refused = self._write(position, write)
            except OutOfRange:
                continue
            if isinstance(refused, UniqueViolation | BoundViolation):
                others.append(refused)
                if len(others) >= MOST_OTHERS:
                    break
        return replace(first, others=tuple(others)) if others else first

    def _texts(self, row: Key) -> TableTexts:
        texts = self.tables.get(row.table.name)
        if texts is None:
            raise ValueError(f"table {row.table.name!r} is not among those that the store was started with")
        return texts

    def _current(self, texts: TableTexts, row: Key) -> tuple[bool, int | None]:
        """Whether the row is there, and its version if it has one."""
        rows = self.execute(texts.read_version, texts.arguments(row)).fetchall()
        return (True, rows[0][0]) if rows else (False, None)

    def _check(self, check: Check) -> Conflict | None:
        texts = self._texts(check.row)
        there, current = self._current(texts, check.row)
        if there and (current == check.version or not texts.versioned):
            return None
        return Conflict(check.row, current)

    def _guard(self, guards: list[Guard]) -> Conflict | None:
        for guard in guards:
            rows = self.execute(READ_GUARD, (tenant_value(guard.tenant), guard.name, guard.key)).fetchall()
            current = rows[0][0] if rows else 0
            if current != guard.version:
                return Conflict(guard, current)
        # A guard that was taken twice is bumped once.
        for guard in dict.fromkeys(guards):
            self.execute(BUMP_GUARD, (tenant_value(guard.tenant), guard.name, guard.key))
        return None

    def _insert(self, position: int, write: Insert, texts: TableTexts) -> Outcome | None:
        row = write.row
        values = dict(write.values)
        if values.setdefault(texts.key, row.key) != row.key:
            raise ValueError(f"a new row of table {texts.name!r} holds another key than its own")
        settled: dict[str, Value] = {}
        for name, value in values.items():
            if type(value) is Next:
                settled[name] = values[name] = self._next(value, row)
        if settled:
            self._settle(position, settled)
        lead = texts.arguments(row)[:-1]
        try:
            self.execute(texts.insert(tuple(values)), (*lead, *values.values()))
        except apsw.ConstraintError as error:
            return self._repeated(error, position, row, texts, values, new=True)
        except OverflowError as error:
            raise _too_large(texts) from error
        for each in texts.outgoing:
            if values.get(each.reference.column) is not None:
                self.touched.referring.append((each, row))
        return None

    def _update(self, position: int, write: Update, texts: TableTexts) -> Outcome | None:
        row = write.row
        key = texts.arguments(row)
        known = write.version is not None and texts.versioned
        changes: Mapping[str, Any] = write.changes
        computed = False
        for value in changes.values():
            if type(value) is Add or type(value) is Next:
                computed = True
                break
        if computed or "version" in changes:
            resolved = self._computed(position, write, texts)
            if not isinstance(resolved, dict):
                return resolved
            changes = resolved
        text = texts.update(tuple(changes), known)
        bindings = (*changes.values(), *key, write.version) if known else (*changes.values(), *key)
        try:
            returned = self.execute(text, bindings).fetchall()
        except apsw.ConstraintError as error:
            return self._repeated(error, position, row, texts, changes, new=False)
        except OverflowError as error:
            raise _too_large(texts) from error
        if texts.versioned and not known:
            if not returned:
                return Conflict(row, None)
            self._settle(position, dict(zip(texts.names, returned[0], strict=True)))
        elif not self.changes():
            return Conflict(row, self._current(texts, row)[1])
        elif computed and known:
            self._settle(position, {"version": write.version + 1})  # type: ignore[operator]
        for each in texts.outgoing:
            if changes.get(each.reference.column) is not None:
                self.touched.referring.append((each, row))
        return None

    def _computed(self, position: int, write: Update, texts: TableTexts) -> dict[str, Value] | Outcome:
        """The changes with all values known; the version is raised by the store alone."""
        row = write.row
        adds = [name for name, value in write.changes.items() if type(value) is Add]
        current: dict[str, Any] = {}
        if adds:
            columns = [*adds, "version"] if texts.versioned else adds
            rows = self.execute(texts.read(columns), texts.arguments(row)).fetchall()
            if not rows:
                return Conflict(row, None)
            current = dict(zip(columns, rows[0], strict=True))
            if write.version is not None and texts.versioned and current["version"] != write.version:
                return Conflict(row, current["version"])
        changes: dict[str, Value] = {}
        settled: dict[str, Value] = {}
        for name, value in write.changes.items():
            if type(value) is Add:
                total = (current[name] or 0) + value.amount
                if not _within(total, value):
                    return BoundViolation(position, row, name, total, value)
                changes[name] = settled[name] = total
            elif type(value) is Next:
                changes[name] = settled[name] = self._next(value, row)
            elif name != "version" or not texts.versioned:
                changes[name] = value  # type: ignore[assignment]
        if settled:
            self._settle(position, settled)
        return changes

    def _delete(self, write: Delete, texts: TableTexts) -> Outcome | None:
        row = write.row
        key = texts.arguments(row)
        known = write.version is not None and texts.versioned
        self.execute(texts.delete(known), (*key, write.version) if known else key)
        if not self.changes():
            return Conflict(row, self._current(texts, row)[1])
        if texts.incoming:
            self.touched.deleted.append((texts, row))
        return None

    def _next(self, value: Next, row: Key) -> int:
        number: int = self.execute(NEXT, (tenant_value(row.tenant), value.counter)).fetchall()[0][0]
        return number

    def _settle(self, position: int, values: dict[str, Value]) -> None:
        if self.settled is None:
            self.settled = {}
        self.settled.setdefault(position, {}).update(values)

    def _settle_nulled(self, writes: WriteSet) -> None:
        """A row that was updated and then lost its reference was raised by one more version than the caller
        counted.
        """
        for position, write in enumerate(writes.writes):
            if isinstance(write, Update):
                columns = self.touched.nulled.get((write.row.table.name, write.row.tenant, write.row.key))
                texts = self._texts(write.row)
                if columns and texts.versioned:
                    names = ["version", *({UPDATED_AT} & {*texts.names})]
                    rows = self.execute(texts.read(names), texts.arguments(write.row)).fetchall()
                    if rows:
                        self._settle(position, dict.fromkeys(columns) | dict(zip(names, rows[0], strict=True)))

    def _repeated(
        self,
        error: apsw.ConstraintError,
        position: int,
        row: Key,
        texts: TableTexts,
        values: Mapping[str, Any],
        *,
        new: bool,
    ) -> UniqueViolation:
        """Which key the row would repeat. Raises the error if it is of another kind."""
        if getattr(error, "extendedresult", 0) not in REPEATED:
            raise error
        key = texts.arguments(row)
        if new and self._current(texts, row)[0]:
            return UniqueViolation(position, row, (texts.key,))
        for unique in texts.table.uniques:
            if new:
                held = tuple(values.get(each) for each in unique.columns)
            else:
                held = self.execute(texts.read(unique.columns), key).fetchall()[0]
                held = tuple(values.get(each, old) for each, old in zip(unique.columns, held, strict=True))
            if None in held:
                continue
            if self.execute(texts.other_with(unique.columns), (*key[:-1], *held, row.key)).fetchall():
                return UniqueViolation(position, row, unique.columns)
        # A unique index that is in the database and not declared (or no longer): SQLite's message names its
        # columns.
        names = (each.rpartition(".")[2].strip() for each in str(error).rpartition(": ")[2].split(","))
        return UniqueViolation(position, row, tuple(each for each in names if each != TENANT))


def _resolved(write: Write, settled: Settled) -> Write:
    """The write with the values that are made of what the commit computed."""
    if isinstance(write, Delete):
        return write
    if isinstance(write, Insert):
        return Insert(write.row, {name: _made(value, settled) for name, value in write.values.items()})
    return Update(write.row, {name: _made(value, settled) for name, value in write.changes.items()}, write.version)


def _made(value: Any, settled: Settled) -> Any:
    return value.make(settled) if type(value) is Late else value


def _within(total: int | float, bounds: Add) -> bool:
    if bounds.minimum is not None and total < bounds.minimum:
        return False
    if bounds.maximum is not None and total > bounds.maximum:
        return False
    return not isinstance(total, int) or -LARGEST - 1 <= total <= LARGEST


def _too_large(texts: TableTexts) -> OutOfRange:
    return OutOfRange(f"an integer of table {texts.name!r} does not fit into 64 bits")
