"""Tables as SQL definitions: what is created for each, under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dragoman.ports.store import Column, Storage, Table

from .sql import TENANT, literal, quote, quoted

TYPES: Final[Mapping[Storage, str]] = {
    Storage.TEXT: "TEXT",
    Storage.INTEGER: "INTEGER",
    Storage.REAL: "REAL",
    Storage.BLOB: "BLOB",
    Storage.JSON: "TEXT",
}

GUARDS: Final = "_dragoman_guards"
COUNTERS: Final = "_dragoman_counters"

# A tenant is text; the empty blob, which no tenant's name equals, stands for none.
INTERNAL: Final[Mapping[str, str]] = {
    GUARDS: (
        f"CREATE TABLE {quote(GUARDS)} (tenant ANY NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, "
        "version INTEGER NOT NULL, PRIMARY KEY (tenant, name, key)) STRICT, WITHOUT ROWID"
    ),
    COUNTERS: (
        f"CREATE TABLE {quote(COUNTERS)} (tenant ANY NOT NULL, name TEXT NOT NULL, "
        "value INTEGER NOT NULL, PRIMARY KEY (tenant, name)) STRICT, WITHOUT ROWID"
    ),
}
"""The tables that the engine keeps for itself, by name."""


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """An index as it stands in the database: all its columns, the tenant's among them."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False

    def create(self, table: Table) -> str:
        """The statement that creates it."""
        unique = "UNIQUE " if self.unique else ""
        return f"CREATE {unique}INDEX {quote(self.name)} ON {quote(table.name)} ({quoted(self.columns)})"


def unique_name(table: str, columns: Sequence[str]) -> str:
    """The name of a unique index of ours, which tells it from other people's."""
    return f"unique {table}({','.join(columns)})"


def primary_key(table: Table) -> tuple[str, ...]:
    """Its columns."""
    return (TENANT, table.key) if table.tenant else (table.key,)


def indexes(table: Table, tables: Mapping[str, Table]) -> list[IndexDefinition]:
    """All that the table needs: declared ones, and one for each reference whose referring rows none would
    find.
    """
    found: dict[tuple[str, ...], IndexDefinition] = {}
    lead = (TENANT,) if table.tenant else ()
    for unique in table.uniques:
        columns = lead + unique.columns
        found[columns] = IndexDefinition(unique_name(table.name, unique.columns), columns, unique=True)
    for index in table.indexes:
        columns = lead + index.columns
        if columns != primary_key(table):
            found.setdefault(columns, IndexDefinition(f"index {table.name}({','.join(index.columns)})", columns))
    for reference in table.references:
        target = tables.get(reference.table)
        # Where the target has no tenants, its referring rows are of any tenant: the tenant cannot lead.
        across = table.tenant and target is not None and not target.tenant
        columns = (reference.column,) if across else (*lead, reference.column)
        if not any(each[: len(columns)] == columns for each in found):
            found[columns] = IndexDefinition(f"reference {table.name}({reference.column})", columns)
    return list(found.values())


def column(each: Column) -> str:
    """A column's definition."""
    text = f"{quote(each.name)} {TYPES[each.storage]}"
    if not each.nullable:
        text += " NOT NULL"
    if each.default is not None:
        text += f" DEFAULT {literal(each.default)}"
    return text


def create(table: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    """The statements that create the table and its indexes."""
    parts = [f"{quote(TENANT)} TEXT NOT NULL"] if table.tenant else []
    parts += map(column, table.columns)
    parts.append(f"PRIMARY KEY ({quoted(primary_key(table))})")
    yield f"CREATE TABLE {quote(table.name)} ({', '.join(parts)}) STRICT, WITHOUT ROWID"
    for index in indexes(table, tables):
        yield index.create(table)


def declaration_errors(table: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    """What is wrong with a table whatever the database holds. The contract's own checks come first: these are
    for tables that were written by hand.
    """
    names = [each.name for each in table.columns]
    for name in {each for each in names if names.count(each) > 1}:
        yield f"table {table.name!r} declares the column {name!r} twice. Remove one"
    if TENANT in names:
        yield f"table {table.name!r} has a column {TENANT!r}, which is the engine's own. Give it another name"
    if table.name in INTERNAL or table.name.startswith("sqlite_"):
        yield f"the table name {table.name!r} is the engine's own. Give it another name"
    by_name = {each.name: each for each in table.columns}
    key = by_name.get(table.key)
    if key is None or key.storage is not Storage.TEXT or key.nullable:
        yield f"table {table.name!r} lacks its key, the column {table.key!r} of text, not nullable. Declare it"
    if table.versioned and (by_name.get("version") is None or by_name["version"].storage is not Storage.INTEGER):
        yield f"table {table.name!r} is versioned, and has no integer column 'version'. Declare it, or versioned=False"
    keys = [index.columns for index in table.indexes] + [unique.columns for unique in table.uniques]
    for name in {each for columns in keys for each in columns if each not in by_name}:
        yield f"an index of table {table.name!r} names the column {name!r}, which it does not have. Correct the name"
    for reference in table.references:
        target = tables.get(reference.table)
        holder = f"reference {table.name}.{reference.column}"
        if reference.column not in by_name:
            yield f"{holder}: the table has no such column. Correct the name"
        elif reference.on_delete == "null" and not by_name[reference.column].nullable:
            yield f"{holder} is set to null when its target is deleted, and is not nullable. Make it nullable"
        if target is None:
            yield f"{holder} names the table {reference.table!r}, which is not among the tables. Add it"
        elif target.tenant and not table.tenant:
            yield f"{holder} leads from a table without tenants to one with tenants. Give {table.name!r} tenants"
