"""A lock file that knows less than the contract: what the server would not see is refused, wherever it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dragoman as dm


class Addr(dm.Struct):
    street: str = ""
    zip: str = ""


class Cash(dm.Struct, tag="cash"):
    cents: int


class Card(dm.Struct, tag="card"):
    number: str
    name: str = ""


class Coin(dm.Struct, tag="coin"):
    name: str = ""


class Point(dm.Struct):
    at: str
    height: int = 3


class Customer(dm.Resource, prefix="cus"):
    name: str
    note: str = ""
    addr: Addr = Addr()
    points: list[Point] = []
    places: dict[str, Addr] = {}
    pays: Cash | Card | Coin | None = None
    known: Point | None = None


class Move(dm.Struct):
    to: Addr
    why: str = "none"
    more: Addr | None = None


class Tree(dm.Struct):
    branches: list[Tree] = []
    leaf: Addr | None = None


class Diary(dm.Struct):
    """Its lists stand in messages of their own."""

    names: list[str] | None = None
    grid: list[list[int]] = []
    places: dict[str, str | None] = {}


shop = dm.Contract("shop")
customers = shop.resource(Customer)


@shop.operation(effect="safe")
async def look(given: Addr) -> Addr:
    return given


@shop.operation(effect="safe")
async def move(given: Move) -> Move:
    return given


@shop.operation(effect="safe")
async def climb(given: Tree) -> Tree:
    return given


@shop.operation(effect="safe")
async def note(given: Diary) -> Diary:
    return given


OLDER = {
    "Addr": ["string street"],
    "Card": ["string number"],
    "Cash": ["int64 cents"],
    "CreateCustomerRequest": ["Customer customer", "string request_id"],
    "Customer": [
        "string id",
        "string name",
        "Addr addr",
        "repeated Point points",
        "map<string, Addr> places",
        "Customer.Pays pays",
    ],
    "Customer.Pays": ["Cash cash", "Card card"],
    "Diary": ["Diary.Names names", "repeated Diary.GridItem grid", "map<string, Diary.PlacesValue> places"],
    "Diary.GridItem": ["repeated string items"],
    "Diary.Names": ["repeated int64 items"],
    "Diary.PlacesValue": ["int64 value"],
    "Move": ["Addr to"],
    "Point": ["string at"],
    "Tree": ["repeated Tree branches", "Addr leaf"],
    "UpdateCustomerRequest": [
        "Customer customer",
        "google.protobuf.FieldMask update_mask",
        "string etag",
        "string request_id",
    ],
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[dm.Client]:
    """Its server is not there: what is sent is unavailable."""
    lock = tmp_path / "older.lock"
    numbered = {name: {str(n): text for n, text in enumerate(each, 1)} for name, each in OLDER.items()}
    lock.write_text(json.dumps({"shop.v1": numbered}))
    with dm.Client("http://127.0.0.1:1", lock=lock, retries=dm.Retries(attempts=1)) as made:
        yield made


def customer(**more: Any) -> Callable[[dm.Client], object]:
    return lambda client: client[customers].create(Customer(name="Ann", **more))


HERE = Addr(street="s")
BOTH = Addr(street="s", zip="1")
LOST: dict[str, Callable[[dm.Client], object]] = {
    "zip": lambda client: client.call(look, BOTH),
    "to.zip": lambda client: client.call(move, Move(to=BOTH)),
    "why": lambda client: client.call(move, Move(to=HERE, why="")),
    "more": lambda client: client.call(move, Move(to=HERE, more=Addr())),
    "branches[1].branches[0].leaf.zip": lambda client: client.call(
        climb, Tree(branches=[Tree(), Tree(branches=[Tree(leaf=BOTH)])])
    ),
    "names": lambda client: client.call(note, Diary(names=["a"])),
    "grid[0]": lambda client: client.call(note, Diary(grid=[[1], []])),
    "places.home": lambda client: client.call(note, Diary(places={"home": "x"})),
    "customer.note": customer(note="x"),
    "customer.addr.zip": customer(addr=BOTH),
    "customer.points[1].height": customer(points=[Point(at="a"), Point(at="b", height=0)]),
    "customer.places.home.zip": customer(places={"work": HERE, "home": BOTH}),
    "customer.pays.name": customer(pays=Card(number="1", name="Ann")),
    "customer.pays.coin": customer(pays=Coin()),
    "customer.known": customer(known=Point(at="a")),
}
SAID: list[Callable[[dm.Client], object]] = [
    lambda client: client.call(look, HERE),
    lambda client: client.call(move, Move(to=HERE)),
    lambda client: client.call(climb, Tree(branches=[Tree(leaf=HERE)])),
    customer(
        addr=HERE,
        points=[Point(at="a"), Point(at="b", height=3)],
        places={"work": HERE},
        pays=Card(number="1"),
    ),
    customer(pays=Cash(cents=1)),
    lambda client: client.call(note, Diary()),
]


@pytest.mark.parametrize("path", LOST)
def test_what_has_no_number_is_refused_where_it_stands(client: dm.Client, path: str) -> None:
    with pytest.raises(ValueError, match="has no number in the lock file") as caught:
        LOST[path](client)
    assert f"{path!r} has no number" in str(caught.value)


def test_it_is_refused_of_every_operation_that_has_the_message(client: dm.Client) -> None:
    for _ in range(2):
        for path, call in LOST.items():
            with pytest.raises(ValueError, match="has no number in the lock file") as caught:
                call(client)
            assert f"{path!r} has no number" in str(caught.value)


@pytest.mark.parametrize("call", SAID)
def test_what_stands_for_absence_is_sent(client: dm.Client, call: Callable[[dm.Client], object]) -> None:
    with pytest.raises(dm.Unavailable):
        call(client)


def test_a_change_is_refused_too(client: dm.Client) -> None:
    for changes, path in (
        ({"note": "x"}, "customer.note"),
        ({"addr": BOTH}, "customer.addr.zip"),
    ):
        with pytest.raises(ValueError, match=f"'{path}' has no number"):
            client[customers].update("cus_1", **changes)
    with pytest.raises(dm.Unavailable):
        client[customers].update("cus_1", addr=HERE)


def test_what_has_no_number_is_passed_over_in_an_answer(client: dm.Client) -> None:
    """Around a list of another type than the server's there is nothing that could be read."""
    spoken: Any = client._core._speech.spoken(note)
    assert spoken.form.decode(b"\x0a\x03\x0a\x01\x05")["names"] is None
