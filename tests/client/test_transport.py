"""What may happen between a client and a server: other servers, older contracts, lost connections, TLS."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from fair import (
    LOCK,
    Many,
    Named,
    Number,
    Stall,
    Ticket,
    Why,
    add_up,
    double,
    echo,
    fail,
    flaky,
    ping,
    tick,
    tickets,
    total,
)
from running import environment, free_port, running

import dragoman as dm
from dragoman.client.faults import of_grpc
from dragoman.styles.rpc.ways.status import trailers

HERE = Path(__file__).parent
GRPC: dict[str, Any] = {"over": "grpc", "lock": LOCK, "auth": "ann"}
QUICK = dm.Retries(first=0.001, longest=0.01)


# Connections


def test_connections_are_kept(server: str) -> None:
    with lossless(server) as (url, connections):
        for options in ({"auth": "ann"}, GRPC):
            before = len(connections)
            with dm.Client(url, **options) as client:
                for _ in range(5):
                    client.call(ping)
            assert len(connections) == before + 1


def test_one_connection_of_http2_carries_many_calls(server: str) -> None:
    with lossless(server) as (url, connections):

        async def many() -> list[Number]:
            async with dm.AsyncClient(url, **GRPC) as client:
                await client.call(ping)
                calls = (client.call(double, Number(value=each)) for each in range(300))
                return list(await asyncio.gather(*calls))

        assert [each.value for each in asyncio.run(many())] == [2 * each for each in range(300)]
        assert len(connections) == 1
        with dm.Client(url, **GRPC) as client, ThreadPoolExecutor(16) as pool:
            client.call(ping)
            found = pool.map(lambda each: client.call(double, Number(value=each)).value, range(100))
            assert list(found) == [2 * each for each in range(100)]
        assert len(connections) == 2


@contextmanager
def lossless(server: str) -> Iterator[tuple[str, list[int]]]:
    """A way to the server that counts connections."""
    from calling import lossy

    with lossy(int(server.rpartition(":")[2])) as way:
        connections: list[int] = []
        carry = way._carry
        way._carry = lambda near: (connections.append(1), carry(near))[1]  # type: ignore[method-assign]
        yield f"http://127.0.0.1:{way.port}", connections


@pytest.mark.parametrize("options", [{"auth": "ann"}, GRPC], ids=["connect", "grpc"])
def test_a_large_message_goes_both_ways(server: str, options: dict[str, Any]) -> None:
    values = list(range(10_000_000, 10_200_000))
    with dm.Client(server, **options) as client:
        assert client.call(total, Many(values=values)) == Number(value=sum(values))


@pytest.mark.parametrize("options", [{"auth": "ann"}, GRPC], ids=["connect", "grpc"])
def test_a_slow_reader_holds_the_server_up(server: str, options: dict[str, Any]) -> None:
    with dm.Client(server, **options) as client, client.stream(tick, Named(name="slow")) as stream:
        first = next(stream)
        time.sleep(0.05)
        assert [first.value, *(each.value for each in stream)] == list(range(100))


def test_what_a_stream_is_sent_may_wait_for_its_answers(server: str) -> None:
    async def talk() -> list[int]:
        said: asyncio.Queue[int] = asyncio.Queue()
        said.put_nowait(1)

        async def numbers() -> Any:
            while (number := await said.get()) < 100:
                yield Number(value=number)

        found = []
        async with dm.AsyncClient(server, **GRPC) as client:
            async for each in client.stream(echo, numbers()):
                found.append(each.value)
                said.put_nowait(2 * -each.value)
        return found

    assert asyncio.run(talk()) == [-1, -2, -4, -8, -16, -32, -64]

    async def silent() -> None:
        async def never() -> Any:
            yield Number(value=1)
            await asyncio.sleep(60)

        async def wrong() -> Any:
            yield Number(value=1)
            raise KeyError("the caller's own")

        for options in ({"auth": "ann"}, GRPC):
            async with dm.AsyncClient(server, **options) as client:
                with pytest.raises(dm.DeadlineExceeded):
                    await client.call(add_up, never(), timeout=0.2)
                with pytest.raises(KeyError):
                    await client.call(add_up, wrong())

    asyncio.run(asyncio.wait_for(silent(), 10))

    with dm.Client(server, **GRPC) as client:

        def broken() -> Iterator[Number]:
            yield Number(value=1)
            raise KeyError("the caller's own")

        with pytest.raises(KeyError, match="the caller's own"):
            list(client.stream(echo, broken()))
        endless = iter(lambda: Number(value=1), None)
        with client.stream(echo, endless) as stream:
            assert next(stream) == Number(value=-1)


def test_a_cancelled_task_cancels_its_call(server: str) -> None:
    async def cancelled() -> None:
        async with dm.AsyncClient(server, **GRPC) as client:
            for options in ({}, {"timeout": None}):
                task = asyncio.create_task(client.call(flaky, Named(name="cancelled", seconds=30), **options))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            await client.call(ping)

    asyncio.run(asyncio.wait_for(cancelled(), 5))


def test_a_server_that_died_and_came_again(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "fair:app", "--port", str(port), "--workers", "1"]
    more = environment({"PYTHONPATH": str(HERE)})
    clients = [
        dm.Client(f"http://127.0.0.1:{port}", retries=dm.Retries(first=0.05), **each)
        for each in ({"auth": "ann"}, GRPC)
    ]
    for _ in range(2):
        with running(command, tmp_path, port, more) as started:
            for client in clients:
                client.call(ping)
            started.process.kill()
    for client in clients:
        with pytest.raises(dm.Unavailable):
            client.call(ping)
        client.close()


# TLS, and Unix sockets


def test_tls_and_client_certificates(tmp_path: Path) -> None:
    ca, port = trustme.CA(), free_port()
    ours = ca.issue_cert("127.0.0.1")
    ours.private_key_pem.write_to_path(tmp_path / "key.pem")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    command = [
        sys.executable, "-m", "dragoman", "serve", "fair:app", "--port", str(port), "--workers", "1",
        "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"),
    ]  # fmt: skip
    with running(command, tmp_path, port, environment({"PYTHONPATH": str(HERE)}), ready=False) as started:
        started.wait_until_it_listens()
        url = f"https://127.0.0.1:{port}"
        for options in ({"auth": "ann"}, {"auth": "ann", "http2": True}, GRPC):

            def trusting() -> ssl.SSLContext:
                context = ssl.create_default_context()
                ca.configure_trust(context)
                return context

            with dm.Client(url, tls=trusting(), **options) as client:
                assert client.call(total, Many(values=[1, 2])) == Number(value=3)
                assert client.call(total, Many(values=[10_000_000] * 50_000)).value == 500_000_000_000

            async def call(options: dict[str, Any] = options) -> Number:
                async with dm.AsyncClient(url, tls=trusting(), **options) as client:
                    return await client.call(total, Many(values=[1, 2]))

            assert asyncio.run(call()) == Number(value=3)
            with dm.Client(url, retries=QUICK, **options) as client, pytest.raises(dm.Unavailable, match="certificate"):
                client.call(ping)


def test_unix_sockets(tmp_path: Path) -> None:
    path = tmp_path / "fair.sock"
    command = [sys.executable, "-m", "dragoman", "serve", "fair:app", "--socket", str(path), "--workers", "1"]
    with running(command, tmp_path, free_port(), environment({"PYTHONPATH": str(HERE)}), ready=False) as started:
        started.wait_until_it_listens()
        with dm.Client("http://localhost", unix_socket=path, auth="ann") as client:
            assert client.call(total, Many(values=[1, 2])) == Number(value=3)

        async def call() -> Number:
            async with dm.AsyncClient("http://localhost", unix_socket=path, **GRPC) as client:
                return await client.call(total, Many(values=[1, 2]))

        assert asyncio.run(call()) == Number(value=3)


# A gRPC server of others


class Peer(grpc.GenericRpcHandler):
    """grpcio's server, with handlers that know bytes alone."""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        name = details.method.rpartition("/")[2]
        self.metadata = dict(details.invocation_metadata)
        if name == "Double":
            return grpc.unary_unary_rpc_method_handler(lambda data, context: data)
        if name == "Flaky":
            return grpc.unary_unary_rpc_method_handler(lambda data, context: time.sleep(3))
        if name == "Fail":
            return grpc.unary_unary_rpc_method_handler(
                lambda data, context: context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "zu viel ✓")
            )
        if name == "Tick":
            long = [b"\x7a\x80\x80\x06" + bytes(98_304)] * 8 if "x-long" in self.metadata else []
            return grpc.unary_stream_rpc_method_handler(lambda data, context: iter([b"", b"\x08\x07", *long]))
        if name == "Echo":
            return grpc.stream_stream_rpc_method_handler(lambda items, context: items)
        return None


