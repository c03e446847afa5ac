"""The handlers of the all-features contract do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.testing import Client
from dragoman.testing.contract import make_app

THING = {"small": 1, "ratio": 0.5, "payment": {"type": "card", "number": "1234"}}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(make_app()) as started:
        yield started
        assert started.bugs == []


@pytest.fixture
def thing(client: Client) -> str:
    """A path of a thing without parts."""
    maker = client.get("/v1/makers").json()["makers"] or [
        client.post("/v1/makers", json={"name": "Ada", "country": "GB"}).json()
    ]
    made = client.post("/v1/things", json={**THING, "maker": maker[0]["id"]})
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


def test_parts_are_numbered_at_the_commit_and_go_with_their_thing(client: Client, thing: str) -> None:
    made = [client.post(f"{thing}:assemble", json={"position": 1 + n}).json() for n in range(5)]
    first = made[0]["serial"]
    assert [each["serial"] for each in made] == [*range(first, first + 5)]
    assert client.post(f"{thing}:assemble", json={"position": 9}).json()["code"] == "FAILED_PRECONDITION"
    assert len(client.get(f"{thing}/parts").json()["parts"]) == 5
    assert client.delete(thing).status_code == 204
    assert client.get(f"/v1/parts/{made[0]['id']}").status_code == 404


def test_what_is_left_is_computed_at_the_commit(client: Client, thing: str) -> None:
    part = client.post(f"{thing}:assemble", json={"position": 1}).json()["id"]
    assert client.post(f"/v1/parts/{part}:take", json={"amount": -100}).json()["left"] == 100
    assert client.post(f"/v1/parts/{part}:take", json={"amount": 30}).json()["left"] == 70
    assert client.post(f"/v1/parts/{part}:take", json={"amount": 71}).json()["reason"] == "OUT_OF_STOCK"
    for _ in range(9):
        client.post(f"/v1/parts/{part}:take", json={"amount": -100})
    assert client.post(f"/v1/parts/{part}:take", json={"amount": -100}).json()["code"] == "OUT_OF_RANGE"


def test_a_thing_is_retired_in_time(client: Client, thing: str) -> None:
    assert client.post(f"{thing}:retire").json()["flag"] is True
    client.patch(thing, json={"at": "2999-01-01T00:00:00Z"})
    assert client.post(f"{thing}:retire").json()["reason"] == "TOO_SOON"
    client.patch(thing, json={"natural": 0})
    assert client.post(f"{thing}:retire").json()["reason"] == "OUT_OF_STOCK"


def test_questions_are_answered(client: Client, thing: str) -> None:
    assert client.get("/v1/ask", params={"text": "why"}).json() == {"text": "why", "likely": 0.5}
    assert client.get("/v1/recall", params={"text": "why"}).json()["text"] == "as before: why"
    assert client.get(f"{thing}:describe").status_code == 200
    assert client.post("/v1/forget").status_code == 204
    order = {"amount": 2, "label": {"text": "fragile"}}
    assert client.post(f"{thing}:order", json=order).json()["order"]["label"] == {"text": "fragile", "lines": 1}


def test_of_a_batch_one_may_fail(client: Client) -> None:
    assert client.post("/v1/appraise", json={"holds": "tea"}).status_code == 200
    assert client.post("/v1/appraise", json={"holds": ""}).json()["code"] == "FAILED_PRECONDITION"


def test_a_country_belongs_to_all_tenants(client: Client) -> None:
    made = client.post("/v1/countries", json={"code": "CH"})
    seen = client.as_("ann", tenant="north").get(f"/partner/countries/{made.json()['id']}")
    assert seen.json()["code"] == "CH"
