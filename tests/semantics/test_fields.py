"""Subsets of fields: an answer holds what was asked for and the id, and no other column is read."""

import gc
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from driving import Caller, run
from market import OPERATOR, PARTNER, customers, make_app, orders

import dragoman as dm
from dragoman.engines.sqlite.reader import SqliteStatement
from dragoman.runtime import excerpts, rows
from dragoman.runtime.codec.suggestion import SUGGESTIONS
from dragoman.runtime.excerpts import Excerpt


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    return make_app(tmp_path / "market.db")


async def filled(app: dm.App) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """An operator, a customer and an order of hers."""
    boss = Caller(app, "north-all", OPERATOR)
    customer = (await boss.post("/customers", {"email": "a@x", "name": "Ann", "rank": 3})).ok(201).json
    order = (await boss.post("/orders", {"customer": customer["id"], "total": 7})).ok(201).json
    return boss, customer, order


@pytest.mark.parametrize(
    ("query", "own", "beside"),
    [
        ("fields=total", ["id", "total"], None),
        ("fields=status,total,status", ["id", "total", "status"], None),
        ("fields=id", ["id"], None),
        ("fields=status&fields=total", ["id", "total", "status"], None),
        ("fields=created_at,customer", ["id", "customer", "created_at"], None),
        ("fields=total&expand=customer", ["id", "total"], ...),
        ("fields=total,expanded.customer", ["id", "total"], ...),
        ("fields=expanded.customer.name", ["id"], ["id", "name"]),
        ("fields=expanded.customer.rank,expanded.customer.email,total", ["id", "total"], ["id", "email", "rank"]),
        ("fields=total,expanded.customer.name&expand=customer", ["id", "total"], ["id", "name"]),
        ("fields=total,expanded.customer.name,expanded.customer", ["id", "total"], ...),
    ],
)
def test_what_is_shown(app: dm.App, query: str, own: list[str], beside: Any) -> None:
    async def scenario() -> None:
        boss, customer, order = await filled(app)
        wanted = {name: order[name] for name in own}
        if beside is not None:
            wanted["expanded"] = {
                "customer": {name: customer[name] for name in (customer if beside is ... else beside)}
            }
        one = (await boss.get(f"/orders/{order['id']}", query=query)).ok()
        assert one.json == wanted
        assert list(one.json) == list(wanted)
        assert one.version == 1
        for path in ("/orders", f"/customers/{customer['id']}/orders"):
            assert (await boss.get(path, query=query)).ok().json["orders"] == [wanted]
        assert (await boss.get("/orders", query=f"{query}&ids={order['id']}")).ok().json["orders"] == [wanted]

    run(app, scenario)


def test_only_these_columns_are_read(app: dm.App, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    real: Any = SqliteStatement.run

    def watched(self: SqliteStatement, text: str, *more: Any) -> Any:
        texts.append(text.partition(" FROM ")[0])
        return real(self, text, *more)

    async def scenario() -> None:
        boss, _, order = await filled(app)
        monkeypatch.setattr(SqliteStatement, "run", watched)
        (await boss.get(f"/orders/{order['id']}", query="fields=status")).ok()
        (await boss.get("/orders", query="fields=total,status&order_by=-total")).ok()
        (await boss.get("/orders", query="fields=expanded.customer.name")).ok()
        joined = '"orders.customer"."id", "orders.customer"."name", "orders.customer"."version"'
        as_json = """'{"id":"', "id", '","total":', "total", ',"status":', json_quote("status"), '}'"""
        assert texts == [
            'SELECT "id", "status", "version"',
            f"SELECT concat({as_json}), " + '"total", "id"',
            f'SELECT "orders"."id", "orders"."version", "orders"."id", {joined}',
        ]

    run(app, scenario)


def test_pages_may_differ_in_what_they_show(app: dm.App) -> None:
    async def scenario() -> None:
        boss, customer, _ = await filled(app)
        for total in range(4):
            (await boss.post("/orders", {"customer": customer["id"], "total": total})).ok(201)
        first = (await boss.get("/orders", query="page_size=2&fields=total")).ok().json
        query = f"page_size=2&page_token={first['next_page_token']}"
        second = (await boss.get("/orders", query=f"{query}&fields=status,expanded.customer.name&count=true")).ok().json
        assert [sorted(each) for each in first["orders"]] == [["id", "total"]] * 2
        assert [sorted(each) for each in second["orders"]] == [["expanded", "id", "status"]] * 2
        assert second["total_size"] == 5
        assert not {each["id"] for each in first["orders"]} & {each["id"] for each in second["orders"]}

    run(app, scenario)


def test_each_excerpt_has_a_tag_of_its_own(app: dm.App) -> None:
    async def scenario() -> None:
        boss, _, order = await filled(app)
        path = f"/orders/{order['id']}"
        tags = [(await boss.get(path, query=query)).ok().etag for query in ("", "fields=total", "fields=status")]
        assert len(set(tags)) == 3
        assert (await boss.get(path, query="fields=total", if_none_match=tags[1])).status == 304
        assert (await boss.get(path, query="fields=total", if_none_match=tags[0])).status == 200
        (await boss.patch(path, {"total": 1}, if_match=tags[1])).ok()

    run(app, scenario)


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("fields=totl", ["names 'totl', which is no field here; did you mean 'total'?"]),
        ("fields=total.cents", ["names 'total.cents', which is no field here; did you mean 'total'?"]),
        ("fields=customer.name", ["did you mean 'expanded.customer.name'?"]),
        ("fields=expanded.custmer", ["did you mean 'expanded.customer'?"]),
        ("fields=expanded.customer.", ["which is no field here"]),
        ("fields=expanded", ["which is no field here"]),
        ("fields=version", ["which is no field here; there is id, "]),
        ("fields=", ["names no field before, after or between commas"]),
        ("fields=total,,xyzzy", ["names no field", "which is no field here; there is id, customer, "]),
        ("fields=" + ",".join(map(str, range(3000))), ["names 3000 things; at most 200 are read"]),
    ],
)
def test_what_is_no_field(app: dm.App, query: str, details: list[str]) -> None:
    async def scenario() -> None:
        boss = Caller(app, "north-all", OPERATOR)
        for path in ("/orders", f"/orders/ord_{'0' * 26}"):
            answer = (await boss.get(path, query=query)).refused(422, "INVALID_ARGUMENT", at="fields")
            told = [each["detail"] for each in answer.json["errors"]]
            assert len(told) == len(details)
            assert all(part in each for part, each in zip(details, told, strict=True)), told
        both = (await boss.get("/orders", query=f"{query}&nothing=1&expand=nothing")).refused(422)
        assert {"fields", "nothing", "expand"} == set(both.pointers)

    run(app, scenario)


