"""Other ASGI applications mounted in ours."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from legacy import legacy, note_surface, plain, shop
from starlette.applications import Starlette
from starlette.routing import Mount as StarletteMount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import dragoman as dm


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(shop(tmp_path, dm.mount("/legacy", legacy()))) as client:
        yield client


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]


def test_it_answers_below_its_path_and_surfaces_beside_it(client: TestClient) -> None:
    assert client.get("/legacy/hello").json()["greeting"] == "hello from legacy"
    assert client.get("/v1/notes").json() == {"notes": [], "next_page_token": ""}
    assert client.get("/legacy/nothing").json() == {"detail": "Not Found"}, "its own 404"
    assert client.get("/legacyhello").headers["content-type"] == "application/problem+json"
    assert client.get("/healthz").status_code == 200


def test_its_own_links_hold(client: TestClient) -> None:
    assert client.get("/legacy/hello").json() == {
        "greeting": "hello from legacy",
        "self": "http://testserver/legacy/hello",
        "base": "http://testserver/legacy/",
        "path": "/legacy/hello",
    }
    redirected = client.get("/legacy/folder", follow_redirects=False)
    assert redirected.headers["location"] == "http://testserver/legacy/folder/"
    assert client.get("/legacy/folder").json() == "here"


def test_its_documents_work(client: TestClient) -> None:
    assert "/legacy/openapi.json" in client.get("/legacy/docs").text
    document = client.get("/legacy/openapi.json").json()
    assert document["servers"] == [{"url": "/legacy"}]
    assert "/hello" in document["paths"]


def test_paths_reach_it_as_they_were_sent(client: TestClient) -> None:
    assert client.get("/legacy/files/a%20b/c%2Fd").json() == {"path": "a b/c/d", "raw": "/legacy/files/a%20b/c%2Fd"}


def test_it_speaks_websockets(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dragoman.access"):
        with client.websocket_connect("/legacy/talk") as socket:
            socket.send_text("you")
            assert socket.receive_text() == "hello from legacy: you"
            socket.send_text("bye")
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/v1/notes"):
            pass
    (line,) = access_lines(caplog)
    assert (line["path"], line["status"], line["surface"]) == ("/legacy/talk", 101, "/legacy")
    assert line["bytes"] == len("hello from legacy: you")


def test_each_request_has_its_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dragoman.access"):
        client.post("/legacy/echo", content=b"12345", headers={"x-request-id": "mine"})
        client.get("/legacy/nothing?secret=1")
    first, second = access_lines(caplog)
    assert {name: first[name] for name in ("request_id", "method", "path", "status", "bytes", "surface")} == {
        "request_id": "mine",
        "method": "POST",
        "path": "/legacy/echo",
        "status": 200,
        "bytes": 5,
        "surface": "/legacy",
    }
    assert (second["status"], second["path"]) == (404, "/legacy/nothing")


def test_what_it_raises_is_logged_and_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(receive: Any, send: Any) -> None:
        raise ValueError("secret detail")

    async def say_nothing(receive: Any, send: Any) -> None:
        pass

    parts = [
        dm.mount("/legacy", legacy()),
        dm.mount("/fails", plain(act=fail)),
        dm.mount("/mute", plain(act=say_nothing)),
    ]
    with TestClient(shop(tmp_path, *parts)) as client, caplog.at_level(logging.INFO):
        assert client.get("/legacy/broken").text == "Internal Server Error", "Starlette says so itself"
        for path in ("/fails", "/mute/x"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert answer.json()["code"] == "INTERNAL"
            assert "secret" not in answer.text
            assert answer.headers["x-request-id"] in answer.json()["detail"]
    errors = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.error"]
    assert [each["surface"] for each in errors] == ["/legacy", "/fails", "/mute"]
    assert [each["error"] for each in errors[:2]] == ["ValueError: secret detail"] * 2
    assert "ended before its answer was complete" in errors[2]["error"]
    assert [line["status"] for line in access_lines(caplog)] == [500, 500, 500]


def test_an_answer_that_breaks_off_is_cut(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def half(receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("no more")

    with (
        TestClient(shop(tmp_path, dm.mount("/half", plain(act=half)))) as client,
        caplog.at_level(logging.INFO),
        pytest.raises(ValueError, match="no more"),
    ):
        client.get("/half")
    (line,) = access_lines(caplog)
    assert (line["status"], line["bytes"], line["fault"]) == (200, 4, "INTERNAL")


@pytest.mark.parametrize("stopping", [True, False])
def test_what_is_under_way_is_ended(tmp_path: Path, caplog: pytest.LogCaptureFixture, stopping: bool) -> None:
    """By the server, which answers for it, or by whoever cancels it."""

    async def scenario() -> None:
        begun = asyncio.Event()

        async def hang(receive: Any, send: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        app = shop(tmp_path, dm.mount("/hangs", plain(act=hang)))
        transport = httpx.ASGITransport(app)
        async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            asking = asyncio.create_task(client.get("/hangs/x"))
            await begun.wait()
            if stopping:
                app.asgi.end_requests()
                answer = await asking
                assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
            else:
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking

    with caplog.at_level(logging.INFO, "dragoman.access"):
        asyncio.run(scenario())
    (line,) = access_lines(caplog)
    assert (line["status"], line["fault"]) == ((503, "UNAVAILABLE") if stopping else (499, "CANCELLED"))


def test_lifespans_run_with_ours_in_order(tmp_path: Path) -> None:
    seen: list[str] = []
    parts = [dm.mount(f"/{name}", legacy(seen, name)) for name in ("one", "two")]
    with TestClient(shop(tmp_path, *parts, dm.mount("/three", plain(before="three")))) as client:
        assert seen == ["one starts", "two starts"]
        assert client.get("/one/hello").json()["greeting"] == "hello from one"
        assert client.get("/two/hello").json()["greeting"] == "hello from two"
        assert client.get("/three/x").text == "three"
    assert seen == ["one starts", "two starts", "two stops", "one stops"]


def test_a_websocket_that_it_leaves_open_is_the_servers_to_close(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def greet(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})

    caplog.set_level(logging.INFO)
    app = shop(tmp_path, dm.mount("/a", plain(act=greet)))
    with TestClient(app) as client, client.websocket_connect("/a/x") as socket:
        assert socket.receive_text() == "hello"
    assert [each for each in caplog.records if each.name == "dragoman.error"] == []
    (line,) = access_lines(caplog)
    assert (line["status"], line["bytes"], line.get("fault")) == (101, 5, None)


@asynccontextmanager
async def fails_to_start(app: object) -> AsyncIterator[None]:
    raise RuntimeError("no connection to the old database")
    yield


@asynccontextmanager
async def fails_to_stop(app: object) -> AsyncIterator[None]:
    yield
    raise RuntimeError("the old database hangs")


def test_a_start_that_fails_stops_ours_and_names_the_mount(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    parts = [dm.mount("/one", legacy(seen, "one")), dm.mount("/legacy", FastAPI(lifespan=fails_to_start))]
    app = shop(tmp_path, *parts)

    async def start() -> None:
        for _ in range(2):
            with pytest.raises(dm.MountError) as caught:
                await app.start()
            assert str(caught.value) == (
                "mount /legacy: its application could not be started: RuntimeError: no connection to the old database"
            )
            with pytest.raises(RuntimeError, match="not open"):
                await app.store.guard_version(None, "x", "")

    asyncio.run(start())
    assert seen == ["one starts", "one stops"] * 2
    assert "Traceback" in caplog.messages[0], "the log has all of it"


def test_a_start_that_an_application_raises_from(tmp_path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise KeyError("TOKEN")

    with pytest.raises(dm.MountError, match="mount /a: its application could not be started: KeyError: 'TOKEN'"):
        asyncio.run(shop(tmp_path, dm.mount("/a", app)).start())


def test_a_stop_that_fails_is_told_and_all_else_is_stopped(tmp_path: Path) -> None:
    seen: list[str] = []
    parts = [dm.mount("/one", legacy(seen, "one")), dm.mount("/legacy", FastAPI(lifespan=fails_to_stop))]
    app = shop(tmp_path, *parts)

    async def scenario() -> None:
        with pytest.raises(dm.MountError, match="mount /legacy: its application did not stop well: RuntimeError: the"):
            async with app.lifespan():
                pass
        with pytest.raises(RuntimeError, match="not open"):
            await app.store.guard_version(None, "x", "")

    asyncio.run(scenario())
    assert seen == ["one starts", "one stops"]


def test_each_request_has_a_state_of_its_own(tmp_path: Path) -> None:
    seen: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = seen
            assert (await receive())["type"] == "lifespan.startup"
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            return
        seen.append(scope["state"].get("mark"))
        scope["state"]["mark"] = "set"
        assert scope["state"]["pool"] is seen
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with TestClient(shop(tmp_path, dm.mount("/a", app))) as client:
        for _ in range(2):
            assert client.get("/a/x").status_code == 204
    assert seen == [None, None]


def test_an_application_in_ours_in_another(tmp_path: Path) -> None:
    inner = shop(tmp_path, dm.mount("/legacy", legacy()))
    parent = Starlette(routes=[StarletteMount("/shop", inner)], lifespan=inner.lifespan)
    with TestClient(parent) as client:
        hello = client.get("/shop/legacy/hello").json()
        assert hello["self"] == "http://testserver/shop/legacy/hello"
        assert hello["base"] == "http://testserver/shop/legacy/"
        assert client.get("/shop/legacy/openapi.json").json()["servers"] == [{"url": "/shop/legacy"}]
        with client.websocket_connect("/shop/legacy/talk") as socket:
            socket.send_text("you")
            assert socket.receive_text() == "hello from legacy: you"
            socket.send_text("bye")


def test_an_app_of_ours_in_another_of_ours(tmp_path: Path) -> None:
    inner = dm.App(note_surface(), database=tmp_path / "inner.db")
    with TestClient(shop(tmp_path, dm.mount("/inner", inner))) as client:
        created = client.post("/inner/v1/notes", json={"text": "a"})
        assert created.headers["location"].startswith("/inner/v1/notes/")
        assert client.get(created.headers["location"]).json()["text"] == "a"
        assert client.get("/v1/notes").json()["notes"] == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1", "mount '/v1': its path /v1 lies in that of 'open', /v1"),
        ("/v1/legacy", "mount '/v1/legacy': its path /v1/legacy lies in that of 'open', /v1"),
        ("/healthz", "tells about the server's health"),
        ("/", 'it would take every path. Choose a path such as "/legacy"'),
        ("legacy", "does not start with /"),
        ("/legacy/", "ends with one"),
        ("/le gacy", "odd characters"),
        ("/a/../b", "odd characters"),
    ],
)
def test_paths_that_are_refused(tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(dm.DeclarationError) as caught:
        shop(tmp_path, dm.mount(path, plain()))
    assert said in str(caught.value)


def test_a_surface_within_a_mount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(dm.DeclarationError, match="surface 'open': its path /api/v1 lies in that of a mount, /api"):
        dm.App(note_surface("/api/v1"), dm.mount("/api", plain()), database=tmp_path / "x.db")
    with pytest.raises(dm.DeclarationError, match="mount '/a/b': its path /a/b lies in that of a mount, /a"):
        shop(tmp_path, dm.mount("/a", plain()), dm.mount("/a/b", plain()))


def wsgi(environ: object, start_response: object) -> list[bytes]:
    return []


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (FastAPI, r"FastAPI is a class. Make an application of it: dm.mount('/legacy', FastAPI())"),
        (wsgi, "a2wsgi"),
        ("shop:app", "'shop:app' cannot be called"),
    ],
)
def test_what_is_no_application_is_refused(app: Any, said: str) -> None:
    with pytest.raises(dm.DeclarationError) as caught:
        dm.mount("/legacy", app)
    assert said in str(caught.value)


def test_what_is_no_part_is_refused(tmp_path: Path) -> None:
    api: Any = FastAPI()
    with pytest.raises(dm.DeclarationError, match=r'neither a surface nor a mount. Write .* dm.mount\("/legacy", …\)'):
        dm.App(note_surface(), api)
