"""Binding: surfaces, the resources behind them and a store become something that answers requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dragoman.contract.contract import Contract
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.handle import Exposed, expand
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Types
from dragoman.ports.store import Store
from dragoman.ports.style import Ready, Surface

from .call import CompiledCall, PlainCall, Plan, Step
from .codec import JsonEncoder
from .excerpts import Excerpts
from .exchange import Exchange
from .exchanges import BoundSurface
from .expansion import Expansion, expandable
from .handlers import Handlers
from .http.cors import Sharing
from .ledger import Ledger
from .ledger.inputs import fingerprints
from .ledger.results import Results
from .listing import Listing
from .outbox import Outbox
from .paging import PageTokens
from .rows import Registry, Rows
from .shown import Shown
from .stream_call import CompiledStream, PlainStream, TakingCall
from .streaming import Source, Stream, Streams
from .unit import CREDENTIALS


class SurfaceBinder:
    """Compiles the calls of one surface; implements :class:`dragoman.ports.style.Binder`."""

    def __init__(
        self,
        surface: Surface,
        contracts: Mapping[str, Contract],
        registry: Registry,
        store: Store,
        tokens: PageTokens,
        handlers: Handlers,
        streams: Streams,
        outbox: Outbox,
        beside: set[asyncio.Task[Any]],
        *,
        plain: bool,
        longest_call: float,
        shared: dict[str, Any],
        ready: Ready,
    ) -> None:
        self.surface = surface
        self.longest_call = longest_call
        self.shared = shared
        self.ready = ready
        self._contracts = contracts
        self._registry = registry
        self._store = store
        self._tokens = tokens
        self._handlers = handlers
        self._streams = streams
        self._outbox = outbox
        self._beside = beside
        self._plain = plain
        self._exposed = expand(surface.exposes, _place(surface))
        resources = (each.resources for each in self._exposed)
        self._shown = Shown(surface.audience, frozenset(each.description.plural for each in resources if each))

    def contract(self, exposed: Exposed) -> Contract:
        """The contract that the operation belongs to."""
        return self._contracts[exposed.operation.name]

    def types(self, exposed: Exposed) -> Types:
        """The named types of the operation's contract."""
        return self.contract(exposed).types

    def call(
        self,
        exposed: Exposed,
        *,
        decode: Callable[[Any], None] | None,
        encode: Callable[[Any], Any],
        texts: bool = False,
    ) -> CompiledCall | PlainCall | CompiledStream | PlainStream | TakingCall:
        """Compile an operation. ``decode`` fills a :class:`~dragoman.runtime.call.State` from its envelope, ``encode``
        sets the state's ``answer``: that of each item, where it is a stream. With ``texts`` the items of a page may
        come as JSON text.
        """
        plan = self._plan(exposed, decode, encode, texts=texts)
        if plan.items is not None:
            return PlainStream(plan, self._streams) if self._plain else CompiledStream(plan, self._streams)
        call = PlainCall(plan) if self._plain else CompiledCall(plan)
        takes = plan.operation.interaction is Interaction.CLIENT_STREAM
        return TakingCall(call, self._streams) if takes else call

    def stream(self, exchange: Exchange, source: Source) -> Stream:
        """A stream that no operation makes, counted among all."""
        return Stream(self._streams, exchange, source)

    def _plan(self, exposed: Exposed, decode: Step | None, encode: Step, *, texts: bool) -> Plan:
        operation = exposed.operation
        rows = None if exposed.resources is None else self._registry[exposed.resources.description.native]
        encoder = None if operation.output is None else self._encoder(exposed)
        excerpts = listing = None
        if operation.method in (Method.LIST, Method.GET):
            assert rows is not None
            assert encoder is not None
            excerpts = Excerpts(rows, encoder, self._expansions(exposed, rows))
            if operation.method is Method.LIST:
                listing = self._listing(operation, rows, excerpts, texts=texts and not self._plain)
        own = operation.method not in (None, Method.CUSTOM)
        streams = operation.interaction.streams_output
        once = operation.interaction is Interaction.UNARY and operation.effect is not Effect.SAFE
        signature = exposed.handle.signature
        return Plan(
            exposed,
            self.surface.name,
            decode,
            encode,
            self._store,
            self._registry,
            self._shown,
            self._outbox,
            rows=rows,
            encoder=encoder,
            excerpts=excerpts,
            direct=operation.method is Method.GET and not self._plain,
            listing=listing,
            invoke=None if own or streams else self._handlers.compile(exposed.handle),
            items=self._handlers.items(exposed.handle) if streams else None,
            context=signature is not None and signature.context,
            hidden=CREDENTIALS.union(() if self.surface.auth is None else self.surface.auth.headers),
            beside=self._beside,
            ledger=self._ledger(exposed, encoder) if once else None,
        )

    def _ledger(self, exposed: Exposed, encoder: JsonEncoder | None) -> Ledger:
        operation, types, auth = exposed.operation, self.types(exposed), self.surface.auth
        if auth is not None and auth.anonymous and (operation.external or self.surface.idempotency.required):
            raise DeclarationError(
                f"{_place(self.surface)}, {operation.name}",
                "its callers need idempotency keys, and nobody knows whose they are: the surface lets anybody in",
                "Write auth=dm.api_keys() for the surface, or expose the operation on another one",
            )
        return Ledger(
            operation,
            self.surface,
            self._store,
            fingerprints(operation, types),
            None if encoder is None else Results(operation, types, self._registry, encoder),
            anonymous=auth is not None and auth.anonymous,
        )

    def _encoder(self, exposed: Exposed) -> JsonEncoder:
        assert exposed.operation.output is not None
        return JsonEncoder(exposed.operation.output, self.types(exposed), audience=self.surface.audience)

    def _expansions(self, exposed: Exposed, rows: Rows) -> dict[str, Expansion]:
        return {
            field: Expansion(
                field, get.operation.name, self._registry.by_table[rows.references[field]], self._encoder(get)
            )
            for field, get in expandable(exposed, self._exposed, self.surface.audience).items()
        }

    def _listing(self, operation: Operation, rows: Rows, excerpts: Excerpts, *, texts: bool) -> Listing:
        parents = {field: self._registry.by_table[table] for field, table in rows.references.items()}
        place = f"{self.surface.name} {operation.name}"
        return Listing(rows, parents, excerpts, self.surface.audience, place, self._tokens, texts=texts)


