"""What the team can operate. Nobody says that a style is bad; only that it is not free."""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.conditions import has_not
from dragoman.review.verdict.rule import Rule

from . import sources


def _missing(style: str, name: str, points: float, reason: str, example: str) -> Rule:
    return Rule(
        id=f"no-{style}-skills",
        title=f"The team has not operated {name}",
        source=sources.SHORTLIST,
        when=(has_not("skills", style),),
        adds={style: -points},
        reason=reason,
        exception="Hire or train, and it is gone: a clear fit outweighs it, with a gap to fill.",
        example=example,
    )


RULES: Final = (
    _missing(
        "rest",
        "REST",
        0.5,
        "HTTP done well has to be learned too, though most engineers know the half of it.",
        "A team that has only ever written stored procedures.",
    ),
    _missing(
        "rpc",
        "RPC or gRPC",
        1.5,
        "gRPC asks for schemas that grow without breaking, HTTP/2 through every balancer, and deadlines that travel.",
        "Nobody there has debugged a gRPC balancer.",
    ),
    _missing(
        "graphql",
        "GraphQL",
        2,
        "GraphQL asks for limits on queries, batched resolvers and caching by hand; without them one query stops it.",
        "Nobody there has bounded the cost of a query.",
    ),
    _missing(
        "events",
        "events and queues",
        1.5,
        "A broker asks for consumers that take a message twice, ordering by key, and somewhere for what keeps failing.",
        "Nobody there has run a broker.",
    ),
    _missing(
        "webhooks",
        "webhooks",
        0.5,
        "Webhooks ask for signatures, retries and a log of what was delivered.",
        "Nobody there has answered why an event never came.",
    ),
)
