"""The compiled chain of phases and the plain walk over them give the same answers, to the last byte of every header.

The same random requests go to an application of each kind, on two databases. Ids, the time and the secret of page
tokens are made the same, so that nothing is left out of the comparison.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import running
from feeding import Feed, FeedingBench
from handler_bench import Item, Named, Told
from market import INTERNAL, KEYS, OPERATOR, PARTNER, make_app
from market_model import TABLES

import dragoman as dm
from dragoman.ports.wire import Request

STEPS = 2_500

Recorded = tuple[str, str, str, bytes, int, list[tuple[bytes, bytes]], bytes]


class Walk:
    """A caller who does anything, right or wrong, with what it was told so far."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = {
            name: [f"{prefix}_{0:026d}"] for name, prefix in zip(TABLES, ("cus", "ord", "lin", "mem"), strict=True)
        }
        self.tags = ['"1-00"']
        self.tokens: list[tuple[str, str, str]] = []
        self.read: list[tuple[str, str, str]] = []

    def request(self, number: int) -> Request:
        """The next request."""
        pick = self.random.choice
        surface = pick([PARTNER, PARTNER, OPERATOR, OPERATOR, INTERNAL])
        headers = {"x-request-id": f"r-{number}"}
        if self.random.random() > 0.02:
            headers["authorization"] = f"Bearer {pick(['north-all', 'north-all', 'north-some', 'south-all'])}"
        if surface == INTERNAL:
            return Request("POST", f"{surface}/quote", "", headers, self.body({"quantity": self.number()}))
        if self.tokens and self.random.random() < 0.1:
            path, query, authorization = pick(self.tokens)
            headers["authorization"] = authorization
            return Request("GET", path, query, headers)
        if self.read and self.random.random() < 0.05:
            path, headers["if-none-match"], headers["authorization"] = pick(self.read)
            return Request("GET", path, "", headers)
        table = pick(list(TABLES))
        path, id = f"{surface}/{table}", pick(self.ids[table])
        if self.random.random() < 0.25:
            headers[pick(["if-match", "if-none-match"])] = pick([*self.tags[-20:], "*", "nonsense"])
        match self.random.randrange(12):
            case 0 | 1 | 2:
                return Request("POST", path, "", headers, self.body(self.values(table)))
            case 3 | 4:
                headers["content-type"] = pick(["application/merge-patch+json", "application/json", "text/plain"])
                values = self.values(table)
                body = {name: values[name] for name in values if self.random.random() < 0.4}
                return Request("PATCH", f"{path}/{id}", "", headers, self.body(body))
            case 5 | 6:
                return Request("GET", f"{path}/{id}", "&".join(self.shown(table)), headers)
            case 7:
                return Request("DELETE", f"{path}/{id}", "", headers)
            case 8:
                order = pick(self.ids["orders"])
                return Request("POST", f"{surface}/orders/{order}:cancel", "", headers)
            case 9:
                order = pick(self.ids["orders"])
                body = self.body({"amount": self.number(), "lines": self.random.randrange(3)})
                return Request("POST", f"{surface}/orders/{order}:charge", "", headers, body)
            case 10:
                customer = pick(self.ids["customers"])
                nested = pick([":owes", "/orders", "/referrals"])
                return Request("GET", f"{surface}/customers/{customer}{nested}", "", headers)
            case _:
                return Request("GET", path, self.query(table), headers)

    def number(self) -> int:
        """Sometimes out of bounds."""
        return self.random.randrange(-8, 30)

    def body(self, values: Any) -> bytes:
        """JSON; sometimes broken."""
        text = json.dumps(values).encode()
        return text[:-1] if self.random.random() < 0.03 else text

    def values(self, table: str) -> dict[str, Any]:
        """A body; sometimes wrong."""
        pick = self.random.choice
        values: dict[str, Any] = {
            "customers": {
                "email": f"{self.number()}@x",
                "name": f"n{self.number()}",
                "region": pick(["east", "west"]),
                "rank": self.random.choice([None, 1, 2, 3]),
            },
            "orders": {"customer": pick(self.ids["customers"]), "total": self.number(), "status": "placed"},
            "lines": {"order": pick(self.ids["orders"]), "quantity": self.number()},
            "memos": {
                "author": pick([each.identity for each in KEYS.values()]),
                "shared": pick([True, False]),
                "line": pick([None, *self.ids["lines"]]),
                "reply_to": pick([None, *self.ids["memos"]]),
            },
        }[table]
        if self.random.random() < 0.15:
            name, wrong = pick(list(TABLES[table].wrong.items()))
            values[name] = pick(wrong)
        return values

    def query(self, table: str) -> str:
        """A list's query; sometimes wrong."""
        pick, parts = self.random.choice, [f"page_size={self.random.randrange(-1, 4)}"]
        if self.random.random() < 0.15:
            return "ids=" + ",".join(self.random.choices(self.ids[table][-4:], k=self.random.randrange(1, 4)))
        parts += self.shown(table)
        if self.random.random() < 0.3:
            parts.append("count=true")
        if self.random.random() < 0.5:
            parts.append("order_by=" + pick(["", "-"]) + pick([*TABLES[table].sortable, "nothing"]))
        if TABLES[table].filters and self.random.random() < 0.4:
            name, words = pick(list(TABLES[table].filters.items()))
            parts.append(f"{name}.{pick(words)}={pick(['1', 'east', 'placed,shipped', 'true'])}")
        return "&".join(parts)

    def shown(self, table: str) -> list[str]:
        """Which fields are wanted, and what beside them; sometimes wrong."""
        pick, parts = self.random.choice, list[str]()
        references = [each.field for each in TABLES[table].references]
        if self.random.random() < 0.2:
            parts.append("expand=" + pick([*references, ",".join(references), "nothing"]))
        if self.random.random() < 0.2:
            beside = pick([f"expanded.{each}.id,id" for each in references] or ["id"])
            parts.append("fields=" + pick([*TABLES[table].sortable, "created_at,id", beside, "nothing"]))
        return parts

    def learn(self, request: Request, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
        """Take ids, tags and tokens from an answer."""
        if b"etag" in headers:
            self.tags.append(headers[b"etag"].decode())
            if request.method == "GET" and not request.query:
                self.read.append((request.path, self.tags[-1], request.headers.get("authorization", "")))
        if status not in (200, 201) or not body:
            return
        told = json.loads(body)
        table = request.path.split("/")[2]
        if status == 201:
            self.ids[table].append(told["id"])
        if told.get("next_page_token"):
            query = f"{request.query}&page_token={told['next_page_token']}"
            self.tokens.append((request.path, query, request.headers.get("authorization", "")))


async def play(database: Path, seed: int, *, plain: bool) -> list[Recorded]:
    """All requests and answers."""
    walk, recorded = Walk(seed), []
    async with running(make_app(database, plain=plain)) as app:
        for number in range(STEPS):
            request = walk.request(number)
            answer = await app.respond(request)
            headers = list(answer.headers)
            walk.learn(request, answer.status, dict(headers), answer.body)
            asked = (request.method, request.path, request.query, request.body)
            recorded.append((*asked, answer.status, headers, answer.body))
    return recorded


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_they_give_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "ab" * size)

    def played(*, plain: bool) -> list[Recorded]:
        numbers, moments = itertools.count(1), itertools.count(1)
        monkeypatch.setattr("dragoman.contract.identifier._next_number", lambda: next(numbers))
        monkeypatch.setattr("dragoman.engines.sqlite.texts.NOW", "'2026-01-01T00:00:00.000000Z'")
        start = datetime(2026, 1, 1, tzinfo=UTC)
        monkeypatch.setattr("dragoman.runtime.call.now", lambda: start + timedelta(seconds=next(moments)))
        return asyncio.run(play(tmp_path / f"{plain}.db", seed, plain=plain))

    compiled, plain = played(plain=False), played(plain=True)
    for one, other in zip(compiled, plain, strict=True):
        assert one == other
    # Every kind of answer was among them.
    statuses = Counter(each[4] for each in compiled)
    wanted = {200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 415, 422}
    assert statuses.keys() >= wanted, statuses
    assert max(statuses) < 500, statuses


