"""Batch get: resources by their ids, in the order asked, all or none."""

from pathlib import Path
from typing import Any

import pytest
from driving import Answer, Caller, run
from market import OPERATOR, PARTNER, make_app

import dragoman as dm

NOBODY = "cus_" + "0" * 26


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    return make_app(tmp_path / "market.db")


class Fair:
    """Two tenants with a few customers and orders each."""

    def __init__(self, app: dm.App) -> None:
        self.north = Caller(app, "north-all", PARTNER)
        self.south = Caller(app, "south-all", PARTNER)

    async def fill(self) -> None:
        """Make them."""
        self.customers = [await self.customer(self.north, f"{number}@x") for number in range(3)]
        self.others = [await self.customer(self.south, f"{number}@x") for number in range(2)]
        self.orders = [
            (await self.north.post("/orders", {"customer": self.customers[number % 2]})).ok(201).json["id"]
            for number in range(4)
        ]

    async def customer(self, caller: Caller, email: str) -> str:
        """One customer's id."""
        return str((await caller.post("/customers", {"email": email, "name": email})).ok(201).json["id"])

    async def ask(self, *ids: str, path: str = "/customers", **more: Any) -> Answer:
        """A batch get by the northern caller."""
        return await self.north.get(path, query={"ids": ",".join(ids), **more})


def test_they_come_in_the_order_asked_and_once_each(app: dm.App) -> None:
    async def scenario() -> None:
        fair = Fair(app)
        await fair.fill()
        one, two, three = fair.customers
        answer = (await fair.ask(three, one, three, two)).ok()
        assert [each["id"] for each in answer.json["customers"]] == [three, one, two]
        assert answer.json["next_page_token"] == ""
        single = (await fair.north.get(f"/customers/{one}")).ok().json
        assert answer.json["customers"][1] == single
        repeated = await fair.north.get("/customers", query=f"ids={two}&ids={one},{two}")
        assert [each["id"] for each in repeated.ok().json["customers"]] == [two, one]
        assert (await fair.north.get("/customers", query=f"ids={two}", if_none_match="*")).status == 304

    run(app, scenario)


def test_all_or_none(app: dm.App) -> None:
    """AIP-231. What belongs to another tenant is as missing as what never was."""

    async def scenario() -> None:
        fair = Fair(app)
        await fair.fill()
        answer = (await fair.ask(fair.customers[0], fair.others[0], NOBODY)).refused(404, "NOT_FOUND", at="ids")
        told = [each["detail"] for each in answer.json["errors"]]
        assert told == [f"there is no Customer '{id}'" for id in (fair.others[0], NOBODY)]
        assert {each["rule"] for each in answer.json["errors"]} == {"not_found"}

    run(app, scenario)


def test_what_is_not_visible_is_missing(app: dm.App) -> None:
    async def scenario() -> None:
        nora, niels = Caller(app, "north-all", PARTNER), Caller(app, "north-some", PARTNER)
        own = (await nora.post("/memos", {"author": "nora"})).ok(201).json["id"]
        shared = (await nora.post("/memos", {"author": "nora", "shared": True})).ok(201).json["id"]
        query = {"ids": f"{own},{shared}"}
        assert len((await nora.get("/memos", query=query)).ok().json["memos"]) == 2
        refused = (await niels.get("/memos", query=query)).refused(404)
        assert [own in each["detail"] for each in refused.json["errors"]] == [True]

    run(app, scenario)


def test_within_a_parent(app: dm.App) -> None:
    async def scenario() -> None:
        fair = Fair(app)
        await fair.fill()
        path = f"/customers/{fair.customers[0]}/orders"
        listed = [
            each["id"] for each in (await fair.ask(fair.orders[2], fair.orders[0], path=path)).ok().json["orders"]
        ]
        assert listed == [fair.orders[2], fair.orders[0]]
        (await fair.ask(fair.orders[0], fair.orders[1], path=path)).refused(404, at="ids")
        nowhere = (await fair.ask(fair.orders[0], path=f"/customers/{NOBODY}/orders")).refused(404)
        assert nowhere.json["detail"] == f"there is no Customer {NOBODY!r}"

    run(app, scenario)


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ({"ids": ""}, ["ids"]),
        ({"ids": f"{NOBODY},x,ord_{'0' * 26}"}, ["ids", "ids"]),
        (
            {"ids": NOBODY, "page_size": 2, "page_token": "x", "order_by": "name"},
            ["order_by", "page_size", "page_token"],
        ),
        ({"ids": NOBODY, "region.in": "east", "secret": "s1"}, ["region.in", "secret"]),
        ({"ids": "x", "page_size": "y", "region.eq": "east"}, ["ids", "page_size", "region"]),
        ({"ids": ",".join(f"cus_{number:026d}" for number in range(101))}, ["ids"]),
    ],
    ids=["none", "malformed", "with pages", "with filters", "several things", "too many"],
)
def test_what_cannot_be_asked(app: dm.App, query: dict[str, Any], at: list[str]) -> None:
    async def scenario() -> None:
        answer = await Caller(app, "north-all", OPERATOR if "secret" in query else PARTNER).get(
            "/customers", query=query
        )
        assert sorted(answer.refused(422, "INVALID_ARGUMENT").pointers) == at

    run(app, scenario)


def test_a_hundred_at_once(app: dm.App) -> None:
    async def scenario() -> None:
        fair = Fair(app)
        ids = [await fair.customer(fair.north, f"{number}@x") for number in range(100)]
        answer = (await fair.ask(*reversed(ids))).ok()
        assert [each["id"] for each in answer.json["customers"]] == ids[::-1]

    run(app, scenario)
