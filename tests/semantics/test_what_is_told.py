"""What the answer of a call tells: what was committed, and nothing that the surface does not show."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import apsw
import pytest
from driving import Caller, principal, run

import dragoman as dm
from dragoman.ports.wire import Request


class Account(dm.Resource, prefix="acc"):
    name: str = "account"
    cents: Annotated[int, dm.Ge(0)] = 0
    steps: Annotated[int, dm.MultipleOf(5)] = 0
    rate: float = 0.0
    number: int = 0
    region: Annotated[str, dm.Only("operator")] = "north"
    hidden: Annotated[int, dm.Ge(0), dm.Only("operator")] = 0
    code: Annotated[str | None, dm.Unique(among=("region",))] = None


class Audit(dm.Resource, prefix="aud"):
    account: Annotated[dm.Id[Account], dm.Ref()]


class Shared(dm.Resource, prefix="sha", tenant=False):
    name: str


class Change(dm.Struct):
    id: dm.Id[Account] | None = None
    cents: int = 0
    rate: float = 0.0


class Numbers(dm.Struct):
    numbers: list[int]


KEYS = {
    "partner": principal("ann", "one", "partner"),
    "operator": principal("olga", "one", "operator"),
    "elsewhere": principal("eve", "two", "partner"),
}


class Bank:
    """A contract whose handlers a test writes, on a partner's and an operator's surface."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.contract = dm.Contract("bank")
        self.accounts = self.contract.resource(Account)
        self.audits = self.contract.resource(Audit)
        self.shared = self.contract.resource(Shared)
        self.operations: list[Any] = []
        self.deadline = 30.0

    def operation(self, function: Any) -> Any:
        handle = self.contract.operation(effect="unsafe")(function)
        self.operations.append(handle)
        return handle

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        keys = dm.api_keys(fixed=KEYS)
        app = dm.App(
            dm.rest(
                "partner",
                "/v1",
                audience="partner",
                auth=keys,
                exposes=[self.accounts, *self.operations],
                deadline=self.deadline,
            ),
            dm.rest(
                "admin", "/admin", audience="operator", auth=keys, exposes=[self.accounts, self.audits, self.shared]
            ),
            database=self.database,
        )
        self.app = app
        self.partner, self.operator = Caller(app, "partner", "/v1"), Caller(app, "operator", "/admin")
        self.elsewhere = Caller(app, "elsewhere", "/v1")
        run(app, scenario)

    async def open(self, **values: Any) -> str:
        return str((await self.operator.post("/accounts", values)).ok(201).json["id"])

    async def read(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.operator.get(f"/accounts/{id}")).ok().json
        return found


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "bank.db")


# What was committed


