"""An application that answers with what it was asked and remembers it; and its server, in a thread or beside a test."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import uvloop

import dragoman as dm
from dragoman.hosts.native import Server
from dragoman.hosts.native.connection import Connection
from dragoman.hosts.native.proxies import Proxies
from dragoman.ports.wire import BodyStream, Request, Response

T = TypeVar("T")

READ: Final = ("/read", "/read/later", "/read/none", "/read/back")
TEXT: Final = (b"content-type", b"text/plain")

SHOWN: Final = ("x-", "cookie")
"""How the names of the headers begin that answers tell of."""

PLENTY: Final = 30.0
"""Seconds after which something that should have happened has not."""

work = dm.Contract("work")


class Nothing(dm.Struct):
    pass


class Held:
    """Calls that wait until they are let go."""

    def __init__(self) -> None:
        self.waiting = 0
        self._go = asyncio.Event()

    async def wait(self) -> None:
        self.waiting += 1
        try:
            await self._go.wait()
        finally:
            self.waiting -= 1

    def let_go(self) -> None:
        self._go.set()
        self._go = asyncio.Event()


HELD: Final = Held()
"""That of this process, whose handlers cannot see their application."""


@work.operation(effect="safe")
async def hold(nothing: Nothing) -> Nothing:
    """Wait until it is let go."""
    await HELD.wait()
    return nothing


@work.operation(effect="safe")
async def watch(nothing: Nothing) -> AsyncIterator[Nothing]:
    """One item, and another when it is let go."""
    yield nothing
    await HELD.wait()
    yield nothing


class Tried(dm.App):
    """Under /calls is a contract; every other path is answered with what was asked.

    ``/slow`` takes some turns of the loop, and everything does if it is ``slow``; ``/sleep/N`` takes N seconds,
    ``/never`` for ever; ``/size/N`` answers with N bytes, ``/stream/N`` with a stream of N parts of 64 KiB; ``/host``
    and ``/peer`` tell of those too; ``/trailers`` has some. The bodies of READ are read while they come: ``/read``
    tells how much that was, once it was let go where it is ``/read/later``, ``/read/none`` reads nothing, and
    ``/read/back`` is a stream of what it reads. ``/small`` takes ten bytes. ``/nobody`` is nobody's.
    """

    def __init__(
        self, folder: Path, *mounts: Any, limits: dm.Limits | None = None, slow: bool = False, name: str = "tried"
    ) -> None:
        surface = dm.rest("work", "/calls", audience="public", auth=dm.anonymous(), exposes=[hold, watch])
        super().__init__(surface, *mounts, database=folder / f"{name}.db", limits=limits)
        self.bodies = {**dict.fromkeys(READ), "/small": 10}
        self.seen: list[str] = []
        self.faults: list[str] = []
        self.cancelled = 0
        self.made = 0
        self.ended = 0
        self._slow = slow
        HELD.let_go()

    def knows(self, path: str) -> bool:
        """Something is answered everywhere else."""
        return path != "/nobody"

    async def respond(self, request: Request) -> Response:
        """Answer."""
        path, _, size = request.path.rpartition("/")
        if request.path.startswith("/calls/") or request.path in ("/healthz", "/readyz"):
            return await super().respond(request)
        self.seen.append(f"{request.method} {request.path}")
        if request.path == "/nobody":
            return await super().respond(request)
        if request.path in READ:
            return await self._read(request)
        if request.path == "/trailers":
            return Response(200, [TEXT], b"body", trailers=[(b"x-told", b"later")] if request.trailers else None)
        if path == "/size" and size.isdecimal():
            return Response(200, [(b"content-type", b"text/plain")], b"s" * int(size))
        if path == "/stream" and size.isdecimal():
            return Response(200, [(b"content-type", b"text/plain")], stream=self._parts(int(size)))
        if path == "/sleep" and size:
            await asyncio.sleep(float(size))
        if request.path == "/never":
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1
        if self._slow or request.path == "/slow":
            for _ in range(3):
                await asyncio.sleep(0)
        return Response(200, [(b"content-type", b"text/plain; charset=latin-1")], said_of(request).encode("latin-1"))

    async def _read(self, request: Request) -> Response:
        assert request.stream is not None
        assert not request.body
        if request.path == "/read/back":
            return Response(200, [TEXT], stream=self._back(request.stream))
        if request.path == "/read/later":
            await HELD.wait()
        size = 0
        try:
            if request.path != "/read/none":
                async for chunk in request.stream:
                    assert chunk
                    size += len(chunk)
        except dm.Fault as fault:
            self.faults.append(fault.code.name)
            return Response(400, [TEXT], str(fault).encode())
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Response(200, [TEXT], b"%d" % size)

    async def _back(self, stream: BodyStream) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in stream:
                self.made += 1
                yield chunk
        finally:
            self.ended += 1

    async def _parts(self, count: int) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(count):
                self.made += 1
                yield b"s" * 65_536
        finally:
            self.ended += 1


def said_of(request: Request) -> str:
    """What was asked, in a line or more."""
    shown = {name: value for name, value in request.headers.items() if name.startswith(SHOWN)}
    if request.path == "/host":
        shown["host"] = request.headers["host"]
    if request.path == "/peer":
        shown["peer"] = request.peer
    said = f"{request.method} {request.path}" + (f"?{request.query}" if request.query else "")
    if shown:
        said += f" [{'; '.join(f'{name}: {value}' for name, value in shown.items())}]"
    return f"{said} {request.body.decode('latin-1')}" if request.body else said


class Counted(Connection):
    """A connection that counts what came."""

    received = 0

    @property
    def over(self) -> bool:
        """Whether nothing is read any more."""
        return self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.received += len(data)


NOT_YET: Final = SimpleNamespace(_paused=False, _unread=False)


class Serving:
    """An application under its server, in the event loop that runs. What the loop is told of goes to ``troubles``."""

    def __init__(self, app: Any, *, proxies: Proxies | None = None) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self.troubles: list[str] = []
        self.loop.set_exception_handler(lambda loop, context: self.troubles.append(repr(context)))
        self.server = Server(app, proxies=proxies)
        self.port = 0
        self._listener: socket.socket | None = None

    async def listen(self) -> None:
        """Take a free port."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        await self.server.listen([self._listener])

    def connection_of(self, line: Line) -> Any:
        """The server's end of a connection over TCP; NOT_YET where nothing has come of it that tells its protocol."""
        name = line.writer.get_extra_info("sockname")
        found: Any
        for found in self.server.connections:
            if isinstance(found, Connection) and found._transport.get_extra_info("peername")[:2] == name[:2]:
                return found
        return NOT_YET

    def close(self) -> None:
        """Accept no more, and leave whatever there is."""
        self.server.close()
        if self._listener is not None:
            self._listener.close()

    async def connect(self) -> tuple[socket.socket, Counted]:
        """A connection without a network: the client's end, which blocks nobody, and the server's."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        connection = Counted(self.server)
        await self.loop.connect_accepted_socket(lambda: connection, theirs)
        return ours, connection


@asynccontextmanager
async def serving(app: Any, *, proxies: Proxies | None = None) -> AsyncIterator[Serving]:
    """A started application with its server while the block runs, in the event loop that runs."""
    await app.start()
    try:
        served = Serving(app, proxies=proxies)
        try:
            yield served
        finally:
            served.close()
            await until(lambda: not served.server.connections)
    finally:
        await app.stop()


class Running:
    """A server in a thread of its own."""

    def __init__(self, served: Serving) -> None:
        self.served = served
        self.app = served.app
        self.port = served.port
        self.url = f"http://127.0.0.1:{served.port}"

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in its loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.served.loop).result(PLENTY)

    def let_go(self) -> None:
        """End what is held."""
        self.served.loop.call_soon_threadsafe(HELD.let_go)


@contextmanager
def running(
    app: Any,
    *,
    proxies: Proxies | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> Iterator[Running]:
    """A server in a thread of its own while the block runs. Nothing may have gone wrong in its loop."""
    found: list[Running] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with serving(app, proxies=proxies) as served:
            await served.listen()
            found.append(Running(served))
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, over.wait)

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(serve())
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="tried", daemon=True)
    thread.start()
    ready.wait()
    assert found, "it could not be started"
    try:
        yield found[0]
    finally:
        over.set()
        thread.join(PLENTY)
    assert not found[0].served.troubles, found[0].served.troubles


async def until(holds: Callable[[], bool], seconds: float = PLENTY) -> None:
    """Wait until it holds, in an event loop."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def answers_of(received: bytes, expected: tuple[str, ...] = ()) -> list[str]:
    """Answers as the corpus writes them. Which of them have no content is told by those that are expected."""
    found: list[str] = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, f"an answer is cut off: {head[:200]!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        assert first.startswith("HTTP/1.1 "), first
        status = first.split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status == "100":
            found.append(status)
            continue
        size = int(headers["content-length"])
        if len(found) < len(expected) and expected[len(found)].startswith("HEAD "):
            assert size, "a HEAD tells how long the content would be"
            found.append(f"HEAD {status}")
            continue
        body, received = received[:size], received[size:]
        assert len(body) == size, f"an answer is cut off: {body[-200:]!r}"
        found.append(f"{status} {body.decode('latin-1')}" if status == "200" else status)
    return found


