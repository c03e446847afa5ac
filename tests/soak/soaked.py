"""What is served while it is soaked: the demo's shop, and what it lacks: calls and streams that last, and a mount.

``SOAKED_PATIENCE`` is how many seconds clients are waited for. It is short, so that every limit is met many times;
``SOAKED_IDLE`` is how many a connection may be idle.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import dragoman as dm
from dragoman.demo.shop import app as shop

soaked = dm.Contract("soaked")

running = 0
"""Calls and streams of these operations that have begun and not ended."""


class Nothing(dm.Struct):
    pass


class Wait(dm.Struct):
    seconds: Annotated[float, dm.Ge(0)]


class Part(dm.Struct):
    text: str


class State(dm.Struct):
    pid: int
    running: int
    tasks: int
    blocks: int


class Running:
    """Counts what is under way."""

    def __enter__(self) -> None:
        global running
        running += 1

    def __exit__(self, *error: object) -> None:
        global running
        running -= 1


@soaked.operation(effect="safe")
async def wait(input: Wait) -> Nothing:
    """A call that takes its time."""
    with Running():
        await asyncio.sleep(input.seconds)
    return Nothing()


@soaked.operation(effect="safe")
async def ticks(nothing: Nothing) -> AsyncIterator[Part]:
    """A stream without an end, at its leisure."""
    with Running():
        while True:
            yield Part(text="tick")
            await asyncio.sleep(0.02)


@soaked.operation(effect="safe")
async def flood(nothing: Nothing) -> AsyncIterator[Part]:
    """A stream without an end, as fast as it is taken."""
    with Running():
        while True:
            yield Part(text="f" * 16_000)


@soaked.operation(effect="safe")
async def state(nothing: Nothing) -> State:
    """What goes on in this process."""
    return seen()


@soaked.operation(effect="safe")
async def collected(nothing: Nothing) -> State:
    """The same, without what the collector would find."""
    gc.collect()
    return seen()


def seen() -> State:
    """The state of this process, with the blocks of memory that its objects have."""
    return State(pid=os.getpid(), running=running, tasks=len(asyncio.all_tasks()), blocks=sys.getallocatedblocks())


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Each part of the body, as soon as it is there; nothing more once the client is gone."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message["body"], "more_body": more})


patience = float(os.environ.get("SOAKED_PATIENCE", "3"))
app = dm.App(
    *(bound.surface for bound in shop.surfaces),
    dm.rest(
        "soaked", "/soaked", audience="public", auth=dm.anonymous(), exposes=[wait, ticks, flood, state, collected]
    ),
    dm.mount("/echo", echo),
    limits=dm.Limits(
        first_byte_seconds=patience,
        head_seconds=patience,
        body_grace_seconds=patience,
        stall_seconds=patience,
        idle_seconds=float(os.environ.get("SOAKED_IDLE", "5")),
    ),
)
