"""What calls can rely on: the all-features contract through the host."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from dragoman.testing.contract import FAULTS

from . import plain
from .connection import Connection
from .server import Server

LEAVING = 1.0
"""Seconds within which a call is cancelled when its client has left."""


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether it comes to hold in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Calls:
    """Calls are made, at the same time, and end when nobody waits for them."""

    def test_a_resource_is_made_read_changed_and_deleted(self, server: Server) -> None:
        with plain.Client(base_url=f"{server.url}/v1") as client:
            made = client.post("/makers", json={"name": f"Zoë {uuid4().hex}", "country": "CH"})
            assert made.status_code == 201, made.text
            path = f"/makers/{made.json()['id']}"
            assert made.headers["location"] == f"/v1{path}"
            read = client.get(path)
            assert read.json() == made.json()
            assert client.get(path, headers={"if-none-match": read.headers["etag"]}).status_code == 304
            changed = client.patch(path, json={"country": "AT"}, headers={"if-match": read.headers["etag"]})
            assert (changed.status_code, changed.json()["country"]) == (200, "AT")
            late = client.patch(path, json={"country": "DE"}, headers={"if-match": read.headers["etag"]})
            assert late.status_code == 412
            assert client.delete(path).status_code == 204
            assert client.get(path).status_code == 404

    def test_a_plain_call(self, server: Server) -> None:
        url, headers = f"{server.url}/calls/appraise", {"authorization": "Bearer north"}
        answer = plain.post(url, json={"holds": "tea"}, headers=headers)
        assert answer.json() == {"text": "tea", "likely": 0.5}
        assert plain.post(url, json={"holds": "tea"}).status_code == 401

    def test_answers_without_content_of_calls(self, server: Server) -> None:
        with plain.Client(base_url=server.url) as client:
            for _ in range(3):
                answer = client.post("/v1/forget")
                assert (answer.status_code, answer.content) == (204, b"")

    @pytest.mark.parametrize("code", FAULTS)
    def test_faults(self, server: Server, code: str) -> None:
        answer = plain.get(f"{server.url}/trouble/fail", params={"code": code})
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["code"]) == (answer.status_code, code)
        assert problem["request_id"] == answer.headers["x-request-id"]

    def test_a_bug_is_told_to_the_log_and_not_to_the_caller(self, server: Server) -> None:
        answer = plain.post(f"{server.url}/trouble/crash")
        assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
        assert "on purpose" not in answer.text
        assert "Traceback" not in answer.text
        assert eventually(lambda: answer.json()["request_id"] in server.output and "on purpose" in server.output)
        assert plain.get(f"{server.url}/healthz").status_code == 200

    def test_each_request_has_a_line_in_the_log(self, server: Server) -> None:
        id = uuid4().hex
        assert plain.get(f"{server.url}/v1/makers", headers={"x-request-id": id}).status_code == 200
        assert eventually(lambda: id in server.output)
        (line,) = (each for each in server.output.splitlines() if id in each)
        assert (json.loads(line)["operation"], json.loads(line)["status"]) == ("makers.list", 200)

    def test_a_deadline_is_kept(self, server: Server) -> None:
        before = time.monotonic()
        answer = plain.get(f"{server.url}/trouble/hurry", params={"seconds": 60})
        assert (answer.status_code, answer.json()["code"]) == (504, "DEADLINE_EXCEEDED")
        assert time.monotonic() - before < 5

    def test_calls_run_at_the_same_time(self, server: Server) -> None:
        def call(_: int) -> int:
            return plain.get(f"{server.url}/trouble/wait", params={"seconds": 0.5}, timeout=30).status_code

        before = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(call, range(20))) == [200] * 20
        assert time.monotonic() - before < 8, "one after the other they would take 10 seconds"

    def test_a_client_that_leaves_cancels_its_call(self, server: Server) -> None:
        name = uuid4().hex

        def state() -> str:
            found: str = plain.get(f"{server.url}/wire/state", params={"name": name}).json()
            return found

        with Connection(server.url) as connection:
            connection.request("GET", f"/wire/hang?name={name}")
            assert eventually(lambda: state() == "hangs")
        assert eventually(lambda: state() == "cancelled", LEAVING)
