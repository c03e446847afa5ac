"""RPC through ASGI: gRPC where the server can send trailers, a clear refusal where it cannot, Connect on any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import empty_pb2
from running import Running, eventually
from serving import served_by
from stubs import Stubs

KEY = [("authorization", "Bearer valley")]
KINDS = ["Echo", "Repeat", "Join", "Talk"]
STREAMED = ("Join", "Talk")
HYPERCORN = ("hypercorn", "--workers", "0", "--bind", "127.0.0.1:{port}")
GRANIAN = ("granian", "--interface", "asgi", "--port", "{port}")
UVICORN = ("uvicorn", "--port", "{port}")


@pytest.fixture(scope="module", params=[HYPERCORN], ids=["hypercorn"])
def trailing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that sends trailers over HTTP/2."""
    with served_by(tmp_path_factory.mktemp("served"), *request.param) as server:
        yield server


@pytest.fixture
def client(trailing: Running, stubs: Stubs) -> Iterator[Any]:
    with grpc.insecure_channel(trailing.url.removeprefix("http://")) as channel:
        yield stubs.services.EchoesServiceStub(channel)


def given(kind: str, question: Any) -> Any:
    return iter([question]) if kind in STREAMED else question


def texts(kind: str, answer: Any) -> list[str]:
    return [answer.text] if kind in ("Echo", "Join") else [each.text for each in answer]


@pytest.mark.parametrize("kind", KINDS)
def test_grpc_where_there_are_trailers(client: Any, stubs: Stubs, kind: str) -> None:
    ask, call = stubs.messages.Ask, getattr(client, kind)
    assert texts(kind, call(given(kind, ask(text="hello ☺")), metadata=KEY)) == ["hello ☺"]
    with pytest.raises(grpc.RpcError) as error:
        list(call(given(kind, ask(fault="lost")), metadata=KEY))
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNAVAILABLE, "nothing came back")
    with pytest.raises(grpc.RpcError) as error:
        list(call(given(kind, ask())))
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
    largest = "ab" * (2 * 1024 * 1024 - 16)
    assert texts(kind, call(given(kind, ask(text=largest)), metadata=KEY)) == [largest]


@pytest.mark.parametrize("kind", ["Repeat", "Join", "Talk"])
def test_who_leaves_a_stream_cancels_its_handler(client: Any, stubs: Stubs, kind: str) -> None:
    before = client.Seen(empty_pb2.Empty(), metadata=KEY).cancelled
    with pytest.raises(grpc.RpcError) as error:
        list(getattr(client, kind)(given(kind, stubs.messages.Ask(pause=30)), metadata=KEY, timeout=0.3))
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    eventually(lambda: client.Seen(empty_pb2.Empty(), metadata=KEY).cancelled > before, 10)


@pytest.mark.parametrize("command", [GRANIAN, UVICORN], ids=["granian", "uvicorn"])
def test_where_there_are_none_grpc_is_refused_and_connect_works(
    command: tuple[str, ...], tmp_path: Path, stubs: Stubs
) -> None:
    with served_by(tmp_path, *command) as server:
        answer = httpx.post(
            f"{server.url}/echoes.v1.EchoesService/Echo", json={"text": "hello"}, headers=dict(KEY)
        ).raise_for_status()
        assert answer.json() == {"text": "hello", "number": 1}
        frame = b"\0\0\0\0\x0d" + b'{"text": "a"}'
        headers = {**dict(KEY), "content-type": "application/connect+json"}
        for kind in KINDS[1:]:
            answer = httpx.post(f"{server.url}/echoes.v1.EchoesService/{kind}", content=frame, headers=headers)
            assert b'{"text":"a","number":1}' in answer.content
            assert answer.content.endswith(b"{}")
        # What comes over HTTP/1.1 is not gRPC at all.
        answer = httpx.post(
            f"{server.url}/echoes.v1.EchoesService/Echo",
            content=b"\0\0\0\0\0",
            headers={**dict(KEY), "content-type": "application/grpc", "te": "trailers"},
        )
        assert (answer.status_code, "use Connect" in answer.text) == (505, True)
        if command is UVICORN:
            return
        with grpc.insecure_channel(server.url.removeprefix("http://")) as channel:
            client = stubs.services.EchoesServiceStub(channel)
            for kind in KINDS:
                with pytest.raises(grpc.RpcError) as error:
                    list(getattr(client, kind)(given(kind, stubs.messages.Ask()), metadata=KEY))
                assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
                assert "use Connect" in error.value.details()
