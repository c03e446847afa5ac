"""Serves an application with the native host: in this process, or in several that do the same."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import logging.config
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, Protocol

from .asgi import AsgiHost
from .asgi.late import failure_of
from .hosted import Hosted
from .logs import logging_config
from .native import Server
from .workers import NOT_STARTED, Workers

DRAIN_SECONDS: Final = 10
"""How long requests may go on after the signal that stops the server. Then they are answered UNAVAILABLE."""

LEAVE_SECONDS: Final = 2
"""How long the answers and the database's closing may take after that. Then the process ends, whatever runs."""

FAILED: Final = 1

LOG: Final = logging.getLogger("dragoman.hosts.serve")


class Served(Hosted, Protocol):
    """What is served, with its ASGI host."""

    @property
    def asgi(self) -> AsgiHost:
        """The host that its mounts are reached through."""
        ...

    def leave(self) -> None:
        """Be ready no more, for who asks."""


def serve(
    app: Served, target: str, sockets: Sequence[socket.socket], *, workers: int, ready: Callable[[], None]
) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is under way; returns the process's exit code. From the
    signal on nobody can connect. What is not finished after DRAIN_SECONDS, or when SIGINT comes again, is
    answered UNAVAILABLE.

    One worker serves ``app`` in this process. More of them call ``target`` (``module:function``) for it,
    each in a process of its own. ``ready`` is called once it can be told where the application is.
    """
    logging.config.dictConfig(logging_config())
    if workers == 1:
        return 0 if Process(lambda: app, sockets, ready).run() else FAILED
    crew = Workers(
        _work,
        (target, list(sockets)),
        count=workers,
        patience=DRAIN_SECONDS + LEAVE_SECONDS + 3,
        hurry=LEAVE_SECONDS + 1,
        ending=lambda: _close(sockets),
    )
    ready()
    return 0 if crew.run() else FAILED


def _work(target: str, sockets: Sequence[socket.socket]) -> None:
    """What each of several workers does."""
    logging.config.dictConfig(logging_config())
    module, _, name = target.partition(":")
    if not Process(lambda: getattr(importlib.import_module(module), name)(), sockets, lambda: None).run():
        sys.exit(NOT_STARTED)


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, else asyncio's own."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class Process:
    """Serves in this process, from its start to its end, which comes by a signal."""

    def __init__(self, make: Callable[[], Served], sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
        self._make = make
        self._sockets = sockets
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event = asyncio.Event()
        self._hurry: asyncio.Event = asyncio.Event()
        self._stopping = self._hurried = False
        self._leaving: threading.Timer | None = None

    def run(self) -> bool:
        """Serve; returns whether the application could be started."""
        # From here on a signal ends the process by way of a drain, however early it comes.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._caught)
        app = self._make()
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                return runner.run(self._serve(app))
        finally:
            if self._leaving is not None:
                self._leaving.cancel()

    async def _serve(self, app: Served) -> bool:
        self._loop = asyncio.get_running_loop()
        failure = await failure_of(app.start)
        if failure:
            LOG.error("%s", failure)
            return False
        server = Server(app)
        await server.listen(self._sockets)
        if not self._stopping:
            self._ready()
            await self._stop.wait()
        await self._end(app, server)
        return True

    async def _end(self, app: Served, server: Server) -> None:
        app.leave()
        server.stop_listening()
        finishing = asyncio.ensure_future(server.finish(DRAIN_SECONDS))
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({finishing, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if not finishing.done():
            finishing.cancel()
        server.end()
        app.asgi.end_requests()
        await server.finish(LEAVE_SECONDS / 2)
        failure = await failure_of(app.stop)
        if failure:
            LOG.error("%s", failure)
        server.close()

    def _caught(self, number: int, frame: FrameType | None) -> None:
        """A signal: the first begins the drain, SIGINT after it ends it."""
        if not self._stopping:
            self._stopping = True
            self._leave_in(DRAIN_SECONDS + LEAVE_SECONDS)
            self._set(self._stop)
        elif number == signal.SIGINT and not self._hurried:
            self._hurried = True
            self._leave_in(LEAVE_SECONDS)
            self._set(self._hurry)

    def _set(self, event: asyncio.Event) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    def _leave_in(self, seconds: float) -> None:
        """End the process after that time even if a handler blocks a thread, or the event loop itself."""
        if self._leaving is not None:
            self._leaving.cancel()
        self._leaving = threading.Timer(seconds, _leave)
        self._leaving.daemon = True
        self._leaving.start()


def _leave() -> None:
    LOG.warning("a handler or a connection did not end in time, and was left behind")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
