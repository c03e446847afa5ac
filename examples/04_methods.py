"""Custom methods, and preconditions: a change that somebody else got in before is refused, not overwritten.

    dragoman serve 04_methods:app
    curl -i localhost:8000/v1/tickets --json '{"title": "It is cold"}'
    curl -X POST localhost:8000/v1/tickets/tick_00000000000000000000000000:close  # 404

Take the id and the ETag of the first answer:

    curl -X PATCH localhost:8000/v1/tickets/ID -H 'If-Match: ETAG' --json '{"title": "?"}'
    curl -X POST localhost:8000/v1/tickets/ID:close -H 'If-Match: ETAG'

The second is answered 412, as the ETag is that of an older version.
"""

from typing import Annotated, Literal

import dragoman as dm


class Ticket(dm.Resource, prefix="tick"):
    title: Annotated[str, dm.Length(1, 200)]
    status: Annotated[Literal["open", "closed"], dm.ReadOnly(), dm.Filter()] = "open"
    reason: Annotated[str, dm.ReadOnly()] = ""


class Reopening(dm.Struct):
    reason: Annotated[str, dm.Length(1, 500)]


desk = dm.Contract("desk")
tickets = desk.resource(Ticket)


@tickets.method(effect="idempotent")
async def close(ticket: Ticket, ctx: dm.Context) -> Ticket:
    """Close it; closing it again changes nothing."""
    return ctx.save(dm.replace(ticket, status="closed"))


@tickets.method
async def reopen(ticket: Ticket, input: Reopening, ctx: dm.Context) -> Ticket:
    """Open it again, and say why."""
    if ticket.status == "open":
        raise dm.FailedPrecondition("it is open")
    return ctx.save(dm.replace(ticket, status="open", reason=input.reason))


app = dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[tickets]))
