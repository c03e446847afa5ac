"""The standard methods of a resource, for a client in an event loop and for one that blocks."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, Unpack

from dragoman.contract.expression import Expression
from dragoman.contract.handle import Resources
from dragoman.contract.resource import Id, Resource

from .asked import Asked
from .core import Core
from .http.blocking import run
from .options import Options
from .streams import AsyncStream, Stream
from .ways.spoken import Page

R = TypeVar("R", bound=Resource)


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
