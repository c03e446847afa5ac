"""Ports for servers that tests start beside one another."""

from __future__ import annotations

import socket
import subprocess
import sys

from dragoman.testing.host.server import free_port

CODE = (
    "from dragoman.testing.host.server import free_port; print(*(free_port() for _ in range(300)), flush=True); input()"
)


def test_a_port_is_given_to_one_process_alone() -> None:
    command = [sys.executable, "-c", CODE]
    others = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [{free_port() for _ in range(300)}]
    for each in others:
        assert each.stdout is not None
        found.append({int(port) for port in each.stdout.readline().split()})
    for each in others:
        each.communicate("\n", 20)
    assert all(len(each) > 100 for each in found)
    assert len(set.union(*found)) == sum(map(len, found))


def test_a_port_is_below_those_of_connections_and_not_given_twice() -> None:
    found = [free_port() for _ in range(100)]
    assert len(set(found)) == 100
    assert 1024 < min(found) <= max(found) < 32_768


def test_a_port_that_is_in_use_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        assert listening.getsockname()[1] not in {free_port() for _ in range(600)}
