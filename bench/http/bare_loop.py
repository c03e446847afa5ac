"""The bare loop, on the shop's rows: the limit that all others are compared with.

HTTP/1.1 parsed by httptools in a uvloop protocol, a coroutine run to its end inside the callback, rows through apsw,
JSON by msgspec. No limits, no checks, no faults, no log; the ``Date`` never changes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httptools
import msgspec
import uvloop
from peers import shop
from peers.models import Greeting, Order, Page

encode: Final = msgspec.json.Encoder().encode
Handler = Callable[[bytes, str, bytes], Awaitable[bytes]]


async def hello(query: bytes, id: str, body: bytes) -> bytes:
    return encode(Greeting("world"))


async def list_orders(query: bytes, id: str, body: bytes) -> bytes:
    rows, token = shop.page(shop.TENANT, int(query.partition(b"=")[2]), "")
    return encode(Page([Order(*row) for row in rows], token))


async def get_order(query: bytes, id: str, body: bytes) -> bytes:
    return encode(Order(*(shop.one(shop.TENANT, id) or ())))


async def create_order(query: bytes, id: str, body: bytes) -> bytes:
    new = msgspec.json.decode(body)
    row = shop.add(
        shop.TENANT, new["customer"], "placed", new["currency"], new["total_cents"], new["note"], checked=False
    )
    return encode(Order(*(row or ())))


HEAD: Final = (
    b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ndate: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
    b"content-length: %d\r\n\r\n%b"
)
EXACT: Final[dict[tuple[bytes, str], tuple[Handler, bytes]]] = {
    (b"GET", "/v1/hello"): (hello, b"200 OK"),
    (b"GET", "/v1/orders"): (list_orders, b"200 OK"),
    (b"POST", "/v1/orders"): (create_order, b"201 Created"),
}


def run(coroutine: Any) -> bytes:
    """What a coroutine that never waits returns."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("the bare loop has no handlers that wait")


class Loop(asyncio.Protocol):
    """A connection."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        raw, _, query = self.url.partition(b"?")
        path, id = raw.decode(), ""
        handler, status = EXACT.get((self.parser.get_method(), path), (get_order, b"200 OK"))
        if handler is get_order:
            id = path.rpartition("/")[2]
        body = run(handler(query, id, self.body))
        self.transport.write(HEAD % (status, len(body), body))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Loop, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


uvloop.run(main())
