"""Calls of a client: both checkers accept every line, but those that end in a mark."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any, assert_type

import dragoman as dm


class Customer(dm.Resource, prefix="cus"):
    name: str


class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    cents: int


class Item(dm.Struct):
    sku: str


class Price(dm.Struct):
    cents: int


shop = dm.Contract("shop")
customers, orders = shop.resource(Customer), shop.resource(Order)


@orders.method
async def cancel(order: Order, ctx: dm.Context) -> Order:
    return order


@orders.method
async def add(order: Order, given: Item, ctx: dm.Context) -> Price:
    return Price(cents=order.cents)


@orders.method(effect="safe")
def total(order: Order) -> Price:
    return Price(cents=order.cents)


@orders.method(effect="safe")
async def follow(order: Order, ctx: dm.Context) -> AsyncIterator[Order]:
    yield order


@shop.operation(effect="safe", batch=dm.Batch())
def predict(items: Sequence[Item]) -> Sequence[Price]:
    return [Price(cents=1) for _ in items]


@shop.operation(effect="safe", batch=dm.Batch())
async def predict_later(items: Sequence[Item]) -> Sequence[Price]:
    return predict(items)


@shop.operation(effect="safe")
async def price(item: Item, ctx: dm.Context) -> Price:
    return Price(cents=1)


@shop.operation(effect="safe")
def price_at_once(item: Item) -> Price:
    return Price(cents=1)


@shop.operation
async def ping() -> None: ...


@shop.operation(effect="safe")
async def cheapest(ctx: dm.Context) -> Price:
    return Price(cents=1)


@shop.operation
async def record(items: AsyncIterator[Item], ctx: dm.Context) -> Price:
    return Price(cents=1)


@shop.operation(effect="safe")
async def watch(item: Item) -> AsyncIterator[Price]:
    yield Price(cents=1)


@shop.operation(effect="safe")
def count(item: Item) -> Iterator[Price]:
    yield Price(cents=1)


@shop.operation(effect="safe")
async def rate(items: AsyncIterator[Item]) -> AsyncIterator[Price]:
    async for _ in items:
        yield Price(cents=1)


declared = shop.declare("declared", input=Item, output=Price)
item = Item(sku="a")


async def items() -> AsyncIterator[Item]:
    yield item


async def waiting(client: dm.AsyncClient, order: Order, customer: Customer) -> None:
    assert_type(await client.call(predict, item), Price)
    assert_type(await client.call(predict_later, item), Price)
    assert_type(await client.call(price, item, timeout=0.5, key=None), Price)
    assert_type(await client.call(price_at_once, item), Price)
    assert_type(await client.call(cheapest), Price)
    await client.call(ping)
    assert_type(await client.call(record, items()), Price)
    assert_type(await client.call(record, [item]), Price)
    assert_type(await client.call(cancel, order), Order)
    assert_type(await client.call(cancel, order.id), Order)
    assert_type(await client.call(add, order, item), Price)
    assert_type(await client.call(add, order.id, item), Price)
    assert_type(await client.call(total, order.id), Price)
    assert_type(await client.call(declared, item), Any)
    async for each in client.stream(watch, item):
        assert_type(each, Price)
    async with client.stream(count, item) as counted:
        async for one in counted:
            assert_type(one, Price)
    async for rated in client.stream(rate, items()):
        assert_type(rated, Price)
    async for followed in client.stream(follow, order.id):
        assert_type(followed, Order)
    assert_type(await client[orders].get(order.id), Order)
    assert_type(await client[orders].create(Order(customer=customer.id, cents=1)), Order)
    assert_type(await client[orders].update(order, cents=2), Order)
    await client[orders].delete(order.id)
    async for found in client[orders].list(orders.field.cents >= 5, order_by="-cents"):
        assert_type(found, Order)
    page = await client.using(timeout=1)[customers].page(page_size=5)
    assert_type(page, dm.Page[Customer])
    assert_type(page.items, Sequence[Customer])

    await client.call(price, order)  # error
    await client.call(price)  # error
    await client.call(ping, item)  # error
    await client.call(cancel, customer)  # error
    await client.call(cancel, customer.id)  # error
    await client.call(add, order)  # error
    await client.call(add, order, order)  # error
    await client.call(price, item, timout=1)  # error
    await client.call(record, item)  # error
    client.stream(watch, order)  # error
    client.stream(price, item)  # error
    await client[orders].get(customer.id)  # error
    await client[orders].get("ord_1")  # error
    await client[orders].create(customer)  # error
    await client[orders].delete(customer)  # error
    client[price]  # error
    dm.AsyncClient("http://127.0.0.1", over="soap")  # error


def blocking(client: dm.Client, order: Order, customer: Customer) -> None:
    assert_type(client.call(predict, item), Price)
    assert_type(client.call(price, item), Price)
    assert_type(client.call(record, [item]), Price)
    assert_type(client.call(cancel, order.id), Order)
    assert_type(client.call(add, order, item), Price)
    for each in client.stream(watch, item):
        assert_type(each, Price)
    for rated in client.stream(rate, [item]):
        assert_type(rated, Price)
    assert_type(client[orders].get(order.id), Order)
    for found in client[orders].list():
        assert_type(found, Order)
    assert_type(client[customers].page(), dm.Page[Customer])

    client.call(price, order)  # error
    client[orders].get(customer.id)  # error
    print(client.call(price, item).euros)  # error
