"""A contract whose handlers a test writes, and an application on it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from driving import Answer, Caller, principal, run

import dragoman as dm


class Item(dm.Resource, prefix="itm"):
    name: Annotated[str, dm.Length(1, 20), dm.Unique()]
    count: Annotated[int, dm.Ge(0), dm.Le(1000), dm.Filter("gte"), dm.Sort()] = 0
    weight: Annotated[float | None, dm.Ge(0)] = None
    number: int | None = None
    parent: Annotated[dm.Id[Item] | None, dm.Ref(reverse="children")] = None


class Named(dm.Struct):
    name: str


class Ask(dm.Struct):
    """What a test's handler is told."""

    what: str = ""
    id: dm.Id[Item] | None = None
    count: int = 0


class Told(dm.Struct):
    """What it tells."""

    lines: list[str] = []
    count: int = 0


KEYS = {
    "one": principal("ann", "one", "operator", "internal"),
    "two": principal("bob", "two", "operator", "internal"),
}

Handler = Callable[[Ask, dm.Context], Awaitable[Told]]


class Bench:
    """A contract whose handlers a test writes, an application on it, and callers of two tenants."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.contract = dm.Contract("bench")
        self.items = self.contract.resource(Item)
        self.exposes: list[Any] = [self.items]
        self.options: dict[str, Any] = {}

    def operation(self, **options: Any) -> Callable[[Any], Any]:
        """Declare and expose an operation."""

        def declare(function: Any) -> Any:
            handle = self.contract.operation(**options)(function)
            self.exposes.append(handle)
            return handle

        return declare

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        """Run a scenario against the application."""
        keys = dm.api_keys(fixed=KEYS)
        surface = dm.rest("bench", "/v1", audience="operator", auth=keys, exposes=self.exposes, **self.options)
        self.app = app = dm.App(surface, database=self.database)
        self.one, self.two = Caller(app, "one", "/v1"), Caller(app, "two", "/v1")
        run(app, scenario)

    async def add(self, name: str, **values: Any) -> str:
        """Create an item; its id."""
        return str((await self.one.post("/items", {"name": name, **values})).ok(201).json["id"])

    async def names(self) -> list[str]:
        """Names of the first tenant's items, in order of creation."""
        return [each["name"] for each in await self.one.pages("/items", 1000)]

    async def read(self, id: str) -> dict[str, Any]:
        """One item."""
        found: dict[str, Any] = (await self.one.get(f"/items/{id}")).ok().json
        return found


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of the error log."""
    return [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.error"]


def internal(answer: Answer, caplog: pytest.LogCaptureFixture, *, hidden: str) -> None:
    """The answer tells an id and nothing else; the log has the rest."""
    answer.refused(500, "INTERNAL")
    (line,) = logged(caplog)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["request_id"] in answer.json["detail"]
    assert "Traceback" in line["traceback"]
    assert hidden in line["error"]
    told = answer.body.decode()
    assert hidden not in told
    assert "Traceback" not in told
    assert ".py" not in told
