"""Excerpts: what is shown of a resource where a caller asks for less, or for what it refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from dragoman.contract.fault import Violation
from dragoman.contract.principal import Principal
from dragoman.ports.store import Join, Statement, Value
from dragoman.ports.style import EXPANDED, Reading

from .codec import JsonEncoder, Projector, beside, invalid, nearest
from .expansion import Expansion
from .kept import Kept
from .rows import Rows

MAX_EXCERPTS: Final = 256
"""How many excerpts of one operation are kept compiled: others are compiled anew."""

MAX_NAMES: Final = 200
"""How many fields and references a request names at most."""

MAX_EXPANDED: Final = 16
"""How many references of a resource a request expands at most: databases join only so many tables."""

Names: TypeAlias = tuple[str, ...] | None
"""Fields in the schema's order; None for all of them."""


class Excerpt:
    """Some fields of a resource, and some of each thing that is expanded: statements read no other columns.
    ``document`` says how a store writes it as JSON by itself; None where it cannot.
    """

    __slots__ = ("_beside", "_encoder", "_fields", "_rows", "columns", "document", "project")

    def __init__(
        self, rows: Rows, encoder: JsonEncoder, fields: Names, expanded: Sequence[tuple[Expansion, Names]] = ()
    ) -> None:
        self._rows = rows
        self._encoder = encoder
        self._fields = fields
        self._beside = [(each, each.rows.stored.projector(each.encoder, names), names) for each, names in expanded]
        parts = {each.field: projector for each, projector, _ in self._beside}
        self.project: Projector = rows.stored.projector(encoder, fields, beside(parts) if parts else None)
        self.columns = self.project.columns
        self.document = None if expanded else rows.stored.document(encoder, fields)

    def check(self, principal: Principal) -> None:
        """Raises PermissionDenied for a principal who may not read what is expanded."""
        for expansion, _, _ in self._beside:
            expansion.check(principal)

    def joins(self, principal: Principal, start: int) -> tuple[tuple[Join, ...], tuple[Value, ...]]:
        """What is read beside each row, and the values of its conditions. Slots are numbered from ``start``."""
        joins: list[Join] = []
        values: tuple[Value, ...] = ()
        for expansion, projector, _ in self._beside:
            join, more = expansion.join(principal, projector, start + len(values))
            joins.append(join)
            values += more
        return tuple(joins), values

    async def fetch(self, principal: Principal, id: str) -> tuple[Any, ...] | None:
        """The row to project, or None if there is none that the principal may see."""
        if not self._beside:
            return await self._rows.fetch(principal, id, self.columns)
        statement, values = self.statement(principal)
        return await statement.fetch_one((id, *values), self._rows.tenant_of(principal))

    def statement(self, principal: Principal) -> tuple[Statement, tuple[Value, ...]]:
        """What reads one row by its id, and the values behind that."""
        shape, values = self._rows.visible_by_id(principal)
        joins, more = self.joins(principal, 1 + len(values))
        return self._rows.prepare(self.columns, shape, limit=1, joins=joins), (*values, *more)

    # The same by the longer way: everything is read and encoded whole, and then cut.

    async def fetch_beside(self, principal: Principal, native: Any) -> dict[str, Any]:
        """What the resource refers to, as instances."""
        found = {}
        for expansion, _, _ in self._beside:
            id = self._rows.stored.values_of(native, [expansion.field])[expansion.field]
            found[expansion.field] = None if id is None else await expansion.rows.fetch_native(principal, str(id))
        return found

    def assemble(self, native: Any, found: Mapping[str, Any]) -> Any:
        """The resource with what was found beside it."""
        whole = self._encoder.to_wire(native)
        if self._fields is None and not self._beside:
            return whole
        shown = _cut(whole, self._fields)
        if self._beside:
            shown[EXPANDED] = {
                each.field: None if found[each.field] is None else _cut(each.encoder.to_wire(found[each.field]), names)
                for each, _, names in self._beside
            }
        return shown


def _cut(wire: Any, names: Names) -> dict[str, Any]:
    members = zip(wire.__struct_encode_fields__, wire.__struct_fields__, strict=True)
    found = {name: getattr(wire, attribute) for name, attribute in members if names is None or name in names}
    return {name: value for name, value in found.items() if value is not UNSET}


