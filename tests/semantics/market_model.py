"""The market in plain Python: what each call must answer, without a database, a wire or a runtime."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from market import KEYS

import dragoman as dm


class Refusal(Exception):
    """The call is refused with this status and code; ``at`` are the places of the violations that must be named."""

    def __init__(self, status: int, code: str, at: Iterable[str] = ()) -> None:
        super().__init__(status, code, tuple(at))
        self.status = status
        self.code = code
        self.at = set(at)


@dataclass
class Row:
    """A resource as it should be. ``updated_at`` is unknown ("") where only a deletion elsewhere touched it."""

    table: str
    tenant: str
    id: str
    values: dict[str, Any]
    created_at: str
    updated_at: str
    version: int = 1

    def seen(self, surface: str) -> dict[str, Any]:
        """What a surface shows of it."""
        hidden = () if surface == "operator" else ("secret",)
        shown = {name: value for name, value in self.values.items() if name not in hidden}
        return {"id": self.id, **shown, "created_at": self.created_at, "updated_at": self.updated_at}

    def key(self, name: str) -> Any:
        """The value that a list is filtered or ordered by."""
        return self.id if name == "id" else self.values[name]


@dataclass(frozen=True)
class Reference:
    """A field that refers to a table."""

    field: str
    target: str
    on_delete: str
    reverse: str | None


@dataclass(frozen=True)
class Table:
    """What the contract says of a resource. ``wrong`` are values that each field refuses."""

    name: str
    defaults: Mapping[str, Any]
    required: tuple[str, ...]
    wrong: Mapping[str, tuple[Any, ...]]
    uniques: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sortable: tuple[str, ...] = ("id",)


_NO_ID: Final = ("", "cus_1", 7, "lin_0123456789ABCDEFGHJKMNPQRS")

TABLES: Final = {
    each.name: each
    for each in (
        Table(
            "customers",
            {"region": "east", "rank": None, "secret": None},
            ("email", "name"),
            {
                "email": ("", "x" * 13, None, 5, ["a@x"]),
                "name": ("", "x" * 13, None, True),
                "region": ("north", "East", None, 0),
                "rank": (6, -6, "1", 1.5, True, 2**60, {}),
            },
            uniques=(("email",), ("name", "region")),
            filters={
                "email": ("eq",),
                "region": ("eq", "ne", "in"),
                "rank": ("eq", "ne", "lt", "gte"),
                "secret": ("eq",),
            },
            sortable=("id", "name", "rank"),
        ),
        Table(
            "orders",
            {"referrer": None, "total": 0, "status": "placed"},
            ("customer",),
            {
                "customer": (*_NO_ID, None),
                "referrer": _NO_ID,
                "total": (-1, 101, None, "5", 0.5),
                "status": ("lost", None),
            },
            references=(
                Reference("customer", "customers", "restrict", "orders"),
                Reference("referrer", "customers", "null", "referrals"),
            ),
            filters={"customer": ("eq",), "total": ("eq", "lt", "gte"), "status": ("eq", "in")},
            sortable=("id", "total", "status"),
        ),
        Table(
            "lines",
            {"quantity": 1},
            ("order",),
            {"order": (*_NO_ID, None), "quantity": (0, None, "1", 2**53)},
            references=(Reference("order", "orders", "cascade", "lines"),),
            sortable=("id", "quantity"),
        ),
        Table(
            "memos",
            {"text": "", "shared": False, "line": None, "reply_to": None},
            ("author",),
            {
                "author": ("", "x" * 21, None),
                "text": ("x" * 21, None, 3),
                "shared": (None, "true", 1),
                "line": ("lin_1", 7, False),
                "reply_to": ("mem_1", 7),
            },
            references=(
                Reference("line", "lines", "restrict", None),
                Reference("reply_to", "memos", "null", "replies"),
            ),
            filters={"shared": ("eq",)},
            sortable=("id", "text"),
        ),
    )
}

COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "gte": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
}


def permitted(scopes: Collection[str], operation: str) -> bool:
    """Whether the scopes allow the operation."""
    return "*" in scopes or operation in scopes or operation.partition(".")[0] + ".*" in scopes


class Model:
    """All rows of all tenants."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in TABLES}

    def may(self, key: str, operation: str) -> dm.Principal:
        """The caller, if its scopes allow the operation."""
        caller = KEYS[key]
        if not permitted(caller.scopes, operation):
            raise Refusal(403, "PERMISSION_DENIED")
        return caller

    def visible(self, caller: dm.Principal, row: Row) -> bool:
        """Whether the caller may know of the row."""
        own = row.table != "memos" or row.values["shared"] or row.values["author"] == caller.identity
        return row.tenant == caller.tenant and own

    def find(self, caller: dm.Principal, table: str, id: str) -> Row:
        """The row, if the caller may know of it."""
        row = self.rows[table].get(id)
        if row is None or not self.visible(caller, row):
            raise Refusal(404, "NOT_FOUND")
        return row

    def check(self, caller: dm.Principal, table: str, id: str, changed: Mapping[str, Any], after: Any) -> None:
        """What the database holds against these values: rows that may not be known, keys, references."""
        targets = [
            (each, changed[each.field]) for each in TABLES[table].references if changed.get(each.field) is not None
        ]
        for reference, target in targets:
            row = self.rows[reference.target].get(target)
            if reference.target == "memos" and (row is None or not self.visible(caller, row)):
                raise Refusal(409, "FAILED_PRECONDITION", [f"#/{reference.field}"])
        for unique in TABLES[table].uniques:
            key = [after[name] for name in unique]
            for other in self.rows[table].values():
                same = [other.values[name] for name in unique] == key
                if same and other.tenant == caller.tenant and other.id != id:
                    raise Refusal(409, "ALREADY_EXISTS", [f"#/{name}" for name in unique])
        for reference, target in targets:
            row = self.rows[reference.target].get(target)
            if row is None or row.tenant != caller.tenant:
                raise Refusal(409, "FAILED_PRECONDITION", [f"#/{reference.field}"])

    def create(self, key: str, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The new row's values."""
        caller = self.may(key, f"{table}.create")
        after = {**dict.fromkeys(TABLES[table].required), **TABLES[table].defaults, **values}
        self.check(caller, table, "", values, after)
        return after

    def add(self, key: str, table: str, id: str, values: Mapping[str, Any], created_at: str) -> Row:
        """Keep a row that was created."""
        assert id not in self.rows[table]
        row = Row(table, KEYS[key].tenant, id, dict(values), created_at, created_at)
        self.rows[table][id] = row
        return row

    def change(self, caller: dm.Principal, row: Row, values: Mapping[str, Any]) -> bool:
        """Change the row; whether there was anything to change."""
        changed = {name: value for name, value in values.items() if row.values[name] != value}
        if not changed:
            return False
        self.check(caller, row.table, row.id, changed, {**row.values, **changed})
        row.values.update(changed)
        row.version += 1
        return True

    def delete(self, row: Row) -> list[Row]:
        """Delete the row and what goes with it; returns all that is gone."""
        gone, queue, cleared = {row.id: row}, [row], []
        while queue:
            target = queue.pop()
            for holder, reference in self.referring(target):
                if reference.on_delete == "cascade" and holder.id not in gone:
                    gone[holder.id] = holder
                    queue.append(holder)
                elif reference.on_delete == "null":
                    cleared.append((holder, reference))
        for each in gone.values():
            for holder, reference in self.referring(each):
                if reference.on_delete == "restrict" and holder.id not in gone:
                    raise Refusal(409, "FAILED_PRECONDITION")
        for holder, reference in cleared:
            holder.values[reference.field] = None
            holder.version += 1
            holder.updated_at = ""
        for each in gone.values():
            del self.rows[each.table][each.id]
        return list(gone.values())

    def referring(self, target: Row) -> list[tuple[Row, Reference]]:
        """The rows that refer to this one."""
        return [
            (row, reference)
            for table in TABLES.values()
            for reference in table.references
            if reference.target == target.table
            for row in self.rows[table.name].values()
            if row.values[reference.field] == target.id
        ]

    def listed(
        self,
        caller: dm.Principal,
        table: str,
        filters: Iterable[tuple[str, str, Any]],
        order: Iterable[tuple[str, bool]],
        parent: tuple[str, str] | None = None,
    ) -> list[Row]:
        """The rows of a list, in order. A null is smaller than anything, and meets no condition."""

        def meets(row: Row) -> bool:
            return all(
                row.key(name) is not None and COMPARE[word](row.key(name), value) for name, word, value in filters
            )

        rows = [row for row in self.rows[table].values() if self.visible(caller, row) and meets(row)]
        if parent is not None:
            rows = [row for row in rows if row.values[parent[0]] == parent[1]]
        wanted: dict[str, bool] = {}
        for name, descending in order:
            wanted.setdefault(name, descending)  # named again, it changes nothing
        wanted.setdefault("id", next(reversed(wanted.values()), False))
        for name, descending in reversed(wanted.items()):
            rows.sort(
                key=lambda row, name=name: (row.key(name) is not None, row.key(name)),  # type: ignore[misc]
                reverse=descending,
            )
        return rows
