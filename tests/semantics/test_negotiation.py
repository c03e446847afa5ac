"""Accept and Accept-Encoding: what is refused, what is passed over, and in which coding an answer comes."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_store import ADMIN, CALLS, asking, served

import dragoman as dm
from dragoman.runtime.http.negotiation import accepts, codings

JSON = "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "APPLICATION/JSON",
        "text/html, application/json;q=0.1",
        "text/html;q=0.9, */*;q=0.1",
        "application/json; charset=utf-8",
        'text/html;title="a, b", */*',
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "",
        "nonsense",
        "application/json;q=2",
    ],
)
def test_what_admits_json(accept: str) -> None:
    assert accepts(accept, JSON)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/*",
        "application/json;q=0",
        "*/*;q=0",
        "*/*, application/json;q=0.000",
        "application/*;q=0, */*",
        "text/html, nonsense",
        "application/problem+json",
    ],
)
def test_what_does_not(accept: str) -> None:
    assert not accepts(accept, JSON)


def test_parameters_of_the_answer_are_not_looked_at() -> None:
    assert accepts("text/html", "text/html; charset=utf-8")
    assert not accepts("text/css", "text/html; charset=utf-8")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=400))
def test_no_header_is_too_odd(header: str) -> None:
    assert accepts(header, JSON) in (True, False)
    assert codings(header).gzip in (True, False)


@pytest.mark.parametrize(
    ("method", "path", "headers", "told"),
    [
        ("POST", "/goods", {"content_encoding": "gzip"}, ("accept-encoding", "identity")),
        ("POST", "/goods", {"content_type": "text/plain"}, ("accept", "application/json")),
        ("POST", "/goods", {"content_type": "application/json; charset=latin1"}, ("accept", "application/json")),
        (
            "PATCH",
            "/goods/{id}",
            {"content_type": "text/plain"},
            ("accept-patch", "application/merge-patch+json, application/json"),
        ),
    ],
)
def test_what_is_not_read_is_told_with_what_is(
    method: str, path: str, headers: dict[str, str], told: tuple[str, str]
) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        answer = (await asking(app, ADMIN)(method, path.format(id=id), {"name": "oil"}, **headers)).refused(415)
        assert answer.headers[told[0]] == told[1]

    served(scenario)


@pytest.mark.parametrize("header", ['"x", {tag}', ',, "x",,{tag},', ' , {tag} ,"x"', 'W/"x",\tW/{tag}'])
def test_lists_of_entity_tags_may_have_empty_members(header: str) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        tag = (await asked.get(f"/goods/{id}")).etag
        (await asked.get(f"/goods/{id}", if_none_match=header.format(tag=tag))).ok(304)
        for empty in ("", ",", " , ,"):
            (await asked.get(f"/goods/{id}", if_none_match=empty)).refused(400)

    served(scenario)


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_quote_that_is_never_closed_holds_nobody_up(end: str) -> None:
    header = '"' + '\\"' * 30_000 + end
    started = time.process_time()
    assert accepts(header, JSON)
    assert not codings(header).gzip
    assert time.process_time() - started < 1, "it took seconds where each quote was looked at again"


def test_an_answer_that_nobody_accepts_is_refused_before_the_handler_runs() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        refused = (await asked.post("/goods", {"name": "oil"}, accept="text/html")).refused(406, "INVALID_ARGUMENT")
        assert refused.json["reason"] == "NOT_ACCEPTABLE"
        assert "application/json" in refused.json["detail"]
        assert len((await asked.get("/goods")).ok().json["goods"]) == 1
        for path in (f"/goods/{id}", "/count", "/openapi.json"):
            (await asked.get(path, accept="image/png")).refused(406)
        (await asking(app, CALLS).post("/count", accept="text/html")).refused(406)

    served(scenario)


def test_what_has_no_content_suits_everybody() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        (await asking(app, ADMIN).delete(f"/goods/{id}", accept="text/html")).ok(204)
        (await asking(app, ADMIN)("OPTIONS", "/goods", accept="text/html")).ok(204)

    served(scenario)


@pytest.mark.parametrize(
    ("header", "gzipped", "plain"),
    [
        ("gzip", True, True),
        ("gzip, deflate, br", True, True),
        ("x-gzip", True, True),
        ("*", True, True),
        ("br", False, True),
        ("", False, True),
        ("gzip;q=0", False, True),
        ("gzip;q=0, *", False, True),
        ("identity, gzip;q=0.5", False, True),
        ("identity;q=0.5, gzip", True, True),
        ("identity;q=0, gzip", True, False),
        ("*;q=0, gzip", True, False),
        ("gzip;q=nonsense", False, True),
    ],
)
def test_codings(header: str, gzipped: bool, plain: bool) -> None:
    found = codings(header)
    assert (found.gzip, found.identity) == (gzipped, plain)


def test_each_coding_has_its_tag() -> None:
    """Of one large answer: other bytes, another tag, the same content; and each tag is known in its own coding only."""

    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        large = (await asked.post("/goods", {"name": "a very long name " * 200})).ok(201).json["id"]
        path = f"/goods/{large}"
        plain, coded = await asked.get(path), await asked.get(path, accept_encoding="gzip")
        assert "content-encoding" not in plain.headers
        assert coded.headers["content-encoding"] == "gzip"
        assert coded.etag == plain.etag[:-1] + '-gzip"'
        assert len(coded.body) < len(plain.body)
        assert json.loads(gzip.decompress(coded.body)) == plain.json
        assert coded.body == (await asked.get(path, accept_encoding="gzip")).body
        assert "Accept-Encoding" in plain.headers["vary"]
        assert plain.headers["vary"] == coded.headers["vary"]

        same = (await asked.get(path, accept_encoding="gzip", if_none_match=coded.etag)).ok(304)
        assert same.etag == coded.etag
        (await asked.get(path, if_none_match=plain.etag)).ok(304)
        (await asked.get(path, if_none_match=coded.etag)).ok(200)
        (await asked.get(path, accept_encoding="gzip", if_none_match=plain.etag)).ok(200)
        # A change compares the version alone.
        (await asked.patch(path, {"grams": 2}, if_match=coded.etag)).ok(200)
        (await asked.patch(path, {"grams": 3}, if_match=coded.etag)).refused(412)

    served(scenario)


def test_what_is_small_is_compressed_only_if_it_must() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        assert "content-encoding" not in (await asked.get(f"/goods/{id}", accept_encoding="gzip")).headers
        forced = await asked.get(f"/goods/{id}", accept_encoding="gzip, identity;q=0")
        assert forced.headers.get("content-encoding") == "gzip"
        assert json.loads(gzip.decompress(forced.body))["id"] == id

    served(scenario)


def test_large_lists_and_calls_are_compressed() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        for number in range(30):
            (await asked.post("/goods", {"name": f"{number} " + "x" * 3000})).ok(201)
        answer = (await asked.get("/goods", accept_encoding="gzip")).ok()
        assert len(json.loads(gzip.decompress(answer.body))["goods"]) == 31
        document = (await asked.get("/openapi.json", accept_encoding="gzip")).ok()
        assert json.loads(gzip.decompress(document.body))["openapi"].startswith("3.1")
        (await asked.get("/openapi.json", accept_encoding="gzip", if_none_match=document.etag)).ok(304)

    served(scenario)
