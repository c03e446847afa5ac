"""Our application mounted in somebody else's."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from legacy import shop
from starlette.applications import Starlette
from starlette.routing import Mount as StarletteMount
from starlette.testclient import TestClient

import dragoman as dm
from dragoman.ports.store import StoreError
from dragoman.runtime.observation import ACCESS


def parent(app: dm.App) -> FastAPI:
    """A FastAPI application that runs ours."""
    api = FastAPI(lifespan=app.lifespan)
    api.mount("/shop", app)

    @api.get("/hello")
    async def hello() -> str:
        return "hello"

    return api


def is_open(app: dm.App) -> bool:
    return app._started


def test_it_is_started_and_stopped_with_its_parent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = shop(tmp_path)
    for count in range(2):
        with TestClient(parent(app)) as client:
            assert is_open(app)
            assert client.get("/hello").json() == "hello"
            assert client.post("/shop/v1/notes", json={"text": "a"}).status_code == 201
            assert len(client.get("/shop/v1/notes").json()["notes"]) == count + 1
        assert not is_open(app)
    assert "started by its first request" not in caplog.text


@pytest.mark.parametrize("lifespan", [True, False])
def test_its_requests_are_logged_where_nobody_has_set_logging_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, lifespan: bool
) -> None:
    for name, value in {"handlers": [], "parent": logging.RootLogger(logging.WARNING)}.items():
        monkeypatch.setattr(ACCESS, name, value)  # not in a fixture: pytest adds handlers of its own after those
    ACCESS.setLevel(logging.NOTSET)
    app = shop(tmp_path)
    api = parent(app) if lifespan else Starlette(routes=[StarletteMount("/shop", app)])
    with TestClient(api) as client:
        assert client.get("/shop/v1/notes").status_code == 200
    ACCESS.setLevel(logging.NOTSET)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["operation"] == "notes.list"


def test_its_links_begin_where_it_is_mounted(tmp_path: Path) -> None:
    with TestClient(parent(shop(tmp_path))) as client:
        location = client.post("/shop/v1/notes", json={"text": "a"}).headers["location"]
        assert location.startswith("/shop/v1/notes/nte_")
        assert client.get(location).json()["text"] == "a"
        client.post("/shop/v1/notes", json={"text": "b"})
        page = client.get("/shop/v1/notes?page_size=1")
        following = page.links["next"]["url"]
        assert following.startswith("/shop/v1/notes?")
        assert len(client.get(following).json()["notes"]) == 1
        assert client.get("/shop/v1/openapi.json").json()["servers"][0]["url"] == "/shop/v1"
        docs = client.get("/shop/v1/docs")
        assert docs.status_code == 200
        for asset in re.findall(r'(?:src|href)="((?!data:)[^"#]+)"', docs.text):
            assert client.get(str(docs.url.join(asset))).status_code == 200, asset
        assert client.get("/shop/readyz").json() == {"status": "ready"}
        assert client.get("/shop").status_code == 404
        assert client.get("/shop/").json()["detail"].endswith("; the documentation is at /shop/v1/docs")


def test_it_stands_beside_what_the_parent_does_itself(tmp_path: Path) -> None:
    app, seen = shop(tmp_path), list[str]()

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[dict[str, str]]:
        async with app.lifespan():
            seen.append(f"parent starts, shop is open: {is_open(app)}")
            yield {"mine": "state"}
            seen.append(f"parent stops, shop is open: {is_open(app)}")

    api = FastAPI(lifespan=lifespan)
    api.mount("/shop", app)
    with TestClient(api) as client:
        assert client.get("/shop/v1/notes").status_code == 200
    assert seen == ["parent starts, shop is open: True", "parent stops, shop is open: True"]
    assert not is_open(app)


def test_both_are_tested_on_another_database(tmp_path: Path) -> None:
    app = shop(tmp_path)
    api = parent(app)
    app.use(tmp_path / "other.db")
    with TestClient(api) as client:
        assert client.post("/shop/v1/notes", json={"text": "a"}).status_code == 201
    assert [each.name for each in tmp_path.glob("*.db")] == ["other.db"]


def test_a_start_that_fails_stops_the_parent(tmp_path: Path) -> None:
    (tmp_path / "notes.db").mkdir()
    with pytest.raises(StoreError, match=r"notes\.db"), TestClient(parent(shop(tmp_path))):
        pass


def test_without_a_lifespan_the_first_request_starts_it_in_each_loop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Outside of a `with`, a TestClient has a new event loop for each request."""
    app = shop(tmp_path)
    client = TestClient(Starlette(routes=[StarletteMount("/shop", app)]))
    for count in range(3):
        assert client.post("/shop/v1/notes", json={"text": "a"}).status_code == 201
        assert len(client.get("/shop/v1/notes").json()["notes"]) == count + 1
    assert "FastAPI(lifespan=app.lifespan)" in caplog.text


def test_what_is_mounted_in_it_is_started_in_each_loop_too(tmp_path: Path) -> None:
    starts: list[str] = []

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        starts.append("starts")
        yield

    inner = FastAPI(lifespan=lifespan)
    inner.get("/hello")(lambda: "hello")
    app = shop(tmp_path, dm.mount("/inner", inner))
    client = TestClient(Starlette(routes=[StarletteMount("/shop", app)]))
    for count in range(2):
        assert client.get("/shop/inner/hello").json() == "hello"
        assert len(starts) == count + 1


def test_without_a_lifespan_a_start_that_fails_is_loud_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "notes.db"
    blocked.mkdir()
    client = TestClient(Starlette(routes=[StarletteMount("/shop", shop(tmp_path))]))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/shop/v1/notes")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert "notes.db" not in answer.text
    (said,) = [each for each in caplog.messages if "first request" in each]
    assert "notes.db" in said
    blocked.rmdir()
    assert client.get("/shop/v1/notes").status_code == 200


def test_after_its_stop_a_request_starts_it_again(tmp_path: Path) -> None:
    app = shop(tmp_path)

    @asynccontextmanager
    async def lifespan(api: object) -> AsyncIterator[None]:
        async with app.lifespan():
            pass
        yield

    with TestClient(Starlette(routes=[StarletteMount("/shop", app)], lifespan=lifespan)) as client:
        assert not is_open(app)
        assert client.get("/shop/v1/notes").status_code == 200
        assert is_open(app)
