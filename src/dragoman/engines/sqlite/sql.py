"""Queries and conditions as SQL text. The text never depends on values: they are bound to numbered
parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dragoman.contract.expression import AllOf, AnyOf, Compare, Expression, Not, Slot
from dragoman.ports.store import Form, Join, Member, Query, Storage, Table, Value

TENANT: Final = "_tenant"
"""The column that holds a row's tenant; no declared column may have this name."""

COMPARISONS: Final = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def quote(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted(names: Iterable[str]) -> str:
    """Identifiers, separated by commas."""
    return ", ".join(map(quote, names))


def literal(value: Value) -> str:
    """A constant, for the few statements that cannot have parameters (DDL)."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return repr(int(value)) if isinstance(value, int) else repr(value)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as text. ``one`` stops after the first row. Its parameters are the tenant, if ``tenant`` is
    set, then the values; those at ``sequences`` are bound as JSON arrays.
    """

    text: str
    one: str
    tenant: bool
    sequences: tuple[int, ...]


def compile_query(query: Query) -> Compiled:
    """Raises ValueError for a query that names a column its table does not have."""
    condition, start = _start(query)
    columns = [_object(query.document, condition)] if query.document else []
    columns += [condition.column(name) for name in query.columns]
    if query.tenant_column and query.table.tenant:
        columns.append(condition.prefix + quote(TENANT))
    for join in query.joins:
        columns += [_joining(query.table, join, condition).column(name) for name in join.columns]
    text = f"SELECT {', '.join(columns) or '1'} {start}"
    if query.order:
        text += " ORDER BY " + ", ".join(condition.column(name) + " DESC" * down for name, down in query.order)
    one = text
    if query.limit_slot:
        text = one = f"{text} LIMIT ?{condition.offset + condition.slots}"
    else:
        if query.limit is not None:
            text += f" LIMIT {int(query.limit)}"
        one += f" LIMIT {1 if query.limit is None else min(1, int(query.limit))}"
    return Compiled(text, one, query.within_tenant, tuple(sorted(condition.sequences)))


def _object(members: Sequence[Member], condition: Condition) -> str:
    """The text of a JSON object. What stands between two values is one literal."""
    parts, between = [], "{"
    for member in members:
        between += json.dumps(member.name) + ":"
        column = condition.column(member.column)
        before, value, after = _FORMS[member.form]
        nullable = condition.table.column(member.column).nullable
        if nullable and before:
            value, before, after = f"coalesce('{before}' || {value} || '{after}', 'null')", "", ""
        elif nullable and member.form == "boolean":
            value = "CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"
        elif nullable and member.form != "text":
            value = f"coalesce({value}, 'null')"
        parts += [literal(between + before), value.format(column)]
        between = after + ","
    return f"concat({', '.join([*parts, literal(between[:-1] + '}')])})"


_FORMS: Final[Mapping[Form, tuple[str, str, str]]] = {
    "text": ("", "json_quote({})", ""),
    "plain": ('"', "{}", '"'),
    "digits": ('"', "{}", '"'),
    "number": ("", "{}", ""),
    "boolean": ("", "iif({}, 'true', 'false')", ""),
    "json": ("", "{}", ""),
}
"""What stands before a value, how it is written, and what stands behind it."""


def compile_count(query: Query) -> Compiled:
    """The number of rows that meet the query's condition. Raises ValueError as :func:`compile_query` does."""
    condition, start = _start(query)
    text = f"SELECT count(*) {start}"
    return Compiled(text, text, query.within_tenant, tuple(sorted(condition.sequences)))


def _start(query: Query) -> tuple[Condition, str]:
    """From where, and which rows."""
    tenant = query.within_tenant
    # Names are told apart only where there is more than one table.
    prefix = quote(query.table.name) + "." if query.joins else ""
    condition = Condition(query.table, 2 if tenant else 1, prefix)
    where = condition.conjunction(query.where, _hints(query))
    if tenant:
        own = f"{prefix}{quote(TENANT)} = ?1"
        where = own if where == TRUE else f"{own} AND {where}"
    text = f"FROM {quote(query.table.name)}"
    for join in query.joins:
        text += _join(query.table, join, condition)
    return condition, text if where == TRUE else f"{text} WHERE {where}"


def _hints(query: Query) -> dict[str, str]:
    """What SQLite is told about equalities, by column. It keeps no statistics here, and takes ten rows for a tenant's
    and nine for those of one value: it would walk over all of a tenant's to save the look-ups of an index.

    Few rows refer to one other. How many share another value is not known; but where rows are ordered by their key, the
    index has them in that order, so that nothing is lost by it.
    """
    hints = {}
    if [name for name, _ in query.order] == [query.table.key]:
        hints = {each.columns[0]: "likelihood({}, 0.25)" for each in query.table.indexes}
    return hints | {each.column: "unlikely({})" for each in query.table.references}


def _join(table: Table, join: Join, condition: Condition) -> str:
    """One join. ``condition`` is the query's, and learns of its slots."""
    joining = _joining(table, join, condition)
    on = [f"{joining.prefix}{quote(join.table.key)} = {condition.column(join.column)}"]
    if join.table.tenant:
        if not table.tenant:
            raise ValueError(
                f"table {table.name!r} has no tenants, and {join.table.name!r} has, which it is joined with"
            )
        on.insert(0, f"{joining.prefix}{quote(TENANT)} = {condition.prefix}{quote(TENANT)}")
    where = joining.text(join.where)
    if where != TRUE:
        on.append(where)
    condition.slots = max(condition.slots, joining.slots)
    condition.sequences |= joining.sequences
    return f" LEFT JOIN {quote(join.table.name)} AS {joining.prefix[:-1]} ON {' AND '.join(on)}"


def _joining(table: Table, join: Join, condition: Condition) -> Condition:
    """Conditions on a joined table, under a name that no table has."""
    return Condition(join.table, condition.offset, quote(f"{table.name}.{join.column}") + ".")


TRUE: Final = "1"
FALSE: Final = "0"


@dataclass(slots=True)
class Condition:
    """Writes conditions on one table; ``offset`` is the number of the first slot's parameter, ``prefix`` what stands
    before its columns.
    """

    table: Table
    offset: int
    prefix: str = ""
    slots: int = 0
    sequences: set[int] = field(default_factory=set)

    def column(self, name: str) -> str:
        """A column that is there."""
        try:
            return self.prefix + quote(self.table.column(name).name)
        except KeyError:
            raise ValueError(f"table {self.table.name!r} has no column {name!r}") from None

    def parameter(self, value: object) -> str:
        """The parameter of a slot."""
        if not isinstance(value, Slot):
            raise ValueError(f"a query on table {self.table.name!r} holds the value {value!r} in place of a slot")
        self.slots = max(self.slots, value.position + 1)
        return f"?{self.offset + value.position}"

    def text(self, node: Expression) -> str:
        """The condition, in parentheses where it has more than one part."""
        if isinstance(node, Compare):
            return self.compare(node)
        if isinstance(node, Not):
            # Null is neither true nor false in SQL; here a condition on a null field does not hold.
            return f"({self.text(node.of)}) IS NOT TRUE"
        if isinstance(node, AllOf):
            return _joined(" AND ", map(self.text, node.of), empty=TRUE)
        if isinstance(node, AnyOf):
            text = _joined(" OR ", map(self.text, node.of), empty=FALSE)
            bound = self.bound(node)
            return text if bound is None else f"({bound} AND {text})"
        raise TypeError(f"{node!r} is not a condition")

    def conjunction(self, node: Expression, hints: Mapping[str, str]) -> str:
        """The same, with hints (``unlikely({})``) on what equalities must all hold, by column."""
        if isinstance(node, AllOf):
            return _joined(" AND ", (self.conjunction(each, hints) for each in node.of), empty=TRUE)
        text = self.text(node)
        if isinstance(node, Compare) and node.operator == "=" and node.column in hints:
            return hints[node.column].format(text)
        return text

    def compare(self, node: Compare) -> str:
        """One comparison."""
        column = self.column(node.column)
        if node.operator == "null":
            return f"{column} IS NULL" if node.value else f"{column} IS NOT NULL"
        parameter = self.parameter(node.value)
        if node.operator == "in":
            assert isinstance(node.value, Slot)
            self.sequences.add(node.value.position)
            # One text for any number of values. JSON has no bytes: they travel as hexadecimal digits.
            item = "unhex(value)" if self.table.column(node.column).storage is Storage.BLOB else "value"
            return f"{column} IN (SELECT {item} FROM json_each({parameter}))"
        return f"{column} {COMPARISONS[node.operator]} {parameter}"

    def bound(self, node: AnyOf) -> str | None:
        """What a key set condition implies for its leading column, or None.

        SQLite finds no range of an index in ``a > x OR (a = x AND id > y)``: it would walk over all earlier
        rows on every page. Each branch says ``a >= x``, which it does find.
        """
        if len(node.of) < 2:
            return None
        leading = [each.of[0] if isinstance(each, AllOf) and each.of else each for each in node.of]
        comparisons = [each for each in leading if isinstance(each, Compare) and isinstance(each.value, Slot)]
        operators = {each.operator for each in comparisons}
        if len(comparisons) < len(leading) or len({each.column for each in comparisons}) > 1:
            return None
        if operators in ({">", "="}, {">"}, {">=", ">"}):
            operator, choose = ">=", "min"
        elif operators in ({"<", "="}, {"<"}, {"<=", "<"}):
            operator, choose = "<=", "max"
        else:
            return None
        parameters = list(dict.fromkeys(self.parameter(each.value) for each in comparisons))
        if len(parameters) == 1:
            return f"{self.column(comparisons[0].column)} {operator} {parameters[0]}"
        # A branch with a null value holds for no row; min() and max() of a null would be null for all of
        # them.
        values = [f"coalesce({', '.join([each, *(o for o in parameters if o != each)])})" for each in parameters]
        return f"{self.column(comparisons[0].column)} {operator} {choose}({', '.join(values)})"


def _joined(word: str, parts: Iterable[str], *, empty: str) -> str:
    texts = [each for each in parts if each != empty]
    if not texts:
        return empty
    return texts[0] if len(texts) == 1 else f"({word.join(texts)})"