STREAMS = 150


async def play_streams(folder: Path, *, plain: bool) -> list[tuple[str, int, list[tuple[bytes, bytes]], list[bytes]]]:
    """All that calls are answered which take random streams: some broken, cut or refused."""
    bench, picked, recorded = FeedingBench(folder), random.Random(3), []

    @bench.operation(deadline=20.0)
    async def fill(items: AsyncIterator[Named], ctx: dm.Context) -> Item:
        made = [ctx.create(Item(name=each.name, number=dm.next("numbers"))) async for each in items]
        if not made:
            raise dm.FailedPrecondition("nothing to fill it with")
        return made[-1]

    @bench.operation()
    async def follow(items: AsyncIterator[Named], ctx: dm.Context) -> AsyncIterator[Item]:
        async for each in items:
            yield ctx.create(Item(name=each.name))
            if each.name == "n9":
                return

    @bench.operation(effect="safe")
    async def count(items: AsyncIterator[Named], ctx: dm.Context) -> Told:
        return Told(count=sum([len(await ctx.list(Item)) async for _ in items]))

    async with running(bench.make(plain=plain)) as app:
        for number in range(STREAMS):
            name = picked.choice([fill, follow, count]).operation.name
            names = [f"n{picked.randrange(99)}" for _ in range(picked.randrange(4))]
            feed = Feed(*[json.dumps({"name": each}).encode() for each in names], open=True)
            if picked.random() < 0.2:
                feed.send(picked.choice([b"{}", b"nonsense", b'{"name": 1}']))
            (feed.leave if picked.random() < 0.1 else feed.end)()
            headers = {"x-request-id": f"r-{number}", "authorization": f"Bearer {picked.choice(['one', 'one', 'few'])}"}
            answer = await app.respond(Request("POST", f"/feed/{name}", "", headers, stream=feed))
            chunks = [answer.body]
            if answer.stream is not None:
                chunks += [chunk async for chunk in answer.stream]
                await answer.stream.aclose()
            recorded.append((name, answer.status, list(answer.headers), chunks))
    return recorded


def test_they_give_the_same_answers_to_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def played(*, plain: bool) -> Any:
        numbers, moments = itertools.count(1), itertools.count(1)
        monkeypatch.setattr("dragoman.contract.identifier._next_number", lambda: next(numbers))
        start = datetime(2026, 1, 1, tzinfo=UTC)
        monkeypatch.setattr("dragoman.runtime.call.now", lambda: start + timedelta(seconds=next(moments)))
        return asyncio.run(play_streams(tmp_path, plain=plain))

    compiled, plain = played(plain=False), played(plain=True)
    for one, other in zip(compiled, plain, strict=True):
        assert one == other
    last = Counter((name, chunks[-1].split(b" ")[0].decode()) for name, *_, chunks in compiled)
    codes = {code for _, code in last if code.isupper()}
    assert codes == {
        "ALREADY_EXISTS", "CANCELLED", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "PERMISSION_DENIED",
    }, codes  # fmt: skip
    for name in ("fill", "follow", "count"):
        assert sum(times for (called, code), times in last.items() if called == name and code.startswith("{")) > 3
