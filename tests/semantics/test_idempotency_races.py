"""What could go wrong with keys: entries that expire, are cleaned or settled while calls are under way; reservations
that fail; inputs that are the same and do not look it; applications that change; callers who may see less.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from driving import Caller, principal, run
from handler_bench import Ask, Bench, Item, Told

import dragoman as dm
from dragoman.ports.store import Outcome, WriteSet
from dragoman.runtime.ledger.cleaning import Cleaner
from dragoman.runtime.ledger.settling import find, settle_forgotten, settle_result

KEY = '"k"'
RETENTION = 60


async def until(holds: Callable[[], Any]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.001)


def later(bench: Bench, seconds: float) -> None:
    """Let time pass on the database's clock."""
    now = bench.app.store.clock()
    bench.app.store.clock = lambda: now + seconds  # type: ignore[method-assign]


# While calls are under way


def test_of_twins_with_an_expired_key_one_is_done(bench: Bench) -> None:
    bench.options["idempotency"] = dm.Idempotency(retention=RETENTION)
    both = asyncio.Barrier(2)
    runs: list[int] = []

    @bench.operation()
    async def work(input: Ask, ctx: dm.Context) -> Item:
        runs.append(number := len(runs))
        if number:
            await both.wait()
        return ctx.create(Item(name=f"made {number}"))

    async def scenario() -> None:
        (await bench.one.post("/work", {}, idempotency_key=KEY)).ok()
        later(bench, RETENTION + 1)
        twins = await asyncio.gather(*(bench.one.post("/work", {}, idempotency_key=KEY) for _ in range(2)))
        assert twins[0].ok().body == twins[1].ok().body
        assert len(await bench.names()) == 2

    bench.run(scenario)


def test_of_twins_with_an_expired_key_one_has_effects_outside(bench: Bench) -> None:
    bench.options["idempotency"] = dm.Idempotency(retention=RETENTION)
    asked: list[str] = []

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        asked.append(ctx.downstream_key)
        await asyncio.sleep(0.05)
        return Told()

    async def scenario() -> None:
        (await bench.one.post("/charge", {}, idempotency_key=KEY)).ok()
        later(bench, RETENTION + 1)
        twins = await asyncio.gather(*(bench.one.post("/charge", {}, idempotency_key=KEY) for _ in range(2)))
        assert sorted(each.status for each in twins) == [200, 409]
        assert len(asked) == 2

    bench.run(scenario)


@pytest.mark.parametrize("fault", [dm.Unavailable, dm.DeadlineExceeded])
def test_a_reservation_that_fails_does_not_touch_anothers(bench: Bench, fault: type[dm.Fault]) -> None:
    asked: list[str] = []
    fails, go_on = asyncio.Event(), asyncio.Event()

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        asked.append(ctx.downstream_key)
        await go_on.wait()
        return Told(count=len(asked))

    async def scenario() -> None:
        store = bench.app.store
        commit, commits = store.commit, 0

        async def first_fails(writes: WriteSet) -> Outcome:
            nonlocal commits
            commits += 1
            if commits == 1:
                await fails.wait()
                raise fault("the database is busy")
            return await commit(writes)

        store.commit = first_fails  # type: ignore[method-assign]
        failing = asyncio.create_task(bench.one.post("/charge", {}, idempotency_key=KEY))
        await until(lambda: commits)
        twin = asyncio.create_task(bench.one.post("/charge", {}, idempotency_key=KEY))
        await until(lambda: asked)
        fails.set()
        assert (await failing).status in (503, 504)
        (await bench.one.post("/charge", {}, idempotency_key=KEY)).refused(409, "ABORTED")
        go_on.set()
        done = (await twin).ok()
        assert (await bench.one.post("/charge", {}, idempotency_key=KEY)).ok().body == done.body
        assert len(asked) == 1

    bench.run(scenario)


def test_who_has_outlived_its_reservation_writes_nothing(bench: Bench) -> None:
    asked: list[str] = []
    go_on = {"late": asyncio.Event(), "other": asyncio.Event()}

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        asked.append(input.what)
        await go_on[input.what].wait()
        ctx.create(Item(name=input.what))
        return Told(lines=[input.what])

    async def scenario() -> None:
        store = bench.app.store
        late = asyncio.create_task(bench.one.post("/charge", {"what": "late"}, idempotency_key=KEY))
        await until(lambda: asked)
        later(bench, 40)
        await settle_forgotten(store, await find(store, "k"))
        other = asyncio.create_task(bench.one.post("/charge", {"what": "other"}, idempotency_key=KEY))
        await until(lambda: len(asked) == 2)
        go_on["late"].set()
        (await late).refused(409, "FAILED_PRECONDITION")
        go_on["other"].set()
        assert (await other).ok().json["lines"] == ["other"]
        assert (await bench.one.post("/charge", {"what": "other"}, idempotency_key=KEY)).ok().json["lines"] == ["other"]
        assert await bench.names() == ["other"]

    bench.run(scenario)


