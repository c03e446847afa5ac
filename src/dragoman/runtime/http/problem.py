"""Faults on HTTP: the one table of statuses, and problem documents (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from dragoman.contract.fault import Code, Fault, Malformed, PreconditionFailed, Violation
from dragoman.ports.wire import Header, Response

STATUS: Final[Mapping[Code, int]] = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 422,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 409,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 422,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""The status of each canonical code."""

FINER: Final[Mapping[type[Fault], int]] = {Malformed: 400, PreconditionFailed: 412}
"""Faults that HTTP tells apart more finely than by code."""

MEDIA_TYPE: Final = b"application/problem+json"


class MethodNotAllowed(Fault):
    """The path exists, and does not offer this method (405). ``allowed`` are those it does."""

    code = Code.UNIMPLEMENTED
    reason = "METHOD_NOT_ALLOWED"

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        *others, last = allowed
        offered = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        super().__init__(f"{method[:20]} is not offered here; {offered}")
        self.allowed = tuple(allowed)


class NotAcceptable(Fault):
    """``Accept`` admits nothing that is answered here (406)."""

    code = Code.INVALID_ARGUMENT
    reason = "NOT_ACCEPTABLE"


class UnsupportedMediaType(Fault):
    """The body is not of a type that is read here (415). ``remedy`` is the header that says what is read."""

    code = Code.INVALID_ARGUMENT
    reason = "UNSUPPORTED_MEDIA_TYPE"

    def __init__(self, message: str, remedy: Header | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class PreconditionRequired(Fault):
    """The surface asks for ``If-Match`` on every change (428)."""

    code = Code.FAILED_PRECONDITION
    reason = "PRECONDITION_REQUIRED"


class ContentTooLarge(Fault):
    """The body is larger than the limit (413)."""

    code = Code.INVALID_ARGUMENT
    reason = "CONTENT_TOO_LARGE"


class RequestTimeout(Fault):
    """The request did not come in the time that it has (408)."""

    code = Code.DEADLINE_EXCEEDED
    reason = "REQUEST_TIMEOUT"


class TargetTooLong(Fault):
    """The request target is longer than the limit (414)."""

    code = Code.INVALID_ARGUMENT
    reason = "TARGET_TOO_LONG"


class ExpectationFailed(Fault):
    """``Expect`` asks for what is not known here (417)."""

    code = Code.UNIMPLEMENTED
    reason = "EXPECTATION_FAILED"


class HeadersTooLarge(Fault):
    """The headers are larger, or more, than the limit (431)."""

    code = Code.INVALID_ARGUMENT
    reason = "HEADERS_TOO_LARGE"


class VersionNotSupported(Fault):
    """The version of HTTP is not spoken here (505)."""

    code = Code.UNIMPLEMENTED
    reason = "HTTP_VERSION_NOT_SUPPORTED"


HTTP_ONLY: Final[Mapping[type[Fault], int]] = {
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    UnsupportedMediaType: 415,
    PreconditionRequired: 428,
    ContentTooLarge: 413,
    RequestTimeout: 408,
    TargetTooLong: 414,
    ExpectationFailed: 417,
    HeadersTooLarge: 431,
    VersionNotSupported: 505,
}
"""Faults that only HTTP can have."""

_BY_TYPE: Final = {**FINER, **HTTP_ONLY}
# Python renamed two of RFC 9110's phrases in 3.13; what a client reads does not depend on that.
_TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content", 499: "Client Closed Request"}

PARAMETER_PLACES: Final = ("query", "path", "header")


def status(fault: Fault) -> int:
    """The HTTP status of a fault."""
    return status_of(type(fault))


def status_of(fault: type[Fault]) -> int:
    """The status that faults of a class are answered with."""
    for cls in fault.__mro__:
        if cls in _BY_TYPE:
            return _BY_TYPE[cls]
    return STATUS[fault.code]


def title(code: int) -> str:
    """The phrase of a status."""
    return _TITLES.get(code) or HTTPStatus(code).phrase


def pointer(path: Sequence[str | int]) -> str:
    """A path as a JSON pointer in fragment form (RFC 6901, section 6), without percent-encoding beyond need."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def document(fault: Fault, *, request_id: str, place: str = "body") -> dict[str, Any]:
    """The problem document. ``place`` says where the input stood: ``body``, or ``query``, ``path``, ``header``."""
    code = status(fault)
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": title(code),
        "status": code,
        "detail": fault.message,
        "code": fault.code.name,
    }
    if fault.reason:
        content["reason"] = fault.reason
    content["retryable"] = fault.retryable
    if fault.retry_after is not None:
        content["retry_after"] = fault.retry_after
    if fault.metadata:
        content["metadata"] = fault.metadata
    if fault.violations:
        content["errors"] = [_violation(each, place) for each in fault.violations]
    content["request_id"] = request_id
    return content


def _violation(violation: Violation, place: str) -> dict[str, Any]:
    where: dict[str, Any]
    if place in PARAMETER_PLACES:
        where = {"parameter": ".".join(map(str, violation.path)), "in": place}
    else:
        where = {"pointer": pointer(violation.path)}
    return {**where, "detail": violation.message, "rule": violation.rule}


def respond(fault: Fault, *, request_id: str, place: str = "body", headers: Sequence[Header] = ()) -> Response:
    """The fault as a response."""
    body = msgspec.json.encode(document(fault, request_id=request_id, place=place))
    all_headers = [(b"content-type", MEDIA_TYPE), (b"cache-control", b"no-store"), *headers]
    if fault.retry_after is not None:
        all_headers.append((b"retry-after", str(math.ceil(fault.retry_after)).encode()))
    if isinstance(fault, MethodNotAllowed):
        all_headers.append((b"allow", ", ".join(fault.allowed).encode()))
    elif isinstance(fault, UnsupportedMediaType) and fault.remedy is not None:
        all_headers.append(fault.remedy)
    return Response(status(fault), all_headers, body)