@pytest.fixture(scope="module")
def peer() -> Iterator[tuple[str, Peer]]:
    handler = Peer()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}", handler
    server.stop(None)


def test_grpcio_s_server_is_called(peer: tuple[str, Peer]) -> None:
    url, handler = peer
    with dm.Client(url, headers={"X-Team": "blue"}, **GRPC) as client:
        assert client.call(double, Number(value=5)) == Number(value=5)
        assert handler.metadata["x-team"] == "blue"
        assert handler.metadata["authorization"] == "Bearer ann"
        with pytest.raises(dm.ResourceExhausted, match="zu viel ✓"):
            client.call(fail, Why(code="x"))
        assert [each.value for each in client.stream(tick, Named(name="x"))] == [0, 7]
        numbers = [Number(value=each) for each in range(50)]
        assert list(client.stream(echo, numbers)) == numbers
        with pytest.raises(dm.DeadlineExceeded):
            client.call(flaky, Named(name="x"), timeout=0.1)
        with pytest.raises(dm.Unimplemented):
            client.call(ping)
        assert client.call(double, Number(value=6)) == Number(value=6)


def test_what_is_taken_late_is_given_back_to_the_connection(peer: tuple[str, Peer]) -> None:
    with dm.Client(peer[0], headers={"X-Long": "1"}, **GRPC) as client:
        for _ in range(25):
            with client.stream(tick, Named(name="x"), timeout=5) as stream:
                next(stream)
                time.sleep(0.02)  # by now all of it is here, and its end
                assert len(list(stream)) == 9
        # Else it becomes as slow as what is left of the window, and nobody knows why.
        (connection,) = client._core._pool._shared
        assert connection._h2.inbound_flow_control_window > 4 * 1024 * 1024


