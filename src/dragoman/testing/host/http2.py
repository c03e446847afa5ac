"""What hosts that speak HTTP/2 in the clear do with it (RFC 9113, section 3.3: the client knows that they do)."""

from __future__ import annotations

import socket
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import h2.config
import h2.connection
import h2.events

from .bodies import read_so_far
from .calls import LEAVING, eventually
from .connection import Answer, Closed
from .requests import echoed
from .server import Server
from .streams import state


class StreamAnswer(Answer):
    """A response while it comes. ``ended`` if that is all of it, ``reset`` if it was broken off."""

    def __init__(self) -> None:
        super().__init__(0, [], b"")
        self.trailers: list[tuple[str, str]] = []
        self.ended = self.reset = False


class Http2Connection:
    """A connection that speaks HTTP/2, once it is entered. Waits at most ``seconds`` for each piece of an answer."""

    def __init__(self, url: str, *, seconds: float = 10) -> None:
        parts = urlsplit(url)
        self._authority = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), seconds)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._answers: dict[int, StreamAnswer] = {}
        self._greeted = False
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self) -> Self:
        try:
            while not self._greeted:  # else a test waits for what cannot come
                self._read()
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, method: str, target: str, *, end: bool = True, **headers: str) -> int:
        """Send the head of a request; returns its stream. Without ``end``, a body follows."""
        stream = self._h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", self._authority), (":path", target)]
        self._h2.send_headers(stream, [*pseudo, *headers.items()], end_stream=end)
        self._answers[stream] = StreamAnswer()
        self._flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send a piece of a body, which may not be larger than the windows."""
        self._h2.send_data(stream, data, end_stream=end)
        self._flush()

    def reset(self, stream: int) -> None:
        """Break a request off."""
        self._h2.reset_stream(stream, 8)
        self._flush()

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> StreamAnswer:
        """Send a request, and read the answer."""
        stream = self.request(method, target, end=body is None, **headers)
        if body is not None:
            self.send(stream, body, end=True)
        return self.answer(stream)

    def answer(self, stream: int) -> StreamAnswer:
        """Read until a stream is over. Raises Closed."""
        answer = self._answers[stream]
        while not answer.ended and not answer.reset:
            self._read()
        return answer

    def body(self, stream: int, size: int) -> bytes:
        """Read until so much of an answer's body has come. Raises Closed."""
        answer = self._answers[stream]
        while len(answer.body) < size:
            self._read()
        return answer.body

    def _read(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise Closed("closed before the end of an answer")
        for event in self._h2.receive_data(data):
            self._take(event)
        self._flush()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self._greeted = True
        elif isinstance(event, h2.events.ResponseReceived):
            headers = _pairs(event.headers)
            self._answers[event.stream_id].status = int(dict(headers)[":status"])
            self._answers[event.stream_id].headers = headers
        elif isinstance(event, h2.events.DataReceived):
            self._answers[event.stream_id].body += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self._answers[event.stream_id].trailers = _pairs(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            self._answers[event.stream_id].ended = True
        elif isinstance(event, h2.events.StreamReset):
            self._answers[event.stream_id].reset = True
        elif isinstance(event, h2.events.ConnectionTerminated):
            raise Closed(f"ended with the code {event.error_code}")

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers]


class Http2:
    """Many requests at once on one connection, bodies while they come, and headers behind the body."""

    def test_http2(self, server: Server) -> None:
        with Http2Connection(server.url) as connection:
            record = echoed(connection.ask("POST", "/wire/echo/a%20b?c=d", b"hello", cookie="e=f"))
            assert (record["method"], record["path"], record["query"]) == ("POST", "/wire/echo/a%20b", "c=d")
            assert (record["version"], record["body"], record["headers"]["cookie"]) == ("2", b"hello", "e=f")
            assert record["headers"]["host"] == server.url.removeprefix("http://")
            head = connection.ask("HEAD", "/wire/answer?status=200&size=5")
            assert (head.all("content-length"), head.body) == (["5"], b"")

    def test_http2_requests_are_answered_in_any_order(self, server: Server) -> None:
        with Http2Connection(server.url) as connection:
            slow = connection.request("GET", "/wire/wait?seconds=1")
            for _ in range(20):
                assert connection.ask("GET", "/wire/echo").status == 200
            assert not connection._answers[slow].ended
            assert connection.answer(slow).status == 200

    def test_http2_bodies_are_read_while_they_come(self, server: Server) -> None:
        name = uuid4().hex
        with Http2Connection(server.url) as connection:
            stream = connection.request("POST", f"/wire/read?name={name}", end=False)
            connection.send(stream, b"hello")
            assert read_so_far(server, name, "5")
            connection.send(stream, b"world", end=True)
            assert connection.answer(stream).body == b"10"

    def test_http2_bodies_go_both_ways(self, server: Server) -> None:
        with Http2Connection(server.url) as connection:
            stream = connection.request("POST", "/wire/back", end=False)
            for number in range(1, 4):
                connection.send(stream, b"hello")
                assert connection.body(stream, 5 * number) == b"hello" * number
            connection.send(stream, b"", end=True)
            assert connection.answer(stream).body == b"hello" * 3

    def test_a_stream_of_http2_that_is_broken_off_cancels_its_call(self, server: Server) -> None:
        name = uuid4().hex
        with Http2Connection(server.url) as connection:
            stream = connection.request("GET", f"/wire/hang?name={name}")
            assert eventually(lambda: state(server, name) == "hangs")
            connection.reset(stream)
            assert eventually(lambda: state(server, name) == "cancelled", LEAVING)
            assert connection.ask("GET", "/wire/echo").status == 200

    def test_trailers_are_sent_behind_the_body(self, server: Server) -> None:
        with Http2Connection(server.url) as connection:
            for target in ("/wire/trailers", "/wire/trailers?stream=yes"):
                answer = connection.ask("GET", target, te="trailers")
                assert (answer.body, answer.trailers) == (b"body", [("x-told", "later")])
            head = connection.ask("HEAD", "/wire/trailers", te="trailers")
            assert (head.body, head.trailers) == (b"", [])
