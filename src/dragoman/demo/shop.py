"""The shop: one contract, and a surface for each kind of caller in the style that fits it."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Annotated, Literal

import dragoman as dm

from . import model
from .imprint import OURS
from .keys import KEYS
from .sales import Since, Turnover


class Customer(dm.Resource, prefix="cus"):
    name: Annotated[str, dm.Length(1, 200)]
    email: Annotated[dm.Email, dm.Unique()]
    plan: Literal["free", "pro", "enterprise"] = "free"


class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    placed_on: Annotated[date, dm.Filter("gte", "lt"), dm.Sort()]
    quantity: Annotated[int, dm.Ge(1)]
    total_cents: Annotated[int, dm.Ge(0), dm.Le(100_000_000), dm.Filter("gte", "lt"), dm.Sort()]
    status: Annotated[Literal["placed", "paid", "shipped", "cancelled"], dm.Filter()] = "placed"


shop = dm.Contract("shop")
customers, orders = shop.resource(Customer), shop.resource(Order)


@orders.method(effect="idempotent")
async def cancel(order: Order, ctx: dm.Context) -> Order:
    if order.status == "shipped":
        raise dm.FailedPrecondition("a shipped order cannot be cancelled")
    return ctx.save(dm.replace(order, status="cancelled"))


@shop.operation(effect="safe")
async def sales(input: Since, ctx: dm.Context) -> AsyncIterator[Turnover]:
    """What was sold, day by day, as it is summed up."""
    placed_on, sold = orders.field.placed_on, orders.field.status != "cancelled"
    later = placed_on >= input.since
    while first := await ctx.list(Order, later & sold, order_by="placed_on", limit=1):
        day = first[0].placed_on
        found = await ctx.list(Order, (placed_on == day) & sold)
        yield Turnover(day=day, orders=len(found), total_cents=sum(each.total_cents for each in found))
        later = placed_on > day


fraud = dm.Contract("fraud")


@fraud.operation(effect="safe", deadline=0.5, batch=dm.Batch(max_size=64))
def predict(transactions: Sequence[model.Transaction]) -> Sequence[model.Score]:
    return model.score(transactions)


keys = dm.api_keys(fixed=KEYS)
for_partners = [customers.only("list", "get", "create"), orders.without("delete")]
whole = (customers, orders, sales)

app = dm.App(
    dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[*for_partners, sales], imprint=OURS),
    dm.rpc("inference", "/internal", audience="internal", auth=keys, exposes=[predict], reflection=True),
    dm.rest("admin", "/admin/v1", audience="operator", auth=keys, exposes=whole, partial=True, imprint=OURS),
)