@pytest.mark.parametrize("query", ["fields={}", "expand={}", "{}=1"])
def test_only_so_much_is_suggested(app: dm.App, query: str) -> None:
    """Looking for what was meant takes long, and a request may hold many names."""

    async def scenario() -> None:
        boss = Caller(app, "north-all", OPERATOR)
        names = [f"custome{at}" for at in range(90)]
        joiner = "=1&" if query.startswith("{}") else ","
        errors = (await boss.get("/orders", query=query.format(joiner.join(names)))).refused(422).json["errors"]
        suggested = ["did you mean" in each["detail"] for each in errors]
        assert suggested == [True] * SUGGESTIONS + [False] * (len(names) - SUGGESTIONS)

    run(app, scenario)


def test_what_is_compiled_does_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many selections of fields are asked for."""
    monkeypatch.setattr(rows, "MAX_STATEMENTS", 8)
    monkeypatch.setattr(excerpts, "MAX_EXCERPTS", 8)
    app = make_app(tmp_path / "market.db")

    def compiled() -> int:
        gc.collect()
        return sum(isinstance(each, SqliteStatement | Excerpt) for each in gc.get_objects())

    async def scenario() -> None:
        boss, customer, _ = await filled(app)
        names = [each for each in customer if each != "id"]
        before = compiled()
        for path, shown in ((f"/customers/{customer['id']}", None), ("/customers", "customers")):
            for size in (1, 2, 3):
                for some in combinations(names, size):
                    answer = (await boss.get(path, query=f"fields={','.join(some)}")).ok().json
                    assert set(answer[shown][0] if shown else answer) == {"id", *some}
        assert compiled() <= before + 4 * 8

    run(app, scenario)


def test_what_others_see_has_no_name_here(tmp_path: Path) -> None:
    """Neither as a field nor in a suggestion."""
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[customers, orders], partial=True)
    app = dm.App(surface, database=tmp_path / "x.db")

    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        for path, field in (("/customers", "secret"), ("/customers", "secre"), ("/orders", "expanded.customer.secret")):
            refused = (await open.get(path, query=f"fields={field}")).refused(422, at="fields")
            assert b"secret'?" not in refused.body

    run(app, scenario)


def test_a_surface_offers_it_or_not(app: dm.App) -> None:
    """Whole answers are the rule: then types of clients can say that each field is there."""

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        for path in ("/orders", f"/orders/ord_{'0' * 26}"):
            answer = (await nora.get(path, query="fields=total&nothing=1")).refused(422, at="fields")
            told = {each["parameter"]: each for each in answer.json["errors"]}
            assert told.keys() == {"fields", "nothing"}
            assert told["fields"]["rule"] == "unknown_parameter"
            assert "whole" in told["fields"]["detail"]

    run(app, scenario)


def test_the_document_says_which_fields_are_there(app: dm.App) -> None:
    async def scenario() -> None:
        schemas = {}
        for name, path in (("partner", PARTNER), ("operator", OPERATOR)):
            document = (await Caller(app, "north-all", path).get("/openapi.json")).ok().json
            schemas[name] = document["components"]["schemas"]
            shown = "Order" if name == "partner" else "OrderPartial"
            item = document["paths"]["/orders/{id}"]
            reference = {"$ref": f"#/components/schemas/{shown}"}
            assert item["get"]["responses"]["200"]["content"]["application/json"]["schema"] == reference
            assert schemas[name]["OrderPage"]["properties"]["orders"]["items"] == reference
            whole = {"$ref": "#/components/schemas/Order"}
            assert item["patch"]["responses"]["200"]["content"]["application/json"]["schema"] == whole
            offered = [each.get("name") for each in item["get"]["parameters"]]
            assert ("fields" in offered) is (name == "operator")
        partner, operator = schemas["partner"], schemas["operator"]
        assert operator["OrderPartial"]["required"] == ["id"]
        assert set(operator["OrderPartial"]["properties"]) == {*operator["Order"]["properties"], "expanded"}
        assert operator["OrderExpanded"]["properties"]["customer"] == {
            "anyOf": [{"$ref": "#/components/schemas/CustomerPartial"}, {"type": "null"}]
        } | {"description": operator["OrderExpanded"]["properties"]["customer"]["description"]}
        assert "expanded" not in operator["Order"]["properties"]
        assert "expanded" in partner["Order"]["properties"]
        assert "expanded" not in partner["Order"]["required"]
        assert "required" not in partner["OrderExpanded"]
        assert "OrderPartial" not in partner

    run(app, scenario)
