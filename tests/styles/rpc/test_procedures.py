"""What a client sees of the standard methods, over Connect's JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from dialling import Caller, run
from google.protobuf import descriptor_pb2, json_format, message_factory
from googles import pool_of
from shelf import make_app

from dragoman.ports.wire import Request

Scenario = Callable[[Caller, Caller], Awaitable[None]]


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[Scenario], None]:
    """Runs a scenario with two callers of an empty shelf."""

    def scenario(of: Scenario) -> None:
        app = make_app(tmp_path)
        run(app, lambda: of(Caller(app, "shelf.v1", "ann"), Caller(app, "shelf.v1", "bob")))

    return scenario


async def created(call: Caller, **fields: Any) -> Any:
    return (await call("BookService/CreateBook", {"book": {"title": "Emma", **fields}})).json


def without_server_s(book: Any) -> Any:
    return {name: each for name, each in book.items() if name not in ("id", "createdAt", "updatedAt", "etag")}


DEFAULTS = {
    "stock": "3", "isbn": "0", "genre": "GENRE_PROSE", "signed": False, "tags": [], "notes": {},
    "origin": {"country": "GB", "size": {"pageCount": "0"}},
}  # fmt: skip


def test_create_and_get(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        made = await created(call)
        assert without_server_s(made) == {"title": "Emma", **DEFAULTS}
        assert made["etag"] == '"1"'
        assert (await call("BookService/GetBook", {"id": made["id"]})).json == made
        # What the server sets is passed over, so that what was read can be sent.
        again = (await call("BookService/CreateBook", {"book": made})).json
        assert again["id"] != made["id"]
        assert without_server_s(again) == without_server_s(made)
        full = await created(
            call,
            stock=0,
            isbn=9007199254740993,
            genre=2,
            tags=["a", ""],
            notes={"k": "v"},
            subtitle="",
            printed_at="2026-11-22T20:00:00+01:00",
            cover={"hard": {"cloth": "red"}},
            origin={"country": "FR", "size": {"pageCount": "7", "page2": 8}},
        )
        assert without_server_s(full) == {
            "title": "Emma",
            "subtitle": "",
            "stock": "0",
            "isbn": "9007199254740993",
            "genre": "GENRE_VERSE",
            "signed": False,
            "printedAt": "2026-11-22T19:00:00.000000Z",
            "tags": ["a", ""],
            "notes": {"k": "v"},
            "origin": {"country": "FR", "size": {"pageCount": "7", "page2": "8"}},
            "cover": {"hard": {"cloth": "red"}},
        }

    calls(scenario)


def test_what_is_not_valid(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        async def create(message: Any) -> Any:
            return await call("BookService/CreateBook", message)

        (await create({})).refused("invalid_argument", ("book.title", "required"))
        (await create({"book": {}})).refused("invalid_argument", ("book.title", "min_length"))
        (await create({"book": {"title": "x" * 41, "stock": -1, "origin": {"country": "G"}}})).refused(
            "invalid_argument",
            ("book.title", "max_length"),
            ("book.stock", "ge"),
            ("book.origin.country", "min_length"),
        )
        (await create({"book": {"title": "a", "genre": "GENRE_DRAMA"}})).refused(
            "invalid_argument", ("book.genre", "enum")
        )
        (await create({"book": {"title": "a", "genre": 9}})).refused("invalid_argument", ("book.genre", "enum"))
        (await create({"book": {"titel": "a"}, "bok": 1})).refused(
            "invalid_argument", ("book.titel", "unknown_field"), ("bok", "unknown_field")
        )
        (await create({"book": {"title": "a", "rank": 1}})).refused("invalid_argument", ("book.rank", "unknown_field"))
        (await create({"book": {"title": "a", "cover": {"hard": {}, "soft": {}}}})).refused(
            "invalid_argument", ("book.cover", "oneof")
        )
        (await create({"book": {"title": "a", "printedAt": "soon"}})).refused(
            "invalid_argument", ("book.printed_at", "format")
        )
        (await create({"book": {"title": "a", "printedAt": "2026-01-01T00:00:00Z", "printed_at": None}})).refused(
            "invalid_argument", ("book.printed_at", "duplicate")
        )
        (await create({"book": 5})).refused("invalid_argument", ("book", "type"))
        (await create([])).refused("invalid_argument", ("", "type"))
        (await create({"book": {"title": "a"}, "requestId": 5})).refused("invalid_argument", ("request_id", "type"))
        assert (await call("BookService/GetBook", 5)).refused("invalid_argument", ("", "type"))
        assert (await call("BookService/GetBook")).refused("invalid_argument", ("id", "required"))
        assert (await call("BookService/GetBook", {"id": 5})).refused("invalid_argument", ("id", "type"))
        assert (await call("BookService/GetBook", {"id": "bok_none"})).code == "not_found"

    calls(scenario)


def test_lists(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        jane = (await call("WriterService/CreateWriter", {"writer": {"name": "Jane"}})).json["id"]
        for at, title in enumerate("abcde"):
            await created(
                call, title=title, stock=at, signed=at % 2 == 1, genre=1 + at // 3, writer=jane if at else None
            )

        async def listed(**asked: Any) -> str:
            answer = (await call("BookService/ListBooks", asked)).json
            return "".join(each["title"] for each in answer["books"])

        assert sorted(await listed()) == list("abcde")
        assert await listed(orderBy="title") == "abcde"
        assert await listed(order_by="-stock") == "edcba"
        assert await listed(orderBy="title", stockGte="1", stockLt=4) == "bcd"
        assert await listed(orderBy="title", stock_gte=0, stock_lt="1") == "a"
        assert await listed(orderBy="title", signed=True) == "bd"
        assert await listed(orderBy="title", signed=False) == "ace"
        assert await listed(orderBy="title", genreIn=["GENRE_VERSE"]) == "de"
        assert await listed(orderBy="title", genre="GENRE_PROSE") == "abc"
        assert await listed(orderBy="title", genre=2) == "de"
        assert await listed(orderBy="title", genre="GENRE_UNSPECIFIED") == "abcde"
        assert await listed(orderBy="title", genreIn=[]) == "abcde"
        assert await listed(orderBy="title", titleNe="c", titleIn=["a", "c", "e"]) == "ae"
        assert await listed(orderBy="title", writer=jane) == "bcde"
        assert await listed(printedAtGte="2026-01-01T00:00:00Z") == ""

        page = (await call("BookService/ListBooks", {"pageSize": 2, "orderBy": "title", "count": True})).json
        assert [each["title"] for each in page["books"]] == ["a", "b"]
        assert page["totalSize"] == 5
        assert page["books"][0]["etag"] == '"1"'
        more = {"pageSize": 3, "orderBy": "title", "pageToken": page["nextPageToken"]}
        last = (await call("BookService/ListBooks", more)).json
        assert [each["title"] for each in last["books"]] == ["c", "d", "e"]
        assert last["nextPageToken"] == ""
        assert "totalSize" not in last
        ids = [page["books"][1]["id"], page["books"][0]["id"]]
        assert await listed(ids=ids) == "ba"

    calls(scenario)


REFUSED_LISTS: list[tuple[Any, list[tuple[str, str]]]] = [
    ({"pageSize": -1}, [("page_size", "ge")]),
    ({"pageSize": "many"}, [("page_size", "type")]),
    ({"pageSize": 1.5}, [("page_size", "type")]),
    ({"pageToken": "x"}, [("page_token", "page_token")]),
    ({"pageToken": 5}, [("page_token", "type")]),
    ({"orderBy": ["title"]}, [("order_by", "type")]),
    ({"orderBy": "isbn"}, [("order_by", "order")]),
    ({"ids": "x"}, [("ids", "type")]),
    ({"ids": [1]}, [("ids[0]", "type")]),
    ({"count": "yes"}, [("count", "type")]),
    ({"stockGte": "x"}, [("stock_gte", "type")]),
    ({"stockGte": {}}, [("stock_gte", "type")]),
    ({"genreIn": "prose"}, [("genre_in", "type")]),
    ({"genre": 9}, [("genre", "enum")]),
    ({"genre": "GENRE_DRAMA"}, [("genre", "enum")]),
    ({"genreIn": ["GENRE_UNSPECIFIED"]}, [("genre_in[0]", "type")]),
    ({"printedAtGte": "soon"}, [("printed_at_gte", "format")]),
    ({"printedAtGte": []}, [("printed_at_gte", "type")]),
    ({"writer": {}}, [("writer", "type")]),
    ({"isbn": "1"}, [("isbn", "unknown_field")]),
]


def test_what_lists_refuse(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        for asked, violations in REFUSED_LISTS:
            (await call("BookService/ListBooks", asked)).refused("invalid_argument", *violations)

    calls(scenario)


def test_plain_post_names_filters_as_it_was_sent_them(tmp_path: Path) -> None:
    """What only the request has is checked by one rule, whatever the form."""
    app = make_app(tmp_path)
    wrong: list[tuple[Any, list[tuple[str, str]]]] = [
        ({"stock.gte": "x", "genre.in": "prose"}, [("genre.in", "type")]),
        ({"stock.gte": "x"}, [("stock.gte", "type")]),
        ({"page_size": "many", "ids": [1], "count": 5}, [("page_size", "type"), ("ids/0", "type"), ("count", "type")]),
        ({"page_size": True, "ids": "x"}, [("page_size", "type"), ("ids", "type")]),
    ]

    async def scenario() -> None:
        headers = {"content-type": "application/json", "authorization": "Bearer ann"}
        for asked, violations in wrong:
            response = await app.respond(Request("POST", "/shelf/books.list", "", headers, json.dumps(asked).encode()))
            told = json.loads(response.body)["errors"]
            assert [(each["pointer"].removeprefix("#/"), each["rule"]) for each in told] == violations, told

    run(app, scenario)


Changed = tuple[dict[str, Any], "str | None", dict[str, Any]]

CHANGES: list[Changed] = [
    # Without a mask: what is given
    ({"title": "b"}, None, {"title": "b"}),
    ({"stock": 0}, None, {"stock": "0"}),
    ({"subtitle": None}, None, {}),
    ({"notes": {"b": "2"}}, None, {"notes": {"a": "1", "b": "2"}}),
    ({"tags": ["z"]}, None, {"tags": ["z"]}),
    ({"origin": {"country": "FR"}}, None, {"origin": {"country": "FR", "size": {"pageCount": "5", "page2": "6"}}}),
    ({"origin": {"size": {"page2": 9}}}, None, {"origin": {"country": "DE", "size": {"pageCount": "5", "page2": "9"}}}),
    ({"weight": {"unit": "oz"}}, None, {"weight": {"grams": "5", "unit": "oz"}}),
    ({"cover": {"soft": {}}}, None, {"cover": {"soft": {}}}),
    # With one: what it names, and nothing else
    ({"title": "b", "stock": 9}, "title", {"title": "b"}),
    ({}, "stock", {"stock": "3"}),
    ({}, "subtitle", {"subtitle": None}),
    ({}, "isbn,signed", {"isbn": "0", "signed": False}),
    ({}, "tags,notes", {"tags": [], "notes": {}}),
    ({"notes": {"b": "2"}}, "notes", {"notes": {"b": "2"}}),
    ({"notes": {"b": "2"}}, "notes.b", {"notes": {"a": "1", "b": "2"}}),
    ({}, "notes.a", {"notes": {}}),
    ({"notes": {"b.c": "2", "D": "3"}}, "notes.`b.c`", {"notes": {"a": "1", "b.c": "2"}}),
    ({}, "printedAt", {"printedAt": None}),
    ({}, "printed_at", {"printedAt": None}),
    ({}, "origin", {"origin": {"country": "GB", "size": {"pageCount": "0"}}}),
    ({"origin": {"country": "FR"}}, "origin", {"origin": {"country": "FR", "size": {"pageCount": "0"}}}),
    ({"origin": {"country": "FR"}}, "origin.country",
     {"origin": {"country": "FR", "size": {"pageCount": "5", "page2": "6"}}}),
    ({"origin": {"size": {}}}, "origin.size", {"origin": {"country": "DE", "size": {"pageCount": "0"}}}),
    ({}, "origin.size", {"origin": {"country": "DE", "size": {"pageCount": "0"}}}),
    ({}, "origin.size.page2", {"origin": {"country": "DE", "size": {"pageCount": "5"}}}),
    ({"origin": {"size": {"page2": 1}}}, "origin.size.page2,origin.country",
     {"origin": {"country": "GB", "size": {"pageCount": "5", "page2": "1"}}}),
    ({"weight": {"unit": "oz"}}, "weight", {"weight": {"grams": "0", "unit": "oz"}}),
    ({}, "weight.grams", {"weight": {"grams": "0", "unit": "g"}}),
    ({}, "weight.unit,weight", {"weight": None}),
    ({"reprint": {"country": "IT"}}, "reprint.country", {"reprint": {"country": "IT", "size": {"pageCount": "0"}}}),
    ({"cover": {"hard": {"cloth": "blue"}}}, "cover", {"cover": {"hard": {"cloth": "blue"}}}),
    ({"cover": {"hard": {}}}, "cover", {"cover": {"hard": {"cloth": ""}}}),
    ({}, "cover", {"cover": None}),
    ({"title": "b"}, "*", {"title": "b", "subtitle": None, "printedAt": None, "weight": None, "cover": None,
                             **DEFAULTS}),
]  # fmt: skip

FULL: dict[str, Any] = {
    "subtitle": "s",
    "stock": "8",
    "isbn": "7",
    "genre": "GENRE_VERSE",
    "signed": True,
    "printedAt": "2026-11-22T19:00:00.000000Z",
    "tags": ["t"],
    "notes": {"a": "1"},
    "origin": {"country": "DE", "size": {"pageCount": "5", "page2": "6"}},
    "weight": {"grams": "5", "unit": "g"},
    "cover": {"hard": {"cloth": "red"}},
}


def test_changes(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        for given, mask, changed in CHANGES:
            book = await created(call, **FULL)
            message = {"book": {"id": book["id"], **given}, **({} if mask is None else {"updateMask": mask})}
            answer = (await call("BookService/UpdateBook", message)).json
            expected = {name: each for name, each in {**book, **changed}.items() if each is not None}
            assert without_server_s(answer) == without_server_s(expected), (given, mask)
            assert (await call("BookService/GetBook", {"id": book["id"]})).json == answer

    calls(scenario)


REFUSED_CHANGES: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    ({}, "titel", [("update_mask", "unknown_field")]),
    ({}, "title.x", [("update_mask", "unknown_field")]),
    ({}, "tags.0", [("update_mask", "unknown_field")]),
    ({}, "origin.contry,stok", [("update_mask", "unknown_field"), ("update_mask", "unknown_field")]),
    ({}, "cover.hard.cloth", [("update_mask", "unknown_field")]),
    ({}, "title..", [("update_mask", "unknown_field")]),
    ({}, "id", [("update_mask", "unknown_field")]),
    ({}, "created_at", [("update_mask", "unknown_field")]),
    ({}, "rank", [("update_mask", "unknown_field")]),
    ({}, ["title"], [("update_mask", "type")]),
    ({}, "title", [("book.title", "min_length")]),
    ({"title": "b", "stock": -1}, "title,stock", [("book.stock", "ge")]),
    ({"origin": {"size": {"pageCount": -1}}}, "origin.size", [("book.origin.size.page_count", "ge")]),
    ({"origin": 5}, "origin.country", [("book.origin", "type")]),
    ({"notes": 5}, "notes.a", [("book.notes", "type")]),
    ({"origin": {"size": {"pages": 1}}}, None, [("book.origin.size.pages", "unknown_field")]),
]


def test_changes_in_the_binary_form(calls: Callable[[Scenario], None], tmp_path: Path) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        endpoint = call.app.surfaces[0].endpoint
        pool = pool_of(*descriptor_pb2.FileDescriptorSet.FromString(endpoint.exports()["descriptors"]()).file)
        request, answer = (
            message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shelf.v1.{name}"))
            for name in ("UpdateBookRequest", "Book")
        )
        for given, mask, changed in CHANGES:
            book = await created(call, **FULL)
            message = json_format.ParseDict({"book": {"id": book["id"], **given}}, request())
            if mask is not None:
                message.update_mask.paths.extend(mask.replace("printedAt", "printed_at").split(","))
            said = await call("BookService/UpdateBook", message.SerializeToString())
            assert said.status == 200, (given, mask, said)
            expected = {name: each for name, each in {**book, **changed}.items() if each is not None}
            for name in ("updatedAt", "etag"):
                del expected[name]
            got = answer.FromString(said.body)
            for name in ("updated_at", "etag"):
                got.ClearField(name)
            assert got == json_format.ParseDict(expected, answer()), (given, mask)

    calls(scenario)


def test_changes_that_are_refused(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        book = await created(call)
        for given, mask, violations in REFUSED_CHANGES:
            message = {"book": {"id": book["id"], **given}, **({} if mask is None else {"updateMask": mask})}
            (await call("BookService/UpdateBook", message)).refused("invalid_argument", *violations)
        assert (await call("BookService/GetBook", {"id": book["id"]})).json == book

    calls(scenario)


def test_who_is_changed(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        (await call("BookService/UpdateBook", {"book": {"title": "b"}})).refused(
            "invalid_argument", ("book.id", "required")
        )
        (await call("BookService/UpdateBook", {})).refused("invalid_argument", ("book.id", "required"))
        assert (await call("BookService/UpdateBook", {"book": {"id": "bok_none", "title": "b"}})).code == "not_found"

    calls(scenario)


def test_etags(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        first = await created(call)
        book = {"id": first["id"], "title": "b"}
        second = (await call("BookService/UpdateBook", {"book": book, "etag": first["etag"]})).json
        assert second["etag"] == '"2"'
        # What was read, changed, and sent back says by itself what it was read as.
        assert (await call("BookService/UpdateBook", {"book": {**first, "title": "c"}})).code == "aborted"
        assert (await call("BookService/UpdateBook", {"book": book, "etag": first["etag"]})).code == "aborted"
        assert (await call("BookService/UpdateBook", {"book": book, "etag": "new"})).code == "aborted"
        (await call("BookService/UpdateBook", {"book": book, "etag": '"1" 2'})).refused(
            "invalid_argument", ("etag", "etag")
        )
        third = (await call("BookService/UpdateBook", {"book": {**second, "title": "c"}})).json
        assert third["title"] == "c"
        # The request's own etag goes before.
        assert (await call("BookService/UpdateBook", {"book": second, "etag": third["etag"]})).status == 200
        for name in ("SignBook", "DeleteBook"):
            stale = {"id": first["id"], "etag": first["etag"]}
            assert (await call(f"BookService/{name}", stale)).code == "aborted"
        newest = (await call("BookService/GetBook", {"id": first["id"]})).json["etag"]
        assert (await call("BookService/DeleteBook", {"id": first["id"], "etag": newest})).json == {}
        assert (await call("BookService/GetBook", {"id": first["id"]})).code == "not_found"

    calls(scenario)


def test_custom_methods(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        book = await created(call)
        moved = await call("BookService/MoveBook", {"id": book["id"], "by": "2"})
        assert moved.json == {"title": "Emma", "by": "2"}
        (await call("BookService/MoveBook", {"id": book["id"]})).refused("invalid_argument", ("by", "ge"))
        (await call("BookService/MoveBook", {"by": 1})).refused("invalid_argument", ("id", "required"))
        signed = (await call("BookService/SignBook", {"id": book["id"]})).json
        assert signed["signed"] is True
        assert signed["etag"] == '"2"'
        assert (await call("BookService/SignBook", {"id": book["id"]})).code == "failed_precondition"
        assert (await call("BookService/WeighBook", {"id": book["id"]})).json == {"pageCount": "0"}
        compared = {"etag": "any", "requestId": "none"}
        assert (await call("BookService/CompareBook", {"id": book["id"], **compared})).json == compared

    calls(scenario)


def test_repetitions(calls: Callable[[Scenario], None]) -> None:
    async def scenario(ann: Caller, bob: Caller) -> None:
        asked = {"book": {"title": "Emma", "stock": 4}, "requestId": "r1"}
        first = (await ann("BookService/CreateBook", asked)).json
        assert (await ann("BookService/CreateBook", asked)).json == first
        # The header is another name for the same key, and the same input may look another way.
        again = {"book": {"stock": "4", "title": "Emma", "tags": []}}
        assert (await ann("BookService/CreateBook", again, idempotency_key="r1")).json == first
        assert (await bob("BookService/CreateBook", asked)).json["id"] != first["id"]
        (await ann("BookService/CreateBook", asked, idempotency_key="r2")).refused(
            "invalid_argument", ("request_id", "repeated")
        )
        assert (await ann("BookService/CreateBook", {**asked, "book": {"title": "b"}})).code == "invalid_argument"
        (await ann("BookService/CreateBook", {**asked, "requestId": "x" * 256})).refused(
            "invalid_argument", ("request_id", "format")
        )

        change = {"book": {"id": first["id"], "title": "b"}, "updateMask": "title", "requestId": "u1"}
        second = (await ann("BookService/UpdateBook", change)).json
        assert second["etag"] == '"2"'
        assert (await ann("BookService/UpdateBook", change)).json == second
        assert (await ann("BookService/UpdateBook", {**change, "updateMask": "*"})).code == "invalid_argument"
        move = {"id": first["id"], "by": 1, "requestId": "m1"}
        moved = (await ann("BookService/MoveBook", move)).json
        assert (await ann("BookService/MoveBook", move)).json == moved
        gone = {"id": first["id"], "requestId": "d1"}
        assert (await ann("BookService/DeleteBook", gone)).json == {}
        assert (await ann("BookService/DeleteBook", gone)).json == {}
        assert (await ann("BookService/DeleteBook", {**gone, "requestId": "d2"})).code == "not_found"

    calls(scenario)


def test_uniqueness_and_references(calls: Callable[[Scenario], None]) -> None:
    async def scenario(call: Caller, _: Caller) -> None:
        jane = (await call("WriterService/CreateWriter", {"writer": {"name": "Jane"}})).json
        twin = await call("WriterService/CreateWriter", {"writer": {"name": "Jane"}})
        assert (twin.code, twin.violations[0][0]) == ("already_exists", "name")
        await created(call, writer=jane["id"])
        assert (await call("WriterService/DeleteWriter", {"id": jane["id"]})).code == "failed_precondition"

    calls(scenario)
