"""What a host needs of an application."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from dragoman.contract.fault import Fault
from dragoman.ports.limits import Limits
from dragoman.ports.mount import Mounted
from dragoman.ports.wire import Request, Response
from dragoman.runtime.exchange import Exchange


class Hosted(Protocol):
    """An application, as every host sees it."""

    @property
    def limits(self) -> Limits:
        """What is taken of each request, and of all together."""
        ...

    @property
    def mounts(self) -> Sequence[Mounted]:
        """Other applications, started and stopped with it, which answer below their paths."""
        ...

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """The largest body that is taken at a path, in bytes, where it is another than ``limits.body``; None where the
        body is read while it comes: there a request is answered once its head is complete, and has a stream.
        """
        ...

    def knows(self, path: str) -> bool:
        """Whether anything answers at a path, or below a path that it is below; where not, the head is enough to say
        so.
        """
        ...

    async def start(self) -> None:
        """Open for calls."""

    async def stop(self) -> None:
        """Finish what was accepted, and close."""

    def respond(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Answer one request. Never raises, but for the cancellation of its own task."""
        ...

    def refuse(self, fault: Fault, request: Request, exchange: Exchange) -> Response:
        """The answer to a request that the host refuses by itself: in the words of the style that it is for, and
        readable for the pages that may read the others.
        """
        ...

    def check_listening(self, host: str) -> None:
        """Raises DeclarationError if it is not safe to listen there."""
