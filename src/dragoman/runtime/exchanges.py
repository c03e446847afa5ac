"""The phases of an exchange, on every style, written once: deadline, admission, surface, authenticate, match, decode
the envelope. Observation wraps them, so that a 404 and a 401 are seen too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dragoman.contract.fault import (
    Cancelled,
    Fault,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from dragoman.contract.principal import Principal
from dragoman.ports.authenticator import Authenticate, Authenticator
from dragoman.ports.style import Endpoint, Match, Surface
from dragoman.ports.wire import Header, Request, Response

from . import ending, observation
from .exchange import Exchange
from .http import caching, problem, timeout
from .http.cors import Sharing
from .http.documents import OPEN_DOCUMENTS
from .http.idempotency import REPLAYED
from .permission import CROSS_TENANTS, may_cross_tenants
from .streaming import Streams

TENANT_HEADER: Final = caching.TENANT_HEADER.lower()


@dataclass(frozen=True, slots=True)
class BoundSurface:
    """A surface and the endpoint that its style made of it. ``sharing`` is what browsers are told, if pages of other
    origins may call it.
    """

    surface: Surface
    auth: Authenticator
    authenticate: Authenticate
    endpoint: Endpoint
    sharing: Sharing | None = None

    @property
    def open(self) -> bool:
        """Whether its documents may be seen without credentials."""
        return self.surface.audience in OPEN_DOCUMENTS


class Exchanges:
    """Answers requests. ``max_in_flight`` bounds how many are handled at once, beside the ``streams``."""

    def __init__(self, surfaces: Sequence[BoundSurface], streams: Streams, *, max_in_flight: int) -> None:
        self._surfaces = tuple((each.surface.path, each.surface.path + "/", each) for each in surfaces)
        self._claimed = {path: each for each in surfaces for path in each.endpoint.claims}
        self._known: dict[str, BoundSurface | None] = {}
        self._known |= {path: self._find(path) for each in surfaces for path in each.endpoint.bodies}
        self._open_pages = _open_pages(surfaces)
        self._streams = streams
        self._max_in_flight = max_in_flight
        self._in_flight = 0

    async def respond(self, request: Request) -> Response:
        """Answer a request. Never raises, but for the cancellation of its own task."""
        # The time starts now; how much there is of it, the surface says.
        started = time.perf_counter()
        exchange = Exchange(observation.request_id(request, started), started, asyncio.get_running_loop().time())
        exchange.headers = request.headers
        bound = self._find(request.path)
        sharing = None if bound is None else bound.sharing
        self._in_flight += 1
        try:
            response = None if sharing is None else _preflight(bound, sharing, request, exchange)
            if response is None:
                entered, open_to_all = self._enter(bound, request, exchange)
                if open_to_all is None:
                    who = entered.authenticate(request.headers, request.certificate)
                    principal = who if isinstance(who, Principal) else await who
                    found = _admit(entered, principal, request, exchange)
                    response = found if isinstance(found, Response) else await found.answer(exchange, request)
                else:
                    response = open_to_all
                if sharing is not None:
                    sharing.share(request, response)
        except BaseException as error:
            response = _refused(bound or self._speaker(request), error, request, exchange)
            if response is None:
                # Whatever a handler cancelled of its own was told apart: here the caller is gone.
                exchange.fault = Cancelled.code.name
                observation.access(request, problem.STATUS[Cancelled.code], 0, exchange)
                raise
            if sharing is not None:
                sharing.share(request, response)
        finally:
            self._in_flight -= 1
            if exchange.items is not None:
                self._streams.exchanges -= 1
        if exchange.replayed:
            response.headers = [*response.headers, REPLAYED]
        observation.add_request_id(response, exchange)
        if response.stream is None:
            size = 0 if request.method == "HEAD" else len(response.body)
            observation.access(request, response.status, size, exchange)
        else:
            response.stream = observation.Observed(response.stream, request, response.status, exchange)
        return response

    def refuse(self, fault: Fault, request: Request, exchange: Exchange) -> Response:
        """What a request is answered that a host refuses: in the words of its surface, if it is for one."""
        bound = self._find(request.path)
        response = _refuse(bound or self._speaker(request), fault, request, exchange)
        if bound is not None and bound.sharing is not None:
            bound.sharing.share(request, response)
        return response

    def _speaker(self, request: Request) -> BoundSurface | None:
        """A surface in whose words a request is refused that is for none, if its protocol is that surface's alone."""
        for _, _, bound in self._surfaces:
            if bound.endpoint.speaks(request):
                return bound
        return None

    def covers(self, path: str) -> bool:
        """Whether a path is a surface's, or below one."""
        return any(path.startswith(start) or path == whole for whole, start, _ in self._surfaces)

    def _find(self, path: str) -> BoundSurface | None:
        known = self._known.get(path)
        if known is not None:
            return known
        for whole, start, bound in self._surfaces:
            if path.startswith(start) or path == whole:
                return bound
        return self._claimed.get(path[: path.rfind("/")]) if self._claimed else None

    def _nothing_here(self, request: Request) -> str:
        """Whoever looks for the way in is shown what anybody may see: the pages of surfaces with open documents."""
        said = "nothing is served under this path"
        if request.path != "/" or not self._open_pages:
            return said
        return f"{said}; the documentation is at {', '.join(request.root + each for each in self._open_pages)}"

    def _enter(
        self, bound: BoundSurface | None, request: Request, exchange: Exchange
    ) -> tuple[BoundSurface, Response | None]:
        """The surface, and the answer to a request for what may be seen without credentials. Raises Fault."""
        if self._in_flight > self._max_in_flight and self._in_flight - self._streams.exchanges > self._max_in_flight:
            raise Unavailable("the server is handling as many requests as it can; try again in a moment", retry_after=1)
        if bound is None:
            raise NotFound(self._nothing_here(request))
        surface, endpoint = bound.surface, bound.endpoint
        exchange.surface = surface.name
        exchange.deadline = exchange.began + surface.deadline
        page = endpoint.page(request)
        if page is None and bound.open:
            page = endpoint.document(request)
        return bound, page


