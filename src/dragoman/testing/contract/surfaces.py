"""The all-features contract as an application, with a surface for each way of reaching it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import dragoman as dm

from . import recall as _handlers  # noqa: F401  (binds the handler of an operation that is declared without one)
from .second_hand import appraise
from .stock import countries, notes, parts, reorder, write_note
from .things import all_things, answer_slowly, ask, converse, forget, makers, recall, sum_up
from .trouble import crash, fail, lie, take_too_long, wait

PUBLIC: Final = "/v1"
PARTNER: Final = "/partner"
ADMIN: Final = "/admin"
TROUBLE: Final = "/trouble"
CALLS: Final = "/calls"
REMOTE: Final = "/remote"


OURS: Final = dm.Imprint(
    contact=dm.Contact(name="Things", url="https://example.com/help", email="things@example.com"),
    license=dm.License("Apache 2.0", identifier="Apache-2.0"),
    terms="https://example.com/terms",
)
THEIRS: Final = dm.Imprint(
    contact=dm.Contact(email="admin@example.com"), license=dm.License("Ours", url="https://example.com/licence")
)


def _principal(identity: str, tenant: str, *audiences: dm.Audience, scopes: tuple[str, ...] = ("*",)) -> dm.Principal:
    return dm.Principal(identity, tenant, frozenset(scopes), frozenset(audiences))


KEYS: Final[Mapping[str, dm.Principal]] = {
    "north": _principal("nora", "north", dm.Audience.PARTNER, dm.Audience.INTERNAL),
    "north-staff": _principal("stan", "north", dm.Audience.PARTNER, scopes=("*", "staff")),
    "north-reader": _principal("rita", "north", dm.Audience.PARTNER, scopes=("makers.list", "makers.get", "things.*")),
    "south": _principal("sven", "south", dm.Audience.PARTNER, dm.Audience.INTERNAL),
    "operator": _principal("olga", "default", dm.Audience.OPERATOR, scopes=("*", "tenants.cross")),
}
"""The keys of the surfaces that ask for one: two tenants, one who sees more, one who may do less, and an operator."""


def surfaces() -> tuple[dm.Surface, ...]:
    """A surface for each way of reaching the contract."""
    keys = dm.api_keys(fixed=KEYS, table="feature_keys")
    return (
        dm.rest(
            "public",
            PUBLIC,
            audience="public",
            auth=dm.anonymous(),
            title="Things",
            description="All about things.",
            imprint=OURS,
            cors=dm.Cors(["*"]),
            heartbeat=5.0,
            exposes=[makers, all_things, ask, answer_slowly, forget, appraise, recall, countries, parts],
        ),
        dm.rest(
            "partner",
            PARTNER,
            audience="partner",
            auth=keys,
            imprint=OURS,
            idempotency=dm.Idempotency(retention=3 * 86_400),
            exposes=[
                makers,
                all_things,
                parts,
                countries.only("list", "get"),
                notes.without("create"),
                write_note,
                reorder,
            ],
        ),
        dm.rest(
            "admin",
            ADMIN,
            audience="operator",
            auth=keys,
            require_etag=True,
            partial=True,
            cross_tenants=True,
            imprint=THEIRS,
            deprecated=dm.Deprecated("use the console"),
            cors=dm.Cors(["https://console.example.com"], credentials=True, headers=["Traceparent"]),
            exposes=[makers, all_things.without("describe")],
        ),
        dm.rest(
            "trouble",
            TROUBLE,
            audience="internal",
            auth=dm.anonymous(),
            deadline=60.0,
            docs=False,
            imprint=THEIRS,
            exposes=[fail, crash, lie, wait, take_too_long],
        ),
        dm.rpc(
            "calls",
            CALLS,
            audience="internal",
            auth=keys,
            title="Calls",
            description="The operations that belong to no resource.",
            deadline=10.0,
            deprecated=True,
            cors=dm.Cors(["https://app.example.com", "http://localhost:5173"], max_age=60, expose=["Server-Timing"]),
            idempotency=dm.Idempotency(retention=3600),
            exposes=[ask, forget, appraise, recall, fail, wait, reorder],
        ),
        dm.rpc(
            "remote",
            REMOTE,
            audience="partner",
            auth=keys,
            package="kit.things.v2",
            lock="remote.lock",
            message_size=8 * 1024 * 1024,
            reflection=True,
            cross_tenants=False,
            idempotency=dm.Idempotency(retention=3 * 86_400),
            exposes=[
                makers,
                all_things,
                parts,
                countries.only("list", "get"),
                notes.without("create"),
                write_note,
                reorder,
                sum_up,
                converse,
            ],
        ),
    )


def make_app(
    database: str | os.PathLike[str] | None = None, *, body: int = 4 * 1024 * 1024, plain: bool = False
) -> dm.App:
    """The application, on a database of its own."""
    return dm.App(*surfaces(), database=database, limits=dm.Limits(body=body, calls=256, streams=64), plain=plain)
