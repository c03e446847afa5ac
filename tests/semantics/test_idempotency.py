"""Calls with a key: done once, answered alike as often as they are made."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import apsw
import msgspec
import pytest
from driving import Caller, principal, run
from handler_bench import Ask, Bench, Item, Told

import dragoman as dm
from dragoman.cli import main
from dragoman.runtime.ledger.cleaning import BEYOND, Cleaner

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def same(one: Any, other: Any) -> None:
    """The same answer, but for what says that it was given before."""
    assert other.headers.pop("idempotency-replayed") == "true"
    for each in (one, other):
        each.headers.pop("x-request-id")
    assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body)


def test_a_create_is_done_once(bench: Bench) -> None:
    async def scenario() -> None:
        first = await bench.one.post("/items", {"name": "a", "count": 3}, idempotency_key=KEY)
        assert "idempotency-replayed" not in first.ok(201).headers
        # In another order, with a default given.
        again = await bench.one.post("/items", {"count": 3, "weight": None, "name": "a"}, idempotency_key=KEY)
        same(first, again)
        assert await bench.names() == ["a"]

    bench.run(scenario)


def test_an_update_and_a_deletion_are_replayed(bench: Bench) -> None:
    async def scenario() -> None:
        id = await bench.add("a")
        tag = (await bench.one.get(f"/items/{id}")).etag
        first = await bench.one.patch(f"/items/{id}", {"count": 2}, idempotency_key='"u"', if_match=tag)
        same(first.ok(), await bench.one.patch(f"/items/{id}", {"count": 2}, idempotency_key='"u"', if_match=tag))
        await bench.one.patch(f"/items/{id}", {"count": 9})
        replayed = await bench.one.patch(f"/items/{id}", {"count": 2}, idempotency_key='"u"')
        assert replayed.ok().body == first.body
        assert (await bench.read(id))["count"] == 9
        gone = (await bench.one.delete(f"/items/{id}", idempotency_key='"d"')).ok(204)
        same(gone, await bench.one.delete(f"/items/{id}", idempotency_key='"d"'))
        (await bench.one.delete(f"/items/{id}")).refused(404)

    bench.run(scenario)


def test_another_input_is_refused(bench: Bench) -> None:
    async def scenario() -> None:
        (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)
        refused = (await bench.one.post("/items", {"name": "b"}, idempotency_key=KEY)).refused(422, "INVALID_ARGUMENT")
        assert refused.json["reason"] == "IDEMPOTENCY_KEY_REUSED"
        assert "idempotency-replayed" not in refused.headers
        assert (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)

    bench.run(scenario)


def test_a_key_is_its_callers_own_and_its_operations(bench: Bench) -> None:
    @bench.operation()
    async def note(input: Ask, ctx: dm.Context) -> Told:
        return Told(lines=[input.what])

    async def scenario() -> None:
        first = (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)
        other = (await bench.two.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)
        assert first.json["id"] != other.json["id"]
        assert (
            "idempotency-replayed"
            not in (await bench.one.post("/note", {"what": "x"}, idempotency_key=KEY)).ok().headers
        )

    bench.run(scenario)


def test_an_answer_that_is_no_success_is_an_answer(bench: Bench) -> None:
    runs: list[str] = []

    @bench.operation(faults=[dm.FailedPrecondition])
    async def work(input: Ask, ctx: dm.Context) -> Told:
        runs.append(input.what)
        if input.what == "final":
            raise dm.FailedPrecondition("not in this state", metadata={"state": "new"})
        if input.what == "later":
            raise dm.Unavailable("not now")
        raise RuntimeError("a bug")

    async def scenario() -> None:
        first = (await bench.one.post("/work", {"what": "final"}, idempotency_key='"1"')).refused(409)
        again = (await bench.one.post("/work", {"what": "final"}, idempotency_key='"1"')).refused(409)
        assert again.headers["idempotency-replayed"] == "true"
        assert {**first.json, "request_id": ""} == {**again.json, "request_id": ""}
        for what, status in (("later", 503), ("bug", 500)):
            for _ in range(2):
                answer = await bench.one.post("/work", {"what": what}, idempotency_key=f'"{what}"')
                assert "idempotency-replayed" not in answer.refused(status).headers
        assert runs == ["final", "later", "later", "bug", "bug"]

    bench.run(scenario)


def test_twins_are_done_once(bench: Bench) -> None:
    runs = 0
    both = asyncio.Barrier(2)

    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Item:
        nonlocal runs
        runs += 1
        await both.wait()
        return ctx.create(Item(name=f"made {runs}"))

    async def scenario() -> None:
        one, other = await asyncio.gather(*(bench.one.post("/work", {}, idempotency_key=KEY) for _ in range(2)))
        replayed, made = sorted((one, other), key=lambda each: "idempotency-replayed" not in each.headers)
        same(made.ok(), replayed.ok())
        assert runs == 2
        assert len(await bench.names()) == 1

    bench.run(scenario)


def test_twins_that_break_a_rule_of_each_others_are_done_once(bench: Bench) -> None:
    """The second of them finds a name that is taken: by the first."""

    async def scenario() -> None:
        answers = await asyncio.gather(
            *(bench.one.post("/items", {"name": "a"}, idempotency_key=KEY) for _ in range(8))
        )
        assert {each.status for each in answers} == {201}
        assert len({each.body for each in answers}) == 1
        assert sum("idempotency-replayed" in each.headers for each in answers) == 7

    bench.run(scenario)


def test_what_commit_computes_is_replayed(bench: Bench) -> None:
    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Item:
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        return ctx.save(dm.replace(item, count=dm.add(2), number=dm.next("numbers")))

    async def scenario() -> None:
        id = await bench.add("a", count=1)
        first = (await bench.one.post("/work", {"id": id}, idempotency_key=KEY)).ok()
        assert (first.json["count"], first.json["number"]) == (3, 1)
        same(first, await bench.one.post("/work", {"id": id}, idempotency_key=KEY))
        assert (await bench.read(id))["count"] == 3

    bench.run(scenario)


@pytest.mark.parametrize("given", ['""', '"a', "a b", 'a"b', "a,b", '"ä"', '"' + "a" * 256 + '"', ""])
def test_what_is_no_key_is_refused(bench: Bench, given: str) -> None:
    async def scenario() -> None:
        refused = (await bench.one.post("/items", {"name": "a"}, idempotency_key=given)).refused(400)
        assert "Idempotency-Key" in refused.json["detail"]
        assert await bench.names() == []

    bench.run(scenario)


def test_a_key_may_stand_without_quotes(bench: Bench) -> None:
    async def scenario() -> None:
        first = (await bench.one.post("/items", {"name": "a"}, idempotency_key="8e03978e-40d5")).ok(201)
        same(first, await bench.one.post("/items", {"name": "a"}, idempotency_key='"8e03978e-40d5"'))

    bench.run(scenario)


def test_a_handler_without_a_context_is_run_once(bench: Bench) -> None:
    runs: list[str] = []

    @bench.operation()
    def work(input: Ask) -> Told:
        runs.append(input.what)
        return Told(lines=[input.what, str(len(runs))])

    async def scenario() -> None:
        first = (await bench.one.post("/work", {"what": "a"}, idempotency_key=KEY)).ok()
        same(first, await bench.one.post("/work", {"what": "a"}, idempotency_key=KEY))
        assert runs == ["a"]

    bench.run(scenario)


def test_who_reads_needs_no_key_and_who_streams_gets_none(bench: Bench) -> None:
    @bench.operation()
    async def count(input: Ask) -> AsyncIterator[Told]:
        yield Told()

    async def scenario() -> None:
        (await bench.one.get("/items", idempotency_key="not, one")).ok()
        refused = (await bench.one.post("/count", {}, idempotency_key=KEY)).refused(422)
        assert "a stream is never replayed" in refused.json["detail"]

    bench.run(scenario)


def test_a_surface_may_require_keys(bench: Bench) -> None:
    bench.options["idempotency"] = dm.Idempotency(required=True, retention=timedelta(hours=1))

    async def scenario() -> None:
        refused = (await bench.one.post("/items", {"name": "a"})).refused(400)
        assert "Idempotency-Key" in refused.json["detail"]
        id = (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201).json["id"]
        (await bench.one.patch(f"/items/{id}", {"count": 1})).ok()  # doing that twice is doing it once
        document = (await bench.one.get("/openapi.json")).ok().json
        parameter = document["components"]["parameters"]["IdempotencyKeyRequired"]
        assert parameter["required"]
        assert "for 1 hour." in parameter["description"]
        assert parameter["x-retention-seconds"] == 3600

    bench.run(scenario)


@pytest.mark.parametrize("retention", [0, 0.5, timedelta(days=367), float("nan"), "1 day"])
def test_a_retention_is_a_time(retention: Any) -> None:
    with pytest.raises(dm.DeclarationError, match="is no time between a second and a year"):
        dm.Idempotency(retention=retention)


def test_a_key_expires_on_the_databases_clock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.options["idempotency"] = dm.Idempotency(retention=60)

    async def scenario() -> None:
        store = bench.app.store
        first = (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)
        now = store.clock()
        monkeypatch.setattr(store, "clock", lambda: now + 59)
        same(first, await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY))
        monkeypatch.setattr(store, "clock", lambda: now + 61)
        (await bench.one.post("/items", {"name": "b"}, idempotency_key=KEY)).ok(201)
        assert await bench.names() == ["a", "b"]
        # Nothing is removed before its time, and everything after it.
        cleaner = Cleaner(store)
        assert await cleaner.clean() == 0
        monkeypatch.setattr(store, "clock", lambda: now + 122 + BEYOND / 1000)
        assert [await cleaner.clean(), await cleaner.clean()] == [1, 0]

    bench.run(scenario)


# Several surfaces


class Payment(dm.Resource, prefix="pay"):
    number: Annotated[str, dm.Length(1, 20), dm.Unique()]
    secret: Annotated[str, dm.Only("operator")] = ""


class Pay(dm.Struct):
    number: str


def bank(database: Path) -> tuple[dm.App, Caller, Caller, Caller]:
    """An operator, who sees all, a partner and a service, who are one caller by three keys."""
    contract = dm.Contract("bank")
    payments = contract.resource(Payment)

    @contract.operation()
    async def pay(input: Pay, ctx: dm.Context) -> Payment:
        return ctx.create(Payment(number=input.number, secret="hidden"))

    keys = dm.api_keys(
        fixed={
            "operator": principal("ann", "one", "operator", "partner", "internal"),
            "weak": dm.Principal("ann", "one", frozenset({"payments.get"}), frozenset({dm.Audience.PARTNER})),
        }
    )
    app = dm.App(
        dm.rest("admin", "/admin", audience="operator", auth=keys, exposes=[payments, pay]),
        dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[payments, pay]),
        dm.rpc("inner", "/rpc", audience="internal", auth=keys, exposes=[pay], lock=None),
        database=database,
    )
    return app, Caller(app, "operator", "/admin"), Caller(app, "operator", "/v1"), Caller(app, "operator", "/rpc")


def test_another_style_replays_and_shows_what_it_may(tmp_path: Path) -> None:
    app, admin, partner, service = bank(tmp_path / "bank.db")

    async def scenario() -> None:
        first = (await admin.post("/pay", {"number": "1"}, idempotency_key=KEY)).ok().json
        assert first["secret"] == "hidden"
        shown = {name: each for name, each in first.items() if name != "secret"}
        for other in (partner, service):
            again = (await other.post("/pay", {"number": "1"}, idempotency_key=KEY)).ok()
            assert again.headers["idempotency-replayed"] == "true"
            assert again.json == shown
            (await other.post("/pay", {"number": "2"}, idempotency_key=KEY)).refused(422)
        assert len((await admin.get("/payments")).json["payments"]) == 1

    run(app, scenario)


def test_a_fault_of_another_surface_tells_nothing_of_it(tmp_path: Path) -> None:
    app, admin, partner, _ = bank(tmp_path / "bank.db")

    async def scenario() -> None:
        (await admin.post("/pay", {"number": "1"})).ok()
        first = (await admin.post("/pay", {"number": "1"}, idempotency_key=KEY)).refused(
            409, "ALREADY_EXISTS", "#/number"
        )
        again = (await admin.post("/pay", {"number": "1"}, idempotency_key=KEY)).refused(
            409, "ALREADY_EXISTS", "#/number"
        )
        assert again.json["detail"] == first.json["detail"]
        other = (await partner.post("/pay", {"number": "1"}, idempotency_key=KEY)).refused(409, "ALREADY_EXISTS")
        assert other.pointers == []

    run(app, scenario)


def test_permission_is_asked_again(tmp_path: Path) -> None:
    app, _, partner, _ = bank(tmp_path / "bank.db")

    async def scenario() -> None:
        (await partner.post("/pay", {"number": "1"}, idempotency_key=KEY)).ok()
        weak = Caller(app, "weak", "/v1")
        refused = (await weak.post("/pay", {"number": "1"}, idempotency_key=KEY)).refused(403)
        assert "idempotency-replayed" not in refused.headers
        (await partner.post("/pay", {"number": "1"}, idempotency_key=KEY)).ok()

    run(app, scenario)


def test_callers_that_nobody_knows_have_no_keys(tmp_path: Path) -> None:
    contract = dm.Contract("open")

    @contract.operation()
    async def work(input: Ask) -> Told:
        return Told()

    app = dm.App(
        dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[work]), database=tmp_path / "open.db"
    )

    async def scenario() -> None:
        anyone = Caller(app, None, "/v1")
        refused = (await anyone.post("/work", {}, idempotency_key=KEY)).refused(422)
        assert "does not know its callers" in refused.json["detail"]
        assert "IdempotencyKey" not in (await anyone.get("/openapi.json")).body.decode()

    run(app, scenario)


# What has effects outside


class Charged(dm.Struct):
    """What a provider was asked for."""

    key: str
    count: int


class Declined(dm.FailedPrecondition):
    """The card was declined."""

    reason = "DECLINED"


def charging(bench: Bench, asked: list[str], answers: list[Any]) -> None:
    """A handler that asks somebody else: each time it gets the next answer, a value or an exception."""

    @bench.operation(external=True, faults=[Declined])
    async def charge(input: Ask, ctx: dm.Context) -> Charged:
        asked.append(ctx.downstream_key)
        answer = answers.pop(0)
        if isinstance(answer, asyncio.Event):
            await answer.wait()
        elif isinstance(answer, Exception):
            raise answer
        if input.what:
            ctx.create(Item(name=input.what))
        return Charged(key=ctx.downstream_key, count=len(asked))


async def begun(asked: list[str]) -> None:
    """Until the handler has asked."""
    while True:
        if asked:
            return
        await asyncio.sleep(0.001)


def test_what_has_effects_outside_is_done_once(bench: Bench) -> None:
    asked: list[str] = []
    charging(bench, asked, [None, None])

    async def scenario() -> None:
        needed = (await bench.one.post("/charge", {})).refused(400).json
        assert needed["reason"] == "IDEMPOTENCY_KEY_REQUIRED"
        assert "Idempotency-Key" in needed["detail"]
        first = (await bench.one.post("/charge", {"what": "a"}, idempotency_key=KEY)).ok()
        same(first, await bench.one.post("/charge", {"what": "a"}, idempotency_key=KEY))
        (await bench.two.post("/charge", {"what": "a"}, idempotency_key=KEY)).ok()
        assert len(set(asked)) == 2
        assert await bench.names() == ["a"]
        assert all(len(each) == 32 and "8e03978e" not in each for each in asked)

    bench.run(scenario)


def test_the_twin_of_a_call_under_way_waits_its_turn(bench: Bench) -> None:
    asked: list[str] = []
    go_on = asyncio.Event()
    charging(bench, asked, [go_on])

    async def scenario() -> None:
        first = asyncio.create_task(bench.one.post("/charge", {}, idempotency_key=KEY))
        await begun(asked)
        twin = (await bench.one.post("/charge", {}, idempotency_key=KEY)).refused(409, "ABORTED")
        assert twin.json["reason"] == "IN_FLIGHT"
        assert 1 <= int(twin.headers["retry-after"]) <= 35
        (await bench.one.post("/charge", {"what": "other"}, idempotency_key=KEY)).refused(422)
        go_on.set()
        same((await first).ok(), await bench.one.post("/charge", {}, idempotency_key=KEY))

    bench.run(scenario)


def test_what_its_handler_says_holds(bench: Bench) -> None:
    asked: list[str] = []
    charging(bench, asked, [Declined("no money"), dm.Unavailable("the provider does not answer"), None])

    async def scenario() -> None:
        first = (await bench.one.post("/charge", {}, idempotency_key='"1"')).refused(409, "FAILED_PRECONDITION")
        again = (await bench.one.post("/charge", {}, idempotency_key='"1"')).refused(409, "FAILED_PRECONDITION")
        assert first.json["reason"] == again.json["reason"] == "DECLINED"
        (await bench.one.post("/charge", {}, idempotency_key='"2"')).refused(503)
        (await bench.one.post("/charge", {}, idempotency_key='"2"')).ok()
        assert len(asked) == 3
        assert asked[1] == asked[2]

    bench.run(scenario)


def test_who_dies_leaves_an_outcome_that_nobody_knows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    asked: list[str] = []
    charging(bench, asked, [asyncio.Event(), RuntimeError("a bug"), RuntimeError("a bug"), RuntimeError("a bug"), None])

    async def scenario() -> None:
        gone = asyncio.create_task(bench.one.post("/charge", {}, idempotency_key='"gone"'))
        await begun(asked)
        # As if its process had died.
        for each in tuple(bench.app._beside):
            each.cancel()
        await asyncio.wait([gone])
        for name in ("done", "declined", "forgotten"):
            (await bench.one.post("/charge", {}, idempotency_key=name)).refused(500)
        (await bench.one.post("/charge", {}, idempotency_key='"gone"')).refused(409, "ABORTED")
        # The others are known to have come to a bad end.
        assert (await bench.one.post("/charge", {}, idempotency_key="done")).json["reason"] == "OUTCOME_UNKNOWN"
        now = bench.app.store.clock()
        monkeypatch.setattr("time.time", lambda: now + 36)
        for name in ("gone", "done", "declined", "forgotten"):
            refused = (await bench.one.post("/charge", {}, idempotency_key=name)).refused(409, "FAILED_PRECONDITION")
            assert refused.json["reason"] == "OUTCOME_UNKNOWN"
        assert len(asked) == 4

        def ledger(*arguments: str) -> str:
            code = main(["ledger", *arguments, "--database", str(bench.database)])
            said = capsys.readouterr()
            assert code == 0, said.err
            return said.out

        def listed() -> dict[str, list[str]]:
            lines = [line.split() for line in ledger("list").splitlines()[1:]]
            return {line[5]: line for line in lines}

        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(None, listed)
        assert {line[1] for line in rows.values()} == {"unknown"}
        shown = msgspec.json.decode(await loop.run_in_executor(None, ledger, "show", rows["done"][0]))
        assert shown["downstream_key"] == asked[1]
        settle = [
            ("done", "--result", '{"key": "x", "count": 7}'),
            (rows["declined"][0], "--fault", "FAILED_PRECONDITION", "declined"),
            ("forgotten", "--forget"),
        ]
        for arguments in settle:
            await loop.run_in_executor(None, ledger, "settle", *arguments)
        done = (await bench.one.post("/charge", {}, idempotency_key="done")).ok()
        assert (done.json, done.headers["idempotency-replayed"]) == ({"key": "x", "count": 7}, "true")
        (await bench.one.post("/charge", {}, idempotency_key="declined")).refused(409, "FAILED_PRECONDITION")
        assert (await bench.one.post("/charge", {}, idempotency_key="forgotten")).ok().json["count"] == 5
        assert (await loop.run_in_executor(None, listed))["gone"][1] == "unknown"

    bench.run(scenario)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"effect": "safe"}, "both safe and external"),
        ({"rerun": True}, "would be done again with each run"),
        ({"batch": dm.Batch()}, "external and a batch"),
    ],
)
def test_what_cannot_be_external(options: Any, said: str) -> None:
    contract = dm.Contract("wrong")
    with pytest.raises(dm.DeclarationError, match=said):
        contract.declare("work", input=Ask, output=Told, external=True, **options)


# Events


class Moved(dm.Struct):
    """An item was moved."""

    item: str
    to: str


def test_events_are_numbered_in_the_order_of_commits(bench: Bench) -> None:
    bench.contract.event(Moved, key="item")

    @bench.operation()
    async def move(input: Ask, ctx: dm.Context) -> Told:
        ctx.publish(Moved(item=input.what, to=f"place {input.count}"))
        if input.count:
            ctx.create(Item(name=f"{input.what}{input.count}"))
        return Told()

    async def scenario() -> None:
        calls = [bench.one.post("/move", {"what": what, "count": count}) for count in range(5) for what in "ab"]
        for answer in await asyncio.gather(*calls):
            answer.ok()
        (await bench.two.post("/move", {"what": "a"})).ok()
        rows = await outbox(bench)
        for tenant, key, numbers in (("one", "a", 5), ("one", "b", 5), ("two", "a", 1)):
            found = [sequence for row_tenant, row_key, sequence, _ in rows if (row_tenant, row_key) == (tenant, key)]
            assert sorted(found) == list(range(1, numbers + 1))

    bench.run(scenario)


def test_a_row_and_its_event_stand_or_fall_together(bench: Bench) -> None:
    bench.contract.event(Moved, key="item")

    @bench.operation()
    async def move(input: Ask, ctx: dm.Context) -> Told:
        ctx.create(Item(name="taken" if input.what == "twice" else input.what))
        ctx.publish(Moved(item="x", to=input.what))
        if input.what == "raise":
            raise dm.FailedPrecondition("no")
        return Told()

    async def scenario() -> None:
        await bench.add("taken")
        (await bench.one.post("/move", {"what": "twice"})).refused(409)
        (await bench.one.post("/move", {"what": "raise"})).refused(409)
        (await bench.one.post("/move", {"what": "kept"}, idempotency_key=KEY)).ok()
        (await bench.one.post("/move", {"what": "kept"}, idempotency_key=KEY)).ok()
        assert await outbox(bench) == [("one", "x", 1, {"item": "x", "to": "kept"})]
        assert await bench.names() == ["taken", "kept"]

    bench.run(scenario)


class Place(enum.StrEnum):
    """Where things are."""

    SHELF = "shelf"


class Shelved(dm.Struct):
    """Something was put there."""

    place: Place


def test_events_are_ordered_by_their_key_as_it_is_written(bench: Bench) -> None:
    bench.contract.event(Shelved, key="place")

    @bench.operation()
    async def shelve(ctx: dm.Context) -> Told:
        ctx.publish(Shelved(place=Place.SHELF))
        return Told()

    async def scenario() -> None:
        (await bench.one.post("/shelve")).ok()
        assert await outbox(bench) == [("one", "shelf", 1, {"place": "shelf"})]

    bench.run(scenario)


@pytest.mark.parametrize("what", ["stranger", "wrong", "safe"])
def test_only_events_are_published(bench: Bench, caplog: pytest.LogCaptureFixture, what: str) -> None:
    bench.contract.event(Moved, key="item")
    said = {"stranger": "is no event of this application", "wrong": "breaks its contract", "safe": "declared safe"}

    @bench.operation(effect="safe" if what == "safe" else "unsafe")
    async def move(ctx: dm.Context) -> Told:
        ctx.publish({"stranger": Told(), "wrong": Moved(item="x", to=1), "safe": Moved(item="x", to="y")}[what])  # type: ignore[arg-type]
        return Told()

    async def scenario() -> None:
        (await bench.one("GET" if what == "safe" else "POST", "/move")).refused(500)
        assert said[what] in caplog.text
        assert await outbox(bench) == []

    bench.run(scenario)


async def outbox(bench: Bench) -> list[tuple[str, str, int, Any]]:
    """What stands in the outbox."""
    connection = apsw.Connection(str(bench.database), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute(
        "SELECT _tenant, key, sequence, payload FROM dragoman_outbox ORDER BY sequence"
    ).fetchall()
    connection.close()
    return [(tenant, key, sequence, msgspec.json.decode(payload)) for tenant, key, sequence, payload in rows]
