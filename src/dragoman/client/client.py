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
from typing import Any, Generic, Self, TypeVar, Unpack, overload

from dragoman.contract.context import Context
from dragoman.contract.expression import Expression
from dragoman.contract.handle import Resources
from dragoman.contract.principal import AudienceName
from dragoman.contract.resource import Id, Resource

from .asked import Asked, Pages
from .core import TIMEOUT, Core, Items
from .http.blocking import ThreadNet, run
from .http.looping import LoopNet
from .http.net import Net
from .options import Options
from .retries import Retries
from .speech import Over
from .ways.spoken import Page

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


class AsyncStream(Generic[T]):
    """What comes item by item. Leaving it early cancels the call, once it is closed: by ``async with``, or
    :meth:`aclose`.
    """

    def __init__(self, items: Items | Pages) -> None:
        self._items = items

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        item: T = await self._items.next()
        return item

    async def aclose(self) -> None:
        """Take no more."""
        self._items.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()


class AsyncRemote(Generic[R]):
    """The standard methods of a resource. Its custom ones are called as operations are: ``client.call(cancel, …)``."""

    def __init__(self, core: Core, resources: Resources[R], options: Options) -> None:
        self._asked = Asked(core, resources, options)

    async def get(self, id: Id[R], /, **options: Unpack[Options]) -> R:
        """The resource of that id. Raises NotFound."""
        found: R = await self._asked.get(id, options)
        return found

    async def create(self, resource: R, /, **options: Unpack[Options]) -> R:
        """Create one; its id and its times are the server's."""
        made: R = await self._asked.create(resource, options)
        return made

    async def update(self, resource: R | Id[R], /, **changes: Any) -> R:
        """Change fields: ``client[orders].update(order, status="paid")``; returns it as it is then.

        The resource itself must have its version still, else PreconditionFailed is raised; its id means it whatever
        it has become. Lists and maps are replaced. Options are given by :meth:`AsyncClient.using`.
        """
        made: R = await self._asked.update(resource, changes, {})
        return made

    async def delete(self, resource: R | Id[R], /, **options: Unpack[Options]) -> None:
        """Delete it; of the resource itself, only the version that was read."""
        await self._asked.delete(resource, options)

    def list(
        self,
        where: Expression | None = None,
        /,
        *,
        order_by: str = "",
        page_size: int | None = None,
        **options: Unpack[Options],
    ) -> AsyncStream[R]:
        """All that meet ``where``, page by page: ``orders.field.status == "paid"``, and more of these with ``&``."""
        return AsyncStream(self._asked.pages(where, order_by, page_size, options))

    async def page(
        self,
        where: Expression | None = None,
        /,
        *,
        order_by: str = "",
        page_size: int | None = None,
        page_token: str = "",
        count: bool = False,
        **options: Unpack[Options],
    ) -> Page[R]:
        """One page; ``count`` asks how many there are on all."""
        return await self._asked.page(where, order_by, page_size, page_token, count, options)


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


class Stream(Generic[T]):
    """What comes item by item. Leaving it early cancels the call, once it is closed: by ``with``, or
    :meth:`close`.
    """

    def __init__(self, items: Items | Pages) -> None:
        self._items = items

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            item: T = run(self._items.next())
        except StopAsyncIteration:
            raise StopIteration from None
        return item

    def close(self) -> None:
        """Take no more."""
        self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()


class Remote(Generic[R]):
    """The standard methods of a resource. Its custom ones are called as operations are: ``client.call(cancel, …)``."""

    def __init__(self, core: Core, resources: Resources[R], options: Options) -> None:
        self._asked = Asked(core, resources, options)

    def get(self, id: Id[R], /, **options: Unpack[Options]) -> R:
        """The resource of that id. Raises NotFound."""
        found: R = run(self._asked.get(id, options))
        return found

    def create(self, resource: R, /, **options: Unpack[Options]) -> R:
        """Create one; its id and its times are the server's."""
        made: R = run(self._asked.create(resource, options))
        return made

    def update(self, resource: R | Id[R], /, **changes: Any) -> R:
        """Change fields: ``client[orders].update(order, status="paid")``; returns it as it is then.

        The resource itself must have its version still, else PreconditionFailed is raised; its id means it whatever
        it has become. Lists and maps are replaced. Options are given by :meth:`Client.using`.
        """
        made: R = run(self._asked.update(resource, changes, {}))
        return made

    def delete(self, resource: R | Id[R], /, **options: Unpack[Options]) -> None:
        """Delete it; of the resource itself, only the version that was read."""
        run(self._asked.delete(resource, options))

    def list(
        self,
        where: Expression | None = None,
        /,
        *,
        order_by: str = "",
        page_size: int | None = None,
        **options: Unpack[Options],
    ) -> Stream[R]:
        """All that meet ``where``, page by page: ``orders.field.status == "paid"``, and more of these with ``&``."""
        return Stream(self._asked.pages(where, order_by, page_size, options))

    def page(
        self,
        where: Expression | None = None,
        /,
        *,
        order_by: str = "",
        page_size: int | None = None,
        page_token: str = "",
        count: bool = False,
        **options: Unpack[Options],
    ) -> Page[R]:
        """One page; ``count`` asks how many there are on all."""
        return run(self._asked.page(where, order_by, page_size, page_token, count, options))
