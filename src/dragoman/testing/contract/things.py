"""The contract whose resources and messages have a field of every kind, with operations of every effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime

import dragoman as dm

from .kinds import Answer, Maker, Order, Question, Receipt, Reviewed, Thing


class OutOfStock(dm.FailedPrecondition):
    """There is none left. More is on its way."""

    reason = "OUT_OF_STOCK"


class TooSoon(dm.ResourceExhausted):
    reason = "TOO_SOON"


class ThingRetired(dm.Struct):
    """A thing was taken out of use."""

    thing: dm.Id[Thing]
    at: datetime


things = dm.Contract("things", version="2.1.0", description="Things, and who makes them.")
makers, all_things = things.resource(Maker), things.resource(Thing)
thing_retired: dm.Event = things.event(ThingRetired, key="thing")


@all_things.method(effect="idempotent", faults=[OutOfStock, TooSoon], rerun=True)
async def retire(thing: Thing, ctx: dm.Context) -> Thing:
    """Take a thing out of use. It is kept."""
    if thing.natural == 0:
        raise OutOfStock("there is none that could be retired", metadata={"left": "0"})
    if thing.at is not None and thing.at > ctx.now:
        raise TooSoon(f"it is in use until {thing.at:%Y-%m-%d}; retire it then")
    ctx.publish(ThingRetired(thing=thing.id, at=ctx.now))
    return ctx.save(dm.replace(thing, flag=True))


@all_things.method(traits=[dm.Procedure(service="OrderDesk", method="PlaceOrder")])
async def order(thing: Thing, order: Order, ctx: dm.Context) -> Receipt:
    return Receipt(order=order, cents=thing.count)


@all_things.method(
    effect="safe",
    deprecated=dm.Deprecated(
        "get the thing", since=date(2026, 1, 1), sunset=date(2027, 1, 1), link="/changes#describe"
    ),
)
async def describe(thing: Thing, ctx: dm.Context) -> Answer:
    """Say in words what a thing is."""
    return Answer(text=thing.text, likely=1.0)


@things.operation(effect="safe")
def ask(question: Question) -> Answer:
    """Ask a question."""
    return Answer(text=question.text, likely=0.5)


@things.operation(effect="safe")
async def answer_slowly(question: Question) -> AsyncIterator[Answer]:
    """Answer a question word by word."""
    for word in question.text.split():
        yield Answer(text=word, likely=0.5)


@things.operation
async def sum_up(questions: AsyncIterator[Question]) -> Answer:
    """Take many questions, and answer them in one."""
    return Answer(text=" ".join([each.text async for each in questions]), likely=0.5)


@things.operation(effect="safe")
async def converse(questions: AsyncIterator[Question]) -> AsyncIterator[Answer]:
    """Answer each question as it comes."""
    async for each in questions:
        yield Answer(text=each.text, likely=0.5)


@all_things.method
def disassemble(thing: Thing) -> Iterator[Answer]:
    """Take a thing apart, letter by letter."""
    for letter in thing.text:
        yield Answer(text=letter, likely=1.0)


@things.operation
def forget() -> None:
    """Forget everything that was asked."""


recall = things.declare(
    "recall",
    input=Question,
    output=Answer,
    effect="safe",
    deadline=2.0,
    traits=[Reviewed(by="the kit")],
    description="Answer a question as the last time.",
)
"""Declared here; its handler stands in another module."""
