"""Of two things that are wrong with a request, the one that stands first in the table is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driving import Caller, principal, running
from web_store import goods

import dragoman as dm
from dragoman.runtime.http.checks import ORDER


@dataclass
class Asked:
    """A change of a good that works. ``spoilt`` are its parts that were spoilt."""

    good: str
    key: str | None = "all"
    method: str = "PATCH"
    surface: str = "/strict"
    path: str = ""
    query: str = ""
    body: bytes = b'{"grams": 1}'
    headers: dict[str, str] = field(default_factory=lambda: {"if_match": "*"})
    app_is_full: bool = False
    spoilt: set[str] = field(default_factory=set)

    def spoil(self, part: str, value: Any) -> None:
        """Give a part another value. Two mistakes need two parts."""
        name = part if part in self.__dataclass_fields__ else "headers"
        if part in self.spoilt:
            raise LookupError(part)
        self.spoilt.add(part)
        if name == "headers":
            self.headers[part] = value
        else:
            setattr(self, part, value)


MISTAKES: dict[str, Callable[[Asked], None]] = {
    "the server has room for it": lambda asked: asked.spoil("app_is_full", True),
    "a surface is at its path": lambda asked: asked.spoil("surface", "/nowhere"),
    "its credential is known": lambda asked: asked.spoil("key", "unknown"),
    "the credential may enter the surface": lambda asked: asked.spoil("key", "outside"),
    "Request-Timeout can be read": lambda asked: asked.spoil("request_timeout", "soon"),
    "it may act in the tenant that it names": lambda asked: asked.spoil("dragoman_tenant", "other"),
    "something is at its path": lambda asked: asked.spoil("path", "/nothing"),
    "its method is offered there": lambda asked: asked.spoil("method", "PUT"),
    "Accept admits what is answered": lambda asked: asked.spoil("accept", "text/html"),
    "the caller may call the operation": lambda asked: asked.spoil("key", "reader"),
    "its body is of a type that is read": lambda asked: asked.spoil("content_type", "text/plain"),
    "If-Match is there where it is asked for": lambda asked: asked.spoil("if_match", None),
    "query and body can be parsed": lambda asked: asked.spoil("body", b"{"),
    "query and body are what the contract asks for": lambda asked: asked.spoil("body", b'{"grams": -1}'),
    "the resource exists, for this caller": lambda asked: asked.spoil("path", "/goods/good_00000000000000000000000000"),
    "If-Match names its version": lambda asked: asked.spoil("if_match", '"99-abc"'),
    "its state allows it": lambda asked: asked.spoil("body", b'{"name": "taken"}'),
}

KEYS = {
    "all": principal("ann", "default", "operator"),
    "outside": principal("oda", "default", "partner"),
    "reader": principal("rita", "default", "operator", scopes=("goods.get",)),
}


async def status_of(app: dm.App, asked: Asked) -> int:
    """What the request is answered."""
    app._exchanges._max_in_flight = 0 if asked.app_is_full else 100
    headers = {name: value for name, value in asked.headers.items() if value is not None}
    caller = Caller(app, asked.key, asked.surface)
    path = asked.path or f"/goods/{asked.good}"
    return (await caller(asked.method, path, body=asked.body, query=asked.query, **headers)).status


def test_every_check_is_tried() -> None:
    assert [name for name, _ in ORDER] == list(MISTAKES)


def test_the_first_check_that_fails_is_told(tmp_path: Path) -> None:
    keys = dm.api_keys(fixed=KEYS)
    strict = dm.rest("strict", "/strict", audience="operator", auth=keys, exposes=[goods], require_etag=True)
    app = dm.App(strict, database=tmp_path / "store.db")

    async def scenario() -> None:
        async with running(app):
            caller = Caller(app, "all", "/strict")
            await caller.post("/goods", {"name": "taken"})
            good = (await caller.post("/goods", {"name": "salt"})).ok(201).json["id"]
            assert await status_of(app, Asked(good)) == 200
            tried = 0
            for (name, status), (other, _) in itertools.combinations(ORDER, 2):
                asked = Asked(good)
                try:
                    MISTAKES[name](asked)
                    MISTAKES[other](asked)
                except LookupError:
                    continue  # both would spoil the same part
                assert await status_of(app, asked) == status, f"{name} goes before: {other}"
                tried += 1
            for name, status in ORDER:
                asked = Asked(good)
                MISTAKES[name](asked)
                assert await status_of(app, asked) == status, name
            assert tried > 100

    asyncio.run(scenario())
