"""Clients of every kind, the good, the impatient and the broken: what each of them is answered is checked.

Each act takes a connection or more and ends with none. A request carries its own id, by which the log is checked.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import socket
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from server_state import AccessLog

T = TypeVar("T")

LONG = 30.0
"""Seconds after which something that should have happened has not."""

LEFT = 499
"""What the log says of a call whose client left."""

OPERATOR = "Authorization: Bearer demo-operator"
JSON = "Content-Type: application/json"
MERGE = "Content-Type: application/merge-patch+json"
RESET = struct.pack("ii", 1, 0)


class WrongAnswer(Exception):
    """Something was not answered as it should be."""


@dataclass
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class Line:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def ended(self) -> bool:
        """Whether the server was seen to have ended it."""
        return self._reader.at_eof() or self._reader.exception() is not None

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def head(self) -> Answer:
        """The head of the next answer."""
        head = await self._wait(self._reader.readuntil(b"\r\n\r\n"))
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        pairs = (line.partition(": ") for line in lines)
        return Answer(int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs})

    async def answer(self, *, head_only: bool = False) -> Answer:
        """The next answer, whole."""
        answer = await self.head()
        if head_only or answer.status < 200 or answer.status in (204, 304):
            return answer
        if answer.headers.get("transfer-encoding") == "chunked":
            while part := await self.chunk():
                answer.body += part
        else:
            answer.body = await self._wait(self._reader.readexactly(int(answer.headers["content-length"])))
        return answer

    async def chunk(self) -> bytes:
        """The next chunk of a body; empty for the last."""
        size = int(await self._wait(self._reader.readuntil(b"\r\n")), 16)
        return (await self._wait(self._reader.readexactly(size + 2)))[:-2]

    async def end(self) -> bytes:
        """What comes until the server ends the connection."""
        try:
            return await self._wait(self._reader.read())
        except ConnectionError:
            return b""

    def reset(self) -> None:
        """End it as a client does that crashes."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._writer.transport.abort()

    def close(self) -> None:
        """End it as clients do."""
        self._writer.close()

    async def _wait(self, coming: Awaitable[T]) -> T:
        return await asyncio.wait_for(coming, LONG)


Act = Callable[["Mixed"], Awaitable[None]]


@dataclass
class Mixed:
    """Acts a second on a server. ``patience`` is how long it waits for clients, in seconds."""

    port: int
    log: AccessLog
    patience: float
    rate: float = 100.0
    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    skipped: int = 0
    unnamed: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(1))
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _kept: deque[Line] = field(default_factory=deque)

    async def run(self, seconds: float) -> None:
        """Act for so long, and until the last act has ended."""
        loop = asyncio.get_running_loop()
        order = [act for act, weight in ACTS.items() for _ in range(weight)]
        start = loop.time()
        acting: set[asyncio.Task[None]] = set()
        for number in itertools.count():
            due = start + number / self.rate
            if due > start + seconds or len(self.failures) > 100:
                break
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if number and number % len(order) == 0:
                self.random.shuffle(order)
            if len(acting) > 1000:
                self.skipped += 1
                continue
            task = asyncio.ensure_future(self._act(order[number % len(order)]))
            acting.add(task)
            task.add_done_callback(acting.discard)
        if acting:
            await asyncio.wait(acting)
        while self._kept:
            self._kept.popleft().close()

    async def _act(self, act: Act) -> None:
        name = getattr(act, "__name__", "")
        self.begun[name] += 1
        try:
            await act(self)
        except (OSError, EOFError, TimeoutError, WrongAnswer) as error:
            self.failures.append(f"{name}: {error!r}")
        self.ended[name] += 1

    # What acts are made of

    @asynccontextmanager
    async def line(self, *, buffer: int = 0) -> AsyncIterator[Line]:
        """A new connection while the block runs. ``buffer``: about how many bytes wait to be read."""
        line = socket.socket()
        line.setblocking(False)
        if buffer:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.sock_connect(line, ("127.0.0.1", self.port)), LONG)
        opened = Line(*await asyncio.open_connection(sock=line, limit=buffer or 65_536))
        try:
            yield opened
        finally:
            opened.close()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Line]:
        """A connection that others have used, and will use again if all goes well."""
        while self._kept and self._kept[0].ended:
            self._kept.popleft().close()
        if self._kept:
            line = self._kept.popleft()
        else:
            line = Line(*await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port), LONG))
        try:
            yield line
        except BaseException:
            line.close()
            raise
        if len(self._kept) < 20:
            self._kept.append(line)
        else:
            line.close()

    def new_id(self) -> str:
        """The id of a request."""
        return f"{self.log.mark}{next(self._numbers)}"

    def request(self, what: str, *lines: str, status: int | None = None, body: str | None = None) -> bytes:
        """A whole request. The log has to have its line, with the status; it may have one if that is not known."""
        given = self.new_id()
        if status is None:
            self.log.possible.add(given)
        else:
            self.log.missing[given] = status
            self.statuses[status] += 1
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        return head(what, f"X-Request-Id: {given}", *lines, *length) + (body or "").encode()

    async def ask(self, line: Line, what: str, *lines: str, status: int, body: str | None = None) -> Answer:
        """Ask, and take the answer, which has to have that status and be the one to this request."""
        request = self.request(what, *lines, status=status, body=body)
        line.send(request)
        answer = await line.answer(head_only=what.startswith("HEAD "))
        check(answer, status, request)
        return answer

    async def create(self, line: Line) -> tuple[str, str]:
        """A new customer: its path and its tag."""
        body = json.dumps({"name": "Ann", "email": f"{self.new_id()}@example.com"})
        answer = await self.ask(line, "POST /admin/v1/customers", OPERATOR, JSON, status=201, body=body)
        return answer.headers["location"], answer.headers["etag"]

    async def delete(self, line: Line, path: str) -> None:
        """Leave the database as it was."""
        await self.ask(line, f"DELETE {path}", OPERATOR, status=204)


