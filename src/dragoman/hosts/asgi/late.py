"""The start of an application that nobody started: no server ran its lifespan, so that its first request does."""

from __future__ import annotations

import asyncio
import logging
import math
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.ports.mount import MountError
from dragoman.ports.store import StoreError
from dragoman.runtime import observation

RETRY_SECONDS: Final = 1.0
"""How long after a start that failed the next one is tried. Until then requests are refused at once."""

LOG: Final = logging.getLogger("dragoman.hosts.asgi")


class LateStart:
    """Starts an application once in each event loop in which it is asked to.

    An ASGI application that is mounted in another one sees requests and no lifespan, unless the other hands it on.
    """

    def __init__(self, start: Callable[[], Awaitable[None]]) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        """Where it is started."""
        self._start = start
        self._lock = asyncio.Lock()
        self._lock_of: asyncio.AbstractEventLoop | None = None
        self._failed = -math.inf

    async def happens(self) -> bool:
        """Whether it is started, in this loop, now. What stands against it is in the log."""
        loop = asyncio.get_running_loop()
        if self._lock_of is not loop:
            self._lock, self._lock_of, self._failed = asyncio.Lock(), loop, -math.inf
        async with self._lock:
            if self.loop is not loop and loop.time() - self._failed >= RETRY_SECONDS:
                await self._try(loop)
        return self.loop is loop

    async def _try(self, loop: asyncio.AbstractEventLoop) -> None:
        failure = await failure_of(self._start)
        if failure:
            self._failed = loop.time()
            LOG.error(
                "the application could not be started by its first request, and answers 503 until it can: %s", failure
            )
            return
        self.loop = loop
        observation.log_by_default()
        LOG.warning(
            "started by its first request, since nothing ran its lifespan; give it to what it is mounted in, as in "
            "FastAPI(lifespan=app.lifespan): then what is wrong is known at the start, and the database is closed at "
            "the end"
        )


async def failure_of(act: Callable[[], Awaitable[None]]) -> str:
    """Start or stop: what went wrong, in one line if a person can put it right, with the traceback if it is
    a bug; empty if all is well.
    """
    try:
        await act()
    except (DeclarationError, MountError, StoreError) as error:
        return str(error)
    except Exception:
        return traceback.format_exc().rstrip()
    return ""
