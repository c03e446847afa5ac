"""The numbers of fields stay, whatever becomes of the contract: nothing that was given once is given to another."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from googles import both
from hypothesis import given, settings
from hypothesis import strategies as st

import dragoman as dm
from dragoman.contract.schema import Enum, EnumValue, Field, Kind, List, Record, Ref, Scalar, Type, Types
from dragoman.contract.traits import Traits
from dragoman.runtime.codec.view import View
from dragoman.styles.rpc.proto.lock import GONE, Lock, LockError, changes, number
from dragoman.styles.rpc.proto.mapping import Mapper
from dragoman.styles.rpc.proto.model import EnumType, Message, Package
from dragoman.styles.rpc.proto.text import proto

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0")) or 100

TEXT, INT, DOUBLE = Scalar(Kind.STRING), Scalar(Kind.INT), Scalar(Kind.DOUBLE)


def record(*fields: tuple[str, Type] | tuple[str, Type, int], name: str = "R") -> Record:
    """A record; a third thing is the number by hand."""
    made = []
    for each in fields:
        traits = Traits([dm.Number(each[2])]) if len(each) == 3 else Traits()
        made.append(Field(each[0], each[1], traits=traits))
    return Record(name, tuple(made))


def packaged(*named: Record | Enum) -> Package:
    types = Types({str(each.name): each for each in named})
    package = Package("test.v1")
    mapper = Mapper(package, types, View(None), "a test")
    for each in named:
        mapper._value(Message("test.v1.X", []), "X", each)
    return package


def settled(lock: Lock, *named: Record | Enum) -> tuple[Lock, Package]:
    package = packaged(*named)
    return number(package, lock, "a test"), package


def steps(*contracts: Record | Enum) -> dict[int, str]:
    """The numbers of the one type after it was each of these."""
    lock = Lock({})
    for each in contracts:
        lock, _ = settled(lock, each)
    ((numbers),) = lock.packages["test.v1"].values()
    return numbers


A, B, C = ("a", TEXT), ("b", INT), ("c", TEXT)


@pytest.mark.parametrize(
    ("contracts", "numbers"),
    [
        ([record(A, B)], {1: "string a", 2: "int64 b"}),
        ([record(A, B), record(B, A)], {1: "string a", 2: "int64 b"}),
        ([record(A, B), record(C, B, A)], {1: "string a", 2: "int64 b", 3: "string c"}),
        ([record(A, B), record(B)], {1: "reserved string a", 2: "int64 b"}),
        ([record(A, B), record(B), record(B, C)], {1: "reserved string a", 2: "int64 b", 3: "string c"}),
        ([record(A, B), record(A), record(A, C)], {1: "string a", 2: "reserved int64 b", 3: "string c"}),
        # Another type, and the old one again
        ([record(A), record(("a", INT))], {1: "reserved string a", 2: "int64 a"}),
        ([record(A), record(("a", INT)), record(A)], {1: "string a", 2: "reserved int64 a"}),
        ([record(A), record(("a", List(TEXT)))], {1: "reserved string a", 2: "repeated string a"}),
        ([record(A, B), record(B), record(B, A)], {1: "string a", 2: "int64 b"}),
        # Numbers by hand
        ([record(("a", TEXT, 7), B)], {7: "string a", 8: "int64 b"}),
        ([record(B, ("a", TEXT, 7))], {7: "string a", 8: "int64 b"}),
        ([record(A), record(("a", TEXT, 3))], {1: "reserved string a", 3: "string a"}),
        ([record(A), record(("a", TEXT, 3)), record(A)], {1: "reserved string a", 3: "string a"}),
        ([record(("a", TEXT, 3)), record(("a", TEXT, 1)), record(A)], {1: "string a", 3: "reserved string a"}),
        ([record(("a", TEXT, 18_999), B)], {18_999: "string a", 20_000: "int64 b"}),
        ([record(("a", TEXT, 2**29 - 1), B, C)], {1: "int64 b", 2: "string c", 2**29 - 1: "string a"}),
    ],
)
def test_what_becomes_of_numbers(contracts: list[Record], numbers: dict[int, str]) -> None:
    assert steps(*contracts) == numbers


def enum_of(name: str, *values: str) -> Enum:
    return Enum(tuple(map(EnumValue, values)), name)


def enum(*values: str) -> Enum:
    return enum_of("E", *values)


@pytest.mark.parametrize(
    ("contracts", "numbers"),
    [
        ([enum("x", "y")], {1: "x", 2: "y"}),
        ([enum("x", "y"), enum("z", "y", "x")], {1: "x", 2: "y", 3: "z"}),
        ([enum("x", "y"), enum("y")], {1: "reserved x", 2: "y"}),
        ([enum("x", "y"), enum("x"), enum("x", "z"), enum("z", "y")], {1: "reserved x", 2: "y", 3: "z"}),
        # Values that look as if they were gone
        ([enum("reserved seat", "seat")], {1: '"reserved seat"', 2: "seat"}),
        ([enum("reserved seat", "seat"), enum("seat", "reserved seat")], {1: '"reserved seat"', 2: "seat"}),
        ([enum("reserved seat", "seat"), enum("seat")], {1: 'reserved "reserved seat"', 2: "seat"}),
        ([enum('"x"'), enum('"x"', "x y")], {1: '""x""', 2: "x y"}),
    ],
)
def test_what_becomes_of_the_numbers_of_values(contracts: list[Enum], numbers: dict[int, str]) -> None:
    assert steps(*contracts) == numbers


def test_a_type_that_comes_back_has_its_numbers() -> None:
    lock, _ = settled(Lock({}), record(A, B), enum("x"))
    without, _ = settled(lock, enum("x"))
    assert without.packages["test.v1"]["R"] == {1: "reserved string a", 2: "reserved int64 b"}
    again, _ = settled(without, record(C, B, A), enum("x"))
    assert again.packages["test.v1"]["R"] == {1: "string a", 2: "int64 b", 3: "string c"}


def test_other_packages_stay() -> None:
    lock, _ = settled(Lock({"other.v1": {"T": {4: "string x"}}}), record(A))
    assert lock.packages["other.v1"] == {"T": {4: "string x"}}


def test_what_is_gone_is_reserved_in_the_file() -> None:
    lock, _ = settled(Lock({}), record(A, B, C), enum("x", "y"))
    _, package = settled(lock, record(("b", TEXT)), enum("y"))
    text = proto(package)
    assert "message R {\n  reserved 1, 2, 3;\n" in text
    assert '  reserved "a", "c";\n' in text
    assert "  string b = 4;\n" in text
    assert "enum E {\n  reserved 1;\n  E_UNSPECIFIED = 0;\n  E_Y = 2;\n}" in text


def test_a_type_that_becomes_another_kind_of_type() -> None:
    """What an enum's values were called names no field."""
    lock, _ = settled(Lock({}), enum_of("T", "in-transit", "on its way"))
    _, package = settled(lock, record(A, name="T"))
    assert "message T {\n  reserved 1, 2;\n" in proto(package)
    assert "-transit" not in proto(package)


