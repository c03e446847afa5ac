"""Accounts in pairs, from which two callers take at once. It is served by two workers."""

from __future__ import annotations

import asyncio
from typing import Literal

import dragoman as dm

KEY = "skewed"
PAUSE = 0.002
"""Between what a handler reads and what it stages, in seconds: so that others come in between."""


class Account(dm.Resource, prefix="acc"):
    balance: int = 0


class Pairs(dm.Struct):
    count: int


class Opened(dm.Struct):
    pairs: list[list[dm.Id[Account]]]


class Withdrawal(dm.Struct):
    """Take 100 from ``own``, if that and ``other`` hold 100 between them."""

    own: dm.Id[Account]
    other: dm.Id[Account]
    read: Literal["get", "peek"]


bank = dm.Contract("bank")
accounts = bank.resource(Account)


@bank.operation
async def open_pairs(input: Pairs, ctx: dm.Context) -> Opened:
    made = [[ctx.create(Account(balance=60)).id for _ in range(2)] for _ in range(input.count)]
    return Opened(pairs=made)


@bank.operation(rerun=True)
async def withdraw(input: Withdrawal, ctx: dm.Context) -> Account:
    read = ctx.get if input.read == "get" else ctx.peek
    own, other = await read(Account, input.own), await read(Account, input.other)
    await asyncio.sleep(PAUSE)
    if own.balance + other.balance < 100:
        raise dm.FailedPrecondition("the two accounts do not hold 100")
    return ctx.save(dm.replace(own, balance=own.balance - 100))


app = dm.App(
    dm.rest(
        "bank",
        "/v1",
        audience="operator",
        auth=dm.api_keys(
            fixed={KEY: dm.Principal("skewed", "default", frozenset("*"), frozenset({dm.Audience.OPERATOR}))}
        ),
        exposes=[accounts, open_pairs, withdraw],
    )
)
