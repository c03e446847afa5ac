"""What is made sure of before anything is measured: that ours and the like-for-like peers do what they are said to do,
and that all answer the same bytes.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .scenarios import Scenario
from .servers import Server

LOGGED: Final = frozenset(
    {"time", "request_id", "method", "path", "status", "bytes", "ms", "peer", "surface", "operation"}
    | {"principal", "tenant", "credential"}
)


class Unequal(AssertionError):
    """A server does not do what it is compared for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: Server, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """One request, on a connection of its own. An underscore in a header's name stands for a hyphen."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        sent["content-type"] = "application/json"
    try:
        connection.request(method, target, body or None, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def prove(server: Server, key: str, scenarios: Sequence[Scenario]) -> None:
    """That it answers 401, 304 and 422, and writes its line. Raises Unequal."""
    bearer = {"authorization": f"Bearer {key}"}
    reads = [each for each in scenarios if each.method == "GET"]
    for each in reads:
        target = each.targets[0]
        _expect(server, 401, ask(server, "GET", target), f"{target} without a key")
        _expect(server, 401, ask(server, "GET", target, authorization=f"Bearer {key[:-1]}_"), f"{target}, a wrong key")
        tag = ask(server, "GET", target, **bearer).headers["etag"]
        known = ask(server, "GET", target, if_none_match=tag, **bearer)
        _expect(server, 304, known, f"{target} with its entity tag")
        if known.body or known.headers["etag"] != tag:
            raise Unequal(f"{server}: 304 has a body, or another tag")
    create = scenarios[-1]
    wrong = json.dumps(json.loads(create.body) | {"total_cents": -1}).encode()
    _expect(server, 422, ask(server, "POST", create.targets[0], wrong, **bearer), "an order of -1 cents")
    _expect(server, 422, ask(server, "GET", "/v1/orders?page_size=-1", **bearer), "a page of -1")
    gone = json.dumps(json.loads(create.body) | {"customer": "cus_" + "0" * 26}).encode()
    _expect(server, 409, ask(server, "POST", create.targets[0], gone, **bearer), "an order of nobody")
    _prove_log(server, bearer, create)


def _prove_log(server: Server, bearer: dict[str, str], create: Scenario) -> None:
    made = ask(server, "POST", create.targets[0], create.body, **bearer)
    id = made.headers["x-request-id"]
    until = time.monotonic() + 2
    while not (lines := [each for each in server.told().splitlines() if f'"{id}"' in each]):
        if time.monotonic() > until:
            raise Unequal(f"{server}: it wrote no line for the request {id}")
        time.sleep(0.02)
    line = json.loads(lines[0])
    missing = LOGGED - set(line)
    if missing or (line["status"], line["bytes"], line["principal"]) != (201, len(made.body), "bench"):
        raise Unequal(f"{server}: its line lacks {missing or 'the truth'}: {lines[0]}")


def prove_equal(servers: Sequence[Server], key: str, scenario: Scenario) -> int:
    """That all answer the same as the first, on several targets. Returns the body's size. Raises Unequal."""
    size = 0
    for target in scenario.targets[:: max(1, len(scenario.targets) // 5)]:
        expected: object = None
        for server in servers:
            answer = ask(server, scenario.method, target, scenario.body, authorization=f"Bearer {key}")
            _expect(server, 201 if scenario.method == "POST" else 200, answer, target)
            found = scenario.comparable(answer.body)
            if expected is None:
                expected, size = found, len(answer.body)
            elif found != expected:
                raise Unequal(f"{server} answers {target} with {found!r:.600}, and {servers[0]} with {expected!r:.600}")
    return size


def _expect(server: Server, status: int, answer: Answer, what: str) -> None:
    if answer.status != status:
        raise Unequal(f"{server}: {what} is answered {answer.status}, not {status}: {answer.body[:300]!r}")
