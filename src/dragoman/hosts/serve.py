"""Serves an application with uvicorn: one process, or several that share the listening socket.

The socket is bound here and first of all, so that a port in use is known before anything is started.
"""

from __future__ import annotations

import asyncio
import errno
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
from typing import Any, Final, Protocol, cast

import uvicorn

from dragoman.ports.mount import Mounted

from .asgi import AsgiHost
from .readable import Readable
from .workers import NOT_STARTED, Workers

BACKLOG: Final = 2048
DRAIN_SECONDS: Final = 10
"""How long requests may go on after the signal that stops the server. Then they are answered UNAVAILABLE."""

LEAVE_SECONDS: Final = 2
"""How long the answers and the database's closing may take after that. Then the process ends, whatever runs."""

FAILED: Final = 1

LOG: Final = logging.getLogger("dragoman.hosts.serve")


class Served(Protocol):
    """What is served, with its ASGI host."""

    @property
    def mounts(self) -> Sequence[Mounted]:
        """Other applications in it."""
        ...

    @property
    def asgi(self) -> AsgiHost:
        """The host, which knows the requests that are under way."""
        ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as ASGI 3 has it."""
        ...


class ListenError(Exception):
    """The socket cannot be had: says where, why, and what to do. One line, for a person."""


def listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of the host. Port 0 takes a free one. Raises ListenError.

    They listen at once: whoever connects while the application starts waits for it instead of being refused.
    """
    if not 0 <= port <= 65_535:
        raise ListenError(f"there is no port {port}: take one from 1 to 65535, or 0 for any that is free")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ListenError(
            f"the host {host!r} is not known: take an address of this machine, such as 127.0.0.1"
        ) from None
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        if port == 0 and sockets:
            address = (address[0], sockets[0].getsockname()[1], *address[2:])  # the same one on each address
        try:
            sockets.append(_listen(family, kind, protocol, address))
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                break
    # A name may have an address of a kind that this machine does not speak, as `localhost` often does (IPv6).
    if failure is not None and (not sockets or failure.errno == errno.EADDRINUSE):
        for each in sockets:
            each.close()
        raise ListenError(_reason(failure, host, port)) from None
    return sockets


def _listen(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        listener.set_inheritable(True)
    except BaseException:
        listener.close()
        raise
    return listener


def _reason(error: OSError, host: str, port: int) -> str:
    place = f"port {port} on {host or 'all interfaces'}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is in use: stop what listens there, or take another port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{place} may not be listened on by this user: take a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}: take one that it has, such as 127.0.0.1"
    return f"{place} cannot be listened on: {error.strerror or error}"


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
        return 0 if _run(app, sockets, ready, bool(app.mounts)) else FAILED
    crew = Workers(
        _work,
        (target, list(sockets), bool(app.mounts)),
        count=workers,
        patience=DRAIN_SECONDS + LEAVE_SECONDS + 3,
        hurry=LEAVE_SECONDS + 1,
        ending=lambda: _close(sockets),
    )
    ready()
    return 0 if crew.run() else FAILED


def _work(target: str, sockets: Sequence[socket.socket], mounts: bool) -> None:
    """What each of several workers does."""
    if not _run(target, sockets, lambda: None, mounts):
        sys.exit(NOT_STARTED)


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _run(app: Served | str, sockets: Sequence[socket.socket], ready: Callable[[], None], mounts: bool) -> bool:
    """Serve in this process; returns whether the application could be started. A text names what makes it.
    WebSockets are spoken where there are mounts, if a library for them is installed.
    """
    config = uvicorn.Config(
        app,
        factory=isinstance(app, str),
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http="httptools",
        ws="auto" if mounts else "none",
        lifespan="on",
        interface="asgi3",
        log_config=logging_config(),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1,
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN_SECONDS + LEAVE_SECONDS // 2,  # for connections that cannot be closed
    )
    server = _Server(config, ready)
    # From here on a signal ends the process by way of a drain, however early it comes.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.handle_exit)
    try:
        server.run(list(sockets))
    except SystemExit:
        pass  # the application did not start, and the log says why
    finally:
        server.has_left()
    return server.started


class _Server(uvicorn.Server):
    """A server that says when it is ready, and that always comes to an end once it was told to."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: threading.Timer | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self.started and not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        timer = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._end_requests)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: the first begins the drain, SIGINT after it ends it."""
        if not self.should_exit:
            self.should_exit = True
            self._leave_in(DRAIN_SECONDS + LEAVE_SECONDS)
        elif sig == signal.SIGINT:
            self._leave_in(LEAVE_SECONDS)
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._end_requests)

    def has_left(self) -> None:
        """The server came to its end by itself."""
        if self._leaving is not None:
            self._leaving.cancel()

    def _end_requests(self) -> None:
        cast("Served", self.config.loaded_app).asgi.end_requests()

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


class Quiet(logging.Filter):
    """Leaves out what uvicorn says after the reason was said, or of what is no trouble, such as an answer that was cut
    because the server stops.
    """

    SAID: Final = ("timeout graceful shutdown exceeded", "returned without completing response")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep the line."""
        said = record.getMessage()
        return not said.endswith("Exiting.") and not any(each in said for each in self.SAID)


def logging_config() -> dict[str, Any]:
    """A line of JSON a request on stdout; on stderr lines for a person, and one of JSON for each bug, which on a
    terminal is shown as text too.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"quiet": {"()": Quiet}},
        "formatters": {
            "line": {"format": "dragoman: %(message)s"},
            "record": {"format": "%(message)s"},
            "readable": {"()": Readable},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "line",
                "filters": ["quiet"],
            },
            "errors": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "readable" if sys.stderr.isatty() else "record",
            },
            "access": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "record"},
        },
        "loggers": {
            "uvicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "dragoman": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "dragoman.error": {"handlers": ["errors"], "propagate": False},
            "dragoman.access": {"handlers": ["access"], "propagate": False},
        },
    }
