"""What the connections of one process share, and the order in which they come to their end."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
import weakref
from collections.abc import Callable, Coroutine, Sequence
from email.utils import formatdate
from typing import Any, Final, Protocol

from dragoman.contract.fault import Internal
from dragoman.hosts.hosted import Hosted
from dragoman.hosts.listening import BACKLOG
from dragoman.ports.wire import ByteStream, Request

from .bridge import Message, scope_of
from .incoming import HOST, Incoming
from .newcomer import Newcomer
from .proxies import Proxies
from .websocket import SPOKEN

TICK_SECONDS: Final = 0.5
HOSTS_MOST: Final = 256
HANDSHAKE_SECONDS: Final = 10.0
"""How long the handshake of TLS may take, and BYE_SECONDS its farewell."""

BYE_SECONDS: Final = 5.0
SAID_SECONDS: Final = 60.0
"""How often it is said that connections are refused."""

KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""After how many seconds of silence the system asks whether a peer is still there, how long it waits, and how often."""

LOG: Final = logging.getLogger("dragoman.hosts.native")


class Served(Hosted, Protocol):
    """An application with its ASGI host, which its mounts are reached through."""

    @property
    def asgi(self) -> Callable[..., Any]:
        """The application as ASGI 3 has it."""
        ...


class Connected(Protocol):
    """A connection, as a server sees it. ``expires`` is when it has to have done something, on the server's clock."""

    expires: float

    @property
    def idle(self) -> bool:
        """Whether nothing is under way on it."""
        ...

    def expire(self, now: float) -> None:
        """Its time is over."""

    def wind_down(self) -> None:
        """The server will end, once what is under way was answered."""

    def close(self) -> None:
        """End it once all is sent."""

    def end(self) -> None:
        """End what is under way: the server has no more time for it."""

    def abort(self) -> None:
        """End it now."""


class Answering(Protocol):
    """What speaks ASGI to a mounted application."""

    def run(self, asgi: Callable[..., Any]) -> Coroutine[Any, Any, None]:
        """Let the application answer."""
        ...


