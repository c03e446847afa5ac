"""How the answers of one operation look over HTTP: header blocks that are made when it is bound."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

from dragoman.ports.style import Surface
from dragoman.ports.wire import ByteStream, Header, Response

from . import etag
from .caching import NO_STORE, cache_control, is_protected, vary
from .compression import THRESHOLD, gzipped
from .json_body import JSON
from .negotiation import accepts, codings
from .problem import NotAcceptable

GZIP: Final[Header] = (b"content-encoding", b"gzip")


class Answers:
    """The answers of one operation. ``media`` is the type of its content, empty if it has none; ``kept`` says that a
    cache may keep it (what GET and HEAD ask for), ``max_age`` for how long. ``protected``: they may depend on a
    credential. ``more`` are headers of each of them.
    """

    __slots__ = ("_content", "_empty", "_media")

    def __init__(
        self,
        surface: Surface,
        *,
        media: str = JSON,
        kept: bool = False,
        max_age: int | None = None,
        protected: bool | None = None,
        more: Sequence[Header] = (),
    ) -> None:
        if protected is None:
            protected = is_protected(surface)
        self._media = media
        headers = (cache_control(protected=protected, max_age=max_age), vary(surface, protected=protected))
        self._empty: tuple[Header, ...] = (*(headers if kept else (NO_STORE,)), *more)
        self._content: tuple[Header, ...] = ((b"content-type", media.encode()), *self._empty)

    def check_acceptable(self, accept: str) -> None:
        """Raises NotAcceptable where ``Accept`` does not admit what is answered. What has no content suits all."""
        if self._media and not accepts(accept, self._media):
            raise NotAcceptable(
                f"the Accept header admits nothing that is answered here, which is {self._media}; "
                "accept that, or */*, or leave the header out"
            )

    def empty(self) -> Response:
        """Done, and there is nothing to say (204)."""
        return Response(204, self._empty)

    def content(self, asked: Mapping[str, str], body: bytes, tag: str | None = None, status: int = 200) -> Response:
        """An answer with a body. ``asked`` are the request's headers, ``tag`` its entity tag as it stands."""
        coding = asked.get("accept-encoding")
        if coding is not None and _compressed(coding, body):
            return Uncoded(status, list(self._content), body, tag=tag)
        headers = list(self._content) if tag is None else [*self._content, (b"etag", tag.encode())]
        return Response(status, headers, body)

    def stream(self, stream: ByteStream) -> Response:
        """An answer that is made while it is sent: never compressed, for each chunk is to arrive at once."""
        return Response(200, self._content, stream=stream)

    def cached(self, asked: Mapping[str, str], body: bytes, tag: str, modified: bytes | None = None) -> Response:
        """The answer to a GET, or 304 where the caller has it. ``modified`` is the value of ``Last-Modified``, None
        where that is not sent. ``If-None-Match`` goes before ``If-Modified-Since`` (RFC 9110, section 13.2.2), which
        must name the very date that was sent: earlier ones and later ones say nothing about what the caller has.
        """
        coding = asked.get("accept-encoding")
        pending = coding is not None and _compressed(coding, body)
        sent = etag.coded(tag, "gzip") if pending else tag
        known = asked.get("if-none-match")
        if known is not None:
            if etag.known(known, sent):
                return self._not_modified(sent, modified)
        elif modified is not None and asked.get("if-modified-since") == modified.decode():
            return self._not_modified(sent, modified)
        headers = list(self._content)
        if modified is not None:
            headers.append((b"last-modified", modified))
        if pending:
            return Uncoded(200, headers, body, tag=tag)
        headers.append((b"etag", tag.encode()))
        return Response(200, headers, body)

    def _not_modified(self, tag: str, modified: bytes | None) -> Response:
        headers = [*self._empty, (b"etag", tag.encode())]
        if modified is not None:
            headers.append((b"last-modified", modified))
        return Response(304, headers)


class Uncoded(Response, eq=False):
    """A response that is still to be compressed; ``tag`` is the entity tag of its plain body."""

    tag: str | None = None

    async def coded(self) -> Response:
        """The response in its content coding."""
        return self.as_gzip(await gzipped(self.body))

    def as_gzip(self, body: bytes) -> Response:
        """The response with its body, which was compressed, in place of the plain one, if it is smaller."""
        headers, tag = [*self.headers], self.tag
        if len(body) < len(self.body):
            headers.append(GZIP)
            tag = None if tag is None else etag.coded(tag, "gzip")
        else:
            body = self.body
        if tag is not None:
            headers.append((b"etag", tag.encode()))
        return Response(self.status, headers, body)


async def coded(answering: Awaitable[Response]) -> Response:
    """The answer, in its content coding."""
    response = await answering
    return await response.coded() if type(response) is Uncoded else response


def _compressed(accept_encoding: str, body: bytes) -> bool:
    """Whether the body is sent compressed: if that is worth it, or the plain one is ruled out."""
    if len(body) < THRESHOLD and "identity" not in accept_encoding and "*" not in accept_encoding:
        return False
    allowed = codings(accept_encoding)
    return allowed.gzip and (len(body) >= THRESHOLD or not allowed.identity)
