"""What a client is told of its mistakes. Messages are a user interface: they stand in one file, to be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from dragoman.testing import Client
from dragoman.testing.contract import make_app

GOLDEN: Final = "semantics/golden/error_messages.txt"
THING: Final = {"small": 1, "ratio": 0.5, "payment": {"type": "card", "number": "1234"}}
MERGE: Final = {"content-type": "application/merge-patch+json"}
MISSING: Final = "mkr_00000000000000000000000000"


@dataclass(frozen=True)
class Mistake:
    """A request that is answered with a fault. ``{maker}``, ``{thing}``, ``{part}`` and ``{etag}`` are filled in."""

    what: str
    method: str
    target: str
    json: Any = None
    body: str | None = None
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)


MISTAKES: Final = [
    # Where
    Mistake("a path of no surface", "GET", "/v2/makers"),
    Mistake("a path that the surface does not have", "GET", "/v1/makrs"),
    Mistake("a method that the path does not have", "PUT", "/v1/makers/{maker}", {}),
    Mistake("a custom method that does not exist", "POST", "/v1/things/{thing}:retier"),
    Mistake("an id that nobody has", "GET", f"/v1/makers/{MISSING}"),
    Mistake("an id of another resource", "GET", "/v1/makers/{thing}"),
    Mistake("the list of what is not there", "GET", f"/v1/makers/{MISSING}/things"),
    # Who
    Mistake("no key", "GET", "/partner/makers"),
    Mistake("a key that is not known", "GET", "/partner/makers", key="dm_12345678_nonsense"),
    Mistake("another scheme", "GET", "/partner/makers", headers={"authorization": "Basic YTpi"}),
    Mistake("two keys", "GET", "/partner/makers", headers={"authorization": "Bearer north, Bearer south"}),
    Mistake("a key for other surfaces", "GET", "/admin/makers", key="north"),
    Mistake("a key without the scope", "POST", "/partner/makers", {"name": "A", "country": "GB"}, key="north-reader"),
    Mistake("another tenant, where tenants are not crossed", "GET", "/partner/makers", key="north",
            headers={"dragoman-tenant": "south"}),
    # Bodies
    Mistake("no body", "POST", "/v1/makers"),
    Mistake("a body that is no JSON", "POST", "/v1/makers", body='{"name": "Ada",}'),
    Mistake("a body that is cut off", "POST", "/v1/makers", body='{"name": "Ada"'),
    Mistake("a body of another type", "POST", "/v1/makers", body="name=Ada",
            headers={"content-type": "application/x-www-form-urlencoded"}),
    Mistake("a body that is no object", "POST", "/v1/makers", [1]),
    Mistake("a body that is not UTF-8", "POST", "/v1/makers", body='{"name": "\udcff"}'),
    Mistake("a body where none is taken", "POST", "/v1/forget", {"a": 1}),
    # Fields
    Mistake("fields that are missing", "POST", "/v1/makers", {}),
    Mistake("a field with a slip of the pen", "POST", "/v1/makers", {"nmae": "Ada", "country": "GB"}),
    Mistake("a field that the server sets", "POST", "/v1/makers", {"id": "x", "name": "Ada", "country": "GB"}),
    Mistake("a field for others", "PATCH", "/v1/things/{thing}", {"secret": "x"}, headers=MERGE),
    Mistake("a null", "PATCH", "/v1/things/{thing}", {"text": None}, headers=MERGE),
    Mistake("wrong types", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "flag": "yes", "count": "5", "box": [], "tags": {}, "text": 1}),
    Mistake("numbers out of bounds", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "count": 7, "small": 3_000_000_000, "natural": -1, "ratio": 1.0,
             "big": "-1", "price": "100"}),
    Mistake("numbers of the other form", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "big": 5, "price": 1.5, "count": 5.5}),
    Mistake("texts out of bounds", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "text": "Much too long and loud", "email": "ann", "home": "ftp://x",
             "tags": ["a", "", "toolong", "b"], "blob": "?"}),
    Mistake("dates and times that are none", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "at": "2026-11-22T19:00:00", "day": "22.11.2026", "clock": "25:00",
             "lasts": "1 h", "key": "1234"}),
    Mistake("words that are not in the enum", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "size": "smal", "state": "ancient"}),
    Mistake("a union without its tag", "POST", "/v1/things", {**THING, "maker": "{maker}", "payment": {"number": "1"}}),
    Mistake("a union with another tag", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "payment": {"type": "cash"}}),
    Mistake("something wrong deep inside", "POST", "/v1/things",
            {**THING, "maker": "{maker}", "box": {"width": 1, "inside": [{"width": 2}, {"width": 0, "inside": 1}]}}),
    Mistake("an id of the wrong form in a reference", "POST", "/v1/things", {**THING, "maker": "Ada"}),
    # State
    Mistake("a reference to what is not there", "POST", "/v1/things", {**THING, "maker": MISSING}),
    Mistake("a value that is taken", "POST", "/v1/makers", {"name": "Ada", "country": "GB"}),
    Mistake("values that are taken together", "POST", "/v1/parts", {"thing": "{thing}", "position": 1}),
    Mistake("deleting what is referred to", "DELETE", "/v1/makers/{maker}"),
    Mistake("what the contract refuses, with a reason", "POST", "/v1/parts/{part}:take", {"amount": 5}),
    Mistake("an old version", "PATCH", "/v1/makers/{maker}", {"country": "AT"},
            headers={**MERGE, "if-match": '"7-0000000000000000"'}),
    Mistake("an entity tag that is none", "PATCH", "/v1/makers/{maker}", {"country": "AT"},
            headers={**MERGE, "if-match": "7"}),
    Mistake("no entity tag where one is asked for", "DELETE", "/admin/makers/{maker}", key="operator"),
    # Lists and queries
    Mistake("a filter that is not offered", "GET", "/v1/things?text=a&count.gt=1"),
    Mistake("filters with values that cannot be", "GET", "/v1/things?count=many&at.gte=today&size.in=small,huge"),
    Mistake("an order that is not offered", "GET", "/v1/things?order_by=-text,cuont"),
    Mistake("an order that is nearly offered", "GET", "/v1/things?order_by=-created"),
    Mistake("a filter where there are none", "GET", "/partner/notes?text=a", key="north"),
    Mistake("sizes of pages that are none", "GET", "/v1/makers?page_size=ten"),
    Mistake("a page token of one's own", "GET", "/v1/makers?page_token=2"),
    Mistake("a parameter twice", "GET", "/v1/makers?page_size=1&page_size=2"),
    Mistake("a query that is no query", "GET", "/v1/makers?name=%zz"),
    Mistake("inputs in the query", "GET", "/v1/ask?size=huge&numbers=1&numbers=x&since=now&volume=1"),
    Mistake("ids that are not there", "GET", f"/v1/makers?ids={{maker}},{MISSING}"),
    Mistake("ids that are none, beside a filter", "GET", "/v1/makers?ids=Ada,{maker},{maker}&name=Ada"),
    Mistake("a reference that cannot be expanded", "GET", "/v1/things/{thing}?expand=makr,text"),
    Mistake("fields that are not there", "GET", "/admin/makers?fields=nmae,country.code", key="operator"),
    Mistake("fields where answers are whole", "GET", "/v1/makers?fields=name"),
    Mistake("a flag that is neither true nor false", "GET", "/v1/makers?count=yes"),
    # What is said beside the request
    Mistake("an answer that is not offered", "GET", "/v1/makers", headers={"accept": "text/html"}),
    Mistake("a body that is compressed", "POST", "/v1/makers", {}, headers={"content-encoding": "gzip"}),
    Mistake("a body that is too large", "POST", "/v1/makers", body=" " * 10_001),
    Mistake("a deadline that is none", "GET", "/v1/makers", headers={"request-timeout": "soon"}),
    # Ours
    Mistake("a handler that takes too long", "GET", "/trouble/hurry?seconds=60"),
    Mistake("a bug", "POST", "/trouble/crash"),
    Mistake("a result that breaks the contract", "POST", "/trouble/lie"),
    Mistake("an operation that the plain POST does not have", "POST", "/calls/apraise", {}, key="north"),
    Mistake("a plain GET", "GET", "/calls/appraise", key="north"),
]  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(make_app(body=10_000)) as started:
        yield started


@pytest.fixture(scope="module")
def names(client: Client) -> dict[str, str]:
    """What the requests refer to."""
    maker = client.post("/v1/makers", json={"name": "Ada", "country": "GB"}).json()["id"]
    thing = client.post("/v1/things", json={**THING, "maker": maker}).json()["id"]
    part = client.post("/v1/parts", json={"thing": thing, "position": 1}).json()["id"]
    operators = client.as_("olga").post("/admin/makers", json={"name": "Bob", "country": "GB"})
    assert operators.status_code == 201
    return {"{maker}": maker, "{thing}": thing, "{part}": part}


def test_messages(client: Client, names: dict[str, str], golden: Callable[[str, str], None]) -> None:
    """Each is a problem; all are distinct mistakes, and there are at least forty."""
    assert len({each.what for each in MISTAKES}) == len(MISTAKES) >= 40
    golden(GOLDEN, "\n".join(told(each, make(client, each, names), names) for each in MISTAKES))


def make(client: Client, mistake: Mistake, names: dict[str, str]) -> httpx.Response:
    """The answer to a mistake."""
    content = mistake.body if mistake.json is None else json.dumps(mistake.json)
    headers = {} if content is None else {"content-type": "application/json"}
    if mistake.key:
        headers["authorization"] = f"Bearer {mistake.key}"
    answer = client.request(
        mistake.method,
        filled(mistake.target, names),
        content=None if content is None else filled(content, names).encode("utf-8", "surrogateescape"),
        headers={**headers, **mistake.headers},
    )
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (problem["status"], problem["request_id"]) == (answer.status_code, answer.headers["x-request-id"])
    return answer


def filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def told(mistake: Mistake, answer: httpx.Response, names: dict[str, str]) -> str:
    """The request in short, and all that the answer says, without what differs each time."""
    problem = answer.json()
    for name in ("type", "title", "status", "request_id"):
        problem.pop(name)
    lines = [f"# {mistake.what}", f"{mistake.method} {mistake.target}", f"{answer.status_code} {problem.pop('code')}"]
    lines += [f"  {problem.pop('detail')}"]
    lines += [f"  - {_place(each)}: {each['detail']} ({each['rule']})" for each in problem.pop("errors", ())]
    if problem.pop("retryable"):
        lines.append("  a retry can help")
    lines += [f"  {name}: {value}" for name, value in sorted(problem.items())]
    text = "\n".join([*lines, ""])
    for name, value in names.items():
        text = text.replace(value, name)
    return re.sub(r"req_[0-9a-z]{26}", "req_…", text)


def _place(error: dict[str, str]) -> str:
    return error.get("pointer") or f"{error['in']} {error['parameter']}"
