"""The clients for tests: an application in this process, as if it were behind a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import dragoman as dm
from dragoman.testing import AsyncClient, Client, transport
from dragoman.testing.contract import FAULTS, KEYS, app, make_app

MAKER = {"name": "Ada", "country": "GB"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(make_app()) as started:
        yield started


def test_it_is_httpx_with_the_application_behind_it(client: Client) -> None:
    made = client.post("/v1/makers", json=MAKER)
    assert made.status_code == 201
    assert made.headers["location"] == f"/v1/makers/{made.json()['id']}"
    assert "date" in made.headers
    answer = client.get(made.headers["location"])
    assert answer.json()["name"] == "Ada"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert client.head("/healthz").content == b""
    assert client.delete(made.headers["location"]).status_code == 204


def test_each_has_a_database_of_its_own_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before, surfaces = app.database, app.surfaces
    for _ in range(2):
        with Client(app) as client:
            assert client.post("/v1/makers", json=MAKER).status_code == 201
            folder = Path(app.database).parent
        assert not folder.exists()
    assert app.database == before
    assert app.surfaces is surfaces, "with the authenticators that were there"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_another_application_is_refused(kind: type[Client] | type[AsyncClient]) -> None:
    theirs: Any = FastAPI()
    with pytest.raises(TypeError, match=r"takes a dm\.App, and this is a FastAPI.*app\.use\(path\).*TestClient"):
        kind(theirs)


def test_a_database_that_is_named_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    with Client(app, database=file) as client:
        client.post("/v1/makers", json=MAKER)
    with Client(app, database=file) as client:
        assert [each["name"] for each in client.get("/v1/makers").json()["makers"]] == ["Ada"]


def test_it_acts_as_anybody(client: Client) -> None:
    assert client.get("/partner/notes").status_code == 401
    ann, bob = client.as_("ann", tenant="north"), client.as_("bob", tenant="north")
    ann.post("/partner/writeNote", json={"text": "mine"})
    assert [each["author"] for each in ann.get("/partner/notes").json()["notes"]] == ["ann"]
    assert bob.get("/partner/notes").json()["notes"] == []
    staff = client.as_("eve", tenant="north", scopes=["*", "staff"])
    assert len(staff.get("/partner/notes").json()["notes"]) == 1
    assert client.as_("eve", tenant="south", scopes=["*", "staff"]).get("/partner/notes").json()["notes"] == []


def test_it_may_do_less(client: Client) -> None:
    reader = client.as_("rita", scopes=["makers.list"])
    assert reader.get("/partner/makers").status_code == 200
    assert reader.post("/partner/makers", json=MAKER).json()["code"] == "PERMISSION_DENIED"
    assert client.as_("paul", audiences=["partner"]).get("/admin/makers").status_code == 403
    given = dm.Principal("ann", "north", frozenset({"*"}), frozenset({dm.Audience.OPERATOR}))
    assert client.as_(given).get("/admin/makers").status_code == 200


def test_a_real_key_goes_the_real_way() -> None:
    with Client(make_app(), key="north-reader", headers={"x-request-id": "mine"}) as client:
        answer = client.get("/partner/makers")
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, "mine")
        assert client.post("/partner/makers", json=MAKER).status_code == 403
        assert client.as_("ann").post("/partner/makers", json=MAKER).headers["x-request-id"] == "mine"
    assert KEYS["north-reader"].identity == "rita"


def test_whoever_was_acted_as_is_unknown_afterwards() -> None:
    with Client(app) as client:
        ann = client.as_("ann")
        shown = ann.headers["authorization"]
        assert ann.get("/partner/makers").status_code == 200
    with Client(app, headers={"authorization": shown}) as client:
        assert client.get("/partner/makers").status_code == 401


@pytest.mark.parametrize("given", [{"scopes": "orders.list"}, {"audiences": "partner"}])
def test_a_string_is_no_list(client: Client, given: dict[str, Any]) -> None:
    ((name, value),) = given.items()
    with pytest.raises(TypeError, match=rf"{name} is a list: write {name}=\['{value}'\]"):
        client.as_("ann", **given)


def test_a_client_that_was_used_or_closed_starts_nothing() -> None:
    application = make_app()
    early = Client(application)
    with pytest.raises(RuntimeError, match="not started"):
        early.get("/healthz")
    over = Client(application)
    with over:
        pass
    before = threading.active_count()
    for client in (early, over):
        with pytest.raises(RuntimeError, match="open"), client:
            pass
    assert threading.active_count() == before
    with Client(application) as client:
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_is_answered_and_none_is_raised(client: Client, code: str) -> None:
    answer = client.get("/trouble/fail", params={"code": code, "message": "so be it"})
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (answer.status_code, code)
    assert answer.status_code >= 400
    assert (problem["detail"] == "so be it") or code in {"INTERNAL", "UNKNOWN", "DATA_LOSS"}
    assert client.as_("ann").post("/calls/fail", json={"code": code}).json()["code"] == code


def test_a_bug_is_answered_and_shown(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(client.bugs)
    answer = client.post("/trouble/crash")
    assert answer.status_code == 500
    assert "on purpose" not in answer.text
    (bug,) = client.bugs[before:]
    assert str(bug).startswith("a bug, on purpose")
    said = capsys.readouterr().err
    assert f"dragoman: crash on the surface trouble failed, request id {answer.headers['x-request-id']}" in said
    assert said.rstrip().endswith("RuntimeError: a bug, on purpose: it is for the log and for nobody else")
    assert said.count("File ") == 1
    assert client.post("/trouble/lie").json()["code"] == "INTERNAL"
    assert len(client.bugs) == before + 2


def test_bugs_of_another_application_are_its_own(client: Client) -> None:
    before = len(client.bugs)
    with Client(app) as other:
        other.post("/trouble/crash")
        assert (len(other.bugs), len(client.bugs)) == (1, before)


def test_threads_may_share_it(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.get("/trouble/wait", params={"seconds": 0.05}), range(24)))
    assert [each.status_code for each in answers] == [200] * 24


def test_a_time_limit_is_kept_if_one_is_given(client: Client) -> None:
    with pytest.raises(httpx.ReadTimeout, match="no answer within"):
        client.get("/trouble/wait", params={"seconds": 60}, timeout=0.05)
    assert client.get("/trouble/hurry", params={"seconds": 60}).status_code == 504


def test_a_large_body_is_refused_as_by_a_server() -> None:
    with Client(make_app(body=100)) as client:
        assert client.post("/v1/makers", content=b" " * 101).status_code == 413
        assert client.post("/v1/makers", content=(b" " * 60 for _ in range(2))).status_code == 413


def test_it_says_how_it_is_started() -> None:
    with pytest.raises(RuntimeError, match=r"with Client\(app\) as client"):
        Client(app).get("/healthz")


def test_a_failing_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    before, threads = app.database, threading.active_count()
    with pytest.raises(RuntimeError, match="is a directory"), Client(app, database=tmp_path):
        pass
    assert (app.database, threading.active_count()) == (before, threads)
    with Client(app) as client, pytest.raises(RuntimeError, match="runs already"), Client(app):
        pass
    assert client.is_closed


def test_the_asynchronous_one_is_the_same() -> None:
    async def run() -> None:
        async with AsyncClient(app) as client:
            ann = client.as_("ann", tenant="north")
            assert (await client.get("/partner/makers")).status_code == 401
            assert (await ann.post("/partner/makers", json=MAKER)).status_code == 201
            waits = [ann.get("/trouble/wait", params={"seconds": 0.1}) for _ in range(20)]
            assert {each.status_code for each in await asyncio.gather(*waits)} == {200}
            assert (await client.post("/trouble/crash")).status_code == 500
            assert len(client.bugs) == 1
            with pytest.raises(httpx.ReadTimeout):
                await client.get("/trouble/wait", params={"seconds": 60}, timeout=0.05)

    asyncio.run(run())


def test_events_are_read_as_they_come(client: Client) -> None:
    with client.stream("GET", "/v1/answerSlowly", params={"text": "one two"}) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert lines == [
        'data: {"text":"one","likely":0.5}',
        'data: {"text":"two","likely":0.5}',
        "event: end",
        "data: {}",
    ]
    with client.stream("GET", "/v1/answerSlowly", params={"text": "one two"}) as answer:
        assert next(answer.iter_lines()).startswith("data: ")
    assert client.get("/healthz").status_code == 200


# Applications that answer part by part, or end as none should


class Raw(dm.App):
    """An application that sends what it is told to, outside of all that Dragoman does."""

    def __init__(self, answer: Callable[[Any, Any], Awaitable[None]]) -> None:
        super().__init__(*(bound.surface for bound in app.surfaces))
        self.answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await (super().__call__(scope, receive, send) if scope["type"] == "lifespan" else self.answer(receive, send))


async def begin(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def send_part(send: Any, part: bytes = b"part") -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})


def test_parts_arrive_as_they_are_sent_and_who_reads_slowly_is_waited_for() -> None:
    sent, left = [0], threading.Event()

    async def endless(receive: Any, send: Any) -> None:
        await begin(send)
        assert (await receive())["type"] == "http.request"
        leaving = asyncio.ensure_future(receive())
        while not leaving.done():
            sent[0] += 1
            await send_part(send)
        assert leaving.result() == {"type": "http.disconnect"}
        left.set()

    with Client(Raw(endless)) as client:
        with client.stream("GET", "/") as answer:
            parts = answer.iter_raw()
            assert [next(parts) for _ in range(3)] == [b"part"] * 3
            assert sent[0] <= 6
        assert left.wait(5)
        assert client.bugs == []


def test_what_comes_out_of_the_application_is_an_error_of_the_server() -> None:
    async def broken(receive: Any, send: Any) -> None:
        raise ValueError("outside of everything")

    with Client(Raw(broken)) as client:
        answer = client.get("/")
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")
        assert [str(each) for each in client.bugs] == ["outside of everything"]


def test_an_answer_that_is_not_whole_is_none() -> None:
    async def torn(receive: Any, send: Any) -> None:
        await begin(send)
        await send_part(send, b"half")
        raise ValueError("in the middle")

    with Client(Raw(torn)) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending all"):
            client.get("/")
        assert [str(each) for each in client.bugs] == ["in the middle"]


def test_a_call_that_does_not_end_when_its_client_leaves_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LEAVING", 0.05)
    ended = threading.Event()

    async def stubborn(receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with Client(Raw(stubborn)) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/", timeout=0.05)
    assert ended.is_set()
