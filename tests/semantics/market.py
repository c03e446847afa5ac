"""A contract with what the semantics are about: every way to refer, to be unique, to be filtered, and to be hidden."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from driving import principal

import dragoman as dm


class Customer(dm.Resource, prefix="cus"):
    email: Annotated[str, dm.Length(1, 12), dm.Unique(), dm.Filter()]
    name: Annotated[str, dm.Length(1, 12), dm.Unique(among=("region",)), dm.Sort()]
    region: Annotated[Literal["east", "west"], dm.Filter("ne", "in")] = "east"
    rank: Annotated[int | None, dm.Ge(-5), dm.Le(5), dm.Filter("ne", "lt", "gte"), dm.Sort()] = None
    secret: Annotated[str | None, dm.Only("operator"), dm.Filter()] = None


class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders"), dm.Filter()]
    referrer: Annotated[dm.Id[Customer] | None, dm.Ref(reverse="referrals", on_delete="null")] = None
    total: Annotated[int, dm.Ge(0), dm.Le(100), dm.Filter("lt", "gte"), dm.Sort()] = 0
    status: Annotated[Literal["placed", "shipped", "cancelled"], dm.Filter("in"), dm.Sort()] = "placed"


class Line(dm.Resource, prefix="lin"):
    order: Annotated[dm.Id[Order], dm.Ref(reverse="lines", on_delete="cascade")]
    quantity: Annotated[int, dm.Ge(1), dm.Sort()] = 1


class Memo(dm.Resource, prefix="mem"):
    """Seen by its author, and by everybody of the tenant if it is shared."""

    author: Annotated[str, dm.Length(1, 20)]
    text: Annotated[str, dm.Length(0, 20), dm.Sort()] = ""
    shared: Annotated[bool, dm.Filter()] = False
    line: Annotated[dm.Id[Line] | None, dm.Ref()] = None
    reply_to: Annotated[dm.Id[Memo] | None, dm.Ref(reverse="replies", on_delete="null")] = None


class Charge(dm.Struct):
    amount: Annotated[int, dm.Ge(-100), dm.Le(100)]
    lines: Annotated[int, dm.Ge(0), dm.Le(3)] = 0


class Wanted(dm.Struct):
    quantity: Annotated[int, dm.Ge(0)] = 1
    coupons: list[Annotated[str, dm.Length(1, 5)]] = []


class Price(dm.Struct):
    total: int


class Owed(dm.Struct):
    cents: int
    orders: int


market: Final = dm.Contract("market")
customers: Final = market.resource(Customer)
orders: Final = market.resource(Order)
lines: Final = market.resource(Line)
memos: Final = market.resource(Memo)


@memos.visible
def own_or_shared(principal: dm.Principal) -> dm.Expression:
    return (memos.field.author == principal.identity) | (memos.field.shared == True)  # noqa: E712


@orders.method(effect="idempotent", rerun=True)
async def cancel(order: Order, ctx: dm.Context) -> Order:
    if order.status == "shipped":
        raise dm.FailedPrecondition("a shipped order cannot be cancelled")
    return ctx.save(dm.replace(order, status="cancelled"))


@orders.method
async def charge(order: Order, input: Charge, ctx: dm.Context) -> Order:
    for number in range(input.lines):
        ctx.create(Line(order=order.id, quantity=number + 1))
    return ctx.save(dm.replace(order, total=dm.add(input.amount)))


@customers.method(effect="safe")
async def owes(customer: Customer, ctx: dm.Context) -> Owed:
    found = await ctx.list(Order, orders.field.customer == customer.id)
    return Owed(cents=sum(order.total for order in found if order.status != "cancelled"), orders=len(found))


@market.operation(effect="safe", batch=dm.Batch(max_size=8))
def quote(wanted: Sequence[Wanted]) -> Sequence[Price]:
    return [_price(each) for each in wanted]


def _price(wanted: Wanted) -> Price:
    return Price(total=wanted.quantity * 10 - len(wanted.coupons))


SOME_SCOPES: Final = ("customers.*", "orders.list", "orders.get", "orders.create", "lines.*", "memos.*")
KEYS: Final = {
    "north-all": principal("nora", "north", "partner", "operator", "internal"),
    "north-some": principal("niels", "north", "partner", scopes=SOME_SCOPES),
    "south-all": principal("sara", "south", "partner", "operator", "internal"),
    "south-some": principal("sven", "south", "partner", scopes=SOME_SCOPES),
}

PARTNER: Final = "/v1"
OPERATOR: Final = "/admin"
INTERNAL: Final = "/internal"


def make_app(database: str | os.PathLike[str], *, plain: bool = False) -> dm.App:
    """Surfaces on the contract: partners may not delete customers, nor see their secrets."""
    keys = dm.api_keys(fixed=KEYS)
    return dm.App(
        dm.rest(
            "partner",
            PARTNER,
            audience="partner",
            auth=keys,
            exposes=[customers.without("delete"), orders, lines, memos],
        ),
        dm.rest(
            "operator",
            OPERATOR,
            audience="operator",
            auth=keys,
            exposes=[customers, orders, lines, memos, quote],
            partial=True,
        ),
        dm.rpc("inside", INTERNAL, audience="internal", auth=keys, exposes=[quote], lock=None),
        database=database,
        plain=plain,
    )
