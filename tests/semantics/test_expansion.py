"""Expansion: what a resource refers to, shown beside it as its own get shows it to the same caller, or null."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from driving import Answer, Caller, principal, run
from market import KEYS, OPERATOR, PARTNER, Customer, customers, lines, make_app, memos, orders

import dragoman as dm
from dragoman.cli.explain import explain
from dragoman.engines.sqlite.reader import SqliteStatement
from dragoman.runtime.excerpts import MAX_EXPANDED


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    return make_app(tmp_path / "market.db")


async def made(caller: Caller, path: str, **values: Any) -> str:
    """The id of a new resource."""
    return str((await caller.post(path, values)).ok(201).json["id"])


async def seen(caller: Caller, path: str) -> Any:
    """What the caller gets there, or None."""
    answer = await caller.get(path)
    return None if answer.status == 404 else answer.ok().json


def test_it_stands_beside_the_reference(app: dm.App) -> None:
    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        customer = await made(nora, "/customers", email="a@x", name="Ann")
        order = await made(nora, "/orders", customer=customer, total=5)
        plain = (await nora.get(f"/orders/{order}")).ok()
        expanded = (await nora.get(f"/orders/{order}", query="expand=customer,referrer")).ok()
        ann = (await nora.get(f"/customers/{customer}")).ok().json
        assert expanded.json == {**plain.json, "expanded": {"customer": ann, "referrer": None}}
        assert list(expanded.json)[-1] == "expanded"
        one = (await nora.get(f"/orders/{order}", query="expand=customer")).ok().json
        assert one["expanded"] == {"customer": ann}
        again = (await nora.get(f"/orders/{order}", query="expand=referrer&expand=customer&expand=customer")).ok()
        assert again.json == expanded.json

    run(app, scenario)


def test_tags_are_of_all_that_is_shown(app: dm.App) -> None:
    """The version is the resource's; what is beside it changes the rest of the tag. No time of change is given."""

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        customer = await made(nora, "/customers", email="a@x", name="Ann")
        path = f"/orders/{await made(nora, '/orders', customer=customer)}"
        before = (await nora.get(path, query="expand=customer")).ok()
        assert before.version == 1
        assert before.etag != (await nora.get(path)).etag
        assert "last-modified" not in before.headers
        assert (await nora.get(path, query="expand=customer", if_none_match=before.etag)).status == 304
        (await nora.patch(f"/customers/{customer}", {"name": "Bea"})).ok()
        after = (await nora.get(path, query="expand=customer", if_none_match=before.etag)).ok()
        assert (after.version, after.json["expanded"]["customer"]["name"]) == (1, "Bea")
        (await nora.patch(path, {"total": 1}, if_match=after.etag)).ok()

    run(app, scenario)


def test_each_surface_shows_its_own_view(app: dm.App) -> None:
    async def scenario() -> None:
        boss, nora = Caller(app, "north-all", OPERATOR), Caller(app, "north-all", PARTNER)
        customer = await made(boss, "/customers", email="a@x", name="Ann", secret="s1")
        order = await made(boss, "/orders", customer=customer)
        for caller, has_secret in ((boss, True), (nora, False)):
            shown = (await caller.get(f"/orders/{order}", query="expand=customer")).ok().json["expanded"]["customer"]
            assert shown == await seen(caller, f"/customers/{customer}")
            assert ("secret" in shown) is has_secret

    run(app, scenario)


def test_what_may_not_be_seen_is_null(app: dm.App) -> None:
    async def scenario() -> None:
        nora, niels = Caller(app, "north-all", PARTNER), Caller(app, "north-some", PARTNER)
        private = await made(nora, "/memos", author="nora", text="private")
        reply = await made(nora, "/memos", author="nora", shared=True, reply_to=private)
        for path in (f"/memos/{reply}", "/memos", f"/memos?ids={reply}"):
            path, _, query = path.partition("?")
            mine, his = [(await each.get(path, query=f"expand=reply_to&{query}")).ok() for each in (nora, niels)]
            assert b"private" in mine.body
            assert b"private" not in his.body
            assert b'"expanded":{"reply_to":null}' in his.body

    run(app, scenario)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_get_shows_the_same_caller(app: dm.App, seed: int) -> None:
    """Whoever asks, whatever refers to whatever: on get and on each page of a list."""
    chance = random.Random(seed)

    async def scenario() -> None:
        for key in KEYS:
            writer = Caller(app, key, PARTNER)
            customer = await made(writer, "/customers", email=f"{key[:8]}@x", name=key[:12])
            order = await made(writer, "/orders", customer=customer)
            line = await made(writer, "/lines", order=order)
            own: list[str] = []
            for _ in range(12):
                visible = [each["id"] for each in await writer.pages("/memos", 50)]
                author = chance.choice([each.identity for each in KEYS.values()])
                values = {"author": author, "shared": chance.random() < 0.4, "line": chance.choice([None, line])}
                own.append(await made(writer, "/memos", **values, reply_to=chance.choice([None, *visible])))
        hidden = 0
        for key in KEYS:
            caller = Caller(app, key, chance.choice([PARTNER, OPERATOR]) if key.endswith("all") else PARTNER)
            for memo in await caller.pages("/memos", chance.randrange(1, 9), {"expand": "line,reply_to"}):
                expanded = memo.pop("expanded")
                for field, path in (("line", "/lines"), ("reply_to", "/memos")):
                    target = memo[field]
                    assert expanded[field] == (target and await seen(caller, f"{path}/{target}"))
                    hidden += target is not None and expanded[field] is None
                assert memo == await seen(caller, f"/memos/{memo['id']}")
                got = (await caller.get(f"/memos/{memo['id']}", query="expand=reply_to,line")).ok().json
                assert got == {**memo, "expanded": expanded}
        assert hidden, "some of what is referred to was not for the caller's eyes"

    run(app, scenario)


