"""A resource's rows: its table, its codec and the statements that read it, with what a principal may see in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.expression import EVERYTHING, AllOf, AnyOf, Compare, Expression, Not, Slot, columns, split
from dragoman.contract.fault import NotFound
from dragoman.contract.handle import Resources
from dragoman.contract.principal import Principal
from dragoman.contract.resource import ResourceDescription
from dragoman.ports.store import Count, Join, Member, Query, Statement, Store, Table, Value

from .codec import StoredRecord
from .failure import BrokenContract
from .kept import Kept
from .tables import table_of

MAX_STATEMENTS: Final = 2048
"""How many statements of one kind a resource keeps compiled: more shapes than that are compiled anew."""

BY_ID: Final = Compare("id", "=", Slot(0))


class Rows:
    """One resource, bound to a store. Shared by every surface that exposes it."""

    def __init__(self, resources: Resources[Any], known: Mapping[str, ResourceDescription], store: Store) -> None:
        self.resources = resources
        self.description = resources.description
        self.native = self.description.native
        self.stored = StoredRecord(self.description, resources.contract.types)
        self.table: Table = table_of(self.description, self.stored.columns, known)
        self.columns = tuple(column.name for column in self.stored.columns)
        self.references = {each.field: known[each.target].plural for each in self.description.references.values()}
        self.store = store
        self._statements: Kept[Any, Statement] = Kept(MAX_STATEMENTS)
        self._counts: Kept[Expression, Count] = Kept(MAX_STATEMENTS)
        self._by_id: Kept[tuple[str, ...], Statement] = Kept(MAX_STATEMENTS)
        if resources.visibility is not None:
            self._check_visibility(resources.visibility)

    @property
    def visibility(self) -> Callable[[Principal], Expression] | None:
        """The rule that says which rows a principal may see."""
        return self.resources.visibility

    def tenant_of(self, principal: Principal) -> str | None:
        """The tenant whose rows the principal works on; None for a resource without tenants."""
        return principal.tenant if self.table.tenant else None

    def visible_to(self, principal: Principal) -> Expression:
        """What the principal may see, with values in stored form."""
        if self.visibility is None:
            return EVERYTHING
        return self.to_stored(self.visibility(principal))

    def visible_shape(self, principal: Principal, start: int = 0) -> tuple[Expression, tuple[Any, ...]]:
        """The same as a shape, with slots numbered from ``start``, and their values."""
        return split(self.visible_to(principal), start)

    def visible_by_id(self, principal: Principal) -> tuple[Expression, tuple[Any, ...]]:
        """One row by its id, which is slot 0, if the principal may see it: the shape, and the values of the rule."""
        shape, values = self.visible_shape(principal, 1)
        return AllOf((BY_ID, shape)), values

    def to_stored(self, expression: Expression) -> Expression:
        """The expression with every value in stored form. Raises InvalidArgument for one that does not fit."""
        if isinstance(expression, Compare):
            if expression.column not in self.columns:
                raise BrokenContract(
                    f"a condition on {self.description.plural} names {expression.column!r}, which is no field of "
                    f"{self.description.name}; build it from the handle of {self.description.plural}"
                )
            if expression.operator == "null":
                return expression
            convert = self.stored.to_stored
            if expression.operator == "in":
                value: Any = tuple(convert(expression.column, each) for each in expression.value)
            else:
                value = convert(expression.column, expression.value)
            return Compare(expression.column, expression.operator, value)
        if isinstance(expression, Not):
            return Not(self.to_stored(expression.of))
        if not isinstance(expression, AllOf | AnyOf):
            raise BrokenContract(
                f"a condition on {self.description.plural} is {expression!r}, and not an expression such as "
                f"{self.description.plural}.field.id == id, dm.EVERYTHING or dm.NOTHING"
            )
        return type(expression)(tuple(map(self.to_stored, expression.of)))

    def prepare(
        self,
        selected: tuple[str, ...],
        shape: Expression,
        order: tuple[tuple[str, bool], ...] = (),
        *,
        limit: int | None = None,
        limit_slot: bool = False,
        joins: tuple[Join, ...] = (),
        document: tuple[Member, ...] = (),
    ) -> Statement:
        """A statement of that shape, compiled once."""
        # A join's table follows from its column.
        joined = tuple((each.column, each.columns, each.where) for each in joins) if joins else ()
        key = (selected, shape, order, limit, limit_slot, joined, document)
        statement = self._statements.get(key)
        if statement is None:
            statement = self._statements[key] = self.store.prepare(
                Query(
                    self.table,
                    selected,
                    shape,
                    order,
                    self.table.tenant,
                    limit=limit,
                    limit_slot=limit_slot,
                    joins=joins,
                    document=document,
                )
            )
        return statement

    def prepare_count(self, shape: Expression) -> Count:
        """The count of the rows of that shape, compiled once."""
        count = self._counts.get(shape)
        if count is None:
            count = self._counts[shape] = self.store.prepare_count(
                Query(self.table, (), shape, tenant=self.table.tenant)
            )
        return count

    def by_id(self, selected: tuple[str, ...]) -> Statement:
        """The statement that reads one row by id, where there is no rule of visibility."""
        statement = self._by_id.get(selected)
        if statement is None:
            statement = self._by_id[selected] = self.prepare(selected, BY_ID, limit=1)
        return statement

    async def fetch(self, principal: Principal, id: str, selected: tuple[str, ...]) -> tuple[Any, ...] | None:
        """The row's columns, or None if there is none that the principal may see."""
        if self.visibility is None:
            return await self.by_id(selected).fetch_one((id,), self.tenant_of(principal))
        shape, values = self.visible_by_id(principal)
        statement = self.prepare(selected, shape, limit=1)
        return await statement.fetch_one((id, *values), self.tenant_of(principal))

    async def fetch_native(self, principal: Principal, id: str) -> Any | None:
        """The resource as its class, or None."""
        row = await self.fetch(principal, id, self.columns)
        return None if row is None else self.stored.from_row(row)

    async def fetch_where(
        self, principal: Principal, where: Expression, order: tuple[tuple[str, bool], ...], limit: int
    ) -> list[Any]:
        """The resources that meet a stored-form condition and that the principal may see."""
        shape, values = split(AllOf((where, self.visible_to(principal))))
        statement = self.prepare(self.columns, shape, order, limit_slot=True)
        rows = await statement.fetch((*values, limit), self.tenant_of(principal))
        return list(map(self.stored.from_row, rows))

    def row(self, value: Any) -> dict[str, Value]:
        """A resource in stored form."""
        return self.stored.to_row(value)

    def _check_visibility(self, rule: Callable[[Principal], Expression]) -> None:
        """Try the rule on a made-up principal, so that a wrong one is refused when it is bound."""
        place = f"{self.description.plural}.visible ({rule.__name__})"
        probe = Principal("probe", "probe")
        try:
            expression = rule(probe)
        except Exception as error:
            raise DeclarationError(
                place,
                f"the rule raised {type(error).__name__}: {error}",
                "It must give an expression for any principal, whatever its identity, tenant and scopes",
            ) from error
        if not isinstance(expression, Expression):
            raise DeclarationError(
                place,
                f"the rule returned {expression!r}",
                f"Return an expression such as {self.description.plural}.field.id == principal.identity, "
                "dm.EVERYTHING or dm.NOTHING",
            )
        unknown = columns(expression) - set(self.columns)
        if unknown:
            raise DeclarationError(
                place,
                f"{self.description.name} has no field {min(unknown)!r}",
                f"Build the expression from the handle of {self.description.plural}, not from another's",
            )
        try:
            self.to_stored(expression)
        except Exception as error:
            raise DeclarationError(place, str(error), "Compare each field with a value of its own type") from error


class Registry(dict[Any, Rows]):
    """The rows of every resource in an application, by class, each bound once however many surfaces show it."""

    def __init__(self) -> None:
        super().__init__()
        self.by_table: dict[str, Rows] = {}

    def add(self, rows: Rows) -> None:
        """Keep the rows of a resource."""
        self[rows.native] = self.by_table[rows.table.name] = rows


def not_found(rows: Rows, id: str) -> NotFound:
    """The one answer for a resource that is not there, and for one that this caller may not know of."""
    return NotFound(f"there is no {rows.description.record.name} {id!r}"[:200])