def test_cleaning_spares_what_has_taken_the_place_of_an_expired_entry(bench: Bench) -> None:
    bench.options["idempotency"] = dm.Idempotency(retention=RETENTION)

    async def scenario() -> None:
        (await bench.one.post("/items", {"name": "a"}, idempotency_key=KEY)).ok(201)
        later(bench, 3 * RETENTION)
        cleaner = Cleaner(bench.app.store)
        expired = cleaner._expired

        class Meanwhile:
            """Reads what is expired; then somebody replaces it."""

            async def fetch(self, *values: Any) -> Any:
                rows = await expired.fetch(*values)
                (await bench.one.post("/items", {"name": "b"}, idempotency_key=KEY)).ok(201)
                return rows

        cleaner._expired = Meanwhile()  # type: ignore[assignment]
        await cleaner.clean()
        again = (await bench.one.post("/items", {"name": "b"}, idempotency_key=KEY)).ok(201)
        assert again.headers["idempotency-replayed"] == "true"

    bench.run(scenario)


def test_a_call_goes_on_whose_expired_entry_is_cleaned(bench: Bench) -> None:
    bench.options["idempotency"] = dm.Idempotency(retention=RETENTION)
    runs: list[int] = []

    @bench.operation(rerun=True)
    async def work(input: Ask, ctx: dm.Context) -> Told:
        runs.append(len(runs))
        if len(runs) == 2:
            await Cleaner(bench.app.store).clean()
        return Told()

    async def scenario() -> None:
        (await bench.one.post("/work", {}, idempotency_key=KEY)).ok()
        later(bench, 3 * RETENTION)
        (await bench.one.post("/work", {}, idempotency_key=KEY)).ok()
        assert len(runs) == 3

    bench.run(scenario)


def test_who_never_began_leaves_no_unknown_outcome(bench: Bench) -> None:
    asked: list[str] = []

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        asked.append(ctx.downstream_key)
        return Told()

    async def scenario() -> None:
        store = bench.app.store
        commit, commits = store.commit, 0

        async def first_is_slow(writes: WriteSet) -> Outcome:
            nonlocal commits
            commits += 1
            outcome = await commit(writes)
            if commits == 1:
                await asyncio.sleep(5)
            return outcome

        store.commit = first_is_slow  # type: ignore[method-assign]
        (await bench.one.post("/charge", {}, idempotency_key=KEY, request_timeout="0.1")).refused(504)
        assert asked == []
        (await bench.one.post("/charge", {}, idempotency_key=KEY)).ok()

    bench.run(scenario)


def test_who_leaves_does_not_end_what_has_effects_outside(bench: Bench) -> None:
    asked: list[str] = []
    go_on = asyncio.Event()

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        asked.append(ctx.downstream_key)
        await go_on.wait()
        return Told(count=len(asked))

    async def scenario() -> None:
        leaving = asyncio.create_task(bench.one.post("/charge", {}, idempotency_key=KEY))
        await until(lambda: asked)
        leaving.cancel()
        await asyncio.wait([leaving])
        go_on.set()
        await until(lambda: not bench.app._beside)
        answer = (await bench.one.post("/charge", {}, idempotency_key=KEY)).ok()
        assert answer.headers["idempotency-replayed"] == "true"
        assert len(asked) == 1

    bench.run(scenario)


