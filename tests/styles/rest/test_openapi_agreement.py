"""The schemas say what the codec does: what a schema accepts is decoded, what it refuses is not, and what is written
meets the schema of the answer; as far as JSON Schema can say it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from rfc3339_validator import validate_rfc3339
from test_openapi import value_of

import dragoman as dm
from dragoman.contract.patterns import compiled
from dragoman.contract.schema import Ref
from dragoman.runtime.codec import JsonDecoder, JsonEncoder, PatchDecoder
from dragoman.testing.contract import Order, Thing, things

pytestmark = pytest.mark.slow

PUBLIC: Final = dm.Audience.PUBLIC
DOCUMENT: Final = value_of("public")
SCHEMAS: Final[Mapping[str, Any]] = DOCUMENT["components"]["schemas"]

FORMATS: Final = FormatChecker(formats=())


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value))


@FORMATS.checks("date-time")
def _is_datetime(value: object) -> bool:
    return not isinstance(value, str) or bool(validate_rfc3339(value))


@FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or (len(value) == 36 and UUID(value).variant is not None)


@FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)*", value, re.ASCII) is not None


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[a-z]+:[!#-;=?-\[\]_a-z~]+", value) is not None


def _pattern(validator: Any, pattern: str, instance: object, schema: object) -> Any:
    """As ECMA-262 has it: Python's ``$`` also matches before a last line feed."""
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


Validator: Final = extend(Draft202012Validator, {"pattern": _pattern})


@cache
def validator(name: str) -> Any:
    return Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}, format_checker=FORMATS
    )


# Values that a schema accepts


