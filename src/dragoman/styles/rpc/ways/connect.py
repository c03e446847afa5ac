"""Connect (https://connectrpc.com/docs/protocol): one message in a body of its own, or streams of them in frames."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from dragoman.contract.fault import Code, Fault, Malformed
from dragoman.ports.wire import Header, Request, Response
from dragoman.runtime.call import State
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http import problem
from dragoman.runtime.http.answers import coded
from dragoman.runtime.http.problem import MethodNotAllowed, UnsupportedMediaType

from . import framing, status
from .timeouts import connect_timeout
from .way import Envelope, Form, Messages, Spoken, limit

STATUS: Final[Mapping[Code, int]] = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""The status of each code: Connect's own table, not REST's."""

JSON: Final[Header] = (b"content-type", b"application/json")
NAMES: Final = {code: "canceled" if code is Code.CANCELLED else code.name.lower() for code in Code}
NO_STORE: Final[Header] = (b"cache-control", b"no-store")


class Connect:
    """A unary procedure over Connect, in one form of messages; ``got`` is what GET asks for."""

    def __init__(self, spoken: Spoken, form: Form, media: str, *, got: bool = False) -> None:
        self.spoken = spoken
        self._form = form
        self._written = form.writer(spoken.give)
        self._answers = spoken.looks(media, got)

    def answer(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call. Raises Fault."""
        spoken, headers = self.spoken, request.headers
        limit(exchange, connect_timeout(headers))
        if request.method == "GET":
            body, packed = _in_query(request)
        else:
            body, packed = request.body, framing.check_coding(headers.get("content-encoding"))
        if len(body) > spoken.most:
            raise framing.too_large(spoken.most)
        assert spoken.call is not None
        envelope = Envelope(self, headers, body)
        answering = self._unpacked(exchange, envelope) if packed else spoken.call(exchange, envelope)
        return answering if headers.get("accept-encoding") is None else coded(answering)

    async def _unpacked(self, exchange: Exchange, envelope: Envelope) -> Response:
        envelope.message = await framing.inflated(envelope.message, self.spoken.most)
        assert self.spoken.call is not None
        response: Response = await self.spoken.call(exchange, envelope)
        return response

    def read(self, envelope: Envelope) -> Any:
        """The message."""
        return self._form.decode(envelope.message)

    def write(self, state: State) -> Any:
        """The answer, compressed where that is asked for and worth it."""
        return self._answers.content(state.envelope.headers, self._written(state))


def _in_query(request: Request) -> tuple[bytes, bool]:
    """The message of a GET, and whether it is compressed. Raises Malformed."""
    try:
        given = dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise Malformed(
            "the query has more parameters than a call by GET can have; leave out what it does not"
        ) from None
    message = given.get("message", "").encode()
    if given.get("base64") == "1":
        message = _unquoted(message)
    return message, framing.check_coding(given.get("compression") or None)


def _unquoted(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("the parameter message is not base64, as the parameter base64 says") from None


class ConnectStream:
    """A procedure with streams over Connect, in one form of messages."""

    def __init__(self, spoken: Spoken, form: Form, media: str) -> None:
        self.spoken = spoken
        self._form = form
        self._written = form.writer(spoken.give)
        accepted: Header = (b"connect-accept-encoding", framing.CODINGS.encode())
        self._headers: tuple[Header, ...] = ((b"content-type", media.encode()), accepted, *spoken.headers)
        self._coded = (*self._headers, (b"connect-content-encoding", b"gzip"))

    async def answer(self, exchange: Exchange, request: Request) -> Response:
        """Drive the call. Raises Fault."""
        spoken, headers = self.spoken, request.headers
        limit(exchange, connect_timeout(headers))
        coded = framing.check_coding(headers.get("connect-content-encoding"))
        # Who does not say what it accepts, accepts what it sends.
        compress = framing.GZIP in headers.get("connect-accept-encoding", framing.GZIP if coded else "")
        assert spoken.call is not None
        if spoken.takes_stream:
            assert request.stream is not None
            found = framing.messages(request.stream, spoken.most, coded=coded)
            envelope = Envelope(self, headers, b"", self._each(found), compress)
        else:
            message, flags = framing.one(request.body, spoken.most)
            if flags:
                message = await framing.unpacked(message, flags, spoken.most, coded=coded)
            envelope = Envelope(self, headers, message, None, compress)
        answered = await spoken.call(exchange, envelope)
        compressed = self._coded if compress else self._headers
        seal = framing.framed if compress else None
        if not spoken.gives_stream:
            message = answered if seal is None else await seal(answered)
            return Response(200, list(compressed), message + _end(None, exchange, spoken.domain))
        end = Messages(answered, exchange, lambda fault: _end(fault, exchange, spoken.domain), seal)
        return Response(200, compressed, stream=end)

    async def _each(self, found: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        decode = self._form.decode
        async for message in found:
            yield decode(message)

    def read(self, envelope: Envelope) -> Any:
        """The message."""
        return self._form.decode(envelope.message)

    def write(self, state: State) -> Any:
        """The frame of a message; the message where it may be compressed."""
        message = self._written(state)
        return message if state.envelope.compress else framing.frame(message)


def _end(fault: Fault | None, exchange: Exchange, domain: str) -> bytes:
    said = {} if fault is None else {"error": error(fault, exchange, domain)}
    return framing.frame(msgspec.json.encode(said), framing.END)


def error(fault: Fault, exchange: Exchange, domain: str) -> dict[str, Any]:
    """A fault in Connect's JSON."""
    return {
        "code": NAMES[fault.code],
        "message": fault.message,
        "details": [
            {"type": name, "value": base64.b64encode(content).rstrip(b"=").decode()}
            for name, content in status.details(fault, exchange.request_id, domain)
        ],
    }


def refusal(fault: Fault, request: Request, exchange: Exchange, domain: str) -> Response:
    """A fault that is all that is answered."""
    media = request.headers.get("content-type", "")
    if media.startswith("application/connect+"):
        head = [(b"content-type", media.encode("latin-1"))]
        return Response(200, head, _end(fault, exchange, domain))
    head = [JSON, NO_STORE]
    # What HTTP itself says of a request goes before what Connect makes of a code.
    code = problem.status(fault) if isinstance(fault, MethodNotAllowed | UnsupportedMediaType) else STATUS[fault.code]
    if isinstance(fault, MethodNotAllowed):
        head.append((b"allow", ", ".join(fault.allowed).encode()))
    return Response(code, head, msgspec.json.encode(error(fault, exchange, domain)))
