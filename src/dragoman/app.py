"""An application: surfaces, mounts, a database and what listens, put together."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from .contract.declaration import TARGET, DeclarationError
from .contract.fault import Fault
from .engines.sqlite import SqliteStore
from .hosts.asgi import AsgiHost
from .interop import Lifespan, Lifespans
from .ports.authenticator import Authenticator
from .ports.limits import Limits
from .ports.mount import Mount
from .ports.store import Store, StoreError, Table
from .ports.style import Probe, Surface
from .ports.wire import Request, Response
from .runtime import observation
from .runtime.binding import SurfaceBinder, bind_resources, bind_surface, check_surfaces, contracts_of, longest_call
from .runtime.exchange import Exchange
from .runtime.exchanges import BoundSurface, Exchanges
from .runtime.handlers import Handlers
from .runtime.ledger import LEDGER
from .runtime.ledger.cleaning import Cleaner
from .runtime.outbox import OUTBOX, Outbox
from .runtime.paging import PageTokens
from .runtime.paths import check_claims, check_paths
from .runtime.secrets import TABLE as SECRETS_TABLE
from .runtime.secrets import Secrets
from .runtime.streaming import Streams

DATABASE_VARIABLE: Final = "DRAGOMAN_DATABASE"
DEFAULT_DATABASE: Final = "dragoman.db"
ENVIRONMENT_VARIABLE: Final = "DRAGOMAN_ENV"

BESIDE_SECONDS: Final = 5.0
"""How long calls with effects outside may go on at the end, whose callers have left."""

PROBED: Final = ("GET", "HEAD")
"""The methods of the paths that tell about the server's health."""

LOG: Final = logging.getLogger("dragoman")


