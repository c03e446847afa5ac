"""How answers are sent."""

from __future__ import annotations

import email.utils
from urllib.parse import quote

import pytest

from dragoman.testing.target import content

from .connection import Connection
from .server import Server


def asking_for(status: int, *headers: str, size: int = 0) -> str:
    """A target that is answered so."""
    given = "".join(f"&header={quote(each)}" for each in headers)
    return f"/wire/answer?status={status}&size={size}{given}"


class Answers:
    """The status, the headers and the body reach the client as the application made them."""

    @pytest.mark.parametrize("status", [200, 201, 202, 207, 301, 400, 404, 412, 418, 422, 428, 431, 499, 500, 503, 504])
    def test_statuses(self, server: Server, status: int) -> None:
        with Connection(server.url) as connection:
            answer = connection.ask("GET", asking_for(status, size=3))
        assert (answer.status, answer.body) == (status, content(3))

    def test_headers_are_as_they_were_made(self, server: Server) -> None:
        """All of them, in their order, those that stand there twice too; and none about the body that is not true."""
        made = ['etag: "1-a"', "link: <a>; rel=next", "link: <b>; rel=first", "vary: Accept"]
        with Connection(server.url) as connection:
            answer = connection.ask("GET", asking_for(200, *made, size=5))
        assert answer.all("etag") == ['"1-a"']
        assert answer.all("link") == ["<a>; rel=next", "<b>; rel=first"]
        assert answer.all("vary") == ["Accept"]
        assert not answer.all("content-type")
        assert not answer.all("content-encoding")

    @pytest.mark.parametrize("size", [0, 1, 256, 1_000_000])
    def test_bodies_are_as_they_were_made(self, server: Server, size: int) -> None:
        with Connection(server.url) as connection:
            answer = connection.ask("GET", asking_for(200, size=size), "Accept-Encoding: gzip, br")
        assert answer.body == content(size)
        assert answer.all("content-length") == [str(size)]
        assert not answer.all("transfer-encoding")

    def test_the_date(self, server: Server) -> None:
        """One, as RFC 9110 has it (section 6.6.1)."""
        with Connection(server.url) as connection:
            (date,) = connection.ask("GET", "/healthz").all("date")
        assert date.endswith(" GMT")
        assert email.utils.parsedate_to_datetime(date).year >= 2026

    @pytest.mark.parametrize("status", [200, 404])
    def test_head(self, server: Server, status: int) -> None:
        """The headers that a GET would have, with its length, and nothing after them."""
        with Connection(server.url) as connection:
            answer = connection.ask("HEAD", asking_for(status, 'etag: "1"', size=1000))
            assert (answer.status, answer.all("content-length"), answer.all("etag")) == (status, ["1000"], ['"1"'])
            assert connection.ask("GET", "/healthz").status == 200

    @pytest.mark.parametrize("status", [204, 304])
    def test_answers_without_content(self, server: Server, status: int) -> None:
        """They have no length (RFC 9110, sections 8.6 and 15.3.5), and the next answer follows at once."""
        with Connection(server.url) as connection:
            answer = connection.ask("GET", asking_for(status, 'etag: "1"'))
            assert (answer.status, answer.all("etag")) == (status, ['"1"'])
            assert not answer.all("content-length")
            assert not answer.all("transfer-encoding")
            assert connection.ask("GET", "/healthz").status == 200

    def test_connections_are_kept(self, server: Server) -> None:
        with Connection(server.url) as connection:
            for number in range(200):
                assert connection.ask("GET", asking_for(200, size=number)).body == content(number)

    def test_a_connection_is_closed_when_the_client_says_so(self, server: Server) -> None:
        with Connection(server.url) as connection:
            assert connection.ask("GET", "/healthz", "Connection: close").status == 200
            assert connection.closed()

    def test_answers_come_in_the_order_of_requests(self, server: Server) -> None:
        """When several are sent at once (RFC 9112, section 9.3.2), however long each takes."""
        with Connection(server.url) as connection:
            connection.request("GET", "/wire/wait?seconds=0.2")
            for number in range(10):
                connection.request("POST", asking_for(200, size=number), body=b"x" * number)
            assert connection.answer().body == b'{"seconds":["0.2"]}'
            assert [len(connection.answer().body) for _ in range(10)] == list(range(10))

    def test_who_reads_slowly_gets_everything(self, server: Server) -> None:
        size = 8_000_000
        with Connection(server.url) as slow, Connection(server.url) as other:
            slow.request("GET", asking_for(200, size=size))
            assert other.ask("GET", "/healthz").status == 200
            assert slow.answer().body == content(size)
