"""gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), and gRPC-Web, whose trailers stand
in the body (PROTOCOL-WEB.md).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, Final

from dragoman.contract.fault import Fault, Malformed, Unimplemented
from dragoman.ports.wire import BodyStream, Header, Request, Response
from dragoman.runtime.call import State
from dragoman.runtime.exchange import Exchange

from . import framing, status
from .timeouts import grpc_timeout
from .way import Envelope, Form, Messages, Spoken, limit

OK: Final[list[Header]] = [(b"grpc-status", b"0")]
ACCEPTED: Final[Header] = (b"grpc-accept-encoding", framing.CODINGS.encode())
CODED: Final[Header] = (b"grpc-encoding", b"gzip")
TRAILERS: Final = 0x80
"""The flag of a frame that holds trailers, in gRPC-Web."""

PREFIX: Final = "application/grpc"
WEB: Final = "application/grpc-web"
TEXT: Final = "application/grpc-web-text"


class Grpc:
    """A procedure over gRPC, in one form of messages. ``media`` is the type of requests and answers."""

    def __init__(self, spoken: Spoken, form: Form, media: str) -> None:
        self.spoken = spoken
        self._form = form
        self._written = form.writer(spoken.give)
        self._streams = spoken.gives_stream
        self._headers: tuple[Header, ...] = ((b"content-type", media.encode()), ACCEPTED, *spoken.headers)
        self._coded = (*self._headers, CODED)

    def answer(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call. Raises Fault."""
        spoken, headers = self.spoken, request.headers
        if not request.trailers:
            raise Unimplemented(
                "gRPC needs HTTP/2 with trailers, which this connection has not; use Connect or gRPC-Web"
            )
        seconds = grpc_timeout(headers)
        if seconds is not None:
            limit(exchange, seconds)
        coded = framing.check_coding(headers.get("grpc-encoding"))
        compress = coded and _accepted(headers)
        flags = 0
        if spoken.takes_stream:
            assert request.stream is not None
            envelope = Envelope(self, headers, b"", _each(self._form, request.stream, spoken.most, coded), compress)
        else:
            message, flags = framing.one(request.body, spoken.most)
            envelope = Envelope(self, headers, message, None, compress)
        if flags or compress or spoken.gives_stream:
            return self._by_and_by(exchange, envelope, flags, coded)
        assert spoken.call is not None
        return spoken.call(exchange, envelope)

    async def _by_and_by(self, exchange: Exchange, envelope: Envelope, flags: int, coded: bool) -> Response:
        """The answer to what is compressed, or answered so, or by a stream."""
        answered = await _answered(self.spoken, exchange, envelope, flags, coded)
        if self.spoken.gives_stream:
            return self._stream(answered, exchange, envelope)
        if not envelope.compress:
            response: Response = answered
            return response
        return Response(200, list(self._coded), await framing.framed(answered), trailers=OK)

    def _stream(self, stream: Any, exchange: Exchange, envelope: Envelope) -> Response:
        trailers: list[Header] = []

        def end(fault: Fault | None) -> bytes:
            trailers[:] = OK if fault is None else self._trailers(fault, exchange)
            return b""

        if not envelope.compress:
            return Response(200, self._headers, stream=Messages(stream, exchange, end), trailers=trailers)
        messages = Messages(stream, exchange, end, framing.framed)
        return Response(200, self._coded, stream=messages, trailers=trailers)

    def read(self, envelope: Envelope) -> Any:
        """The message."""
        return self._form.decode(envelope.message)

    def write(self, state: State) -> Any:
        """The answer with its trailers, or the frame of an item; the message where it may be compressed, as it is if
        the request was.
        """
        message = self._written(state)
        if state.envelope.compress:
            return message
        framed = framing.HEAD.pack(0, len(message)) + message
        return framed if self._streams else Response(200, list(self._headers), framed, trailers=OK)

    def _trailers(self, fault: Fault, exchange: Exchange) -> list[Header]:
        return status.trailers(fault, exchange.request_id, self.spoken.domain)


async def _answered(spoken: Spoken, exchange: Exchange, envelope: Envelope, flags: int, coded: bool) -> Any:
    """What the call gives, whose message has these flags."""
    if flags:
        envelope.message = await framing.unpacked(envelope.message, flags, spoken.most, coded=coded)
    assert spoken.call is not None
    return await spoken.call(exchange, envelope)


async def _each(form: Form, stream: BodyStream, most: int, coded: bool) -> AsyncIterator[Any]:
    async for message in framing.messages(stream, most, coded=coded):
        yield form.decode(message)


