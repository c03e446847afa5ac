"""How answers are sent whose end is not known."""

from __future__ import annotations

import time
from uuid import uuid4

from . import plain
from .calls import LEAVING, eventually
from .connection import Connection
from .server import Server

ENDLESS = 100_000
PILED_UP = 64 * 1024 * 1024
"""Bytes that may wait between a stream and a client that does not read: the buffers of two sockets, and some more."""


def stream(name: str, *, parts: int = ENDLESS, size: int = 10, seconds: float = 0.0) -> str:
    """A target that is answered part by part."""
    return f"/wire/stream?name={name}&parts={parts}&size={size}&seconds={seconds}"


def state(server: Server, name: str) -> str:
    """How many parts were made of a stream that goes on; how it ended, of another."""
    found: str = plain.get(f"{server.url}/wire/state", params={"name": name}).json()
    return found


class Streams:
    """Parts arrive as they are made, no faster than they are read, and none is made for a client that has left."""

    def test_parts_arrive_as_they_are_made(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("GET", stream(name, parts=3, seconds=0.3))
            status, headers = connection.head()
            assert status == 200
            assert ("content-type", "text/event-stream") in headers
            assert "content-length" not in dict(headers)
            times = []
            while connection.chunk():
                times.append(time.monotonic())
            assert len(times) == 3
            assert times[2] - times[0] > 0.3, "they came together"
            assert connection.ask("GET", "/healthz").status == 200
        assert state(server, name) == "ended"

    def test_a_stream_over_http_1_0_ends_with_the_connection(self, server: Server) -> None:
        with Connection(server.url) as connection:
            answer = connection.ask("GET", stream(uuid4().hex, parts=3), version="1.0")
        assert not answer.all("transfer-encoding")
        assert len(answer.body) == 30

    def test_head_makes_nothing_of_a_stream(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            answer = connection.ask("HEAD", stream(name, seconds=1))
            assert (answer.status, answer.all("content-length")) == (200, [])
            assert connection.ask("GET", "/healthz").status == 200
        assert state(server, name) in ("", "left")

    def test_a_client_that_leaves_ends_its_stream(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("GET", stream(name, seconds=0.05))
            connection.head()
            connection.chunk()
        assert eventually(lambda: state(server, name) == "left", LEAVING)

    def test_a_client_that_leaves_ends_a_silent_stream(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("GET", stream(name, seconds=30))
            assert eventually(lambda: state(server, name) == "0")
        assert eventually(lambda: state(server, name) == "left", LEAVING)

    def test_a_stream_waits_for_who_does_not_read(self, server: Server) -> None:
        """The server makes no more of it, and holds no more of it than the sockets do."""
        name, size = uuid4().hex, 64 * 1024
        with Connection(server.url) as connection:
            connection.request("GET", stream(name, size=size))
            connection.head()
            made = [-1, -2]
            while made[-1] != made[-2]:
                time.sleep(0.5)
                made.append(int(state(server, name)))
            assert 0 < made[-1] * size < PILED_UP
            for _ in range(made[-1] // 2 + 10):
                connection.chunk()
            assert eventually(lambda: int(state(server, name)) > made[-1]), "it does not go on"

    def test_events_of_a_contract(self, server: Server) -> None:
        with plain.stream("GET", f"{server.url}/v1/answerSlowly", params={"text": "one two"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            events = "".join(answer.iter_text())
        assert events.count("data: ") == 3
        assert events.rstrip().endswith("event: end\ndata: {}")
