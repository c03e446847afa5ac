"""Documents that a surface serves beside its operations: the same for everyone who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.ports.style import Surface
from dragoman.ports.wire import Header, Request, Response

from . import etag
from .answers import Answers, Uncoded
from .caching import is_protected
from .compression import gzip
from .options import answer_options, offered
from .problem import MethodNotAllowed

OPEN_DOCUMENTS: Final = frozenset({Audience.PUBLIC, Audience.PARTNER})
"""The audiences whose surfaces show their documents to anyone."""

METHODS: Final = offered(["GET"])


class ServedDocument:
    """One document, with its entity tag; compressed when that is first asked for, and then kept. Who may see it is
    settled before; what anyone may see is kept by shared caches too, which ``protected`` says if it is not that of the
    surface's documents. ``max_age`` is how long it is fresh, in seconds; None for a document that caches ask about each
    time. ``more`` are headers of each answer.
    """

    __slots__ = ("_answers", "_body", "_gzipped", "_tag")

    def __init__(
        self,
        surface: Surface,
        body: bytes,
        media: str,
        max_age: int | None = None,
        *,
        protected: bool | None = None,
        more: Sequence[Header] = (),
    ) -> None:
        if protected is None:
            protected = surface.audience not in OPEN_DOCUMENTS and is_protected(surface)
        self._answers = Answers(surface, media=media, kept=True, max_age=max_age, protected=protected, more=more)
        self._body = body
        self._tag = etag.list_tag(body)
        self._gzipped: bytes | None = None

    def respond(self, request: Request) -> Response:
        """The answer. Raises MethodNotAllowed and NotAcceptable."""
        if request.method == "OPTIONS":
            return answer_options(METHODS)
        if request.method not in METHODS:
            raise MethodNotAllowed(request.method, METHODS)
        accept = request.headers.get("accept")
        if accept is not None:
            self._answers.check_acceptable(accept)
        response = self._answers.cached(request.headers, self._body, self._tag)
        if type(response) is not Uncoded:
            return response
        if self._gzipped is None:
            self._gzipped = gzip(self._body)
        return response.as_gzip(self._gzipped)
