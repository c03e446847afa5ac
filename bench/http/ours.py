"""The shop of the README with orders of eight fields, as a user of Dragoman writes it: nothing is tuned."""

from typing import Annotated, Literal

import dragoman as dm


class Customer(dm.Resource, prefix="cus"):
    name: Annotated[str, dm.Length(1, 200)]
    email: Annotated[dm.Email, dm.Unique()]


class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    status: Annotated[Literal["placed", "paid", "shipped", "cancelled"], dm.Filter()] = "placed"
    currency: Annotated[str, dm.Pattern("[A-Z]{3}")]
    total_cents: Annotated[int, dm.Ge(0), dm.Filter("gte", "lt"), dm.Sort()]
    note: Annotated[str, dm.Length(0, 500)] = ""


class Greeting(dm.Struct):
    hello: str


shop = dm.Contract("shop")
customers, orders = shop.resource(Customer), shop.resource(Order)


@shop.operation(effect="safe")
async def hello() -> Greeting:
    return Greeting(hello="world")


app = dm.App(dm.rest("partner", "/v1", audience="partner", auth=dm.api_keys(), exposes=[customers, orders, hello]))
