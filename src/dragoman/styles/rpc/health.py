"""``grpc.health.v1.Health`` (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): whether the server is
ready, for whoever balances load. As ``/readyz`` it is answered without credentials, and says nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from dragoman.contract.fault import NotFound, ResourceExhausted
from dragoman.contract.operation import Effect, Interaction
from dragoman.ports.style import Binder, Surface
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.streaming import Give

from .builtin import TEXT, door, message, written
from .proto.model import EnumNumber, EnumType, Package, Procedure
from .ways.doors import Door
from .ways.way import Envelope

NAME: Final = "grpc.health.v1"
MOST_WATCHING: Final = 64
"""How many watch at once. Nobody has to be known for it, so that they must not be all of the streams that there can be
(``Limits.streams``), among which each of them counts.
"""
LOOK_SECONDS: Final = 1.0

SERVING, NOT_SERVING, UNKNOWN = "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"


class Health:
    """The service. ``services`` are the names of those that there are, in all surfaces of the application."""

    def __init__(self, services: Mapping[str, Any], binder: Binder, surface: Surface) -> None:
        self._services = services
        self._binder = binder
        self._watching = 0
        self.package = Package(NAME)
        values = [EnumNumber(each, each, number) for number, each in enumerate((SERVING, NOT_SERVING, UNKNOWN), 1)]
        status = EnumType(f"{NAME}.HealthCheckResponse.ServingStatus", values, "UNKNOWN")
        asked = message(f"{NAME}.HealthCheckRequest", service=(1, TEXT))
        told = message(f"{NAME}.HealthCheckResponse", status=(1, status))
        told.nested.append(status)
        self.package.types |= {each.name: each for each in (asked, told)}
        kinds = (("Check", Interaction.UNARY, self._check), ("Watch", Interaction.SERVER_STREAM, self._watch))
        self.doors: dict[str, Door] = {
            f"/{NAME}.Health/{name}": door(
                self.package, "Health", Procedure(name, f"health.{name}", asked, told, kind, Effect.SAFE), call, surface
            )
            for name, kind, call in kinds
        }

    async def _status(self, service: str) -> str:
        if service and service not in self._services:
            return UNKNOWN
        return SERVING if await self._binder.ready() else NOT_SERVING

    async def _check(self, exchange: Exchange, envelope: Envelope) -> Any:
        service = envelope.way.read(envelope)["service"]
        status = await self._status(service)
        if status == UNKNOWN:
            raise NotFound(f"there is no service {service[:80]!r} here")
        return written(exchange, envelope, {"status": status})

    async def _watch(self, exchange: Exchange, envelope: Envelope) -> Any:
        service = envelope.way.read(envelope)["service"]
        if self._watching >= MOST_WATCHING:
            raise ResourceExhausted("as many watch as can", retry_after=60)
        stream = self._binder.stream(exchange, _Watching(self, service, exchange, envelope))
        self._watching += 1
        return stream

    def left(self) -> None:
        """One watches no more."""
        self._watching -= 1

    async def next(self, service: str, before: str) -> str:
        """The status, once it is another than before."""
        while True:
            status = await self._status(service)
            if status != before:
                return status
            await asyncio.sleep(LOOK_SECONDS)


class _Watching:
    """What tells one who watches; a :class:`~dragoman.runtime.streaming.Source`."""

    name = "health.watch"
    ahead = False

    def __init__(self, health: Health, service: str, exchange: Exchange, envelope: Envelope) -> None:
        self._health: Health | None = health
        self._service = service
        self._exchange = exchange
        self._envelope = envelope

    async def run(self, give: Give) -> None:
        """Tell each status, for ever."""
        status = ""
        while self._health is not None:
            status = await self._health.next(self._service, status)
            waiting = give(written(self._exchange, self._envelope, {"status": status}))
            if waiting is not None:
                await waiting

    async def close(self) -> None:
        """Watch no more."""
        if self._health is not None:
            self._health.left()
            self._health = None