@pytest.mark.parametrize("end", ["the deadline", "a refused commit", "a bug"])
def test_whoever_ends_an_unknown_outcome_is_told_so_at_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Told:
        assert input.id is not None
        item = await ctx.get(Item, input.id)
        if end == "the deadline":
            await asyncio.sleep(5)
        elif end == "a bug":
            raise RuntimeError("a bug")
        (await bench.one.patch(f"/items/{item.id}", {"count": 9})).ok()
        ctx.save(dm.replace(item, count=1))
        return Told()

    async def scenario() -> None:
        id = await bench.add("a")
        first = await bench.one.post("/charge", {"id": id}, idempotency_key=KEY, request_timeout="0.3")
        if end != "a bug":
            told = first.refused(409, "FAILED_PRECONDITION").json
            assert (told["reason"], told["retryable"]) == ("OUTCOME_UNKNOWN", False)
        again = (await bench.one.post("/charge", {"id": id}, idempotency_key=KEY)).refused(409, "FAILED_PRECONDITION")
        assert again.json["reason"] == "OUTCOME_UNKNOWN"
        assert "charge of ann has an unknown outcome: see `dragoman ledger show" in caplog.text

    bench.run(scenario)


# The same input


class Line(dm.Struct):
    sku: str
    nonce: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)


class Paper(dm.Resource, prefix="pap"):
    name: str
    tags: dict[str, int] = {}
    lines: list[Line] = []


class Given(dm.Struct):
    name: str
    at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    reference: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    lines: list[Line] = []
    labels: set[str] = set()
    count: int = 3


def papers(database: Path) -> tuple[dm.App, Caller]:
    contract = dm.Contract("papers")
    documents = contract.resource(Paper)

    @contract.operation
    async def work(input: Given) -> Given:
        return input

    keys = dm.api_keys(fixed={"one": principal("ann", "one", "operator")})
    app = dm.App(dm.rest("papers", "/v1", audience="operator", auth=keys, exposes=[documents, work]), database=database)
    return app, Caller(app, "one", "/v1")


SAME: Mapping[str, tuple[str, Any, Any]] = {
    "a map in another order": (
        "/papers",
        {"name": "a", "tags": {"a": 1, "b": 2}},
        {"name": "a", "tags": {"b": 2, "a": 1}},
    ),
    "what a nested class makes up": ("/papers", {"name": "a", "lines": [{"sku": "x"}]}, None),
    "what the class makes up": ("/work", {"name": "a"}, None),
    "a default": ("/work", {"name": "a", "count": 3, "lines": []}, {"name": "a"}),
    "the time in another zone": (
        "/work",
        {"name": "a", "at": "2026-01-01T00:00:00Z"},
        {"name": "a", "at": "2026-01-01T01:00:00+01:00"},
    ),
    "a set": ("/work", {"name": "a", "labels": list("abcdefgh")}, None),
}


@pytest.mark.parametrize("case", SAME)
def test_it_is_the_same_input(case: str, tmp_path: Path) -> None:
    app, one = papers(tmp_path / "papers.db")
    path, first, again = SAME[case]

    async def scenario() -> None:
        told = await one.post(path, first, idempotency_key=KEY)
        assert told.status in (200, 201), told
        replayed = await one.post(path, first if again is None else again, idempotency_key=KEY)
        assert replayed.headers.get("idempotency-replayed") == "true", replayed
        assert replayed.body == told.body

    run(app, scenario)


def test_what_is_given_counts_though_the_class_would_make_it_up(tmp_path: Path) -> None:
    app, one = papers(tmp_path / "papers.db")

    async def scenario() -> None:
        (await one.post("/work", {"name": "a", "reference": "r1"}, idempotency_key=KEY)).ok()
        (await one.post("/work", {"name": "a", "reference": "r2"}, idempotency_key=KEY)).refused(422)

    run(app, scenario)


# Applications that change


def first_version() -> Any:
    class Document(dm.Resource, prefix="doc"):
        name: str
        secret: Annotated[str, dm.Only("operator")] = "hidden"

    return Document


def reordered() -> Any:
    class Document(dm.Resource, prefix="doc"):
        secret: Annotated[str, dm.Only("operator")] = "hidden"
        name: str = ""

    return Document


def extended() -> Any:
    class Document(dm.Resource, prefix="doc"):
        name: str
        secret: Annotated[str, dm.Only("operator")] = "hidden"
        extra: str | None = None

    return Document


@pytest.mark.parametrize("version", [first_version, reordered, extended])
def test_a_new_version_replays_what_an_old_one_answered(version: Callable[[], Any], tmp_path: Path) -> None:
    keys = dm.api_keys(fixed={"one": principal("ann", "one", "partner")})

    def made(document: Any) -> tuple[dm.App, Caller]:
        contract = dm.Contract("documents")
        surface = dm.rest("v1", "/v1", audience="partner", auth=keys, exposes=[contract.resource(document)])
        app = dm.App(surface, database=tmp_path / "documents.db")
        return app, Caller(app, "one", "/v1")

    answers: list[dict[str, Any]] = []
    for document in (first_version(), version()):
        app, caller = made(document)

        async def scenario(caller: Caller = caller) -> None:
            answers.append((await caller.post("/documents", {"name": "a"}, idempotency_key=KEY)).ok(201).json)

        run(app, scenario)
    assert {name: answers[1][name] for name in answers[0]} == answers[0]
    assert "hidden" not in json.dumps(answers)


