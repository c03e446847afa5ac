"""Serves an application, and says where its surfaces are."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import socket

from dragoman.app import App
from dragoman.auth import ApiKeys
from dragoman.hosts.listening import ListenError, listen
from dragoman.hosts.serve import serve
from dragoman.hosts.settings import Settings
from dragoman.hosts.unix_socket import UnixSocket
from dragoman.ports.style import Surface

from . import worker
from .failure import CommandError


def launch(
    app: App,
    target: str,
    where: str | tuple[str, int],
    *,
    workers: int,
    settings: Settings | None = None,
    reload: bool = False,
    another: str = "--port {port}",
) -> int:
    """Serve until a signal; returns the exit code. It listens on a host and a port, or on the socket of a path.
    ``another`` is how another port is asked for.
    """
    settings = settings or Settings()
    _check(app, where, settings)
    with contextlib.ExitStack() as stack:
        if isinstance(where, str):
            sockets = [stack.enter_context(UnixSocket(where)).socket]
        else:
            sockets = stack.enter_context(_listening(*where, another))
        if workers > 1 or reload:
            # What is wrong is told once, here, and not by each worker; and the schema is changed by one process.
            asyncio.run(try_start(app))
            worker.tell(target, app.database)
        place = Place.of(sockets[0], secure=settings.tls is not None)
        lines = describe(app, place, workers)
        code = serve(
            app,
            worker.TARGET,
            sockets,
            workers=workers,
            ready=lambda: print(lines, file=sys.stderr, flush=True),
            settings=settings,
            reload=reload,
        )
    if code == 0:
        print("dragoman: stopped", file=sys.stderr)
    return code


def _check(app: App, where: str | tuple[str, int], settings: Settings) -> None:
    """Whether it can be served so, and may. A socket's file says who can connect, so that keys in the source are safe
    there. Raises CommandError, DeclarationError and TlsError.
    """
    if not isinstance(where, str):
        app.check_listening(where[0])
    if settings.tls is not None:
        settings.tls.context()
    if settings.tls is None or settings.tls.client_ca is None:
        for bound in app.surfaces:
            if bound.auth.scheme.get("type") == "mutualTLS":
                raise CommandError(
                    f"the surface {bound.surface.name} knows its callers by their certificates: give --tls-cert, "
                    "--tls-key and --tls-client-ca, the authorities that issue them"
                )


@contextmanager
def _listening(host: str, port: int, another: str) -> Iterator[list[socket]]:
    try:
        sockets = listen(host, port)
    except ListenError as error:
        if not str(error).endswith("another port"):
            raise
        raise ListenError(f"{error}, as in `{another.format(port=port + 1 if port < 65_535 else port - 1)}`") from None
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


async def try_start(app: App) -> None:
    """Start and stop."""
    await app.start()
    await app.stop()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an application listens: as the command says it, as a client names it, and what curl has to be told."""

    listening: str
    base: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, listener: socket, *, secure: bool) -> Place:
        """The place of a listening socket."""
        scheme = "https" if secure else "http"
        name = listener.getsockname()
        if isinstance(name, str):
            return cls(f"the socket {name}", f"{scheme}://localhost", ("--unix-socket", name))
        host, port = name[:2]
        shown = f"[{host}]" if ":" in host else host
        return cls(f"{scheme}://{shown}:{port}", f"{scheme}://{_reachable(host)}:{port}")


def describe(app: App, place: Place, workers: int) -> str:
    """Where the application is, and a request to each surface, with its pages for browsers."""
    processes = "1 process" if workers == 1 else f"{workers} processes"
    lines = [f"dragoman: listening on {place.listening} ({processes}, database {app.database}); Ctrl-C stops it"]
    for bound in app.surfaces:
        surface = bound.surface
        title = f"{surface.name}: {surface.style.name} for {surface.audience} callers at {surface.path}"
        lines += ["", f"  {title}"]
        lines += [f"    {curl(surface, example, place)}" for example in bound.endpoint.examples()[:1]]
        if not place.options:
            lines += [f"    {place.base}{page}" for page in bound.endpoint.pages()]
    for mounted in app.mounts:
        lines += ["", f"  {mounted.mount}"]
    return "\n".join([*lines, ""])


def curl(surface: Surface, example: str, place: Place) -> str:
    """A request (method, path and body) as a command line."""
    method, path, *body = example.split(maxsplit=2)
    words = ["curl", *place.options]
    if body:
        words += ["-H", "Content-Type: application/json", "-d", body[0]]
    if method != ("POST" if body else "GET"):
        words += ["-X", method]
    if surface.auth is not None and surface.auth.scheme.get("type") == "mutualTLS":
        words += ["--cert", "CERTIFICATE", "--key", "KEY"]
    elif surface.auth is not None and not surface.auth.anonymous:
        words += ["-H", f"Authorization: Bearer {_key(surface)}"]
    return shlex.join([*words, place.base + path])


def _key(surface: Surface) -> str:
    """A key that opens the surface, if one stands in the source."""
    if isinstance(surface.auth, ApiKeys):
        for text, principal in surface.auth.fixed.items():
            if surface.audience in principal.audiences:
                return text
    return "KEY"


def _reachable(host: str) -> str:
    """A name under which this machine reaches what listens on ``host``."""
    if host in ("127.0.0.1", "0.0.0.0", "::1", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
