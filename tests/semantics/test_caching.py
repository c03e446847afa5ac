"""What caches may keep: nothing that a credential protects is shared, and what is stale is noticed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from driving import UNSAID, Caller, principal, running
from web_store import ADMIN, CALLS, OPEN, asking, served

import dragoman as dm
from dragoman.runtime.http import last_modified


class Badge(dm.Struct):
    who: str


PATHS = ("/goods", "/goods/{id}", "/goods/{id}:weigh", "/count", "/crates", "/openapi.json")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_credential_protects_is_private(path: str, method: str) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        answer = (await asking(app, ADMIN)(method, path.format(id=id))).ok()
        same = (await asking(app, ADMIN)(method, path.format(id=id), if_none_match=answer.etag)).ok(304)
        for each in (answer, same):
            directives = each.headers["cache-control"].split(", ")
            assert "private" in directives
            assert not {"public", "s-maxage", "must-revalidate"} & {name.partition("=")[0] for name in directives}
            assert each.headers["vary"] == "Accept-Encoding, Authorization, Dragoman-Tenant, Origin"
            assert each.etag == answer.etag

    served(scenario)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/goods", "max-age=60"),
        ("/goods/{id}", "max-age=60"),
        ("/goods/{id}:weigh", "max-age=5"),
        ("/count", "no-cache"),
        ("/crates", "no-cache"),
        ("/openapi.json", "no-cache"),
    ],
)
def test_freshness_is_what_the_contract_says(path: str, said: str) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        opened = (await asking(app, OPEN).get(path.format(id=id))).ok()
        assert opened.headers["cache-control"] == said
        assert opened.headers["vary"] == "Accept-Encoding"
        protected = (await asking(app, ADMIN).get(path.format(id=id))).ok()
        assert protected.headers["cache-control"] == f"private, {said}"

    served(scenario)


class Shelf(dm.Resource, prefix="shf", plural="shelves"):
    label: str = ""


class Jar(dm.Resource, prefix="jar"):
    shelf: Annotated[dm.Id[Shelf] | None, dm.Ref(reverse="jars")] = None


@pytest.mark.parametrize(
    ("jar", "shelf", "said"),
    [(60, 5, "max-age=5"), (5, 60, "max-age=5"), (60, None, "no-cache"), (None, 60, "no-cache")],
)
def test_what_is_expanded_is_no_longer_fresh_than_alone(
    tmp_path: Path, jar: int | None, shelf: int | None, said: str
) -> None:
    contract = dm.Contract("pantry")
    jars, shelves = (
        contract.resource(each, traits=[] if age is None else [dm.Fresh(age)])
        for each, age in ((Jar, jar), (Shelf, shelf))
    )
    open = dm.rest("open", OPEN, audience="public", auth=dm.anonymous(), exposes=[jars, shelves], partial=True)

    async def scenario() -> None:
        async with running(dm.App(open, database=tmp_path / "pantry.db")) as app:
            caller = asking(app, OPEN)
            on = (await caller.post("/shelves", {})).ok(201).json["id"]
            id = (await caller.post("/jars", {"shelf": on})).ok(201).json["id"]
            alone = "no-cache" if jar is None else f"max-age={jar}"
            for path in ("/jars", f"/jars/{id}", f"/shelves/{on}/jars"):
                for query in ("", "fields=shelf"):
                    assert (await caller.get(path, query=query)).ok().headers["cache-control"] == alone
                for query in ("expand=shelf", "fields=expanded.shelf.label"):
                    answer = (await caller.get(path, query=query)).ok()
                    same = (await caller.get(path, query=query, if_none_match=answer.etag)).ok(304)
                    assert answer.headers["cache-control"] == same.headers["cache-control"] == said

    asyncio.run(scenario())


class Perhaps:
    """Lets everybody in, and tells who shows a badge: a credential that may be left out."""

    anonymous = True
    scheme: Mapping[str, str] = {}
    challenge = ""
    headers = ("x-badge",)
    tables = ()

    def bind(self, store: Any) -> Any:
        async def authenticate(headers: Mapping[str, str], certificate: object) -> dm.Principal:
            badge = headers.get("x-badge", "")
            return principal(badge or "nobody", "default", badge or "public")

        return authenticate

    def check_listening(self, host: str) -> None:
        """Anywhere."""


def test_a_credential_that_may_be_left_out_is_one(tmp_path: Path) -> None:
    contract = dm.Contract("doors")

    @contract.operation(effect="safe", traits=[dm.Fresh(60)])
    async def whoami(ctx: dm.Context) -> Badge:
        return Badge(who=ctx.principal.identity)

    app = dm.App(
        dm.rest("door", "/v1", audience="public", auth=Perhaps(), exposes=[whoami]), database=tmp_path / "doors.db"
    )

    async def scenario() -> None:
        async with running(app):
            asked = Caller(app, None, "/v1")
            for more, who in (({}, "nobody"), ({"x_badge": "public"}, "public")):
                answer = (await asked.get("/whoami", **more)).ok()
                assert answer.json == {"who": who}
                assert answer.headers["cache-control"] == "private, max-age=60"
                assert answer.headers["vary"] == "Accept-Encoding, X-Badge"
            assert (await asked.get("/openapi.json")).headers["cache-control"] == "no-cache"
            # What a credential is for counts here as anywhere.
            (await asked.get("/whoami", x_badge="partner")).refused(403, "PERMISSION_DENIED")

    asyncio.run(scenario())


def test_changes_and_faults_are_not_stored() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, OPEN)
        answers = [
            await asked.post("/goods", {"name": "oil"}),
            await asked.patch(f"/goods/{id}", {"grams": 2}),
            await asked.post(f"/goods/{id}:sell"),
            await asked.get("/goods/good_nothing"),
            await asked.get("/goods?x=y", query="x=y"),
            await asked("OPTIONS", "/goods"),
            await asked.delete(f"/goods/{id}"),
            await asking(app, ADMIN, key=None).get("/goods"),
            await asking(app, CALLS).post("/count"),
        ]
        assert {each.headers["cache-control"] for each in answers} == {"no-store"}

    served(scenario)


def test_freshness_of_a_change_is_refused() -> None:
    contract = dm.Contract("broken")

    @contract.operation(traits=[dm.Fresh(60)])
    def sell() -> None:
        """Sell it."""

    for style in (dm.rest, dm.rpc):
        with pytest.raises(dm.DeclarationError, match=r"sell.*Fresh.*unsafe.*effect=\"safe\""):
            dm.App(style("one", "/v1", audience="public", auth=dm.anonymous(), exposes=[sell]))


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True, 2**31])
def test_freshness_is_whole_seconds(seconds: int) -> None:
    with pytest.raises(dm.DeclarationError, match="whole seconds"):
        dm.Fresh(seconds)


# Last-Modified


def test_last_modified_is_told_when_no_change_of_that_second_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        assert "last-modified" not in (await asked.get(f"/goods/{id}")).headers
        now = last_modified.time.time
        monkeypatch.setattr(last_modified.time, "time", lambda: now() + 60)
        answer = (await asked.get(f"/goods/{id}")).ok()
        stamp = answer.headers["last-modified"]
        assert stamp.endswith(" GMT")
        same = (await asked.get(f"/goods/{id}", if_modified_since=stamp)).ok(304)
        assert (same.headers["last-modified"], same.etag) == (stamp, answer.etag)
        # Other dates say nothing of what the caller has, and an entity tag goes first.
        (await asked.get(f"/goods/{id}", if_modified_since="Sun, 06 Nov 2044 08:49:37 GMT")).ok(200)
        (await asked.get(f"/goods/{id}", if_modified_since=stamp, if_none_match='"0-0"')).ok(200)
        assert "last-modified" not in (await asked.get("/goods")).headers

    served(scenario)


def test_a_change_may_ask_that_there_was_none_since() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked, path = asking(app, ADMIN), f"/goods/{id}"
        made = datetime.fromisoformat((await asked.get(path)).ok().json["updated_at"])
        second, before = (format_datetime(made - timedelta(seconds=each), usegmt=True) for each in (0, 1))
        for method, body in (("PATCH", {"name": "new"}), ("DELETE", UNSAID)):
            (await asked(method, path, body, if_unmodified_since=before)).refused(412, "ABORTED")
        (await asked.patch(path, {"name": "same second"}, if_unmodified_since=second)).ok(200)
        # An entity tag goes first, and what is no date is not looked at (RFC 9110, section 13.1.4).
        tag = (await asked.get(path)).etag
        (await asked.patch(path, {"name": "by tag"}, if_match=tag, if_unmodified_since=before)).ok(200)
        (await asked.patch(path, {"name": "no date"}, if_unmodified_since="yesterday")).ok(200)

    served(scenario)


def test_a_row_that_loses_its_reference_is_stamped() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        crate = (await asked.post("/crates", {"good": id})).ok(201)
        made = time.time()
        while time.time() < made + 0.002:
            """The database's clock counts milliseconds."""
        (await asked.delete(f"/goods/{id}")).ok(204)
        after = (await asked.get(f"/crates/{crate.json['id']}")).ok()
        assert after.json["good"] is None
        assert after.version == crate.version + 1
        assert after.json["updated_at"] > crate.json["updated_at"]

    served(scenario)


