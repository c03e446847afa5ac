"""The binary form, beside Google's own library: what one writes, the other reads, and both refuse the same."""

from __future__ import annotations

import os
from random import Random
from typing import Any
from unittest import mock

from google.protobuf.message import DecodeError
from googles import Both, NoJson, Random_messages, both, lost_entries, without_times
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from schemas import ROOT, schemas

from dragoman.contract.fault import Malformed
from dragoman.contract.schema import Types

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
