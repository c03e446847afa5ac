"""The statements that write to one table, built once for each set of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dragoman.ports.store import Key, Reference, Table

from .ddl import primary_key
from .sql import TENANT, quote, quoted

UPDATED_AT: Final = "updated_at"
NOW: Final = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'"
"""The time of the statement, as rows hold it; SQLite knows it to the millisecond."""


class TableTexts:
    """One table's statements. Each ends with the row's primary key as parameters, unless it says otherwise."""

    __slots__ = (
        "_columns",
        "_deletes",
        "_inserts",
        "_updates",
        "cascades",
        "incoming",
        "key",
        "name",
        "names",
        "outgoing",
        "quoted",
        "read_version",
        "table",
        "tenant",
        "versioned",
        "where",
    )

    def __init__(self, table: Table) -> None:
        self.table = table
        self.name = table.name
        self.key = table.key
        self.tenant = table.tenant
        self.versioned = table.versioned
        self.quoted = quote(table.name)
        self.names = tuple(column.name for column in table.columns)
        self.where = " AND ".join(f"{quote(each)} = ?" for each in primary_key(table))
        version = quote("version") if self.versioned else "NULL"
        self.read_version = f"SELECT {version} FROM {self.quoted} WHERE {self.where}"
        self.outgoing: list[ReferenceTexts] = []
        self.cascades = False
        self.incoming: list[ReferenceTexts] = []
        self._columns = frozenset(each.name for each in table.columns)
        self._inserts: dict[tuple[str, ...], str] = {}
        self._updates: dict[tuple[tuple[str, ...], bool], str] = {}
        self._deletes = {
            False: f"DELETE FROM {self.quoted} WHERE {self.where}",
            True: f'DELETE FROM {self.quoted} WHERE {self.where} AND "version" = ?',
        }

    def arguments(self, row: Key) -> tuple[str, ...]:
        """The row's primary key. Raises ValueError for a row without the tenant that its table needs."""
        if not self.tenant:
            return (row.key,)
        if row.tenant is None:
            raise ValueError(f"a row of table {self.name!r} needs a tenant")
        return (row.tenant, row.key)

    def insert(self, columns: tuple[str, ...]) -> str:
        """Parameters: the tenant, if the table has tenants, and the columns' values."""
        text = self._inserts.get(columns)
        if text is None:
            self._check(columns)
            names = ((TENANT,) if self.tenant else ()) + columns
            marks = ["?"] * len(names)
            if self.versioned and "version" not in columns:
                names, marks = (*names, "version"), [*marks, "1"]
            text = f"INSERT INTO {self.quoted} ({quoted(names)}) VALUES ({', '.join(marks)})"
            self._inserts[columns] = text
        return text

    def update(self, columns: tuple[str, ...], known: bool) -> str:
        """Parameters: the columns' values, the primary key, and the ``known`` version. One whose version is
        not known returns the whole row.
        """
        text = self._updates.get((columns, known))
        if text is None:
            self._check(columns)
            if self.key in columns:
                raise ValueError(f"the key of a row of table {self.name!r} never changes")
            sets = [f"{quote(each)} = ?" for each in columns]
            if self.versioned:
                sets.append('"version" = "version" + 1')
            # Without a change the statement still says whether the row is there.
            sets = sets or [f"{quote(self.key)} = {quote(self.key)}"]
            text = f"UPDATE {self.quoted} SET {', '.join(sets)} WHERE {self.where}"
            if self.versioned:
                text += ' AND "version" = ?' if known else f" RETURNING {quoted(self.names)}"
            self._updates[(columns, known)] = text
        return text

    def delete(self, known: bool) -> str:
        """With a ``known`` version, that is the last parameter."""
        return self._deletes[known and self.versioned]

    def read(self, columns: Iterable[str]) -> str:
        """Reads columns of the row."""
        return f"SELECT {quoted(columns)} FROM {self.quoted} WHERE {self.where}"

    def other_with(self, columns: Sequence[str]) -> str:
        """Whether another row holds these values. Parameters: the tenant, the values, the row's key."""
        conditions = [f"{quote(TENANT)} = ?"] if self.tenant else []
        conditions += [f"{quote(each)} = ?" for each in columns]
        return f"SELECT 1 FROM {self.quoted} WHERE {' AND '.join(conditions)} AND {quote(self.key)} <> ? LIMIT 1"

    def _check(self, columns: tuple[str, ...]) -> None:
        for each in columns:
            if each not in self._columns:
                raise ValueError(f"table {self.name!r} has no column {each!r}")


class ReferenceTexts:
    """One reference's statements. Those that look for referring rows take the target's primary key, less the
    tenant where the target has none, and give primary keys of referring rows, tenant (or null) first.
    """

    __slots__ = ("cascade", "dangling", "holder", "nullify", "reference", "restrict", "target")

    def __init__(self, holder: TableTexts, reference: Reference, target: TableTexts) -> None:
        self.holder = holder
        self.reference = reference
        self.target = target
        column = quote(reference.column)
        tenant = quote(TENANT)
        same = f" AND t.{tenant} = h.{tenant}" if target.tenant else ""
        row = " AND ".join(f"h.{quote(each)} = ?" for each in primary_key(holder.table))
        # Parameters: the referring row's primary key.
        self.dangling = (
            f"SELECT h.{column} FROM {holder.quoted} AS h WHERE {row} AND h.{column} IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM {target.quoted} AS t WHERE t.{quote(target.key)} = h.{column}{same})"
        )
        where = (f"{tenant} = ? AND " if target.tenant else "") + f"{column} = ?"
        keys = f"{tenant if holder.tenant else 'NULL'}, {quote(holder.key)}"
        bump = ', "version" = "version" + 1' if holder.versioned else ""
        if UPDATED_AT in holder.names:
            bump += f", {quote(UPDATED_AT)} = max({quote(UPDATED_AT)}, {NOW})"
        self.cascade = f"DELETE FROM {holder.quoted} WHERE {where} RETURNING {keys}"
        self.nullify = f"UPDATE {holder.quoted} SET {column} = NULL{bump} WHERE {where} RETURNING {keys}"
        self.restrict = f"SELECT {keys} FROM {holder.quoted} WHERE {where} LIMIT 1"


def table_texts(tables: Iterable[Table]) -> dict[str, TableTexts]:
    """The statements of all tables, by name, joined by their references."""
    texts = {each.name: TableTexts(each) for each in tables}
    for holder in texts.values():
        for reference in holder.table.references:
            target = texts[reference.table]
            each = ReferenceTexts(holder, reference, target)
            holder.outgoing.append(each)
            target.incoming.append(each)
            target.cascades |= reference.on_delete != "restrict"
    return texts
