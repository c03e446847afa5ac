"""The binary form, beside Google's own library: what one writes, the other reads, and both refuse the same."""

from __future__ import annotations

import os
from datetime import date
from random import Random
from typing import Any
from unittest import mock

from google.protobuf.message import DecodeError
from googles import Both, NoJson, Random_messages, both, lost_entries, without_times
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from schemas import ROOT, schemas

import dragoman as dm
from dragoman.contract.fault import Malformed
from dragoman.contract.reading import read_record
from dragoman.contract.schema import Types
from dragoman.runtime.codec import JsonEncoder, to_builtins
from dragoman.styles.rpc.codec import BinaryEncoder, attributes_of

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0")) or 60
MESSAGES = 40
common = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

ANYTHING = mock.ANY
seeds = st.integers(0, 2**32)


def decoded(message: Both, data: bytes) -> Any:
    try:
        return without_times(message.decoder.decode(data))
    except Malformed as fault:
        # Google's library lets a field with the number 0 pass in messages that have no fields.
        return ANYTHING if "the number 0" in fault.message else Malformed


def parsed(message: Both, data: bytes) -> Any:
    try:
        return message.seen(data)
    except (DecodeError, NoJson):
        return Malformed


@common
@given(schemas(), seeds)
def test_what_others_write_is_read_as_they_read_it(types: Types, seed: int) -> None:
    message = both(types, ROOT)
    messages = Random_messages(Random(seed))
    for _ in range(MESSAGES):
        data = messages.message(message.message)
        assert decoded(message, data) == parsed(message, data), data.hex()


@common
@given(schemas(), seeds)
def test_broken_messages_are_refused_as_others_refuse_them(types: Types, seed: int) -> None:
    message = both(types, ROOT)
    messages = Random_messages(Random(seed))
    for _ in range(MESSAGES):
        data = messages.mutated(messages.message(message.message, 3))
        ours, theirs = decoded(message, data), parsed(message, data)
        event("refused" if ours is Malformed else "read")
        if ours != theirs and theirs is not Malformed and lost_entries(message.parsed(data), message.message):
            continue
        assert ours == theirs, data.hex()


class Part(dm.Struct):
    part_name: str
    weight: float | None = None


class Whole(dm.Struct):
    number: int
    share: float
    parts: list[Part]
    named: Part | None = None
    done: bool = False
    comment: str | None = None
    tags: list[str] = []


class Dated(dm.Struct):
    number: int
    day: date


texts, floats = st.text(st.characters(codec="utf-8")), st.floats(allow_nan=False, allow_infinity=False)
parts = st.builds(Part, part_name=texts, weight=st.none() | floats)
wholes = st.builds(
    Whole,
    number=st.integers(-(2**53) + 1, 2**53 - 1),
    share=floats,
    parts=st.lists(parts, max_size=3),
    named=st.none() | parts,
    done=st.booleans(),
    comment=st.none() | texts,
    tags=st.lists(texts, max_size=3),
)


def encoder_of(class_: type) -> tuple[Both, JsonEncoder]:
    types = Types()
    record = read_record(class_, types)
    return both(types, record), JsonEncoder(record, types)


@common
@given(wholes)
def test_a_struct_is_written_as_its_json_is(whole: Whole) -> None:
    message, encoder = encoder_of(Whole)
    attributes = attributes_of(message.message, encoder.wire)
    assert attributes is not None
    wire = encoder.to_wire(whole)
    written = BinaryEncoder(message.message, attributes).encode(wire)
    assert written == message.encoder.encode(to_builtins(wire))
    assert without_times(message.decoder.decode(written)) == message.seen(written)


def test_a_struct_that_json_has_otherwise_is_not_written_as_it_is() -> None:
    message, encoder = encoder_of(Dated)
    assert attributes_of(message.message, encoder.wire) is None
