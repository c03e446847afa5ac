"""Comparing a database with the tables that are declared, and bringing it there without losing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import apsw

from dragoman.ports.store import Column, Reference, SchemaPlan, Storage, Table

from . import ddl
from .introspection import ActualColumn, ActualTable, count_rows, is_empty, read_table, table_names
from .remedy import command, plain, so_many_rows
from .sql import TENANT, literal, quote

COMMON: Final = frozenset({TENANT, "id", "version", "created_at", "updated_at"})
"""The columns that tables of resources have anyway: they tell nothing of what a table holds."""

KEPT: Final = ("_", "sqlite_", "dragoman_")
"""How tables begin that are never taken for those of a class that was renamed."""


@dataclass(slots=True)
class Difference:
    """What sets a database apart from the tables. ``needed`` steps must be done before calls are served;
    ``relaxing`` ones drop a constraint that is no longer declared, which older processes may still rely on.
    """

    needed: list[str] = field(default_factory=list)
    relaxing: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """All steps, in an order that works."""
        return self.relaxing + self.needed

    def plan(self) -> SchemaPlan:
        """As the port has it."""
        return SchemaPlan(tuple(self.steps), tuple(self.refusals))


def compare(connection: apsw.Connection | None, tables: Sequence[Table]) -> Difference:
    """Compare; without a connection, with an empty database."""
    difference = Difference()
    by_name = {each.name: each for each in tables}
    for name in {each.name for each in tables if sum(other.name == each.name for other in tables) > 1}:
        difference.refusals.append(f"two tables are called {name!r}. Give one of them another name")
    for table in tables:
        difference.refusals += ddl.declaration_errors(table, by_name)
    if difference.refusals:
        return difference
    for name, text in ddl.INTERNAL.items():
        if connection is None or read_table(connection.execute, name) is None:
            difference.needed.append(text)
    for table in tables:
        actual = None if connection is None else read_table(connection.execute, table.name)
        if connection is None or actual is None:
            if connection is not None:
                difference.refusals += _renamed(connection, table, by_name)
            difference.needed += ddl.create(table, by_name)
        else:
            _Comparison(connection, table, actual, by_name, difference).run()
    return difference


def _renamed(connection: apsw.Connection, table: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    """A table that is to be made, while one of the same columns has rows and is no longer declared: to go on would look
    as if its rows were lost.
    """
    columns = {each.name: ddl.TYPES[each.storage] for each in table.columns}
    if table.tenant:
        columns[TENANT] = ddl.TYPES[Storage.TEXT]
    if table.name.startswith(KEPT) or columns.keys() <= COMMON:
        return
    for name in table_names(connection.execute):
        if name in tables or name.startswith(KEPT):
            continue
        actual = read_table(connection.execute, name)
        if actual is None or actual.kind != "table" or actual.key != ddl.primary_key(table):
            continue
        if {each.name: each.type for each in actual.columns.values()} != columns:
            continue
        if count := count_rows(connection.execute, quote(name)):
            rename = f"ALTER TABLE {plain(name)} RENAME TO "
            yield (
                f"table {name} has {so_many_rows(count)} and is no longer declared, and the new table {table.name} has "
                f'the same columns. If the class was renamed, write plural="{name}" in it, or rename the table: '
                f"{command(connection, rename + plain(table.name))}; if not, set the old table aside: "
                f"{command(connection, rename + plain('_' + name))}"
            )


def apply(connection: apsw.Connection, tables: Sequence[Table]) -> SchemaPlan:
    """Compare and apply, in one transaction; nothing is applied where there is a refusal."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        difference = compare(connection, tables)
        if not difference.refusals:
            for step in difference.steps:
                connection.execute(step)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return difference.plan()


