"""Counts of lists: exact, of what the caller may see, and only when asked for."""

import asyncio
from pathlib import Path

import pytest
from driving import Caller, run
from market import OPERATOR, PARTNER, make_app

import dragoman as dm
from dragoman.engines.sqlite.counter import SqliteCount


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    return make_app(tmp_path / "market.db")


async def total(caller: Caller, path: str, query: str = "") -> int:
    """What a page of one says."""
    page = (await caller.get(path, query=f"page_size=1&count=true{query}")).ok().json
    return int(page["total_size"])


def test_it_is_of_what_fits_and_may_be_seen(app: dm.App) -> None:
    async def scenario() -> None:
        nora, sara = Caller(app, "north-all", OPERATOR), Caller(app, "south-all", OPERATOR)
        niels = Caller(app, "north-some", PARTNER)
        ids = []
        for number in range(7):
            body = {"email": f"{number}@x", "name": f"n{number}", "region": "west" if number % 3 else "east"}
            ids.append((await nora.post("/customers", body)).ok(201).json["id"])
            order = {"customer": ids[number // 4], "total": number}
            (await nora.post("/orders", order)).ok(201)
            (await nora.post("/memos", {"author": "nora", "shared": number < 2})).ok(201)
        assert await total(nora, "/customers") == 7
        assert await total(nora, "/customers", "&region=east") == 3
        assert await total(nora, "/customers", "&region.in=east,west&order_by=-name") == 7
        assert await total(nora, f"/customers/{ids[1]}/orders") == 3
        assert await total(nora, f"/customers/{ids[1]}/orders", "&total.lt=6") == 2
        assert await total(nora, "/memos") == 7
        assert await total(niels, "/memos") == 2
        assert await total(niels, "/customers") == 7
        assert await total(sara, "/customers") == 0
        batch = (await nora.get("/customers", query=f"count=true&ids={ids[1]},{ids[0]}")).ok().json
        assert batch["total_size"] == 2

    run(app, scenario)


def test_it_is_there_on_each_page_that_asks(app: dm.App) -> None:
    """A token goes on whatever is asked for beside: it is not bound to the count."""

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        for number in range(5):
            (await nora.post("/customers", {"email": f"{number}@x", "name": f"n{number}"})).ok(201)
        assert len(await nora.pages("/customers", 2, {"count": "true"})) == 5
        page = (await nora.get("/customers", query="page_size=2")).ok().json
        assert "total_size" not in page
        assert "total_size" not in (await nora.get("/customers", query="page_size=2&count=false")).ok().json
        query = {"page_size": 2, "page_token": page["next_page_token"], "count": "true"}
        assert (await nora.get("/customers", query=query)).ok().json["total_size"] == 5

    run(app, scenario)


@pytest.mark.parametrize("value", ["", "1", "yes", "True"])
def test_what_is_neither_true_nor_false(app: dm.App, value: str) -> None:
    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        (await nora.get("/customers", query=f"count={value}")).refused(422, "INVALID_ARGUMENT", at="count")

    run(app, scenario)


def test_the_deadline_ends_it(app: dm.App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forever(*_: object) -> int:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    monkeypatch.setattr(SqliteCount, "number", forever)
    for bound in app.surfaces:
        object.__setattr__(bound.surface, "deadline", 0.05)

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        for number in range(2):
            (await nora.post("/customers", {"email": f"{number}@x", "name": f"n{number}"})).ok(201)
        (await nora.get("/customers", query="count=true")).ok()
        late = await nora.get("/customers", query="count=true&page_size=1")
        assert "leave count out" in late.refused(504, "DEADLINE_EXCEEDED").json["detail"]

    run(app, scenario)
