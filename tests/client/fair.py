"""A contract for clients to be tried on, and an application that serves it over each style."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import dragoman as dm


class Stall(dm.Resource, prefix="sta"):
    """Where something is sold."""

    name: Annotated[str, dm.Length(1, 40), dm.Unique()]


class Ticket(dm.Resource, prefix="tic"):
    """A right to enter."""

    stall: Annotated[dm.Id[Stall], dm.Ref(reverse="tickets")]
    cents: Annotated[int, dm.Ge(0), dm.Filter("gte", "in"), dm.Sort()]
    state: Annotated[Literal["new", "used"], dm.Filter()] = "new"
    note: str | None = None
    tags: dict[str, str] = {}


class Amount(dm.Struct):
    cents: Annotated[int, dm.Ge(0), dm.Le(1_000_000)]


class Number(dm.Struct):
    value: int


class Many(dm.Struct):
    values: list[int]
    exact: bool = False


class Named(dm.Struct):
    name: str
    fails: Annotated[int, dm.Ge(0)] = 0
    seconds: float = 0.0


class Why(dm.Struct):
    code: str
    after: float | None = None


class Declined(dm.FailedPrecondition):
    """It holds more than a fault is made of."""

    reason = "DECLINED"

    def __init__(self, card: str) -> None:
        super().__init__(f"the card {card} was declined", metadata={"card": card})
        self.card = card


fair = dm.Contract("fair")
stalls, tickets = fair.resource(Stall), fair.resource(Ticket)
RUNS: Counter[str] = Counter()
"""How often a handler ran, by the name that it was given."""


@tickets.method(effect="idempotent")
async def use(ticket: Ticket, ctx: dm.Context) -> Ticket:
    return ctx.save(dm.replace(ticket, state="used"))


@tickets.method
async def refund(ticket: Ticket, given: Amount, ctx: dm.Context) -> Amount:
    if given.cents > ticket.cents:
        raise dm.FailedPrecondition("it cost less")
    ctx.save(dm.replace(ticket, cents=ticket.cents - given.cents))
    return Amount(cents=ticket.cents - given.cents)


@fair.operation(effect="safe")
async def total(given: Many) -> Number:
    return Number(value=-sum(given.values) if given.exact else sum(given.values))


@fair.operation(effect="safe", batch=dm.Batch(max_size=8))
def double(given: Sequence[Number]) -> Sequence[Number]:
    return [Number(value=2 * each.value) for each in given]


@fair.operation(effect="safe", faults=[Declined])
async def fail(given: Why) -> Number:
    match given.code:
        case "declined":
            raise Declined("4711")
        case "violations":
            found = [dm.Violation(("items", 2, "sku"), "is sold out", "stock"), dm.Violation(("cents",), "is low")]
            raise dm.InvalidArgument("two things are wrong ✓", violations=found)
        case "bug":
            raise RuntimeError("nobody may read this")
    raise dm.ResourceExhausted("too many", retry_after=given.after)


@fair.operation(effect="safe")
async def flaky(given: Named) -> Number:
    return await _flaky(given)


@fair.operation
async def flaky_booking(given: Named) -> Number:
    return await _flaky(given)


async def _flaky(given: Named) -> Number:
    RUNS[given.name] += 1
    if RUNS[given.name] <= given.fails:
        if given.name.startswith("locked"):
            raise dm.FailedPrecondition("it is locked for a moment", metadata={"by": "bob"}, retryable=True)
        raise dm.Unavailable("not now", retryable=False if given.name.startswith("gone") else None)
    await asyncio.sleep(given.seconds)
    return Number(value=RUNS[given.name])


@fair.operation(effect="safe")
async def runs(given: Named) -> Number:
    return Number(value=RUNS[given.name])


@fair.operation
async def ping() -> None:
    RUNS["ping"] += 1


@fair.operation(effect="safe")
async def remaining(ctx: dm.Context) -> Named:
    return Named(name="left", seconds=ctx.remaining() or 0)


@fair.operation(effect="safe", faults=[Declined])
async def tick(given: Named) -> AsyncIterator[Number]:
    """Numbers: a hundred of them, or for as long as somebody listens."""
    RUNS[given.name] += 1
    try:
        for number in range(100 if not given.seconds else 1_000_000):
            if given.fails and number == given.fails:
                raise Declined("0815")
            yield Number(value=number)
            await asyncio.sleep(given.seconds)
    finally:
        RUNS[given.name] -= 1


@fair.operation(effect="safe")
async def add_up(given: AsyncIterator[Number]) -> Number:
    return Number(value=sum([each.value async for each in given]))


@fair.operation(effect="safe")
async def echo(given: AsyncIterator[Number]) -> AsyncIterator[Number]:
    async for each in given:
        yield Number(value=-each.value)


LOCK = Path(__file__).with_name("fair.lock")
whole = [stalls, tickets, use, refund, total, double, fail, flaky, flaky_booking, runs, ping, remaining, tick]
keys = dm.api_keys(fixed={"ann": dm.Principal("ann", "fair", audiences=frozenset({dm.Audience.INTERNAL}))})
app = dm.App(
    dm.rpc("rpc", "/rpc", audience="internal", auth=keys, exposes=[*whole, add_up, echo], lock="fair.lock"),
    dm.rest("rest", "/v1", audience="internal", auth=keys, exposes=whole),
)
