"""The fraud model of the README, which always says the same, as a user of Dragoman writes it: nothing is tuned."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import dragoman as dm


class Transaction(dm.Struct):
    amount_cents: Annotated[int, dm.Ge(0)]
    country: Annotated[str, dm.Pattern("[A-Z]{2}")]
    orders_before: Annotated[int, dm.Ge(0)] = 0


class Score(dm.Struct):
    score: Annotated[float, dm.Ge(0), dm.Le(1)]
    reasons: list[str]


SCORE = Score(score=0.61, reasons=["large amount", "first order"])
fraud = dm.Contract("fraud")


@fraud.operation(effect="safe")
async def predict(transaction: Transaction) -> Score:
    if transaction.country == "ZZ":  # so that a deadline can be seen to hold
        await asyncio.sleep(2)
    return SCORE


@fraud.operation(effect="safe")
async def watch(transaction: Transaction) -> AsyncIterator[Score]:
    for _ in range(1000):
        yield SCORE


app = dm.App(dm.rpc("inference", "/internal", audience="internal", auth=dm.api_keys(), exposes=[predict, watch]))
