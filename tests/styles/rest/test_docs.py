"""The documentation page: everything from the package, for everyone, and nothing of the surface in it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import dragoman as dm
from dragoman.ports.wire import Request
from dragoman.styles.rest.docs import page
from dragoman.testing import Client
from dragoman.testing.contract import make_app

VIEWER = Path(page.__file__).parent / "viewer"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(make_app()) as started:
        yield started


def links(answer: httpx.Response) -> list[str]:
    """What a page refers to."""
    return [each for each in re.findall(r'(?:src|href)="([^"]+)"', answer.text) if each != "data:,"]


def test_the_viewer_is_as_its_authors_made_it() -> None:
    """A newer one comes by scripts/update-viewer, which writes the digests, too."""
    digests = page.viewer()["sha256"]
    assert isinstance(digests, dict)
    assert {each.name for each in VIEWER.iterdir()} == {*digests, "viewer.json"}
    assert {"LICENSE", "NOTICE", *page.VIEWER} <= set(digests)
    assert digests == {name: hashlib.sha256((VIEWER / name).read_bytes()).hexdigest() for name in digests}


@pytest.mark.parametrize("surface", ["/v1", "/partner", "/admin"])
def test_everyone_may_have_the_page(client: Client, surface: str) -> None:
    answer = client.get(f"{surface}/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert client.get(f"{surface}/docs", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.head(f"{surface}/docs").headers["content-length"] == answer.headers["content-length"]
    assert client.post(f"{surface}/docs").status_code == 405
    redirected = client.get(f"{surface}/docs/")
    assert (redirected.status_code, str(redirected.next_request and redirected.next_request.url)) == (
        308,
        str(answer.url),
    )


def test_the_page_is_the_same_on_every_surface(client: Client) -> None:
    """So that it tells nothing to who may not see the document."""
    pages = {client.get(f"{surface}/docs").content for surface in ("/v1", "/partner", "/admin")}
    assert len(pages) == 1
    assert client.get("/admin/openapi.json").status_code == 401
    assert client.get("/admin/docs/other").status_code == 401
    assert client.get("/admin/docsother").status_code == 401


def test_its_policy_lets_it_load_its_own_assets_only(client: Client) -> None:
    answer = client.get("/admin/docs")
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[each] for each in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert not {"unsafe-inline", "unsafe-eval", "http"} & set(re.findall(r"[\w-]+", " ".join(policy.values())))
    assert answer.headers["x-content-type-options"] == "nosniff"
    # Inline scripts and styles, which it forbids, are not there.
    assert "<style" not in answer.text
    assert re.findall(r"<script[^>]*>", answer.text) == re.findall(r'<script src="docs/[^">]+">', answer.text)
    assert not re.search(r"\s(?:on\w+|style)=", answer.text)


def test_assets_are_kept_for_long(client: Client) -> None:
    paths = [f"/v1/{each}" for each in links(client.get("/v1/docs")) if each.startswith("docs/")]
    assert len(paths) == 4
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "max-age=31536000"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get("content-encoding") == ("gzip" if len(answer.content) >= 2048 else None)
        kind = "css" if path.endswith(".css") else "javascript"
        assert answer.headers["content-type"] == f"text/{kind}; charset=utf-8"
        assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304


def test_it_works_where_the_application_is_mounted(client: Client) -> None:
    """Its links are relative, and the document names the server under the mount's path."""
    assert not [each for each in links(client.get("/v1/docs")) if each.startswith(("/", "http"))]
    app, urls = make_app(), []
    for root in ("/shop", "", "/a/b", "/shop"):
        response = asyncio.run(app.respond(Request("GET", "/v1/openapi.json", root=root)))
        urls.append(json.loads(response.body)["servers"])
        assert json.loads(response.body)["paths"]
    assert urls == [[{"url": f"{root}/v1"}] for root in ("/shop", "", "/a/b", "/shop")]


class Doc(dm.Resource, prefix="doc"):
    text: str


def docs_app(docs: bool) -> dm.App:
    docs_ = dm.Contract("library").resource(Doc)
    return dm.App(dm.rest("one", "/v1", audience="public", auth=dm.anonymous(), exposes=[docs_], docs=docs))


def test_it_can_be_turned_off() -> None:
    with Client(docs_app(False)) as client:
        assert client.get("/v1/docs").json() == {"docs": [], "next_page_token": ""}


def test_a_resource_in_its_place_is_refused() -> None:
    with pytest.raises(dm.DeclarationError, match="Turn the page off with docs=False"):
        docs_app(True)
