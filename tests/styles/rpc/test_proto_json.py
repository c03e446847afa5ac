"""The forms that readers of the JSON of protocol buffers take (https://protobuf.dev/programming-guides/json)."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf import json_format
from googles import both

from dragoman.contract.fault import InvalidArgument, Malformed
from dragoman.contract.schema import Enum, EnumValue, Field, Kind, List, Map, Nullable, Record, Ref, Scalar, Types
from dragoman.runtime.codec import JsonDecoder

FIELDS = [
    *(Field(f"a_{kind.value}", Scalar(kind)) for kind in Kind if kind is not Kind.ANY),
    Field("color", Ref("Color")),
    Field("colors", List(Ref("Color"))),
    Field("numbers", List(Scalar(Kind.INT64))),
    Field("by_name", Map(Scalar(Kind.STRING), Scalar(Kind.INT32))),
    Field("some_words", Nullable(List(Scalar(Kind.STRING)))),
]
TYPES = Types({"R": Record("R", tuple(FIELDS)), "Color": Enum((EnumValue("red"), EnumValue("blue")), "Color")})
MESSAGE = both(TYPES, Ref("R"))


@pytest.mark.parametrize(
    ("given", "key", "read"),
    [
        ({"aInt32": 5}, "a_int32", 5),
        ({"a_int32": 5}, "a_int32", 5),
        ({"aInt32": "5"}, "a_int32", 5),
        ({"aInt32": 5.0}, "a_int32", 5),
        ({"aInt32": 1e5}, "a_int32", 100_000),
        ({"aInt32": "1e5"}, "a_int32", 100_000),
        ({"aInt32": "-5.0"}, "a_int32", -5),
        ({"aInt32": None}, "a_int32", 0),
        ({}, "a_int32", 0),
        ({"aInt": "9007199254740991"}, "a_int", 2**53 - 1),
        ({"aInt64": 2**63 - 1}, "a_int64", str(2**63 - 1)),
        ({"aInt64": str(-(2**63))}, "a_int64", str(-(2**63))),
        ({"aInt64": 5.0}, "a_int64", "5"),
        ({"aUint64": str(2**64 - 1)}, "a_uint64", str(2**64 - 1)),
        ({"aUint64": None}, "a_uint64", "0"),
        ({"aDouble": "1.5"}, "a_double", 1.5),
        ({"aDouble": "-1e-3"}, "a_double", -0.001),
        ({"aDouble": 3}, "a_double", 3),
        ({"aFloat": 0.1}, "a_float", 0.10000000149011612),
        ({"aBytes": "-_8="}, "a_bytes", b"\xfb\xff"),
        ({"aBytes": "-_8"}, "a_bytes", b"\xfb\xff"),
        ({"aBytes": "+/8="}, "a_bytes", b"\xfb\xff"),
        ({"aBytes": ""}, "a_bytes", b""),
        ({"aDuration": "1.5s"}, "a_duration", timedelta(seconds=1.5)),
        ({"aDuration": "-0.000001s"}, "a_duration", timedelta(microseconds=-1)),
        ({"aDuration": "3600s"}, "a_duration", timedelta(hours=1)),
        ({"aDatetime": "2026-11-22T19:00:00.5+01:00"}, "a_datetime", "2026-11-22T19:00:00.5+01:00"),
        ({"color": "COLOR_BLUE"}, "color", "blue"),
        ({"color": 2}, "color", "blue"),
        ({"colors": ["COLOR_RED", 2]}, "colors", ["red", "blue"]),
        ({"numbers": ["1", 2, "-3"]}, "numbers", ["1", "2", "-3"]),
        ({"numbers": None}, "numbers", []),
        ({"byName": {"a": "1", "b": 2}}, "by_name", {"a": 1, "b": 2}),
        ({"someWords": {"items": ["a"]}}, "some_words", ["a"]),
        ({"someWords": {}}, "some_words", []),
        ({"some_words": None}, "some_words", None),
        ({}, "some_words", None),
    ],
)
def test_lenient_forms(given: Any, key: str, read: Any) -> None:
    assert MESSAGE.json_decoder.convert(given)[key] == read
    # Google's library takes them too, and means the same.
    theirs = json_format.ParseDict(given, MESSAGE.theirs())
    again = MESSAGE.decoder.decode(theirs.SerializeToString())[key]
    assert again == read or key == "a_datetime"


def test_the_largest_float_is_written_with_fewer_digits_than_it_has() -> None:
    """By Google's library, which does not read it."""
    said = json_format.MessageToJson(MESSAGE.theirs(a_float=3.4028234663852886e38))
    assert '"aFloat": 3.4028235e+38' in said
    assert MESSAGE.json_decoder.decode(said.encode())["a_float"] == 3.4028234663852886e38


@pytest.mark.parametrize("nothing", ["COLOR_UNSPECIFIED", 0, None])
def test_no_value_of_an_enum_is_as_good_as_none(nothing: Any) -> None:
    assert "color" not in MESSAGE.json_decoder.convert({"color": nothing})
    theirs = json_format.ParseDict({"color": nothing}, MESSAGE.theirs())
    assert "color" not in MESSAGE.decoder.decode(theirs.SerializeToString())


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_on_every_wire(text: str) -> None:
    types = Types({"R": Record("R", (Field("a", Scalar(Kind.DOUBLE)), Field("b", List(Scalar(Kind.FLOAT)))))})
    message, decoder = both(types, Ref("R")), JsonDecoder(Ref("R"), types)
    theirs = message.theirs(a=float(text), b=[0.0, float(text)])
    for given in (
        message.decoder.decode(theirs.SerializeToString()),
        message.json_decoder.decode(json.dumps({"a": text, "b": [0, text]}).encode()),
    ):
        assert given == {"a": math.inf, "b": [0.0, math.inf]}
        with pytest.raises(InvalidArgument) as raised:
            decoder.accept(given)
        found = [(each.path, each.rule, each.message) for each in raised.value.violations]
        assert found == [
            (("a",), "range", "must be a finite number"),
            (("b", 1), "range", "must be a finite number of 32 bits"),
        ]


@pytest.mark.parametrize(
    ("given", "path", "rule"),
    [
        ({"nope": 1}, ("nope",), "unknown_field"),
        ({"aInt32": 1, "a_int32": 1}, ("a_int32",), "duplicate"),
        ([], (), "type"),
        ("x", (), "type"),
    ],
)
def test_what_the_form_alone_forbids(given: Any, path: tuple[str, ...], rule: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        MESSAGE.json_decoder.convert(given)
    assert [(each.path, each.rule) for each in raised.value.violations] == [(path, rule)]


@pytest.mark.parametrize("text", [b"{", b'{"a":}', b"\xff", b"[" * 100_000, b'{"aString": "\\ud800"}'])
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(Malformed):
        MESSAGE.json_decoder.decode(text)
