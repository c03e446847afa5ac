"""Servers that leave while they are asked: what they accepted is answered, and what they did not is asked elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from calling import Caller
from fair import LOCK, Named, Number, add_up, flaky_booking, ping
from running import environment, free_port, running

import dragoman as dm

HERE = Path(__file__).parent
HTTP2: dict[str, dict[str, Any]] = {
    "connect": {"http2": True},
    "grpc": {"over": "grpc", "lock": LOCK},
}
ONCE = dm.Retries(attempts=1)


@pytest.fixture(params=list(HTTP2))
def way_of_two(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caller(way_of_two: str, asynchronous: bool) -> Iterator[Callable[..., Caller]]:
    """Makes clients that speak HTTP/2."""
    with contextlib.ExitStack() as made:

        def client(url: str, **options: Any) -> Caller:
            found = Caller(asynchronous, url, {"auth": "ann", **HTTP2[way_of_two], **options})
            made.callback(found.close)
            return found

        yield client


def test_a_server_that_is_told_to_stop_answers_what_it_has_begun(caller: Callable[..., Caller], tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "fair:app", "--port", str(port), "--workers", "1"]
    with running(command, tmp_path, port, environment({"PYTHONPATH": str(HERE)})) as started:
        client = caller(started.url, retries=ONCE)
        client.call(ping)
        stopping = threading.Timer(0.5, started.process.send_signal, [signal.SIGTERM])
        stopping.start()
        booking = Named(name="leaving", seconds=1.5)
        assert client.call(flaky_booking, booking, key=None) == Number(value=1)
        stopping.join()
        with pytest.raises(dm.Unavailable):
            client.call(ping)
        assert started.process.wait(20) == 0


def test_a_stream_that_is_sent_is_taken_to_its_end(
    caller: Callable[..., Caller], asynchronous: bool, tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "fair:app", "--port", str(port), "--workers", "1"]
    with running(command, tmp_path, port, environment({"PYTHONPATH": str(HERE)})) as started:

        def numbers() -> Iterator[Number]:
            for each in range(10):
                if each == 2:
                    started.process.send_signal(signal.SIGTERM)
                yield Number(value=each)
                time.sleep(0.1)

        async def awaited() -> AsyncIterator[Number]:
            for each in numbers():
                yield each
                await asyncio.sleep(0)

        client = caller(started.url, retries=ONCE)
        assert client.call(add_up, awaited() if asynchronous else numbers()) == Number(value=45)
        assert started.process.wait(20) == 0


Answer = tuple[list[tuple[str, str]], bytes, list[tuple[str, str]]]
ANSWERS: dict[str, Answer] = {
    "connect": ([("content-type", "application/json")], b'{"value": "14"}', []),
    "grpc": ([("content-type", "application/grpc+proto")], b"\0\0\0\0\2\x08\x0e", [("grpc-status", "0")]),
}


class Leaving:
    """A server of HTTP/2. On its first connection it says good-bye once it was asked twice, answers the first after
    that, and never saw the second: which of them is the first, their numbers say, for their bodies may come in any
    order. On others it answers.
    """

    def __init__(self, answer: Answer) -> None:
        self.connections = 0
        self.reset: list[int] = []
        self.asked_late: list[int] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._carry, args=(near, self.connections == 1), daemon=True).start()

    def _carry(self, near: socket.socket, leaves: bool) -> None:
        frames = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        frames.initiate_connection()
        asked: list[int] = []
        gone = False
        with near, contextlib.suppress(OSError):
            near.sendall(frames.data_to_send())
            while data := near.recv(65_536):
                for event in frames.receive_data(data):
                    if isinstance(event, h2.events.StreamReset):
                        self.reset.append(event.stream_id)
                    if isinstance(event, h2.events.StreamEnded):
                        (self.asked_late if gone else asked).append(event.stream_id)
                        if not leaves:
                            self._say(frames, event.stream_id)
                if leaves and len(asked) == 2 and not gone:
                    gone = True
                    first = min(asked)
                    # Written by hand, since h2 says nothing after its own.
                    near.sendall(frames.data_to_send() + b"\0\0\x08\7\0" + bytes(7) + bytes([first]) + bytes(4))
                    time.sleep(0.2)
                    self._say(frames, first)
                near.sendall(frames.data_to_send())

    def _say(self, frames: h2.connection.H2Connection, number: int) -> None:
        head, body, trailers = self._answer
        frames.send_headers(number, [(":status", "200"), *head])
        frames.send_data(number, body, end_stream=not trailers)
        if trailers:
            frames.send_headers(number, trailers, end_stream=True)

    def close(self) -> None:
        self._socket.close()


def test_what_a_leaving_server_did_not_accept_is_asked_again(caller: Callable[..., Caller], way_of_two: str) -> None:
    with contextlib.closing(Leaving(ANSWERS[way_of_two])) as server:
        client = caller(server.url, keys=False, retries=dm.Retries(first=0))
        booking = flaky_booking, Named(name="unsafe, and without a key")
        assert client.together(booking, booking) == [Number(value=14)] * 2
        assert client.call(*booking) == Number(value=14)
        assert server.connections == 2
        assert server.reset == server.asked_late == []
