"""A style in which calls take streams: a POST whose body is one JSON item in each chunk, read while it comes.

What is answered once is JSON, and what is answered by a stream a chunk of JSON for each item. A fault is its code and
its message, as a line; behind a head it is the last chunk.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driving import principal, running
from handler_bench import Item

import dragoman as dm
from dragoman.contract.handle import Exposed
from dragoman.ports.style import Binder, Call, Endpoint, Explained
from dragoman.ports.wire import Request, Response
from dragoman.runtime.codec import JsonDecoder, encode_json
from dragoman.runtime.explanation import explain
from dragoman.runtime.streaming import Stream

KEYS = {
    "one": principal("ann", "one", "operator", "internal"),
    "few": principal("cy", "one", "operator", "internal", scopes=("items.*",)),
}
LEFT = object()


class Feed:
    """A body while it comes. ``asked`` is how often it was read; ``waiting`` is set while a reader waits."""

    def __init__(self, *chunks: bytes, open: bool = False) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.asked = 0
        self.waiting = asyncio.Event()
        for chunk in chunks:
            self.queue.put_nowait(chunk)
        if not open:
            self.end()

    def send(self, chunk: bytes) -> None:
        """One more."""
        self.queue.put_nowait(chunk)

    def end(self) -> None:
        """No more."""
        self.queue.put_nowait(None)

    def leave(self) -> None:
        """The peer goes away."""
        self.queue.put_nowait(LEFT)

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> bytes:
        self.asked += 1
        if self.queue.empty():
            self.waiting.set()
        chunk = await self.queue.get()
        self.waiting.clear()
        if chunk is None:
            raise StopAsyncIteration
        if chunk is LEFT:
            raise dm.Cancelled("the client went away")
        assert isinstance(chunk, bytes)
        return chunk


class Feeding:
    """The style. ``closed`` are the operations whose items were closed, in their order."""

    name = "feeding"

    def __init__(self) -> None:
        self.closed: list[str] = []

    def bind(self, surface: dm.Surface, exposed: Sequence[Exposed], binder: Binder) -> FeedingEndpoint:
        """Compile every operation."""
        return FeedingEndpoint(
            surface,
            {
                each.operation.name: binder.call(each, decode=self._decode(each, surface, binder), encode=write)
                for each in exposed
            },
        )

    def _decode(self, each: Exposed, surface: dm.Surface, binder: Binder) -> Callable[[Any], None]:
        operation = each.operation
        if operation.input is None:
            return lambda state: None
        decoder = JsonDecoder(operation.input, binder.types(each), audience=surface.audience)

        def decode(state: Any) -> None:
            request = state.envelope
            state.id = request.query
            if operation.interaction.streams_input:
                state.input = Items(request, decoder, lambda: self.closed.append(operation.name))
            else:
                state.input = decoder.decode(request.body)

        return decode


class Items:
    """The items of a request. A generator that was not begun would not tell that it is closed."""

    def __init__(self, request: Request, decoder: JsonDecoder, closed: Callable[[], None]) -> None:
        self.items = self.decoded(request, decoder)
        self.closed = closed

    async def decoded(self, request: Request, decoder: JsonDecoder) -> AsyncIterator[Any]:
        """Each as it comes."""
        assert request.stream is not None
        async for chunk in request.stream:
            yield decoder.decode(chunk)

    async def __anext__(self) -> Any:
        return await anext(self.items)

    async def aclose(self) -> None:
        """Take no more."""
        await self.items.aclose()  # type: ignore[attr-defined]  # it is a generator
        self.closed()


def write(state: Any) -> None:
    """The result, or an item."""
    state.answer = b"null" if state.projected is None else encode_json(state.projected)


class FeedingEndpoint(Endpoint):
    """A bound surface."""

    def __init__(self, surface: dm.Surface, calls: Mapping[str, Call]) -> None:
        self.surface = surface
        self.calls = calls

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """All are read while they come."""
        return {f"{self.surface.path}/{name}": None for name in self.calls}

    def document(self, request: Request) -> Response | None:
        """None."""
        return None

    def page(self, request: Request) -> Response | None:
        """None."""
        return None

    def match(self, request: Request) -> FeedingMatch:
        """By the path's last part."""
        name = request.path.removeprefix(self.surface.path + "/")
        return FeedingMatch(name, self.calls[name])

    def refuse(self, fault: dm.Fault, request: Request, exchange: Any) -> Response:
        """A line."""
        return Response(500, [], told(fault))

    def explain(self) -> Mapping[str, Explained]:
        """Phases."""
        return {name: explain(call, [name]) for name, call in self.calls.items()}

    def examples(self) -> Sequence[str]:
        """None."""
        return []

    def pages(self) -> Sequence[str]:
        """None."""
        return []

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """None."""
        return {}


