"""Ports for servers that tests start beside one another."""

from __future__ import annotations

import socket

import pytest

from dragoman.testing.host.server import free_port


def test_a_port_is_given_to_one_worker_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for worker in ("gw0", "gw1", "gw31"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        found.append({free_port() for _ in range(600)})
    assert all(len(each) > 100 for each in found)
    assert len(set.union(*found)) == sum(map(len, found))


def test_a_port_is_below_those_of_connections_and_not_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    for worker in ("", "gw3", "gw1000", "named"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        found = [free_port() for _ in range(100)]
        assert len(set(found)) == 100
        assert 1024 < min(found) <= max(found) < 32_768


def test_a_port_that_is_in_use_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw5")
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        assert listening.getsockname()[1] not in {free_port() for _ in range(1_000)}
