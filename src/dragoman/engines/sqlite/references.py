"""References, held at the end of a write set: rows may come in any order, and what does not hold can be
named.
"""

from __future__ import annotations

from collections import deque

from dragoman.ports.store import Key, ReferenceViolation

from .connection import Execute
from .texts import ReferenceTexts, TableTexts

Row = tuple[str, str | None, str]


class Touched:
    """What a write set did that references depend on: rows that it made refer to others, rows that it
    deleted.

    ``nulled`` are the rows, with their columns, that lost a reference as deletions went on.
    """

    __slots__ = ("deleted", "nulled", "referring")

    def __init__(self) -> None:
        self.referring: list[tuple[ReferenceTexts, Key]] = []
        self.deleted: list[tuple[TableTexts, Key]] = []
        self.nulled: dict[Row, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.referring or self.deleted)


def enforce(execute: Execute, touched: Touched) -> ReferenceViolation | None:
    """Delete and clear what referred to deleted rows, then look for what does not hold.

    A deletion never takes along, nor changes, a row that the same write set made refer to what is deleted:
    the caller said that it refers to it, so that is a violation.
    """
    stated = {(each.holder.name, row.tenant, row.key, each.reference.column) for each, row in touched.referring}
    gone: list[tuple[TableTexts, Key]] = []
    queue = deque(touched.deleted)
    while queue:
        texts, row = queue.popleft()
        if execute(texts.read_version, texts.arguments(row)).fetchall():
            continue  # written again after it was deleted
        gone.append((texts, row))
        for each in texts.incoming:
            action = each.reference.on_delete
            if action == "restrict":
                continue
            holder = each.holder
            text = each.cascade if action == "cascade" else each.nullify
            for tenant, key in execute(text, texts.arguments(row)).fetchall():
                if (holder.name, tenant, key, each.reference.column) in stated:
                    return ReferenceViolation(Key(holder.table, tenant, key), each.reference, row.key)
                if action == "null":
                    touched.nulled.setdefault((holder.name, tenant, key), []).append(each.reference.column)
                elif holder.incoming:
                    queue.append((holder, Key(holder.table, tenant, key)))
    for each, row in touched.referring:
        missing = execute(each.dangling, each.holder.arguments(row)).fetchall()
        if missing:
            return ReferenceViolation(row, each.reference, missing[0][0])
    for texts, row in gone:
        for each in texts.incoming:
            if each.reference.on_delete == "restrict" and execute(each.restrict, texts.arguments(row)).fetchall():
                return ReferenceViolation(row, each.reference, row.key, referenced=True, holder=each.holder.name)
    return None
