"""Where "who calls?" meets the runtime: one small protocol that keys, tokens and certificates implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dragoman.contract.principal import Principal

from .store import Store, Table


class Authenticator(Protocol):
    """Tells who calls. One object may serve several surfaces, and is started once."""

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
    def tables(self) -> Sequence[Table]:
        """The tables it keeps its state in."""
        ...

    def attach(self, store: Store) -> None:
        """Prepare statements; called when the application is composed, before the store is started."""
        ...

    def check_listening(self, host: str) -> None:
        """Called before the process listens on ``host``. Raises DeclarationError if that is not safe."""
        ...

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """The caller, from headers (HTTP) or metadata (gRPC) with lower-case names.

        Raises Unauthenticated, with a message that says what is missing or wrong, and never which part of a secret.
        """
        ...
