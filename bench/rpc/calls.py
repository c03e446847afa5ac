"""What is called, in the words of each protocol: requests, and what has to come of them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GOOD: Final = {"amount_cents": 30_000, "country": "US", "orders_before": 0}
WRONG: Final = GOOD | {"amount_cents": -1}
SLOW: Final = GOOD | {"country": "ZZ"}
REASONS: Final = ("large amount", "first order")
SCORE: Final = {"score": 0.61, "reasons": list(REASONS)}
MESSAGES: Final = 1000
PATIENCE: Final = 5.0
END: Final = 2
"""The flag of what ends a stream, in Connect."""

Message = Mapping[str, object]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to call. ``read`` gives the messages of an answer's body, and raises ValueError for what is none."""

    name: str
    media: str
    write: Callable[[Message], bytes]
    read: Callable[[bytes], list[object]]
    timeout: Callable[[float], tuple[str, str]]
    more: Headers = ()
    http1: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A procedure over a protocol, which answers so many messages."""

    protocol: Protocol
    path: str
    messages: int = 1

    @property
    def is_grpc(self) -> bool:
        """Whether trailers say what it came to."""
        return self.protocol.media == "application/grpc"

    def headers(self, port: int, key: str | None, patience: float = PATIENCE) -> Headers:
        """As a client of the protocol sends them, but for those that stand in the first line of HTTP/1.1."""
        protocol = self.protocol
        bearer = () if key is None else (("authorization", f"Bearer {key}"),)
        head = (("content-type", protocol.media), *protocol.more, protocol.timeout(patience), *bearer)
        authority = f"127.0.0.1:{port}"
        if protocol.http1:
            return (("host", authority), *head)
        return ((":method", "POST"), (":scheme", "http"), (":path", self.path), (":authority", authority), *head)

    def save(self, file: Path, headers: Headers, body: bytes, expected: bytes = b"") -> None:
        """Write it as load.c or load_http2.c read it."""
        if self.protocol.http1:
            lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
            request = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body
            file.write_bytes(b"%d\n%b" % (len(request), request))
        else:
            head = "".join(f"{name} {value}\n" for name, value in headers).encode()
            file.write_bytes(b"%b\n%d\n%b%d\n%b" % (head, len(body), body, len(expected), expected))


# Messages


def _varint(number: int) -> bytes:
    number &= 2**64 - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _text(number: int, text: str) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(text)) + text.encode()


def _transaction(message: Message) -> bytes:
    cents, country, before = message.values()
    assert isinstance(cents, int)
    assert isinstance(before, int)
    return b"\x08" + _varint(cents) + _text(2, str(country)) + b"\x18" + _varint(before)


SCORE_BYTES: Final = b"\x09" + struct.pack("<d", 0.61) + b"".join(_text(2, each) for each in REASONS)


def _score(body: bytes) -> object:
    if body != SCORE_BYTES:
        raise ValueError(f"is {body!r}, and not the score's {len(SCORE_BYTES)} bytes")
    return SCORE


def _frame(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    """The frames of a body: flags and message."""
    found, at = [], 0
    while at < len(body):
        flags, size = struct.unpack_from(">BI", body, at)
        found.append((flags, body[at + 5 : at + 5 + size]))
        at += 5 + size
    return found


def _framed_scores(body: bytes) -> list[object]:
    found = frames(body)
    if any(flags for flags, _ in found):
        raise ValueError("has frames with flags")
    return [_score(message) for _, message in found]


def _ended_scores(body: bytes) -> list[object]:
    *found, (last, end) = frames(body)
    if last != END or "error" in json.loads(end) or any(flags for flags, _ in found):
        raise ValueError(f"ends with {end!r}")
    return [_score(message) for _, message in found]


def _proto_json(message: Message) -> bytes:
    cents, country, before = message.values()
    return _json({"amountCents": str(cents), "country": country, "ordersBefore": str(before)})


def _json(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def _one(read: Callable[[bytes], object]) -> Callable[[bytes], list[object]]:
    return lambda body: [read(body)]


# Time-outs


def _grpc_timeout(seconds: float) -> tuple[str, str]:
    return "grpc-timeout", f"{seconds * 1000:.0f}m"


def _connect_timeout(seconds: float) -> tuple[str, str]:
    return "connect-timeout-ms", f"{seconds * 1000:.0f}"


def _plain_timeout(seconds: float) -> tuple[str, str]:
    return "request-timeout", f"{seconds:g}"


VERSION: Final = (("connect-protocol-version", "1"),)
GRPC: Final = Protocol(
    "gRPC",
    "application/grpc",
    lambda message: _frame(_transaction(message)),
    _framed_scores,
    _grpc_timeout,
    (("te", "trailers"),),
)
CONNECT: Final = Protocol("Connect binary", "application/proto", _transaction, _one(_score), _connect_timeout, VERSION)
CONNECT_JSON: Final = Protocol(
    "Connect JSON", "application/json", _proto_json, _one(json.loads), _connect_timeout, VERSION
)
CONNECT_STREAM: Final = Protocol(
    "Connect binary",
    "application/connect+proto",
    lambda message: _frame(_transaction(message)),
    _ended_scores,
    _connect_timeout,
    VERSION,
)
PLAIN: Final = Protocol("plain POST", "application/json", _json, _one(json.loads), _plain_timeout, http1=True)

PREDICT: Final = "/fraud.v1.FraudService/Predict"
WATCH: Final = "/fraud.v1.FraudService/Watch"
UNARY: Final = {
    GRPC.name: Call(GRPC, PREDICT),
    CONNECT.name: Call(CONNECT, PREDICT),
    CONNECT_JSON.name: Call(CONNECT_JSON, PREDICT),
    PLAIN.name: Call(PLAIN, "/internal/predict"),
}
STREAM: Final = {
    GRPC.name: Call(GRPC, WATCH, MESSAGES),
    CONNECT.name: Call(CONNECT_STREAM, WATCH, MESSAGES),
}
