"""Where somebody else's application meets ours: it is carried under a path, and goes on being itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

AsgiApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application: called with a scope, receive and send."""


@dataclass(frozen=True, slots=True)
class Mount:
    """An ASGI application and the path under which it is served. No policy of ours holds there: it does its own
    authentication, and bounds its own bodies.
    """

    path: str
    app: AsgiApp

    def __str__(self) -> str:
        """For people: where it is, and the class or the function that it is."""
        named: Any = self.app if hasattr(self.app, "__qualname__") else type(self.app)
        return f"{self.path}: {named.__module__}.{named.__qualname__}, mounted; it does its own authentication"


class Mounted(Protocol):
    """A mount that an application started. Whatever host it has dispatches to it."""

    @property
    def mount(self) -> Mount:
        """What is mounted where."""
        ...

    @property
    def state(self) -> Mapping[str, Any]:
        """What its lifespan left for its requests: each is given a shallow copy as ``scope["state"]``."""
        ...


class MountError(Exception):
    """A mounted application could not be started or stopped: names the mount, and says why, in one line."""
