"""Where "who calls?" meets the runtime: one small protocol that keys, tokens and certificates implement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from dragoman.contract.principal import Principal

from .store import Store, Table
from .wire import Certificate

Authenticate: TypeAlias = Callable[[Mapping[str, str], Certificate | None], Principal | Awaitable[Principal]]
"""Tells who calls, from headers (HTTP) or metadata (gRPC) with lower-case names, and from the certificate that the
client showed to TLS, if it did. It may answer at once, where it has to wait for nothing.

Raises Unauthenticated, with a message that says what is missing or wrong, and never which part of a secret.
"""


class Authenticator(Protocol):
    """A way to tell who calls. A value: it may serve several surfaces, and several applications."""

    @property
    def anonymous(self) -> bool:
        """Whether callers without credentials are let in."""
        ...

    @property
    def scheme(self) -> Mapping[str, str]:
        """How callers show who they are, as an OpenAPI security scheme object; empty for none."""
        ...

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate`` (RFC 9110, section 11.6.1); empty for none."""
        ...

    @property
    def headers(self) -> Sequence[str]:
        """The headers that it reads, in lower case: what caches have to tell callers apart by."""
        ...

    @property
    def tables(self) -> Sequence[Table]:
        """The tables it keeps its state in."""
        ...

    def bind(self, store: Store) -> Authenticate:
        """Prepare it for one application's store, before that is started."""
        ...

    def check_listening(self, host: str) -> None:
        """Called before the process listens on ``host``. Raises DeclarationError if that is not safe."""
        ...
