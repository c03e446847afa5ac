"""Clients for tests of an application: httpx's, with the application behind them instead of a network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

import httpx

import dragoman as dm

from .harness import Harness
from .transport import BlockingTransport, Transport

AudienceName: TypeAlias = Literal["public", "partner", "internal", "frontend", "operator"]

BASE_URL: Final = "http://testserver"
EVERY: Final[tuple[AudienceName, ...]] = ("public", "partner", "internal", "frontend", "operator")

_STRANGER: Final = (
    "it takes a dm.App, and this is a {}. If it carries a dm.App, give the App another database with "
    "app.use(path), and test both with the client that your framework has, such as fastapi.testclient.TestClient"
)


class _Acting:
    """What both clients have besides httpx's methods."""

    _harness: Harness
    _owner: bool
    _options: dict[str, Any]

    def __init__(
        self, app: dm.App, *, key: str = "", database: str | os.PathLike[str] | None = None, **options: Any
    ) -> None:
        if not isinstance(app, dm.App):
            raise TypeError(_STRANGER.format(type(app).__name__))
        if key:
            options = _with_header(options, f"Bearer {key}")
        self._share(Harness(app, database), options, owner=True)

    @property
    def app(self) -> dm.App:
        """The application."""
        return self._harness.app

    @property
    def bugs(self) -> Sequence[BaseException]:
        """The exceptions that nobody expected, oldest first: each was answered 500, and its traceback went to stderr,
        which pytest shows beneath a test that failed.
        """
        return self._harness.bugs.found

    def as_(
        self,
        who: str | dm.Principal,
        *,
        tenant: str = "default",
        scopes: Iterable[str] = ("*",),
        audiences: Iterable[AudienceName] = EVERY,
    ) -> Self:
        """Another client of the same running application, who is ``who``, in a tenant, with scopes, and who may enter
        the surfaces of these audiences: every authenticator takes it at its word. Raises TypeError for a bare string in
        the place of scopes or audiences.
        """
        if isinstance(who, str):
            for name, given in (("scopes", scopes), ("audiences", audiences)):
                if isinstance(given, str):  # which would be taken for its letters
                    raise TypeError(f"{name} is a list: write {name}=[{given!r}]")
            who = dm.Principal(who, tenant, frozenset(scopes), frozenset(map(dm.Audience, audiences)))
        other = type(self).__new__(type(self))
        other._share(self._harness, _with_header(self._options, self._harness.tokens.issue(who)), owner=False)
        return other

    def _share(self, harness: Harness, options: dict[str, Any], *, owner: bool) -> None:
        self._harness, self._options, self._owner = harness, options, owner
        self._open({"base_url": BASE_URL, "timeout": None, **options})

    def _open(self, options: dict[str, Any]) -> None:
        """Initialise httpx's part."""
        raise NotImplementedError


class Client(_Acting, httpx.Client):
    """An :class:`httpx.Client` for an application in this process::

        with Client(app) as client:
            acme = client.as_("acme", scopes=["orders.*"])
            assert acme.get("/v1/orders").status_code == 200

    The application starts where the block begins and stops where it ends, on an empty database of its own that is
    removed then (or on ``database``, which is kept). It is driven as by a server, in a thread with an event loop: a
    handler's exception is an answer with the status 500, and stands in :attr:`bugs`. Streams arrive part by part.
    ``key`` is an API key to send; all else is httpx's, but that there is no time limit if none is given.
    """

    def _open(self, options: dict[str, Any]) -> None:
        httpx.Client.__init__(self, transport=BlockingTransport(self._harness), **options)

    def __enter__(self) -> Self:
        super().__enter__()  # first, since it refuses a client that was used or closed
        if self._owner:
            self._harness.portal.start(self._harness.start)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        if self._owner:
            self._harness.portal.stop(self._harness.stop)


class AsyncClient(_Acting, httpx.AsyncClient):
    """The same as an :class:`httpx.AsyncClient`, with the application in the caller's event loop."""

    def _open(self, options: dict[str, Any]) -> None:
        httpx.AsyncClient.__init__(self, transport=Transport(self._harness), **options)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        if self._owner:
            await self._harness.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await super().__aexit__(exc_type, exc_value, traceback)
        if self._owner:
            await self._harness.stop()


def _with_header(options: dict[str, Any], authorization: str) -> dict[str, Any]:
    headers = httpx.Headers(options.get("headers"))
    headers["authorization"] = authorization
    return {**options, "headers": headers}
