"""The cases of gRPC's interoperability list that a server can show, with grpcio's client and the names and numbers of
``grpc.testing`` (https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md).

Left out: what tries clients alone (``goaway``, ``rst_*``, backoff), what tries credentials of a cloud, and what a
handler has no part in here: it neither decides whether an answer is compressed nor sees whether its request was, and it
sends no metadata of its own. ``*_compressed_*`` are run as far as that goes: what is answered is compressed where the
request was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from serving import served
from stubs import HERE, Stubs, compiled, descriptor, export

SIZES = [(27182, 31415), (8, 9), (1828, 2653), (45904, 58979)]
"""The sizes of the list, of requests and of answers."""
ODD = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service."""
    with served("interop_server:app", tmp_path_factory.mktemp("served")) as server:
        yield server.url.removeprefix("http://")


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Stubs:
    """The stubs of the service's own file."""
    folder = tmp_path_factory.mktemp("official")
    path = folder / "grpc_interop/testing/interop.proto"
    path.parent.mkdir(parents=True)
    path.write_text((HERE / "interop.proto").read_text())
    return compiled(folder, "grpc_interop/testing/interop.proto")


@pytest.fixture
def channel(interop: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(interop) as channel:
        yield channel


@pytest.fixture
def client(channel: grpc.Channel, official: Stubs) -> Any:
    return official.services.TestServiceStub(channel)


@pytest.fixture
def messages(official: Stubs) -> Any:
    return official.messages


def large(messages: Any, **more: Any) -> Any:
    return messages.SimpleRequest(response_size=314159, payload=messages.Payload(body=bytes(271828)), **more)


def duplex(messages: Any, taken: int, given: int) -> Any:
    return messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=given)], payload=messages.Payload(body=bytes(taken))
    )


def test_the_exported_file_says_what_the_official_one_says(tmp_path: Path) -> None:
    """By names and numbers; but for fields with presence, which are alike on the wire."""
    export("interop_server:app", "interop", tmp_path / "exported/ours.proto")
    ours, theirs = said(descriptor(tmp_path / "exported/ours.proto")), said(descriptor(HERE / "interop.proto"))
    assert ours["TestService"] == [each for each in theirs["TestService"] if each[0] != "UnimplementedCall"]
    types = set(theirs) - {"TestService", "UnimplementedService"}
    assert {name: ours[name] for name in types} == {name: theirs[name] for name in types}


