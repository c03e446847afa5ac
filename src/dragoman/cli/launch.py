"""Serves an application, and says where its surfaces are."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import Sequence

from dragoman.app import App
from dragoman.auth import ApiKeys
from dragoman.hosts.listening import ListenError, listen
from dragoman.hosts.serve import serve
from dragoman.ports.style import Surface

from . import worker


def launch(app: App, target: str, *, host: str, port: int, workers: int, another: str = "--port {port}") -> int:
    """Serve until a signal; returns the exit code. ``another`` is how another port is asked for."""
    app.check_listening(host)
    try:
        sockets = listen(host, port)
    except ListenError as error:
        if not str(error).endswith("another port"):
            raise
        raise ListenError(f"{error}, as in `{another.format(port=port + 1 if port < 65_535 else port - 1)}`") from None
    if workers > 1:
        # What is wrong is told once, here, and not by each worker; and the schema is changed by one process.
        asyncio.run(try_start(app))
        worker.tell(target, app.database)
    lines = describe(app, sockets, workers)
    code = serve(app, worker.TARGET, sockets, workers=workers, ready=lambda: print(lines, file=sys.stderr, flush=True))
    if code == 0:
        print("dragoman: stopped", file=sys.stderr)
    return code


async def try_start(app: App) -> None:
    """Start and stop."""
    await app.start()
    await app.stop()


def describe(app: App, sockets: Sequence[socket.socket], workers: int) -> str:
    """Where the application is, and a request to each surface, with its pages for browsers."""
    host, port = sockets[0].getsockname()[:2]
    listening = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    base = f"http://{_reachable(host)}:{port}"
    processes = "1 process" if workers == 1 else f"{workers} processes"
    lines = [f"dragoman: listening on {listening} ({processes}, database {app.database}); Ctrl-C stops it"]
    for bound in app.surfaces:
        surface = bound.surface
        title = f"{surface.name}: {surface.style.name} for {surface.audience} callers at {surface.path}"
        lines += ["", f"  {title}"]
        lines += [f"    {curl(surface, example, base)}" for example in bound.endpoint.examples()[:1]]
        lines += [f"    {base}{page}" for page in bound.endpoint.pages()]
    for mounted in app.mounts:
        lines += ["", f"  {mounted.mount}"]
    return "\n".join([*lines, ""])


def curl(surface: Surface, example: str, base: str) -> str:
    """A request (method, path and body) as a command line."""
    method, path, *body = example.split(maxsplit=2)
    words = ["curl"]
    if body:
        words += ["-H", "Content-Type: application/json", "-d", body[0]]
    if method != ("POST" if body else "GET"):
        words += ["-X", method]
    if surface.auth is not None and not surface.auth.anonymous:
        words += ["-H", f"Authorization: Bearer {_key(surface)}"]
    return shlex.join([*words, base + path])


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
