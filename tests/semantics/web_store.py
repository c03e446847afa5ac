"""A store of goods, on a surface that asks for a key, one that lets anybody in, and one of calls."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final

from driving import Caller, principal, running

import dragoman as dm

ADMIN: Final = "/admin"
OPEN: Final = "/open"
CALLS: Final = "/calls"
PAGES: Final = "https://app.example.com"


class Good(dm.Resource, prefix="good"):
    name: Annotated[str, dm.Length(1, 4000), dm.Unique(), dm.Sort()]
    grams: Annotated[int, dm.Ge(0), dm.Filter("gte")] = 1


class Crate(dm.Resource, prefix="crt"):
    good: Annotated[dm.Id[Good] | None, dm.Ref(reverse="crates", on_delete="null")] = None


class Counted(dm.Struct):
    goods: int


class Busy(dm.ResourceExhausted):
    reason = "BUSY"


goods_contract: Final = dm.Contract("store")
goods: Final = goods_contract.resource(Good, traits=[dm.Fresh(60)])
crates: Final = goods_contract.resource(Crate)


@goods_contract.operation(effect="safe")
async def count(ctx: dm.Context) -> Counted:
    return Counted(goods=len(await ctx.list(Good)))


@goods.method(effect="safe", traits=[dm.Fresh(5)])
async def weigh(good: Good) -> Counted:
    return Counted(goods=good.grams)


@goods.method
async def sell(good: Good, ctx: dm.Context) -> Good:
    return ctx.save(dm.replace(good, grams=0))


@goods_contract.operation
async def rush() -> None:
    raise Busy("one at a time", retry_after=2.5)


@goods_contract.operation(effect="safe")
async def linger(ctx: dm.Context) -> Counted:
    await asyncio.sleep(20)
    return Counted(goods=0)


KEYS: Final = {"all": principal("ann", "default", "operator", "internal", "partner")}


def make_app(folder: Path, **more: Any) -> dm.App:
    keys = dm.api_keys(fixed=KEYS)
    everything = [goods, crates, count, rush, linger]
    return dm.App(
        dm.rest(
            "admin",
            ADMIN,
            audience="operator",
            auth=keys,
            exposes=everything,
            cross_tenants=True,
            cors=dm.Cors([PAGES], credentials=True, headers=["traceparent"]),
        ),
        dm.rest("open", OPEN, audience="public", auth=dm.anonymous(), exposes=everything, cors=dm.Cors(["*"])),
        dm.rpc("calls", CALLS, audience="internal", auth=keys, exposes=[count, rush, linger], lock=None),
        database=folder / "store.db",
        **more,
    )


def asking(app: dm.App, surface: str, key: str | None = "all") -> Caller:
    """Who asks a surface; with the key, if it has any use for one."""
    return Caller(app, None if surface == OPEN else key, surface)


def served(scenario: Callable[[dm.App, str], Awaitable[None]], **more: Any) -> None:
    """Run a scenario on a store with one good, whose id it is given."""

    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with running(make_app(Path(folder), **more)) as app:
                made = (await asking(app, ADMIN).post("/goods", {"name": "salt", "grams": 500})).ok(201)
                await scenario(app, made.json["id"])

    asyncio.run(whole())
