"""What ours does around each call, for the peers: who calls, whether the message is one, and a line in the log.

Each peer calls this inside its handlers: interceptors, dependencies and middleware are slower. Lines are written
without ``logging``, which is slower too.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from keys import caller

PREDICT: Final = "/fraud.v1.FraudService/Predict"
WATCH: Final = "/fraud.v1.FraudService/Watch"
REASONS: Final = ["large amount", "first order"]
MESSAGES: Final = 1000
SLOW: Final = "ZZ"
SLOW_SECONDS: Final = 2

_COUNTRY: Final = re.compile("[A-Z]{2}").fullmatch
_MOST: Final = 2**53 - 1
_NOBODY: Final = (None,) * 5
_encode: Final = msgspec.json.Encoder().encode


class Refused(Exception):
    """A call that comes to a fault, with one of gRPC's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Call:
    """A call under way; as a block it is logged when it ends. ``status`` is what the log says that it came to."""

    __slots__ = ("caller", "id", "path", "peer", "size", "started", "status")

    def __init__(self, path: str, authorization: str | None, peer: str | None) -> None:
        self.started = time.perf_counter()
        self.id = uuid.uuid4().hex
        self.path, self.peer = path, peer
        self.status: str | int = "CANCELLED"
        self.size = 0
        self.caller = caller(authorization or "")

    def __enter__(self) -> Call:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            self.status = error.code
        self.log()

    def admit(self, transaction: Any) -> None:
        """Raises Refused for whoever shows no key, and for a message out of bounds."""
        if self.caller is None:
            raise Refused("UNAUTHENTICATED", "there is no such key")
        if not 0 <= transaction.amount_cents <= _MOST:
            raise Refused("INVALID_ARGUMENT", "amount_cents: must be at least 0")
        if _COUNTRY(transaction.country) is None:
            raise Refused("INVALID_ARGUMENT", "country: must be two letters")
        if not 0 <= transaction.orders_before <= _MOST:
            raise Refused("INVALID_ARGUMENT", "orders_before: must be at least 0")

    def answers(self, size: int) -> None:
        """It comes to an answer of so many bytes."""
        self.status, self.size = "OK", size

    def log(self) -> None:
        """A line of JSON, with the members of ours."""
        owner, tenant, _, prefix, _ = self.caller or _NOBODY
        line = {
            "time": datetime.now(UTC),
            "request_id": self.id,
            "method": "POST",
            "path": self.path,
            "status": self.status,
            "bytes": self.size,
            "ms": round((time.perf_counter() - self.started) * 1000, 3),
            "peer": self.peer,
            "surface": "inference",
            "operation": self.path.rpartition("/")[2].lower(),
            "principal": owner,
            "tenant": tenant,
            "credential": prefix,
        }
        os.write(1, _encode(line) + b"\n")


def of_grpc(path: str, context: Any) -> Call:
    """The call that a context of grpcio is of."""
    authorization = None
    for name, value in context.invocation_metadata():
        if name == "authorization":
            authorization = value
    return Call(path, authorization, context.peer())
