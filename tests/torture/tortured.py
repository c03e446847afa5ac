"""The bank that is tortured: each payment is a row, and counts in an account, in the same commit."""

from __future__ import annotations

import os
from typing import Annotated

import dragoman as dm

TORTURING = "DRAGOMAN_TORTURE" in os.environ
"""Whether all of it is to be run, and not the part that fits into a test."""

KEY = "torture"


class Account(dm.Resource, prefix="acc"):
    payments: Annotated[int, dm.Ge(0)] = 0


class Payment(dm.Resource, prefix="pay"):
    reference: Annotated[str, dm.Length(1, 40), dm.Filter()]
    number: int = 0


class Paid(dm.Struct):
    """A payment was made."""

    account: dm.Id[Account]
    payment: dm.Id[Payment]


class Pay(dm.Struct):
    account: dm.Id[Account]
    reference: str


bank = dm.Contract("bank")
accounts, payments = bank.resource(Account), bank.resource(Payment)
bank.event(Paid, key="account")


@bank.operation
async def pay(input: Pay, ctx: dm.Context) -> Payment:
    account = await ctx.peek(Account, input.account)
    ctx.save(dm.replace(account, payments=dm.add(1)))
    payment = ctx.create(Payment(reference=input.reference, number=dm.next("payments")))
    ctx.publish(Paid(account=account.id, payment=payment.id))
    return payment


app = dm.App(
    dm.rest(
        "bank",
        "/v1",
        audience="operator",
        auth=dm.api_keys(
            fixed={KEY: dm.Principal("tortured", "default", frozenset("*"), frozenset({dm.Audience.OPERATOR}))}
        ),
        exposes=[accounts, payments, pay],
    )
)
