"""A value is the same value in REST's JSON, in the binary form and in the JSON of protocol buffers: read by the
contract it is the same instance, or refused for the same reasons. Google's library agrees on both forms.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from google.protobuf import json_format
from googles import both, both_of
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from schemas import ROOT, Endless, Random_values, schemas

from dragoman.contract.fault import InvalidArgument
from dragoman.contract.schema import MISSING, Constraints, Kind, List, Map, Nullable, Record, Scalar, Types
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


BOUNDS = {
    Kind.INT: Constraints(ge=0, lt=100),
    Kind.INT32: Constraints(multiple_of=7),
    Kind.INT64: Constraints(le=1),
    Kind.UINT64: Constraints(gt=5),
    Kind.DOUBLE: Constraints(ge=0, le=2),
    Kind.STRING: Constraints(min_length=1, max_length=3),
    Kind.BYTES: Constraints(min_length=2),
    Kind.DATE: Constraints(ge="2000-01-01"),
    Kind.DECIMAL: Constraints(gt=0),
}


def bounded(type_: Any) -> Any:
    """The type, with bounds that many values break."""
    match type_:
        case Scalar():
            return Scalar(type_.kind, BOUNDS.get(type_.kind, Constraints()))
        case List():
            return List(bounded(type_.item), Constraints(max_length=2))
        case Map():
            return Map(type_.key, bounded(type_.value), Constraints(max_length=1))
        case Nullable():
            return Nullable(bounded(type_.of))
        case Record():
            fields = (replace(each, type=bounded(each.type), default=MISSING) for each in type_.fields)
            optional = (
                replace(each, default=None) if not each.required and isinstance(each.type, Nullable) else each
                for each in fields
            )
            return replace(type_, fields=tuple(optional))
    return type_


@common
@given(schemas(), seeds)
def test_invalid_values(types: Types, seed: int) -> None:
    """What breaks a bound, or lacks a part, is told of alike."""
    types = Types({name: bounded(each) for name, each in types.items()})
    message, decoder = both(types, ROOT), JsonDecoder(ROOT, types)
    values = Random_values(Random(seed), types, right=False)
    for _ in range(VALUES):
        try:
            value = values.value(ROOT)
        except (Endless, RecursionError):
            assume(False)
        binary, text = message.encoder.encode(value), message.json_encoder.encode(value)
        told = [
            violations(decoder.decode, json.dumps(value).encode()),
            violations(decoder.accept, message.decoder.decode(binary)),
            violations(decoder.accept, message.json_decoder.decode(text)),
        ]
        event("valid" if not told[0] else "invalid")
        assert told[0] == told[1] == told[2], value


def violations(read: Callable[[Any], Any], value: Any) -> set[tuple[Any, str, str]]:
    try:
        read(value)
    except InvalidArgument as fault:
        return {(each.path, each.rule, each.message) for each in fault.violations}
    return set()
