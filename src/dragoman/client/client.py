"""What users hold: a client that waits in an event loop, and one that blocks. They differ in nothing but how they wait;
what they do is :mod:`~dragoman.client.core`'s.

Types come from the handles: a handle can be called as its handler can, so that what :meth:`AsyncClient.call` takes and
gives follows from the handler's own signature.
"""

from __future__ import annotations

import sys
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from os import PathLike
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload

from dragoman.contract.context import Context
from dragoman.contract.handle import Resources
from dragoman.contract.principal import AudienceName
from dragoman.contract.resource import Id, Resource

from .core import TIMEOUT, Core
from .http.blocking import ThreadNet, run
from .http.looping import LoopNet
from .http.net import Net
from .options import Options
from .remotes import AsyncRemote, Remote
from .retries import Retries
from .speech import Over
from .streams import AsyncStream, Stream

In = TypeVar("In")
T = TypeVar("T")
R = TypeVar("R", bound=Resource)


class _Client:
    """What both clients are made of."""

    def __init__(
        self,
        url: str,
        *,
        over: Over = "connect",
        path: str | None = None,
        auth: str | Callable[[], str] | None = None,
        lock: str | PathLike[str] | None = None,
        package: str = "",
        audience: AudienceName | None = None,
        timeout: float | None = TIMEOUT,
        retries: Retries | None = None,
        headers: Mapping[str, str] | None = None,
        tls: SSLContext | None = None,
        unix_socket: str | PathLike[str] | None = None,
        http2: bool = False,
        keys: bool | None = None,
    ) -> None:
        """A client of one surface, ``over`` one of its styles.

        ``path`` is the surface's, which REST and plain POST need. ``lock`` is the lock file of the server's
        ``dm.rpc``, relative to the folder of the module that calls this; gRPC needs it, and Connect speaks binary with
        it and JSON without. ``package`` is that of ``dm.rpc`` too. ``auth`` is an API key or a token, or what gives
        one for each request. ``audience`` says for whom the surface is, where classes have fields that not everybody
        sees. ``timeout`` bounds calls in seconds, all attempts together; streams have none, unless their call says
        so. ``tls`` is a context with a CA or a certificate of one's own. ``keys`` says whether idempotency keys are
        made up, which only a surface takes that knows its callers: True, where a certificate and not ``auth`` says who
        calls.
        """
        if lock is not None:
            caller = sys._getframe(1).f_globals.get("__file__")
            lock = (Path(caller).parent if caller else Path.cwd()) / lock
        self._options: Options = {}
        self._core = Core(
            self._net(), url, over, path, audience, package, lock, auth, timeout, retries or Retries(), headers or {},
            tls, unix_socket, http2, keys,
        )  # fmt: skip

    def _net(self) -> Net:
        raise NotImplementedError

    def using(self, **options: Unpack[Options]) -> Self:
        """The same client, its connections too, with something said of all calls: ``client.using(within=ctx)``."""
        other = type(self).__new__(type(self))
        other._core, other._options = self._core, self._with(options)
        return other

    def _with(self, options: Options) -> Options:
        return {**self._options, **options}


