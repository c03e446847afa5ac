"""What a handler's signature says; the wrong ones are in test_declaration_errors.py."""

import functools
import sys
import types
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Sequence,
)
from dataclasses import dataclass
from typing import Any

import pydantic
import pytest

import dragoman as dm
from dragoman.contract.operation import Effect, Interaction
from dragoman.contract.signature import Signature, read_signature

STREAM, TAKES, BOTH = Interaction.SERVER_STREAM, Interaction.CLIENT_STREAM, Interaction.BIDIRECTIONAL


class Order(dm.Resource, prefix="ord"):
    total: int


class Item(dm.Struct):
    sku: str


@dataclass
class Plain:
    x: int


class Model(pydantic.BaseModel):
    x: int


async def nothing() -> None:
    """Does nothing.

    Well.
    """


async def one(item: Item) -> None: ...
async def context(ctx: dm.Context) -> None: ...
async def both(item: Item, ctx: dm.Context) -> Order: ...  # type: ignore[empty-body]
async def quoted(item: "Item", ctx: "dm.Context") -> "Order": ...  # type: ignore[empty-body]
def plain(item: Plain) -> Model: ...  # type: ignore[empty-body]
def awaitable(item: Item) -> Awaitable[Item]: ...  # type: ignore[empty-body]
async def stream(item: Item, ctx: dm.Context) -> AsyncIterator[Item]:
    yield item


async def generator(item: Item) -> AsyncGenerator[Item, None]:
    yield item


def iterable(item: Item) -> AsyncIterable[Item]:
    return generator(item)


def plain_stream(item: Item) -> Iterator[Item]:
    yield item


def plain_generator() -> Generator[Item, None, None]:
    yield Item(sku="a")


async def taking(items: AsyncIterator[Item], ctx: dm.Context) -> Plain: ...  # type: ignore[empty-body]
async def taking_iterable(items: "AsyncIterable[Item]") -> None: ...
def taking_awaitable(items: AsyncIterator[Item]) -> Awaitable[Item]: ...  # type: ignore[empty-body]
async def chat(items: AsyncIterator[Item], ctx: dm.Context) -> AsyncIterator[Plain]:
    yield Plain(1)


def chat_returned(items: AsyncIterator[Item]) -> AsyncIterator[Item]:
    return items


class Service:
    async def method(self, item: Item, ctx: dm.Context) -> Item:
        return item

    @staticmethod
    async def static(item: Item) -> Item:
        return item

    async def __call__(self, item: Item) -> Item:
        return item


@functools.wraps(both)
async def wrapped(*args: Any) -> Any: ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (nothing, Signature(asynchronous=True, description="Does nothing.\n\nWell.")),
        (one, Signature(Item, asynchronous=True)),
        (context, Signature(context=True, asynchronous=True)),
        (both, Signature(Item, Order, context=True, asynchronous=True)),
        (quoted, Signature(Item, Order, context=True, asynchronous=True)),
        (wrapped, Signature(Item, Order, context=True, asynchronous=True)),
        (plain, Signature(Plain, Model)),
        (awaitable, Signature(Item, Item, asynchronous=True)),
        (stream, Signature(Item, Item, context=True, asynchronous=True, interaction=STREAM)),
        (generator, Signature(Item, Item, asynchronous=True, interaction=STREAM)),
        (iterable, Signature(Item, Item, asynchronous=True, interaction=STREAM)),
        (plain_stream, Signature(Item, Item, interaction=STREAM)),
        (plain_generator, Signature(None, Item, interaction=STREAM)),
        (taking, Signature(Item, Plain, context=True, asynchronous=True, interaction=TAKES)),
        (taking_iterable, Signature(Item, asynchronous=True, interaction=TAKES)),
        (taking_awaitable, Signature(Item, Item, asynchronous=True, interaction=TAKES)),
        (chat, Signature(Item, Plain, context=True, asynchronous=True, interaction=BOTH)),
        (chat_returned, Signature(Item, Item, asynchronous=True, interaction=BOTH)),
        (Service().method, Signature(Item, Item, context=True, asynchronous=True)),
        (Service.static, Signature(Item, Item, asynchronous=True)),
        (Service(), Signature(Item, Item, asynchronous=True)),
    ],
)
def test_each_form(function: Callable[..., Any], expected: Signature) -> None:
    assert read_signature(function, None) == expected


