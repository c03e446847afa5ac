"""Where a style meets the runtime.

A style is an interpreter of descriptions that it does not own. When a surface is bound it is given every exposed
operation and a binder that compiles calls; it gives back an endpoint, which matches requests and answers them by
driving those calls. A new style is a new package: a surface carries its style, and nothing else knows it by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from dragoman.contract.annotations import Deprecated
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault, Violation
from dragoman.contract.handle import Exposable, Exposed
from dragoman.contract.principal import Audience, audience_called
from dragoman.contract.schema import Types

from .authenticator import Authenticator
from .cors import Cors
from .idempotency import Idempotency
from .imprint import Imprint
from .wire import Request, Response


@dataclass(frozen=True, slots=True, init=False)
class Surface:
    """One door into the product. ``path`` is where it starts (``/v1``); paths of surfaces do not overlap.

    ``audience`` may be given by its name, ``exposes`` as any iterable. Raises DeclarationError for what is none.

    ``deadline`` bounds each exchange, in seconds. ``cross_tenants`` lets principals with the scope ``tenants.cross``
    act in the tenant that the header ``Dragoman-Tenant`` names; only operator surfaces may set it. ``cors`` says which
    web pages may call it; None lets browsers refuse all but its own. ``idempotency`` says how it takes retries.
    ``deprecated`` says so of all that it exposes; it may be True.

    ``title``, ``description`` and ``imprint`` are for documents.
    """

    name: str
    path: str
    audience: Audience
    style: Style
    auth: Authenticator | None
    exposes: tuple[Exposable, ...]
    deadline: float = 30.0
    cross_tenants: bool = False
    title: str = ""
    description: str = ""
    imprint: Imprint | None = None
    cors: Cors | None = None
    deprecated: Deprecated | None = None
    idempotency: Idempotency = field(default_factory=Idempotency)

    def __init__(
        self,
        name: str,
        path: str,
        audience: str,
        style: Style,
        auth: Authenticator | None,
        exposes: Iterable[Exposable],
        deadline: float = 30.0,
        cross_tenants: bool = False,
        title: str = "",
        description: str = "",
        imprint: Imprint | None = None,
        cors: Cors | None = None,
        deprecated: bool | Deprecated = False,
        idempotency: Idempotency | None = None,
    ) -> None:
        place = f"surface {name!r}"
        values = {
            "name": name,
            "path": path,
            "audience": audience_called(audience, place),
            "style": style,
            "auth": _checked_auth(auth, place),
            "exposes": _listed(exposes, place),
            "deadline": deadline,
            "cross_tenants": cross_tenants,
            "title": title,
            "description": description,
            "imprint": imprint,
            "cors": cors,
            "deprecated": deprecated if isinstance(deprecated, Deprecated) else Deprecated() if deprecated else None,
            "idempotency": _checked_idempotency(idempotency, place),
        }
        for each, value in values.items():
            object.__setattr__(self, each, value)


def _checked_idempotency(idempotency: Idempotency | None, place: str) -> Idempotency:
    if idempotency is None or isinstance(idempotency, Idempotency):
        return idempotency or Idempotency()
    raise DeclarationError(
        place, f"its idempotency is {idempotency!r}", "Write idempotency=dm.Idempotency(required=True), or leave it out"
    )


def _checked_auth(auth: Authenticator | None, place: str) -> Authenticator | None:
    """The authenticator; None, which is refused when the surface is bound, stays."""
    if auth is None or hasattr(auth, "check_listening"):
        return auth
    name = getattr(auth, "__name__", None)
    raise DeclarationError(
        place,
        f"its auth is {auth!r}, which does not tell who calls" if name is None else f"its auth {name} is not called",
        "Write auth=dm.api_keys(), or auth=dm.anonymous() to let anybody in",
    )


def _listed(exposes: Iterable[Exposable], place: str) -> tuple[Exposable, ...]:
    if isinstance(exposes, Iterable):
        return tuple(exposes)
    raise DeclarationError(
        place, f"what it exposes, {exposes!r}, is not a list", "Write exposes=[…], also where it is only one"
    )


class Call(Protocol):
    """One operation on one surface, compiled: all phases from permission to encode, as a single coroutine.

    ``exchange`` is the runtime's record of the exchange; ``envelope`` is the style's own, handed to its decode and
    encode steps. Returns what the style's encode step answered; raises Fault. For an operation that sends a stream it
    returns a :class:`dragoman.runtime.streaming.Stream`, which gives the encoded items.
    """

    def __call__(self, exchange: Any, envelope: Any) -> Coroutine[Any, Any, Any]: ...


Ready: TypeAlias = Callable[[], Awaitable[bool]]
Probe: TypeAlias = Callable[[Request], Awaitable[Response]]


class Binder(Protocol):
    """What the runtime offers a style while a surface is bound. ``longest_call`` is how long a call may take on any
    surface, in seconds; ``shared`` is where the surfaces of one application find what they have in common; ``ready``
    tells whether the application takes calls.
    """

    surface: Surface
    longest_call: float
    shared: dict[str, Any]
    ready: Ready

    def types(self, exposed: Exposed) -> Types:
        """The named types of the operation's contract."""
        ...

    def call(
        self,
        exposed: Exposed,
        *,
        decode: Callable[[Any], None] | None,
        encode: Callable[[Any], Any],
        texts: bool = False,
    ) -> Call:
        """Compile an operation. ``decode`` fills the call's input from the envelope; ``encode`` makes the style's
        answer from its result. Both are given the :class:`dragoman.runtime.call.State`. A style that speaks JSON takes
        the items of a page as JSON text, with ``texts``, where the engine can write it.

        Of an operation that takes a stream, the input is an asynchronous iterator over the items, each decoded when it
        is asked for: it raises InvalidArgument for one that is broken, and Cancelled once the caller is gone. Each item
        may be asked for in another task. It is closed (``aclose``, if it has one) when the handler has ended. Such a
        call takes no idempotency key; ``decode`` refuses one that is sent.
        """
        ...

    def stream(self, exchange: Any, source: Any) -> Any:
        """A stream that no operation makes, such as a protocol's own: counted by ``Limits.streams`` as all are, and
        ended when the application stops. ``source`` is a :class:`dragoman.runtime.streaming.Source`, the answer a
        :class:`dragoman.runtime.streaming.Stream`. Raises Unavailable where there are too many.
        """
        ...


