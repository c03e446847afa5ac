"""A cache in front keeps what is everybody's, and nothing that a credential protects."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from nginx import cache
from running import Running, bearer
from tooling import HERE, demo, serve

MANY = 250
"""How many requests a sweep sends."""
ENCODINGS = ("identity", "gzip")
ITEMS = "/v1/items"


@pytest.fixture
def public(tmp_path: Path) -> Iterator[tuple[Running, httpx.Client]]:
    """A server of news, and a client of the cache in front of it."""
    with (
        serve("news:app", HERE, tmp_path) as origin,
        cache(origin.url, tmp_path) as url,
        httpx.Client(base_url=url) as client,
    ):
        for n in range(5):
            httpx.post(origin.url + ITEMS, json={"text": f"{n} was read. " * 50}).raise_for_status()
        yield origin, client


def asked(origin: Running, path: str) -> list[int]:
    """The statuses with which the origin answered for a path, in order, by its access log."""
    lines = [json.loads(line) for line in origin.stdout.splitlines() if line.startswith("{")]
    return [line["status"] for line in lines if line.get("method") == "GET" and line["path"] == path]


def until(found: Callable[[], bool]) -> None:
    """Wait for something that time brings."""
    end = time.monotonic() + 20
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_public_list_is_served_from_the_cache_and_revalidated(public: tuple[Running, httpx.Client]) -> None:
    origin, client = public
    first = client.get(ITEMS)
    second = client.get(ITEMS)
    assert [first.headers["x-cache-status"], second.headers["x-cache-status"]] == ["MISS", "HIT"]
    assert first.content == second.content
    until(lambda: asked(origin, ITEMS) == [200])

    later: list[httpx.Response] = []

    def revalidated() -> bool:
        later.append(client.get(ITEMS))
        return later[-1].headers["x-cache-status"] == "REVALIDATED"

    until(revalidated)
    assert {each.headers["x-cache-status"] for each in later} <= {"HIT", "REVALIDATED"}
    assert {each.content for each in later} == {first.content}
    until(lambda: asked(origin, ITEMS) == [200, 304])


def test_what_is_gzipped_is_kept_apart(public: tuple[Running, httpx.Client]) -> None:
    _, client = public
    seen: dict[str, set[str]] = {each: set() for each in ENCODINGS}
    bodies = set()
    for encoding in ENCODINGS * 3:
        answer = client.get(ITEMS, headers={"accept-encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        seen[encoding].add(answer.headers["x-cache-status"])
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert all("HIT" in each for each in seen.values())


def routes(document: Mapping[str, Any], path: str, ids: Mapping[str, str]) -> list[str]:
    """The paths of a document's GET operations, with ids in them, and of the document."""
    found = [f"{path}/openapi.json"]
    for template, item in document["paths"].items():
        if "get" in item:
            plural = template.split("/")[1]
            found.append(path + template.replace("{id}", ids.get(plural, f"{plural[:3]}_{'0' * 26}")))
    return found


def shown(answer: httpx.Response) -> tuple[int, Any, str | None]:
    """What a caller sees, without what differs between any two requests."""
    value: Any = answer.text
    if "json" in answer.headers.get("content-type", ""):
        value = answer.json()
        value.pop("request_id", None)
    return answer.status_code, value, answer.headers.get("etag")


def sweep(origin: str, cached: str, paths: list[str], keys: list[str]) -> dict[int, int]:
    """Whoever asks for whatever, in any order, gets through the cache what the origin itself tells them. Returns how
    many answers had which status.
    """
    choose = random.Random(20261122)
    statuses: dict[int, int] = {}
    with httpx.Client() as client:
        for _ in range(MANY):
            path, key = choose.choice(paths), choose.choice(["", *keys])
            headers = {"accept-encoding": choose.choice(ENCODINGS), **(bearer(key) if key else {})}
            through = client.get(cached + path, headers=headers)
            assert shown(through) == shown(client.get(origin + path, headers=headers)), (path, key)
            if not path.endswith("/openapi.json"):  # which is everybody's, on public and partner surfaces
                assert through.headers["x-cache-status"] in ("MISS", "EXPIRED"), (path, key)
            statuses[through.status_code] = statuses.get(through.status_code, 0) + 1
    return statuses


def first_ids(origin: str, path: str, key: str, plurals: list[str]) -> dict[str, str]:
    """The id of a row of each resource."""
    answers = {each: httpx.get(f"{origin}{path}/{each}?page_size=1", headers=bearer(key)).json() for each in plurals}
    return {each: answer[each][0]["id"] for each, answer in answers.items()}


def document(origin: str, path: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{origin}{path}/openapi.json", headers=bearer(key)).json()
    return found


def test_nothing_of_the_demo_reaches_another(tmp_path: Path) -> None:
    with demo(tmp_path) as origin, cache(origin.url, tmp_path) as cached:
        paths = []
        for path, key in (("/v1", "demo-partner"), ("/admin/v1", "demo-operator")):
            ids = first_ids(origin.url, path, key, ["customers", "orders"])
            paths += routes(document(origin.url, path, key), path, ids)
        assert len(paths) >= 12
        statuses = sweep(origin.url, cached, paths, ["demo-partner", "demo-operator"])
    assert min(statuses.get(each, 0) for each in (200, 401, 403)) > 10


def test_nothing_of_a_tenant_reaches_another(tmp_path: Path) -> None:
    with serve("dragoman.testing.contract:app", HERE, tmp_path) as origin, cache(origin.url, tmp_path) as cached:
        maker = {"name": "Nora's", "country": "NO"}
        httpx.post(f"{origin.url}/partner/makers", json=maker, headers=bearer("north")).raise_for_status()
        ids = first_ids(origin.url, "/partner", "north", ["makers"])
        paths = routes(document(origin.url, "/partner", "north"), "/partner", ids)
        statuses = sweep(origin.url, cached, paths, ["north", "south", "north-reader"])
    assert min(statuses.get(each, 0) for each in (200, 401, 403, 404)) > 5
