"""An application as a process sees it: its start, what tells about its health, and the bodies that it reads."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from driving import Answer, Caller, run

import dragoman as dm
from dragoman.contract.fault import Unavailable
from dragoman.ports.store import Conflict, Key, StoreError
from dragoman.ports.wire import Request
from dragoman.runtime.secrets import TABLE


class Note(dm.Resource, prefix="nte"):
    text: str


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    notes = dm.Contract("notes").resource(Note)
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[notes])
    return dm.App(surface, database=tmp_path / "notes.db")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Unavailable("the database cannot write: its disk is full"), "its disk is full"),
        (Conflict(Key(TABLE, None, "page tokens"), None), "did not keep"),
    ],
    ids=["fault", "outcome"],
)
def test_a_start_that_fails_may_be_tried_again(
    app: dm.App, monkeypatch: pytest.MonkeyPatch, outcome: Any, said: str
) -> None:
    async def commit(self: Any, writes: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def scenario() -> None:
        for _ in range(2):
            with monkeypatch.context() as patched:
                patched.setattr(type(app.store), "commit", commit)
                with pytest.raises(StoreError) as caught:
                    await app.start()
            assert said in str(caught.value)
            assert "notes.db" in str(caught.value)
            assert "\n" not in str(caught.value)
        await app.start()
        (await Caller(app, None, "/v1").get("/notes")).ok()
        await app.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_read_and_nothing_else(app: dm.App, path: str) -> None:
    async def scenario() -> None:
        for method in ("GET", "HEAD"):
            assert (await app.respond(Request(method, path))).status == 200
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = Answer(await app.respond(Request(method, path)))
            assert answer.status == 405
            assert answer.headers["allow"] == "GET, HEAD"

    run(app, scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "application/json; charset=utf-8; profile=x"}, 201),
        ({"content_type": "application/json; profile=x; charset=UTF-8"}, 201),
        ({"content_type": 'application/json;charset="utf-8"'}, 201),
        ({"content_type": "Application/JSON ; charset=utf-8 ;"}, 201),
        ({"content_type": 'application/json; profile="a; charset=x"'}, 201),
        ({"content_type": "application/json; profile=x; charset=utf-16"}, 415),
        ({"content_type": 'application/json; Charset="latin-1"'}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_encoding": "identity"}, 201),
        ({"content_encoding": "gzip"}, 415),
        ({"content_encoding": "br, identity"}, 415),
    ],
    ids=str,
)
def test_bodies_that_are_read(app: dm.App, headers: dict[str, str], status: int) -> None:
    async def scenario() -> None:
        answer = await Caller(app, None, "/v1").post("/notes", {"text": "a"}, **headers)
        if status == 201:
            answer.ok(201)
        else:
            assert answer.refused(status, "INVALID_ARGUMENT").json["reason"] == "UNSUPPORTED_MEDIA_TYPE"

    run(app, scenario)