EXPANDED: Final = "expanded"
"""The member that holds what a resource refers to, by the field that refers to it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be shown of each resource that is read, in text. ``expand`` are references, whose targets are shown
    beside it in a member ``expanded``. ``fields`` are paths in the answer, such as ``total_cents`` and
    ``expanded.customer.name``; None for all of it. ``violations`` are what the style found wrong already.
    """

    fields: tuple[str, ...] | None = None
    expand: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()

    @property
    def expands(self) -> bool:
        """Whether anything is shown beside it."""
        return bool(self.expand) or any(path.startswith(f"{EXPANDED}.") for path in self.fields or ())


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a caller asks of a list, in text. ``filters`` are (field, operator's word, value); the value of ``in`` is a
    tuple of texts. ``parent`` narrows to one value of a reference: (field, id). ``ids`` are of the only resources that
    are wanted. ``count`` asks for the number of all, ``reading`` for another view of each. ``violations`` are what the
    style found wrong already, to be reported with the rest.
    """

    filters: Sequence[tuple[str, str, str | tuple[str, ...]]] = ()
    order_by: str = ""
    page_size: int | None = None
    page_token: str = ""
    parent: tuple[str, str] | None = None
    ids: tuple[str, ...] | None = None
    count: bool = False
    reading: Reading | None = None
    violations: tuple[Violation, ...] = ()


LIST_PARAMETERS: Final = ("page_size", "page_token", "order_by", "ids", "count", "expand", "fields")
"""What is asked of any list, beside its filters, by name."""


def filter_parameter(field: str, word: str) -> str:
    """How a filter is called: ``total_cents.gte``; for ``eq`` the field's name alone, unless every list has a parameter
    of that name.
    """
    return field if word == "eq" and field not in LIST_PARAMETERS else f"{field}.{word}"


class Match(Protocol):
    """A request that was understood so far: its operation is known."""

    @property
    def operation(self) -> str:
        """The operation's name, for the log."""
        ...

    def answer(self, exchange: Any, request: Request, /) -> Coroutine[Any, Any, Response]:
        """Answer it: a coroutine function does. Raises Fault."""
        ...


class Endpoint(Protocol):
    """A surface that was bound. Whoever inherits it has what most need not say."""

    @property
    def claims(self) -> Sequence[str]:
        """What it answers outside of the surface's path: the paths right below each of these, such as
        ``/fraud.v1.FraudService``. Nobody else answers there.
        """
        return ()

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """The largest body that is taken at a path, in bytes, where it is another than the application's limit; None
        where the body is read while it comes, so that the request has a stream.
        """
        return {}

    def speaks(self, request: Request) -> bool:
        """Whether a request is in the style's own protocol, so that what is nobody's is refused in its words, too."""
        return False

    @property
    def reads(self) -> Sequence[str]:
        """Headers of its own that it reads, which browsers ask about before they send them."""
        return ()

    @property
    def tells(self) -> Sequence[str]:
        """Headers of its own that it answers with, which browsers keep from pages unless they are named."""
        return ()

    @property
    def probes(self) -> Mapping[str, Probe]:
        """What tells how the server is, by path: answered without credentials, by whichever surface comes first."""
        return {}

    def document(self, request: Request) -> Response | None:
        """The answer to a request for one of the surface's documents, or None for any other request.

        Asked before authentication where the surface's audience is public or partner.
        """
        ...

    def page(self, request: Request) -> Response | None:
        """The answer to a request for what is the same on every surface and tells nothing of this one, such as a page
        that shows documents to whoever has a key, or None for any other request. Asked before authentication.
        """
        ...

    def check(self) -> None:
        """Raises DeclarationError for what has to be mended before the surface serves anybody, such as a lock file
        that is stale. Asked at the start, and where something is exported: not where the surface is bound, so that what
        mends it can look at it.
        """
        return

    def lock(self, files: dict[Path, bytes], *, gone: bool = False) -> None:
        """Add what its lock file is to hold, if it has one: facts of its wire that were settled once, such as the
        numbers of fields. What ``files`` has of that file already goes before what is on the disk. Raises
        DeclarationError where something is gone that may only have another name now, unless it is known to be ``gone``.
        """
        return

    def match(self, request: Request) -> Match:
        """Find the operation. Raises NotFound, or another fault that says why not."""
        ...

    def refuse(self, fault: Fault, request: Request, exchange: Any) -> Response:
        """Write a fault on this style's wire."""
        ...

    def explain(self) -> Mapping[str, Explained]:
        """What was compiled, by operation."""
        ...

    def examples(self) -> Sequence[str]:
        """A request or two that show the surface: method, path and body, as in ``GET /v1/customers?page_size=2``."""
        ...

    def pages(self) -> Sequence[str]:
        """The paths of pages for people with a browser, such as its documentation. They may be told to whoever may
        see the surface's documents.
        """
        ...

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """The documents that describe the surface to other tools, by the name of their format, each made when it is
        called. The first is the usual one; a style without any has an empty mapping.
        """
        ...


@dataclass(frozen=True, slots=True)
class Explained:
    """What one operation became on one surface."""

    routes: tuple[str, ...]
    phases: tuple[str, ...]
    statements: Mapping[str, str] = field(default_factory=dict)


class Style(Protocol):
    """How a surface speaks."""

    @property
    def name(self) -> str:
        """The style's word: rest, rpc, graphql …"""
        ...

    def bind(self, surface: Surface, exposed: Sequence[Exposed], binder: Binder) -> Endpoint:
        """Compile the surface. Raises DeclarationError for whatever the style cannot carry, naming the operation, the
        field and the remedy.
        """
        ...