def said(file: Any) -> dict[str, list[tuple[Any, ...]]]:
    """What is in a file, by name."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for message in file.message_type:
        found[message.name] = [
            (each.name, each.number, each.label, each.type, each.type_name) for each in message.field
        ]
    for enum in file.enum_type:
        found[enum.name] = [(each.name, each.number) for each in enum.value]
    for service in file.service:
        found[service.name] = [
            (each.name, each.input_type, each.output_type, each.client_streaming, each.server_streaming)
            for each in service.method
        ]
    return found


def test_an_absent_value_is_the_one_with_the_number_0_in_json_too(interop: str) -> None:
    url = f"http://{interop}/grpc.testing.TestService/UnaryCall"
    answer = httpx.post(url, json={"responseSize": 2}).raise_for_status()
    assert answer.json()["payload"] == {"type": "COMPRESSABLE", "body": "AAA="}
    answer = httpx.post(url, json={"responseSize": 2, "responseType": 0}).raise_for_status()
    assert answer.json()["payload"]["type"] == "COMPRESSABLE"


def test_empty_unary(client: Any, messages: Any) -> None:
    assert client.EmptyCall(messages.Empty()) == messages.Empty()


def test_cacheable_unary(client: Any, messages: Any) -> None:
    """As any other: gRPC has no GET. (Connect has, which others try.)"""
    request = messages.SimpleRequest(payload=messages.Payload(body=b"123"), response_size=9)
    assert client.CacheableUnaryCall(request) == client.CacheableUnaryCall(request)


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_large_unary(client: Any, messages: Any, compression: grpc.Compression | None) -> None:
    """And ``client_compressed_unary``, ``server_compressed_unary``."""
    answer = client.UnaryCall(large(messages), compression=compression)
    assert (answer.payload.type, answer.payload.body) == (messages.COMPRESSABLE, bytes(314159))


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_client_streaming(client: Any, messages: Any, compression: grpc.Compression | None) -> None:
    """And ``client_compressed_streaming``."""
    requests = [messages.StreamingInputCallRequest(payload=messages.Payload(body=bytes(size))) for size, _ in SIZES]
    answer = client.StreamingInputCall(iter(requests), compression=compression)
    assert answer.aggregated_payload_size == 74922


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_server_streaming(client: Any, messages: Any, compression: grpc.Compression | None) -> None:
    """And ``server_compressed_streaming``."""
    request = messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=size) for _, size in SIZES]
    )
    answers = list(client.StreamingOutputCall(request, compression=compression))
    assert [each.payload.body for each in answers] == [bytes(size) for _, size in SIZES]


def test_ping_pong(client: Any, messages: Any) -> None:
    answered = threading.Semaphore()

    def requests() -> Iterator[Any]:
        for taken, given in SIZES:
            assert answered.acquire(timeout=30)
            yield duplex(messages, taken, given)

    sizes = []
    for each in client.FullDuplexCall(requests()):
        sizes.append(len(each.payload.body))
        answered.release()
    assert sizes == [given for _, given in SIZES]


def test_empty_stream(client: Any) -> None:
    assert list(client.FullDuplexCall(iter(()))) == []


def test_half_duplex(client: Any, messages: Any) -> None:
    answers = client.HalfDuplexCall(duplex(messages, *sizes) for sizes in SIZES)
    assert [len(each.payload.body) for each in answers] == [given for _, given in SIZES]


@pytest.mark.parametrize("message", ["test status message", ODD])
def test_status_code_and_message(client: Any, messages: Any, message: str) -> None:
    """And ``special_status_message``."""
    status = messages.EchoStatus(code=2, message=message)
    with pytest.raises(grpc.RpcError) as error:
        client.UnaryCall(messages.SimpleRequest(response_status=status))
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, message)
    with pytest.raises(grpc.RpcError) as error:
        list(client.FullDuplexCall(iter([messages.StreamingOutputCallRequest(response_status=status)])))
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, message)


def test_unimplemented_method(client: Any, messages: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        client.UnimplementedCall(messages.Empty())
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_unimplemented_service(channel: grpc.Channel, official: Stubs, messages: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        official.services.UnimplementedServiceStub(channel).UnimplementedCall(messages.Empty())
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_cancel_after_begin(client: Any) -> None:
    over = threading.Event()

    def requests() -> Iterator[Any]:
        over.wait(30)
        yield from ()

    call = client.StreamingInputCall.future(requests())
    call.cancel()
    over.set()
    assert call.code() is grpc.StatusCode.CANCELLED


def test_cancel_after_first_response(client: Any, messages: Any) -> None:
    over = threading.Event()

    def requests() -> Iterator[Any]:
        yield duplex(messages, *SIZES[0])
        over.wait(30)

    call = client.FullDuplexCall(requests())
    assert len(next(call).payload.body) == SIZES[0][1]
    call.cancel()
    over.set()
    with pytest.raises(grpc.RpcError) as error:
        next(call)
    assert error.value.code() is grpc.StatusCode.CANCELLED


def test_timeout_on_sleeping_server(client: Any, messages: Any) -> None:
    def requests() -> Iterator[Any]:
        yield messages.StreamingOutputCallRequest(payload=messages.Payload(body=bytes(27182)))
        time.sleep(0.5)

    with pytest.raises(grpc.RpcError) as error:
        list(client.FullDuplexCall(requests(), timeout=0.001))
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_rpc_soak(client: Any, messages: Any) -> None:
    """A hundred calls on one channel."""
    assert all(len(client.UnaryCall(large(messages)).payload.body) == 314159 for _ in range(100))


def test_channel_soak(interop: str, official: Stubs, messages: Any) -> None:
    """A channel for each of thirty calls."""
    for _ in range(30):
        # Else they would share a connection.
        with grpc.insecure_channel(interop, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            answer = official.services.TestServiceStub(channel).UnaryCall(large(messages))
            assert len(answer.payload.body) == 314159