def test_lists_of_all_kinds(app: dm.App) -> None:
    """Filters, orders, pages, parents and ids work as without it; a token is not bound to it."""

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        ann, bob = [await made(nora, "/customers", email=f"{each}@x", name=each) for each in ("Ann", "Bob")]
        ids = [await made(nora, "/orders", customer=(ann, bob)[at % 2], total=at % 3, referrer=ann) for at in range(6)]

        def names(answer: Answer) -> list[tuple[str, str]]:
            return [(each["id"], each["expanded"]["customer"]["name"]) for each in answer.ok().json["orders"]]

        every = [(id, ("Ann", "Bob")[at % 2]) for at, id in enumerate(ids)]
        assert names(await nora.get("/orders", query="expand=customer")) == every
        query = "expand=customer&order_by=-total,id&total.gte=1&page_size=3"
        first = await nora.get("/orders", query=query)
        assert names(first) == [every[2], every[5], every[1]]
        token = first.json["next_page_token"]
        rest = await nora.get(
            "/orders", query=f"{query.replace('expand=customer&', '')}&page_token={token}&expand=customer"
        )
        assert names(rest) == [every[4]]
        unexpanded = (await nora.get("/orders", query=f"order_by=-total,id&total.gte=1&page_token={token}")).ok().json
        assert [each["id"] for each in unexpanded["orders"]] == [ids[4]]
        nested = await nora.get(f"/customers/{bob}/orders", query="expand=customer&page_size=2&count=true")
        assert names(nested) == [every[1], every[3]]
        assert nested.json["total_size"] == 3
        assert names(await nora.get("/orders", query=f"ids={ids[3]},{ids[0]}&expand=customer")) == [every[3], every[0]]

    run(app, scenario)