def _accepted(headers: Mapping[str, str]) -> bool:
    """Whether a caller who compresses can read what is compressed; nothing said is yes."""
    return framing.GZIP in headers.get("grpc-accept-encoding", framing.GZIP)


def refusal(fault: Fault, request: Request, exchange: Exchange, domain: str) -> Response:
    """A fault that is all that is answered."""
    media = request.headers.get("content-type", PREFIX)
    if not request.trailers and not request.version.startswith("2"):
        # What does not come over HTTP/2 is no gRPC: it is told by HTTP's status, as by any peer that is none.
        return Response(505, [(b"content-type", b"text/plain; charset=utf-8")], fault.message.encode())
    head = [(b"content-type", media.encode("latin-1"))]
    trailers = status.trailers(fault, exchange.request_id, domain)
    if not request.trailers:
        return Response(200, [*head, *trailers])  # which many servers end with the head, as they have nothing more
    return Response(200, head, trailers=trailers, bare=True)


class GrpcWeb:
    """A procedure over gRPC-Web. ``text``: bodies are base64, for browsers that cannot read others bit by bit."""

    def __init__(self, spoken: Spoken, form: Form, media: str, *, text: bool) -> None:
        self.spoken = spoken
        self._form = form
        self._written = form.writer(spoken.give)
        self._text = text
        self._headers: tuple[Header, ...] = ((b"content-type", media.encode()), ACCEPTED, *spoken.headers)
        self._coded = (*self._headers, CODED)

    def answer(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call. Raises Fault."""
        spoken, headers = self.spoken, request.headers
        limit(exchange, grpc_timeout(headers))
        coded = framing.check_coding(headers.get("grpc-encoding"))
        compress = coded and _accepted(headers)
        flags = 0
        if spoken.takes_stream:
            if self._text:
                raise Unimplemented(f"streams of requests are not sent as base64; use {WEB}, gRPC or Connect")
            assert request.stream is not None
            envelope = Envelope(self, headers, b"", _each(self._form, request.stream, spoken.most, coded), compress)
        else:
            body = _plain(request.body) if self._text else request.body
            message, flags = framing.one(body, spoken.most)
            envelope = Envelope(self, headers, message, None, compress)
        return self._by_and_by(exchange, envelope, flags, coded)

    async def _by_and_by(self, exchange: Exchange, envelope: Envelope, flags: int, coded: bool) -> Response:
        answered = await _answered(self.spoken, exchange, envelope, flags, coded)
        headers = self._coded if envelope.compress else self._headers
        if not self.spoken.gives_stream:
            frame = await framing.framed(answered) if envelope.compress else answered
            return Response(200, list(headers), self._sent(frame + _in_body(None, exchange, self.spoken.domain)))

        def end(fault: Fault | None) -> bytes:
            return self._sent(_in_body(fault, exchange, self.spoken.domain))

        return Response(
            200, headers, stream=Messages(answered, exchange, end, self._sealed if envelope.compress else None)
        )

    def read(self, envelope: Envelope) -> Any:
        """The message."""
        return self._form.decode(envelope.message)

    def write(self, state: State) -> Any:
        """The frame of a message; the message where it may be compressed."""
        message = self._written(state)
        if state.envelope.compress:
            return message
        frame = framing.frame(message)
        return self._sent(frame) if self.spoken.gives_stream else frame

    async def _sealed(self, message: bytes) -> bytes:
        return self._sent(await framing.framed(message))

    def _sent(self, body: bytes) -> bytes:
        return base64.b64encode(body) if self._text else body


def web_refusal(fault: Fault, request: Request, exchange: Exchange, domain: str) -> Response:
    """A fault that is all that is answered, in the headers: most clients of gRPC-Web look there first."""
    media = request.headers.get("content-type", WEB)
    head = [(b"content-type", media.encode("latin-1")), *status.trailers(fault, exchange.request_id, domain)]
    return Response(200, head)


def _in_body(fault: Fault | None, exchange: Exchange, domain: str) -> bytes:
    found: Sequence[Header] = OK if fault is None else status.trailers(fault, exchange.request_id, domain)
    return framing.frame(b"".join(b"%b: %b\r\n" % each for each in found), TRAILERS)


def _plain(body: bytes) -> bytes:
    """What was sent as base64: several texts may follow one another, each with its own padding."""
    try:
        if b"=" not in body[:-2]:
            return base64.b64decode(body, validate=True)
        return b"".join(base64.b64decode(body[at : at + 4], validate=True) for at in range(0, len(body), 4))
    except (binascii.Error, ValueError):
        raise Malformed("the body is not base64, as its type says") from None