def told(fault: dm.Fault) -> bytes:
    """A fault as a line."""
    return f"{fault.code.name} {fault.message}".encode()


@dataclass
class FeedingMatch:
    """A request that was understood."""

    operation: str
    call: Call

    async def answer(self, exchange: Any, request: Request) -> Response:
        """Drive the call."""
        answer = await self.call(exchange, request)
        return Response(200, [], stream=Chunks(answer)) if isinstance(answer, Stream) else Response(200, [], answer)


class Chunks:
    """A stream as chunks."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.over = False

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        if self.over:
            raise StopAsyncIteration
        try:
            chunk: bytes = await self.stream.next()
        except dm.Fault as fault:
            self.over = True
            return told(fault)
        return chunk

    async def aclose(self) -> None:
        """Cancel the handler, if it runs."""
        await self.stream.aclose()


class FeedingBench:
    """A contract whose streams a test writes, and an application on it: ``/feed`` takes streams, ``/v1`` is REST."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contract = dm.Contract("bench")
        self.items = self.contract.resource(Item)
        self.exposes: list[Any] = []
        self.deadline = 30.0
        self.idempotency = dm.Idempotency()
        self.limits = dm.Limits()

    def operation(self, **options: Any) -> Callable[[Any], Any]:
        """Declare and expose an operation."""

        def declare(function: Any) -> Any:
            handle = self.contract.operation(**options)(function)
            self.exposes.append(handle)
            return handle

        return declare

    def make(self, *, plain: bool) -> dm.App:
        """The application."""
        self.style = Feeding()
        auth = dm.api_keys(fixed=KEYS)
        return dm.App(
            dm.Surface(
                "feed",
                "/feed",
                "internal",
                self.style,
                auth,
                self.exposes,
                deadline=self.deadline,
                idempotency=self.idempotency,
            ),
            dm.rest("rest", "/v1", audience="operator", auth=auth, exposes=[self.items.only("list", "update")]),
            database=self.folder / f"{plain}.db",
            limits=self.limits,
            plain=plain,
        )

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        """Run a scenario against the application, compiled and plain."""
        for plain in (False, True):
            self.app = self.make(plain=plain)

            async def whole() -> None:
                async with asyncio.timeout(30), running(self.app):
                    await scenario()
                    await asyncio.sleep(0)
                    assert asyncio.all_tasks() == {asyncio.current_task()}, "no task is left behind"

            asyncio.run(whole())

    async def ask(
        self, name: str, feed: Feed | None = None, *, query: str = "", key: str = "one", **h: str
    ) -> Response:
        """The answer to a call."""
        headers = {"authorization": f"Bearer {key}"} | {each.replace("_", "-"): value for each, value in h.items()}
        return await self.app.respond(Request("POST", f"/feed/{name}", query, headers, stream=feed))

    async def told(self, name: str, feed: Feed | None = None, **more: Any) -> list[str]:
        """All that a call answers."""
        answer = await self.ask(name, feed, **more)
        if answer.stream is None:
            return [answer.body.decode()]
        try:
            return [chunk.decode() async for chunk in answer.stream]
        finally:
            await answer.stream.aclose()

    async def names(self) -> list[str]:
        """Names of the items there are."""
        headers = {"authorization": "Bearer one"}
        answer = await self.app.respond(Request("GET", "/v1/items", "", headers))
        return [each["name"] for each in json.loads(answer.body)["items"]]


async def turns(count: int = 20) -> None:
    """Let whatever can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)
