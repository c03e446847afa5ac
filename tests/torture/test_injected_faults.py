"""A store that fails: before it commits, behind it, and by taking too long. Whoever repeats is told the truth."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from driving import Caller, running
from held import check
from insistent import Told
from tortured import KEY, TORTURING, app

import dragoman as dm
from dragoman.ports.store import Outcome, Store, WriteSet

pytestmark = [pytest.mark.slow, pytest.mark.once]

CALLS = 20_000 if TORTURING else 1_000
AT_ONCE = 64
SHARE = 0.07
"""How many commits fail in each of the three ways."""

PATIENCE = 0.3
"""The deadline of a call, in seconds; a late commit takes twice as long."""


class Failing:
    """Commits of a store, some of which fail."""

    def __init__(self, store: Store) -> None:
        self._commit = store.commit
        self._dice = random.Random(5)
        self._late: set[asyncio.Task[Outcome]] = set()
        self.injected: Counter[str] = Counter()

    async def __call__(self, writes: WriteSet) -> Outcome:
        chance = self._dice.random()
        if chance < SHARE:
            self.injected["before"] += 1
            raise dm.Unavailable("injected: nothing was done")
        if chance < 2 * SHARE:
            await self._commit(writes)
            self.injected["behind"] += 1
            raise dm.Unavailable("injected: done, and reported as failed")
        if chance < 3 * SHARE:
            self.injected["late"] += 1
            late = asyncio.create_task(self._slowly(writes))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
            return await asyncio.shield(late)
        return await self._commit(writes)

    async def _slowly(self, writes: WriteSet) -> Outcome:
        await asyncio.sleep(2 * PATIENCE)
        return await self._commit(writes)

    async def settle(self) -> None:
        """Until what is late has come."""
        while self._late:
            await asyncio.wait(self._late)


def test_nobody_is_told_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "bank.db"
    restore = app.use(database)
    told = Told()
    try:
        injected = asyncio.run(torture(told, monkeypatch))
    finally:
        restore()
    said = f"{check(database, told, CALLS)}; injected {dict(injected)}"
    print(said)
    assert min(injected[each] for each in ("before", "behind", "late")) > CALLS * SHARE / 2, said
    assert told.replays > 0


async def torture(told: Told, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    async with running(app):
        caller = Caller(app, KEY, "/v1")
        accounts = [(await caller.post("/accounts", {})).ok(201).json["id"] for _ in range(4)]
        failing = Failing(app.store)
        monkeypatch.setattr(app.store, "commit", failing)
        numbers = iter(range(CALLS))

        async def insist() -> None:
            for number in numbers:
                await acknowledged(caller, f"r{number}", accounts[number % len(accounts)], told)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(insist())
        await failing.settle()
        # What was acknowledged is replayed to whoever comes later.
        for number in range(0, CALLS, 50):
            await acknowledged(caller, f"r{number}", accounts[number % len(accounts)], told)
        return failing.injected


async def acknowledged(caller: Caller, reference: str, account: str, told: Told) -> None:
    body = {"account": account, "reference": reference}
    while True:
        answer = await caller.post("/pay", body, idempotency_key=reference, request_timeout=str(PATIENCE))
        if answer.status == 200:
            told.acknowledged[reference].append((200, answer.headers, answer.body))
            return
        told.otherwise[str(answer.status)] += 1
        assert answer.status in (409, 503, 504), answer
        await asyncio.sleep(0.01)
