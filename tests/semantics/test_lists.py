"""What a list is asked in its query: filters with odd values, repetitions, and orders of any length."""

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from driving import Caller, run

import dragoman as dm


class Note(dm.Resource, prefix="nte"):
    text: Annotated[str, dm.Filter("in"), dm.Sort()]
    count: Annotated[int, dm.Filter("gte")] = 0


class Sheet(dm.Resource, prefix="sht"):
    """Every field is called like a parameter of lists."""

    page_size: Annotated[int, dm.Filter("gte"), dm.Sort()] = 1
    page_token: Annotated[str, dm.Filter()] = "t"
    order_by: Annotated[str, dm.Filter("in"), dm.Sort()] = "o"
    ids: Annotated[int, dm.Filter("lt")] = 2
    count: Annotated[int, dm.Filter()] = 3
    expand: Annotated[str, dm.Filter()] = "e"
    fields: Annotated[str, dm.Filter()] = "f"
    of: Annotated[dm.Id["Sheet"] | None, dm.Ref()] = None


class Asked(dm.Struct):
    texts: list[str] = msgspec.field(default_factory=list)


class Said(dm.Struct):
    texts: list[str]


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    contract = dm.Contract("notes")
    notes = contract.resource(Note)

    @contract.operation(effect="safe")
    async def say(asked: Asked) -> Said:
        return Said(texts=asked.texts)

    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[notes, say])
    return dm.App(surface, database=tmp_path / "notes.db")


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("text.in=a,b", ["a", "b"]),
        ("text.in=a%2Cb", ["a", "b"]),
        ("text.in=a&text.in=b", ["a", "b"]),
        ("text.in=a&text.in=a", ["a"]),
        ("text.in=c+d", ["c d"]),
        ("text=a%2Cb", ["a,b"]),
        ("text.in=", []),
        ("text=a&text.in=a,b", ["a"]),
    ],
)
def test_values_of_in_stand_between_commas(app: dm.App, query: str, texts: list[str]) -> None:
    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        for text in ("a,b", "a", "b", "c d"):
            (await open.post("/notes", {"text": text})).ok(201)
        found = [each["text"] for each in (await open.get("/notes", query=query)).ok().json["notes"]]
        assert sorted(found) == sorted(texts)

    run(app, scenario)


def test_arguments_are_repeated(app: dm.App) -> None:
    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        answer = await open.get("/say", query="texts=a%2Cb,c&texts=d+e")
        assert answer.ok().json == {"texts": ["a,b,c", "d e"]}

    run(app, scenario)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("text=a&text=a", "text"),
        ("text=zz&text=zz", "text"),
        ("text=zz&text=y", "text"),
        ("text=zz&text.eq=zz", "text.eq"),
        ("count.gte=1&count.gte=1", "count.gte"),
        ("page_size=1&page_size=1", "page_size"),
        ("order_by=&order_by=", "order_by"),
    ],
)
def test_what_is_given_twice_is_refused_whatever_the_value(app: dm.App, query: str, name: str) -> None:
    async def scenario() -> None:
        (await Caller(app, None, "/v1").get("/notes", query=query)).refused(422, "INVALID_ARGUMENT", at=name)

    run(app, scenario)


def test_a_field_that_is_called_like_a_parameter(app: dm.App) -> None:
    """``count`` is the parameter of every list; the field's filter is ``count.eq``."""

    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        for number in (1, 2, 2):
            (await open.post("/notes", {"text": "a", "count": number})).ok(201)
        answer = (await open.get("/notes", query="count.eq=2&count=true")).ok().json
        assert [each["count"] for each in answer["notes"]] == [2, 2]
        assert answer["total_size"] == 2
        (await open.get("/notes", query="count=2")).refused(422, at="count")
        (await open.get("/notes", query="count.eq=x")).refused(422, at="count.eq")
        named = [
            each.get("name") for each in (await open.get("/openapi.json")).json["paths"]["/notes"]["get"]["parameters"]
        ]
        assert {"count.eq", "count.gte"} <= set(named)
        assert "count" not in named

    run(app, scenario)


def test_all_fields_are_called_like_parameters(tmp_path: Path) -> None:
    contract = dm.Contract("sheets")
    sheets = contract.resource(Sheet)
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[sheets], partial=True)
    app = dm.App(surface, database=tmp_path / "sheets.db")

    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        first = (await open.post("/sheets", {})).ok(201).json["id"]
        second = (
            (await open.post("/sheets", {"page_size": 7, "order_by": "p", "ids": 9, "of": first})).ok(201).json["id"]
        )
        filters = "page_size.gte=7&page_token.eq=t&order_by.in=o,p&count.eq=3&expand.eq=e&fields.eq=f"
        query = f"{filters}&count=true&expand=of&fields=ids,count,expanded.of.fields&order_by=-page_size&page_size=5"
        answer = (await open.get("/sheets", query=query)).ok().json
        expanded = {"of": {"id": first, "fields": "f"}}
        assert answer["sheets"] == [{"id": second, "ids": 9, "count": 3, "expanded": expanded}]
        assert answer["total_size"] == 1
        only = (await open.get("/sheets", query=f"ids={second},{first}&fields=fields")).ok().json["sheets"]
        assert only == [{"id": second, "fields": "f"}, {"id": first, "fields": "f"}]
        assert [each["id"] for each in (await open.get("/sheets", query="ids.lt=3")).ok().json["sheets"]] == [first]
        (await open.get("/sheets", query=f"ids.eq=9&ids={second}")).refused(422, at="ids.eq")

    run(app, scenario)


@pytest.mark.parametrize(
    ("order", "rules"),
    [
        ("text", 0),
        (" -text , id ", 0),
        ("text," * 7 + "text", 0),
        ("text," * 8 + "text", 1),
        (",", 1),
        ("text,,id", 1),
        ("text,,nonsense", 2),
        ("," * 60_000, 1),
        ("nonsense," * 60_000, 1),
    ],
    ids=["one", "spaces", "eight", "nine", "comma", "empty", "two wrong", "many commas", "many names"],
)
def test_orders(app: dm.App, order: str, rules: int) -> None:
    async def scenario() -> None:
        answer = await Caller(app, None, "/v1").get("/notes", query={"order_by": order})
        if rules:
            answer.refused(422, "INVALID_ARGUMENT", at="order_by")
            assert len(answer.json["errors"]) == rules
            assert len(answer.body) < 2000
        else:
            answer.ok()

    run(app, scenario)


@pytest.mark.parametrize("size", ["1001", "9" * 21, "0" * 30 + "5", "9" * 5000])
def test_every_integer_is_a_page_size(app: dm.App, size: str) -> None:
    async def scenario() -> None:
        (await Caller(app, None, "/v1").get("/notes", query={"page_size": size})).ok()

    run(app, scenario)


def test_a_fault_keeps_a_hundred_violations() -> None:
    each = dm.Violation(("a",), "is wrong")
    assert len(dm.InvalidArgument("wrong", violations=[each] * 1000).violations) == 100


def test_nothing_is_listed_while_it_is_wrong(app: dm.App) -> None:
    """All that is wrong with a request is said at once."""

    async def scenario() -> None:
        query = "text=a&text=a&order_by=,&page_size=-1&page_token=x&nothing=1"
        answer = await Caller(app, None, "/v1").get("/notes", query=query)
        assert sorted(answer.refused(422).pointers) == ["nothing", "order_by", "page_size", "page_token", "text"]

    run(app, scenario)