@dataclass(slots=True)
class _Comparison:
    """One table, declared and actual."""

    connection: apsw.Connection
    table: Table
    actual: ActualTable
    tables: Mapping[str, Table]
    difference: Difference

    def run(self) -> None:
        name = self.table.name
        if self.actual.kind != "table":
            self.difference.refusals.append(
                f"{name!r} is a {self.actual.kind} in this database, not a table. Rename it or drop it"
            )
            return
        refusals = [*self._key(), *self._columns()]
        if refusals:
            if is_empty(self.connection.execute, quote(name)):
                # Nothing is lost: make it anew. Emptiness is looked at again in the transaction that does so.
                self.difference.needed += [f"DROP TABLE {quote(name)}", *ddl.create(self.table, self.tables)]
            else:
                self.difference.refusals += refusals
            return
        self._additions()
        self._indexes()

    def _key(self) -> Iterator[str]:
        declared = ddl.primary_key(self.table)
        if self.actual.key == declared:
            return
        name = self.table.name
        if (TENANT in self.actual.columns) != self.table.tenant:
            what = (
                "has no tenants in the database, and has them now"
                if self.table.tenant
                else "had tenants, and has none now"
            )
        else:
            what = f"has the key ({', '.join(self.actual.key)}) in the database, and ({', '.join(declared)}) now"
        yield f"table {name!r} {what}. Declare a new table, copy the rows over, and drop the old one"

    def _columns(self) -> Iterator[str]:
        for column in self.table.columns:
            place = f"{self.table.name}.{column.name}"
            actual = self.actual.columns.get(column.name)
            type_ = ddl.TYPES[column.storage]
            if actual is None:
                if not column.nullable and column.default is None:
                    yield (
                        f"{place} is new, and the rows that are there would lack it. Give it a default, or make "
                        f"it nullable and fill it{self._or_rename(column)}"
                    )
            elif actual.type != type_:
                yield (
                    f"{place} holds {actual.type} in the database, and {type_} now. "
                    "Add a column under another name, and copy the values over"
                )
            elif self._tightens(column, actual) and (nulls := self._nulls(column.name)):
                name, table = plain(column.name), plain(self.table.name)
                fill = command(self.connection, f"UPDATE {table} SET {name} = ? WHERE {name} IS NULL", "[VALUE]")
                yield (
                    f"{place} is null in {so_many_rows(nulls)}, and must not be null now. Keep it nullable; or fill "
                    f"it, with a VALUE of yours, and try again: {fill}"
                )

    def _or_rename(self, column: Column) -> str:
        """How to rename the one column that is no longer declared, if it may have been this one."""
        type_ = ddl.TYPES[column.storage]
        gone = [each for each in self._gone() if each.type == type_]
        new = [
            each
            for each in self.table.columns
            if each.name not in self.actual.columns and ddl.TYPES[each.storage] == type_
        ]
        if len(gone) != 1 or new != [column]:
            return ""
        table, before, after = plain(self.table.name), plain(gone[0].name), plain(column.name)
        rename = command(self.connection, f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
        return f"; or, if it was {self.table.name}.{gone[0].name} before, rename that: {rename}"

    def _gone(self) -> list[ActualColumn]:
        """The columns that are no longer declared."""
        declared = {each.name for each in self.table.columns} | {TENANT}
        return [each for each in self.actual.columns.values() if each.name not in declared]

    def _tightens(self, column: Column, actual: ActualColumn) -> bool:
        return actual.nullable and not column.nullable and column.name not in self.actual.key

    def _nulls(self, column: str) -> int:
        return count_rows(self.connection.execute, f"{quote(self.table.name)} WHERE {quote(column)} IS NULL")

    def _additions(self) -> None:
        table = quote(self.table.name)
        for column in self.table.columns:
            actual = self.actual.columns.get(column.name)
            alter = f"ALTER TABLE {table} ALTER COLUMN {quote(column.name)}"
            if actual is None:
                self.difference.needed.append(f"ALTER TABLE {table} ADD COLUMN {ddl.column(column)}")
            elif self._tightens(column, actual):
                self.difference.needed.append(f"{alter} SET NOT NULL")
            elif column.nullable and not actual.nullable and column.name not in self.actual.key:
                self.difference.needed.append(f"{alter} DROP NOT NULL")
        for gone in self._gone():
            if not gone.nullable and gone.default is None:
                self.difference.needed.append(
                    f"ALTER TABLE {table} ALTER COLUMN {quote(gone.name)} DROP NOT NULL"
                    " -- no longer declared: keeps its values, and is null in new rows"
                )

    def _indexes(self) -> None:
        table = self.table
        wanted = ddl.indexes(table, self.tables)
        present = {(each.columns, each.unique) for each in self.actual.indexes}
        for index in wanted:
            if (index.columns, index.unique) in present or (not index.unique and (index.columns, True) in present):
                continue
            if index.unique and (repeated := self._repeated(index.columns)):
                columns = ", ".join(each for each in index.columns if each != TENANT)
                self.difference.refusals.append(
                    f"table {table.name!r} has rows that are equal in ({columns}), which is unique now: {repeated}. "
                    "Make them different first"
                )
                continue
            self.difference.needed.append(index.create(table))
        ours = {ddl.unique_name(table.name, _without_tenant(each.columns)) for each in self.actual.indexes}
        declared = {each.columns for each in wanted if each.unique}
        for actual in self.actual.indexes:
            if actual.unique and actual.columns not in declared and actual.name in ours:
                self.difference.relaxing.append(f"DROP INDEX {quote(actual.name)}")
                # What only it served is served by a plain index from now on.
                for index in wanted:
                    if not index.unique and index.columns == actual.columns:
                        self.difference.needed.append(index.create(table))
        for reference in table.references:
            self._dangling(reference)

    def _value(self, name: str) -> str:
        """The column, or what it will hold in rows that are there before it is."""
        return quote(name) if name in self.actual.columns else literal(self.table.column(name).default)

    def _repeated(self, columns: tuple[str, ...]) -> str:
        values = [self._value(each) for each in columns]
        present = " AND ".join(f"{each} IS NOT NULL" for each in values)
        # Numbers in GROUP BY would mean positions in the result, hence the subquery.
        names = [f"c{at}" for at in range(len(values))]
        inner = ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))
        rows = self.connection.execute(
            f"SELECT {', '.join(names)} FROM (SELECT {inner} FROM {quote(self.table.name)} WHERE {present}) "
            f"GROUP BY {', '.join(names)} HAVING count(*) > 1 LIMIT 1"
        ).fetchall()
        return ", ".join(f"{each} {value!r}" for each, value in zip(columns, rows[0], strict=True)) if rows else ""

    def _dangling(self, reference: Reference) -> None:
        """A reference whose index is new may be new itself: rows that are there must meet it."""
        target = self.tables[reference.table]
        column = reference.column
        across = self.table.tenant and not target.tenant
        lead: tuple[str, ...] = (column,) if across or not self.table.tenant else (TENANT, column)
        served = any(each.columns[: len(lead)] == lead for each in self.actual.indexes)
        if served or column not in self.actual.columns or read_table(self.connection.execute, target.name) is None:
            return
        tenant = f" AND t.{quote(TENANT)} = h.{quote(TENANT)}" if target.tenant else ""
        rows = self.connection.execute(
            f"SELECT h.{quote(column)} FROM {quote(self.table.name)} AS h WHERE h.{quote(column)} IS NOT NULL AND NOT "
            f"EXISTS (SELECT 1 FROM {quote(target.name)} AS t WHERE t.{quote(target.key)} = h.{quote(column)}{tenant}) "
            "LIMIT 1"
        ).fetchall()
        if rows:
            self.difference.refusals.append(
                f"{self.table.name}.{column} refers to {target.name!r} now, and holds "
                f"{rows[0][0]!r}, which is not there. Correct or delete such rows first"
            )


def _without_tenant(columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns[1:] if columns[:1] == (TENANT,) else columns