# A server of another age, and what stands before servers


class Answering(BaseHTTPRequestHandler):
    """Answers what the test wants."""

    protocol_version = "HTTP/1.1"
    status = 200
    media = "application/json"
    body: bytes = b"{}"
    coding = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(self.status)
        self.send_header("content-type", self.media)
        self.send_header("content-length", str(len(self.body)))
        if self.coding:
            self.send_header("content-encoding", self.coding)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *given: Any) -> None:
        """Say nothing."""


@contextmanager
def answering(**how: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Now", (how.pop("handler", Answering),), how))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


TICKET = {
    "id": "tic_1",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "stall": "sta_1",
    "cents": -5,
    "state": "eaten",
    "note": None,
    "tags": {},
    "colour": {"new": True},
}


def test_a_newer_server_is_understood(tmp_path: Path) -> None:
    body = gzip.compress(json.dumps(TICKET).encode())
    with answering(body=body, coding="gzip") as url, dm.Client(url, over="rest", path="/v1") as client:
        found = client[tickets].get(Ticket(stall=Stall(name="x").id, cents=0).id)
        assert (found.cents, found.state, found.version) == (-5, "eaten", 0)
    connect = json.dumps(
        {
            **TICKET,
            "cents": "7",
            "state": "STATE_EATEN",
            "createdAt": TICKET["created_at"],
            "updatedAt": TICKET["updated_at"],
        }
    )
    with answering(body=connect.encode()) as url, dm.Client(url) as client:
        assert client[tickets].get(found.id).cents == 7


def test_an_answer_of_another_contract_is_told_apart() -> None:
    with answering(body=b'{"value": "many"}') as url, dm.Client(url, over="plain", path="/rpc") as client:
        with pytest.raises(dm.Internal, match="double is not what this contract promises") as caught:
            client.call(double, Number(value=1))
        assert caught.value.reason == "BROKEN_ANSWER"
    with answering(body=b"<html>", media="text/html") as url:
        for options in ({}, {"over": "plain", "path": "/rpc"}, {"over": "rest", "path": "/v1"}):
            with dm.Client(url, **options) as client, pytest.raises(dm.Internal):
                client.call(double, Number(value=1))


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (401, dm.Unauthenticated),
        (404, dm.NotFound),
        (429, dm.ResourceExhausted),
        (502, dm.Unavailable),
        (503, dm.Unavailable),
    ],
)
def test_what_a_proxy_answers(status: int, fault: type[dm.Fault]) -> None:
    with answering(status=status, body=b"<html>no</html>", media="text/html") as url:
        for options in ({}, {"over": "plain", "path": "/rpc"}, {"over": "rest", "path": "/v1"}):
            with dm.Client(url, retries=QUICK, **options) as client, pytest.raises(fault):
                client.call(double, Number(value=1))


