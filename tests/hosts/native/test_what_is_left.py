"""A connection that has ended takes no memory, even before the collector comes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from tried import Serving, Tried, line_to, run, until

import dragoman as dm

HEAD = " HTTP/1.1\r\nHost: a\r\n"
SENT = [
    "",
    "GE",
    "garbage\r\n\r\n",
    f"GET /a{HEAD}\r\n",
    f"GET /never{HEAD}\r\n",
    f"GET /calls/watch{HEAD}\r\n",
    f"GET /stream/1000{HEAD}\r\n",
    f"GET /never{HEAD}\r\nGET /behind{HEAD}\r\n",
    f"POST /a{HEAD}Content-Length: 5\r\n\r\nab",
    f"POST /a{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    f"POST /mounted{HEAD}Content-Length: 5\r\n\r\nab",
    f"POST /mounted{HEAD}Content-Length: 2\r\n\r\nab",
]


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    """Reads all, and says nothing to who leaves."""
    if scope["type"] != "http":
        return
    while (message := await receive()).get("more_body", False):
        pass
    if message["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize("loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_nothing_is_left(loop_factory: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    async def act(served: Serving) -> None:
        found = [weakref.ref(await came(served, sent)) for sent in SENT]
        try:
            await until(lambda: not any(each() for each in found), 5)
        except TimeoutError:
            left = [sent for sent, each in zip(SENT, found, strict=True) if each() is not None]
            pytest.fail(f"connections are left on which this was sent: {left}")

    async def came(served: Serving, sent: str) -> Any:
        async with line_to(served) as line:
            line.send(sent.encode())
            await until(lambda: bool(served.server.connections))
            await asyncio.sleep(0.05)
            (connection,) = served.server.connections
        await until(lambda: not served.server.connections)
        return connection

    gc.collect()
    gc.disable()
    try:
        run(act, Tried(tmp_path, dm.mount("/mounted", mounted)), loop_factory=loop_factory)
    finally:
        gc.enable()
