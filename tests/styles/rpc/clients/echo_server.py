"""What others' clients call: a procedure of each kind of interaction, that fails, waits and says how it was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

import dragoman as dm
from dragoman.testing.contract import FAULTS


class Ask(dm.Struct):
    """What is to be echoed, and how."""

    text: str = ""
    times: Annotated[dm.Int32, dm.Ge(0)] = 1
    """How many answers a stream has, of one question."""
    pause: Annotated[float, dm.Ge(0), dm.Le(60)] = 0.0
    """Seconds before each of them."""
    fault: str = ""
    """What it ends with."""


class Echo(dm.Struct):
    text: str
    number: dm.Int32


class Seen(dm.Struct):
    """How calls came and went, since the server began."""

    begun: dm.Int32
    cancelled: dm.Int32


class EchoLost(dm.Unavailable):
    """Nothing came back."""

    reason = "ECHO_LOST"


begun = cancelled = 0


@contextmanager
def watched() -> Iterator[None]:
    """Count the call, and whether it was cancelled."""
    global begun, cancelled
    begun += 1
    try:
        yield
    except (asyncio.CancelledError, GeneratorExit, dm.Cancelled):
        cancelled += 1
        raise


def end(fault: str) -> None:
    """Raise what was asked for."""
    if fault == "lost":
        raise EchoLost("nothing came back", metadata={"where": "valley"}, retry_after=1.5)
    if fault:
        raise FAULTS[fault](f"{fault}: ☺ 100 %")


echoes = dm.Contract("echoes")


@echoes.operation(effect="safe", faults=[EchoLost])
async def echo(ask: Ask) -> Echo:
    """Answer once."""
    with watched():
        await asyncio.sleep(ask.pause)
        end(ask.fault)
        return Echo(text=ask.text, number=1)


@echoes.operation(faults=[EchoLost])
async def shout(ask: Ask, ctx: dm.Context) -> Echo:
    """Answer once, and wake the neighbours; where the question names metadata, with that."""
    end(ask.fault)
    text = ctx.metadata.get(ask.text, ask.text)
    return Echo(text=text.upper(), number=1)


@echoes.operation(effect="safe", faults=[EchoLost])
async def repeat(ask: Ask) -> AsyncIterator[Echo]:
    """Answer as often as is asked."""
    with watched():
        for number in range(1, ask.times + 1):
            await asyncio.sleep(ask.pause)
            yield Echo(text=ask.text, number=number)
        end(ask.fault)


@echoes.operation(effect="safe", faults=[EchoLost])
async def join(asks: AsyncIterator[Ask]) -> Echo:
    """Answer once, to all of them."""
    with watched():
        texts = []
        async for ask in asks:
            await asyncio.sleep(ask.pause)
            end(ask.fault)
            texts.append(ask.text)
        return Echo(text="".join(texts), number=len(texts))


@echoes.operation(effect="safe", faults=[EchoLost])
async def talk(asks: AsyncIterator[Ask]) -> AsyncIterator[Echo]:
    """Answer each of them, as it comes."""
    with watched():
        number = 0
        async for ask in asks:
            for _ in range(ask.times):
                await asyncio.sleep(ask.pause)
                number += 1
                yield Echo(text=ask.text, number=number)
            end(ask.fault)


@echoes.operation(effect="safe")
def seen() -> Seen:
    """Tell how calls came and went."""
    return Seen(begun=begun, cancelled=cancelled)


KEY = "valley"

keys = dm.api_keys(
    fixed={KEY: dm.Principal("ann", "alps", frozenset(["*"]), frozenset([dm.Audience.INTERNAL]))}, table="echo_keys"
)

app = dm.App(
    dm.rpc(
        "echoes",
        "/echoes",
        audience="internal",
        auth=keys,
        lock="echoes.lock",
        reflection=True,
        exposes=[echo, shout, repeat, join, talk, seen],
    )
)