def test_what_speaks_no_http_is_unavailable() -> None:
    for greeting in (b"SSH-2.0-OpenSSH\r\n", b""):
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def serve(listening: socket.socket = listening, greeting: bytes = greeting) -> None:
                for _ in range(4):
                    near, _ = listening.accept()
                    with near:
                        near.sendall(greeting)

            thread = threading.Thread(target=serve)
            thread.start()
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            for options in ({}, GRPC):
                twice = dm.Retries(attempts=2, first=0)
                with dm.Client(url, retries=twice, **options) as client, pytest.raises(dm.Unavailable):
                    client.call(double, Number(value=1))
            thread.join(10)


# What is said when a client is made


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "localhost:8000"}, "is not where a server is"),
        ({"over": "soap"}, "is no way to speak"),
        ({"over": "rest"}, "needs the path of the surface"),
        ({"over": "grpc"}, "needs the numbers of fields"),
    ],
)
def test_what_is_missing_is_said_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dm.Client(**{"url": "http://127.0.0.1:1", **options})


def test_a_lock_file_of_another_surface(tmp_path: Path) -> None:
    with pytest.raises(dm.DeclarationError, match="there is no lock file"):
        dm.Client("http://127.0.0.1:1", lock=tmp_path / "no.lock")
    (tmp_path / "other.lock").write_text('{"fair.v1": {"Number": {"1": "int64 value"}}}')
    with dm.Client("http://127.0.0.1:1", lock=tmp_path / "other.lock", retries=QUICK) as client:
        with pytest.raises(dm.Unavailable):
            client.call(double, Number(value=1))
        with pytest.raises(dm.DeclarationError, match=r"has no numbers for fair\.v1\.Many"):
            client.call(total, Many(values=[]))


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\0", "é"])
def test_a_header_is_only_a_header(server: str, value: str) -> None:
    for options in ({"auth": "ann"}, GRPC):
        with dm.Client(server, **options) as client:
            with pytest.raises(ValueError, match="only printable ASCII"):
                client.call(ping, key=value)
            with pytest.raises(ValueError, match="only printable ASCII"):
                client.call(ping, headers={"x-team": value})


def test_who_is_not_known_sends_no_key_of_itself() -> None:
    sent: list[Any] = []

    class Heard(Answering):
        def do_POST(self) -> None:
            sent.append(self.headers["idempotency-key"])
            super().do_POST()

    with answering(handler=Heard) as url:
        for options in ({}, {"keys": True}, {"auth": "ann"}, {"auth": "ann", "keys": False}):
            with dm.Client(url, **options) as client:
                client.call(ping)
    assert [each is not None for each in sent] == [False, True, True, False]


def test_nothing_of_it_is_loaded_by_a_server() -> None:
    code = "import sys, dragoman; print([each for each in sys.modules if each.startswith(('dragoman.client', 'h2'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("own", ["true", "later"])
@pytest.mark.parametrize("retryable", [False, True])
def test_a_fault_s_own_word_for_retries_is_not_taken_for_it(own: str, retryable: bool) -> None:
    fault = dm.Unavailable("no", metadata={"retryable": own, "by": "bob"}, retryable=retryable)
    said = {name.decode(): value.decode() for name, value in trailers(fault, "r", "fair")}
    told = of_grpc(said)
    assert told is not None
    assert (told.fault().retryable, told.metadata) == (retryable, {"by": "bob"})
