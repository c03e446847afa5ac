"""A stand-in for a fraud model: a plain rule, in the shape of a model that scores many at once."""

from collections.abc import Sequence
from typing import Annotated

import dragoman as dm


class Transaction(dm.Struct):
    """A payment to be judged."""

    amount_cents: Annotated[int, dm.Ge(0)]
    country: Annotated[str, dm.Pattern("^[A-Z]{2}$")] = "US"
    orders_before: Annotated[int, dm.Ge(0)] = 0


class Score(dm.Struct):
    """How likely fraud is, from 0 to 1, and what raised it."""

    score: Annotated[float, dm.Ge(0), dm.Le(1)]
    reasons: list[str]


def score(transactions: Sequence[Transaction]) -> list[Score]:
    """Score each transaction."""
    return [_score(each) for each in transactions]


def _score(transaction: Transaction) -> Score:
    percent, reasons = 1, list[str]()
    if transaction.amount_cents > 20_000:
        percent += 40
        reasons.append("large amount")
    if transaction.country != "US":
        percent += 25
        reasons.append("foreign country")
    if transaction.orders_before == 0:
        percent += 20
        reasons.append("first order")
    return Score(score=percent / 100, reasons=reasons)
