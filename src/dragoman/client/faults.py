"""Faults, as each style tells them, as the contract's own classes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from dragoman.contract.fault import (
    CANONICAL,
    Code,
    Fault,
    Malformed,
    Path,
    PreconditionFailed,
    Violation,
)
from dragoman.styles.rpc.codec.varint import read, skip
from dragoman.styles.rpc.ways.status import RETRYABLE_KEY

TYPES: Final = "type.googleapis.com/"
OWN: Final[tuple[type[Fault], ...]] = (PreconditionFailed, Malformed)
"""Classes of every contract that are known by their reason."""

BY_CODE: Final[Mapping[Code, type[Fault]]] = {each.code: each for each in CANONICAL}
NAMES: Final[Mapping[str, Code]] = {**{each.name: each for each in Code}, "CANCELED": Code.CANCELLED}

STATUS: Final[Mapping[int, Code]] = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    405: Code.UNIMPLEMENTED,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    412: Code.ABORTED,
    413: Code.INVALID_ARGUMENT,
    415: Code.INVALID_ARGUMENT,
    422: Code.INVALID_ARGUMENT,
    428: Code.FAILED_PRECONDITION,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.UNAVAILABLE,
    505: Code.UNIMPLEMENTED,
}
"""What a status means of which nobody says more, such as a proxy's."""

_PATH: Final = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


@dataclass(slots=True)
class Told:
    """What was told of a fault."""

    code: Code
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    retryable: bool | None = None
    retry_after: float | None = None
    request_id: str = ""

    def fault(self, declared: Iterable[type[Fault]] = ()) -> Fault:
        """The fault: of the class that the operation declares for its reason, else of its code's."""
        found = BY_CODE[self.code]
        if self.reason:
            for each in (*declared, *OWN):
                if each.reason == self.reason and each.code is self.code:
                    found = each
                    break
        # A class may be made of other things than its faults hold.
        made = found.__new__(found)
        Fault.__init__(
            made,
            self.message,
            violations=self.violations,
            metadata=self.metadata,
            retryable=None if self.retry_after is not None else self.retryable,
            retry_after=self.retry_after,
        )
        made.request_id = self.request_id
        if made.reason != self.reason:
            vars(made)["reason"] = self.reason  # nobody declared a class for it
        return made


def of_status(status: int, headers: Mapping[str, str], what: str) -> Told:
    """A fault of which no more is known than the status."""
    told = Told(STATUS.get(status, Code.UNKNOWN), f"the answer's status is {status}{what}")
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit() and len(after) < 10:
        told.retry_after = float(after)
    return told


def of_problem(status: int, headers: Mapping[str, str], body: bytes) -> Told:
    """A problem document (RFC 9457), as REST and plain POST answer."""
    problem = _object(body)
    code = NAMES.get(problem.get("code", "")) if isinstance(problem.get("code"), str) else None
    if code is None:
        return of_status(status, headers, f", with {_shown(body)}" if body else "")
    told = Told(code, str(problem.get("detail", "")), str(problem.get("reason", "")))
    told.request_id = str(problem.get("request_id", ""))
    if isinstance(retryable := problem.get("retryable"), bool):
        told.retryable = retryable
    after = problem.get("retry_after")
    if isinstance(after, int | float) and after >= 0:
        told.retry_after = float(after)
    if isinstance(metadata := problem.get("metadata"), dict):
        told.metadata = {name: str(each) for name, each in metadata.items()}
    for each in problem.get("errors") or ():
        if isinstance(each, dict):
            where = each.get("pointer")
            path = _pointer(where) if isinstance(where, str) else _parameter(str(each.get("parameter", "")))
            told.violations.append(Violation(path, str(each.get("detail", "")), str(each.get("rule", "invalid"))))
    return told


def of_connect(status: int, headers: Mapping[str, str], error: Any) -> Told:
    """Connect's JSON, parsed."""
    code = NAMES.get(str(error.get("code", "")).upper()) if isinstance(error, dict) else None
    if code is None:
        return of_status(status, headers, "")
    told = Told(code, str(error.get("message", "")))
    for each in error.get("details") or ():
        if not isinstance(each, dict):
            continue
        try:
            value = _base64(str(each.get("value", "")))
        except (binascii.Error, ValueError):
            continue
        _detail(told, str(each.get("type", "")).rpartition("/")[2], value)
    return told


def of_grpc(trailers: Mapping[str, str]) -> Told | None:
    """A status of gRPC, with its details; None for OK."""
    text = trailers.get("grpc-status", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else int(Code.UNKNOWN)
    if number == 0 and text:
        return None
    code = Code(number) if number in BY_CODE else Code.UNKNOWN
    told = Told(code, unquote(trailers.get("grpc-message", "")))
    details = trailers.get("grpc-status-details-bin")
    if details:
        try:
            for number, value in _fields(_base64(details)):
                if number == 3 and isinstance(value, bytes):
                    any_ = dict(_fields(value))
                    _detail(told, _text(any_.get(1)).rpartition("/")[2], any_.get(2, b""))
        except (Fault, ValueError, IndexError):
            pass  # details help, and their absence must not
    return told


def _detail(told: Told, name: str, value: Any) -> None:
    if not isinstance(value, bytes):
        return
    try:
        fields = list(_fields(value))
    except Fault:
        return
    if name == "google.rpc.ErrorInfo":
        metadata = {}
        for number, each in fields:
            if number == 1:
                told.reason = _text(each)
            elif number == 3 and isinstance(each, bytes):
                entry = dict(_fields(each))
                metadata[_text(entry.get(1))] = _text(entry.get(2))
        if metadata.get(RETRYABLE_KEY) in ("true", "false"):
            told.retryable = metadata.pop(RETRYABLE_KEY) == "true"
        told.metadata = metadata
    elif name == "google.rpc.BadRequest":
        for number, each in fields:
            if number == 1 and isinstance(each, bytes):
                part = dict(_fields(each))
                rule = _text(part.get(3)).lower() or "invalid"
                told.violations.append(Violation(_dotted(_text(part.get(1))), _text(part.get(2)), rule))
    elif name == "google.rpc.RetryInfo":
        for number, each in fields:
            if number == 1 and isinstance(each, bytes):
                pair = dict(_fields(each))
                told.retry_after = _number(pair.get(1)) + _number(pair.get(2)) / 1e9
    elif name == "google.rpc.RequestInfo":
        told.request_id = _text(dict(fields).get(1))


def _fields(data: bytes) -> Iterable[tuple[int, int | bytes]]:
    """The fields of a message that are integers, texts and messages."""
    at, end = 0, len(data)
    while at < end:
        tag, at = read(data, at, end)
        if tag & 7 == 0:
            number, at = read(data, at, end)
            yield tag >> 3, number
        elif tag & 7 == 2:
            size, at = read(data, at, end)
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            at = skip(data, at, end, tag)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value < 2**62 else 0


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _shown(body: bytes) -> str:
    return repr(body[:80].decode(errors="replace"))


def _pointer(text: str) -> Path:
    """A JSON pointer in fragment form, as a path."""
    parts = text.removeprefix("#").split("/")[1:]
    return tuple(int(each) if each.isdecimal() else each.replace("~1", "/").replace("~0", "~") for each in parts)


def _parameter(text: str) -> Path:
    """The name of a parameter, with what is within it behind points, as a path."""
    return tuple(int(each) if each.isdecimal() else each for each in text.split(".") if each)


def _dotted(text: str) -> Path:
    """``items[2].sku``, as a path."""
    return tuple(int(index) if index else name for index, name in _PATH.findall(text))
