"""The guide's Python is run as it stands there, and what the guide says of it is tried."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn

import dragoman as dm
from dragoman.cli import main

GUIDE = (Path(__file__).parent.parent / "docs" / "guide.md").read_text(encoding="utf-8")
PRELUDE, *BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
NAME = "block_of_the_guide"

Ask = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def run() -> Iterator[Callable[[str], Any]]:
    """Run the block that holds a text; returns its module."""

    def execute(holding: str) -> Any:
        (block,) = [each for each in BLOCKS if holding in each]
        module = sys.modules[NAME] = ModuleType(NAME)
        exec(compile(PRELUDE + block, "guide", "exec", dont_inherit=True), vars(module))
        return module

    yield execute
    sys.modules.pop(NAME, None)


def talk(app: dm.App, conversation: Callable[[Ask], Coroutine[Any, Any, None]]) -> None:
    """Ask the application: ``await ask(method, path, key, **options)``."""

    async def conversed() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:

            async def ask(method: str, path: str, key: str = "ann", **options: Any) -> httpx.Response:
                return await client.request(method, path, headers={"authorization": f"Bearer {key}"}, **options)

            try:
                await conversation(ask)
            finally:
                await app.stop()

    asyncio.run(conversed())


@contextmanager
def at_a_port(app: dm.App) -> Iterator[str]:
    """Serve the application in a thread; gives its URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def served(folder: Path, *exposes: Any) -> dm.App:
    """The operations on REST at /v1, and those without a resource at /rpc; ``boss`` has the mark ``staff``."""

    def caller(name: str, *scopes: str) -> dm.Principal:
        return dm.Principal(name, "t", frozenset(scopes), frozenset(dm.Audience))

    keys = dm.api_keys(
        fixed={"ann": caller("ann", "*"), "bob": caller("bob", "*"), "boss": caller("boss", "*", "staff")}
    )
    surfaces = [dm.rest("rest", "/v1", audience="partner", auth=keys, exposes=exposes)]
    plain = [each for each in exposes if hasattr(each, "operation")]
    if plain:
        surfaces.append(dm.rpc("rpc", "/rpc", audience="internal", auth=keys, exposes=plain, lock=None))
    return dm.App(*surfaces, database=folder / "guide.db")


def test_every_block_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("dragoman.access"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("dragoman.access"), "level", logging.NOTSET)
    assert len(BLOCKS) >= 6
    for block in BLOCKS:
        module = sys.modules[NAME] = ModuleType(NAME)
        exec(compile(PRELUDE + block, "guide", "exec", dont_inherit=True), vars(module))
    del sys.modules[NAME]


def test_one_item_of_a_batch_fails(run: Callable[[str], Any], tmp_path: Path) -> None:
    async def conversation(ask: Ask) -> None:
        assert (await ask("GET", "/v1/predict?cents=5")).json() == {"score": 0.1}
        assert (await ask("GET", "/v1/predict?cents=0")).json()["code"] == "OUT_OF_RANGE"
        assert (await ask("POST", "/rpc/predict", json={"cents": 5})).json() == {"score": 0.1}

    talk(served(tmp_path, run("def predict(payments").predict), conversation)


