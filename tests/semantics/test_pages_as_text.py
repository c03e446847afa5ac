"""Pages whose items the engine writes as JSON are, byte for byte, what they are otherwise."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

import dragoman as dm
from dragoman.contract.schema import Ref
from dragoman.ports.wire import Request
from dragoman.runtime.codec import JsonEncoder
from dragoman.runtime.codec.stored import StoredRecord

WORDS = 'a"b', "back\\slash", "tab\tand\nline", "\x00\x1f\x7f", "é\u2028\u2029😀", "", "null", "{}", "'; DROP TABLE"


class Line(dm.Struct):
    text: str
    count: int = 0


class Sheet(dm.Resource, prefix="sht"):
    text: str
    quoted: Literal['a"b', "plain", "\\"]
    maybe: str | None = None
    number: int = 0
    small: dm.Int32 | None = None
    big: dm.Int64 | None = None
    flag: bool = False
    perhaps: bool | None = None
    price: Decimal | None = None
    at: datetime | None = None
    day: date | None = None
    clock: time | None = None
    wait: timedelta | None = None
    uid: UUID | None = None
    blob: bytes | None = None
    tags: list[str] = []
    labels: dict[str, str] | None = None
    lines: list[Line] = []
    above: Annotated[dm.Id[Sheet] | None, dm.Ref(on_delete="null")] = None
    secret: Annotated[str, dm.Only("operator")] = "hidden"


class Measure(dm.Resource, prefix="msr"):
    """With what only the projector can write."""

    ratio: float
    unsigned: dm.UInt64 | None = None


papers = dm.Contract("papers")
sheets, measures = papers.resource(Sheet), papers.resource(Measure)


@papers.operation
async def put(ctx: dm.Context) -> None:
    for each in MADE:
        ctx.create(each)


MADE: list[Any] = []


def make(database: str | os.PathLike[str], *, plain: bool) -> dm.App:
    surfaces = [
        dm.rest("all", "/all", audience="operator", auth=dm.anonymous(), exposes=[sheets, measures, put]),
        dm.rest("some", "/some", audience="public", auth=dm.anonymous(), exposes=[sheets, measures], partial=True),
    ]
    return dm.App(*surfaces, database=database, plain=plain)


text = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
moments = st.datetimes(timezones=st.just(UTC))
times = st.times().map(lambda each: each.replace(fold=0))
waits = st.timedeltas(timedelta(-1000), timedelta(1000))
filled = st.builds(
    Sheet,
    text=text,
    quoted=st.sampled_from(['a"b', "plain", "\\"]),
    maybe=st.none() | text,
    number=st.integers(-(2**53) + 1, 2**53 - 1),
    small=st.none() | st.integers(-(2**31), 2**31 - 1),
    big=st.none() | st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    perhaps=st.none() | st.booleans(),
    price=st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9999, max_value=9999),
    at=st.none() | moments,
    day=st.none() | st.dates(date(1, 1, 1)),
    clock=st.none() | times,
    wait=st.none() | waits,
    uid=st.none() | st.uuids(),
    blob=st.none() | st.binary(max_size=10),
    tags=st.lists(text, max_size=3),
    labels=st.none() | st.dictionaries(text, text, max_size=2),
    lines=st.lists(st.builds(Line, text=text, count=st.integers(0, 9)), max_size=2),
)
figures = st.builds(Measure, ratio=st.floats(allow_nan=False, allow_infinity=False), unsigned=st.integers(0, 2**64 - 1))


@settings(max_examples=25, deadline=None)
@given(st.lists(filled, min_size=1, max_size=12), st.lists(figures, max_size=3))
def test_they_are_the_same_bytes(tmp_path_factory: Any, rows: list[Sheet], others: list[Measure]) -> None:
    database = tmp_path_factory.mktemp("papers") / "papers.db"
    MADE[:] = [*rows, *others]

    async def pages(*, plain: bool, fill: bool) -> list[bytes]:
        app = make(database, plain=plain)
        async with app.lifespan():
            if fill:
                assert (await app.respond(Request("POST", "/all/put"))).status == 204
            bodies = []
            for path in ("/all/sheets", "/some/sheets", "/all/measures", "/some/measures"):
                for query in ("", "page_size=3", "count=true", "fields=id,text,price" if "some/s" in path else ""):
                    answer = await app.respond(Request("GET", path, query))
                    assert answer.status == 200, answer.body
                    bodies.append(answer.body.partition(b'"next_page_token":"')[0])
            return bodies

    async def both() -> None:
        written = await pages(plain=False, fill=True)
        assert written == await pages(plain=True, fill=False)
        assert b'"secret":"hidden"' in written[0]
        assert not any(b"secret" in each for each in written[4:8])

    asyncio.run(both())


def test_the_engine_writes_what_it_can() -> None:
    """So that the test above compares two ways; floats, and numbers that are stored as digits, are not left to it."""

    def document(resources: Any) -> Any:
        description = resources.description
        encoder = JsonEncoder(Ref(description.name), papers.types)
        return StoredRecord(description, papers.types).document(encoder)

    assert document(sheets) is not None
    assert document(measures) is None
