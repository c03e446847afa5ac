"""Lists: filter, order and page, checked against what the resource declares, as one statement (AIP-132, 158, 160)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Raw

from dragoman.contract.annotations import Filter, FilterOperator, Sort, visible_to
from dragoman.contract.expression import EVERYTHING, AllOf, AnyOf, Compare, Expression, Operator, split
from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.contract.principal import Audience, Principal
from dragoman.contract.schema import Field, Nullable, Record
from dragoman.ports.store import Count, Join, Member, Statement, Value
from dragoman.ports.style import LIST_PARAMETERS, ListRequest, filter_parameter

from .batch_get import BatchGet
from .codec import nearest
from .deadline import within
from .excerpts import Excerpt, Excerpts, refuse_all
from .paging import PageTokens
from .rows import Rows, not_found

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 1000
MAX_KEYS: Final = 8
"""How many fields a list is ordered by at most."""

OPERATORS: Final[Mapping[str, Operator]] = {
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "in": "in",
}
"""The words of ``dm.Filter`` as operators of conditions."""

LATE_COUNT: Final = "counting took longer than the deadline allows; narrow the filter, or leave count out"

Order = tuple[tuple[str, bool], ...]


def filters_of(record: Record, audience: Audience) -> dict[str, tuple[FilterOperator, ...]]:
    """What that audience may filter a list by: each field, with its operators."""
    return {
        each.name: trait.operators
        for each in record.fields
        if (trait := each.traits.get(Filter)) is not None and visible_to(each, audience)
    }


def order_of(record: Record, audience: Audience) -> tuple[str, ...]:
    """What that audience may order a list by."""
    return tuple(
        each.name for each in record.fields if (each.name == "id" or Sort in each.traits) and visible_to(each, audience)
    )


@dataclass(slots=True)
class Page:
    """Items as projected values, or all of them as the text of a JSON array; the token of the next page (empty at the
    end only), and the number of items of all pages, if it was asked for. ``versions`` are those of the items, one by
    one; none where they are text.
    """

    items: list[Any] | Raw
    next_page_token: str
    total_size: int | None = None
    versions: Sequence[int] = ()


def _array(texts: list[str]) -> Raw:
    return Raw(f"[{','.join(texts)}]".encode())


class Listing:
    """The list of one resource on one surface. ``parents`` are the resources that its references point to, by field.
    ``place`` names surface and operation; tokens are bound to it. With ``texts`` the store writes items as JSON where
    it can.
    """

    def __init__(
        self,
        rows: Rows,
        parents: Mapping[str, Rows],
        excerpts: Excerpts,
        audience: Audience,
        place: str,
        tokens: PageTokens,
        *,
        texts: bool = False,
    ) -> None:
        self.rows = rows
        self.texts = texts
        self.parents = parents
        self.place = place
        self.tokens = tokens
        self.fields: dict[str, Field] = {
            each.name: each for each in rows.description.record.fields if visible_to(each, audience)
        }
        self.filters = filters_of(rows.description.record, audience)
        self.sortable = order_of(rows.description.record, audience)
        self.excerpts = excerpts
        self.batch = BatchGet(rows.description)
        self._nullable = {name for name, each in self.fields.items() if isinstance(each.type, Nullable)}
        self._orders: dict[str, Order] = {"": (("id", False),)}

    def statement(self, shape: Expression = EVERYTHING) -> Statement:
        """The statement of the plain first page, with a condition of that shape, for ``explain``."""
        return self._prepare(self.excerpts.whole, shape, (("id", False),))

    def expanded_statement(self, principal: Principal) -> Statement:
        """The same with everything that can be expanded."""
        excerpt = self.excerpts.expanded()
        shape, values = self.rows.visible_shape(principal)
        joins, _ = excerpt.joins(principal, len(values))
        return self._prepare(excerpt, shape, (("id", False),), joins)

    def count_statement(self, shape: Expression = EVERYTHING) -> Count:
        """The count of what meets a condition of that shape, for ``explain``."""
        return self.rows.prepare_count(shape)

    async def page(self, principal: Principal, request: ListRequest, deadline: float) -> Page:
        """One page. Raises InvalidArgument with everything that is wrong with the request; DeadlineExceeded if counting
        takes until the deadline, on the loop's clock.
        """
        if request.ids is not None:
            return await self._batch(principal, request)
        violations = list(request.violations)
        order = self._order(request.order_by, violations)
        condition = self._condition(request, violations)
        size = self._size(request.page_size, violations)
        binding = (
            self.place,
            principal.identity,
            principal.tenant,
            request.parent,
            sorted(request.filters, key=lambda each: each[:2]),
            order,
        )
        after = self._after(request.page_token, binding, violations) if request.page_token else None
        excerpt = self.excerpts.of(request.reading, violations)
        refuse_all(violations)
        excerpt.check(principal)
        if self.rows.visibility is not None:
            condition = AllOf((condition, self.rows.visible_to(principal)))
        shape, values = split(condition if after is None else AllOf((condition, self._beyond(order, after))))
        joins, more = excerpt.joins(principal, len(values))
        document = excerpt.document if self.texts else None
        statement = self._prepare(excerpt, shape, order, joins, document)
        found = await statement.fetch((*values, *more, size + 1), self.rows.tenant_of(principal))
        if request.parent is not None:
            await self._check_parent(principal, request.parent, empty=not found)
        token = ""
        if len(found) > size:
            width = len(excerpt.columns) if document is None else 1
            token = self.tokens.write(binding, found[size - 1][width : width + len(order)])
            del found[size:]
        if document is None:
            at = len(excerpt.columns) - 1
            page = Page(list(map(excerpt.project, found)), token, versions=[row[at] for row in found])
        else:
            page = Page(_array([row[0] for row in found]), token)
        if request.count:
            is_all = after is None and not token
            page.total_size = len(found) if is_all else await self._count(principal, condition, deadline)
        return page

    async def _count(self, principal: Principal, condition: Expression, deadline: float) -> int:
        """How many meet the condition now: what was committed since the page was read counts, too."""
        shape, values = split(condition)
        counting = self.rows.prepare_count(shape).number(values, self.rows.tenant_of(principal))
        return await within(deadline, counting, LATE_COUNT)

    async def _batch(self, principal: Principal, request: ListRequest) -> Page:
        """The resources with these ids, and no others."""
        violations = list(request.violations)
        ids = self.batch.check(request, violations)
        excerpt = self.excerpts.of(request.reading, violations)
        refuse_all(violations)
        excerpt.check(principal)
        condition = [*self._within(request), Compare("id", "in", ids), self.rows.visible_to(principal)]
        shape, values = split(AllOf(tuple(condition)))
        joins, more = excerpt.joins(principal, len(values))
        statement = self.rows.prepare(excerpt.columns, shape, joins=joins)
        found = await statement.fetch((*values, *more), self.rows.tenant_of(principal))
        if request.parent is not None:
            await self._check_parent(principal, request.parent, empty=not found)
        found, at = self.batch.in_order(ids, found), len(excerpt.columns) - 1
        items = list(map(excerpt.project, found))
        return Page(items, "", len(items) if request.count else None, [row[at] for row in found])

    async def _check_parent(self, principal: Principal, parent: tuple[str, str], *, empty: bool) -> None:
        """A list inside something that is not there, or not for this caller, is not found. A row that refers to it
        shows that it exists, so that only an empty list, or a rule of visibility, asks for another read.
        """
        field, id = parent
        rows = self.parents[field]
        if (empty or rows.visibility is not None) and await rows.fetch(principal, id, ("id",)) is None:
            raise not_found(rows, id)

    def _prepare(
        self,
        excerpt: Excerpt,
        shape: Expression,
        order: Order,
        joins: tuple[Join, ...] = (),
        document: tuple[Member, ...] | None = None,
    ) -> Statement:
        # The sort keys stand behind what is shown, so that a token can be made of the last row.
        keys = tuple(name for name, _ in order)
        if document is not None:
            return self.rows.prepare(keys, shape, order, limit_slot=True, document=document)
        return self.rows.prepare((*excerpt.columns, *keys), shape, order, limit_slot=True, joins=joins)

    def _size(self, given: int | None, violations: list[Violation]) -> int:
        if given is not None and given < 0:
            violations.append(Violation(("page_size",), f"must be at least 0, got {given}", "ge"))
        return min(given, MAX_PAGE_SIZE) if given else DEFAULT_PAGE_SIZE

    def _order(self, text: str, violations: list[Violation]) -> Order:
        known = self._orders.get(text)
        if known is not None:
            return known
        before, order = len(violations), dict[str, bool]()
        parts = [each.strip() for each in text.split(",")]
        if len(parts) > MAX_KEYS:
            message = f"names {len(parts)} fields to order by; at most {MAX_KEYS} are read"
            violations.append(Violation(("order_by",), message, "order"))
            return ()
        if "" in parts:
            violations.append(Violation(("order_by",), "names no field before, after or between commas", "order"))
        for part in filter(None, parts):
            name = part.removeprefix("-")
            if name not in self.sortable:
                violations.append(Violation(("order_by",), self._no_order(name, violations), "order"))
            # Named again, it changes nothing: the rows are in that order already.
            order.setdefault(name, part.startswith("-"))
        order.setdefault("id", next(reversed(order.values()), False))
        result = tuple(order.items())
        if len(violations) == before and len(self._orders) < 256:
            self._orders[text] = result
        return result

    def _no_order(self, name: str, found: Sequence[Violation]) -> str:
        close = None if name in self.fields else nearest(name, self.sortable, found)
        if close is not None:
            return f"cannot name {name[:40]!r}; did you mean {close!r}?"
        return f"cannot name {name[:40]!r}; use {', '.join(self.sortable)}, with - before it to descend"

    def _condition(self, request: ListRequest, violations: list[Violation]) -> Expression:
        parts = self._within(request)
        for name, word, value in request.filters:
            parameter = filter_parameter(name, word)
            if name not in self.filters:
                violations.append(Violation((parameter,), self._no_filter(name, violations), "unknown_parameter"))
            elif word not in self.filters[name]:
                allowed = ", ".join(filter_parameter(name, each) for each in self.filters[name])
                violations.append(Violation((parameter,), f"is no filter of this list; use {allowed}", "filter"))
            else:
                try:
                    parts.append(Compare(name, OPERATORS[word], self._value(name, value)))
                except InvalidArgument as fault:
                    found = fault.violations or (Violation((), fault.message),)
                    violations += [Violation((parameter,), each.message, each.rule) for each in found]
        return AllOf(tuple(parts))

    def _within(self, request: ListRequest) -> list[Expression]:
        """That it is of what the list stands in, if it stands in anything."""
        return [] if request.parent is None else [Compare(request.parent[0], "=", request.parent[1])]

    def _value(self, name: str, value: str | tuple[str, ...]) -> Any:
        parse = self.rows.stored.parse
        return parse(name, value) if isinstance(value, str) else tuple(parse(name, each) for each in value)

    def _no_filter(self, name: str, found: Sequence[Violation]) -> str:
        filters = [filter_parameter(each, "eq") for each in self.filters]
        if name in self.fields:
            return "is no filter of this list" + (f"; use {', '.join(filters)}" if filters else ", which has none")
        close = nearest(name, [*filters, *LIST_PARAMETERS], found)
        return "is not a parameter of this list" + (f"; did you mean {close!r}?" if close else "")

    def _after(self, token: str, binding: Sequence[Any], violations: list[Violation]) -> Sequence[Value] | None:
        after = self.tokens.read(token, binding)
        if after is None:
            message = (
                "is no page token of this list; take next_page_token from an answer to the same request, "
                "or leave it out to start again"
            )
            violations.append(Violation(("page_token",), message, "page_token"))
        return after

    def _beyond(self, order: Order, after: Sequence[Value]) -> Expression:
        """Rows that come behind one with these sort keys: behind in the first key, or equal in it and behind in the
        second, and so on.
        """
        ways: list[Expression] = []
        same: list[Expression] = []
        for (name, descending), value in zip(order, after, strict=True):
            behind = self._behind(name, descending, value)
            if behind is not None:
                ways.append(AllOf((*same, behind)))
            same.append(Compare(name, "null", True) if value is None else Compare(name, "=", value))
        return AnyOf(tuple(ways))

    def _behind(self, name: str, descending: bool, value: Value) -> Expression | None:
        # Null comes first in ascending order.
        if value is None:
            return None if descending else Compare(name, "null", False)
        behind = Compare(name, "<" if descending else ">", value)
        if descending and name in self._nullable:
            return AnyOf((behind, Compare(name, "null", True)))
        return behind
