"""The semantics of resources against a plain model: random calls of two tenants, whose every answer is compared.

``DRAGOMAN_EXAMPLES=2000 pytest tests/semantics/test_resources_stateful.py`` runs more of it, and other ones each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw
import httpx
import hypothesis.strategies as st
import pytest
from driving import Answer, Caller
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from market import KEYS, OPERATOR, PARTNER, make_app
from market_model import TABLES, Model, Reference, Refusal, Row

import dragoman as dm

T = TypeVar("T")

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0"))
PATHS = {"partner": PARTNER, "operator": OPERATOR}
PREFIXES = {"customers": "cus", "orders": "ord", "lines": "lin", "memos": "mem"}

places = st.sampled_from([(key, "partner") for key in KEYS] + [("north-all", "operator"), ("south-all", "operator")])
tables = st.sampled_from(["customers", "orders", "lines", "memos"])
seeds = st.integers(0, 2**32)
NESTED = [(table.name, each) for table in TABLES.values() for each in table.references if each.reverse]
ASKED: dict[str, tuple[Any, ...]] = {
    "email": ("a@x", "z@x"),
    "region": ("east", "west"),
    "rank": tuple(range(-6, 7)),
    "secret": ("s1",),
    "total": (0, 5, 101),
    "status": ("placed", "shipped", "cancelled"),
    "shared": (True, False),
}
WRONG_PARAMETERS = (
    ("nothing", "1"),
    ("id", "x"),
    ("page_size", "-1"),
    ("page_size", "x"),
    ("page_token", "x"),
    ("order_by", "nothing"),
    ("order_by", "id,nothing"),
    ("order_by", "email"),
    ("email.lt", "x"),
    ("ids", ""),
    ("ids", "x"),
    ("count", "yes"),
    ("expand", "nothing"),
    ("fields", "nothing"),
    ("created_at", "2026-01-01T00:00:00Z"),
)
picks = st.tuples(st.sampled_from(["own"] * 6 + ["other", "gone", "missing"]), st.integers(0, 30))
VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "customers": {
        "email": st.sampled_from("abcdefghijkl").map(lambda letter: f"{letter}@x"),
        "name": st.sampled_from(["Ann", "Bob", "ann", "Ähn", "Zoë", "\U0001f600", "%_\\", "O'Neil,x"]),
        "region": st.sampled_from(["east", "west"]),
        "rank": st.none() | st.integers(-5, 5),
        "secret": st.none() | st.sampled_from(["s1", "s2"]),
    },
    "orders": {
        "customer": picks,
        "referrer": st.none() | picks,
        "total": st.integers(0, 6) | st.integers(0, 100),
        "status": st.sampled_from(["placed", "shipped", "cancelled"]),
    },
    "lines": {"order": picks, "quantity": st.integers(1, 4)},
    "memos": {
        "author": st.sampled_from([each.identity for each in KEYS.values()]),
        "text": st.sampled_from(["", "a", "b", "B", "\u00e9"]),
        "shared": st.booleans(),
        "line": st.none() | picks,
        "reply_to": st.none() | picks,
    },
}


class Market(RuleBasedStateMachine):
    """An application on a new database beside the model of it."""

    app: dm.App

    def __init__(self) -> None:
        super().__init__()
        for file in Path(self.app.database).parent.iterdir():
            file.unlink()
        self.loop = asyncio.Runner()
        self.run(self.app.start())
        self.model = Model()
        self.gone: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.tags: dict[tuple[str, str], list[str]] = {}

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """In the machine's own event loop."""
        return self.loop.run(coroutine)

    def teardown(self) -> None:
        """The whole database is what the model says, and nothing more."""
        try:
            self.compare_everything()
        finally:
            self.run(self.app.stop())
            self.loop.close()

    # Helpers

    def caller(self, place: tuple[str, str]) -> Caller:
        """Who calls where."""
        return Caller(self.app, place[0], PATHS[place[1]])

    def pick(self, place: tuple[str, str], table: str, pick: tuple[str, int]) -> str:
        """An id of the table: of the caller's tenant, of the other, of a row that is gone, of none."""
        kind, number = pick
        tenant = KEYS[place[0]].tenant
        rows = list(self.model.rows[table].values())
        found = {
            "own": [row for row in rows if row.tenant == tenant],
            "other": [row for row in rows if row.tenant != tenant],
            "gone": self.gone[table],
            "missing": [],
        }[kind]
        if found:
            return found[number % len(found)].id
        return f"{PREFIXES[table]}_{number:026d}"

    def values(self, data: st.DataObject, place: tuple[str, str], table: str, *, patch: bool) -> dict[str, Any]:
        """Valid values of a body, as far as one can tell without the database."""
        description = TABLES[table]
        names = [name for name in VALUES[table] if name != "secret" or place[1] == "operator"]
        required = () if patch else description.required
        given = data.draw(st.sets(st.sampled_from(names))) | set(required)
        values = {name: data.draw(VALUES[table][name], label=name) for name in names if name in given}
        for reference in description.references:
            if values.get(reference.field) is not None:
                values[reference.field] = self.pick(place, reference.target, values[reference.field])
        if table == "memos" and "author" in values and data.draw(st.booleans()):
            values["author"] = KEYS[place[0]].identity
        return values

    def spoil(self, data: st.DataObject, place: tuple[str, str], table: str, body: dict[str, Any]) -> set[str]:
        """Make one to three things wrong with a body; returns where."""
        wrong = TABLES[table].wrong
        unknown = ["nope", "id", "version", "created_at", *(["secret"] if place[1] == "partner" else [])]
        places = data.draw(st.sets(st.sampled_from([*wrong, *unknown]), min_size=1, max_size=3))
        for name in sorted(places):
            body[name] = data.draw(st.sampled_from(wrong[name])) if name in wrong else "x"
        return {f"#/{name}" for name in places}

    def precondition(self, data: st.DataObject, row: Row | None) -> tuple[dict[str, str], bool]:
        """An ``If-Match`` header, or none; and whether the row meets it."""
        kind = data.draw(st.sampled_from(["none", "none", "none", "right", "stale", "any", "weak", "list"]))
        if kind == "none" or row is None:
            return {}, True
        known = [tag for (_, id), tags in self.tags.items() if id == row.id for tag in tags]
        right = [tag for tag in known if version_of(tag) == row.version]
        stale = [tag for tag in known if version_of(tag) != row.version] or [f'"{row.version + 1}-00"', '"x"']
        if kind == "any":
            return {"if_match": "*"}, True
        if kind == "stale" or not right:
            return {"if_match": data.draw(st.sampled_from(stale))}, False
        if kind == "weak":
            return {"if_match": "W/" + data.draw(st.sampled_from(right))}, False
        if kind == "list":
            return {"if_match": f"{stale[0]}, {right[-1]}"}, True
        return {"if_match": data.draw(st.sampled_from(right))}, True

    def refused(self, answer: Answer, refusal: Refusal) -> None:
        """The answer is this refusal."""
        answer.refused(refusal.status, refusal.code)
        assert refusal.at <= set(answer.pointers), (refusal, answer)

    def shown(self, answer: Answer, row: Row, surface: str, status: int = 200) -> None:
        """The answer shows this row on this surface, with the tag of its version."""
        answer.ok(status)
        if not row.updated_at:
            assert answer.json["updated_at"] >= row.created_at
            row.updated_at = answer.json["updated_at"]
        assert answer.json == row.seen(surface)
        assert answer.version == row.version
        tags = self.tags.setdefault((surface, row.id), [])
        same = [tag for tag in tags if version_of(tag) == row.version]
        assert same in ([], [answer.etag]), "one version has one tag on a surface"
        if not same:
            tags.append(answer.etag)

    # Rules

    @initialize()
    def fill(self) -> None:
        """Something to work on in both tenants."""
        for key, tenant in (("north-all", "north"), ("south-all", "south")):
            place = (key, "operator")
            for number, letter in enumerate("abcd"):
                name = ("Ann", "Bob", "Zoë", "\U0001f600")[number]
                customer = {"email": f"{letter}@x", "name": name, "rank": number if number % 2 else None}
                self.create_this(place, "customers", customer)
                id = self.pick(place, "customers", ("own", number))
                self.create_this(place, "orders", {"customer": id, "total": 10 * number})
                self.create_this(place, "lines", {"order": self.pick(place, "orders", ("own", number // 2))})
                author = KEYS[f"{tenant}-{'some' if number % 2 else 'all'}"].identity
                reply_to = self.pick(place, "memos", ("own", number)) if number else None
                self.create_this(place, "memos", {"author": author, "shared": number == 3})
                self.create_this(place, "memos", {"author": author, "reply_to": reply_to})

    @rule(data=st.data(), place=places, table=tables)
    def create(self, data: st.DataObject, place: tuple[str, str], table: str) -> None:
        """POST of a valid body: unique and referring or not."""
        self.create_this(place, table, self.values(data, place, table, patch=False))

    def create_this(self, place: tuple[str, str], table: str, body: dict[str, Any]) -> None:
        """POST, and the model's answer to it."""
        key, surface = place
        answer = self.run(self.caller(place).post(f"/{table}", body))
        try:
            values = self.model.create(key, table, body)
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        answer.ok(201)
        row = self.model.add(key, table, answer.json["id"], values, answer.json["created_at"])
        assert row.id.startswith(PREFIXES[table] + "_")
        assert answer.headers["location"] == f"{PATHS[surface]}/{table}/{row.id}"
        self.shown(answer, row, surface, 201)

    @rule(data=st.data(), place=places, table=tables)
    def create_invalid(self, data: st.DataObject, place: tuple[str, str], table: str) -> None:
        """POST of a body with several things wrong: all are named, and nothing is written."""
        body = self.values(data, place, table, patch=False)
        at = self.spoil(data, place, table, body)
        absent = data.draw(st.sets(st.sampled_from(TABLES[table].required)))
        for name in absent:
            body.pop(name, None)
            at.add(f"#/{name}")
        answer = self.run(self.caller(place).post(f"/{table}", body))
        self.refused(answer, Refusal(422, "INVALID_ARGUMENT", at))

    @rule(data=st.data(), place=places, table=tables, pick=picks)
    def get(self, data: st.DataObject, place: tuple[str, str], table: str, pick: tuple[str, int]) -> None:
        """GET, with a tag or without; through httpx and the ASGI host, too."""
        key, surface = place
        id = self.pick(place, table, pick)
        tags = self.tags.get((surface, id), [])
        tag = data.draw(st.none() | st.sampled_from([*tags, '"0-00"']))
        headers = {} if tag is None else {"if_none_match": tag}
        if data.draw(st.integers(0, 9)) == 0:
            answer = self.run(self.through_httpx(key, f"{PATHS[surface]}/{table}/{id}", headers))
        else:
            answer = self.run(self.caller(place).get(f"/{table}/{id}", **headers))
        try:
            row = self.model.find(self.model.may(key, f"{table}.get"), table, id)
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        if tag in tags and version_of(str(tag)) == row.version:
            answer.ok(304)
            assert (answer.body, answer.etag) == (b"", tag)
        else:
            self.shown(answer, row, surface)

    async def through_httpx(self, key: str, path: str, headers: dict[str, str]) -> Answer:
        """The same over ASGI."""
        from dragoman.ports.wire import Response

        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://market") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            found = await client.get(path, headers={"authorization": f"Bearer {key}", **named})
        return Answer(Response(found.status_code, found.headers.raw, found.content))

    @rule(data=st.data(), place=places, table=tables, pick=picks)
    def patch(self, data: st.DataObject, place: tuple[str, str], table: str, pick: tuple[str, int]) -> None:
        """PATCH of valid values, with a precondition or without. What changes nothing leaves the tag as it is."""
        key, surface = place
        id = self.pick(place, table, pick)
        row = self.model.rows[table].get(id)
        body = self.values(data, place, table, patch=True)
        if row is not None and row.tenant == KEYS[key].tenant and data.draw(st.integers(0, 3)) == 0:
            body = {name: row.values[name] for name in body}
        headers, met = self.precondition(data, row)
        answer = self.run(self.caller(place).patch(f"/{table}/{id}", body, **headers))
        try:
            caller = self.model.may(key, f"{table}.update")
            row = self.model.find(caller, table, id)
            if not met:
                raise Refusal(412, "ABORTED")
            if self.model.change(caller, row, body):
                before, row.updated_at = row.updated_at, answer.json["updated_at"]
                assert row.updated_at >= before
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        self.shown(answer, row, surface)

    @rule(data=st.data(), place=places, table=tables, pick=picks)
    def patch_invalid(self, data: st.DataObject, place: tuple[str, str], table: str, pick: tuple[str, int]) -> None:
        """PATCH with several things wrong, null for what is not nullable among them."""
        key, _ = place
        body = self.values(data, place, table, patch=True)
        at = self.spoil(data, place, table, body)
        answer = self.run(self.caller(place).patch(f"/{table}/{self.pick(place, table, pick)}", body))
        try:
            self.model.may(key, f"{table}.update")
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        self.refused(answer, Refusal(422, "INVALID_ARGUMENT", at))

    @rule(data=st.data(), place=places, table=tables, pick=picks)
    def delete(self, data: st.DataObject, place: tuple[str, str], table: str, pick: tuple[str, int]) -> None:
        """DELETE: restricted, taking others along, clearing what refers to it."""
        key, surface = place
        id = self.pick(place, table, pick)
        headers, met = self.precondition(data, self.model.rows[table].get(id))
        answer = self.run(self.caller(place).delete(f"/{table}/{id}", **headers))
        if (surface, table) == ("partner", "customers"):
            answer.refused(405)
            assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
            return
        try:
            row = self.model.find(self.model.may(key, f"{table}.delete"), table, id)
            if not met:
                raise Refusal(412, "ABORTED")
            gone = self.model.delete(row)
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        answer.ok(204)
        assert answer.body == b""
        for each in gone:
            self.gone[each.table].append(each)

    @rule(data=st.data(), place=places, pick=picks)
    def cancel(self, data: st.DataObject, place: tuple[str, str], pick: tuple[str, int]) -> None:
        """An idempotent custom method."""
        key, surface = place
        id = self.pick(place, "orders", pick)
        headers, met = self.precondition(data, self.model.rows["orders"].get(id))
        answer = self.run(self.caller(place).post(f"/orders/{id}:cancel", **headers))
        try:
            caller = self.model.may(key, "orders.cancel")
            row = self.model.find(caller, "orders", id)
            if not met:
                raise Refusal(412, "ABORTED")
            if row.values["status"] == "shipped":
                raise Refusal(409, "FAILED_PRECONDITION")
            if self.model.change(caller, row, {"status": "cancelled"}):
                row.updated_at = answer.json["updated_at"]
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        self.shown(answer, row, surface)

    @rule(place=places, pick=picks, amount=st.integers(-101, 101) | st.integers(-5, 5), new=st.integers(-1, 4))
    def charge(self, place: tuple[str, str], pick: tuple[str, int], amount: int, new: int) -> None:
        """A custom method with an input: all that it creates is there, or the sum is out of range and nothing is."""
        key, surface = place
        id = self.pick(place, "orders", pick)
        body = {"amount": amount, "lines": new}
        answer = self.run(self.caller(place).post(f"/orders/{id}:charge", body))
        try:
            caller = self.model.may(key, "orders.charge")
            at = ["#/amount"] * (abs(amount) > 100) + ["#/lines"] * (not 0 <= new <= 3)
            if at:
                raise Refusal(422, "INVALID_ARGUMENT", at)
            row = self.model.find(caller, "orders", id)
            if not 0 <= row.values["total"] + amount <= 100:
                raise Refusal(422, "OUT_OF_RANGE", ["#/total"])
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        row.values["total"] += amount
        row.version += 1
        row.updated_at = answer.json["updated_at"]
        self.shown(answer, row, surface)
        known = self.model.rows["lines"]
        listed = self.run(self.caller(place).get(f"/orders/{id}/lines")).ok().json["lines"]
        created = [line for line in listed if line["id"] not in known]
        assert [line["quantity"] for line in created] == list(range(1, new + 1))
        for line in created:
            values = {"order": id, "quantity": line["quantity"]}
            self.model.add(key, "lines", line["id"], values, line["created_at"])

    @rule(place=places, pick=picks)
    def owes(self, place: tuple[str, str], pick: tuple[str, int]) -> None:
        """A safe custom method, which reads a list."""
        key, _ = place
        id = self.pick(place, "customers", pick)
        answer = self.run(self.caller(place).get(f"/customers/{id}:owes"))
        try:
            caller = self.model.may(key, "customers.owes")
            self.model.find(caller, "customers", id)
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        found = self.model.listed(caller, "orders", [("customer", "eq", id)], [])
        cents = sum(row.values["total"] for row in found if row.values["status"] != "cancelled")
        assert answer.ok().json == {"cents": cents, "orders": len(found)}

    @rule(seed=seeds, place=places, table=tables)
    def list(self, seed: int, place: tuple[str, str], table: str) -> None:
        """Lists with any filters, in any order, walked in pages of any size."""
        chance = random.Random(seed)
        for _ in range(5):
            self.compare_list(chance, place, table, f"/{table}", None)

    @rule(seed=seeds, place=places, nested=st.sampled_from(NESTED), pick=picks)
    def list_nested(
        self, seed: int, place: tuple[str, str], nested: tuple[str, Reference], pick: tuple[str, int]
    ) -> None:
        """A list through a reference, and inside something that is not there."""
        table, reference = nested
        id = self.pick(place, reference.target, pick)
        path = f"/{reference.target}/{id}/{reference.reverse}"
        try:
            self.model.find(self.model.may(place[0], f"{table}.list"), reference.target, id)
        except Refusal as refusal:
            self.refused(self.run(self.caller(place).get(path)), refusal)
            return
        self.compare_list(random.Random(seed), place, table, path, (reference.field, id))

    def compare_list(
        self,
        chance: random.Random,
        place: tuple[str, str],
        table: str,
        path: str,
        parent: tuple[str, str] | None,
    ) -> None:
        """Walk a list and compare it with the model's."""
        key, surface = place
        description = TABLES[table]
        query: dict[str, str] = {}
        filters: list[tuple[str, str, Any]] = []
        for name in chance.sample([*description.filters], min(len(description.filters), chance.choice((0, 0, 1, 2)))):
            word = chance.choice(description.filters[name])
            values = [*ASKED.get(name, ()), *(row.values[name] for row in self.model.rows[table].values())]
            values = [value for value in values if value is not None] or ["cus_" + "0" * 26]
            value = chance.choices(values, k=2) if word == "in" else chance.choice(values)
            filters.append((name, word, value))
            query[name if word == "eq" else f"{name}.{word}"] = as_text(value)
        names = chance.choices(description.sortable, k=chance.choice((0, 1, 1, 2, 3)))
        order = [(name, chance.random() < 0.5) for name in names]
        if order:
            query["order_by"] = ",".join("-" * descending + name for name, descending in order)
        if surface == "partner" and "secret" in query:
            answer = self.run(self.caller(place).get(path, query=query))
            self.refused(answer, Refusal(422, "INVALID_ARGUMENT", ["secret"]))
            return
        if chance.random() < 0.3:
            query["count"] = "true"
        shown, expand, fields = self.asked(chance, surface, table)
        query |= shown
        walked = self.run(self.caller(place).pages(path, chance.randrange(1, 7), query))
        rows = self.model.listed(self.model.may(key, f"{table}.list"), table, filters, order, parent)
        assert [each["id"] for each in walked] == [row.id for row in rows]
        for item, row in zip(walked, rows, strict=True):
            self.shows(item, place, row, expand, fields)

    def asked(self, chance: random.Random, surface: str, table: str) -> tuple[dict[str, str], list[Reference], Any]:
        """What is to be shown: the query, what it expands, and the names of the fields, or None for all of them."""
        query: dict[str, str] = {}
        known = TABLES[table].references
        expand = chance.sample(known, chance.randrange(len(known) + 1)) if chance.random() < 0.4 else []
        if expand:
            query["expand"] = ",".join(each.field for each in expand)
        if surface == "partner" or chance.random() < 0.6:
            return query, expand, None
        row = next(iter(self.model.rows[table].values()), None)
        names = ["id", "created_at"] if row is None else [*row.seen(surface)]
        fields = chance.sample(names, chance.randrange(1, len(names)))
        query["fields"] = ",".join(fields)
        return query, expand, {"id", *fields}

    def shows(self, item: Any, place: tuple[str, str], row: Row, expand: Sequence[Reference], fields: Any) -> None:
        """The item shows this of the row, and of what it refers to what the caller would get."""
        key, surface = place
        if "updated_at" in item:
            row.updated_at = row.updated_at or item["updated_at"]
        wanted = {name: value for name, value in row.seen(surface).items() if fields is None or name in fields}
        if expand:
            beside = item["expanded"]
            wanted["expanded"] = dict.fromkeys((each.field for each in expand), None)
            for each in expand:
                target = self.model.rows[each.target].get(row.values[each.field])
                if target is not None and self.model.visible(KEYS[key], target):
                    assert beside[each.field] is not None
                    target.updated_at = target.updated_at or beside[each.field]["updated_at"]
                    wanted["expanded"][each.field] = target.seen(surface)
        assert item == wanted

    @rule(seed=seeds, place=places, table=tables, pick=picks)
    def get_some(self, seed: int, place: tuple[str, str], table: str, pick: tuple[str, int]) -> None:
        """GET of some fields, and of what it refers to."""
        query, expand, fields = self.asked(random.Random(seed), place[1], table)
        id = self.pick(place, table, pick)
        answer = self.run(self.caller(place).get(f"/{table}/{id}", query=query))
        try:
            row = self.model.find(self.model.may(place[0], f"{table}.get"), table, id)
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        self.shows(answer.ok().json, place, row, expand, fields)
        assert answer.version == row.version

    @rule(place=places, table=tables, wanted=st.lists(picks, min_size=1, max_size=5))
    def list_by_ids(self, place: tuple[str, str], table: str, wanted: Sequence[tuple[str, int]]) -> None:
        """Batch get: all of them, in this order, or none."""
        key, surface = place
        ids = list(dict.fromkeys(self.pick(place, table, each) for each in wanted))
        answer = self.run(self.caller(place).get(f"/{table}", query={"ids": ",".join(ids)}))
        try:
            caller = self.model.may(key, f"{table}.list")
            rows = [self.model.find(caller, table, id) for id in ids]
        except Refusal as refusal:
            self.refused(answer, refusal)
            return
        for item, row in zip(answer.ok().json[table], rows, strict=True):
            row.updated_at = row.updated_at or item["updated_at"]
            assert item == row.seen(surface)

    @rule(place=places, table=tables, parameter=st.sampled_from(WRONG_PARAMETERS))
    def list_refused(self, place: tuple[str, str], table: str, parameter: tuple[str, str]) -> None:
        """What a list cannot be asked."""
        name, value = parameter
        answer = self.run(self.caller(place).get(f"/{table}", query={name: value}))
        self.refused(answer, Refusal(422, "INVALID_ARGUMENT", [name]))

    @rule(place=st.sampled_from(["north-some", "south-some"]), table=tables, pick=picks)
    def wrong_surface(self, place: str, table: str, pick: tuple[str, int]) -> None:
        """A partner's key on the operators' surface."""
        caller = Caller(self.app, place, OPERATOR)
        self.run(caller.get(f"/{table}/{self.pick((place, ''), table, pick)}")).refused(403)

    # The end

    def compare_everything(self) -> None:
        """The database file holds exactly the model's rows."""
        connection = apsw.Connection(self.app.database, flags=apsw.SQLITE_OPEN_READONLY)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            for table in TABLES:
                cursor = connection.execute(f'SELECT * FROM "{table}"')
                names = [each[0] for each in cursor.getdescription()] if self.model.rows[table] else []
                stored = {}
                for values in cursor:
                    found = dict(zip(names, values, strict=True))
                    stored[found.pop("id")] = found
                assert stored.keys() == self.model.rows[table].keys()
                for id, row in self.model.rows[table].items():
                    found = stored[id]
                    assert found["version"] == row.version
                    assert row.tenant in found.values()
                    assert {name: found[name] for name in row.values} == row.values
        finally:
            connection.close()


def version_of(tag: str) -> int:
    """The version in an entity tag."""
    text = tag.strip('"').partition("-")[0]
    return int(text) if text.isdigit() else -1


def as_text(value: Any) -> str:
    """A value as a query parameter."""
    if isinstance(value, list):
        return ",".join(map(as_text, value))
    return json.dumps(value) if isinstance(value, bool) else str(value)


@pytest.mark.slow
def test_resources_behave_as_the_model_says(tmp_path: Path) -> None:
    """No difference, and never a row of the other tenant."""
    Market.app = make_app(tmp_path / "market.db")
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=EXAMPLES or 40,
            stateful_step_count=80,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
