"""The client of grpcio, with stubs that protoc made: calls that block."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from running import Running, eventually
from stubs import Stubs

KEY = [("authorization", "Bearer valley")]
KINDS = ["Echo", "Repeat", "Join", "Talk"]
"""A procedure of each kind of interaction."""
STREAMED = ("Join", "Talk")
MEBIBYTE = 1024 * 1024
LARGEST = 4 * MEBIBYTE
"""A message, in bytes."""


@pytest.fixture
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel, stubs: Stubs) -> Any:
    return stubs.services.EchoesServiceStub(channel)


@pytest.fixture
def ask(stubs: Stubs) -> Any:
    return stubs.messages.Ask


def seen(client: Any) -> Any:
    """How calls came and went."""
    return client.Seen(empty_pb2.Empty(), metadata=KEY)


def given(kind: str, question: Any) -> Any:
    """What a procedure takes, of one question."""
    return iter([question]) if kind in STREAMED else question


def texts(kind: str, answer: Any) -> list[str]:
    """The texts of what a procedure answers."""
    return [answer.text] if kind in ("Echo", "Join") else [each.text for each in answer]


def numbered(answers: Any) -> list[tuple[str, int]]:
    return [(each.text, each.number) for each in answers]


def test_a_call(client: Any, ask: Any) -> None:
    answer, call = client.Echo.with_call(ask(text="hello ☺"), metadata=KEY)
    assert numbered([answer]) == [("hello ☺", 1)]
    assert (call.code(), call.details()) == (grpc.StatusCode.OK, "")
    assert "x-request-id" in dict(call.initial_metadata())


def test_a_handler_reads_metadata_but_for_credentials(client: Any, ask: Any, server: Running) -> None:
    metadata = [*KEY, ("x-colour", "blue"), ("x-shade-bin", b"\xab\xab"), ("cookie", "sweet")]
    for name, value in (
        ("x-colour", "BLUE"),
        ("x-shade-bin", "Q6S"),
        ("cookie", "COOKIE"),
        ("authorization", "AUTHORIZATION"),
    ):
        assert client.Shout(ask(text=name), metadata=metadata).text == value
    headers = {"authorization": "Bearer valley", "X-Colour": "blue"}
    answer = httpx.post(f"{server.url}/echoes/shout", json={"text": "x-colour"}, headers=headers)
    assert answer.json()["text"] == "BLUE"


def test_a_stream_of_answers(client: Any, ask: Any) -> None:
    assert numbered(client.Repeat(ask(text="a", times=3), metadata=KEY)) == [("a", 1), ("a", 2), ("a", 3)]
    assert numbered(client.Repeat(ask(times=0), metadata=KEY)) == []


def test_a_stream_of_requests(client: Any, ask: Any) -> None:
    assert numbered([client.Join((ask(text=each) for each in "abc"), metadata=KEY)]) == [("abc", 3)]
    assert numbered([client.Join(iter(()), metadata=KEY)]) == [("", 0)]


def test_both_streams_at_once(client: Any, ask: Any) -> None:
    heard: list[Any] = []
    goes_on = threading.Semaphore()

    def asks() -> Iterator[Any]:
        for each in "abc":
            assert goes_on.acquire(timeout=30)  # each question waits for the answer before it
            yield ask(text=each)

    for each in client.Talk(asks(), metadata=KEY):
        heard.append(each)
        goes_on.release()
    assert numbered(heard) == [("a", 1), ("b", 2), ("c", 3)]
    assert numbered(client.Talk(iter(()), metadata=KEY)) == []


@pytest.mark.parametrize("code", [each for each in grpc.StatusCode if each is not grpc.StatusCode.OK])
def test_a_fault_of_each_code(client: Any, ask: Any, code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.RpcError) as error:
        client.Echo(ask(fault=code.name), metadata=KEY)
    assert (error.value.code(), error.value.details()) == (code, f"{code.name}: ☺ 100 %")


def details(error: Any) -> dict[str, Any]:
    """The details of a fault, by the names of their messages."""
    status = rpc_status.from_call(error)
    found = {}
    for each in status.details:
        name = each.TypeName().removeprefix("google.rpc.")
        found[name] = getattr(error_details_pb2, name).FromString(each.value)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_has_its_details(client: Any, ask: Any, kind: str) -> None:
    """Of a stream, behind the answers that came before it."""
    question = ask(text="a", fault="lost")
    answers: list[str] = []
    call = getattr(client, kind)
    with pytest.raises(grpc.RpcError) as error:
        answers.extend(each.text for each in call(given(kind, question), metadata=KEY))
    assert answers == (["a"] if kind in ("Repeat", "Talk") else [])
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    found = details(error.value)
    info, retry = found["ErrorInfo"], found["RetryInfo"].retry_delay
    assert (info.reason, info.domain, dict(info.metadata)) == ("ECHO_LOST", "echoes.v1", {"where": "valley"})
    assert (retry.seconds, retry.nanos) == (1, 500_000_000)
    assert found["RequestInfo"].request_id


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_with_a_message_is_told(client: Any, ask: Any, kind: str) -> None:
    question = ask(times=-1)
    with pytest.raises(grpc.RpcError) as error:
        list(getattr(client, kind)(given(kind, question), metadata=KEY))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    (violation,) = details(error.value)["BadRequest"].field_violations
    assert (violation.field, violation.reason) == ("times", "GE")


def test_who_calls_is_asked(client: Any, ask: Any) -> None:
    for metadata in ([], [("authorization", "Bearer nobody")]):
        with pytest.raises(grpc.RpcError) as error:
            client.Echo(ask(), metadata=metadata)
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("kind", KINDS)
def test_a_deadline(client: Any, ask: Any, kind: str) -> None:
    question = ask(pause=30)
    began = time.monotonic()
    before = seen(client).cancelled
    with pytest.raises(grpc.RpcError) as error:
        list(getattr(client, kind)(given(kind, question), metadata=KEY, timeout=0.2))
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 10
    eventually(lambda: seen(client).cancelled > before, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling(client: Any, ask: Any, kind: str) -> None:
    """The handler is cancelled, too."""
    over = threading.Event()
    before = seen(client)

    def asks() -> Iterator[Any]:
        yield ask(pause=30)
        over.wait(30)

    try:
        call = getattr(client, kind)
        begin = call if kind in ("Repeat", "Talk") else call.future
        under_way = begin(asks() if kind in STREAMED else ask(pause=30), metadata=KEY)
        eventually(lambda: seen(client).begun > before.begun, 10)
        under_way.cancel()
        assert under_way.code() is grpc.StatusCode.CANCELLED
        eventually(lambda: seen(client).cancelled > before.cancelled, 10)
    finally:
        over.set()


def test_leaving_after_the_first_answer(client: Any, ask: Any) -> None:
    before = seen(client).cancelled
    call = client.Repeat(ask(times=1_000_000), metadata=KEY)
    assert next(call).number == 1
    call.cancel()
    eventually(lambda: seen(client).cancelled > before, 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_compression(address: str, stubs: Stubs, ask: Any, kind: str, compression: grpc.Compression) -> None:
    question = ask(text="again " * 10_000)
    with grpc.insecure_channel(address, compression=compression) as channel:
        call = getattr(stubs.services.EchoesServiceStub(channel), kind)
        assert texts(kind, call(given(kind, question), metadata=KEY)) == [question.text]


@pytest.mark.parametrize("kind", KINDS)
def test_another_compression_is_refused(address: str, stubs: Stubs, ask: Any, kind: str) -> None:
    """With what there is instead."""
    with grpc.insecure_channel(address, compression=grpc.Compression.Deflate) as channel:
        call = getattr(stubs.services.EchoesServiceStub(channel), kind)
        with pytest.raises(grpc.RpcError) as error:
            list(call(given(kind, ask(text="again " * 100)), metadata=KEY))
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "gzip" in error.value.details()


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize("kind", KINDS)
def test_four_mebibytes(client: Any, ask: Any, kind: str, compression: grpc.Compression) -> None:
    largest = "ä" * ((LARGEST - 32) // 2)
    question = ask(text=largest)
    answer = getattr(client, kind)(given(kind, question), metadata=KEY, compression=compression)
    assert texts(kind, answer) == [largest]


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_four_mebibytes(client: Any, ask: Any, kind: str) -> None:
    question = ask(text="a" * (LARGEST + 1))
    with pytest.raises(grpc.RpcError) as error:
        list(getattr(client, kind)(given(kind, question), metadata=KEY))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "4,194,304 bytes" in error.value.details()


@pytest.mark.parametrize("path", ["/no.such.v1.Service/Method", "/echoes.v1.EchoesService/Nothing"])
def test_what_there_is_not_is_refused_before_its_messages_end(channel: grpc.Channel, path: str) -> None:
    """A client of streams may keep its side open until it is answered."""
    answered = threading.Event()

    def never() -> Iterator[bytes]:
        yield b""
        answered.wait(60)

    call = channel.stream_stream(path)(never(), metadata=KEY, timeout=10)
    with pytest.raises(grpc.RpcError) as raised:
        next(call)
    answered.set()
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert path[1:] in raised.value.details() or "has no method" in raised.value.details()
