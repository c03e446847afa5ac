"""A value is the same value in REST's JSON, in the binary form and in the JSON of protocol buffers: read by the
contract it is the same instance, or refused for the same reasons. Google's library agrees on both forms.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

from google.protobuf import json_format
from googles import both, both_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemas import ROOT, Endless, Random_values, schemas

from dragoman.contract.schema import Types
from dragoman.runtime.codec import JsonDecoder, JsonEncoder, to_builtins
from dragoman.styles.rpc.proto.model import FIELD_MASK, Leaf, Message, MessageField, Package

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0")) or 60
VALUES = 15
common = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32)


@common
@given(schemas(), seeds)
def test_valid_values(types: Types, seed: int) -> None:
    message, decoder, encoder = both(types, ROOT), JsonDecoder(ROOT, types), JsonEncoder(ROOT, types)
    values = Random_values(Random(seed), types)
    for _ in range(VALUES):
        try:
            value = values.value(ROOT)
        except (Endless, RecursionError):
            assume(False)
        native = decoder.decode(json.dumps(value).encode())
        wire = to_builtins(encoder.to_wire(native))

        binary = message.encoder.encode(wire)
        assert decoder.accept(message.decoder.decode(binary)) == native
        text = message.json_encoder.encode(wire)
        assert decoder.accept(message.json_decoder.decode(text)) == native

        theirs = message.parsed(binary)
        assert json_format.Parse(text, message.theirs()) == theirs
        assert message.parsed(theirs.SerializeToString()) == theirs
        for options in OPTIONS:
            said = json_format.MessageToJson(theirs, **options).encode()
            assert decoder.accept(message.json_decoder.decode(said)) == native, said


def test_field_masks() -> None:
    """Names are in lower camel case; keys of maps, in backticks, are as they are."""
    message = Message("test.v1.Change", [MessageField("mask", Leaf(FIELD_MASK), key="mask", number=1, asked=True)])
    package = Package("test.v1", types={message.name: message})
    change = both_of(package, message)
    paths = ["a", "some_name.other_name", "x2y"]
    assert change.json_encoder.convert({"mask": paths}) == {"mask": "a,someName.otherName,x2y"}
    theirs = json_format.Parse(change.json_encoder.encode({"mask": paths}), change.theirs())
    assert list(theirs.mask.paths) == paths
    assert change.json_decoder.decode(json_format.MessageToJson(theirs).encode()) == {"mask": paths}
    assert change.decoder.decode(change.encoder.encode({"mask": paths})) == {"mask": paths}
    keyed = ["notes.`a_b C,d`"]
    assert change.json_encoder.convert({"mask": keyed}) == {"mask": keyed[0]}
    assert change.json_decoder.convert({"mask": keyed[0]}) == {"mask": keyed}
    assert change.json_decoder.convert({"mask": "some_name"}) == {"mask": ["some_name"]}


OPTIONS: list[dict[str, Any]] = [
    {},
    {"preserving_proto_field_name": True, "indent": None},
    {"use_integers_for_enums": True},
    {"always_print_fields_with_no_presence": True},
]