# Callers who may see less


class Note(dm.Resource, prefix="not"):
    text: str
    level: str = "low"


class Claim(dm.Resource, prefix="cla"):
    note: Annotated[dm.Id[Note], dm.Ref(reverse="claims")]


def archive(database: Path) -> dm.App:
    """Notes of a high level, which only some see; one surface has claims, too."""
    contract = dm.Contract("archive")
    notes, claims = contract.resource(Note), contract.resource(Claim)

    @notes.visible
    def seen(caller: dm.Principal) -> dm.Expression:
        return dm.EVERYTHING if "high" in caller.scopes else notes.field.level == "low"

    keys = dm.api_keys(
        fixed={
            "high": principal("ann", "one", "operator", scopes=("*", "high")),
            "low": principal("ann", "one", "operator"),
        }
    )
    return dm.App(
        dm.rest("all", "/all", audience="operator", auth=keys, exposes=[notes, claims]),
        dm.rest("some", "/some", audience="operator", auth=keys, exposes=[notes]),
        database=database,
    )


def test_a_replay_shows_no_row_that_its_caller_may_not_see(tmp_path: Path) -> None:
    app = archive(tmp_path / "archive.db")
    high, low = Caller(app, "high", "/all"), Caller(app, "low", "/all")

    async def scenario() -> None:
        id = (await high.post("/notes", {"text": "secret", "level": "high"})).ok(201).json["id"]
        (await high.patch(f"/notes/{id}", {"text": "more"}, idempotency_key=KEY)).ok()
        (await low.patch(f"/notes/{id}", {"text": "more"})).refused(404)
        refused = (await low.patch(f"/notes/{id}", {"text": "more"}, idempotency_key=KEY)).refused(404)
        assert "secret" not in refused.body.decode()
        (await high.patch(f"/notes/{id}", {"text": "more"}, idempotency_key=KEY)).ok()
        # What its own caller was told without seeing it again, it is told again.
        made = (await low.post("/notes", {"text": "mine", "level": "high"}, idempotency_key='"own"')).ok(201)
        again = (await low.post("/notes", {"text": "mine", "level": "high"}, idempotency_key='"own"')).ok(201)
        assert again.body == made.body

    run(app, scenario)


def test_a_replayed_fault_does_not_name_what_another_surface_hides(tmp_path: Path) -> None:
    app = archive(tmp_path / "archive.db")
    whole, part = Caller(app, "high", "/all"), Caller(app, "high", "/some")

    async def scenario() -> None:
        id = (await whole.post("/notes", {"text": "a"})).ok(201).json["id"]
        (await whole.post("/claims", {"note": id})).ok(201)
        told = (await whole.delete(f"/notes/{id}", idempotency_key=KEY)).refused(409)
        assert "claims" in told.json["detail"]
        assert "claims" not in (await part.delete(f"/notes/{id}", idempotency_key=KEY)).refused(409).json["detail"]

    run(app, scenario)


# Settling


def test_what_is_settled_may_be_settled_again(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    @bench.operation(external=True)
    async def charge(input: Ask, ctx: dm.Context) -> Item:
        raise RuntimeError("a bug")

    async def scenario() -> None:
        store = bench.app.store
        (await bench.one.post("/charge", {}, idempotency_key=KEY)).refused(500)
        later(bench, 40)
        item = await bench.read(await bench.add("a"))
        for text in ('{"name": 3}', '"a"', "null", "{}"):
            await settle_result(store, await find(store, "k"), text)
            wrong = (await bench.one.post("/charge", {}, idempotency_key=KEY)).refused(409, "FAILED_PRECONDITION")
            assert "it has to be settled again" in wrong.json["detail"]
        await settle_result(store, await find(store, "k"), json.dumps(item))
        assert (await bench.one.post("/charge", {}, idempotency_key=KEY)).ok().json == item
        with pytest.raises(dm.InvalidArgument, match="no JSON"):
            await settle_result(store, await find(store, "k"), "{")

    bench.run(scenario)
