"""Clients that send anything, in any pieces, and leave at any moment: nothing of them is left, and nothing breaks.

600 connections; DRAGOMAN_REQUESTS=100000 (`make fuzz`) opens 20,000.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
from pathlib import Path
from typing import Any, Final

import generated
import pytest
from test_websockets import HANDSHAKE, Talker, frame
from tried import HELD, Serving, Tried, run, until
from websockets.frames import Opcode

import dragoman as dm

COUNT: Final = int(os.environ.get("DRAGOMAN_REQUESTS", "3000")) // 5
PARTS: Final = 2
TARGETS: Final = (b"/m/a", b"/m/%41?b", b"/w/", b"/slow", b"/never", b"/stream/2", b"/calls/hold", b"/calls/watch")
PART: Final = {"type": "http.response.body", "body": b"abc", "more_body": True}


class Moody:
    """An ASGI application that answers well, badly, late, or not at all."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("there is none")
        mood = self._chance.randrange(7)
        if mood == 0:
            raise ZeroDivisionError
        if mood == 1:
            return
        if mood == 2:
            await asyncio.sleep(0.01)
        if mood == 3:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
            await send({**PART, "more_body": False})
            return
        if mood != 4:
            while (await receive()).get("more_body", False):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(PART)
        if mood == 5:
            raise ValueError("in the middle")
        await send({**PART, "more_body": False})


def sent_by(chance: random.Random) -> bytes:
    """Requests by chance, or a WebSocket with frames by chance."""
    if chance.random() < 0.85:
        data = generated.requests(chance.randrange(1 << 40))
        for _ in range(chance.choice((0, 1, 2))):
            data = data.replace(chance.choice(generated.TARGETS), chance.choice(TARGETS), 1)
        return data
    frames = b""
    for _ in range(chance.randrange(8)):
        content = bytes(chance.choices(range(256), k=chance.randrange(126)))
        opcode = chance.choice(list(Opcode))
        whole = opcode >= Opcode.CLOSE or chance.random() < 0.8
        frames += frame(content, opcode, fin=whole) if chance.random() < 0.9 else content
    return "\r\n".join(["GET /w/ HTTP/1.1", "Host: a", *HANDSHAKE, "", ""]).encode() + frames


async def disorderly(served: Serving, chance: random.Random) -> None:
    """One client."""
    data = sent_by(chance)
    line, _ = await served.connect()
    try:
        while data and chance.random() > 0.02:
            data = data[line.send(data[: chance.choice((1, 2, 7, 50, 1000, 1_000_000))]) :]
            for _ in range(chance.choice((0, 0, 1, 3))):
                await asyncio.sleep(0)
        if chance.random() < 0.2:
            line.shutdown(socket.SHUT_WR)
        for _ in range(chance.choice((0, 3, 30))):
            await asyncio.sleep(0.001 * chance.randrange(2))
            if chance.random() < 0.7:
                line.recv(65_536)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass  # it leaves
    finally:
        line.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_left_of_disorder(part: int, tmp_path: Path) -> None:
    app = Tried(tmp_path, dm.mount("/m", Moody(random.Random(part))), dm.mount("/w", Talker()))
    size = COUNT // PARTS

    async def act(served: Serving) -> None:
        room = asyncio.Semaphore(50)

        async def one(number: int) -> None:
            async with room:
                await disorderly(served, random.Random(number))

        await asyncio.gather(*(one(number) for number in range(part * size, (part + 1) * size)))
        HELD.let_go()
        await until(lambda: not served.server.connections)
        await until(lambda: not served.server._beside)
        await until(lambda: not len(app._streams))
        await until(lambda: not HELD.waiting)
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    run(act, app)
    assert len(app.seen) > size / 10
