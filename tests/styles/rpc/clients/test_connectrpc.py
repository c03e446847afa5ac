"""Connect's own client for Python: Connect, gRPC and gRPC-Web, over HTTP/1.1 and HTTP/2, in both forms of messages."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import httpx
import pytest
from connectrpc.client import ConnectClient, ConnectClientSync
from connectrpc.code import Code
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2
from pyqwest import Client, HTTPTransport, HTTPVersion, SyncClient, SyncHTTPTransport
from running import Running
from stubs import Stubs

KEY: Final = {"authorization": "Bearer valley"}
LARGEST: Final = 4 * 1024 * 1024
KINDS: Final = {
    "Echo": StreamType.UNARY,
    "Shout": StreamType.UNARY,
    "Repeat": StreamType.SERVER_STREAM,
    "Join": StreamType.CLIENT_STREAM,
    "Talk": StreamType.BIDI_STREAM,
}
CODECS: Final = {"proto": google_protobuf_binary_codec, "json": google_protobuf_json_codec}
WAYS: Final = {
    "connect, HTTP/1.1": (ProtocolType.CONNECT, HTTPVersion.HTTP1),
    "connect, HTTP/2": (ProtocolType.CONNECT, HTTPVersion.HTTP2),
    "grpc": (ProtocolType.GRPC, HTTPVersion.HTTP2),
    "grpc-web, HTTP/1.1": (ProtocolType.GRPC_WEB, HTTPVersion.HTTP1),
    "grpc-web, HTTP/2": (ProtocolType.GRPC_WEB, HTTPVersion.HTTP2),
}
EVERY: Final = [(way, kind) for way in WAYS for kind in KINDS]


class Caller:
    """A client, and the classes of its messages."""

    def __init__(self, client: ConnectClient, stubs: Stubs) -> None:
        self.client = client
        self.ask = stubs.messages.Ask
        self._answer = stubs.messages.Echo
        self._seen = stubs.messages.Seen

    def method(self, kind: str) -> MethodInfo[Any, Any]:
        level = IdempotencyLevel.UNKNOWN if kind == "Shout" else IdempotencyLevel.NO_SIDE_EFFECTS
        return MethodInfo(
            name=kind,
            service_name="echoes.v1.EchoesService",
            input=self.ask,
            output=self._answer,
            idempotency_level=level,
            stream_type=KINDS[kind],
        )

    async def call(self, kind: str, *questions: Any, headers: Any = KEY, **options: Any) -> list[Any]:
        """The answers to questions, one by one as they come."""
        method, client = self.method(kind), self.client
        match KINDS[kind]:
            case StreamType.UNARY:
                return [await client.execute_unary(request=questions[0], method=method, headers=headers, **options)]
            case StreamType.CLIENT_STREAM:
                asked = each_of(*questions)
                return [await client.execute_client_stream(request=asked, method=method, headers=headers, **options)]
            case StreamType.SERVER_STREAM:
                found = client.execute_server_stream(request=questions[0], method=method, headers=headers, **options)
            case StreamType.BIDI_STREAM:
                asked = each_of(*questions)
                found = client.execute_bidi_stream(request=asked, method=method, headers=headers, **options)
        return [each async for each in found]

    async def seen(self) -> Any:
        """How calls came and went."""
        method = MethodInfo(
            name="Seen",
            service_name="echoes.v1.EchoesService",
            input=empty_pb2.Empty,
            output=self._seen,
            idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS,
            stream_type=StreamType.UNARY,
        )
        return await self.client.execute_unary(request=empty_pb2.Empty(), method=method, headers=KEY)

    async def until(self, holds: Callable[[Any], bool]) -> None:
        """Wait until calls were seen to come, or to go."""
        async with asyncio.timeout(10):
            while not holds(await self.seen()):  # noqa: ASYNC110  (the server is another process)
                await asyncio.sleep(0.02)


async def each_of(*questions: Any) -> AsyncIterator[Any]:
    for question in questions:
        yield question


Run = Callable[..., None]


@pytest.fixture
def run(server: Running, stubs: Stubs) -> Run:
    """Give a caller to a coroutine function."""

    def run(work: Callable[[Caller], Awaitable[None]], way: str, form: str = "proto", **options: Any) -> None:
        protocol, version = WAYS[way]

        async def connected() -> None:
            async with HTTPTransport(http_version=version) as transport:
                options.setdefault("send_compression", None)
                options.setdefault("accept_compression", [])
                client = ConnectClient(
                    server.url, codec=CODECS[form](), protocol=protocol, http_client=Client(transport), **options
                )
                await work(Caller(client, stubs))

        asyncio.run(asyncio.wait_for(connected(), 60))

    return run


@pytest.mark.parametrize("form", CODECS)
@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_a_call(run: Run, way: str, kind: str, form: str) -> None:
    async def work(caller: Caller) -> None:
        (answer,) = await caller.call(kind, caller.ask(text="hello ☺"))
        assert (answer.text, answer.number) == ("HELLO ☺" if kind == "Shout" else "hello ☺", 1)

    run(work, way, form)


@pytest.mark.parametrize("form", CODECS)
def test_by_get(run: Run, form: str) -> None:
    async def work(caller: Caller) -> None:
        (answer,) = await caller.call("Echo", caller.ask(text="hello ☺"), use_get=True)
        assert answer.text == "hello ☺"
        with pytest.raises(ConnectError) as error:
            await caller.call("Shout", caller.ask(text="hello"), use_get=True)
        assert error.value.code is Code.UNIMPLEMENTED

    for way in WAYS:
        if way.startswith("connect"):
            run(work, way, form)


@pytest.mark.parametrize("way", WAYS)
def test_many_answers(run: Run, way: str) -> None:
    async def work(caller: Caller) -> None:
        found = await caller.call("Repeat", caller.ask(text="a", times=50))
        assert [each.number for each in found] == list(range(1, 51))
        assert await caller.call("Repeat", caller.ask(times=0)) == []

    run(work, way)


@pytest.mark.parametrize("way", WAYS)
def test_many_questions(run: Run, way: str) -> None:
    async def work(caller: Caller) -> None:
        (answer,) = await caller.call("Join", *(caller.ask(text=each) for each in "abcdef"))
        assert (answer.text, answer.number) == ("abcdef", 6)
        (nothing,) = await caller.call("Join")
        assert (nothing.text, nothing.number) == ("", 0)
        found = await caller.call("Talk", *(caller.ask(text=each, times=2) for each in "abc"))
        assert [each.text for each in found] == list("aabbcc")
        assert await caller.call("Talk") == []

    run(work, way)


@pytest.mark.parametrize("way", ["connect, HTTP/2", "grpc", "grpc-web, HTTP/2"])
def test_both_streams_at_once(run: Run, way: str) -> None:
    async def work(caller: Caller) -> None:
        answered: asyncio.Queue[None] = asyncio.Queue()
        answered.put_nowait(None)

        async def asks() -> AsyncIterator[Any]:
            for each in "abc":
                await answered.get()  # each question waits for the answer before it
                yield caller.ask(text=each)

        heard = []
        talking = caller.client.execute_bidi_stream(request=asks(), method=caller.method("Talk"), headers=KEY)
        async for each in talking:
            heard.append(each.text)
            answered.put_nowait(None)
        assert heard == ["a", "b", "c"]

    run(work, way)


@pytest.mark.parametrize("kind", ["Echo", "Repeat"])
@pytest.mark.parametrize("way", WAYS)
def test_a_fault_of_each_code(run: Run, way: str, kind: str) -> None:
    async def work(caller: Caller) -> None:
        for code in Code:
            name = "CANCELLED" if code is Code.CANCELED else code.name
            with pytest.raises(ConnectError) as error:
                await caller.call(kind, caller.ask(fault=name))
            assert (error.value.code, error.value.message) == (code, f"{name}: ☺ 100 %")

    run(work, way)


@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_a_fault_has_its_details(run: Run, way: str, kind: str) -> None:
    async def work(caller: Caller) -> None:
        with pytest.raises(ConnectError) as error:
            await caller.call(kind, caller.ask(fault="lost"))
        assert error.value.code is Code.UNAVAILABLE
        found = {each.type_name: each.message_bytes for each in error.value.details}
        info = error_details_pb2.ErrorInfo.FromString(found["google.rpc.ErrorInfo"])
        assert (info.reason, info.domain, dict(info.metadata)) == ("ECHO_LOST", "echoes.v1", {"where": "valley"})
        retry = error_details_pb2.RetryInfo.FromString(found["google.rpc.RetryInfo"])
        assert (retry.retry_delay.seconds, retry.retry_delay.nanos) == (1, 500_000_000)

    run(work, way)


@pytest.mark.parametrize("form", CODECS)
@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_what_is_wrong_with_a_message_is_told(run: Run, way: str, kind: str, form: str) -> None:
    async def work(caller: Caller) -> None:
        with pytest.raises(ConnectError) as error:
            await caller.call(kind, caller.ask(times=-1))
        assert error.value.code is Code.INVALID_ARGUMENT
        found = {each.type_name: each.message_bytes for each in error.value.details}
        (violation,) = error_details_pb2.BadRequest.FromString(found["google.rpc.BadRequest"]).field_violations
        assert (violation.field, violation.reason) == ("times", "GE")

    run(work, way, form)


@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_who_calls_is_asked(run: Run, way: str, kind: str) -> None:
    async def work(caller: Caller) -> None:
        with pytest.raises(ConnectError) as error:
            await caller.call(kind, caller.ask(), headers={})
        assert error.value.code is Code.UNAUTHENTICATED

    run(work, way)


@pytest.mark.parametrize(("way", "kind"), [each for each in EVERY if each[1] != "Shout"])
def test_a_deadline(run: Run, way: str, kind: str) -> None:
    async def work(caller: Caller) -> None:
        before = await caller.seen()
        with pytest.raises(ConnectError) as error:
            await caller.call(kind, caller.ask(pause=30), timeout_ms=200)
        assert error.value.code is Code.DEADLINE_EXCEEDED
        await caller.until(lambda seen: seen.cancelled > before.cancelled)

    run(work, way)


@pytest.mark.parametrize(("way", "kind"), [each for each in EVERY if each[1] != "Shout"])
def test_leaving(run: Run, way: str, kind: str) -> None:
    """The handler is cancelled when its caller is gone."""

    async def work(caller: Caller) -> None:
        before = await caller.seen()
        waiting = asyncio.create_task(caller.call(kind, caller.ask(pause=30)))
        await caller.until(lambda seen: seen.begun == before.begun + 1)
        waiting.cancel()
        with pytest.raises((asyncio.CancelledError, ConnectError)):
            await waiting
        await caller.until(lambda seen: seen.cancelled > before.cancelled)

    run(work, way)


@pytest.mark.parametrize("form", CODECS)
@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_compression(run: Run, way: str, kind: str, form: str) -> None:
    async def work(caller: Caller) -> None:
        text = "again " * 10_000
        (answer,) = await caller.call(kind, caller.ask(text=text))
        assert answer.text.lower() == text

    coded = GzipCompression()
    run(work, way, form, send_compression=coded, accept_compression=[coded])
    run(work, way, form, accept_compression=[coded])
    run(work, way, form, send_compression=coded)


@pytest.mark.parametrize(("way", "kind"), EVERY)
def test_four_mebibytes(run: Run, way: str, kind: str) -> None:
    async def work(caller: Caller) -> None:
        text = "ab" * ((LARGEST - 32) // 2)
        (answer,) = await caller.call(kind, caller.ask(text=text))
        assert answer.text.lower() == text
        with pytest.raises(ConnectError) as error:
            await caller.call(kind, caller.ask(text=text + "c" * 100))
        assert error.value.code is Code.RESOURCE_EXHAUSTED

    run(work, way, "json" if kind == "Shout" else "proto")


def test_calls_that_block(server: Running, stubs: Stubs) -> None:
    with SyncHTTPTransport() as transport:
        client = ConnectClientSync(server.url, codec=google_protobuf_binary_codec(), http_client=SyncClient(transport))
        caller = Caller(client, stubs)  # type: ignore[arg-type]
        method = caller.method("Echo")
        assert client.execute_unary(request=caller.ask(text="a"), method=method, headers=KEY).text == "a"
        found = client.execute_server_stream(
            request=caller.ask(text="a", times=3), method=caller.method("Repeat"), headers=KEY
        )
        assert [each.number for each in found] == [1, 2, 3]
        asked = iter([caller.ask(text="a"), caller.ask(text="b")])
        assert client.execute_client_stream(request=asked, method=caller.method("Join"), headers=KEY).text == "ab"


LONG: Final = gzip.compress(b'{"text": "%b"}' % (b"again " * 1000))
STREAM: Final = {"content-type": "application/connect+json", "connect-content-encoding": "gzip"}
WEB: Final = {"content-type": "application/grpc-web+json", "grpc-encoding": "gzip"}


@pytest.mark.parametrize(
    ("headers", "compressed"),
    [
        (STREAM, True),
        ({**STREAM, "connect-accept-encoding": "gzip"}, True),
        ({**STREAM, "connect-accept-encoding": "identity"}, False),
        (WEB, True),
        ({**WEB, "grpc-accept-encoding": "identity, gzip"}, True),
        ({**WEB, "grpc-accept-encoding": "identity"}, False),
    ],
)
def test_answers_are_compressed_for_who_takes_it(server: Running, headers: dict[str, str], compressed: bool) -> None:
    frame = b"\1" + len(LONG).to_bytes(4) + LONG
    url = f"{server.url}/echoes.v1.EchoesService/Repeat"
    answer = httpx.post(url, content=frame, headers={**KEY, **headers}).raise_for_status()
    said = answer.headers.get("grpc-encoding") or answer.headers.get("connect-content-encoding")
    assert (said, answer.content[0]) == (("gzip", 1) if compressed else (None, 0))
