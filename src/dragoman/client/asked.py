"""The methods of a resource, as a core is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dragoman.contract.expression import Expression
from dragoman.contract.handle import Resources
from dragoman.contract.resource import Resource

from .core import Core, known
from .listing import query
from .options import Options
from .ways.spoken import Given, Page, Query, Spoken


class Asked:
    """One resource of one client, with what is said of all its calls."""

    def __init__(self, core: Core, resources: Resources[Any], options: Options) -> None:
        self._core = core
        self._resources = resources
        self._options = options

    def __repr__(self) -> str:
        return f"<{self._resources.description.plural} of a client>"

    def _spoken(self, name: str) -> Spoken:
        return self._core.spoken(self._resources.handles[name])

    def _with(self, options: Options) -> Options:
        return {**self._options, **options}

    async def get(self, id: str, options: Options) -> Any:
        """The resource of that id."""
        return await self._core.unary(self._spoken("get"), Given(_id(id)), self._with(options))

    async def create(self, value: Any, options: Options) -> Any:
        """A new one."""
        spoken = self._spoken("create")
        assert spoken.input is not None
        return await self._core.unary(spoken, Given(value=spoken.input.json(value)), self._with(options))

    async def update(self, target: Any, changes: Mapping[str, Any], options: Options) -> Any:
        """The same one, with changes."""
        spoken = self._spoken("update")
        assert spoken.input is not None
        id, version = known(target, spoken.operation, conditional=True)
        before = None if version is None else spoken.input.json(target)
        given = Given(id, version, changes=spoken.input.changes(changes), before=before)
        return await self._core.unary(spoken, given, self._with(options))

    async def delete(self, target: Any, options: Options) -> None:
        """Nothing is left of it."""
        spoken = self._spoken("delete")
        await self._core.unary(spoken, Given(*known(target, spoken.operation, conditional=True)), self._with(options))

    async def page(
        self,
        where: Expression | None,
        order_by: str,
        page_size: int | None,
        page_token: str,
        count: bool,
        options: Options,
    ) -> Page[Any]:
        """A page of a list."""
        asked = query(
            self._resources, where, order_by=order_by, page_size=page_size, page_token=page_token, count=count
        )
        return await self.asked(asked, self._with(options))

    async def asked(self, asked: Query, options: Options) -> Page[Any]:
        """A page of a list, as it was asked for."""
        page: Page[Any] = await self._core.unary(self._spoken("list"), Given(query=asked), options)
        return page

    def pages(self, where: Expression | None, order_by: str, page_size: int | None, options: Options) -> Pages:
        """A list, page by page."""
        asked = query(self._resources, where, order_by=order_by, page_size=page_size)
        self._spoken("list")
        return Pages(self, asked, self._with(options))


class Pages:
    """A list, item by item; a page is asked for when the one before has been taken."""

    def __init__(self, asked: Asked, query: Query, options: Options) -> None:
        self._asked = asked
        self._query = query
        self._options = options
        self._ready: list[Any] = []
        self._token: str | None = None

    async def next(self) -> Any:
        """The next item. Raises StopAsyncIteration at the end, and Fault."""
        while not self._ready:
            if self._token == "":
                raise StopAsyncIteration
            q = self._query
            asked = Query(q.filters, q.parent, q.order_by, q.page_size, self._token or "", q.ids, q.count)
            page = await self._asked.asked(asked, self._options)
            self._ready, self._token = list(reversed(page.items)), page.next_page_token
        return self._ready.pop()

    def close(self) -> None:
        """There is nothing to give up."""
        self._ready, self._token = [], ""


def _id(id: Any) -> str:
    if isinstance(id, str) and id:
        return id
    if isinstance(id, Resource):
        return id.id
    raise TypeError(f"{id!r:.100} is no id")
