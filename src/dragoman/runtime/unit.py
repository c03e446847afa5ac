"""The unit of work: what a handler reads, and the writes it stages, until they are committed as one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

from dragoman.contract.context import R
from dragoman.contract.expression import EVERYTHING, AllOf, Expression, columns
from dragoman.contract.fault import InvalidArgument, OutOfRange, Path, ResourceExhausted, Violation
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
    Store,
    Update,
    Value,
    Write,
    WriteSet,
)

from .codec.suggestion import nearest
from .codec.violations import invalid
from .commit_value import bounded, is_commit_value, stand_in
from .evaluate import evaluate
from .failure import BrokenContract
from .outbox import Outbox
from .rows import Rows, not_found
from .shown import Shown

CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that say who calls, which is settled before a handler runs, and is not for it to pass on."""

MAX_WRITES: Final = 1000
"""How many resources one call may write. They share one transaction, which others wait for."""

MAX_LISTED: Final = 1000
"""How many resources a list without a limit may have: nothing is ever decided on a part that looks like the whole."""

MAX_READS: Final = 10_000
"""How many resources one call may hold."""


class Entry:
    """One resource in a unit of work. ``before`` is as it was read (None if created here), ``after`` as staged (None
    if deleted). ``protected`` reads are checked at commit; ``checked`` writes are. ``pending`` holds, by field, what
    commit will compute; in ``after`` the field has the author's own object. ``stored`` is what :meth:`to_write` gives,
    where it was found when it was staged and cannot have changed since. ``place`` is where it stands in the call's
    input.
    """

    __slots__ = ("after", "before", "checked", "pending", "place", "protected", "rows", "stored")

    def __init__(self, rows: Rows, before: Any, after: Any, *, protected: bool, checked: bool) -> None:
        self.rows = rows
        self.before = before
        self.after = after
        self.protected = protected
        self.checked = checked
        self.pending: dict[str, Add | Next] = {}
        self.stored: dict[str, Value] | None = None
        self.place: Path = ()

    @property
    def staged(self) -> bool:
        """Whether there is something to write."""
        return self.after is not self.before

    def stand_in(self) -> Any:
        """What is staged, with other values where commit computes them."""
        if not self.pending:
            return self.after
        description, before = self.rows.description, self.before
        return replace(
            self.after,
            **{name: stand_in(description, name) if before is None else getattr(before, name) for name in self.pending},
        )

    def stage(self, value: Any) -> None:
        """Validate and keep. A change that commit computes is added to what was staged before it."""
        pending: dict[str, Add | Next] = {}
        known: dict[str, Any] = {}
        for field in self.rows.description.record.fields:
            given, name = getattr(value, field.name), field.name
            if not is_commit_value(given):
                continue
            last = None if self.after is None else getattr(self.after, name)
            if given is last:
                pending[name] = self.pending[name]
                continue
            if isinstance(given, Add):
                earlier = self.pending.get(name)
                if isinstance(earlier, Add):
                    given = Add(earlier.amount + given.amount)
                elif (
                    earlier is None and last is not None and (self.before is None or last != getattr(self.before, name))
                ):
                    known[name] = last + given.amount
                    continue
                elif self.before is None:
                    raise BrokenContract(
                        f"{self.rows.description.name}.{name}: dm.add has nothing to add to in a resource that is "
                        "being created"
                    )
            pending[name] = bounded(self.rows.description, name, given)
        previous = self.after, self.pending, self.stored
        self.after, self.pending, self.stored = replace(value, **known) if known else value, pending, None
        try:
            stored = self.to_write()
        except BaseException:
            self.after, self.pending, self.stored = previous
            raise
        if self.rows.stored.immutable:
            self.stored = stored

    def stamp(self, now: datetime) -> None:
        """Note when it was changed, if it was; else it is as it was read."""
        changed = self.to_write()
        if not changed and not self.pending:
            self.after, self.stored = self.before, None
            return
        self.after = replace(self.after, updated_at=now, version=self.before.version + 1)
        if self.stored is not None:
            self.stored = {**changed, "updated_at": self.rows.stored.to_stored("updated_at", now)}

    def to_write(self) -> dict[str, Value]:
        """In stored form: the row of a new resource, the changes of another. Raises InvalidArgument."""
        if self.stored is not None:
            return self.stored
        if self.before is None:
            return self.rows.row(self.stand_in())
        return self.rows.stored.changes(self.before, self.stand_in())