def head(what: str, *lines: str, version: str = "1.1") -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{what} HTTP/{version}", "Host: localhost", *lines, "", ""]).encode()


def check(answer: Answer, status: int, request: bytes) -> None:
    """Raises WrongAnswer."""
    if answer.status != status:
        raise WrongAnswer(f"{request[:300]!r}: {answer}, not {status}")
    given = answer.headers.get("x-request-id", "")
    if f"X-Request-Id: {given}\r\n".encode() not in request and not request.startswith(b"POST /echo"):
        raise WrongAnswer(f"{request[:300]!r}: the answer is that to {given}")


# Good clients


async def read(load: Mixed) -> None:
    async with load.kept() as line:
        await load.ask(line, "GET /v1/customers?page_size=2", "Authorization: Bearer demo-partner", status=200)
        await load.ask(line, "GET /admin/v1/orders?page_size=10", OPERATOR, status=200)
        await load.ask(line, "HEAD /admin/v1/orders?page_size=10", OPERATOR, status=200)
        line.send(head("GET /readyz"))  # which has no line in the log
        if (ready := await line.answer()).status != 200:
            raise WrongAnswer(f"not ready: {ready}")


async def write(load: Mixed) -> None:
    async with load.kept() as line:
        path, tag = await load.create(line)
        await load.ask(line, f"GET {path}", OPERATOR, f"If-None-Match: {tag}", status=304)
        match = f"If-Match: {tag}"
        patch = '{"plan":"pro"}'
        await load.ask(line, f"PATCH {path}", OPERATOR, MERGE, match, status=200, body=patch)
        await load.ask(line, f"PATCH {path}", OPERATOR, MERGE, match, status=412, body=patch)
        await load.delete(line, path)
        await load.ask(line, f"GET {path}", OPERATOR, status=404)


async def mistake(load: Mixed) -> None:
    async with load.kept() as line:
        await load.ask(line, "GET /v1/customers", status=401)
        await load.ask(line, "GET /v1/customers", "Authorization: Bearer wrong", status=401)
        await load.ask(line, "GET /nowhere", status=404)
        await load.ask(line, "POST /admin/v1/customers", OPERATOR, JSON, status=422, body='{"name":""}')
        await load.ask(line, "POST /admin/v1/customers", OPERATOR, JSON, status=400, body='{"name":')


async def shortly(load: Mixed) -> None:
    async with load.line() as line:
        await load.ask(line, "GET /admin/v1/customers", OPERATOR, "Connection: close", status=200)
        await over(line)


async def old(load: Mixed) -> None:
    async with load.line() as line:
        request = load.request("GET /admin/v1/customers", OPERATOR, status=200).replace(b" HTTP/1.1", b" HTTP/1.0")
        line.send(request)
        check(await line.answer(), 200, request)
        await over(line)


async def pipeline(load: Mixed) -> None:
    async with load.line() as line:
        targets = ["/admin/v1/customers", "/soaked/wait?seconds=0.01", "/soaked/state"] * 4
        requests = [load.request(f"GET {target}", OPERATOR, status=200) for target in targets]
        line.send(b"".join(requests))
        for each in requests:
            check(await line.answer(), 200, each)


