"""Faults: what goes wrong has one of sixteen codes, and each style has its own form for it. On REST it is a problem
document (RFC 9457).

    dragoman serve 05_faults:app
    curl 'localhost:8000/v1/divide?dividend=7&divisor=2'
    curl 'localhost:8000/v1/divide?dividend=7&divisor=0'  # 422
    curl 'localhost:8000/v1/divide?dividend=seven'  # 422
    curl -i 'localhost:8000/v1/divide?dividend=13&divisor=1'  # 429
    curl localhost:8000/internal/divide --json '{"dividend": 7, "divisor": 0}'  # 422
"""

import dragoman as dm


class Division(dm.Struct):
    dividend: int
    divisor: int


class Quotient(dm.Struct):
    quotient: int
    remainder: int


class Unlucky(dm.ResourceExhausted):
    """A fault of our own: a code, and a reason for programs to tell it by."""

    reason = "UNLUCKY"


contract = dm.Contract("arithmetic")


@contract.operation(effect="safe")
async def divide(division: Division) -> Quotient:
    """Divide whole numbers."""
    if division.divisor == 0:
        violation = dm.Violation(("divisor",), "is zero")
        raise dm.InvalidArgument("nothing can be divided by zero", violations=[violation])
    if division.dividend == 13:
        raise Unlucky("not this number, not now", metadata={"number": "13"}, retry_after=60)
    quotient, remainder = divmod(division.dividend, division.divisor)
    return Quotient(quotient=quotient, remainder=remainder)


app = dm.App(
    dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[divide]),
    dm.rpc("internal", "/internal", audience="internal", auth=dm.anonymous(), exposes=[divide]),
)
