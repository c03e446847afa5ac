"""CORS: which pages may call, told with every answer; preflights tell nothing else."""

from __future__ import annotations

import httpx
import pytest
from web_store import ADMIN, CALLS, OPEN, PAGES, asking, served

import dragoman as dm

ASKED = {"access_control_request_method": "PATCH", "access_control_request_headers": "authorization,if-match"}


def test_preflights_are_alike_on_every_path_and_need_no_credential() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN, key=None)
        answers = [
            await asked("OPTIONS", path, origin=PAGES, **ASKED) for path in ("/goods", "/nothing", "/openapi.json", "")
        ]
        for each in answers:
            each.ok(204)
            each.headers.pop("x-request-id")
        first = answers[0].headers
        assert all(each.headers == first for each in answers)
        assert first["access-control-allow-origin"] == PAGES
        assert first["access-control-allow-credentials"] == "true"
        assert first["access-control-max-age"] == "600"
        assert "PATCH" in first["access-control-allow-methods"]
        allowed = set(first["access-control-allow-headers"].split(", "))
        assert {"Authorization", "Idempotency-Key", "If-Match", "Content-Type", "traceparent"} <= allowed
        assert "Last-Event-ID" not in allowed  # nothing reads it

    served(scenario)


def test_other_pages_get_no_leave() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        for origin in ("https://evil.example", "null", PAGES + ".evil.example", PAGES.upper()):
            preflight = (await asked("OPTIONS", "/goods", origin=origin, **ASKED)).ok(204)
            assert not [name for name in preflight.headers if name.startswith("access-control")]
            answer = (await asked.get("/goods", origin=origin)).ok()
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "Origin" in answer.headers["vary"]

    served(scenario)


def test_every_answer_says_who_may_read_it() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked, nobody = asking(app, ADMIN), asking(app, ADMIN, key=None)
        tag = (await asked.get(f"/goods/{id}")).etag
        answers = [
            (await asked.get(f"/goods/{id}", origin=PAGES)).ok(200),
            (await asked.get(f"/goods/{id}", origin=PAGES, if_none_match=tag)).ok(304),
            (await asked.get("/goods/nothing", origin=PAGES)).refused(404),
            (await asked.get("/nothing", origin=PAGES)).refused(404),
            (await asked("PUT", "/goods", origin=PAGES)).refused(405),
            (await nobody.get("/goods", origin=PAGES)).refused(401),
            (await asked.post("/rush", origin=PAGES)).refused(429),
            (await asked("OPTIONS", "/goods", origin=PAGES)).ok(204),
        ]
        for each in answers:
            assert each.headers["access-control-allow-origin"] == PAGES
            assert each.headers["access-control-allow-credentials"] == "true"
            assert {"ETag", "Link", "Retry-After"} <= set(each.headers["access-control-expose-headers"].split(", "))
            assert "Origin" in each.headers["vary"]

    served(scenario)


def test_what_the_host_refuses_says_so_too() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            large = {"content": b"x" * 1001, "headers": {"origin": PAGES}}
            refused = await client.post(ADMIN + "/goods", **large)
            assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (413, PAGES)
            assert "Origin" in refused.headers["vary"]
            for path in (CALLS + "/count", "/nothing"):
                refused = await client.post(path, **large)
                assert refused.status_code == 413
                assert not [name for name in refused.headers if name.startswith("access-control")]

    served(scenario, limits=dm.Limits(body=1000))


def test_a_star_is_for_all_and_the_same_for_all() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        for more in ({"origin": "null"}, {"origin": "https://anywhere.example"}, {}):
            answer = (await asking(app, OPEN).get("/goods", **more)).ok()
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" not in answer.headers["vary"]

    served(scenario)


def test_nothing_is_said_where_nothing_is_configured() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        answer = (await asking(app, CALLS).post("/count", origin=PAGES)).ok()
        assert not [name for name in answer.headers if name.startswith("access-control")]
        (await asking(app, CALLS, key=None)("OPTIONS", "/count", origin=PAGES, **ASKED)).refused(401)

    served(scenario)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://App.example.com",
        "https://*.example.com",
        "ftp://app.example.com",
        "https://user@app.example.com",
        "https://app.example.com:443",
        "http://[::1]:80",
        "http://app.example.com:0",
        "https://",
    ],
)
def test_what_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(dm.DeclarationError):
        dm.Cors([origin])


def test_what_can_be_declared() -> None:
    dm.Cors(["https://app.example.com", "http://localhost:5173", "http://[::1]:8080", "https://a.example:8443"])
    with pytest.raises(dm.DeclarationError, match="credentials"):
        dm.Cors(["*"], credentials=True)
    with pytest.raises(dm.DeclarationError, match="no list"):
        dm.Cors("https://app.example.com")
    with pytest.raises(dm.DeclarationError, match="names no origin"):
        dm.Cors([])
    with pytest.raises(dm.DeclarationError, match="max_age"):
        dm.Cors(["*"], max_age=-1)
    with pytest.raises(dm.DeclarationError, match="no name of a header"):
        dm.Cors(["*"], headers=["*"])
    with pytest.raises(dm.DeclarationError, match="and others"):
        dm.Cors(["*", "https://app.example.com"])