def test_a_stream_of_events(run: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = run("def count_down")

    async def at_once(_: float) -> None: ...

    monkeypatch.setattr(guide, "asyncio", SimpleNamespace(sleep=at_once))
    (shown,) = re.findall(r"```\n(data:.*?)```", GUIDE, re.DOTALL)
    surface = dm.rest("rest", "/v1", audience="public", auth=dm.anonymous(), exposes=[guide.count_down])

    async def conversation(ask: Ask) -> None:
        assert (await ask("GET", "/v1/countDown?seconds=2")).text == f"{shown}\n"
        assert (await ask("GET", "/v1/countDown?seconds=61")).status_code == 422

    talk(dm.App(surface, database=tmp_path / "guide.db"), conversation)


def test_streams_that_are_taken(run: Callable[[str], Any]) -> None:
    guide = run("async def follow(points")

    async def sent(*metres: float) -> AsyncIterator[Any]:
        for each in metres:
            yield guide.Point(metres=each)

    async def conversed() -> None:
        trip = guide.Trip(points=2, metres=5.0)
        assert await guide.record(sent(2.0, 3.0)) == trip
        assert [each async for each in guide.follow(sent(2.0, 3.0))] == [guide.Trip(points=1, metres=2.0), trip]

    asyncio.run(conversed())
    for handle in (guide.record, guide.follow):
        with pytest.raises(dm.DeclarationError, match=r"on a dm\.rpc surface"):
            dm.App(dm.rest("rest", "/v1", audience="public", auth=dm.anonymous(), exposes=[handle]))


def test_a_note_is_its_writers(run: Callable[[str], Any], tmp_path: Path) -> None:
    guide = run("def write_note")

    async def conversation(ask: Ask) -> None:
        written = await ask("POST", "/v1/writeNote", json={"text": "+"})
        assert (written.status_code, written.json()["owner"]) == (200, "ann")
        assert (await ask("POST", "/v1/writeNote", json={"text": "+", "owner": "bob"})).status_code == 422
        assert (await ask("POST", "/v1/notes", json={"text": "+"})).status_code == 405
        path = f"/v1/notes/{written.json()['id']}"
        answers = {key: (await ask("GET", path, key)).status_code for key in ("ann", "bob", "boss")}
        assert answers == {"ann": 200, "bob": 404, "boss": 200}
        assert (await ask("GET", "/v1/notes")).headers["etag"]
        assert (await ask("POST", "/rpc/write_note", json={"text": "a"})).status_code == 200

    talk(served(tmp_path, guide.notes.without("create"), guide.write_note), conversation)


def test_the_standard_create_makes_a_row_that_its_creator_does_not_see(
    run: Callable[[str], Any], tmp_path: Path
) -> None:
    async def conversation(ask: Ask) -> None:
        created = await ask("POST", "/v1/notes", json={"text": "a"})
        assert (created.status_code, created.json()["owner"]) == (201, "")
        assert (await ask("GET", created.headers["location"])).status_code == 404

    talk(served(tmp_path, run("def write_note").notes), conversation)


def test_no_money_is_lost(run: Callable[[str], Any], tmp_path: Path) -> None:
    async def conversation(ask: Ask) -> None:
        ids = [(await ask("POST", "/v1/accounts", json={"cents": 5})).json()["id"] for _ in range(2)]

        async def transfer(target: str, cents: int) -> httpx.Response:
            return await ask("POST", f"/v1/accounts/{ids[0]}:transfer", json={"target": target, "cents": cents})

        refused = await transfer(ids[0], 3)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/target")
        assert (await transfer(ids[1], 6)).json()["code"] == "FAILED_PRECONDITION"
        assert (await transfer(ids[1], 3)).json()["cents"] == 2
        cents = [each["cents"] for each in (await ask("GET", "/v1/accounts")).json()["accounts"]]
        assert sorted(cents) == [2, 8]

    talk(served(tmp_path, run("def transfer").accounts), conversation)


def test_a_room_is_booked_once(run: Callable[[str], Any], tmp_path: Path) -> None:
    guide = run("def book")

    async def conversation(ask: Ask) -> None:
        room = (await ask("POST", "/v1/rooms", json={"name": "Blue"})).json()["id"]
        asked = [ask("POST", f"/v1/rooms/{room}:book", json={"day": "2026-11-22"}) for _ in range(4)]
        answers = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert answers.count(200) == 1
        assert set(answers) == {200, 409}
        booked = await ask("GET", f"/v1/rooms/{room}/bookings?day.gte=2026-11-22")
        assert len(booked.json()["bookings"]) == 1

    talk(served(tmp_path, guide.rooms, guide.bookings), conversation)


def test_how_a_list_is_asked_for(run: Callable[[str], Any], tmp_path: Path) -> None:
    async def conversation(ask: Ask) -> None:
        for query, status in {
            "page_size=0": 200,
            "page_size=5000": 200,
            "page_size=-1": 422,
            "day.gte=2026-01-01": 200,
            "day.lte=2026-01-01": 422,
            "order_by=-day,id": 200,
        }.items():
            assert (await ask("GET", f"/v1/bookings?{query}")).status_code == status, query

    guide = run("def book")
    talk(served(tmp_path, guide.rooms, guide.bookings), conversation)


class Number(dm.Struct):
    n: int
    note: str = ""


class Numbers(dm.Struct):
    notes: list[str]


def test_how_faults_are_told(run: Callable[[str], Any], tmp_path: Path) -> None:
    guide, contract = run("class OutOfStock"), dm.Contract("numbers")

    @contract.operation(effect="safe")
    async def look(number: Number) -> Numbers:
        guide.check(number.n)
        return Numbers(notes=[number.note])

    @contract.operation
    async def check(number: Number) -> None:
        guide.check(number.n)

    async def conversation(ask: Ask) -> None:
        first = await ask("POST", "/v1/check", json={"n": 1})
        assert first.status_code == 422
        assert first.json()["errors"] == [{"pointer": "#/n", "detail": "is odd", "rule": "invalid"}]
        second = (await ask("POST", "/v1/check", json={"n": 4})).json()
        assert (second["status"], second["reason"], second["metadata"]) == (409, "OUT_OF_STOCK", {"left": "2"})
        assert (await ask("POST", "/v1/check", json={"n": 2})).status_code == 204
        assert (await ask("POST", "/rpc/check", json={"n": 2})).status_code == 204
        assert (await ask("GET", "/v1/look?n=2&note=a+b%2Bc")).json() == {"notes": ["a b+c"]}

    talk(served(tmp_path, look, check), conversation)


def test_a_list_is_whole_or_refused(run: Callable[[str], Any], tmp_path: Path) -> None:
    guide = run("def transfer")

    @guide.bank.operation
    async def fill(number: Number, ctx: dm.Context) -> None:
        for cents in range(number.n):
            assert ctx.create(guide.Account(cents=cents)).id.startswith("acc_")

    @guide.bank.operation(effect="safe")
    async def count(ctx: dm.Context) -> Number:
        return Number(n=len(await ctx.list(guide.Account, guide.accounts.field.cents >= 1)))

    @guide.bank.operation(effect="safe")
    async def richest(ctx: dm.Context) -> Number:
        (found,) = await ctx.list(guide.Account, order_by="-cents,id", limit=1)
        return Number(n=found.cents)

    async def conversation(ask: Ask) -> None:
        await ask("POST", "/v1/fill", json={"n": 900})
        assert (await ask("GET", "/v1/count")).json()["n"] == 899
        await ask("POST", "/v1/fill", json={"n": 200})
        assert (await ask("GET", "/v1/count")).json()["code"] == "RESOURCE_EXHAUSTED"
        assert (await ask("GET", "/v1/richest")).json()["n"] == 899

    talk(served(tmp_path, guide.accounts, fill, count, richest), conversation)


NOTE = """
from typing import Annotated
import dragoman as dm

class {name}(dm.Resource, prefix="note"{options}):
    {fields}

notes = dm.Contract("diary").resource({name})
app = dm.App(dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=[notes]), database="shop.db")
"""


def test_the_changes_of_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import apsw

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("DRAGOMAN_DATABASE", raising=False)
    count = 0

    def migrate(fields: str, name: str = "Note", options: str = "") -> tuple[int, str]:
        nonlocal count
        count += 1
        text = NOTE.format(name=name, fields=fields.replace("; ", "\n    "), options=options)
        Path(f"version_{count}.py").write_text(text)
        code = main(["migrate", f"version_{count}:app"])
        said = capsys.readouterr()
        return code, said.out + said.err

    def sql(text: str) -> list[Any]:
        connection = apsw.Connection("shop.db")
        try:
            return connection.execute(text).fetchall()
        finally:
            connection.close()

    assert migrate("name: str")[0] == 0
    assert "DROP TABLE" in migrate("name: int")[1]  # nothing is in it
    assert migrate("name: str")[0] == 0
    columns = "_tenant, id, name, created_at, updated_at, version"
    sql(f"INSERT INTO notes ({columns}) VALUES ('t', 'note_1', 'x', '', '', 1), ('t', 'note_2', 'x', '', '', 1)")
    for fields in ("name: str; pinned: bool", "name: int", "name: Annotated[str, dm.Unique()]"):
        code, said = migrate(fields)
        assert (code, "nothing was applied" in said) == (1, True), said
    assert migrate("name: str", options=", tenant=False")[0] == 1
    code, said = migrate("name: str; pinned: bool = False")
    assert (code, said) == (0, 'shop.db, done:\n  ALTER TABLE "notes" ADD COLUMN "pinned" INTEGER NOT NULL DEFAULT 0\n')
    assert migrate("name: str; pinned: bool = False; due: str | None = None")[0] == 0
    # A rename, in its three steps.
    assert migrate("name: str; title: str = ''")[0] == 0
    sql("UPDATE notes SET title = name")
    assert migrate("title: str = ''")[0] == 0
    assert sql("SELECT name, title FROM notes") == [("x", "x"), ("x", "x")]
    assert migrate("title: str = ''", "Entry", ', plural="notes"') == (0, "shop.db is up to date\n")
    assert migrate("title: str | None = None")[0] == 0
    assert migrate("title: str = ''")[0] == 0
    assert migrate("title: str | None = None")[0] == 0
    sql("UPDATE notes SET title = NULL")
    assert migrate("title: str = ''")[0] == 1


def test_the_tests_of_the_testing_chapter_pass(run: Callable[[str], Any], tmp_path: Path) -> None:
    run("from fastapi.testclient import TestClient").test_both(tmp_path)
    module = run("from dragoman.testing import Client")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_a_client(run: Callable[[str], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide = run("def ask_and_block")
    keys = dm.api_keys(fixed={"key": dm.Principal("ann", "t", audiences=frozenset({dm.Audience.INTERNAL}))})
    surface = dm.rpc("rpc", "/rpc", audience="internal", auth=keys, exposes=[guide.predict, guide.parcels], lock=None)
    with at_a_port(dm.App(surface, database=tmp_path / "guide.db")) as url:
        asyncio.run(guide.ask(url))
        guide.ask_and_block(url)
    assert re.fullmatch(r"par_\w+ 600\n0\.1\n", capsys.readouterr().out)
