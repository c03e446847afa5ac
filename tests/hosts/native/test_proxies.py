"""Whose word is taken on where a request comes from."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import pytest
from tried import PLENTY, Tried, answers_of, running

from dragoman.hosts.native.proxies import Proxies

PROXY: Final = "10.0.0.1"
TRUSTED: Final = Proxies([PROXY, "192.168.0.0/16", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "listed", "expected"),
    [
        (PROXY, "203.0.113.7", "203.0.113.7"),
        (PROXY, " 203.0.113.7\t", "203.0.113.7"),
        (PROXY, "203.0.113.7:4711", "203.0.113.7"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "[2001:db8::7]:4711", "2001:db8::7"),
        (PROXY, "2001:DB8:0::7", "2001:db8::7"),
        # Whatever stands before the first that is not trusted was told by it.
        (PROXY, "127.0.0.1, 203.0.113.7", "203.0.113.7"),
        (PROXY, "1.1.1.1, 203.0.113.7, 192.168.1.1, fd00::1", "203.0.113.7"),
        (PROXY, "192.168.1.1, 192.168.1.2", "192.168.1.1"),
        ("fd00::1", "203.0.113.7", "203.0.113.7"),
        ("fd00::1%eth0", "203.0.113.7", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (PROXY, "203.0.113.7, ::ffff:192.168.1.1", "203.0.113.7"),
        ("", "203.0.113.7", "203.0.113.7"),
        # What is no address ends it: the last that is known is the client.
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "203.0.113.7,", PROXY),
        (PROXY, "unknown, 192.168.1.1", "192.168.1.1"),
        (PROXY, "203.0.113.007", PROXY),
        (PROXY, "fe80::1%<script>", PROXY),
        (PROXY, "1.2.3.4 5.6.7.8", PROXY),
        # Nobody has to believe a client.
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("nonsense", "1.1.1.1", "nonsense"),
    ],
)
def test_the_list(peer: str, listed: str, expected: str) -> None:
    assert TRUSTED.peer(peer, {"x-forwarded-for": listed}) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ("For=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
        ("proto=https; for=203.0.113.7", "203.0.113.7"),
        ('for="203.0.113.7:4711"', "203.0.113.7"),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=1.1.1.1, for=203.0.113.7", "203.0.113.7"),
        ("for=203.0.113.7, for=192.168.1.1;proto=http", "203.0.113.7"),
        # A client cannot hide what the proxy writes behind its own words.
        ('for="1.1.1.1, for=203.0.113.7', "203.0.113.7"),
        ('for=1.1.1.1;by=", for=203.0.113.7', "203.0.113.7"),
        ("for=1.1.1.1;secret=for=2.2.2.2, for=203.0.113.7", "203.0.113.7"),
        # What the proxy quotes may be the client's: its Host can hold all of this.
        ('host="a;for=1.1.1.1;b";for=203.0.113.7', "203.0.113.7"),
        (r'host="a\";for=1.1.1.1;\"";for=203.0.113.7', "203.0.113.7"),
        ("for=203.0.113.7;for=1.1.1.1", PROXY),
        ("for=unknown", PROXY),
        ("for=_hidden, for=192.168.1.1", "192.168.1.1"),
        ("by=10.0.0.1", PROXY),
        ("forfor=203.0.113.7", PROXY),
        ("", PROXY),
    ],
)
def test_forwarded(forwarded: str, expected: str) -> None:
    assert TRUSTED.peer(PROXY, {"forwarded": forwarded}) == expected


def test_no_scheme_is_read_out_of_what_is_quoted() -> None:
    assert TRUSTED.scheme(PROXY, {"forwarded": 'host="a;proto=https;b";proto=http'}) == "http"
    assert TRUSTED.scheme(PROXY, {"forwarded": 'host="a;proto=https;b"'}) is None
    assert TRUSTED.scheme(PROXY, {"forwarded": 'for=1.1.1.1;proto="HTTPS"'}) == "https"


def test_two_headers_have_to_agree() -> None:
    """A proxy that writes the one passes on the other as its client wrote it."""
    agree = {"forwarded": "for=203.0.113.7", "x-forwarded-for": "1.1.1.1, 203.0.113.7"}
    assert TRUSTED.peer(PROXY, agree) == "203.0.113.7"
    assert TRUSTED.peer(PROXY, {"forwarded": "for=1.1.1.1", "x-forwarded-for": "203.0.113.7"}) == PROXY
    assert TRUSTED.scheme(PROXY, {"forwarded": "proto=https", "x-forwarded-proto": "https"}) == "https"
    assert TRUSTED.scheme(PROXY, {"forwarded": "proto=https", "x-forwarded-proto": "http"}) is None
    assert TRUSTED.scheme(PROXY, {"forwarded": "for=1.1.1.1", "x-forwarded-proto": "https"}) is None


@pytest.mark.parametrize("network", ["proxy", "10.0.0.0/33", "10.0.0.1:80", "*"])
def test_what_is_no_network(network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Proxies([network])


@pytest.mark.parametrize("trusted", [None, "192.0.2.0/24", "127.0.0.0/8"])
def test_over_tcp(trusted: str | None, tmp_path: Path) -> None:
    proxies = None if trusted is None else Proxies([trusted])
    with (
        running(Tried(tmp_path), proxies=proxies) as server,
        socket.create_connection(("127.0.0.1", server.port), PLENTY) as line,
    ):
        line.sendall(b"GET /peer HTTP/1.1\r\nHost: a\r\nForwarded: for=203.0.113.7\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: line.recv(65_536), b""))
    expected = "203.0.113.7" if trusted == "127.0.0.0/8" else "127.0.0.1"
    assert answers_of(received) == [f"200 GET /peer [peer: {expected}]"]
