"""One process's life: it starts an application, serves it, and finishes what is under way when it is told to end."""

from __future__ import annotations

import asyncio
import enum
import gc
import importlib.util
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType
from typing import Any, Final, Protocol

from .asgi import AsgiHost
from .asgi.late import failure_of
from .hosted import Hosted
from .native import Server
from .native.proxies import Proxies
from .settings import Settings
from .tls import LOOK_SECONDS, TlsError, TlsWatch

DRAIN_SECONDS: Final = 10
"""How long requests may go on once nobody is let in any more. Then they are answered UNAVAILABLE."""

LEAVE_SECONDS: Final = 2
"""How long the answers and the database's closing may take after that. Then the process ends, whatever runs."""

QUIET_SECONDS: Final = 3.0
"""How long a connection without a request is left open in that time. Its next request, which may be under way, is
answered, and ends it.
"""

LOG: Final = logging.getLogger("dragoman.hosts.serve")


class Ending(enum.Enum):
    """Why a process ends, which says how. ``FINISH``: as SIGTERM has it, with the grace for load balancers and time
    for quiet connections. ``INTERRUPT``: as Ctrl-C has it, without either. ``GIVE_WAY``: another takes its place, on
    the same sockets, so that it stays ready for whoever is still here.
    """

    FINISH = enum.auto()
    INTERRUPT = enum.auto()
    GIVE_WAY = enum.auto()


class Served(Hosted, Protocol):
    """What is served, with its ASGI host."""

    @property
    def asgi(self) -> AsgiHost:
        """The host that its mounts are reached through."""
        ...

    def leave(self) -> None:
        """Be ready no more, for who asks."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, else asyncio's own."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class Process:
    """Serves in this process, from its start to its end. ``ready`` is called between the two. It is ``alone`` if nobody
    tells it of Ctrl-C and of new files: then it looks for both itself.

    Only :meth:`end`, :meth:`hurry` and :meth:`renew` may be called from other threads.
    """

    def __init__(
        self,
        make: Callable[[], Served],
        sockets: Sequence[socket.socket],
        ready: Callable[[], None],
        settings: Settings,
        *,
        alone: bool = True,
    ) -> None:
        self._make = make
        self._sockets = sockets
        self._ready = ready
        self._settings = settings
        self._alone = alone
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event = asyncio.Event()
        self._hurry: asyncio.Event = asyncio.Event()
        self._renewed: asyncio.Event = asyncio.Event()
        self._ending: Ending | None = None
        self._hurried = False
        self._leaving: threading.Timer | None = None

    def run(self) -> bool:
        """Serve until the end; returns whether the application could be started."""
        # From here on a signal ends the process by way of a drain, however early it comes.
        numbers = {signal.SIGTERM}
        if self._alone:
            numbers |= {signal.SIGINT}
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup sets that
                numbers |= {signal.SIGHUP}
        for number in numbers:
            signal.signal(number, self._caught)
        app = self._make()
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                return runner.run(self._serve(app))
        finally:
            if self._leaving is not None:
                self._leaving.cancel()

    def end(self, ending: Ending) -> None:
        """Begin to end. Nothing is changed by a second time."""
        if self._ending is None:
            self._ending = ending
            grace = self._settings.grace if ending is Ending.FINISH else 0.0
            self._leave_in(grace + DRAIN_SECONDS + LEAVE_SECONDS)
            self._set(self._stop)

    def hurry(self) -> None:
        """End at once."""
        if not self._hurried:
            self._hurried = True
            self._leave_in(LEAVE_SECONDS)
            self._set(self._hurry)

    def renew(self) -> None:
        """Read the files of TLS again."""
        self._set(self._renewed)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        """A signal: the first begins the end, SIGINT after it hurries it."""
        if self._ending is None:
            self.end(Ending.INTERRUPT if number == signal.SIGINT else Ending.FINISH)
        elif number == signal.SIGINT:
            self.hurry()

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

    async def _serve(self, app: Served) -> bool:
        self._loop = asyncio.get_running_loop()
        failure = await failure_of(app.start)
        if failure:
            LOG.error("%s", failure)
            return False
        proxies = self._settings.proxies
        server = Server(app, proxies=Proxies(proxies) if proxies else None)
        try:
            await self._listen(server)
        except TlsError as error:
            LOG.error("%s", error)
            await failure_of(app.stop)
            return False
        # What was made until now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        if self._ending is None:
            self._ready()
            renewing = asyncio.ensure_future(self._keep_files_fresh(server))
            await self._stop.wait()
            renewing.cancel()
        await self._end(app, server)
        return True

    async def _end(self, app: Served, server: Server) -> None:
        ending = self._ending
        if ending is not Ending.GIVE_WAY:
            app.leave()
        server.wind_down()
        if ending is Ending.FINISH and self._settings.grace:
            await self._unless_hurried(asyncio.sleep(self._settings.grace))
        server.stop_listening()
        for each in self._sockets:
            each.close()
        quiet = 0.0 if ending is Ending.INTERRUPT else QUIET_SECONDS
        await self._unless_hurried(server.finish(DRAIN_SECONDS, quiet=quiet))
        server.end()
        app.asgi.end_requests()
        await server.finish(LEAVE_SECONDS / 2)
        failure = await failure_of(app.stop)
        if failure:
            LOG.error("%s", failure)
        server.close()

    async def _unless_hurried(self, work: Coroutine[Any, Any, None]) -> None:
        working = asyncio.ensure_future(work)
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({working, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        for each in (working, hurrying):
            each.cancel()

    # TLS

    async def _listen(self, server: Server) -> None:
        """Accept connections from now on, with the files as they are now. Raises TlsError."""
        tls = self._settings.tls
        await server.listen(self._sockets, None if tls is None else tls.context())

    async def _keep_files_fresh(self, server: Server) -> None:
        tls = self._settings.tls
        if tls is None:
            return
        watch = TlsWatch(tls)
        while True:
            if self._alone:
                await asyncio.sleep(LOOK_SECONDS)
                if not watch.renewed():
                    continue
            else:
                await self._renewed.wait()
                self._renewed.clear()
            try:
                await self._listen(server)
            except TlsError as error:  # they have changed again, just now
                LOG.error("%s", error)


def _leave() -> None:
    LOG.warning("a handler or a connection did not end in time, and was left behind")
    logging.shutdown()
    os._exit(0)
