"""What a database really holds, as far as tables are concerned."""

from __future__ import annotations

from dataclasses import dataclass, field

from .connection import Execute


@dataclass(frozen=True, slots=True)
class ActualColumn:
    """A column as SQLite describes it; ``default`` is SQL text."""

    name: str
    type: str
    nullable: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class ActualIndex:
    """A whole index over columns; partial ones and those over expressions are not told of."""

    name: str
    columns: tuple[str, ...]
    unique: bool


@dataclass(frozen=True, slots=True)
class ActualTable:
    """A table of the database."""

    name: str
    kind: str
    columns: dict[str, ActualColumn]
    key: tuple[str, ...]
    indexes: list[ActualIndex] = field(default_factory=list)


def read_table(execute: Execute, name: str) -> ActualTable | None:
    """The table of that name, or None."""
    kind = execute("SELECT type FROM pragma_table_list(?) WHERE schema = 'main'", (name,)).fetchall()
    if not kind:
        return None
    columns: dict[str, ActualColumn] = {}
    key: dict[int, str] = {}
    for column, type_, notnull, default, position in execute(
        'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?) ORDER BY cid', (name,)
    ).fetchall():
        columns[column] = ActualColumn(
            column, "INTEGER" if type_.upper() == "INT" else type_.upper(), not notnull, default
        )
        if position:
            key[position] = column
    table = ActualTable(name, kind[0][0], columns, tuple(key[each] for each in sorted(key)))
    for index, unique in execute(
        "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin <> 'pk' AND NOT partial", (name,)
    ).fetchall():
        parts = execute("SELECT name FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno", (index,)).fetchall()
        if all(part is not None for (part,) in parts):
            table.indexes.append(ActualIndex(index, tuple(part for (part,) in parts), bool(unique)))
    return table


def is_empty(execute: Execute, quoted_name: str) -> bool:
    """Whether the table has no rows."""
    return not execute(f"SELECT 1 FROM {quoted_name} LIMIT 1").fetchall()


def count_rows(execute: Execute, of: str) -> int:
    """How many rows the table has, or meet the condition behind its name."""
    count: int = execute(f"SELECT count(*) FROM {of}").fetchall()[0][0]
    return count


def table_names(execute: Execute) -> list[str]:
    """Every table."""
    return [name for (name,) in execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()]
