"""What is told about each exchange: one line of JSON, and one more for what nobody expected.

The lines go to the loggers ``dragoman.access`` and ``dragoman.error``; attach handlers to them as to any other.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Final

import msgspec

from dragoman.contract.fault import Cancelled, Internal
from dragoman.contract.identifier import CountedIds
from dragoman.ports.wire import ByteStream, Request, Response

from .exchange import Exchange

ACCESS: Final = logging.getLogger("dragoman.access")
ERROR: Final = logging.getLogger("dragoman.error")

_GIVEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_new_id: Final = CountedIds("req")


def log_by_default() -> None:
    """Write access lines to stdout, if nobody has set up logging: for servers that run an application as it stands."""
    if not ACCESS.hasHandlers() and ACCESS.getEffectiveLevel() > logging.INFO:
        ACCESS.setLevel(logging.INFO)
        ACCESS.addHandler(logging.StreamHandler(sys.stdout))


def request_id(request: Request, started: float) -> str:
    """The id that the caller gave in ``X-Request-Id``, if it is harmless, or a new one. ``started`` is when it came, in
    seconds of a monotonic clock.
    """
    given = request.headers.get("x-request-id")
    return given if given is not None and _GIVEN.fullmatch(given) else _new_id(started)


class Lines(logging.Handler):
    """A handler that takes lines of text, and wants no record of each: where it is the only one that the access log
    has, none is made, which would take longer than all else about a line.
    """

    def write(self, line: bytes) -> None:
        """Take a line, without its end."""
        raise NotImplementedError

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, as any handler does."""
        self.write(self.format(record).encode("utf-8", "backslashreplace"))


class _Access(msgspec.Struct, omit_defaults=True):
    """A line of the access log."""

    time: datetime
    request_id: str
    method: str
    path: str
    status: int
    bytes: int
    ms: float
    peer: str
    surface: str = ""
    operation: str = ""
    principal: str = ""
    tenant: str = ""
    credential: str = ""
    fault: str = ""
    reruns: int = 0
    items: int | None = None
    crossed_tenants: bool = False
    replayed: bool = False


_encode: Final = msgspec.json.Encoder().encode


def access(request: Request, status: int, size: int, exchange: Exchange) -> None:
    """Log an exchange that has ended."""
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    principal = exchange.principal
    line = _Access(
        datetime.now(UTC),
        exchange.request_id,
        request.method,
        request.path,
        status,
        size,
        int((time.perf_counter() - exchange.started) * 1e6 + 0.5) / 1000,  # round() takes six times as long
        request.peer,
        exchange.surface,
        exchange.operation,
        principal.identity,
        principal.tenant,
        principal.credential,
        exchange.fault,
        exchange.reruns,
        exchange.items,
        exchange.crossed,
        exchange.replayed,
    )
    try:
        text = _encode(line)
    except UnicodeEncodeError:
        # A path may hold anything that a client sends; what is no text is written as escapes.
        text = _encode({each: _escaped(getattr(line, each)) for each in line.__struct_fields__ if getattr(line, each)})
    direct = _only_handler()
    if direct is not None:
        direct.write(text)
    else:
        ACCESS.info("%s", text.decode())


def _only_handler() -> Lines | None:
    """The handler of the access log, if it is the only one and wants no records."""
    handlers = ACCESS.handlers
    if len(handlers) != 1 or ACCESS.propagate or ACCESS.filters:
        return None
    only = handlers[0]
    return only if isinstance(only, Lines) and not only.filters and only.level <= logging.INFO else None


class Unexpected:
    """An exception that the caller learns nothing of but the request's id. As text it is a line of JSON; whoever
    formats the log otherwise finds the exception itself here.
    """

    def __init__(self, exchange: Exchange, error: BaseException) -> None:
        self.exchange = exchange
        self.error = error
        self._time = datetime.now(UTC)

    def __str__(self) -> str:
        return _text(
            {
                "time": self._time,
                "request_id": self.exchange.request_id,
                "surface": self.exchange.surface,
                "operation": self.exchange.operation,
                "error": f"{type(self.error).__name__}: {self.error}",
                "traceback": "".join(traceback.format_exception(self.error)),
            }
        )


def unexpected(exchange: Exchange, error: BaseException) -> None:
    """Log it."""
    ERROR.error("%s", Unexpected(exchange, error))


def told(exchange: Exchange, error: BaseException) -> Internal:
    """Log it: the log is told all of it, the caller where in the log."""
    unexpected(exchange, error)
    return Internal(f"something went wrong here; it is logged under the request id {exchange.request_id}")


class Observed:
    """The stream of an exchange, which is logged once it has ended, however it does. What ends it before its own end
    is the caller's leaving.
    """

    __slots__ = ("_exchange", "_logged", "_request", "_size", "_status", "_stream")

    def __init__(self, stream: ByteStream, request: Request, status: int, exchange: Exchange) -> None:
        self._stream = stream
        self._request = request
        self._status = status
        self._exchange = exchange
        self._size = 0
        self._logged = False

    def __aiter__(self) -> Observed:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._stream.__anext__()
        except StopAsyncIteration:
            self._log()
            raise
        self._size += len(chunk)
        return chunk

    async def aclose(self) -> None:
        """Close the stream."""
        try:
            await self._stream.aclose()
        finally:
            if not self._logged and not self._exchange.fault and self._request.method != "HEAD":
                self._exchange.fault = Cancelled.code.name
            self._log()

    def _log(self) -> None:
        if not self._logged:
            self._logged = True
            access(self._request, self._status, self._size, self._exchange)


def add_request_id(response: Response, exchange: Exchange) -> None:
    """Add the id under which the log knows the response."""
    header = (b"x-request-id", exchange.request_id.encode("latin-1"))
    if isinstance(response.headers, list):
        response.headers.append(header)
    else:
        response.headers = [*response.headers, header]


def _text(line: dict[str, object]) -> str:
    return _encode({key: _escaped(each) for key, each in line.items()}).decode()


def _escaped(value: object) -> object:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