# Links


def test_links_lead_through_a_list_with_what_was_asked() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        for name in ("oil", "tea", "rye"):
            (await asked.post("/goods", {"name": name})).ok(201)
        page = (await asked.get("/goods", query="page_size=2&order_by=-name")).ok()
        token = page.json["next_page_token"]
        asked_again = f"page_size=2&order_by=-name&page_token={token}"
        assert page.headers["link"] == f'</admin/goods?{asked_again}>; rel="next"'
        last = (await asked.get("/goods", query=asked_again)).ok()
        assert last.headers["link"] == '</admin/goods?page_size=2&order_by=-name>; rel="first"'
        assert last.json["next_page_token"] == ""
        assert "link" not in (await asked.get("/goods")).headers

    served(scenario)


def test_links_begin_with_the_root_and_hold_only_what_a_uri_may() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        from dragoman.ports.wire import Request

        for name in ("oil", "tea"):
            (await asking(app, ADMIN).post("/goods", {"name": name})).ok(201)
        headers = {"authorization": "Bearer all"}
        request = Request("GET", "/admin/goods", "page_size=1&order_by=name", headers, root="/shop")
        link = dict((await app.respond(request)).headers)[b"link"]
        assert link.startswith(b"</shop/admin/goods?page_size=1&order_by=name&page_token=")

        from dragoman.runtime.http.links import page_links

        target = "/admin/goods?page_size=1&order_by=name%22%3C%3E%E9"
        for name in ("page%5Ftoken", "p%61ge_%74oken"):
            query = f'page_size=1&{name}=&order_by=name"<>\xe9'
            found = page_links(Request("GET", "/admin/goods", query), "abc")
            assert found is not None
            assert found[1].decode() == f'<{target}&page_token=abc>; rel="next", <{target}>; rel="first"'

    served(scenario)
