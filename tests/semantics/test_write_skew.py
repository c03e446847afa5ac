"""Write skew: two handlers read the same rows, and each writes another one of them.

2,000 times, with both handlers past their reads before either returns. What is read with ``get`` holds; what is read
with ``peek`` does not, which shows that the test can fail. The same for rows that are not there yet, with ``guard``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal

import pytest
from driving import Answer, Caller, principal, running

import dragoman as dm

pytestmark = pytest.mark.slow

ROUNDS = 2_000
AT_ONCE = 100


class Account(dm.Resource, prefix="acc"):
    balance: int = 0


class Booking(dm.Resource, prefix="boo"):
    room: Annotated[str, dm.Filter()]
    guest: str


class Pairs(dm.Struct):
    count: int


class Opened(dm.Struct):
    pairs: list[list[dm.Id[Account]]]


class Withdrawal(dm.Struct):
    """Take 100 from ``own``, if that and ``other`` hold 100 between them."""

    round: str
    own: dm.Id[Account]
    other: dm.Id[Account]
    read: Literal["get", "peek"]


class Request(dm.Struct):
    room: str
    guest: str
    guarded: bool


bank = dm.Contract("bank")
accounts, bookings = bank.resource(Account), bank.resource(Booking)


class Meetings:
    """Where the two handlers of a round wait for each other, once each."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin again."""
        self.barriers: dict[str, asyncio.Barrier] = {}
        self.met: set[tuple[str, str]] = set()
        self.runs = 0

    async def meet(self, round: str, who: str) -> None:
        """Wait for the other one; a handler that is run again does not wait again."""
        self.runs += 1
        if (round, who) not in self.met:
            self.met.add((round, who))
            await self.barriers.setdefault(round, asyncio.Barrier(2)).wait()


meetings = Meetings()


@bank.operation
async def open_pairs(input: Pairs, ctx: dm.Context) -> Opened:
    made = [[ctx.create(Account(balance=60)).id for _ in range(2)] for _ in range(input.count)]
    return Opened(pairs=made)


async def take(input: Withdrawal, ctx: dm.Context) -> Account:
    read = ctx.get if input.read == "get" else ctx.peek
    own, other = await read(Account, input.own), await read(Account, input.other)
    await meetings.meet(input.round, input.own)
    if own.balance + other.balance < 100:
        raise dm.FailedPrecondition("the two accounts do not hold 100")
    return ctx.save(dm.replace(own, balance=own.balance - 100))


@bank.operation
async def withdraw(input: Withdrawal, ctx: dm.Context) -> Account:
    return await take(input, ctx)


@bank.operation(rerun=True)
async def withdraw_again(input: Withdrawal, ctx: dm.Context) -> Account:
    return await take(input, ctx)


@bank.operation
async def book(input: Request, ctx: dm.Context) -> Booking:
    if input.guarded:
        await ctx.guard("room", input.room)
    taken = await ctx.list(Booking, bookings.field.room == input.room)
    await meetings.meet(input.room, input.guest)
    if taken:
        raise dm.FailedPrecondition(f"{input.room} is taken")
    return ctx.create(Booking(room=input.room, guest=input.guest))


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    keys = dm.api_keys(fixed={"teller": principal("teller", "bank", "operator")})
    exposes = [accounts, bookings, open_pairs, withdraw, withdraw_again, book]
    meetings.forget()
    return dm.App(
        dm.rest("bank", "/v1", audience="operator", auth=keys, exposes=exposes), database=tmp_path / "bank.db"
    )


Round = Callable[[int], Awaitable[tuple[Answer, Answer]]]


async def rounds(play: Round) -> list[tuple[Answer, Answer]]:
    """Play them all, some of them at once."""
    results: list[tuple[Answer, Answer]] = []
    for start in range(0, ROUNDS, AT_ONCE):
        results += await asyncio.gather(*map(play, range(start, start + AT_ONCE)))
    return results


def outcomes(result: tuple[Answer, Answer]) -> list[str]:
    """What the two of a round were told."""
    return sorted(answer.code for answer in result)


async def withdrawals(app: dm.App, operation: str, read: str) -> tuple[list[list[str]], list[int]]:
    """What each round's handlers were told, and what its two accounts hold in the end."""
    teller = Caller(app, "teller", "/v1")
    pairs: list[list[str]] = []
    while len(pairs) < ROUNDS:
        pairs += (await teller.post("/openPairs", {"count": 500})).ok().json["pairs"]

    async def play(number: int) -> tuple[Answer, Answer]:
        one, two = pairs[number]
        common = {"round": str(number), "read": read}
        answers = await asyncio.gather(
            teller.post(operation, {**common, "own": one, "other": two}),
            teller.post(operation, {**common, "own": two, "other": one}),
        )
        return answers[0], answers[1]

    told = [outcomes(each) for each in await rounds(play)]
    balances = {each["id"]: each["balance"] for each in await teller.pages("/accounts", 1000)}
    assert len(balances) == 2 * ROUNDS
    return told, [balances[one] + balances[two] for one, two in pairs]


def test_get_protects_a_decision(app: dm.App) -> None:
    async def scenario() -> None:
        async with running(app):
            told, sums = await withdrawals(app, "/withdraw", "get")
        assert all(each == ["ABORTED", "OK"] for each in told)
        assert all(each == 20 for each in sums)
        assert meetings.runs == 2 * ROUNDS

    asyncio.run(scenario())


def test_peek_does_not(app: dm.App) -> None:
    async def scenario() -> None:
        async with running(app):
            told, sums = await withdrawals(app, "/withdraw", "peek")
        assert ["OK", "OK"] in told
        assert any(each < 0 for each in sums), "the invariant must be breakable, or the test shows nothing"
        assert all((each == ["OK", "OK"]) == (sum < 0) for each, sum in zip(told, sums, strict=True))

    asyncio.run(scenario())


def test_what_is_run_again_decides_anew(app: dm.App) -> None:
    async def scenario() -> None:
        async with running(app):
            told, sums = await withdrawals(app, "/withdrawAgain", "get")
        assert all(each == ["FAILED_PRECONDITION", "OK"] for each in told)
        assert all(each == 20 for each in sums)
        assert meetings.runs == 3 * ROUNDS, "one of each two is run a second time"

    asyncio.run(scenario())


@pytest.mark.parametrize("guarded", [True, False])
def test_a_guard_protects_what_is_not_there_yet(app: dm.App, guarded: bool) -> None:
    async def scenario() -> None:
        async with running(app):
            teller = Caller(app, "teller", "/v1")

            async def play(number: int) -> tuple[Answer, Answer]:
                room = f"room {number}"
                answers = await asyncio.gather(
                    teller.post("/book", {"room": room, "guest": "Ann", "guarded": guarded}),
                    teller.post("/book", {"room": room, "guest": "Bob", "guarded": guarded}),
                )
                return answers[0], answers[1]

            told = [outcomes(each) for each in await rounds(play)]
            rooms = [each["room"] for each in await teller.pages("/bookings", 1000)]
        if guarded:
            assert all(each == ["ABORTED", "OK"] for each in told)
            assert len(rooms) == len(set(rooms)) == ROUNDS
        else:
            assert ["OK", "OK"] in told
            assert len(rooms) > len(set(rooms)), "without a guard a room is booked twice"

    asyncio.run(scenario())
