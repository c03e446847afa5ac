"""How bodies come that are read before they are complete."""

from __future__ import annotations

import json
import time
from uuid import uuid4

from .calls import LEAVING, eventually
from .connection import Closed, Connection
from .requests import chunked, echoed
from .server import Server
from .streams import state

LARGE = 256 * 1024 * 1024
"""Bytes of a body that no buffer of a socket holds."""

HELD = 64 * 1024 * 1024
"""Bytes that may wait between a client and who does not read: the buffers of two sockets, and some more."""

BLOCKED = 1.0
"""Seconds after which a client that cannot send is not read."""


def read_so_far(server: Server, name: str, size: str) -> bool:
    """Whether so much of a body comes to be read."""
    return eventually(lambda: state(server, name) == size)


class Bodies:
    """Where a path says so, a request is answered before its body is complete."""

    def test_a_body_is_read_while_it_comes(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("POST", f"/wire/read?name={name}", "Transfer-Encoding: chunked")
            assert read_so_far(server, name, "0")
            connection.send(b"5\r\nhello\r\n")
            assert read_so_far(server, name, "5")
            connection.send(b"5\r\nworld\r\n0\r\n\r\n")
            assert connection.answer().body == b"10"
            assert echoed(connection.ask("GET", "/wire/echo"))["body"] == b""

    def test_a_body_of_a_known_length_is_read_while_it_comes(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("POST", f"/wire/read?name={name}", "Content-Length: 10")
            connection.send(b"hello")
            assert read_so_far(server, name, "5")
            connection.send(b"world")
            assert connection.answer().body == b"10"
            assert connection.ask("GET", "/wire/read?name=none").body == b"0"
            assert connection.ask("POST", "/wire/read?name=whole", body=b"whole").body == b"5"

    def test_a_body_waits_for_who_does_not_read(self, server: Server) -> None:
        """The client cannot send more than the sockets hold; once it is read, it goes on."""
        name = uuid4().hex
        with Connection(server.url, seconds=BLOCKED) as connection:
            connection.request("POST", f"/wire/read?name={name}&seconds=4", f"Content-Length: {LARGE}")
            sent, part = 0, b"b" * 65_536
            try:
                while sent < LARGE:
                    sent += connection.send_some(part[: LARGE - sent])
            except TimeoutError:
                pass
            assert sent < HELD
            assert read_so_far(server, name, str(sent))

    def test_a_client_that_leaves_ends_its_body(self, server: Server) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("POST", f"/wire/read?name={name}", "Content-Length: 10")
            connection.send(b"hello")
            assert read_so_far(server, name, "5")
        assert eventually(lambda: state(server, name) == "left", LEAVING)

    def test_bodies_go_both_ways(self, server: Server) -> None:
        with Connection(server.url) as connection:
            connection.request("POST", "/wire/back", "Transfer-Encoding: chunked")
            for part in (b"one", b"two", b"three"):
                connection.send(chunked(part).removesuffix(b"0\r\n\r\n"))
                if part == b"one":
                    assert connection.head()[0] == 200
                assert connection.chunk() == part
            connection.send(b"0\r\n\r\n")
            assert connection.chunk() == b""

    def test_what_is_not_read_of_a_body_is_no_request(self, server: Server) -> None:
        name = uuid4().hex
        hidden = f"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        with Connection(server.url) as connection:
            connection.request("POST", "/wire/unread", body=hidden)
            assert connection.answer().status == 200
            try:
                assert echoed(connection.ask("GET", "/wire/echo"))["query"] == ""
            except (Closed, ConnectionError):
                pass
        time.sleep(0.1)
        assert state(server, name) == ""

    def test_a_path_may_have_a_limit_of_its_own(self, server: Server) -> None:
        with Connection(server.url) as connection:
            assert echoed(connection.ask("POST", "/wire/echo/small", body=b"b" * 10))["body"] == b"b" * 10
        with Connection(server.url) as connection:
            answer = connection.ask("POST", "/wire/echo/small", body=b"b" * 11)
            assert (answer.status, json.loads(answer.body)["reason"]) == (413, "CONTENT_TOO_LARGE")
