"""The REST style: resources under their URLs, standard methods, problems, entity tags, an OpenAPI document."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dragoman.contract.annotations import Deprecated
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault
from dragoman.contract.handle import Exposable, Exposed
from dragoman.contract.operation import Method
from dragoman.contract.principal import AudienceName
from dragoman.ports.authenticator import Authenticator
from dragoman.ports.cors import Cors
from dragoman.ports.idempotency import Idempotency
from dragoman.ports.imprint import Imprint
from dragoman.ports.style import Binder, Call, Endpoint, Explained, Surface
from dragoman.ports.wire import Request, Response
from dragoman.runtime.explanation import explain
from dragoman.runtime.http import problem
from dragoman.runtime.http.answers import Answers, coded
from dragoman.runtime.http.caching import freshness
from dragoman.runtime.http.deprecation import deprecation, deprecation_headers
from dragoman.runtime.http.documents import ServedDocument
from dragoman.runtime.http.json_body import JSON
from dragoman.runtime.http.options import OptionsMatch

from .docs import PATH, Docs
from .event_stream import MEDIA_TYPE as EVENT_STREAM
from .event_stream import UNBUFFERED, Streaming
from .openapi import Document
from .router import Router
from .routes import Route, Shape, routes_of
from .speech import Envelope, reader, writer

DOCUMENT = "/openapi.json"
MAX_ROOTS: Final = 16
"""How many forms of the document are kept: one for each path that the application is mounted under."""


def rest(
    name: str,
    path: str,
    *,
    audience: AudienceName,
    auth: Authenticator | None = None,
    exposes: Iterable[Exposable],
    require_etag: bool = False,
    partial: bool = False,
    cross_tenants: bool = False,
    deadline: float = 30.0,
    heartbeat: float = 15.0,
    title: str = "",
    description: str = "",
    imprint: Imprint | None = None,
    cors: Cors | None = None,
    idempotency: Idempotency | None = None,
    docs: bool = True,
    deprecated: bool | Deprecated = False,
) -> Surface:
    """A REST surface under ``path``, with its OpenAPI document at ``<path>/openapi.json``, and a page that shows it at
    ``<path>/docs``, unless ``docs=False``.

    ``require_etag`` asks for ``If-Match`` on every update and deletion (428 without). ``partial`` lets callers of get
    and list ask for some fields only (``fields=``); the document then promises none but the id. ``cross_tenants``,
    ``deadline``, ``cors`` and ``idempotency`` are those of :class:`~dragoman.ports.style.Surface`, as are the rest,
    which the document shows. ``heartbeat`` is the longest silence of a stream, in seconds: then a comment is sent, so
    that nobody between takes the connection for dead.
    """
    return Surface(
        name,
        path,
        audience,
        Rest(require_etag, partial, docs, heartbeat),
        auth,
        exposes,
        deadline=deadline,
        cross_tenants=cross_tenants,
        title=title,
        description=description,
        imprint=imprint,
        cors=cors,
        deprecated=deprecated,
        idempotency=idempotency,
    )


@dataclass(frozen=True, slots=True)
class Rest:
    """The style, with its options."""

    require_etag: bool = False
    partial: bool = False
    docs: bool = True
    heartbeat: float = 15.0

    @property
    def name(self) -> str:
        """The style's word."""
        return "rest"

    def bind(self, surface: Surface, exposed: Sequence[Exposed], binder: Binder) -> RestEndpoint:
        """Compile the surface. Raises DeclarationError for what REST cannot carry."""
        if not 0 < self.heartbeat < math.inf:
            raise DeclarationError(
                f"surface {surface.name!r}",
                f"its heartbeat {self.heartbeat} is no number of seconds above 0",
                "Write heartbeat=15.0, or leave it out",
            )
        types = {each.operation.name: binder.types(each) for each in exposed}
        place = f"surface {surface.name!r}"
        routes = routes_of(exposed, types, place, surface.audience)
        found = {route.template for route in routes if route.shape is Shape.GET}
        calls: list[_BoundRoute] = []
        for route in routes:
            location = surface.path + route.template if route.template + "/{id}" in found else None
            decode = reader(route, binder, require_etag=self.require_etag, partial=self.partial)
            answers = answers_of(surface, route, freshness(route.operation, place))
            expanded = answers_of(surface, route, expanded_freshness(route, routes, place))
            encode = writer(route, location, answers, expanded, binder.longest_call)
            call = binder.call(route.exposed, decode=decode, encode=encode, texts=True)
            driven = Streaming(call, answers, self.heartbeat) if route.streams else call
            calls.append(_BoundRoute(route, route.operation.name, call, driven, answers))
        docs = None
        if self.docs:
            _check_beside_docs(routes, place)
            docs = Docs(surface)
        document = Document(surface, routes, types, require_etag=self.require_etag, partial=self.partial)
        return RestEndpoint(surface, calls, document, docs)


