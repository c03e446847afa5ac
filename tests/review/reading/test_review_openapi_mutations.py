"""Documents with parts replaced at random: whatever stands there, the reader gives a reading or a refusal."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.demo.shop import app
from dragoman.review.elements import operation
from dragoman.review.reading import openapi
from dragoman.review.reading.nouns import recognise
from dragoman.review.reading.outcome import Refusal
from dragoman.review.reading.parse import parse
from dragoman.review.wire import address

DOCUMENT: Final = json.loads(app.surfaces[0].endpoint.exports()["openapi"]())
JUNK: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1.5, "", "x", "#/", "object", [], [1], ["a", None], {}, [[]], [{}]),
    {"$ref": "#/components/schemas"},
    {"$ref": "#"},
    {"$ref": "#/components/schemas/Order"},
    {"type": ["object", "null"]},
    {"allOf": [{"$ref": "#"}]},
    {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Customer"}]},
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [each for step in steps for each in ((value, step), *_places(value[step]))]


def _mutated(random: Random) -> Any:
    document = copy.deepcopy(DOCUMENT)
    places = _places(document)
    for container, step in random.sample(places, random.randint(1, 8)):
        if random.random() < 0.7:
            container[step] = copy.deepcopy(random.choice(JUNK))
        else:
            container[step] = copy.deepcopy(random.choice(places)[0])
    return document


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_a_document_with_parts_replaced_is_read_or_refused(random: Random) -> None:
    try:
        reading = openapi.read(parse(json.dumps(_mutated(random)).encode(), "api.json"))
    except Refusal:
        return
    recognise(reading.contract)
    for each in reading.contract.operations.values():
        reading.locate(operation(address(each)))
    assert all(each.position.file == "api.json" for each in (*reading.kept, *reading.remarks))