class AsyncClient(_Client):
    """A client in an event loop::

        async with dm.AsyncClient("http://127.0.0.1:8000", auth="key") as client:
            score = await client.call(predict, Transaction(amount_cents=25_000))

    It may be used by many tasks at once, all of one loop.
    """

    def _net(self) -> Net:
        return LoopNet()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._core.close()

    def __getitem__(self, resources: Resources[R]) -> AsyncRemote[R]:
        """The methods of a resource: ``client[orders].get(id)``."""
        return AsyncRemote(self._core, resources, self._options)

    @overload
    async def call(self, operation: Callable[[], Awaitable[T]], /, **options: Unpack[Options]) -> T: ...
    @overload
    async def call(self, operation: Callable[[Context], Awaitable[T]], /, **options: Unpack[Options]) -> T: ...
    @overload
    async def call(self, operation: Callable[[], T], /, **options: Unpack[Options]) -> T: ...
    @overload
    async def call(
        self, batch: Callable[[Sequence[In]], Awaitable[Sequence[T]]], item: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(
        self, batch: Callable[[Sequence[In]], Sequence[T]], item: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(
        self,
        operation: Callable[[AsyncIterator[In]], Awaitable[T]],
        items: AsyncIterable[In] | Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    async def call(
        self,
        operation: Callable[[AsyncIterator[In], Context], Awaitable[T]],
        items: AsyncIterable[In] | Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    async def call(
        self, method: Callable[[R], Awaitable[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(
        self, method: Callable[[R, Context], Awaitable[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(self, method: Callable[[R], T], resource: R | Id[R], /, **options: Unpack[Options]) -> T: ...
    @overload
    async def call(
        self, method: Callable[[R, In], Awaitable[T]], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(
        self,
        method: Callable[[R, In, Context], Awaitable[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    async def call(
        self, method: Callable[[R, In], T], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(self, operation: Callable[[In], Awaitable[T]], input: In, /, **options: Unpack[Options]) -> T: ...
    @overload
    async def call(
        self, operation: Callable[[In, Context], Awaitable[T]], input: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    async def call(self, operation: Callable[[In], T], input: In, /, **options: Unpack[Options]) -> T: ...
    async def call(self, operation: Any, /, *given: Any, **options: Unpack[Options]) -> Any:
        """Call an operation, or a method of a resource, that answers once: ``client.call(predict, transaction)``,
        ``client.call(refund, order, Refund(cents=100))``.

        Whoever gives a resource means it as it was read: it must have its version still. Its id alone means it
        whatever it has become. Raises the faults of the contract, Unavailable where there is no connection, and
        DeadlineExceeded.
        """
        return await self._core.call(operation, given, self._with(options))

    @overload
    def stream(self, operation: Callable[[], AsyncIterator[T]], /, **options: Unpack[Options]) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[Context], AsyncIterator[T]], /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(self, operation: Callable[[], Iterator[T]], /, **options: Unpack[Options]) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        operation: Callable[[AsyncIterator[In]], AsyncIterator[T]],
        items: AsyncIterable[In] | Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        operation: Callable[[AsyncIterator[In], Context], AsyncIterator[T]],
        items: AsyncIterable[In] | Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R], AsyncIterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R, Context], AsyncIterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R], Iterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        method: Callable[[R, In], AsyncIterator[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        method: Callable[[R, In, Context], AsyncIterator[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R, In], Iterator[T]], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[In], AsyncIterator[T]], input: In, /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[In, Context], AsyncIterator[T]], input: In, /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[In], Iterator[T]], input: In, /, **options: Unpack[Options]
    ) -> AsyncStream[T]: ...
    def stream(self, operation: Any, /, *given: Any, **options: Unpack[Options]) -> Any:
        """Call what answers with a stream: ``async for each in client.stream(sales, Since(…))``. What is sent may be
        one, too. Nothing is asked before the first item is.
        """
        return AsyncStream(self._core.stream(operation, given, self._with(options)))


class Client(_Client):
    """A client that blocks::

        with dm.Client("http://127.0.0.1:8000", auth="key") as client:
            score = client.call(predict, Transaction(amount_cents=25_000))

    It may be used by many threads at once. No event loop takes part in it.
    """

    def _net(self) -> Net:
        return ThreadNet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        run(self._core.close())

    def __getitem__(self, resources: Resources[R]) -> Remote[R]:
        """The methods of a resource: ``client[orders].get(id)``."""
        return Remote(self._core, resources, self._options)

    @overload
    def call(self, operation: Callable[[], Awaitable[T]], /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(self, operation: Callable[[Context], Awaitable[T]], /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(self, operation: Callable[[], T], /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(
        self, batch: Callable[[Sequence[In]], Awaitable[Sequence[T]]], item: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    def call(self, batch: Callable[[Sequence[In]], Sequence[T]], item: In, /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(
        self,
        operation: Callable[[AsyncIterator[In]], Awaitable[T]],
        items: Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    def call(
        self,
        operation: Callable[[AsyncIterator[In], Context], Awaitable[T]],
        items: Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    def call(self, method: Callable[[R], Awaitable[T]], resource: R | Id[R], /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(
        self, method: Callable[[R, Context], Awaitable[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    def call(self, method: Callable[[R], T], resource: R | Id[R], /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(
        self, method: Callable[[R, In], Awaitable[T]], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    def call(
        self,
        method: Callable[[R, In, Context], Awaitable[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> T: ...
    @overload
    def call(
        self, method: Callable[[R, In], T], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> T: ...
    @overload
    def call(self, operation: Callable[[In], Awaitable[T]], input: In, /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(self, operation: Callable[[In, Context], Awaitable[T]], input: In, /, **options: Unpack[Options]) -> T: ...
    @overload
    def call(self, operation: Callable[[In], T], input: In, /, **options: Unpack[Options]) -> T: ...
    def call(self, operation: Any, /, *given: Any, **options: Unpack[Options]) -> Any:
        """As :meth:`AsyncClient.call`."""
        return run(self._core.call(operation, given, self._with(options)))

    @overload
    def stream(self, operation: Callable[[], AsyncIterator[T]], /, **options: Unpack[Options]) -> Stream[T]: ...
    @overload
    def stream(self, operation: Callable[[Context], AsyncIterator[T]], /, **options: Unpack[Options]) -> Stream[T]: ...
    @overload
    def stream(self, operation: Callable[[], Iterator[T]], /, **options: Unpack[Options]) -> Stream[T]: ...
    @overload
    def stream(
        self,
        operation: Callable[[AsyncIterator[In]], AsyncIterator[T]],
        items: Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self,
        operation: Callable[[AsyncIterator[In], Context], AsyncIterator[T]],
        items: Iterable[In],
        /,
        **options: Unpack[Options],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R], AsyncIterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R, Context], AsyncIterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R], Iterator[T]], resource: R | Id[R], /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(
        self,
        method: Callable[[R, In], AsyncIterator[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self,
        method: Callable[[R, In, Context], AsyncIterator[T]],
        resource: R | Id[R],
        input: In,
        /,
        **options: Unpack[Options],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, method: Callable[[R, In], Iterator[T]], resource: R | Id[R], input: In, /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[In], AsyncIterator[T]], input: In, /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(
        self, operation: Callable[[In, Context], AsyncIterator[T]], input: In, /, **options: Unpack[Options]
    ) -> Stream[T]: ...
    @overload
    def stream(self, operation: Callable[[In], Iterator[T]], input: In, /, **options: Unpack[Options]) -> Stream[T]: ...
    def stream(self, operation: Any, /, *given: Any, **options: Unpack[Options]) -> Any:
        """As :meth:`AsyncClient.stream`."""
        return Stream(self._core.stream(operation, given, self._with(options)))
