"""An application that runs for a test: its database, its start and its end, and what went wrong inside."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dragoman as dm
from dragoman.runtime.observation import ACCESS

from .acting import Tokens
from .bugs import Bugs
from .portal import Portal


class Harness:
    """One application, on a database of its own, driven as a server drives it: by its ASGI lifespan."""

    def __init__(self, app: dm.App, database: str | os.PathLike[str] | None) -> None:
        self.app = app
        self.bugs = Bugs()
        self.tokens = Tokens()
        self.portal = Portal()
        self.running = False
        self._database = database
        self._end = contextlib.ExitStack()
        self._lifespan: _Lifespan | None = None

    @property
    def state(self) -> Mapping[str, Any]:
        """What the lifespan left for the scopes of requests."""
        return {} if self._lifespan is None else self._lifespan.state

    async def start(self) -> None:
        """Start it. Raises RuntimeError with the application's reason where it does not, and where it runs already."""
        with contextlib.ExitStack() as undone:
            undone.callback(self.app.use(self._database or self._temporary(undone), auth=self.tokens.before))
            undone.enter_context(self.bugs)
            quiet = logging.NullHandler()  # servers write a line for each request where nobody has set logging up
            ACCESS.addHandler(quiet)
            undone.callback(ACCESS.removeHandler, quiet)
            lifespan = _Lifespan(self.app)
            await lifespan.startup()
            self._lifespan, self.running, self._end = lifespan, True, undone.pop_all()

    async def stop(self) -> None:
        """Stop it, and give it its own database back."""
        lifespan, self._lifespan, self.running = self._lifespan, None, False
        with self._end:
            if lifespan is not None:
                await lifespan.shutdown()

    @staticmethod
    def _temporary(undone: contextlib.ExitStack) -> Path:
        return Path(undone.enter_context(tempfile.TemporaryDirectory(prefix="dragoman-"))) / "test.db"


class _Lifespan:
    """The life of an ASGI application, from the server's side."""

    def __init__(self, app: dm.App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._task = asyncio.create_task(self._app(scope, self._told.get, self._said.put))
        await self._pass("startup")

    async def shutdown(self) -> None:
        await self._pass("shutdown")

    async def _pass(self, phase: str) -> None:
        assert self._task is not None
        await self._told.put({"type": f"lifespan.{phase}"})
        answer = asyncio.create_task(self._said.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await self._task
            raise RuntimeError(f"the application's lifespan ended without an answer to {phase}")
        message = answer.result()
        if message["type"] != f"lifespan.{phase}.complete":
            await self._task
            raise RuntimeError(message.get("message") or f"the application did not complete its {phase}")
        if phase == "shutdown":
            await self._task