@cache
def named(name: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a component."""
    return values(SCHEMAS[name], depth)


def values(schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a schema of ours. What the document says in words alone, they need not keep."""
    if "$ref" in schema:
        return named(schema["$ref"].rpartition("/")[2], depth)
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return st.one_of([values(each, depth) for each in schema[several]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if isinstance(schema["type"], list):
        return st.one_of([values({**schema, "type": each}, depth) for each in schema["type"]])
    return BY_TYPE[schema["type"]](schema, depth)


def _strings(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 60)
    known: dict[str, st.SearchStrategy[str]] = {
        "date": st.dates().map(str),
        "date-time": st.datetimes().map(lambda each: each.isoformat() + "+02:00").filter(lambda each: each > "0002"),
        "uuid": st.uuids().map(str),
        "email": st.from_regex(r"[a-z0-9+-]{1,9}(\.[a-z0-9+-]{1,4})?@[a-z]{1,9}(\.[a-z]{2,5})?", fullmatch=True),
        "uri": st.from_regex(r"https?://[a-z.]{1,9}(/[a-z0-9/?=&-]*)?", fullmatch=True),
    }
    if schema.get("format") in known:
        return known[schema["format"]]
    if "pattern" in schema:
        found = st.from_regex(schema["pattern"].replace("$", r"\Z"))
        return found.filter(lambda each: least <= len(each) <= most and each.isascii())
    return st.text(min_size=least, max_size=most)


def _integers(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[int]:
    step = schema.get("multipleOf", 1)
    low, high = -(-schema["minimum"] // step), schema["maximum"] // step
    return st.integers(low, high).map(lambda each: each * step)


def _numbers(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[float]:
    if "multipleOf" in schema:
        return st.integers(-1000, 1000).map(lambda each: each * schema["multipleOf"])
    return st.floats(
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum", schema.get("exclusiveMaximum")),
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
        allow_nan=False,
        allow_infinity=False,
    )


def _arrays(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[list[Any]]:
    if depth > 2:
        return st.just([])
    most = schema.get("maxItems", 3)
    return st.lists(
        values(schema["items"], depth + 1),
        min_size=schema.get("minItems", 0),
        max_size=most,
        unique=schema.get("uniqueItems", False),
    )


def _objects(schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        names = values({"type": "string", **schema.get("propertyNames", {})})
        return st.dictionaries(
            names, values(schema["additionalProperties"], depth + 1), max_size=schema.get("maxProperties", 2)
        )
    parts = {name: st.deferred(_later(each, depth + 1)) for name, each in schema["properties"].items()}
    required = schema.get("required", [])
    return st.fixed_dictionaries(
        {name: parts[name] for name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )


def _later(schema: Mapping[str, Any], depth: int) -> Callable[[], st.SearchStrategy[Any]]:
    return lambda: values(schema, depth)


BY_TYPE: Final[Mapping[str, Callable[[Mapping[str, Any], int], st.SearchStrategy[Any]]]] = {
    "null": lambda schema, depth: st.none(),
    "boolean": lambda schema, depth: st.booleans(),
    "integer": _integers,
    "number": _numbers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}

# Values that are a little wrong

JUNK: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**54), 2**54),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["", "0", "-1", "1.5", "2026-11-22", "small", "card", "P1D", "YQ==", "{}"]),
    st.just([]),
    st.just({}),
)


@st.composite
def mutated(draw: st.DrawFn, name: str) -> Any:
    """A valid value in which one place, however deep, was removed, replaced or added."""
    value = draw(named(name))
    here = value
    while isinstance(here, dict | list) and here:
        key: Any = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        if isinstance(here[key], dict | list) and here[key] and draw(st.booleans()):
            here = here[key]
            continue
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                here[key] = draw(JUNK)
            case "remove":
                del here[key]
            case _ if isinstance(here, dict):
                here[draw(st.sampled_from(["id", "secret", "note", "type", "kind", "x", "text"]))] = draw(JUNK)
            case _:
                here.append(draw(st.sampled_from(here)))
        break
    return value


# What JSON Schema cannot say, and the document therefore says in words

IN_WORDS: Final = {
    ("big", "ge"),
    ("big", "range"),
    ("huge", "range"),
    ("price", "ge"),
    ("price", "lt"),
    ("blob", "min_length"),
    ("blob", "max_length"),
}


def refused(decode: Callable[[bytes], Any], value: Any) -> str:
    """Why the codec refuses a value, but for reasons that the document gives in words; empty if it does not."""
    try:
        decode(json.dumps(value).encode())
    except dm.InvalidArgument as fault:
        return "; ".join(
            f"{each.path}: {each.message}"
            for each in fault.violations
            if (each.path[0] if each.path else "", each.rule) not in IN_WORDS
        )
    return ""


def accepted(decode: Callable[[bytes], Any], value: Any) -> bool:
    try:
        decode(json.dumps(value).encode())
    except dm.InvalidArgument:
        return False
    return True


def keeps_its_variant(error: ValidationError) -> bool:
    """Whether a patch is only wrong in that it leaves out the tag of a union, which then stays as it is. The document
    asks for the tag: without it generated clients could not tell the alternatives apart.
    """
    tag = TAGS.get(error.json_path.removeprefix("$."))
    return tag is not None and isinstance(error.instance, dict) and tag not in error.instance


TAGS: Final = {"payment": "type", "refund": "type", "shape": "kind"}

DECODERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "ThingCreate": JsonDecoder(Ref("Thing"), things.types, audience=PUBLIC).decode,
    "ThingUpdate": PatchDecoder(Ref("Thing"), things.types, audience=PUBLIC).decode,
    "OrderInput": JsonDecoder(Ref("Order"), things.types, audience=PUBLIC).decode,
}

UNHURRIED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.mark.parametrize("name", DECODERS)
@UNHURRIED
@given(data=st.data())
def test_what_a_schema_accepts_is_decoded(name: str, data: st.DataObject) -> None:
    value = data.draw(named(name))
    validator(name).validate(value)
    assert refused(DECODERS[name], value) == ""


@pytest.mark.parametrize("name", DECODERS)
@UNHURRIED
@given(data=st.data())
def test_they_agree_on_what_is_a_little_wrong(name: str, data: st.DataObject) -> None:
    value = data.draw(mutated(name))
    error = next(validator(name).iter_errors(value), None)
    if error is None:
        assert refused(DECODERS[name], value) == ""
    elif not (name == "ThingUpdate" and keeps_its_variant(error)):
        assert not accepted(DECODERS[name], value), f"{error.json_path}: {error.message}"


@pytest.mark.parametrize("key", ["id", "", "Small"])
def test_a_key_that_cannot_be_there_is_not_taken_out(key: str) -> None:
    assert "by_size" in refused(DECODERS["ThingUpdate"], {"by_size": {key: None}})
    assert refused(DECODERS["ThingUpdate"], {"by_size": {"small": None}}) == ""


@UNHURRIED
@given(value=named("ThingCreate"))
def test_what_is_written_meets_the_schema(value: Any) -> None:
    encode = JsonEncoder(Ref("Thing"), things.types, audience=PUBLIC).encode
    if accepted(DECODERS["ThingCreate"], value):
        thing = DECODERS["ThingCreate"](json.dumps(value).encode())
        assert isinstance(thing, Thing)
        validator("Thing").validate(json.loads(encode(thing)))


def test_what_may_be_absent_is_not_required() -> None:
    encode = JsonEncoder(Ref("Order"), things.types, audience=PUBLIC).encode
    written = json.loads(encode(Order()))
    assert "box" not in written
    validator("Order").validate(written)
