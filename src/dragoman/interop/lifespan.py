"""The lifespans of mounted applications, run as a server would run them (the ASGI lifespan protocol, 2.0)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dragoman.ports.mount import Mount, MountError

LOG: Final = logging.getLogger("dragoman.interop")

LEAVE_SECONDS: Final = 1.0
"""How long an application may go on after it said that its shutdown is complete."""


class Lifespan:
    """One mounted application's lifespan, in a task of its own. An application without one is fine.

    It belongs to the event loop that it was started in; when that was closed, it can be started in another.
    """

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self.state: Mapping[str, Any] = {}
        self._conversation: _Conversation | None = None

    async def start(self) -> None:
        """Start it, unless it runs in this loop. Raises MountError."""
        if self._conversation is not None and self._conversation.loop is asyncio.get_running_loop():
            return
        state: dict[str, Any] = {}
        self._conversation = conversation = _Conversation(self.mount, state)
        try:
            await conversation.start()
        except BaseException:
            self._conversation = None
            raise
        self.state = state

    async def stop(self) -> None:
        """Stop it. A second time does nothing, nor where its event loop is gone. Raises MountError."""
        conversation, self._conversation = self._conversation, None
        self.state = {}
        if conversation is not None and conversation.loop is asyncio.get_running_loop():
            await conversation.stop()


class Lifespans:
    """Those of all mounts: started in order, stopped in reverse."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self.all = tuple(Lifespan(mount) for mount in mounts)

    async def start(self) -> None:
        """Start all, or none. Raises MountError."""
        try:
            for each in self.all:
                await each.start()
        except BaseException:
            try:
                await self.stop()
            except MountError as error:
                LOG.error("%s", error)
            raise

    async def stop(self) -> None:
        """Stop all, also where one fails. Raises the first MountError."""
        failure: MountError | None = None
        for each in reversed(self.all):
            try:
                await each.stop()
            except MountError as error:
                failure = failure or error
        if failure is not None:
            raise failure


class _Conversation:
    """What server and application say to each other, from one start to its stop."""

    def __init__(self, mount: Mount, state: dict[str, Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self._mount = mount
        self._heard = False
        self._leaving = asyncio.Event()
        # Each ends with what went wrong, or with nothing.
        self._started: asyncio.Future[str] = self.loop.create_future()
        self._stopped: asyncio.Future[str] = self.loop.create_future()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        self._task = self.loop.create_task(self._run(scope), name=f"lifespan of {mount.path}")

    async def _run(self, scope: dict[str, Any]) -> None:
        await self._mount.app(scope, self._receive, self._send)

    async def start(self) -> None:
        """Until it has started, or turned out to have no lifespan. Raises MountError."""
        try:
            failure = await self._either(self._started)
            if failure is None and (error := self._error()) is not None:
                if not self._heard:  # it knows no such scope: ASGI has servers go on without
                    LOG.debug("mount %s has no lifespan: %r", self._mount.path, error)
                    return
                raise self._failure("could not be started", f"{type(error).__name__}: {error}") from error
            if failure:
                raise self._failure("could not be started", failure)
        except BaseException:
            await self._end(0)
            raise

    async def stop(self) -> None:
        """Until it has stopped. Raises MountError."""
        if self._task.done() and not self._started.done():
            return  # it has no lifespan
        self._leaving.set()
        try:
            failure = await self._either(self._stopped)
            if failure is None and (error := self._error()) is not None:
                raise self._failure("did not stop well", f"{type(error).__name__}: {error}") from error
            if failure:
                raise self._failure("did not stop well", failure)
        finally:
            await self._end(LEAVE_SECONDS)

    async def _either(self, said: asyncio.Future[str]) -> str | None:
        """What it said; None where it ended without a word."""
        either: set[asyncio.Future[Any]] = {self._task, said}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return said.result() if said.done() else None

    def _error(self) -> BaseException | None:
        return None if self._task.cancelled() else self._task.exception()

    async def _end(self, patience: float) -> None:
        await asyncio.wait({self._task}, timeout=patience)
        self._task.cancel()
        await asyncio.wait({self._task})
        self._error()  # was told, or is what the application raises after it told

    async def _receive(self) -> dict[str, Any]:
        if not self._heard:
            self._heard = True
            return {"type": "lifespan.startup"}
        await self._leaving.wait()
        if self._stopped.done():
            await asyncio.Event().wait()  # nothing is said after the end
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        kind, said = message["type"], str(message.get("message") or "it does not say why")
        if kind in ("lifespan.startup.complete", "lifespan.startup.failed"):
            self._say(self._started, said if kind.endswith("failed") else "")
        elif kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            self._say(self._stopped, said if kind.endswith("failed") else "")

    def _say(self, told: asyncio.Future[str], failure: str) -> None:
        if not told.done():
            told.set_result(failure)

    def _failure(self, what: str, why: str) -> MountError:
        """Starlette tells a whole traceback: the log gets it, the error its last line."""
        lines = why.strip().splitlines()
        if len(lines) > 1:
            LOG.error("mount %s %s:\n%s", self._mount.path, what, why.rstrip())
        return MountError(f"mount {self._mount.path}: its application {what}: {lines[-1].strip()}")