def _admit(bound: BoundSurface, principal: Principal, request: Request, exchange: Exchange) -> Match | Response:
    """Let a caller in: the operation that is asked for, or a document. Raises Fault."""
    surface, headers = bound.surface, request.headers
    exchange.principal = principal
    if surface.audience not in principal.audiences:
        entered = ", ".join(sorted(principal.audiences)) or "no"
        raise PermissionDenied(
            f"this surface is for the {surface.audience} audience, and your credential is for {entered} surfaces; "
            "use another"
        )
    patience = headers.get(timeout.HEADER)
    if patience is not None:
        exchange.bound(timeout.seconds(patience))
    if TENANT_HEADER in headers:
        exchange.principal = _in_tenant(principal, surface, headers)
        exchange.crossed = exchange.principal is not principal
    if not bound.open:
        document = bound.endpoint.document(request)
        if document is not None:
            return document
    match = bound.endpoint.match(request)
    exchange.operation = match.operation
    return match


def _open_pages(surfaces: Sequence[BoundSurface]) -> tuple[str, ...]:
    shown = [each.endpoint.pages() for each in surfaces if each.open]
    return tuple(page for pages in shown for page in pages)


def _in_tenant(principal: Principal, surface: Surface, headers: Mapping[str, str]) -> Principal:
    tenant = headers[TENANT_HEADER]
    if tenant == principal.tenant:
        return principal
    if not surface.cross_tenants:
        raise PermissionDenied(
            f"the surface {surface.name} does not let its callers act in another tenant; leave out the header "
            + caching.TENANT_HEADER
        )
    if not may_cross_tenants(principal):
        raise PermissionDenied(
            f"{principal.identity} may not act in another tenant; that needs the scope {CROSS_TENANTS!r}"
        )
    if not tenant.isprintable() or not 0 < len(tenant) <= 128:
        raise InvalidArgument("the header Dragoman-Tenant is not a tenant's name: 1 to 128 printable characters")
    return replace(principal, tenant=tenant)


def _preflight(bound: BoundSurface | None, sharing: Sharing, request: Request, exchange: Exchange) -> Response | None:
    """The answer to a browser that asks whether it may ask; None for any other request."""
    answer = sharing.preflight(request)
    if answer is not None and bound is not None:
        exchange.surface = bound.surface.name
    return answer


def _refused(bound: BoundSurface | None, error: BaseException, request: Request, exchange: Exchange) -> Response | None:
    """What an exchange is answered that ended with an exception; None where nobody is there to be answered."""
    if isinstance(error, asyncio.CancelledError):
        stopping = ending.ended()
        if stopping is None:
            task = asyncio.current_task()
            return None if task is None or task.cancelling() else _broken(bound, error, request, exchange)
        error = stopping
    if isinstance(error, Fault):
        try:
            exchange.fault = error.code.name
            return _refuse(bound, error, request, exchange)
        except Exception as wrong:  # a fault that cannot be told: of a wrong class, or holding no text
            return _broken(bound, wrong, request, exchange)
    return _broken(bound, error, request, exchange) if isinstance(error, Exception) else None


def _broken(bound: BoundSurface | None, error: BaseException, request: Request, exchange: Exchange) -> Response:
    """Something that nobody expected: the log is told all of it, the caller where in the log."""
    told = observation.told(exchange, error)
    exchange.fault = told.code.name
    exchange.place = "body"
    return _refuse(bound, told, request, exchange)


def _refuse(bound: BoundSurface | None, fault: Fault, request: Request, exchange: Exchange) -> Response:
    if bound is None:
        return problem.respond(fault, request_id=exchange.request_id)
    response = bound.endpoint.refuse(fault, request, exchange)
    if isinstance(fault, Unauthenticated) and bound.auth.challenge:
        challenge: Header = (b"www-authenticate", bound.auth.challenge.encode("latin-1"))
        response.headers = [*response.headers, challenge]
    return response
