"""The client of grpcio, with stubs that protoc made: calls that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from stubs import Stubs

KEY = (("authorization", "Bearer valley"),)
KINDS = ["Echo", "Repeat", "Join", "Talk"]
STREAMED = ("Join", "Talk")
LARGEST = 4 * 1024 * 1024

Work = Callable[[Any, Any], Awaitable[None]]


@pytest.fixture
def run(address: str, stubs: Stubs) -> Callable[[Work], None]:
    """Give a client, and the class of its questions, to a coroutine function."""

    def run(work: Work) -> None:
        async def connected() -> None:
            async with grpc.aio.insecure_channel(address) as channel:
                await work(stubs.services.EchoesServiceStub(channel), stubs.messages.Ask)

        asyncio.run(asyncio.wait_for(connected(), 60))

    return run


async def each_of(*questions: Any, then: float = 0) -> AsyncIterator[Any]:
    for question in questions:
        yield question
    await asyncio.sleep(then)


def begun(client: Any, kind: str, question: Any, **options: Any) -> Any:
    """A call of a procedure, which is under way."""
    return getattr(client, kind)(each_of(question) if kind in STREAMED else question, metadata=KEY, **options)


async def texts(call: Any) -> list[str]:
    """The texts of what a call is answered."""
    return [each.text async for each in call] if hasattr(call, "__aiter__") else [(await call).text]


async def seen(client: Any, what: str) -> int:
    found: int = getattr(await client.Seen(empty_pb2.Empty(), metadata=KEY), what)
    return found


async def until(client: Any, what: str, number: int) -> None:
    """Wait until so many calls were seen to come, or to go."""
    async with asyncio.timeout(10):
        while await seen(client, what) < number:  # noqa: ASYNC110  (the server is another process)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call(run: Callable[[Work], None], kind: str) -> None:
    async def work(client: Any, ask: Any) -> None:
        call = begun(client, kind, ask(text="hello"))
        assert await texts(call) == ["hello"]
        assert await call.code() is grpc.StatusCode.OK
        assert "x-request-id" in (await call.initial_metadata())

    run(work)


def test_both_streams_at_once(run: Callable[[Work], None]) -> None:
    async def work(client: Any, ask: Any) -> None:
        call = client.Talk(metadata=KEY)
        for number, text in enumerate("abc", 1):
            await call.write(ask(text=text))
            answer = await call.read()
            assert (answer.text, answer.number) == (text, number)
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF

    run(work)


def test_many_calls_at_once_on_one_connection(run: Callable[[Work], None]) -> None:
    async def work(client: Any, ask: Any) -> None:
        calls = [texts(begun(client, KINDS[n % 4], ask(text=f"{n}"))) for n in range(400)]
        assert await asyncio.gather(*calls) == [[f"{n}"] for n in range(400)]

    run(work)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault(run: Callable[[Work], None], kind: str) -> None:
    async def work(client: Any, ask: Any) -> None:
        call = begun(client, kind, ask(fault="lost"))
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await texts(call)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        status = rpc_status.from_call(error.value)
        info = error_details_pb2.ErrorInfo.FromString(status.details[0].value)
        assert (info.reason, dict(info.metadata)) == ("ECHO_LOST", {"where": "valley"})

    run(work)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deadline(run: Callable[[Work], None], kind: str) -> None:
    async def work(client: Any, ask: Any) -> None:
        before = await seen(client, "cancelled")
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await texts(begun(client, kind, ask(pause=30), timeout=0.2))
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(client, "cancelled", before + 1)

    run(work)


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling(run: Callable[[Work], None], kind: str) -> None:
    """The handler is cancelled, too."""

    async def work(client: Any, ask: Any) -> None:
        begins, cancels = await seen(client, "begun"), await seen(client, "cancelled")
        call = begun(client, kind, ask(pause=30))
        reading = asyncio.ensure_future(texts(call))
        await until(client, "begun", begins + 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await call.code() is grpc.StatusCode.CANCELLED
        await until(client, "cancelled", cancels + 1)

    run(work)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize("kind", KINDS)
def test_four_mebibytes(run: Callable[[Work], None], kind: str, compression: grpc.Compression) -> None:
    async def work(client: Any, ask: Any) -> None:
        largest = "ab" * ((LARGEST - 32) // 2)
        assert await texts(begun(client, kind, ask(text=largest), compression=compression)) == [largest]

    run(work)