class Excerpts:
    """The excerpts of one operation's answers, compiled when they are first asked for. ``whole`` is all of it."""

    def __init__(self, rows: Rows, encoder: JsonEncoder, expansions: Mapping[str, Expansion]) -> None:
        self._rows = rows
        self._encoder = encoder
        self.expansions = expansions
        self.whole = Excerpt(rows, encoder, None)
        self._known: Kept[Any, Excerpt] = Kept(MAX_EXCERPTS)

    def of(self, reading: Reading | None, violations: list[Violation]) -> Excerpt:
        """The excerpt that is asked for. What is wrong is added to the violations."""
        if reading is None:
            return self.whole
        before = len(violations)
        wanted = _Wanted(self._encoder.names, self.expansions)
        wanted.expand(reading.expand, violations)
        if reading.fields is not None:
            wanted.narrow(reading.fields, violations)
        fields, expanded = wanted.fields(), wanted.expanded()
        if len(expanded) > MAX_EXPANDED:
            message = f"comes to {len(expanded)} references; at most {MAX_EXPANDED} are expanded at once"
            violations.append(Violation(("expand" if reading.expand else "fields",), message, "max_length"))
        if len(violations) > before:
            return self.whole
        key = (fields, tuple((each.field, names) for each, names in expanded))
        excerpt = self._known.get(key)
        if excerpt is None:
            excerpt = self._known[key] = Excerpt(self._rows, self._encoder, fields, expanded)
        return excerpt

    def expanded(self) -> Excerpt:
        """All of it, with all that can be expanded at once, for ``explain``."""
        return self.of(Reading(expand=tuple(self.expansions)[:MAX_EXPANDED]), [])


class _Wanted:
    """What a reading comes to. Paths are those of the answer: ``total_cents``, ``expanded.customer.name``."""

    def __init__(self, names: tuple[str, ...], expansions: Mapping[str, Expansion]) -> None:
        self._names = names
        self._expansions = expansions
        self._shown: set[str] | None = None
        self._expand: set[str] = set()
        self._beside: dict[str, set[str]] = {}

    def expand(self, references: Sequence[str], violations: list[Violation]) -> None:
        """Show these beside it, whole."""
        for name in _distinct("expand", references, violations):
            if name in self._expansions:
                self._expand.add(name)
            else:
                violations.append(Violation(("expand",), self._not_expandable(name, violations), "expand"))

    def _not_expandable(self, name: str, found: Sequence[Violation]) -> str:
        if not self._expansions:
            return "cannot be used here: nothing can be expanded"
        if not name:
            return "names no reference before, after or between commas"
        close = nearest(name, self._expansions, found)
        suggestion = f"did you mean {close!r}?" if close else f"there is {', '.join(self._expansions)}"
        return f"names {name[:60]!r}, which cannot be expanded; {suggestion}"

    def narrow(self, paths: Sequence[str], violations: list[Violation]) -> None:
        """Show these fields only. What is expanded stays whole, unless some of its own fields are named."""
        self._shown = {"id"}
        for path in _distinct("fields", paths, violations):
            if path in self._names:
                self._shown.add(path)
            elif not self._is_beside(path):
                violations.append(Violation(("fields",), self._unknown(path, violations), "unknown_field"))

    def _is_beside(self, path: str) -> bool:
        """Whether the path leads into something that can be expanded. If so, it is."""
        member, _, rest = path.partition(".")
        reference, dot, name = rest.partition(".")
        expansion = self._expansions.get(reference) if member == EXPANDED else None
        if expansion is None or (dot and name not in expansion.encoder.names):
            return False
        found = self._beside.setdefault(reference, {"id"})
        found.update((name,) if dot else expansion.encoder.names)
        return True

    def fields(self) -> Names:
        """The resource's own."""
        return _ordered(self._names, self._shown)

    def expanded(self) -> list[tuple[Expansion, Names]]:
        """What is beside it, and which fields of it."""
        wanted = self._expand | self._beside.keys()
        return [
            (each, _ordered(each.encoder.names, self._beside.get(name)))
            for name, each in self._expansions.items()
            if name in wanted
        ]

    def _unknown(self, path: str, found: Sequence[Violation]) -> str:
        if not path:
            return "names no field before, after or between commas"
        paths = [*self._names]
        for name, each in self._expansions.items():
            paths += [f"{EXPANDED}.{name}", *(f"{EXPANDED}.{name}.{field}" for field in each.encoder.names)]
        head, dot, _ = path.partition(".")
        meant = f"{EXPANDED}.{path}" if dot and head in self._expansions else path
        close = nearest(meant, paths, found)
        suggestion = f"did you mean {close!r}?" if close else f"there is {', '.join(self._names)}"
        return f"names {path[:60]!r}, which is no field here; {suggestion}"


def _ordered(names: tuple[str, ...], wanted: set[str] | None) -> Names:
    """In the schema's order; None where they are all."""
    found = tuple(each for each in names if wanted is None or each in wanted)
    return None if found == names else found


def _distinct(parameter: str, names: Sequence[str], violations: list[Violation]) -> list[str]:
    """Each once; none where there are too many to look at."""
    found = list(dict.fromkeys(names))
    if len(found) <= MAX_NAMES:
        return found
    message = f"names {len(found)} things; at most {MAX_NAMES} are read"
    violations.append(Violation((parameter,), message, "max_length"))
    return []


def refuse_all(violations: Sequence[Violation]) -> None:
    """Raise InvalidArgument if anything is wrong with a request."""
    if violations:
        raise invalid(violations)