def test_stored_values_that_are_gone_keep_their_number() -> None:
    color = Enum((EnumValue("red"), EnumValue("blue")), "Color")
    types = Types({"R": Record("R", (Field("a", Ref("Color")), Field("b", List(Ref("Color"))))), "Color": color})
    before = both(types, Ref("R"))
    lock = number(before.package, Lock({}), "a test")
    types.add("Color", Enum((EnumValue("blue"),), "Color"))
    now = both(types, Ref("R"), lock=lock)
    stored = {"a": "red", "b": ["red", "blue"]}
    assert before.decoder.decode(now.encoder.encode(stored)) == stored
    assert now.json_encoder.convert(stored) == {"a": 1, "b": [1, "COLOR_BLUE"]}
    # It is taken no more.
    assert now.decoder.decode(before.encoder.encode(stored)) == {"a": "1", "b": ["1", "blue"]}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (record(A, B), record(A, ("c", TEXT, 2)), "its number 2 is that of another: int64 b"),
        (record(A), record(("b", INT), ("c", TEXT, 1)), "its number 1 is that of another: string a"),
        (record(), record(("a", TEXT, 5), ("b", TEXT, 5)), "its number 5 is that of another: string a"),
        (record(("a", TEXT, 5)), record(("a", INT, 5)), "its number 5 is that of another: string a"),
    ],
)
def test_numbers_by_hand_that_are_taken(before: Record, now: Record, said: str) -> None:
    lock, _ = settled(Lock({}), before)
    with pytest.raises(dm.DeclarationError, match=said):
        settled(lock, now)


