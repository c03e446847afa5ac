"""Ids sort by creation, within a process strictly, and are not guessed from one another."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.contract import identifier
from dragoman.contract.identifier import ALPHABET, LENGTH, CountedIds, IdFactory, encode


@given(st.lists(st.integers(0, 2**128 - 1), min_size=2))
def test_text_sorts_as_numbers_do(numbers: list[int]) -> None:
    assert sorted(map(encode, numbers)) == [encode(each) for each in sorted(numbers)]


@given(st.integers(0, 2**128 - 1))
def test_the_number_is_kept_whole(number: int) -> None:
    text = encode(number)
    assert len(text) == LENGTH
    decoded = 0
    for character in text:
        decoded = decoded * 32 + ALPHABET.index(character)
    assert decoded == number


def test_ids_of_a_process_are_unique_and_sorted() -> None:
    make = IdFactory("ord")
    ids = [make() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == ids
    assert all(re.fullmatch("ord_[0-9a-hjkmnp-tv-z]{26}", each) for each in ids)


def test_ids_never_go_backwards_when_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    make = IdFactory("ord")
    first = make()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert make() > first


def test_the_time_of_creation_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifier, "_last", 0)
    make = IdFactory("ord")
    monkeypatch.setattr(time, "time_ns", lambda: 2_000_000_000)
    later = make()
    monkeypatch.setattr(identifier, "_last", 0)
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert make() < later


def test_what_an_id_looks_like() -> None:
    make = IdFactory("cus")
    good = make()
    assert make.accepts(good)
    for bad in ("", "cus_", good[:-1], good + "0", "ord" + good[3:], good[:-1] + "u", good.upper(), good + "\n"):
        assert not make.accepts(bad)


def test_counted_ids_are_unique_sorted_and_in_the_same_form() -> None:
    make, ids, now = CountedIds("req"), [], 0.0
    for number in range(50_000):
        now += 0.02 if number % 1000 == 0 else 0.0
        if number % 1000 == 0:
            time.sleep(0.001)  # a new millisecond: what is new in an id comes from the clock
        ids.append(make(now))
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == ids
    assert all(re.fullmatch("req_[0-9a-hjkmnp-tv-z]{26}", each) for each in ids)


def test_two_counters_do_not_meet() -> None:
    one, other = CountedIds("req"), CountedIds("req")
    assert not {one(0.0) for _ in range(2000)} & {other(0.0) for _ in range(2000)}
