"""Drives an application inside this process, as its callers see it: requests go in, answers come out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import dragoman as dm
from dragoman.ports.wire import Request, Response

UNSAID: Any = object()


class Answer:
    """A response with its JSON read."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = {name.decode(): value.decode() for name, value in response.headers}
        self.body = response.body

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:600].decode(errors='replace')}>"

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        """The entity tag."""
        return self.headers["etag"]

    @property
    def version(self) -> int:
        """The version that the entity tag names."""
        return int(self.etag.strip('"').partition("-")[0])

    @property
    def code(self) -> str:
        """The canonical code of a problem; OK for anything else."""
        return str(self.json["code"]) if self.headers.get("content-type") == "application/problem+json" else "OK"

    @property
    def pointers(self) -> list[str]:
        """Where a problem's violations are."""
        return [each.get("pointer", each.get("parameter")) for each in self.json.get("errors", ())]

    def ok(self, status: int = 200) -> Answer:
        """Itself, if it has that status."""
        assert self.status == status, self
        return self

    def refused(self, status: int, code: str | None = None, at: str | None = None) -> Answer:
        """Itself, if it is such a problem, and one that says what happened."""
        assert self.status == status, self
        assert self.headers["content-type"] == "application/problem+json", self
        problem = self.json
        assert problem["status"] == status, self
        assert problem["title"], self
        assert problem["detail"], self
        assert problem["request_id"] == self.headers["x-request-id"], self
        assert code in (None, problem["code"]), self
        assert at is None or at in self.pointers, self
        return self


class Caller:
    """Somebody with a key (or None), who calls one surface."""

    def __init__(self, app: dm.App, key: str | None, path: str) -> None:
        self.app = app
        self.path = path
        self.headers = {} if key is None else {"authorization": f"Bearer {key}"}

    async def __call__(
        self,
        method: str,
        path: str,
        json_body: Any = UNSAID,
        *,
        body: bytes = b"",
        query: Mapping[str, Any] | str = "",
        **headers: str,
    ) -> Answer:
        """Send a request. Names of headers are given with underscores: ``if_match=…``."""
        if json_body is not UNSAID:
            body = json.dumps(json_body).encode()
        if not isinstance(query, str):
            query = urlencode(query)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            named.setdefault("content-type", "application/json")
        request = Request(method, self.path + path, query, {**self.headers, **named}, body)
        return Answer(await self.app.respond(request))

    async def get(self, path: str, **more: Any) -> Answer:
        """GET."""
        return await self("GET", path, **more)

    async def post(self, path: str, json_body: Any = UNSAID, **more: Any) -> Answer:
        """POST."""
        return await self("POST", path, json_body, **more)

    async def patch(self, path: str, json_body: Any = UNSAID, **more: Any) -> Answer:
        """PATCH."""
        return await self("PATCH", path, json_body, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        """DELETE."""
        return await self("DELETE", path, **more)

    async def pages(self, path: str, size: int, query: Mapping[str, Any] | None = None) -> list[Any]:
        """Every item of a list, walked page by page. If each page counts them, all say the same, which is true."""
        items: list[Any] = []
        asked = {**(query or {}), "page_size": size}
        token = ""
        totals = set()
        while True:
            answer = (await self.get(path, query={**asked, "page_token": token} if token else asked)).ok()
            page = answer.json
            found = next(value for name, value in page.items() if isinstance(value, list))
            totals.add(page.get("total_size"))
            assert len(found) <= size
            items += found
            token = page["next_page_token"]
            if not token:
                assert totals == ({len(items)} if asked.get("count") == "true" else {None})
                return items
            assert len(found) == size, "a page that is not the last is full"


@asynccontextmanager
async def running(app: dm.App) -> AsyncIterator[dm.App]:
    """The application while the block runs."""
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def run(app: dm.App, scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario with the application started."""

    async def whole() -> None:
        async with running(app):
            await scenario()

    asyncio.run(whole())


def principal(identity: str, tenant: str, *audiences: str, scopes: tuple[str, ...] = ("*",)) -> dm.Principal:
    """A principal for a fixed key."""
    return dm.Principal(identity, tenant, frozenset(scopes), frozenset(map(dm.Audience, audiences)))