class RestMatch(msgspec.Struct, eq=False):
    """A request whose route is known."""

    bound: _BoundRoute
    id: str
    operation: str

    def answer(self, exchange: Any, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call."""
        bound, headers = self.bound, request.headers
        accept = headers.get("accept")
        if accept is not None and accept != "*/*":
            bound.answers.check_acceptable(accept)
        answering = bound.driven(exchange, Envelope(request, self.id))
        return answering if headers.get("accept-encoding") is None else coded(answering)


@dataclass(frozen=True, slots=True)
class _BoundRoute:
    """``call`` is what was compiled, ``driven`` what gives a response."""

    route: Route
    operation: str
    call: Call
    driven: Call
    answers: Answers


def _check_beside_docs(routes: Iterable[Route], place: str) -> None:
    for route in routes:
        if route.template == PATH or route.template.startswith(PATH + "/"):
            raise DeclarationError(
                f"{place}, {route.operation.name}",
                f"its path {route.template} is that of the documentation page",
                "Turn the page off with docs=False, or give the operation another name, or the resource another plural",
            )


def expanded_freshness(route: Route, routes: Iterable[Route], place: str) -> int | None:
    """How long an answer is fresh that shows what can be expanded: no longer than any part of it would be alone."""
    resource = route.operation.resource
    shown = set() if resource is None else {resource.references[each].target for each in route.expandable}
    parts = [route, *(each for each in routes if each.shape is Shape.GET and _shows(each) in shown)]
    ages = [freshness(each.operation, place) for each in parts]
    return min(each or 0 for each in ages) or None


def _shows(route: Route) -> str:
    assert route.operation.resource is not None
    return route.operation.resource.name


def answers_of(surface: Surface, route: Route, max_age: int | None) -> Answers:
    """How a route's answers look. Raises DeclarationError for dates that contradict each other."""
    more = deprecation_headers(deprecation(surface, route.operation))
    if route.streams:
        return Answers(surface, media=EVENT_STREAM, more=[*more, UNBUFFERED])
    media = "" if route.operation.output is None else JSON
    return Answers(surface, media=media, kept=route.http_method == "GET", max_age=max_age, more=more)


class RestEndpoint(Endpoint):
    """A bound REST surface."""

    def __init__(self, surface: Surface, bound: Sequence[_BoundRoute], document: Document, docs: Docs | None) -> None:
        self._surface = surface
        self._prefix = len(surface.path)
        self._document_path = surface.path + DOCUMENT
        self._document = document
        self._served: dict[str, ServedDocument] = {}
        self._docs = docs
        self._docs_path = surface.path + PATH
        self._bound = tuple(bound)
        self._router: Router[_BoundRoute] = Router(f"surface {surface.name!r}", surface.path)
        for each in self._bound:
            self._router.add(each.route.http_method, each.route.template, each)

    def document(self, request: Request) -> Response | None:
        """The OpenAPI document."""
        if request.path != self._document_path:
            return None
        root = request.root
        served = self._served.get(root)
        if served is None:
            if len(self._served) >= MAX_ROOTS:
                self._served.clear()
            served = self._served[root] = ServedDocument(self._surface, self._document.json(root), JSON)
        return served.respond(request)

    def page(self, request: Request) -> Response | None:
        """The documentation page, and what it is made of."""
        if self._docs is None or not request.path.startswith(self._docs_path):
            return None
        return self._docs.respond(request)

    def match(self, request: Request) -> RestMatch | OptionsMatch:
        """Find the route. Raises NotFound and MethodNotAllowed."""
        if request.method == "OPTIONS":
            return OptionsMatch(self._router.methods(request.path[self._prefix :]))
        bound, id = self._router.find(request.method, request.path[self._prefix :])
        return RestMatch(bound, id, bound.operation)

    def refuse(self, fault: Fault, request: Request, exchange: Any) -> Response:
        """The fault as a problem document."""
        return problem.respond(fault, request_id=exchange.request_id, place=exchange.place)

    def explain(self) -> Mapping[str, Explained]:
        """The routes, phases and statements of each operation."""
        routes: dict[str, list[str]] = {}
        for bound in self._bound:
            text = f"{bound.route.http_method} {self._surface.path}{bound.route.template}"
            routes.setdefault(bound.route.operation.name, []).append(text)
        return {
            bound.route.operation.name: explain(bound.call, routes[bound.route.operation.name]) for bound in self._bound
        }

    def examples(self) -> Sequence[str]:
        """A request that shows the surface: its first list, if it has one."""
        path = self._surface.path
        lists = [each.route for each in self._bound if each.route.operation.method is Method.LIST]
        first = lists[:1] or [each.route for each in self._bound[:1]]
        shown = [f"GET {path}{route.template}?page_size=2" for route in first if route.shape is Shape.LIST]
        return [*shown, f"GET {self._document_path}"]

    def pages(self) -> Sequence[str]:
        """The documentation page."""
        return [] if self._docs is None else [self._docs_path]

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """The OpenAPI document, as it is served."""
        return {"openapi": self._document.json}
