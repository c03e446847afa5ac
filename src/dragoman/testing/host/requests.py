"""How requests arrive."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from dragoman.testing.target import MAX_BODY, content

from . import plain
from .connection import Answer, Closed, Connection
from .server import Server


def echoed(answer: Answer) -> dict[str, Any]:
    """The request as the application got it."""
    assert answer.status == 200, answer
    record: dict[str, Any] = json.loads(answer.body)
    return record | {"body": base64.b64decode(record["body"])}


def chunked(*parts: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    """A body in chunks (RFC 9112, section 7.1)."""
    return b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in (*parts, b"") if part) + (
        b"0\r\n%s\r\n" % trailer
    )


def arrived(server: Server, name: str) -> bool:
    """Whether a request of that name reached the application."""
    return bool(plain.get(f"{server.url}/wire/state", params={"name": name}).json())


class Requests:
    """The request line, the headers and the body reach the application as they were sent."""

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    def test_methods(self, server: Server, method: str) -> None:
        with Connection(server.url) as connection:
            assert echoed(connection.ask(method, "/wire/echo"))["method"] == method

    @pytest.mark.parametrize(
        "path",
        [
            "/a%20b", "/%C3%A9", "//a//b/", "/a;b=c", "/a:cancel", "/%41", "/!$&'()*+,;=:@", "/%zz", "/%ff", "/.a/b.",
        ],
    )  # fmt: skip
    def test_paths_are_as_sent(self, server: Server, path: str) -> None:
        """Neither decoded nor made shorter: an id may hold what would be read as something else then."""
        with Connection(server.url) as connection:
            record = echoed(connection.ask("GET", f"/wire/echo{path}"))
        assert (record["path"], record["root"]) == (f"/wire/echo{path}", "")

    @pytest.mark.parametrize("path", ["/%2F/x", "/%2f", "/a/../b", "/./a", "/a/..", "/%2e%2E/a", "/%00"])
    def test_paths_that_are_read_differently_elsewhere(self, server: Server, path: str) -> None:
        """They are refused, or as sent: what a proxy in front takes for another path must not be that path here."""
        with Connection(server.url) as connection:
            answer = connection.ask("GET", f"/wire/echo{path}")
        assert answer.status == 400 or echoed(answer)["path"] == f"/wire/echo{path}"

    @pytest.mark.parametrize("query", ["", "a=1&a=2", "a=%20+%2B&&=", "a=b?c/d", "%zz&%C3%A9", "a=[]{}|'"])
    def test_queries_are_as_sent(self, server: Server, query: str) -> None:
        with Connection(server.url) as connection:
            assert echoed(connection.ask("GET", f"/wire/echo?{query}"))["query"] == query

    def test_a_target_with_the_host_in_it(self, server: Server) -> None:
        """RFC 9112, section 3.2.2: a server must accept it."""
        with Connection(server.url) as connection:
            record = echoed(connection.ask("GET", f"{server.url}/wire/echo/x?y=z"))
        assert (record["path"], record["query"]) == ("/wire/echo/x", "y=z")

    def test_headers(self, server: Server) -> None:
        """Names are in lower case; repeated ones are a list (RFC 9110, section 5.3)."""
        sent = [
            "X-One: 1",
            "ACCEPT: text/plain",
            "Accept:text/html",
            "x-empty:",
            "x-latin: caf\xe9",
        ]
        with Connection(server.url) as connection:
            headers = echoed(connection.ask("GET", "/wire/echo", *sent))["headers"]
        assert headers["x-one"] == "1"
        assert headers["accept"] == "text/plain, text/html"
        assert (headers["x-empty"], headers["x-latin"]) == ("", "caf\xe9")
        assert set(headers) == {"host", "x-one", "accept", "x-empty", "x-latin"}

    def test_space_around_values(self, server: Server) -> None:
        """It is none of theirs (RFC 9110, section 5.5)."""
        with Connection(server.url) as connection:
            assert echoed(connection.ask("GET", "/wire/echo", "x-space: \t a b \t "))["headers"]["x-space"] == "a b"

    def test_many_headers(self, server: Server) -> None:
        sent = [f"x-{number}: {'v' * 100}" for number in range(50)]
        with Connection(server.url) as connection:
            headers = echoed(connection.ask("GET", "/wire/echo", *sent))["headers"]
        assert {name: value for name, value in headers.items() if name.startswith("x-")} == {
            f"x-{number}": "v" * 100 for number in range(50)
        }

    @pytest.mark.parametrize("size", [0, 1, 65_537, MAX_BODY])
    def test_bodies(self, server: Server, size: int) -> None:
        with Connection(server.url) as connection:
            record = echoed(connection.ask("POST", "/wire/echo", body=content(size)))
            assert record["body"] == content(size)
            assert echoed(connection.ask("POST", "/wire/echo", body=b"next"))["body"] == b"next"

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (chunked(), b""),
            (chunked(b"one"), b"one"),
            (chunked(b"a", b"bc", content(70_000)), b"abc" + content(70_000)),
            (chunked(b"a", b"b", extension=b";x=y"), b"ab"),
        ],
        ids=["empty", "one", "many", "with extensions"],
    )
    def test_bodies_in_chunks(self, server: Server, body: bytes, expected: bytes) -> None:
        with Connection(server.url) as connection:
            connection.request("POST", "/wire/echo", "Transfer-Encoding: chunked")
            connection.send(body)
            assert echoed(connection.answer())["body"] == expected
            assert echoed(connection.ask("GET", "/wire/echo"))["body"] == b""

    def test_trailers_are_no_headers(self, server: Server) -> None:
        """What comes behind the body was not there when the request was judged (RFC 9110, section 6.5.1)."""
        with Connection(server.url) as connection:
            head = b"POST /wire/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            connection.send(head + chunked(b"a", trailer=b"x-late: 1\r\n"))
            assert "x-late" not in echoed(connection.answer())["headers"]

    def test_a_body_that_comes_byte_by_byte(self, server: Server) -> None:
        with Connection(server.url) as connection:
            for byte in b"POST /wire/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello":
                connection.send(bytes([byte]))
            assert echoed(connection.answer())["body"] == b"hello"

    def test_a_client_may_ask_before_it_sends(self, server: Server) -> None:
        """``Expect: 100-continue`` (RFC 9110, section 10.1.1), as curl does with large bodies."""
        with Connection(server.url) as connection:
            connection.request("POST", "/wire/echo", "Expect: 100-continue", "Content-Length: 5")
            assert connection.answer().status == 100
            connection.send(b"hello")
            assert echoed(connection.answer())["body"] == b"hello"

    @pytest.mark.parametrize("in_chunks", [False, True])
    def test_a_body_that_is_too_large_is_refused(self, server: Server, in_chunks: bool) -> None:
        """As a problem, before all of it was sent; another connection is served as before."""
        name = uuid4().hex
        stated = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {MAX_BODY * 100}"
        with Connection(server.url) as connection:
            connection.request("POST", f"/wire/echo?name={name}", stated)
            if in_chunks:
                connection.send(b"%x\r\n" % (MAX_BODY * 100) + content(MAX_BODY + 1))
            answer = connection.answer()
        assert answer.status == 413
        assert answer.all("content-type") == ["application/problem+json"]
        assert json.loads(answer.body)["code"] == "INVALID_ARGUMENT"
        assert not arrived(server, name)

    @pytest.mark.parametrize("stated", ["Content-Length: 10", "Transfer-Encoding: chunked"])
    def test_a_request_that_is_cut_off_never_arrives(self, server: Server, stated: str) -> None:
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.request("POST", f"/wire/echo?name={name}", stated)
            connection.send(b"5\r\nhello\r\n" if "chunked" in stated else b"hello")
        with Connection(server.url) as connection:
            assert echoed(connection.ask("GET", "/wire/echo"))["method"] == "GET"
        assert not arrived(server, name)

    def test_the_peer_and_the_version_are_told(self, server: Server) -> None:
        with Connection(server.url) as connection:
            record = echoed(connection.ask("GET", "/wire/echo"))
        assert (record["peer"], record["version"]) == ("127.0.0.1", "1.1")

    def test_http_1_0(self, server: Server) -> None:
        """Without chunks, and closed at the end, unless asked for otherwise."""
        with Connection(server.url) as connection:
            answer = connection.ask("GET", "/wire/echo", version="1.0")
            assert echoed(answer)["version"] in ("1.0", "1")
            assert not answer.all("transfer-encoding")
            assert connection.closed()

    @pytest.mark.parametrize(
        "sent",
        [
            b"nonsense\r\n\r\n",
            b"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\nbad name: 1\r\n\r\n",
            b"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"GET /wire/echo?name={name} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        ],
        ids=["no request", "negative length", "two lengths", "a space in a name", "no chunk", "an unknown coding"],
    )
    def test_what_is_malformed_is_refused(self, server: Server, sent: bytes) -> None:
        """With a 4xx, or by closing (RFC 9112, section 2.2 and 6.3); and never by the application."""
        name = uuid4().hex
        with Connection(server.url) as connection:
            connection.send(sent.replace(b"{name}", name.encode()))
            try:
                assert 400 <= connection.answer().status <= 501
            except Closed:
                pass
        assert not arrived(server, name)

    def test_a_length_and_chunks_together_are_not_served(self, server: Server) -> None:
        """A proxy in front may read the one where we read the other (RFC 9112, section 6.1)."""
        name = uuid4().hex
        with Connection(server.url) as connection:
            stated = ("Content-Length: 4", "Transfer-Encoding: chunked")
            connection.request("POST", f"/wire/echo?name={name}", *stated)
            connection.send(chunked(b"abc"))
            try:
                assert 400 <= connection.answer().status < 500
            except Closed:
                pass
        assert not arrived(server, name)