class App:
    """Everything that a process serves: surfaces, and other ASGI applications that are mounted beside them.

    The state is in one SQLite file: ``database``, else the environment's ``DRAGOMAN_DATABASE``, else ``dragoman.db`` in
    the working directory. Everything is checked when the application is made; it touches the database when it is
    started. An App is an ASGI application, so that any ASGI server can run it, and that it can be mounted in another.

    ``limits`` bounds requests and connections. With ``plain`` the phases are walked
    instead of compiled: slower, and meant for tests that hold the two together.
    """

    def __init__(
        self,
        *parts: Surface | Mount,
        database: str | os.PathLike[str] | None = None,
        limits: Limits | None = None,
        plain: bool = False,
    ) -> None:
        surfaces = tuple(each for each in parts if isinstance(each, Surface))
        mounts = tuple(each for each in parts if isinstance(each, Mount))
        if len(surfaces) + len(mounts) < len(parts):
            _refuse_stranger(parts)
        if not surfaces:
            raise DeclarationError("App", "it has no surface", "Give it at least one, such as dm.rest(…)")
        check_surfaces(surfaces)
        check_paths(surfaces, mounts)
        self.limits = limits or Limits()
        self.database = str(database or os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE)
        self.store: Store = SqliteStore(self.database)
        self._surfaces = surfaces
        self._lifespans = Lifespans(mounts)
        self.mounts: tuple[Lifespan, ...] = self._lifespans.all
        self._plain = plain
        self._made_in = str(sys._getframe(1).f_globals.get("__name__", ""))
        self._target = ""
        self._started = self._leaving = False
        self._bind()
        self.asgi = AsgiHost(self)

    @property
    def target(self) -> str:
        """What commands call it: as the command did that loaded it, else by the name that it has in the module that
        made it; MODULE:APP where it has none there.
        """
        if self._target:
            return self._target
        module = sys.modules.get(self._made_in)
        name = next((name for name, each in vars(module).items() if each is self), "") if module is not None else ""
        if not name:
            return TARGET
        # A module that is run as a program has a file's name, or that of its specification.
        file, spec = Path(getattr(module, "__file__", None) or self._made_in).stem, getattr(module, "__spec__", None)
        return f"{file if spec is None else spec.name}:{name}"

    @target.setter
    def target(self, target: str) -> None:
        self._target = target

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let what is raised inside say :attr:`target` in its remedy, where a command is one."""
        try:
            yield
        except DeclarationError as error:
            raise DeclarationError(error.place, error.thing, error.remedy.replace(TARGET, self.target)) from None

    def _bind(self) -> None:
        operations = contracts_of(self._surfaces)
        self.contracts = tuple({id(each): each for each in operations.values()}.values())
        self.registry = bind_resources(self.contracts, self.store)
        self._handlers = Handlers()
        self._streams = Streams(self.limits.streams)
        self._tokens = PageTokens()
        self._secrets = Secrets(self.store)
        self._cleaner = Cleaner(self.store)
        outbox = Outbox(self.contracts)
        self._beside: set[asyncio.Task[Any]] = set()
        longest = max(map(longest_call, self._surfaces))
        shared: dict[str, Any] = {}
        self.surfaces: tuple[BoundSurface, ...] = tuple(
            bind_surface(
                surface,
                SurfaceBinder(
                    surface,
                    operations,
                    self.registry,
                    self.store,
                    self._tokens,
                    self._handlers,
                    self._streams,
                    outbox,
                    self._beside,
                    plain=self._plain,
                    longest_call=longest,
                    shared=shared,
                    ready=self._is_ready,
                ),
                self.store,
            )
            for surface in self._surfaces
        )
        authenticators = {id(each.auth): each.auth for each in self.surfaces}.values()
        self.tables: tuple[Table, ...] = _distinct(
            [
                *(rows.table for rows in self.registry.values()),
                *(table for authenticator in authenticators for table in authenticator.tables),
                SECRETS_TABLE,
                LEDGER,
                *([OUTBOX] if outbox else []),
            ]
        )
        check_claims(self.surfaces, self.mounts)
        self.bodies: Mapping[str, int | None] = {
            path: most for bound in self.surfaces for path, most in bound.endpoint.bodies.items()
        }
        self._exchanges = Exchanges(self.surfaces, self._streams, max_in_flight=self.limits.calls)
        self._probes: dict[str, Probe] = {"/healthz": self._healthy, "/readyz": self._ready}
        for bound in self.surfaces:
            self._probes = {**bound.endpoint.probes, **self._probes}

    def use(
        self,
        database: str | os.PathLike[str],
        *,
        auth: Callable[[Authenticator | None], Authenticator | None] | None = None,
    ) -> Callable[[], None]:
        """Take another database file; ``auth`` puts another authenticator in the place of each surface's own. Only
        before the start. Returns what puts all back as it was, for when the application has stopped.
        """
        if self._started:
            raise RuntimeError(f"the application runs already, on {self.database}: stop it first, or use what runs it")
        before = dict(vars(self))
        if auth is not None:
            self._surfaces = tuple(replace(each, auth=auth(each.auth)) for each in self._surfaces)
        self.database = str(database)
        self.store = SqliteStore(self.database)
        self._bind()
        return partial(vars(self).update, before)

    def check_listening(self, host: str) -> None:
        """Refuse to listen on ``host`` where that is not safe. Raises DeclarationError."""
        for bound in self.surfaces:
            bound.auth.check_listening(host)

    @asynccontextmanager
    async def lifespan(self, parent: object = None) -> AsyncIterator[None]:
        """Started while the block runs. It is what an application that this one is mounted in runs beside its own
        start and stop: ``FastAPI(lifespan=app.lifespan)``, or ``async with app.lifespan():`` in a lifespan that does
        more. ``parent`` is that application, and is not looked at.
        """
        await self.start()
        observation.log_by_default()
        try:
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        """Open the database, start what is mounted, and be ready for requests. Additive changes of the schema are
        applied, unless the environment's ``DRAGOMAN_ENV`` is ``production``: there ``dragoman migrate`` does it.
        Raises StoreError and MountError, and DeclarationError where a surface is not ready to serve.

        A second time does nothing but in another event loop, the one before being closed, as it is with test clients:
        there it goes on.
        """
        if self._started:
            await self._lifespans.start()
            self.asgi.started()
            return
        with self.named():
            for bound in self.surfaces:
                bound.endpoint.check()
        plan = self.store.plan(self.tables)
        if plan.refusals:
            raise StoreError(
                f"{self.database} does not fit the resources, and cannot be changed without losing data: "
                + "; ".join(plan.refusals)
            )
        if plan.steps and os.environ.get(ENVIRONMENT_VARIABLE) == "production":
            raise StoreError(
                f"{self.database} lacks what the resources need (steps: {len(plan.steps)}); apply them with "
                f"`dragoman migrate {self.target} --database {self.database}`, or see them with --dry-run"
            )
        if plan.steps:
            self.store.migrate(self.tables)
        await self.store.start(self.tables)
        try:
            self._tokens.use(await self._secrets.get("page tokens"))
        except BaseException as error:
            await self.store.stop()
            if isinstance(error, StoreError):
                raise StoreError(f"database {self.database}: {error}") from error
            raise
        try:
            await self._lifespans.start()
        except BaseException:
            await self.store.stop()
            raise
        self._handlers.start()
        self._cleaner.start()
        self._started, self._leaving = True, False
        self.asgi.started()

    def leave(self) -> None:
        """Tell who asks at ``/readyz`` that no more requests should be sent here: it is about to stop."""
        self._leaving = True

    async def stop(self) -> None:
        """Finish what was accepted, stop what is mounted, and close the database."""
        if not self._started:
            return
        self._started = False
        self.asgi.stopped()
        try:
            await self._lifespans.stop()
        finally:
            await self._streams.end()
            if self._beside:
                await asyncio.wait(tuple(self._beside), timeout=BESIDE_SECONDS)
            await self._cleaner.stop()
            await asyncio.get_running_loop().run_in_executor(None, self._handlers.stop)
            await self.store.stop()

    def knows(self, path: str) -> bool:
        """Whether anything answers there: a surface, below whose path it is, a procedure, or what tells of health."""
        return path in self.bodies or path in self._probes or self._exchanges.covers(path)

    def respond(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Answer a request to a surface. Never raises, but for the cancellation of its own task."""
        probe = self._probes.get(request.path)
        return self._exchanges.respond(request) if probe is None else self._tell(request, probe)

    async def _tell(self, request: Request, probe: Probe) -> Response:
        """Answer who asks how the server is."""
        return await probe(request)

    def refuse(self, fault: Fault, request: Request, exchange: Exchange) -> Response:
        """The answer to a request that a host refuses by itself."""
        return self._exchanges.refuse(fault, request, exchange)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as ASGI 3 has it."""
        await self.asgi(scope, receive, send)

    async def _healthy(self, request: Request) -> Response:
        return _not_probed(request) or _status(200, "ok")

    async def _ready(self, request: Request) -> Response:
        wrong = await self._unready()
        return _not_probed(request) or _status(503 if wrong else 200, wrong or "ready")

    async def _is_ready(self) -> bool:
        return not await self._unready()

    async def _unready(self) -> str:
        """Why no calls are taken, if they are not."""
        if not self._started:
            return "not started"
        if self._leaving:
            return "stopping"
        try:
            await self.store.guard_version(None, "ready", "")
        except Exception as error:
            LOG.warning("not ready: %s", error)
            return "the database does not answer"
        return ""


def _not_probed(request: Request) -> Response | None:
    """The answer to a method that asks nothing; None for one that does."""
    if request.method in PROBED:
        return None
    response = _status(405, f"only {' and '.join(PROBED)} are offered here")
    response.headers = [*response.headers, (b"allow", ", ".join(PROBED).encode())]
    return response


def _status(code: int, text: str) -> Response:
    body = msgspec.json.encode({"status": text})
    return Response(code, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")], body)


def _refuse_stranger(parts: Sequence[object]) -> NoReturn:
    stranger = next(each for each in parts if not isinstance(each, Surface | Mount))
    raise DeclarationError(
        "App",
        f"{stranger!r} is neither a surface nor a mount",
        'Write dm.rest(…) or dm.rpc(…), or dm.mount("/legacy", …) for another ASGI application',
    )


def _distinct(tables: list[Table]) -> tuple[Table, ...]:
    by_name: dict[str, Table] = {}
    for table in tables:
        if by_name.setdefault(table.name, table) != table:
            raise DeclarationError(
                "App", f"two parts of it keep a table {table.name!r}", 'Give the resource another plural="…"'
            )
    return tuple(by_name.values())