class Unit:
    """One call's unit of work; implements :class:`dragoman.contract.context.Context`. A ``fresh`` one keeps nothing
    that it read, so that each read sees what is there now: for streams that write nothing and may last for hours.
    """

    __slots__ = (
        "_clock",
        "_deadline",
        "_downstream_key",
        "_entries",
        "_events",
        "_fresh",
        "_guards",
        "_headers",
        "_hidden",
        "_now",
        "_outbox",
        "_principal",
        "_registry",
        "_request_id",
        "_safe",
        "_shown",
        "_staged",
        "_store",
        "_written",
    )

    def __init__(
        self,
        registry: Mapping[Any, Rows],
        store: Store,
        shown: Shown,
        principal: Principal,
        request_id: str,
        headers: Mapping[str, str],
        hidden: Set[str],
        now: datetime,
        deadline: float | None,
        clock: Any,
        *,
        outbox: Outbox,
        safe: bool = False,
        fresh: bool = False,
        downstream_key: str | None = None,
    ) -> None:
        self._fresh = fresh
        self._downstream_key = downstream_key
        self._outbox = outbox
        self._events: list[Insert] = []
        self._registry = registry
        self._shown = shown
        self._store = store
        self._principal = principal
        self._request_id = request_id
        self._headers = headers
        self._hidden = hidden
        self._now = now
        self._deadline = deadline
        self._clock = clock
        self._safe = safe
        self._entries: dict[tuple[Any, str], Entry] = {}
        self._staged: set[tuple[Any, str]] = set()
        self._guards: dict[tuple[str | None, str, str], int] = {}
        self._written: Sequence[Entry] = ()

    @property
    def principal(self) -> Principal:
        return self._principal

    @property
    def request_id(self) -> str:
        return self._request_id

    @property
    def metadata(self) -> Mapping[str, str]:
        return {name: value for name, value in self._headers.items() if name not in self._hidden}

    @property
    def now(self) -> datetime:
        return self._now

    def remaining(self) -> float | None:
        if self._deadline is None or self._deadline == math.inf:
            return None
        left: float = self._deadline - self._clock()
        return max(0.0, left)

    @property
    def downstream_key(self) -> str:
        if self._downstream_key is None:
            raise BrokenContract(
                "the call has no idempotency key that another one could follow from; declare the operation "
                "external=True, so that each call needs one"
            )
        return self._downstream_key

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
        self, resource: type[R], where: Expression | None = None, *, order_by: str = "id", limit: int | None = None
    ) -> list[R]:
        rows = self._rows(resource)
        condition = rows.to_stored(EVERYTHING if where is None else where)
        order = parse_order(order_by, rows)
        staged = [self._entries[key] for key in self._staged if key[0] is resource]
        most = MAX_LISTED + 1 if limit is None else max(0, min(limit, MAX_READS))
        # Staged rows may leave the result, so fetch as many more.
        found = await rows.fetch_where(self._principal, condition, order, most + len(staged))
        values = {value.id: self._enter(rows, value, protected=False, checked=True).after for value in found}
        visible = AllOf((condition, rows.visible_to(self._principal)))
        names = columns(visible)
        for entry in staged:
            id = (entry.before if entry.after is None else entry.after).id
            values.pop(id, None)
            if entry.after is not None and evaluate(visible, self._stored(rows, entry, names)):
                values[id] = entry.after
        if limit is None and len(values) > MAX_LISTED:
            raise ResourceExhausted(
                f"more than {MAX_LISTED} {rows.description.plural} meet the handler's condition; "
                "it must narrow it, or ask for the first of them with a limit",
                retryable=False,
            )
        return list(self._sorted(rows, tuple(values.values()), order) if staged else values.values())[:most]

    def create(self, value: R, *, at: Path = ()) -> R:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        key = (type(value), value.id)
        if key in self._entries:
            raise BrokenContract(f"{rows.description.name} {value.id} is created, and exists in this call already")
        entry = Entry(rows, None, None, protected=False, checked=True)
        entry.place = tuple(at)
        self._stage(entry, replace(value, created_at=self._now, updated_at=self._now, version=1))
        self._entries[key] = entry
        self._count(key)
        return cast("R", entry.after)

    def save(self, value: R, *, at: Path = ()) -> R:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        entry = self._entry(rows, value, "saved")
        entry.place = tuple(at) or entry.place
        before = entry.before
        if before is None:
            self._stage(entry, replace(value, created_at=self._now, updated_at=self._now, version=1))
        else:
            stamped = replace(value, created_at=before.created_at, updated_at=before.updated_at, version=before.version)
            self._stage(entry, stamped)
            entry.stamp(self._now)
        self._count((type(value), value.id))
        return cast("R", entry.after)

    def delete(self, value: Resource) -> None:
        rows = self._rows(type(value))
        self._check_may_write(rows)
        entry = self._entry(rows, value, "deleted")
        entry.pending = {}
        entry.after = None
        if entry.before is None:
            del self._entries[type(value), value.id]
            self._staged.discard((type(value), value.id))
        else:
            self._count((type(value), value.id))

    def publish(self, event: object) -> None:
        if self._safe:
            raise BrokenContract(
                "an operation declared safe publishes an event; declare its effect idempotent or unsafe"
            )
        self._events.append(self._outbox.insert(event, self._principal, self._request_id, self._now))
        if len(self._events) > MAX_WRITES:
            raise ResourceExhausted(f"a call may publish {MAX_WRITES} events", retryable=False)

    async def guard(self, name: str, key: str = "", *, shared: bool = False) -> None:
        tenant = None if shared else self._principal.tenant
        if (tenant, name, key) not in self._guards:
            self._guards[tenant, name, key] = await self._store.guard_version(tenant, name, key)

    def write_set(self) -> WriteSet:
        """Everything staged, as the store wants it. Checks alone are left out where nothing is written: reads that
        decide nothing need no protection.
        """
        writes = WriteSet()
        written: list[Entry] = []
        for (_, id), entry in self._entries.items():
            row = Key(entry.rows.table, entry.rows.tenant_of(self._principal), id)
            write = self._write(row, entry)
            if write is not None:
                writes.writes.append(write)
                written.append(entry)
            elif entry.protected:
                writes.checks.append(Check(row, entry.before.version))
        self._written = written
        writes.writes += self._events
        if not self._safe:
            writes.guards += [Guard(*guard, version) for guard, version in self._guards.items()]
        return writes

    def changed_references(self) -> Sequence[tuple[Entry, str, str]]:
        """The references that staged writes set: the entry, the field, and the id it shall hold."""
        found = []
        for entry in self._entries.values():
            if entry.after is not None and entry.staged:
                for field in entry.rows.references:
                    id = getattr(entry.after, field)
                    if id is not None and (entry.before is None or getattr(entry.before, field) != id):
                        found.append((entry, field, id))
        return found

    def holds(self, resource: Any, id: str) -> bool:
        """Whether the resource is staged here to exist after the commit."""
        entry = self._entries.get((resource, id))
        return entry is not None and entry.after is not None

    def place_of(self, position: int) -> Path:
        """Where in the call's input the write of that position stands, if its author said so."""
        return self._written[position].place if 0 <= position < len(self._written) else ()

    def preview(self, value: Any) -> Any:
        """The handler's result as it can be checked before the commit: with stand-ins for what commit computes."""
        entry = self._returned(value)
        return value if entry is None else entry.stand_in()

    def is_open(self, value: Any) -> bool:
        """Whether this is a staged resource of which only the commit will know all."""
        entry = self._returned(value)
        return entry is not None and (bool(entry.pending) or not entry.checked)

    def settle(self, outcome: Committed, value: Any) -> Any:
        """The handler's result as it was committed: itself, unless it is a staged resource of which the commit changed
        more than was known here.
        """
        entry = self._returned(value)
        if entry is None:
            return value
        position = next((at for at, each in enumerate(self._written) if each is entry), None)
        settled = {} if position is None else outcome.settled.get(position, {})
        if not entry.checked and settled:
            # Others may have changed fields that this call never saw: the whole row is told, as the commit left it.
            return entry.rows.stored.from_row([settled[name] for name in entry.rows.columns])
        return replace(value, **settled) if settled else value

    def _returned(self, value: Any) -> Entry | None:
        """The entry whose staged resource this is: the very object that save or create gave, no copy of it."""
        entry = self._entries.get((type(value), value.id)) if isinstance(value, Resource) else None
        return entry if entry is not None and entry.staged and entry.after is value else None

    def _write(self, row: Key, entry: Entry) -> Write | None:
        if entry.before is None:
            values: dict[str, Value | Add | Next] = {**entry.to_write(), **entry.pending}
            return Insert(row, values)
        version = entry.before.version if entry.checked else None
        if entry.after is None:
            return Delete(row, version)
        if not entry.staged:
            return None
        changes: dict[str, Value | Add | Next] = {**entry.to_write(), **entry.pending}
        return Update(row, changes, version)

    def _stage(self, entry: Entry, value: Any) -> None:
        try:
            entry.stage(value)
        except (InvalidArgument, OutOfRange) as fault:
            if all(not each.path or self._shown.field(entry.rows, str(each.path[0])) for each in fault.violations):
                if not entry.place:
                    raise
                found = [Violation((*entry.place, *each.path), each.message, each.rule) for each in fault.violations]
                raise type(fault)(fault.message, violations=found) from fault
            # The caller neither gave nor sees that field: nothing about its value may be told.
            message = f"a handler staged a {entry.rows.description.name} that its contract forbids: {fault.message}"
            raise BrokenContract(message) from fault

    def _enter(self, rows: Rows, value: Any, *, protected: bool, checked: bool) -> Entry:
        key = (rows.native, value.id)
        entry = self._entries.get(key)
        if entry is None:
            entry = Entry(rows, value, value, protected=protected, checked=checked)
            if self._fresh:
                return entry
            self._entries[key] = entry
            if len(self._entries) > MAX_READS:
                message = f"a call may hold {MAX_READS} resources, and this one read more"
                raise ResourceExhausted(message, retryable=False)
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

    def _count(self, key: tuple[Any, str]) -> None:
        if self._entries[key].staged:
            self._staged.add(key)
        else:
            self._staged.discard(key)
        if len(self._staged) > MAX_WRITES:
            message = f"a call may write {MAX_WRITES} resources, and this one staged more"
            raise ResourceExhausted(message, retryable=False)

    def _sorted(self, rows: Rows, values: Sequence[Any], order: tuple[tuple[str, bool], ...]) -> Sequence[Any]:
        names = [column for column, _ in order]
        keyed = [(self._stored(rows, self._entries[rows.native, each.id], names), each) for each in values]
        for column, descending in reversed(order):
            keyed.sort(key=partial(_sort_key, column), reverse=descending)
        return [value for _, value in keyed]

    @staticmethod
    def _stored(rows: Rows, entry: Entry, names: Iterable[str]) -> dict[str, Value]:
        return rows.stored.values_of(entry.stand_in(), names)


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
            close = nearest(name, rows.columns, ())
            message = f"cannot name {name!r}, which is not a field of {rows.description.name}"
            raise invalid(
                [Violation(("order_by",), f"{message}; did you mean {close!r}?" if close else message, "order")]
            )
        order.setdefault(name, part.startswith("-"))
    order.setdefault("id", next(reversed(order.values()), False))
    return tuple(order.items())
