"""Where state meets the runtime: tables, queries, write sets. Plain values; an engine turns them into its own language.

Values cross this port in their **stored form**, which is the wire form wherever that sorts and compares right: text for
strings, enums, ids, datetimes (RFC 3339 in UTC with exactly six digits of fraction, ``…Z``), dates, UUIDs, decimals and
base64 bytes; integers (0 and 1 for booleans), floats; and JSON text for lists, maps, records and unions.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from dragoman.contract.expression import EVERYTHING, Expression

Value: TypeAlias = str | int | float | bytes | None


class Storage(enum.StrEnum):
    """How a column is stored."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BLOB = "blob"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column. ``default`` (in stored form) fills existing rows when the column is added to a table that has
    some; a column that is neither nullable nor has one cannot be added to such a table.
    """

    name: str
    storage: Storage
    nullable: bool = False
    default: Value = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index over these columns; in a table with tenants, the tenant leads it."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unique:
    """A key beside the primary one, per tenant. A row with a null in it collides with none."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """``column`` holds the key of a row of ``table``, of the same tenant if that table has tenants."""

    column: str
    table: str
    on_delete: Literal["restrict", "cascade", "null"] = "restrict"


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows are found by ``key``, a text column, within a tenant if ``tenant`` is set.

    With ``tenant``, every row carries the tenant's name, which leads the primary key, every index and every unique
    key; it is no column of ``columns``. ``versioned`` tables have an integer column ``version`` among their columns,
    1 for a new row, which every update raises by one.
    """

    name: str
    columns: tuple[Column, ...]
    key: str = "id"
    tenant: bool = True
    versioned: bool = True
    indexes: tuple[Index, ...] = ()
    uniques: tuple[Unique, ...] = ()
    references: tuple[Reference, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for each in self.columns:
            if each.name == name:
                return each
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Join:
    """Beside each row of a query: ``columns`` of the one row of ``table`` whose key its ``column`` holds, of the same
    tenant if that table has tenants, and that meets ``where``. Nulls, if there is none.
    """

    column: str
    table: Table
    columns: tuple[str, ...]
    where: Expression = EVERYTHING


Form: TypeAlias = Literal["text", "plain", "number", "boolean", "digits", "json"]
"""How a column's value is written in JSON: ``text`` as a string; ``plain`` as a string that needs no escapes;
``digits`` as a string of an integer's digits; ``number`` as an integer; ``boolean`` of 0 and 1; ``json`` as the JSON
text that it holds. Null is null.
"""


class Member(msgspec.Struct, frozen=True, cache_hash=True):
    """A member of a JSON object, made of a column."""

    name: str
    column: str
    form: Form


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of one table: ``columns`` of those that meet ``where``, in the given order (column, descending).

    Values in ``where`` are Slots, given by position with each call. With ``tenant``, the tenant's name is given too,
    and only its rows are seen; without, all tenants' rows are. ``tenant_column`` adds the tenant as the last column.
    ``limit`` is a number of rows, or None; with ``limit_slot`` it is given with the call, as the last value. The
    columns of ``joins`` come behind all others; the slots of query and joins are numbered together. With ``document``
    each row begins with the compact JSON text of an object of these members, in this order.
    """

    table: Table
    columns: tuple[str, ...]
    where: Expression = EVERYTHING
    order: tuple[tuple[str, bool], ...] = ()
    tenant: bool = True
    tenant_column: bool = False
    limit: int | None = None
    limit_slot: bool = False
    joins: tuple[Join, ...] = ()
    document: tuple[Member, ...] = ()

    @property
    def within_tenant(self) -> bool:
        """Whether the tenant's name is given with each call."""
        return self.tenant and self.table.tenant


class Statement(Protocol):
    """A query, compiled once and for all."""

    @property
    def text(self) -> str:
        """The statement in the engine's language, for ``explain``."""
        ...

    async def fetch(
        self, values: Sequence[Value | Sequence[Value]] = (), tenant: str | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows. A value for an ``in`` condition is a sequence.

        Raises ResourceExhausted where the engine's bound on work is exceeded, Unavailable where it cannot answer.
        """
        ...

    async def fetch_one(
        self, values: Sequence[Value | Sequence[Value]] = (), tenant: str | None = None
    ) -> tuple[Any, ...] | None:
        """The first row, or None."""
        ...


class Count(Protocol):
    """The number of rows of a query, whatever its columns, order and limit."""

    @property
    def text(self) -> str:
        """The statement in the engine's language, for ``explain``."""
        ...

    async def number(self, values: Sequence[Value | Sequence[Value]] = (), tenant: str | None = None) -> int:
        """How many there are. It may take long, without keeping the event loop; cancelling it ends the work.

        Raises Unavailable where the engine cannot answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """A row: its table, its tenant (None where the table has none), its key."""

    table: Table
    tenant: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Check:
    """The row must exist and have this version at commit."""

    row: Key
    version: int


@dataclass(frozen=True, slots=True)
class Guard:
    """The counter ``(tenant, name, key)`` must still have this version (0 for one never bumped); it is bumped."""

    tenant: str | None
    name: str
    key: str
    version: int


@dataclass(frozen=True, slots=True)
class Add:
    """A change computed at commit: the column's current value plus ``amount``, within the bounds, both inclusive."""

    amount: int | float
    minimum: int | float | None = None
    maximum: int | float | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """A value computed at commit: the next number of the counter of that name, per tenant, from 1, without gaps."""

    counter: str


Settled: TypeAlias = Mapping[int, Mapping[str, Value]]
"""What a commit computed, by the position of the write and by column, as :class:`Committed` tells it."""


@dataclass(frozen=True, slots=True)
class Late:
    """A value made of what the commit computed, for the writes of ``WriteSet.last`` alone. ``make`` is called within
    the transaction: it is quick, and looks at nothing else.
    """

    make: Callable[[Settled], Value]


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row. ``values`` holds every column; there is nothing yet that an :class:`Add` could add to."""

    row: Key
    values: Mapping[str, Value | Add | Next | Late]


@dataclass(frozen=True, slots=True)
class Update:
    """Changed columns of a row. ``version`` is checked unless None; a versioned table's version is raised by one."""

    row: Key
    changes: Mapping[str, Value | Add | Next | Late]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """A row to delete. ``version`` is checked unless None."""

    row: Key
    version: int | None = None


Write: TypeAlias = Insert | Update | Delete


@dataclass(slots=True)
class WriteSet:
    """All of one call's writes: committed as a whole or not at all, in this order; references are checked at the end,
    so that rows may come in any order. Updating or deleting a row that is gone is a conflict.

    ``last`` are writes that are made behind all that, when everything the commit computes is known: a record of it.
    They have no position, and take part in no reference.
    """

    checks: list[Check] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    last: list[Write] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.writes or self.guards or self.last)


@dataclass(frozen=True, slots=True)
class Committed:
    """It is durable. ``settled`` holds, for each write by position that had values computed at commit, those columns'
    values (``version`` included for updates of versioned tables); for an update of a versioned table whose version was
    not checked, all of the row's columns as the update left them.
    """

    settled: Settled = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row or guard has another version, or is gone (``current`` None)."""

    row: Key | Guard
    current: int | None


@dataclass(frozen=True, slots=True)
class UniqueViolation:
    """Write ``position`` would repeat a key: ``columns`` are the table's key or one of its uniques. The position is -1
    for one of the last. ``others`` are what stands against the writes behind it.
    """

    position: int
    row: Key
    columns: tuple[str, ...]
    others: tuple[UniqueViolation | BoundViolation, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceViolation:
    """A reference does not hold after all writes. Either ``row`` holds in ``reference.column`` a key that does not
    exist, or (``referenced``) ``row`` was to be deleted while rows of ``holder`` refer to it.
    """

    row: Key
    reference: Reference
    value: str
    referenced: bool = False
    holder: str = ""


@dataclass(frozen=True, slots=True)
class BoundViolation:
    """An :class:`Add` of write ``position`` would leave its bounds. ``others`` are what stands against the writes
    behind it.
    """

    position: int
    row: Key
    column: str
    value: int | float
    bounds: Add
    others: tuple[UniqueViolation | BoundViolation, ...] = ()


Outcome: TypeAlias = Committed | Conflict | UniqueViolation | ReferenceViolation | BoundViolation


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """What would bring the database to the tables: ``steps`` are additive and applied by ``migrate``, ``refusals`` say
    what cannot be done without losing data, and what to do instead.
    """

    steps: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


class Store(Protocol):
    """An engine, as the runtime sees it. All methods but the first three are called in the event loop of one process;
    any number of processes may work on one database.
    """

    def plan(self, tables: Sequence[Table]) -> SchemaPlan:
        """Compare the database with the tables. Reads only. Raises StoreError."""
        ...

    def migrate(self, tables: Sequence[Table]) -> SchemaPlan:
        """Apply the plan's steps, in one transaction; nothing where there is a refusal. Raises StoreError."""
        ...

    def prepare(self, query: Query) -> Statement:
        """Compile a query."""
        ...

    def prepare_count(self, query: Query) -> Count:
        """Compile the count of a query's rows."""
        ...

    async def start(self, tables: Sequence[Table]) -> None:
        """Open for calls. ``tables`` is all that will be written to. Raises StoreError."""
        ...

    def revision(self) -> object | None:
        """A value that equals an earlier one only if nothing was committed in between, by any process: what was read
        behind the earlier one is still so. None where that cannot be told for less than a statement.
        """
        ...

    async def commit(self, writes: WriteSet) -> Outcome:
        """Commit, durably, or say what stood against it. Raises Unavailable if the database cannot."""
        ...

    def clock(self) -> float:
        """The database's time, in seconds since 1970: the same for all processes that share it."""
        ...

    async def guard_version(self, tenant: str | None, name: str, key: str) -> int:
        """The version of a guard's counter; 0 if it was never bumped."""
        ...

    async def stop(self) -> None:
        """Finish what was accepted, and close."""
        ...


class StoreError(Exception):
    """The database cannot be used: says which, why, and what to do. One line, for a person."""
