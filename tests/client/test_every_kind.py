"""Values of every kind come back as they went, over every style."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from calling import Caller
from running import environment, free_port, running

import dragoman as dm
from dragoman.testing import contract
from dragoman.testing.contract.kinds import Answer, Box, Card, Maker, Order, Size, Thing, Transfer
from dragoman.testing.contract.surfaces import PARTNER, REMOTE
from dragoman.testing.contract.things import all_things, converse, describe, makers, order, retire

LOCK = Path(contract.__file__).with_name("remote.lock")
REMOTELY = {"package": "kit.things.v2", "auth": "north"}
WAYS: dict[str, dict[str, Any]] = {
    "connect": REMOTELY,
    "connect-binary": {**REMOTELY, "lock": LOCK},
    "grpc": {**REMOTELY, "over": "grpc", "lock": LOCK},
    "plain": {**REMOTELY, "over": "plain", "path": REMOTE},
    "rest": {"over": "rest", "path": PARTNER, "auth": "north"},
}


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of the all-features contract."""
    folder, port = tmp_path_factory.mktemp("things"), free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "dragoman.testing.contract:app", "--port", str(port)]
    with running([*command, "--workers", "1"], folder, port, environment()) as started:
        yield started.url


@pytest.fixture(params=[(name, audience) for name in WAYS for audience in (None, "partner")], ids=str)
def client(request: pytest.FixtureRequest, things: str) -> Iterator[Caller]:
    name, audience = request.param
    caller = Caller(name in ("grpc", "rest"), things, {**WAYS[name], "audience": audience})
    yield caller
    caller.close()


FULL: dict[str, Callable[[Any], Any]] = {
    "heir": lambda maker: maker.id,
    "flag": lambda _: True,
    "count": lambda _: 995,
    "natural": lambda _: 2**32 - 1,
    "big": lambda _: 2**63 - 1,
    "huge": lambda _: 2**64 - 1,
    "rough": lambda _: -2.5,
    "text": lambda _: "abc",
    "email": lambda _: "ann@example.com",
    "home": lambda _: "https://example.com/a?b=c",
    "blob": lambda _: bytes([0, 255, 128]),
    "at": lambda _: datetime(2026, 11, 27, 12, 30, 15, 123456, tzinfo=UTC),
    "day": lambda _: date(1999, 12, 31),
    "clock": lambda _: time(7, 5, 1),
    "lasts": lambda _: timedelta(days=-1, microseconds=1),
    "key": lambda _: uuid.UUID(int=2**127 + 5),
    "price": lambda _: Decimal("99.99"),
    "size": lambda _: Size.LARGE,
    "state": lambda _: "old",
    "tags": lambda _: ["a", "b", "a"],
    "sizes": lambda _: {Size.LARGE},
    "by_size": lambda _: {Size.LARGE: 0, Size.SMALL: -5},
    "by_key": lambda _: {uuid.UUID(int=1): Box(width=2.0), uuid.UUID(int=2): None},
    "words": lambda _: {"a.b": "c", "ü": "é"},
    "box": lambda _: Box(width=0.5, inside=[Box(width=0.1, inside=[Box(width=10.0)])]),
    "spare": lambda _: Box(width=3.0),
    "refund": lambda _: Transfer(iban="DE02120300000000202051", reference="x"),
}


def test_every_kind_of_value(client: Caller) -> None:
    maker = client.on(makers, "create", Maker(name=uuid.uuid4().hex, country="GB"))
    least = Thing(maker=maker.id, small=-9, ratio=0.25, payment=Card(number="1234"))
    made = client.on(all_things, "create", least)
    own = [each for each in made.__struct_fields__ if each not in ("id", "created_at", "updated_at", "version")]
    assert {each: getattr(made, each) for each in own} == {each: getattr(least, each) for each in own}
    wanted = {name: value(maker) for name, value in FULL.items()}
    if client.options.get("over") == "rest":
        with pytest.raises(ValueError, match="holds a null in a map"):
            client.on(all_things, "update", made, by_key=wanted["by_key"])
        del wanted["by_key"][uuid.UUID(int=2)]
    changed = client.on(all_things, "update", made, **wanted)
    read = client.on(all_things, "get", made.id)
    assert read == changed
    assert {name: getattr(read, name) for name in wanted} == wanted
    assert (read.version, read.created_at) == (2, made.created_at)
    nothing = dict.fromkeys(("heir", "huge", "email", "home", "at", "key", "state", "spare", "refund"))
    nothing |= {"tags": [], "sizes": set(), "by_size": {}, "by_key": {}, "words": {}, "flag": False, "count": 0}
    emptied = client.on(all_things, "update", read, **nothing)
    assert {name: getattr(emptied, name) for name in nothing} == nothing
    assert client.on(all_things, "get", made.id) == emptied


def test_lists_and_methods(client: Caller) -> None:
    maker = client.on(makers, "create", Maker(name=uuid.uuid4().hex, country="GB"))
    at = datetime(2026, 1, 2, tzinfo=UTC)
    made = [
        client.on(
            all_things,
            "create",
            Thing(maker=maker.id, small=n, ratio=0.5, payment=Card(number="1234"), count=5 * n, size=size, at=at),
        )
        for n, size in enumerate(Size)
    ]
    field = all_things.field
    ours = field.maker == maker.id
    for where, found in (
        (ours & (field.count >= 5), made[1:]),
        (ours & (field.size == Size.SMALL), made[:1]),
        (ours & (field.size.in_([Size.SMALL, Size.LARGE])), made),
        (ours & (field.flag == False), made),  # noqa: E712
        (ours & (field.big < 5), []),
        (ours & (field.big.in_([9007199254740993])), made),
        (ours & (field.at >= at) & (field.day >= date(2026, 11, 22)), made),
        (field.heir == maker.id, []),
    ):
        assert [each.id for each in client.list(all_things, where, order_by="count", page_size=1)] == [
            each.id for each in found
        ]
    assert client.call(describe, made[0].id) == Answer(text="", likely=1.0)
    assert client.call(retire, made[0]).flag is True


def test_streams_of_it(things: str) -> None:
    from dragoman.testing.contract.kinds import Question

    with dm.Client(things, **WAYS["grpc"]) as client:
        asked = [Question(text=each) for each in ("a", "b")]
        assert [each.text for each in client.stream(converse, asked)] == ["a", "b"]


__all__ = ["Order", "order"]