class Line:
    """A client's connection, in the event loop that runs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        for each in pieces:
            self.writer.write(each)

    def get(self, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> None:
        """Ask for something."""
        head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *lines, "", ""])
        self.send(head.encode("latin-1") + body)

    async def answer(self, *, head_only: bool = False) -> Answer:
        """The next answer, whole."""
        answer = await self.head()
        if head_only or answer.status < 200 or answer.status in (204, 304):
            return answer
        if answer.headers.get("transfer-encoding") == "chunked":
            while part := await self.chunk():
                answer.body += part
        elif "content-length" in answer.headers:
            answer.body = await self._wait(self.reader.readexactly(int(answer.headers["content-length"])))
        else:
            answer.body = await self._wait(self.reader.read())
        return answer

    async def head(self) -> Answer:
        """The head of the next answer."""
        head = await self._wait(self.reader.readuntil(b"\r\n\r\n"))
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        pairs = (line.partition(":") for line in lines)
        return Answer(int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs})

    async def chunk(self) -> bytes:
        """The next chunk of a body; empty for the last."""
        size = int(await self._wait(self.reader.readuntil(b"\r\n")), 16)
        return (await self._wait(self.reader.readexactly(size + 2)))[:-2]

    async def ask(self, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> Answer:
        """Ask, and take the answer."""
        self.get(target, *lines, method=method, body=body)
        return await self.answer(head_only=method == "HEAD")

    async def closed(self) -> bool:
        """Whether it is closed, and nothing more comes."""
        try:
            return await self._wait(self.reader.read(1)) == b""
        except ConnectionResetError:
            return True

    async def _wait(self, coming: Awaitable[T]) -> T:
        return await asyncio.wait_for(coming, PLENTY)


@dataclass
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def reason(self) -> str:
        """Why a problem says that it is one."""
        return str(json.loads(self.body).get("reason"))


@asynccontextmanager
async def line_to(served: Serving, *, buffer: int | None = None) -> AsyncIterator[Line]:
    """A connection over TCP while the block runs. ``buffer`` is how many bytes wait to be read, about."""
    line = socket.socket()
    if buffer is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.setblocking(False)
    await served.loop.sock_connect(line, ("127.0.0.1", served.port))
    reader, writer = await asyncio.open_connection(sock=line, limit=buffer or 65_536)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


Act = Callable[[Serving], Awaitable[None]]


def run(act: Act, app: Any, *, loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop) -> None:
    """Act beside a server, in one event loop. Nothing may have gone wrong in it."""

    async def whole() -> None:
        async with serving(app) as served:
            await served.listen()
            await act(served)
        gc.collect()  # what nobody asked for is told of when it is dropped
        assert not served.troubles, served.troubles

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(whole())
