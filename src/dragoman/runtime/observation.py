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
from functools import lru_cache
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


_encode: Final = msgspec.json.Encoder().encode


class _Clock:
    """The time as RFC 3339 has it, of which the part that changes once a second is made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        now = time.time_ns()
        second = now // 1_000_000_000
        if second != self._second:
            self._second, self._text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._text}.{now // 1000 % 1_000_000:06d}Z"


_now: Final = _Clock()


def _quoted(text: str) -> str:
    """A text as JSON. What is no text, which a path may be, is written as escapes."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return _encode(text.encode("utf-8", "backslashreplace").decode()).decode()


_name: Final = lru_cache(maxsize=1024)(_quoted)
"""The same for texts that come again and again."""


def access(request: Request, status: int, size: int, exchange: Exchange) -> None:
    """Log an exchange that has ended."""
    if not ACCESS.isEnabledFor(logging.INFO):
        return
    elapsed = (time.perf_counter() - exchange.started) * 1000
    text = (
        f'{{"time":"{_now()}","request_id":"{exchange.request_id}","method":{_name(request.method)},'
        f'"path":{_quoted(request.path)},"status":{status},"bytes":{size},"ms":{elapsed:.3f},"peer":{_name(request.peer)}'
        f"{_told_of(exchange)}}}"
    )
    direct = _only_handler()
    if direct is not None:
        direct.write(text.encode())
    else:
        ACCESS.info("%s", text)


def _told_of(exchange: Exchange) -> str:
    """What is known of the exchange, as further members."""
    text = ""
    if exchange.surface:
        text = f',"surface":{_name(exchange.surface)}'
    if exchange.operation:
        text += f',"operation":{_name(exchange.operation)}'
    principal = exchange.principal
    if principal.identity:
        text += _whose(principal.identity, principal.tenant, principal.credential)
    if exchange.fault:
        text += f',"fault":"{exchange.fault}"'
    if exchange.reruns:
        text += f',"reruns":{exchange.reruns}'
    if exchange.items is not None:
        text += f',"items":{exchange.items}'
    if exchange.crossed:
        text += ',"crossed_tenants":true'
    return text


@lru_cache(maxsize=1024)
def _whose(identity: str, tenant: str, credential: str) -> str:
    return f',"principal":{_quoted(identity)},"tenant":{_quoted(tenant)},"credential":{_quoted(credential)}'


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


def with_request_id(response: Response, exchange: Exchange) -> Response:
    """The response, with the id under which the log knows it."""
    response.headers = [*response.headers, (b"x-request-id", exchange.request_id.encode("latin-1"))]
    return response


def _text(line: dict[str, object]) -> str:
    return _encode({key: _escaped(each) for key, each in line.items()}).decode()


def _escaped(value: object) -> object:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