async def method(order: Order) -> Order: ...  # type: ignore[empty-body]
async def method_input(order: Order, item: Item) -> None: ...
async def method_context(order: Order, ctx: dm.Context) -> None: ...
async def method_both(order: Order, item: Item, ctx: dm.Context) -> Item: ...  # type: ignore[empty-body]
def method_plain(order: Order) -> None: ...
async def method_of_another(order: Order, other: Order) -> None: ...
async def method_taking(order: Order, items: AsyncIterator[Item], ctx: dm.Context) -> None: ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (method, Signature(None, Order, asynchronous=True)),
        (method_input, Signature(Item, asynchronous=True)),
        (method_context, Signature(context=True, asynchronous=True)),
        (method_both, Signature(Item, Item, context=True, asynchronous=True)),
        (method_plain, Signature()),
        (method_of_another, Signature(Order, asynchronous=True)),
        (method_taking, Signature(Item, context=True, asynchronous=True, interaction=TAKES)),
    ],
)
def test_each_form_of_a_method(function: Callable[..., Any], expected: Signature) -> None:
    assert read_signature(function, None, resource=Order) == expected


def batch(items: Sequence[Item]) -> Sequence[Plain]: ...  # type: ignore[empty-body]
async def batch_list(items: list[Item]) -> list[Plain]: ...  # type: ignore[empty-body]
async def batch_faults(items: Sequence[Item]) -> Sequence[Plain | dm.NotFound | dm.Fault]: ...  # type: ignore[empty-body]


@pytest.mark.parametrize("function", [batch, batch_list, batch_faults])
def test_a_batch(function: Callable[..., Any]) -> None:
    found = read_signature(function, None, batch=dm.Batch())
    assert (found.input, found.output, found.context) == (Item, Plain, False)
    assert found.asynchronous == (function is not batch)


def test_a_handler_that_is_bound_later() -> None:
    shop = dm.Contract("shop")
    operation = shop.declare("predict", input=Item, output=Plain, batch=dm.Batch(), effect="safe")
    assert not operation.has_handler
    operation.handler(batch)
    assert operation.has_handler
    assert operation.signature == Signature(Item, Plain)
    assert operation.operation.effect is Effect.SAFE
    watch = shop.declare("watch", input=Item, output=Item, interaction=STREAM)
    watch.handler(stream)
    shop.declare("record", input=Item, output=Plain, interaction="client_stream").handler(taking)
    shop.declare("chat", input=Item, output=Plain, interaction=BOTH).handler(chat)
    assert [shop.operations[name].interaction for name in ("record", "chat")] == [TAKES, BOTH]
    orders = shop.resource(Order)
    orders.declare("touch", output=Order).handler(method)
    orders.declare("fill", input=Item, interaction="client_stream").handler(method_taking)
    assert shop.operations["orders.touch"].resource is orders.description


def test_local_classes_and_postponed_annotations() -> None:
    module = types.ModuleType("postponed_handlers")
    sys.modules["postponed_handlers"] = module
    code = (
        "from __future__ import annotations\n"
        "import dragoman as dm\n"
        "def declare():\n"
        "    shop = dm.Contract('shop')\n"
        "    class Local(dm.Struct):\n"
        "        x: int\n"
        "    @shop.operation\n"
        "    async def double(given: Local, ctx: dm.Context) -> Local: ...\n"
        "    return double\n"
    )
    exec(compile(code, "postponed_handlers", "exec", dont_inherit=True), vars(module))
    signature = module.__dict__["declare"]().signature
    assert signature.input.__name__ == signature.output.__name__ == "Local"
    assert signature.context
    del sys.modules["postponed_handlers"]


def test_a_local_handler_that_calls_itself() -> None:
    shop = dm.Contract("shop")

    @shop.operation
    async def again(item: Item) -> Item:
        return await again(item)

    assert again.signature == Signature(Item, Item, asynchronous=True)


def test_a_handle_is_still_called_as_its_function() -> None:
    shop = dm.Contract("shop")

    @shop.operation(effect="safe")
    def double(item: Item) -> Item:
        return Item(sku=item.sku * 2)

    assert double(Item(sku="a")) == Item(sku="aa")
    assert shop.operations == {"double": double.operation}