@pytest.mark.parametrize("n", [0, -1, 2**29, 19_000, 19_999, True, "1"])
def test_numbers_by_hand_that_no_field_has(n: Any) -> None:
    with pytest.raises(dm.DeclarationError, match="it is no field number"):
        dm.Number(n)


# Histories

names = st.sampled_from("abcdef")
kinds = st.sampled_from([TEXT, INT, DOUBLE, Ref("E"), List(TEXT)])
fields = st.dictionaries(names, st.tuples(kinds, st.none() | st.sampled_from([3, 9, 2**29 - 1])), max_size=5)
values = st.lists(st.sampled_from(["x", "y", "reserved x", '"w"', "z"]), min_size=1, unique=True)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(fields, values), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_any_history(history: list[tuple[dict[str, tuple[Type, int | None]], list[str]]], random: Any) -> None:
    lock, said = Lock({}), dict[tuple[str, int], str]()
    for given_fields, given_values in history:
        made = [
            (name, kind) if by_hand is None else (name, kind, by_hand) for name, (kind, by_hand) in given_fields.items()
        ]
        e = Enum(tuple(map(EnumValue, given_values)), "E")
        try:
            after, package = settled(lock, record(*made), e)
        except dm.DeclarationError as error:
            if "is that of another" in str(error):
                continue
            raise
        # What is written is read alike, and the same contract changes nothing, in whatever order it stands.
        assert Lock.parse(after.text()) == after
        random.shuffle(made)
        again, _ = settled(after, e, record(*made))
        assert again.text() == after.text()
        assert changes(after, again, ["test.v1"]) == []
        # Each number is that of one thing for ever; what there is has one number.
        for name, numbers in after.packages["test.v1"].items():
            for n, text in numbers.items():
                assert said.setdefault((name, n), text.removeprefix(GONE)) == text.removeprefix(GONE)
            there = [text for text in numbers.values() if not text.startswith(GONE)]
            assert len(there) == len(set(there))
            assert set(lock.packages.get("test.v1", {}).get(name, {})) <= set(numbers)
        for each in package.everything():
            parts = each.values if isinstance(each, EnumType) else each.fields
            assert len({part.number for part in parts}) == len(parts)
            assert not {part.number for part in parts} & set(each.reserved)
        if after.packages != lock.packages:
            assert changes(lock, after, ["test.v1"])
        lock = after


# The file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('<<<<<<< HEAD\n{"a": {}}', "Expecting value"),
        ("[]", "Expected `object`, got `array`"),
        ('{"p.v1": {"T": {"one": "string a"}}}', "Expected `int`, got `str`"),
        ('{"p.v1": {"T": {"1": 1}}}', "Expected `str`, got `int`"),
        ('{"p.v1": {"T": {"-1": "string a"}}}', "p.v1.T has the number -1, which there is not"),
        ('{"p.v1": {"T": {"4294967296": "string a"}}}', "p.v1.T has the number 4294967296, which there is not"),
        ('{"p.v1": {"T": {"1": "string a", "2": "string a"}}}', "p.v1.T has two numbers for string a, 1 and 2"),
        ('{"p.v1": {"T": {"1": "string a", "1": "string b"}}}', "'1' stands twice in one object"),
        ('{"p.v1": {"T": {}, "T": {}}}', "'T' stands twice in one object"),
        ("[" * 100_000, "recursion"),
        ("\xff", "can't decode"),
    ],
)
def test_a_damaged_file(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "dragoman.lock"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LockError) as raised:
        Lock.read(path)
    assert f"the lock file {path} is damaged, and its numbers cannot be found anew: " in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize("n", [0, 19_500, 2**29])
def test_a_number_that_no_field_can_have(n: int) -> None:
    with pytest.raises(dm.DeclarationError, match=f"the lock file gives it the number {n}, which no field can have"):
        settled(Lock({"test.v1": {"R": {n: "string a"}}}), record(A))


def test_no_file(tmp_path: Path) -> None:
    assert Lock.read(tmp_path / "dragoman.lock") is None


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"cannot be read: Is a directory"):
        Lock.read(tmp_path)


def test_the_file_is_sorted_and_read_by_people() -> None:
    lock = Lock({"z.v1": {"B": {2: "string b", 1: "string a"}, "A": {}}, "a.v1": {}})
    assert json.loads(lock.text()) == {"a.v1": {}, "z.v1": {"A": {}, "B": {"1": "string a", "2": "string b"}}}
    assert lock.text().decode().splitlines()[5:7] == ['      "1": "string a",', '      "2": "string b"']
