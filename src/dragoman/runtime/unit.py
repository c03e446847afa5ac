"""The unit of work: what a handler reads, and the writes it stages, until they are committed as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from dragoman.contract.context import R
from dragoman.contract.expression import EVERYTHING, AllOf, Expression
from dragoman.contract.fault import InvalidArgument, ResourceExhausted, Violation
from dragoman.contract.principal import Principal
from dragoman.contract.resource import Id, Resource
from dragoman.contract.struct import replace
from dragoman.ports.store import (
    Add,
    Check,
    Committed,
    Delete,
    Guard,
    Insert,
    Key,
    Next,
    Update,
    Value,
    Write,
    WriteSet,
)

from .commit_value import bounded, is_commit_value, stand_in
from .evaluate import evaluate
from .failure import BrokenContract
from .rows import Rows, not_found

MAX_WRITES: Final = 1000
"""How many resources one call may write. They share one transaction, which others wait for."""

MAX_READS: Final = 10_000
"""How many resources one call may hold."""


class Entry:
    """One resource in a unit of work. ``before`` is as it was read (None if created here), ``after`` as staged (None
    if deleted). ``protected`` reads are checked at commit; ``checked`` writes are.
    """

    __slots__ = ("after", "before", "checked", "pending", "protected", "rows")

    def __init__(self, rows: Rows, before: Any, after: Any, *, protected: bool, checked: bool) -> None:
        self.rows = rows
        self.before = before
        self.after = after
        self.protected = protected
        self.checked = checked
        self.pending: dict[str, Add | Next] = {}


class Unit:
    """One call's unit of work; implements :class:`dragoman.contract.context.Context`."""

    __slots__ = (
        "_clock",
        "_deadline",
        "_entries",
        "_guards",
        "_now",
        "_principal",
        "_registry",
        "_request_id",
        "_safe",
    )

    def __init__(
        self,
        registry: Mapping[Any, Rows],
        principal: Principal,
        request_id: str,
        now: datetime,
        deadline: float | None,
        clock: Any,
        *,
        safe: bool = False,
    ) -> None:
        self._registry = registry
        self._principal = principal
        self._request_id = request_id
        self._now = now
        self._deadline = deadline
        self._clock = clock
        self._safe = safe
        self._entries: dict[tuple[Any, str], Entry] = {}
        self._guards: dict[tuple[str, str], int] = {}

    @property
    def principal(self) -> Principal:
        return self._principal

    @property
    def request_id(self) -> str:
        return self._request_id

    @property
    def now(self) -> datetime:
        return self._now

    def remaining(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - self._clock())

    async def get(self, resource: type[R], id: Id[R]) -> R:
        value: R = await self._read(resource, id, protected=True)
        return value

    async def peek(self, resource: type[R], id: Id[R]) -> R:
        value: R = await self._read(resource, id, protected=False)
        return value

    async def _read(self, resource: type[R], id: str, *, protected: bool) -> Any:
        rows = self._rows(resource)
        entry = self._entries.get((resource, id))
        if entry is None:
            value = await rows.fetch_native(self._principal, id)
            if value is None:
                raise not_found(rows, id)
            self._enter(rows, value, protected=protected, checked=protected)
            return value
        if entry.after is None:
            raise not_found(rows, id)
        if protected:
            entry.protected = entry.checked = True
        return entry.after

    async def list(
        self, resource: type[R], where: Expression | None = None, *, order_by: str = "id", limit: int = 1000
    ) -> list[R]:
        rows = self._rows(resource)
        condition = rows.to_stored(EVERYTHING if where is None else where)
        order = parse_order(order_by, rows)
        staged = [entry for (cls, _), entry in self._entries.items() if cls is resource]
        # Staged rows may leave the result, so fetch as many more.
        found = await rows.fetch_where(self._principal, condition, order, limit + len(staged) + 1)
        values = {value.id: self._enter(rows, value, protected=False, checked=True).after for value in found}
        visible = AllOf((condition, rows.visible_to(self._principal)))
        for entry in staged:
            id = (entry.after if entry.after is not None else entry.before).id
            values.pop(id, None)
            if entry.after is not None and evaluate(visible, rows.row(self._settled(entry))):
                values[id] = entry.after
        if len(values) > limit:
            raise ResourceExhausted(
                f"more than {limit} {rows.description.plural} meet the condition; "
                "narrow it, or let the handler ask for a higher limit"
            )
        return list(self._sorted(rows, tuple(values.values()), order) if staged else values.values())

    def create(self, value: R) -> R:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        if (type(value), value.id) in self._entries:
            raise BrokenContract(f"{rows.description.name} {value.id} is created, and exists in this call already")
        created = replace(value, created_at=self._now, updated_at=self._now, version=1)
        entry = Entry(rows, None, created, protected=False, checked=False)
        self._stage(entry, created)
        self._entries[type(value), value.id] = entry
        self._check_size()
        return created

    def save(self, value: R) -> R:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        entry = self._entry(rows, value, "saved")
        before = entry.before
        saved = replace(
            value,
            created_at=self._now if before is None else before.created_at,
            updated_at=self._now,
            version=1 if before is None else before.version + 1,
        )
        self._stage(entry, saved)
        if before is not None and not entry.pending and not rows.stored.changes(before, self._unstamped(before, saved)):
            entry.after = before
        self._check_size()
        result: R = entry.after
        return result

    def delete(self, value: Resource) -> None:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        entry = self._entry(rows, value, "deleted")
        entry.pending = {}
        entry.after = None
        if entry.before is None:
            del self._entries[type(value), value.id]

    async def guard(self, name: str, key: str = "") -> None:
        if (name, key) not in self._guards:
            store = next(iter(self._registry.values())).store
            self._guards[name, key] = await store.guard_version(self._principal.tenant, name, key)

    def write_set(self) -> WriteSet:
        """Everything staged, as the store wants it. Checks alone are left out where nothing is written: reads that
        decide nothing need no protection.
        """
        writes = WriteSet()
        for (_, id), entry in self._entries.items():
            row = Key(entry.rows.table, entry.rows.tenant_of(self._principal), id)
            write = self._write(row, entry)
            if write is not None:
                writes.writes.append(write)
            elif entry.protected:
                writes.checks.append(Check(row, entry.before.version))
        if self._safe:
            return writes
        for (name, key), version in self._guards.items():
            writes.guards.append(Guard(self._principal.tenant, name, key, version))
        return writes

    def changed_references(self) -> Sequence[tuple[Entry, str, str]]:
        """The references that staged writes set: the entry, the field, and the id it shall hold."""
        found = []
        for entry in self._entries.values():
            if entry.after is not None and entry.after is not entry.before:
                for field in entry.rows.references:
                    id = getattr(entry.after, field)
                    if id is not None and (entry.before is None or getattr(entry.before, field) != id):
                        found.append((entry, field, id))
        return found

    def holds(self, resource: Any, id: str) -> bool:
        """Whether the resource is staged here to exist after the commit."""
        entry = self._entries.get((resource, id))
        return entry is not None and entry.after is not None

    def settle(self, writes: WriteSet, outcome: Committed) -> None:
        """Put the values that were computed at commit into what was staged."""
        for position, values in outcome.settled.items():
            write: Write = writes.writes[position]
            entry = next(
                each
                for (_, id), each in self._entries.items()
                if id == write.row.key and each.rows.table is write.row.table
            )
            if entry.after is not None:
                entry.after = replace(entry.after, **values)

    def settled(self, value: Any) -> Any:
        """The committed form of a resource that the handler returned: itself, unless commit computed something."""
        entry = self._entries.get((type(value), value.id)) if isinstance(value, Resource) else None
        if entry is None or entry.after is None or entry.after is value:
            return value
        return entry.after if entry.pending or not entry.checked else value

    def _write(self, row: Key, entry: Entry) -> Write | None:
        if entry.before is None:
            values: dict[str, Value | Add | Next] = {**entry.rows.row(self._settled(entry)), **entry.pending}
            return Insert(row, values)
        version = entry.before.version if entry.checked else None
        if entry.after is None:
            return Delete(row, version)
        if entry.after is entry.before:
            return None
        changes: dict[str, Value | Add | Next] = {
            **entry.rows.stored.changes(entry.before, self._settled(entry)),
            **entry.pending,
        }
        changes.pop("version", None)
        return Update(row, changes, version)

    def _stage(self, entry: Entry, value: Any) -> None:
        """Validate and keep. Values computed at commit are set aside: their bounds are checked then."""
        pending = {
            each.name: getattr(value, each.name)
            for each in entry.rows.description.record.fields
            if is_commit_value(getattr(value, each.name))
        }
        for name, change in pending.items():
            pending[name] = bounded(entry.rows.description, name, change, creating=entry.before is None)
        entry.pending = pending
        entry.after = value
        entry.rows.row(self._settled(entry))

    def _settled(self, entry: Entry) -> Any:
        """What is staged, with stand-ins for values that commit computes."""
        if not entry.pending:
            return entry.after
        stand_ins = {
            name: getattr(entry.before, name) if entry.before is not None else stand_in(entry.rows.description, name)
            for name in entry.pending
        }
        return replace(entry.after, **stand_ins)

    @staticmethod
    def _unstamped(before: Any, saved: Any) -> Any:
        return replace(saved, updated_at=before.updated_at, version=before.version)

    def _enter(self, rows: Rows, value: Any, *, protected: bool, checked: bool) -> Entry:
        key = (rows.native, value.id)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(rows, value, value, protected=protected, checked=checked)
            if len(self._entries) > MAX_READS:
                raise ResourceExhausted(f"a call may hold {MAX_READS} resources, and this one read more")
        return entry

    def _entry(self, rows: Rows, value: Any, done: str) -> Entry:
        entry = self._entries.get((type(value), value.id))
        if entry is None or entry.after is None:
            raise BrokenContract(
                f"{rows.description.name} {value.id} is {done}, and was neither read nor created in this call; "
                "read it with ctx.get first, or create it with ctx.create"
            )
        return entry

    def _rows(self, resource: Any) -> Rows:
        rows = self._registry.get(resource)
        if rows is None:
            raise BrokenContract(
                f"{getattr(resource, '__name__', resource)!r} is no resource of this application; "
                "add it to a contract that one of its surfaces exposes"
            )
        return rows

    def _check_may_write(self, rows: Rows) -> None:
        if self._safe:
            raise BrokenContract(
                f"an operation declared safe writes {rows.description.plural}; declare its effect idempotent or unsafe"
            )

    def _check_size(self) -> None:
        staged = sum(1 for entry in self._entries.values() if entry.after is not entry.before)
        if staged > MAX_WRITES:
            raise ResourceExhausted(f"a call may write {MAX_WRITES} resources, and this one staged more")

    def _sorted(self, rows: Rows, values: Sequence[Any], order: tuple[tuple[str, bool], ...]) -> Sequence[Any]:
        keyed = [(rows.row(self._settled(self._entries[rows.native, value.id])), value) for value in values]
        for column, descending in reversed(order):
            keyed.sort(key=partial(_sort_key, column), reverse=descending)
        return [value for _, value in keyed]


def _sort_key(column: str, keyed: tuple[Mapping[str, Value], Any]) -> tuple[bool, Any]:
    """Null comes first in ascending order, as in the database."""
    value = keyed[0][column]
    return value is not None, value


def parse_order(text: str, rows: Rows) -> tuple[tuple[str, bool], ...]:
    """``-created_at,id`` as columns and whether they descend; the id is added where it is missing, so that the order is
    total. Raises InvalidArgument for a name that is no field.
    """
    order: dict[str, bool] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name = part.removeprefix("-")
        if name not in rows.columns:
            raise InvalidArgument(
                f"{rows.description.plural} cannot be ordered by {name!r}",
                violations=[Violation(("order_by",), f"{name!r} is not a field of {rows.description.name}", "unknown")],
            )
        order.setdefault(name, part.startswith("-"))
    order.setdefault("id", next(reversed(order.values()), False))
    return tuple(order.items())