async def whole_stream(load: Mixed) -> None:
    async with load.kept() as line:
        answer = await load.ask(line, "GET /admin/v1/sales?since=2024-01-01", OPERATOR, status=200)
        if not answer.body.endswith(b"event: end\ndata: {}\n\n"):
            raise WrongAnswer(f"a stream without its end: {answer}")


async def batch(load: Mixed) -> None:
    async with load.kept() as line:
        key = "Authorization: Bearer demo-internal"
        await load.ask(line, "POST /internal/predict", key, JSON, status=200, body='{"amount_cents":1}')


async def told_to_go_on(load: Mixed) -> None:
    async with load.kept() as line:
        body = json.dumps({"name": "Ann", "email": f"{load.new_id()}@example.com"})
        request = load.request(
            "POST /admin/v1/customers", OPERATOR, JSON, "Expect: 100-continue", status=201, body=body
        )
        start, end, content = request.partition(b"\r\n\r\n")
        line.send(start + end)
        if (await line.head()).status != 100:
            raise WrongAnswer("nobody was told to go on")
        line.send(content)
        answer = await line.answer()
        check(answer, 201, request)
        await load.delete(line, answer.headers["location"])


async def chunks(load: Mixed) -> None:
    async with load.kept() as line:
        body = json.dumps({"name": "Ann" * 20, "email": f"{load.new_id()}@example.com"}).encode()
        request = load.request("POST /admin/v1/customers", OPERATOR, JSON, CHUNKED, status=201)
        line.send(request)
        for at in range(0, len(body), 30):
            line.send(chunk(body[at : at + 30]))
            await asyncio.sleep(0)
        line.send(chunk(b""))
        answer = await line.answer()
        check(answer, 201, request)
        await load.delete(line, answer.headers["location"])


async def mounted_chunks(load: Mixed) -> None:
    async with load.line() as line:
        request = load.request("POST /echo/x", CHUNKED, status=200)
        line.send(request)
        sent = b""
        for _ in range(5):
            part = load.random.randbytes(load.random.randrange(1, 40_000))
            line.send(chunk(part))
            sent += part
            await asyncio.sleep(0)
        line.send(chunk(b""))
        answer = await line.answer()
        check(answer, 200, request)
        if answer.body != sent:
            raise WrongAnswer("another body than was sent")


# Those who leave


async def leaves_a_call(load: Mixed) -> None:
    async with load.line() as line:
        line.send(load.request("GET /soaked/wait?seconds=20", status=LEFT))
        await asyncio.sleep(load.random.choice((0.0, 0.05)))


async def crashes_in_a_call(load: Mixed) -> None:
    async with load.line() as line:
        line.send(load.request("GET /soaked/wait?seconds=20"))
        await asyncio.sleep(load.random.choice((0.0, 0.05)))
        line.reset()


async def leaves_a_write(load: Mixed) -> None:
    """The customer may be there or not. None is made twice, so that the database stays small."""
    async with load.line() as line:
        body = json.dumps({"name": "Ann", "email": "left@example.com"})
        line.send(load.request("POST /admin/v1/customers", OPERATOR, JSON, body=body))
        await asyncio.sleep(load.random.choice((0.0, 0.001)))


async def leaves_a_batch(load: Mixed) -> None:
    async with load.line() as line:
        key = "Authorization: Bearer demo-internal"
        line.send(load.request("POST /internal/predict", key, JSON, body='{"amount_cents":1}'))


async def leaves_a_stream(load: Mixed) -> None:
    async with load.line() as line:
        target = load.random.choice(("ticks", "flood"))
        request = load.request(f"GET /soaked/{target}", status=200)
        line.send(request)
        check(await line.head(), 200, request)
        for _ in range(load.random.randrange(4)):
            await line.chunk()
        if load.random.random() < 0.5:
            line.reset()


async def leaves_a_pipeline(load: Mixed) -> None:
    async with load.line() as line:
        first = load.request("GET /soaked/state", status=200)
        wait = load.request("GET /soaked/wait?seconds=20")
        line.send(first + wait + b"".join(load.request("GET /soaked/state") for _ in range(100)))
        check(await line.answer(), 200, first)


async def leaves_in_a_head(load: Mixed) -> None:
    async with load.line() as line:
        start = head("GET /admin/v1/customers", OPERATOR, f"X-Request-Id: {load.new_id()}")
        line.send(start[: load.random.randrange(1, len(start))])
        if load.random.random() < 0.5:
            await asyncio.sleep(0.01)
            line.reset()


