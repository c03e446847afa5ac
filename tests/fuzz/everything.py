"""An application with the demo's surfaces, and one more whose resource has a field of every type."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID

import dragoman as dm
from dragoman.demo import shop


class Part(dm.Struct):
    sku: Annotated[str, dm.Pattern("^[A-Z]{2}[0-9]{2}$")]
    quantity: Annotated[int, dm.Ge(1), dm.Le(99)] = 1


class Card(dm.Struct, tag="card"):
    number: Annotated[str, dm.Length(4, 19)]
    holder: str | None = None


class Cash(dm.Struct, tag="cash"):
    coins: Annotated[list[dm.Int32], dm.Length(0, 5)] = []


class Node(dm.Struct):
    name: str
    children: list[Node] = []


class Thing(dm.Resource, prefix="thg"):
    title: Annotated[str, dm.Length(0, 50), dm.Filter("ne", "in", "lt"), dm.Sort()] = ""
    email: Annotated[dm.Email | None, dm.Unique(), dm.Filter()] = None
    url: dm.Url | None = None
    kind: Annotated[Literal["a", "b", "c"], dm.Filter("in"), dm.Sort()] = "a"
    flag: Annotated[bool, dm.Filter()] = False
    plain: Annotated[int | None, dm.Filter("lt", "lte", "gt", "gte", "in"), dm.Sort()] = None
    big: Annotated[dm.Int64 | None, dm.Filter("gte"), dm.Sort()] = None
    unsigned: Annotated[dm.UInt64 | None, dm.Filter("gte"), dm.Sort()] = None
    ratio: Annotated[float | None, dm.Filter("lt"), dm.Sort()] = None
    short: dm.Float32 | None = None
    price: Decimal | None = None
    at: Annotated[datetime | None, dm.Filter("lt", "gte"), dm.Sort()] = None
    day: Annotated[date | None, dm.Filter("lt"), dm.Sort()] = None
    clock: time | None = None
    wait: timedelta | None = None
    uid: Annotated[UUID | None, dm.Filter("in")] = None
    blob: bytes | None = None
    tags: Annotated[list[Annotated[str, dm.Length(1, 10)]], dm.Length(0, 5)] = []
    labels: dict[str, int] = {}
    parts: list[Part] = []
    pay: Card | Cash | None = None
    tree: Node | None = None
    above: Annotated[dm.Id[Thing] | None, dm.Ref(reverse="below", on_delete="null")] = None


class Question(dm.Struct):
    text: str = ""
    at: datetime | None = None
    numbers: list[int] = []
    kinds: list[Literal["a", "b"]] = []


class Reply(dm.Struct):
    text: str


class Change(dm.Struct):
    title: str
    pay: Card | Cash | None = None
    by_name: dict[str, Part] = {}


everything: Final = dm.Contract("everything")
things: Final = everything.resource(Thing)


@things.method(effect="idempotent", rerun=True)
async def rename(thing: Thing, input: Change, ctx: dm.Context) -> Thing:
    return ctx.save(dm.replace(thing, title=input.title, pay=input.pay, parts=list(input.by_name.values())))


@things.method(effect="safe")
async def ask(thing: Thing, input: Question) -> Reply:
    return Reply(text=f"{thing.title} {input.text}")


@everything.operation(effect="safe")
async def search(input: Question, ctx: dm.Context) -> Reply:
    found = await ctx.list(Thing, things.field.title == input.text, order_by="-at,title", limit=10_000)
    return Reply(text=str(len(found)))


@everything.operation
def echo(input: Change) -> Change:
    return input


@everything.operation(effect="safe", batch=dm.Batch(max_size=4))
def measure(asked: Sequence[Change]) -> Sequence[Reply]:
    return [Reply(text=each.title) for each in asked]


def make_app(database: str | os.PathLike[str]) -> dm.App:
    """The application."""
    exposes = [things, search, echo, measure]
    return dm.App(
        *(bound.surface for bound in shop.app.surfaces),
        dm.rest("everything", "/any/v1", audience="operator", auth=shop.keys, exposes=exposes, cross_tenants=True),
        dm.rest("strict", "/strict", audience="operator", auth=shop.keys, exposes=[things], require_etag=True),
        dm.rpc("calls", "/calls", audience="operator", auth=shop.keys, exposes=[search, echo, measure], lock=None),
        database=database,
    )
