"""Surfaces that let everybody in, said aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragoman.contract.principal import Audience, Principal
from dragoman.ports.authenticator import Authenticate
from dragoman.ports.store import Store, Table
from dragoman.ports.wire import Certificate


class Anonymous:
    """Everybody is the same principal; credentials are not looked at."""

    anonymous = True
    scheme: Mapping[str, str] = {}
    challenge = ""
    headers: Sequence[str] = ()
    tables: Sequence[Table] = ()

    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    def __repr__(self) -> str:
        return f"anonymous(tenant={self.principal.tenant!r}, identity={self.principal.identity!r})"

    def bind(self, store: Store) -> Authenticate:
        """Everybody is the one principal; credentials are not looked at."""

        def authenticate(headers: Mapping[str, str], certificate: Certificate | None = None) -> Principal:
            return self.principal

        return authenticate

    def check_listening(self, host: str) -> None:
        """Whoever writes ``anonymous()`` means it, wherever the process listens."""


def anonymous(tenant: str = "default", identity: str = "anonymous") -> Anonymous:
    """Let everybody in, without credentials, as one principal that may call whatever the surface exposes."""
    return Anonymous(Principal(identity, tenant, audiences=frozenset(Audience)))