def contracts_of(surfaces: Sequence[Surface]) -> dict[str, Contract]:
    """The contracts behind the surfaces, by operation name. Raises DeclarationError where two share a name."""
    found: dict[str, Contract] = {}
    for surface in surfaces:
        for exposed in expand(surface.exposes, _place(surface)):
            contract = exposed.handle.contract
            other = found.setdefault(exposed.operation.name, contract)
            if other is not contract:
                raise DeclarationError(
                    _place(surface),
                    f"{other.name!r} and {contract.name!r} both have an operation {exposed.operation.name}",
                    "Rename one of them: names are unique in an application, so that scopes and logs are clear",
                )
    return found


def bind_resources(contracts: Sequence[Contract], store: Store) -> Registry:
    """The rows of every resource of the contracts: also of those that no surface shows, since handlers use them."""
    registry, plurals = Registry(), dict[str, str]()
    for contract in contracts:
        known = {each.description.name: each.description for each in contract.resources.values()}
        for resources in contract.resources.values():
            plural = resources.description.plural
            if plurals.setdefault(plural, contract.name) != contract.name:
                raise DeclarationError(
                    f"contract {contract.name!r}",
                    f"the contract {plurals[plural]!r} has a resource {plural!r} too",
                    'Give one of them another plural="…": an application keeps each in a table of that name',
                )
            registry.add(Rows(resources, known, store))
    return registry


def longest_call(surface: Surface) -> float:
    """How long a call that writes may take here, in seconds: until the surface's deadline, but for streams, which that
    does not bound.
    """
    streams = [
        each.operation.deadline or math.inf
        for each in expand(surface.exposes, _place(surface))
        if each.operation.interaction is not Interaction.UNARY and each.operation.effect is not Effect.SAFE
    ]
    return max([surface.deadline, *streams])


def bind_surface(surface: Surface, binder: SurfaceBinder, store: Store) -> BoundSurface:
    """Let the surface's style compile it. Raises DeclarationError for whatever the style cannot carry."""
    if surface.auth is None:
        raise DeclarationError(
            _place(surface),
            "it does not say who may call",
            "Write auth=dm.api_keys(), or auth=dm.anonymous() to let anybody in",
        )
    exposed = expand(surface.exposes, _place(surface))
    if not exposed:
        raise DeclarationError(_place(surface), "it exposes nothing", "Name resources or operations in exposes=[…]")
    endpoint = surface.style.bind(surface, exposed, binder)
    sharing = None if surface.cors is None else Sharing(surface.cors, surface, endpoint)
    return BoundSurface(surface, surface.auth, surface.auth.bind(store), endpoint, sharing)


def check_surfaces(surfaces: Sequence[Surface]) -> None:
    """What each surface says of itself, and the names that tell them apart. Raises DeclarationError."""
    names: set[str] = set()
    for surface in surfaces:
        place = _place(surface)
        if surface.name in names:
            raise DeclarationError(place, "another surface has the same name", "Give each surface a name of its own")
        names.add(surface.name)
        if surface.cross_tenants and surface.audience is not Audience.OPERATOR:
            raise DeclarationError(
                place,
                f"cross_tenants is set, and its audience is {surface.audience}",
                'Only a surface for operators may let its callers act in other tenants: audience="operator"',
            )
        if surface.deadline <= 0:
            raise DeclarationError(place, f"its deadline {surface.deadline} is not positive", "Give seconds")


def _place(surface: Surface) -> str:
    return f"surface {surface.name!r}"