def test_it_is_one_statement(app: dm.App, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    real: Callable[..., Any] = SqliteStatement.run

    def watched(self: SqliteStatement, text: str, *more: Any) -> Any:
        texts.append(text)
        return real(self, text, *more)

    async def scenario() -> None:
        nora = Caller(app, "north-all", PARTNER)
        customer = await made(nora, "/customers", email="a@x", name="Ann")
        order = await made(nora, "/orders", customer=customer)
        monkeypatch.setattr(SqliteStatement, "run", watched)
        for path in (f"/orders/{order}", "/orders"):
            texts.clear()
            (await nora.get(path, query="expand=customer,referrer")).ok()
            assert len(texts) == 1
            assert texts[0].count("LEFT JOIN") == 2

    run(app, scenario)


@pytest.mark.parametrize(
    ("path", "query", "at"),
    [
        ("/orders", "expand=total", ["expand"]),
        ("/orders", "expand=customer,nothing,", ["expand", "expand"]),
        ("/orders", "expand=expanded.customer&order_by=x&nothing=1", ["expand", "nothing", "order_by"]),
        ("/customers", "expand=orders", ["expand"]),
        (f"/orders/ord_{'0' * 26}", "expand=nothing&page_size=1", ["expand", "page_size"]),
        (f"/orders/ord_{'0' * 26}", "expand=" + "x," * 5000, ["expand"]),
        (f"/orders/ord_{'0' * 26}", "expand=" + ",".join(map(str, range(5000))), ["expand"]),
    ],
)
def test_what_cannot_be_expanded(app: dm.App, path: str, query: str, at: list[str]) -> None:
    async def scenario() -> None:
        answer = (await Caller(app, "north-all", PARTNER).get(path, query=query)).refused(422, "INVALID_ARGUMENT")
        assert sorted(set(answer.pointers)) == sorted(set(at))
        assert len(answer.body) < 2000

    run(app, scenario)


@pytest.mark.parametrize(
    ("path", "expand", "detail"),
    [
        ("/orders", "custmer", "names 'custmer', which cannot be expanded; did you mean 'customer'?"),
        ("/orders", "total", "names 'total', which cannot be expanded; there is customer, referrer"),
        ("/orders", "", "names no reference before, after or between commas"),
        ("/customers", "orders", "cannot be used here: nothing can be expanded"),
    ],
)
def test_what_is_said_of_it(app: dm.App, path: str, expand: str, detail: str) -> None:
    async def scenario() -> None:
        refused = (await Caller(app, "north-all", PARTNER).get(path, query={"expand": expand})).refused(422)
        assert [each["detail"] for each in refused.json["errors"]] == [detail]

    run(app, scenario)


def test_the_targets_permission_is_asked(tmp_path: Path) -> None:
    keys = {"clerk": principal("cleo", "north", "partner", scopes=("orders.*", "customers.list"))}
    surface = dm.rest("partner", "/v1", audience="partner", auth=dm.api_keys(fixed=keys), exposes=[customers, orders])

    async def scenario() -> None:
        clerk = Caller(app, "clerk", "/v1")
        (await clerk.get("/orders")).ok()
        for path in ("/orders", f"/orders/ord_{'0' * 26}", "/orders?ids=ord_" + "0" * 26):
            path, _, query = path.partition("?")
            refused = (await clerk.get(path, query=f"expand=customer&{query}")).refused(403, "PERMISSION_DENIED")
            assert "customers.get" in refused.json["detail"]

    app = dm.App(surface, database=tmp_path / "x.db")
    run(app, scenario)


def test_it_is_offered_where_the_target_can_be_got(tmp_path: Path) -> None:
    surface = dm.rest(
        "open", "/v1", audience="public", auth=dm.anonymous(), exposes=[customers.only("list"), orders, lines, memos]
    )
    app = dm.App(surface, database=tmp_path / "x.db")

    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        (await open.get("/orders", query="expand=customer")).refused(422, at="expand")
        (await open.get("/lines", query="expand=order")).ok()
        paths = (await open.get("/openapi.json")).json["paths"]
        offered = {
            path: [each.get("name") for each in item["get"]["parameters"]]
            for path, item in paths.items()
            if "get" in item
        }
        assert "expand" in offered["/lines"]
        assert "expand" in offered["/lines/{id}"]
        assert "expand" not in offered["/orders"]

    run(app, scenario)


WIDE = [f"r{at}" for at in range(70)]
Wide = type(dm.Resource)(
    "Wide",
    (dm.Resource,),
    {
        "__module__": __name__,
        "__qualname__": "Wide",
        "__annotations__": {each: Annotated[dm.Id[Customer] | None, dm.Ref()] for each in WIDE},
        **dict.fromkeys(WIDE),
    },
    prefix="wid",
    plural="wides",
)


def test_so_many_are_expanded_at_once(tmp_path: Path) -> None:
    """More than a statement could join is refused, and not tried."""
    contract = dm.Contract("wide")
    exposed = [contract.resource(Customer), contract.resource(Wide)]
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=exposed, partial=True)
    app = dm.App(surface, database=tmp_path / "x.db")

    async def scenario() -> None:
        open = Caller(app, None, "/v1")
        ann = await made(open, "/customers", email="a@x", name="Ann")
        wide = await made(open, "/wides", **dict.fromkeys(WIDE, ann))
        for path in ("/wides", f"/wides/{wide}"):
            most = (await open.get(path, query=f"fields=id&expand={','.join(WIDE[:MAX_EXPANDED])}")).ok().json
            shown = most if "id" in most else most["wides"][0]
            assert {name: each["name"] for name, each in shown["expanded"].items()} == dict.fromkeys(
                WIDE[:MAX_EXPANDED], "Ann"
            )
            for names in (WIDE[: MAX_EXPANDED + 1], WIDE):
                (await open.get(path, query=f"expand={','.join(names)}")).refused(422, at="expand")
                paths = ",".join(f"expanded.{each}.name" for each in names)
                (await open.get(path, query=f"fields={paths}")).refused(422, at="fields")
        parameters = (await open.get("/openapi.json")).json["paths"]["/wides"]["get"]["parameters"]
        assert [each["schema"]["maxItems"] for each in parameters if each.get("name") == "expand"] == [MAX_EXPANDED]
        assert explain(app, "wides.list").count("LEFT JOIN") == MAX_EXPANDED

    run(app, scenario)


class Trip(dm.Resource, prefix="trp"):
    parent: Annotated[dm.Id["Trip"] | None, dm.Ref()] = None
    expanded: bool = False


def test_a_field_called_expanded_is_refused(tmp_path: Path) -> None:
    trips = dm.Contract("trips").resource(Trip)
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[trips])
    with pytest.raises(dm.DeclarationError, match=r"Trip\.expanded.*Rename") as caught:
        dm.App(surface, database=tmp_path / "x.db")
    assert "parent" in str(caught.value)
    # Where nothing can be expanded, it is a name like any other.
    alone = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[trips.without("get")])
    dm.App(alone, database=tmp_path / "x.db")
