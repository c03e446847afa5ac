"""The shop as a developer writes it. Both checkers accept every line."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar, assert_type

import dragoman as dm

T = TypeVar("T")


class Customer(dm.Resource, prefix="cus"):
    name: Annotated[str, dm.Length(1, 200)]
    email: Annotated[dm.Email, dm.Unique()]
    plan: Literal["free", "pro", "enterprise"] = "free"


class Order(dm.Resource, prefix="ord", plural="orders", tenant=False):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    total_cents: Annotated[int, dm.Ge(0), dm.Filter("gte", "lt"), dm.Sort()]
    status: Annotated[Literal["placed", "paid", "shipped", "cancelled"], dm.Filter()] = "placed"
    parent: "dm.Id[Order] | None" = None


class Refund(dm.Struct):
    cents: dm.Int64
    reason: str = ""


class Card(dm.Struct, tag=True):
    number: str


class Cash(dm.Struct, tag="cash", tag_field="type"):
    pass


class Transaction(dm.Struct):
    amount: float
    payment: Card | Cash | None = None


@dataclass
class Score:
    value: float


customer = Customer(name="Ada", email="ada@example.com")
order = Order(customer=customer.id, total_cents=100)
child = Order(customer=customer.id, total_cents=100, parent=order.id)
assert_type(customer.id, dm.Id[Customer])
assert_type(order.customer, dm.Id[Customer])
assert_type(order.created_at, datetime)
assert_type(order.version, int)
assert_type(dm.replace(order, status="paid"), Order)
assert_type(Refund(cents=5).reason, str)
text: str = customer.id

shop = dm.Contract("shop", version="1.0.0")
customers, orders = shop.resource(Customer), shop.resource(Order)
some = [customers, orders.only("list", "get"), orders.without("delete")]


@orders.method
async def cancel(order: Order, ctx: dm.Context) -> Order:
    holder = await ctx.get(Customer, order.customer)
    assert_type(holder, Customer)
    assert_type(await ctx.list(Order, orders.field.customer == holder.id), list[Order])
    ctx.delete(holder)
    return ctx.save(dm.replace(order, status="cancelled"))


@orders.method(effect="idempotent", deadline=1.5, rerun=True)
async def refund(order: Order, given: Refund, ctx: dm.Context) -> Order:
    return ctx.save(dm.replace(order, total_cents=order.total_cents - given.cents))


@orders.method(effect="safe", faults=[dm.NotFound])
def total(order: Order) -> Refund:
    return Refund(cents=order.total_cents)


@orders.method
def bare(order: Order, given: Refund) -> None: ...


@orders.visible
def visible(principal: dm.Principal) -> dm.Expression:
    return orders.field.customer == principal.identity


@shop.operation
async def ping() -> None: ...


@shop.operation(effect="safe")
async def score(given: Transaction, ctx: dm.Context) -> Score:
    return Score(ctx.remaining() or given.amount)


@shop.operation(effect="safe")
async def watch(given: Transaction) -> AsyncIterator[Score]:
    yield Score(given.amount)


@shop.operation
async def record(given: AsyncIterator[Transaction], ctx: dm.Context) -> Score:
    return Score(sum([each.amount async for each in given]))


@shop.operation(effect="safe")
async def rate(given: AsyncIterable[Transaction]) -> AsyncIterator[Score]:
    async for each in given:
        yield Score(each.amount)


@orders.method(effect="idempotent")
async def settle(order: Order, given: AsyncIterator[Refund], ctx: dm.Context) -> Order:
    return ctx.save(dm.replace(order, total_cents=sum([each.cents async for each in given])))


@shop.operation(effect="safe", deadline=0.05, batch=dm.Batch(max_size=64))
def predict(transactions: Sequence[Transaction]) -> Sequence[Score]:
    return [Score(each.amount) for each in transactions]


@shop.operation(batch=dm.Batch())
async def predict_later(transactions: Sequence[Transaction]) -> Sequence[Score]:
    return predict(transactions)


declared = shop.declare("declared", input=Transaction, output=Score, effect="safe")
declared_method = orders.declare("ship", output=Order)
declared_stream = shop.declare("stream", input=Transaction, output=Score, interaction="bidirectional")


@declared.handler
async def handle(given: Transaction) -> Score:
    return Score(given.amount)


@declared_stream.handler
async def handle_stream(given: AsyncIterator[Transaction]) -> AsyncIterator[Score]:
    async for each in given:
        yield Score(each.amount)


async def call(ctx: dm.Context) -> None:
    assert_type(await cancel(order, ctx), Order)
    assert_type(await refund(order, Refund(cents=1), ctx), Order)
    assert_type(total(order), Refund)
    assert_type(predict([Transaction(amount=1.0)]), Sequence[Score])
    later: Awaitable[Sequence[Score]] = predict_later([Transaction(amount=1.0, payment=Card(number="4"))])
    assert_type(await later, Sequence[Score])
    assert_type(await handle(Transaction(amount=1.0, payment=Cash())), Score)
    async for each in watch(Transaction(amount=1.0)):
        assert_type(each, Score)
    async for each in rate(handed(Transaction(amount=1.0))):
        assert_type(each, Score)
    assert_type(await record(handed(Transaction(amount=1.0)), ctx), Score)
    assert_type(await settle(order, handed(Refund(cents=1)), ctx), Order)


async def handed(*items: T) -> AsyncIterator[T]:
    for each in items:
        yield each
