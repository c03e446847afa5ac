"""Mistakes that both checkers must report: exactly the lines that end in a mark."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import dragoman as dm


class Customer(dm.Resource, prefix="cus"):
    name: str
    plan: str = "free"


class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    total_cents: Annotated[int, dm.Ge(0)]


class Item(dm.Struct):
    sku: str
    count: dm.Int64 = 1


class Nameless(dm.Resource):  # error
    name: str


class Misspelt(dm.Resource, prefx="mis"):  # error
    name: str


class Tagged(dm.Struct, tagg=True):  # error
    name: str


shop = dm.Contract("shop")
customers, orders = shop.resource(Customer), shop.resource(Order)
customer = Customer(name="Ada")
order = Order(customer=customer.id, total_cents=1)

Order(customer=order.id, total_cents=1)  # error
Order(customer="cus_1", total_cents=1)  # error
Order(total_cents=1)  # error
Customer(name=1)  # error
Customer("Ada")  # error
Customer(name="Ada", nmae="Ada")  # error
Customer(name="Ada", id="cus_1")  # error
Customer(name="Ada", version=2)  # error
customer.name = "Grace"  # error
customer.id = customer.id  # error
print(customer.nmae)  # error
Item("a")  # error
Item(sku=1)  # error
Item(sku="a", count="1")  # error
Item(sku="a").sku = "b"  # error
shop.resource(Item)  # error
number: int = dm.replace(customer, name="Grace")  # error
dm.Filter("ge")  # error
dm.Ref(on_delete="nothing")  # error


@orders.method  # error
async def of_another(customer: Customer) -> Customer:
    return customer


@orders.method(effect="idempotent")  # error
async def of_another_too(customer: Customer, ctx: dm.Context) -> Customer:
    return customer


@orders.method
async def cancel(order: Order, ctx: dm.Context) -> Order:
    await ctx.get(Customer, order.id)  # error
    ctx.save(customer.id)  # error
    return await ctx.get(Customer, order.customer)  # error


@orders.method(effect="sfae")  # error
async def misspelt(order: Order) -> Order:
    return order


@shop.operation(effect="sfae")  # error
async def misspelt_too(item: Item) -> Item:
    return item


@shop.operation(batch=dm.Batch())  # error
def batch_of_one(item: Item) -> Item:
    return item


@shop.operation(batch=dm.Batch())  # error
def batch_to_one(items: Sequence[Item]) -> Item:
    return items[0]


@shop.operation(batch=dm.Batch())
def predict(items: Sequence[Item]) -> Sequence[Item]:
    return items


@shop.operation
def double(item: Item) -> Item:
    return item


@shop.operation
async def record(items: AsyncIterator[Item], ctx: dm.Context) -> Item:
    return await anext(items)


shop.declare("chat", input=Item, output=Item, interaction="duplex")  # error
predict(Item(sku="a"))  # error
predict([customer])  # error
double(customer)  # error
double()  # error
print(double(Item(sku="a")).skus)  # error


async def call(ctx: dm.Context) -> None:
    await cancel(customer, ctx)  # error
    await cancel(order)  # error
    print((await cancel(order, ctx)).totals)  # error
    await record(Item(sku="a"), ctx)  # error
    await record([Item(sku="a")], ctx)  # error
