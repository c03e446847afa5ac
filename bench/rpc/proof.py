"""What is made sure of before and after: that every side does what it is said to do, and answers the same message."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .calls import GOOD, SCORE, SLOW, WRONG, Headers, Message, frames
from .calls import PATIENCE as MUCH
from .sides import BIN, Side

PATIENCE: Final = 0.2
SOON: Final = 1.0
"""Seconds in which a call has to be over that has so little time, and would take twice as long."""

UNAUTHENTICATED: Final = frozenset({"16", "401"})
INVALID: Final = frozenset({"3", "400", "422"})
LATE: Final = frozenset({"4", "504", "reset"})
RIGHT: Final = frozenset({"0", "200"})
LINE: Final = b"\n"
LOGGED: Final = frozenset(
    {"time", "request_id", "method", "path", "status", "bytes", "ms", "peer", "surface", "operation"}
    | {"principal", "tenant", "credential"}
)


class Unequal(AssertionError):
    """A side does not do what it is compared for."""


@dataclass(slots=True)
class Answer:
    """What came of a call: gRPC's status where it is one, else HTTP's; or that the stream was reset."""

    outcome: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def prove(side: Side, key: str) -> None:
    """That it knows its callers, looks at messages and keeps deadlines. Raises Unequal."""
    _expect(side, UNAUTHENTICATED, ask(side, None), "a call without a key")
    _expect(side, UNAUTHENTICATED, ask(side, key[:-1] + "_"), "a call with a wrong key")
    _expect(side, INVALID, ask(side, key, WRONG), "a transaction of -1 cents")
    if side.call.messages == 1:
        began = time.monotonic()
        _expect(side, LATE, ask(side, key, SLOW, PATIENCE), "a call that takes too long")
        if time.monotonic() - began > SOON:
            raise Unequal(f"{side}: a call that had {PATIENCE} seconds took {time.monotonic() - began:.1f}")


def prove_equal(side: Side, key: str) -> bytes:
    """That it answers the message, as often as it has to; the body as it answers it. Raises Unequal."""
    answer = ask(side, key)
    _expect(side, RIGHT, answer, "a call")
    try:
        found = side.call.protocol.read(answer.body)
    except ValueError as error:
        raise Unequal(f"{side}: its answer {error}") from None
    if found != [SCORE] * side.call.messages:
        raise Unequal(f"{side} answers {found!r:.600}")
    return answer.body


def prove_lines(side: Side, calls: int) -> None:
    """That it wrote a line for each call, and no others, since its log was emptied. Raises Unequal."""
    until = time.monotonic() + 3
    while (found := side.server.log.read_bytes()).count(LINE) != calls:
        if time.monotonic() > until:
            raise Unequal(f"{side}: it wrote {found.count(LINE)} lines for {calls} calls")
        time.sleep(0.05)
    last = json.loads(found[found.rindex(LINE, 0, -1) + 1 :])
    if last["principal"] != "bench" or last["operation"] not in side.call.path.lower() or LOGGED - set(last):
        raise Unequal(f"{side}: its line lacks {LOGGED - set(last) or 'the truth'}: {last}")


def empty(side: Side) -> None:
    """Empty its server's log, once nothing more comes of earlier calls."""
    size = -1
    while size != (size := side.server.log.stat().st_size):
        time.sleep(0.1)
    os.truncate(side.server.log, 0)


def ask(side: Side, key: str | None, message: Message = GOOD, patience: float = MUCH) -> Answer:
    """Make one call."""
    call, port = side.call, side.server.port
    headers, body = call.headers(port, key, patience), call.protocol.write(message)
    if call.protocol.http1:
        return _ask_http1(port, call.path, headers, body)
    with tempfile.NamedTemporaryFile() as file:
        call.save(Path(file.name), headers, body)
        command = (BIN / "load-http2", str(port), "0", "0", "1", "1", "sleep", file.name)
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if ended.returncode:
        raise Unequal(f"{side}: {ended.stderr}")
    answer = Answer()
    for line in ended.stdout.splitlines():
        name, _, value = line.partition(": ")
        if name == "data":
            answer.body += bytes.fromhex(value)
        else:
            answer.headers[name] = value
    answer.outcome = answer.headers.get("grpc-status" if call.is_grpc else ":status", "none")
    if "reset" in answer.headers:
        answer.outcome = "reset"
    if not call.is_grpc and call.messages > 1 and answer.outcome == "200":
        answer.outcome = _end_of(answer.body)
    return answer


def _end_of(body: bytes) -> str:
    """What a stream of Connect came to, as its last message says: in the words of the other protocols."""
    error = json.loads(frames(body)[-1][1]).get("error", {"code": "ok"})
    return {"ok": "200", "unauthenticated": "401", "invalid_argument": "400"}.get(error["code"], error["code"])


def _ask_http1(port: int, path: str, headers: Headers, body: bytes) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        return Answer(str(response.status), dict(response.getheaders()), response.read())
    finally:
        connection.close()


def _expect(side: Side, outcomes: Collection[str], answer: Answer, what: str) -> None:
    if answer.outcome not in outcomes:
        raise Unequal(f"{side}: {what} comes to {answer.outcome}, {answer.headers}, {answer.body[:300]!r}")
