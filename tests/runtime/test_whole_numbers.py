"""``1.0`` is an integer, in what is created, in patches, and inside whatever they hold."""

import json
from typing import Annotated, Any

import pytest

import dragoman as dm
from dragoman.contract.fault import InvalidArgument
from dragoman.contract.reading import read_record
from dragoman.contract.schema import Ref, Types
from dragoman.runtime.codec import JsonDecoder, PatchDecoder


class Coins(dm.Struct, tag="coins"):
    count: int


class Weight(dm.Struct, tag="weight"):
    grams: float


class Line(dm.Struct):
    count: Annotated[int, dm.Ge(1), dm.MultipleOf(2)] = 2


class Basket(dm.Struct):
    total: dm.UInt32 | None = None
    lines: list[Line] = []
    by_name: dict[str, int] = {}
    line: Line = Line()
    paid: Coins | Weight = Coins(count=1)


TYPES = Types()
read_record(Basket, TYPES, place="a test")
POINTED: dict[str, Any] = {
    "total": 3.0,
    "lines": [{"count": 4}, {"count": 6.0}],
    "by_name": {"a": 1, "b": -0.0},
    "line": {"count": 2e0},
    "paid": {"type": "coins", "count": 7.0},
}


@pytest.mark.parametrize("value", [POINTED, *({name: value} for name, value in POINTED.items())])
def test_they_are_taken(value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    created = JsonDecoder(Ref("Basket"), TYPES).decode(body)
    patched = PatchDecoder(Ref("Basket"), TYPES).decode(body).apply(Basket())
    assert created == patched == JsonDecoder(Ref("Basket"), TYPES).convert(value)
    numbers = (created.total, created.line.count, *created.by_name.values(), *(each.count for each in created.lines))
    assert {type(each) for each in numbers} <= {int, type(None)}
    assert isinstance(created.paid, Coins)
    assert type(created.paid.count) is int


def test_a_patch_may_leave_the_tag_out() -> None:
    patch = PatchDecoder(Ref("Basket"), TYPES).decode(b'{"paid": {"count": 9.0}}')
    assert patch.apply(Basket()).paid == Coins(count=9)


@pytest.mark.parametrize(
    ("value", "path", "rule"),
    [
        ({"total": 1.5}, ("total",), "type"),
        ({"total": -1.0}, ("total",), "range"),
        ({"total": 4294967296.0}, ("total",), "range"),
        ({"lines": [{"count": 2.0}, {"count": 3.0}]}, ("lines", 1, "count"), "multiple_of"),
        ({"line": {"count": 0.0}}, ("line", "count"), "ge"),
        ({"paid": {"type": "coins", "count": 0.5}}, ("paid", "count"), "type"),
    ],
)
def test_bounds_hold(value: dict[str, Any], path: tuple[str | int, ...], rule: str) -> None:
    body = json.dumps(value).encode()
    for read in (
        JsonDecoder(Ref("Basket"), TYPES).decode,
        lambda body: PatchDecoder(Ref("Basket"), TYPES).decode(body).apply(Basket()),
    ):
        with pytest.raises(InvalidArgument) as caught:
            read(body)
        assert [(each.path, each.rule) for each in caught.value.violations] == [(path, rule)]