async def leaves_in_a_body(load: Mixed) -> None:
    async with load.line() as line:
        name = f"X-Request-Id: {load.new_id()}"
        how = load.random.choice((CHUNKED, "Content-Length: 5000"))
        line.send(head("POST /admin/v1/customers", OPERATOR, JSON, name, how) + b"400\r\n" + b"{" * 100)
        await asyncio.sleep(load.random.choice((0.0, 0.01)))


async def leaves_a_mount(load: Mixed) -> None:
    async with load.line() as line:
        how = load.random.choice((CHUNKED, "Content-Length: 5000"))
        line.send(load.request("POST /echo/x", how) + b"400\r\n" + b"{" * 100)
        await asyncio.sleep(load.random.choice((0.0, 0.01)))
        if load.random.random() < 0.5:
            line.reset()


async def leaves_when_told_to_go_on(load: Mixed) -> None:
    async with load.line() as line:
        name = f"X-Request-Id: {load.new_id()}"
        line.send(head("POST /admin/v1/customers", OPERATOR, JSON, name, "Expect: 100-continue", "Content-Length: 50"))
        if (await line.head()).status != 100:
            raise WrongAnswer("nobody was told to go on")


# Those who never come to an end


async def says_nothing(load: Mixed) -> None:
    async with load.line() as line:
        await over(line)


async def stays(load: Mixed) -> None:
    async with load.line() as line:
        await load.ask(line, "GET /soaked/state", status=200)
        await over(line)


async def stops_in_a_head(load: Mixed) -> None:
    async with load.line() as line:
        request = load.request("GET /soaked/state", "Accept: */*", status=408)
        line.send(request[:-4])
        check(await line.answer(), 408, request)
        await over(line)


async def stops_in_a_body(load: Mixed) -> None:
    async with load.line() as line:
        request = load.request("POST /admin/v1/customers", OPERATOR, JSON, "Content-Length: 99999", status=408)
        line.send(request + b"{")
        check(await line.answer(), 408, request)
        await over(line)


async def never_reads_a_stream(load: Mixed) -> None:
    async with load.line(buffer=4096) as line:
        line.send(load.request("GET /soaked/flood", status=200))
        await asyncio.sleep(2 * load.patience + 2)
        await over(line, b"HTTP/1.1 200")


async def never_reads_answers(load: Mixed) -> None:
    async with load.line(buffer=4096) as line:
        for _ in range(40):
            line.send(b"".join(load.request("GET /admin/v1/openapi.json", OPERATOR) for _ in range(10)))
            await asyncio.sleep(0)
        await asyncio.sleep(2 * load.patience + 2)
        await over(line, b"HTTP/1.1 200")


async def writes_garbage(load: Mixed) -> None:
    async with load.line() as line:
        load.unnamed += 1
        kind = load.random.randrange(3)
        if kind == 0:
            line.send(load.random.randbytes(load.random.randrange(1, 5000)) + b"\r\n\r\n")
        elif kind == 1:
            line.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + load.random.randbytes(500))  # TLS
        else:
            start = bytearray(head("GET /admin/v1/customers", OPERATOR))
            for _ in range(5):
                start[load.random.randrange(len(start))] = load.random.randrange(256)
            line.send(bytes(start) + b"\r\n\r\n\x00\r\n\r\n")
        await over(line, b"HTTP/1.1 ")


CHUNKED = "Transfer-Encoding: chunked"


def chunk(data: bytes) -> bytes:
    """A chunk of a body; that of no data ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def over(line: Line, allowed: bytes = b"") -> None:
    """The server ends the connection, and says nothing more but what is allowed. Raises WrongAnswer."""
    said = await line.end()
    if said and not (allowed and said.startswith(allowed)):
        raise WrongAnswer(f"something more was said: {said[:300]!r}")


ACTS: dict[Act, int] = {
    says_nothing: 2,
    stays: 2,
    stops_in_a_head: 2,
    stops_in_a_body: 2,
    never_reads_a_stream: 1,
    never_reads_answers: 1,
    read: 20,
    write: 12,
    mistake: 8,
    shortly: 10,
    old: 2,
    pipeline: 4,
    whole_stream: 4,
    batch: 4,
    told_to_go_on: 4,
    chunks: 4,
    mounted_chunks: 4,
    leaves_a_call: 6,
    crashes_in_a_call: 4,
    leaves_a_write: 3,
    leaves_a_batch: 3,
    leaves_a_stream: 6,
    leaves_a_pipeline: 3,
    leaves_in_a_head: 4,
    leaves_in_a_body: 3,
    leaves_a_mount: 4,
    leaves_when_told_to_go_on: 2,
    writes_garbage: 6,
}
"""What clients do, and how often. Those that take longest begin."""
