"""Acting as a principal: an authenticator in front of a surface's own, which knows the tokens of a test besides."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping, Sequence

from dragoman.contract.principal import Principal
from dragoman.ports.authenticator import Authenticate, Authenticator
from dragoman.ports.store import Store, Table
from dragoman.ports.wire import Certificate


class Tokens:
    """Whom each token of a test stands for."""

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}
        self._wrapped: dict[int, Authenticator] = {}

    def issue(self, principal: Principal) -> str:
        """A value of ``Authorization`` that stands for the principal, until the client is closed."""
        shown = f"Bearer test_{secrets.token_urlsafe(16)}"
        self._principals[shown] = principal
        return shown

    def find(self, headers: Mapping[str, str]) -> Principal | None:
        """Whom the headers stand for, if they hold one of these tokens."""
        return self._principals.get(headers.get("authorization", ""))

    def before(self, auth: Authenticator | None) -> Authenticator | None:
        """The authenticator with these tokens; one for each, since several surfaces may share it. Where everybody is
        let in, credentials go on being ignored.
        """
        if auth is None or auth.anonymous:
            return auth
        return self._wrapped.setdefault(id(auth), Acting(auth, self))


class Acting:
    """An authenticator that takes a test's tokens, and leaves all else to the one behind it."""

    anonymous = False

    def __init__(self, behind: Authenticator, tokens: Tokens) -> None:
        self._behind = behind
        self._tokens = tokens
        self.scheme: Mapping[str, str] = behind.scheme
        self.challenge = behind.challenge
        self.headers: Sequence[str] = tuple(dict.fromkeys(("authorization", *behind.headers)))
        self.tables: Sequence[Table] = behind.tables

    def __getattr__(self, name: str) -> object:
        """Whatever else the one behind it has."""
        return getattr(self._behind, name)

    def bind(self, store: Store) -> Authenticate:
        """Look at the tokens first."""
        behind = self._behind.bind(store)

        def authenticate(
            headers: Mapping[str, str], certificate: Certificate | None = None
        ) -> Principal | Awaitable[Principal]:
            return self._tokens.find(headers) or behind(headers, certificate)

        return authenticate

    def check_listening(self, host: str) -> None:
        """As the one behind it has it."""
        self._behind.check_listening(host)