class Server:
    """The connections of one process. ``proxies`` are whose word on the client is taken.

    Times are read once in TICK_SECONDS, which is as finely as limits in seconds need them. ``closing``: answers say
    that their connection ends with them.
    """

    def __init__(self, app: Served, *, proxies: Proxies | None = None) -> None:
        self.app = app
        self.limits = app.limits
        self.proxies = proxies
        self.mounts = tuple((each.mount.path, each.mount.path + "/") for each in app.mounts)
        self.loop = asyncio.get_running_loop()
        self.hosts: set[str] = set()
        self.closing = False
        self.bodies = app.bodies
        self.body_largest = max(self.limits.body, *(each or 0 for each in self.bodies.values()), 0)
        self.asks_certificates = False
        self.connections: set[Connected] = set()
        self._coming: weakref.WeakSet[Connected] = weakref.WeakSet()
        self.now = 0.0
        self.idle_until = 0.0
        self.date = b""
        self._stalling: dict[Connected, tuple[asyncio.Transport, int, float]] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._said = -SAID_SECONDS
        self._listening: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ticked = self.loop.time()
        self._tick()

    # Listening

    async def listen(self, sockets: Sequence[socket.socket], tls: ssl.SSLContext | None = None) -> None:
        """Accept connections on sockets that listen already, and no more on those before. They stay the caller's."""
        before, self._listening = self._listening, []
        options: dict[str, Any] = {"backlog": BACKLOG}
        if tls is not None:
            options |= {"ssl": tls, "ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": BYE_SECONDS}
            self.asks_certificates = tls.verify_mode is not ssl.CERT_NONE
        for each in sockets:
            self._listening.append(await self._listen(each.dup(), options))
        for listening in before:
            listening.close()

    async def _listen(self, listener: socket.socket, options: dict[str, Any]) -> asyncio.Server:
        if listener.family != socket.AF_UNIX:
            _keep_alive(listener)
            return await self.loop.create_server(self._coming_one, sock=listener, **options)
        try:
            # The file is not the event loop's to remove: other processes listen there too.
            options = options | {"cleanup_socket": False}
            return await self.loop.create_unix_server(self._coming_one, sock=listener, **options)
        except TypeError:  # asyncio's own loop before Python 3.13, which leaves the file alone
            del options["cleanup_socket"]
            return await self.loop.create_unix_server(self._coming_one, sock=listener, **options)

    def stop_listening(self) -> None:
        """Accept no more."""
        for each in self._listening:
            each.close()
        self._listening = []

    def wind_down(self) -> None:
        """From now on, answers say that their connection ends with them, or the connection itself that it will end."""
        self.closing = True
        for each in tuple(self.connections):
            each.wind_down()

    async def finish(self, seconds: float, *, quiet: float = 0.0) -> None:
        """Let what is under way come to its end; return when no connection is left. Those without a request are closed
        after ``quiet`` seconds: until then, a request that is on its way is answered.
        """
        self.wind_down()
        begun = self.loop.time()
        while (now := self.loop.time()) < begun + seconds:
            waits = now < begun + quiet
            if not waits:
                self.leave_idle()
            if not self.connections and not (waits and self._coming):
                return
            await asyncio.sleep(0.02)

    def leave_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for each in [each for each in self.connections if each.idle]:
            each.close()

    def end(self) -> None:
        """Answer what is under way UNAVAILABLE, now."""
        for each in tuple(self.connections):
            each.end()

    def close(self) -> None:
        """Leave whatever there is."""
        self.stop_listening()
        if self._timer is not None:
            self._timer.cancel()
        for each in tuple(self.connections):
            each.abort()

    # For connections

    def _coming_one(self) -> Newcomer:
        """A connection was accepted. It is made later: with TLS, once hands have been shaken."""
        newcomer = Newcomer(self)
        self._coming.add(newcomer)
        return newcomer

    def enter(self, connection: Connected) -> bool:
        """A connection was made; whether there is room for it."""
        if connection in self.connections:
            return True
        self._coming.discard(connection)
        self.connections.add(connection)
        if len(self.connections) <= self.limits.connections:
            return True
        if self.now - self._said >= SAID_SECONDS:
            self._said = self.now
            LOG.warning("more than %d connections are open: new ones are refused", self.limits.connections)
        return False

    def replace(self, before: Connected, connection: Connected) -> None:
        """A connection goes on as another, with the same room, if it had any."""
        if before in self.connections:
            self.connections.remove(before)
            self.connections.add(connection)

    def leave(self, connection: Connected) -> None:
        """A connection is lost."""
        self.connections.discard(connection)
        self._stalling.pop(connection, None)

    def watch(self, connection: Connected, transport: asyncio.Transport) -> None:
        """Its peer has to take something of what was written within the time that it has."""
        self._stalling[connection] = (transport, transport.get_write_buffer_size(), self.now)

    def takes_host(self, host: str) -> bool:
        """Whether it is well-formed; if so it is remembered."""
        if HOST.fullmatch(host) is None:
            return False
        if len(self.hosts) < HOSTS_MOST and len(host) <= 255:
            self.hosts.add(host)
        return True

    def body_most(self, path: str) -> int | None:
        """How large a body is taken at a path; None where it is read while it comes."""
        return self.bodies.get(path, self.limits.body) if self.bodies else self.limits.body

    def is_mounted(self, path: str) -> bool:
        """Whether the path is a mount's."""
        return any(path.startswith(start) or path == whole for whole, start in self.mounts)

    def upgrades(self, request: Incoming) -> bool:
        """Whether another protocol is spoken, as the request asks."""
        return SPOKEN and request.headers.get("upgrade", "").lower() == "websocket"

    def scope_of(self, request: Request, transport: asyncio.Transport) -> Message:
        """The request as an ASGI scope."""
        peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        if self.proxies is not None:
            scheme = self.proxies.scheme(self.peer_of(transport), request.headers) or scheme
        return scope_of(request, _address(peer), _address(here), scheme)

    def peer_of(self, transport: asyncio.Transport) -> str:
        """The other side's address; empty for a Unix socket."""
        address = _address(transport.get_extra_info("peername"))
        return address[0] if address else ""

    def run(self, bridge: Answering) -> None:
        """Let a mounted application answer, in a task of its own, which may outlive its connection."""
        self._keep(bridge.run(self.app.asgi))

    def close_stream(self, stream: ByteStream) -> None:
        """Close a stream whose reader is gone."""
        self._keep(stream.aclose())

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(coroutine)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def broken(self, error: Exception) -> Internal:
        """The fault of an answer that cannot be sent; the log is told why."""
        LOG.error("an answer could not be sent: %s", error)
        return Internal("the answer could not be sent")

    # Time

    def _tick(self) -> None:
        self._timer = self.loop.call_later(TICK_SECONDS, self._tick)
        before, self._ticked = self._ticked, self.loop.time()
        # While the loop is held, nobody's bytes are read: that time is not the clients'.
        self.now = now = self.now + min(self._ticked - before, 2 * TICK_SECONDS)
        self.idle_until = now + self.limits.idle_seconds
        self.date = b"date: %b\r\n" % formatdate(time.time(), usegmt=True).encode()
        for each in [each for each in self.connections if each.expires <= now]:
            each.expire(now)
        for connection in tuple(self._stalling):
            self._check(connection, now)

    def _check(self, connection: Connected, now: float) -> None:
        transport, size, since = self._stalling[connection]
        left = transport.get_write_buffer_size()
        if left == 0:
            del self._stalling[connection]
        elif left < size:
            self._stalling[connection] = (transport, left, now)
        elif now - since > self.limits.stall_seconds:
            connection.abort()


def _keep_alive(listener: socket.socket) -> None:
    """Let the system notice peers that vanish: connections have these options of who accepts them."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def _address(name: Any) -> tuple[str, int] | None:
    """Host and port of a socket's name; None for a Unix socket's, which is a path."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else None
