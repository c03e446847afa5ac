"""The listening socket: had at once, or refused in one line."""

import socket

import pytest

from dragoman.hosts.listening import ListenError, listen


def close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def test_it_listens_at_once() -> None:
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    finally:
        close(sockets)


def test_a_port_in_use_is_refused_also_while_nobody_accepts() -> None:
    first = listen("127.0.0.1", 0)
    port = first[0].getsockname()[1]
    try:
        with pytest.raises(ListenError) as caught:
            listen("127.0.0.1", port)
        assert str(caught.value) == (
            f"port {port} on 127.0.0.1 is in use: stop what listens there, or take another port"
        )
    finally:
        close(first)


def test_a_port_is_free_again_after_it_was_closed() -> None:
    first = listen("127.0.0.1", 0)
    port = first[0].getsockname()[1]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        first[0].setblocking(True)
        connection, _ = first[0].accept()
        connection.close()  # the server's side closes first, so that it stays in TIME_WAIT
        client.recv(1)
    close(first)
    close(listen("127.0.0.1", port))


def test_a_name_is_listened_on_at_each_of_its_addresses() -> None:
    sockets = listen("localhost", 0)
    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
        assert {each.getsockname()[0] for each in sockets} <= {"127.0.0.1", "::1"}
    finally:
        close(sockets)


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("no-such-host.invalid", 0, "the host 'no-such-host.invalid' is not known"),
        ("192.0.2.1", 0, "this machine has no address 192.0.2.1"),
        ("a" * 300, 0, "is not known"),
        ("127.0.0.1", 65_536, "there is no port 65536"),
        ("127.0.0.1", -1, "there is no port -1"),
    ],
)
def test_what_cannot_be_listened_on(host: str, port: int, message: str) -> None:
    with pytest.raises(ListenError) as caught:
        listen(host, port)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_socket_is_no_ones_after_a_failure() -> None:
    taken = listen("127.0.0.1", 0)
    port = taken[0].getsockname()[1]
    try:
        # ::1 may be free; what was bound there must be given back when 127.0.0.1 is in use.
        for _ in range(2):
            with pytest.raises(ListenError, match="in use"):
                listen("localhost", port)
    finally:
        close(taken)
