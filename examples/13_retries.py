"""Retries: a call that is sent again with its key is done once, and answered alike.

    dragoman serve 13_retries:app
    curl localhost:8000/v1/tickets --json '{"seat": "A1"}' -H 'Authorization: Bearer ann' -H 'Idempotency-Key: 1'
    curl localhost:8000/v1/tickets --json '{"seat": "A1"}' -H 'Authorization: Bearer ann' -H 'Idempotency-Key: 1'
    curl localhost:8000/v1/tickets --json '{"seat": "A2"}' -H 'Authorization: Bearer ann' -H 'Idempotency-Key: 1'  # 422
    curl localhost:8000/v1/tickets --json '{"seat": "A1"}' -H 'Authorization: Bearer ann' -H 'Idempotency-Key: 2'  # 409
    curl localhost:8000/v1/pay --json '{"cents": 900}' -H 'Authorization: Bearer ann' -H 'Idempotency-Key: 3'
    curl localhost:8000/v1/pay --json '{"cents": 900}' -H 'Authorization: Bearer ann'  # 400

A call with effects outside, as `pay` is, reserves its key first. If the process dies meanwhile, nobody knows what came
of it, and `dragoman ledger` settles it.
"""

from typing import Annotated

import dragoman as dm


class Ticket(dm.Resource, prefix="tic"):
    seat: Annotated[str, dm.Pattern("^[A-Z][0-9]{1,2}$"), dm.Unique()]


class Payment(dm.Struct):
    cents: Annotated[int, dm.Gt(0)]


class Paid(dm.Struct):
    reference: str


theatre = dm.Contract("theatre")
tickets = theatre.resource(Ticket)
charged: dict[str, int] = {}
"""What a provider of payments, who knows calls by their keys too, was asked for."""


@theatre.operation(external=True)
async def pay(payment: Payment, ctx: dm.Context) -> Paid:
    """Charge the caller's card."""
    charged.setdefault(ctx.downstream_key, payment.cents)
    return Paid(reference=ctx.downstream_key)


app = dm.App(
    dm.rest(
        "partner",
        "/v1",
        audience="partner",
        auth=dm.api_keys(
            fixed={"ann": dm.Principal("ann", "default", frozenset("*"), frozenset({dm.Audience.PARTNER}))}
        ),
        exposes=[tickets, pay],
        idempotency=dm.Idempotency(retention=7 * 24 * 3600),
    )
)