def test_a_copy_that_a_handler_changed_is_told_as_it_is(bank: Bank) -> None:
    @bank.operation
    async def touch(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        account = ctx.save(dm.replace(await ctx.peek(Account, input.id), cents=input.cents))
        return dm.replace(account, name="***")

    async def scenario() -> None:
        id = await bank.open(name="secret")
        answer = (await bank.partner.post("/touch", {"id": id, "cents": 3})).ok()
        assert (answer.json["name"], answer.json["cents"]) == ("***", 3)
        assert (await bank.read(id))["name"] == "secret"

    bank.run(scenario)


def test_after_a_peek_the_whole_row_is_told(bank: Bank) -> None:
    other = asyncio.Event()

    @bank.operation
    async def touch(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        account = await ctx.peek(Account, input.id)
        (await bank.operator.patch(f"/accounts/{input.id}", {"name": "changed"})).ok()
        other.set()
        return ctx.save(dm.replace(account, cents=7))

    async def scenario() -> None:
        id = await bank.open(name="as it was")
        answer = (await bank.partner.post("/touch", {"id": id})).ok()
        assert other.is_set()
        row = await bank.read(id)
        assert (answer.json["name"], answer.json["cents"]) == ("changed", 7) == (row["name"], row["cents"])

    bank.run(scenario)


def test_additions_add_to_what_was_staged_before(bank: Bank) -> None:
    @bank.operation
    async def several(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        account = await ctx.get(Account, input.id)
        account = ctx.save(dm.replace(account, cents=50))
        account = ctx.save(dm.replace(account, cents=dm.add(5), rate=dm.add(0.5)))
        account = ctx.save(dm.replace(account, rate=dm.add(0.25), name="both"))
        return ctx.save(dm.replace(account, steps=dm.add(5)))

    @bank.operation
    async def opened(ctx: dm.Context) -> Account:
        account = ctx.create(Account(cents=3))
        return ctx.save(dm.replace(account, cents=dm.add(4)))

    async def scenario() -> None:
        id = await bank.open(cents=5, rate=1.0)
        told = (await bank.partner.post("/several", {"id": id})).ok().json
        assert (told["cents"], told["rate"], told["steps"], told["name"]) == (55, 1.75, 5, "both")
        assert {**await bank.read(id), **told} == await bank.read(id)
        assert (await bank.partner.post("/opened")).ok().json["cents"] == 7

    bank.run(scenario)


def test_additions_hold_every_bound(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    @bank.operation
    async def step(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        account = await ctx.peek(Account, input.id)
        return ctx.save(dm.replace(account, steps=dm.add(input.cents), rate=dm.add(input.rate)))

    @bank.operation
    async def half(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        half: Any = 0.5
        return ctx.save(dm.replace(await ctx.peek(Account, input.id), cents=dm.add(half)))

    async def scenario() -> None:
        id = await bank.open()
        (await bank.partner.post("/step", {"id": id, "cents": 3})).refused(422, "OUT_OF_RANGE", "#/steps")
        (await bank.partner.post("/step", {"id": id, "cents": 5, "rate": 1.7e308})).ok()
        (await bank.partner.post("/step", {"id": id, "cents": 5, "rate": 1.7e308})).refused(422, "OUT_OF_RANGE")
        (await bank.partner.post("/half", {"id": id})).refused(500, "INTERNAL")
        row = await bank.read(id)
        assert (row["steps"], row["rate"], row["cents"]) == (5, 1.7e308, 0)

    bank.run(scenario)
    assert "0.5" in caplog.text


def test_a_result_that_breaks_its_contract_has_written_nothing(bank: Bank) -> None:
    @bank.operation
    async def numbered(ctx: dm.Context) -> Numbers:
        return Numbers(numbers=[ctx.create(Account(number=dm.next("account"))).number])

    @bank.operation
    async def wrong(ctx: dm.Context) -> Numbers:
        ctx.create(Account())
        numbers: Any = ["one"]
        return Numbers(numbers=numbers)

    @bank.operation
    async def right(ctx: dm.Context) -> Account:
        return ctx.create(Account(number=dm.next("account")))

    async def scenario() -> None:
        (await bank.partner.post("/numbered")).refused(500, "INTERNAL")
        (await bank.partner.post("/wrong")).refused(500, "INTERNAL")
        assert (await bank.operator.get("/accounts")).ok().json["accounts"] == []
        assert (await bank.partner.post("/right")).ok().json["number"] == 1

    bank.run(scenario)


def test_a_commit_is_waited_for_until_the_deadline(bank: Bank) -> None:
    bank.deadline = 0.3

    async def scenario() -> None:
        id = await bank.open()
        other = apsw.Connection(str(bank.database))
        other.execute("BEGIN IMMEDIATE")
        # Without a deadline of its own this would wait for the lock, and be answered UNAVAILABLE.
        (await bank.partner.patch(f"/accounts/{id}", {"cents": 1})).refused(504, "DEADLINE_EXCEEDED")
        other.execute("ROLLBACK")
        other.close()

    bank.run(scenario)


# What two tenants share


def test_a_shared_guard_protects_what_tenants_share(bank: Bank) -> None:
    both = asyncio.Barrier(2)

    @bank.operation
    async def first(ctx: dm.Context) -> Numbers:
        await ctx.guard("the one", shared=True)
        found = await ctx.list(Shared)
        await both.wait()
        if not found:
            ctx.create(Shared(name="the one"))
        return Numbers(numbers=[len(found)])

    async def scenario() -> None:
        answers = await asyncio.gather(bank.partner.post("/first"), bank.elsewhere.post("/first"))
        assert sorted(each.status for each in answers) == [200, 409]
        assert len((await bank.operator.get("/shareds")).ok().json["shareds"]) == 1

    bank.run(scenario)


def test_a_guard_needs_no_resource(tmp_path: Path) -> None:
    contract = dm.Contract("alone")

    @contract.operation(effect="unsafe")
    async def guarded(ctx: dm.Context) -> None:
        await ctx.guard("door")

    keys = dm.api_keys(fixed=KEYS)
    app = dm.App(
        dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[guarded]), database=tmp_path / "alone.db"
    )

    async def scenario() -> None:
        (await Caller(app, "partner", "/v1").post("/guarded")).ok(204)

    run(app, scenario)


# What the surface does not show


def test_a_hidden_field_is_in_no_refusal(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    @bank.operation
    async def spend(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        return ctx.save(dm.replace(await ctx.get(Account, input.id), hidden=dm.add(-8765)))

    @bank.operation
    async def stage(input: Change, ctx: dm.Context) -> Account:
        assert input.id is not None
        return ctx.save(dm.replace(await ctx.get(Account, input.id), hidden=-8765))

    async def scenario() -> None:
        id = await bank.open(hidden=1234)
        bounds = (await bank.partner.post("/spend", {"id": id})).refused(422, "OUT_OF_RANGE")
        staged = (await bank.partner.post("/stage", {"id": id})).refused(500, "INTERNAL")
        await bank.open(code="x", region="north")
        taken = (await bank.partner.post("/accounts", {"code": "x"})).refused(409, "ALREADY_EXISTS", "#/code")
        (await bank.operator.post("/audits", {"account": id})).ok(201)
        referred = (await bank.partner.delete(f"/accounts/{id}")).refused(409, "FAILED_PRECONDITION")
        for answer in (bounds, staged, taken, referred):
            told = answer.body.decode()
            assert not any(each in told for each in ("hidden", "region", "audit", "1234", "8765", "7531")), told

    bank.run(scenario)
    assert "hidden" in caplog.text


def test_what_was_stored_under_other_bounds_stays_as_it_is(tmp_path: Path) -> None:
    def app(cls: Any) -> tuple[dm.App, Caller]:
        contract = dm.Contract("notes")
        keys = dm.api_keys(fixed=KEYS)
        surface = dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[contract.resource(cls)])
        made = dm.App(surface, database=tmp_path / "notes.db")
        return made, Caller(made, "partner", "/v1")

    def loose() -> Any:
        class Note(dm.Resource, prefix="note"):
            text: str
            mood: str = "SECRETVALUE"

        return Note

    def strict() -> Any:
        class Note(dm.Resource, prefix="note"):
            text: str
            mood: Annotated[str, dm.Length(0, 3), dm.Only("operator")] = ""

        return Note

    ids: list[str] = []
    before, caller = app(loose())

    async def write() -> None:
        ids.append((await caller.post("/notes", {"text": "a"})).ok(201).json["id"])

    run(before, write)
    after, later = app(strict())

    async def change() -> None:
        answer = (await later.patch(f"/notes/{ids[0]}", {"text": "b"})).ok()
        assert answer.json["text"] == "b"
        assert "mood" not in answer.json

    run(after, change)


# What must not break the answering


class Silent(dm.NotFound):
    def __init__(self) -> None:
        pass


def test_a_fault_that_cannot_be_told_is_internal(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    faults = [Silent(), dm.NotFound("x\ud800"), dm.NotFound("x", metadata={"a": object()})]  # type: ignore[dict-item]

    @bank.operation
    async def fail(input: Change) -> None:
        raise faults[input.cents]

    @bank.operation
    async def cancel_itself() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def scenario() -> None:
        caplog.set_level(logging.INFO)
        for number in range(len(faults)):
            answer = await bank.partner.post("/fail", {"cents": number})
            assert answer.status in (404, 500), answer
            answer.refused(answer.status)
        (await bank.partner.post("/cancelItself")).refused(500, "INTERNAL")

    bank.run(scenario)
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "dragoman.access"]
    assert len(lines) == len(faults) + 1


def test_one_authenticator_serves_two_applications(tmp_path: Path) -> None:
    from dragoman.auth.api_keys import create_key

    keys = dm.api_keys()
    contract = dm.Contract("two")
    accounts = contract.resource(Account)
    apps = [
        dm.App(
            dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[accounts]),
            database=tmp_path / f"{name}.db",
        )
        for name in ("one", "two")
    ]

    async def scenario() -> None:
        for app in apps:
            await app.start()
        text, _ = await create_key(apps[0].store, owner="ann", audiences=["partner"])
        request = Request("GET", "/v1/accounts", "", {"authorization": f"Bearer {text}"})
        assert [(await app.respond(request)).status for app in apps] == [200, 401]
        await apps[1].stop()
        assert (await apps[0].respond(request)).status == 200
        await apps[0].stop()

    asyncio.run(scenario())
