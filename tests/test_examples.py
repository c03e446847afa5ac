"""The examples do what they say: each through a client, and its own curl lines through a server."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dragoman.testing import Client

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(each.stem for each in EXAMPLES.glob("[0-9]*.py"))


def example(name: str) -> Any:
    """The module."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(EXAMPLES))


@contextmanager
def served(name: str) -> Iterator[Client]:
    """A client of the example's App."""
    with Client(example(name).app) as client:
        yield client


def test_the_index_names_each() -> None:
    index = (EXAMPLES / "README.md").read_text()
    assert re.findall(r"^\| \[(\S+)\.py\]", index, re.MULTILINE) == NAMES
    assert all(f"]({name}.py)" in index for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_short_and_says_how_to_try_it(name: str) -> None:
    source = (EXAMPLES / f"{name}.py").read_text()
    assert len(source.splitlines()) <= 100
    assert f"{name}:" in source, "how it is served"
    assert curl_lines(name)


def curl_lines(name: str) -> list[tuple[str, int]]:
    """The curl lines of the docstring that stand for themselves, each with the status that it is to have."""
    source = (EXAMPLES / f"{name}.py").read_text()
    found = re.findall(r"^    (curl .*?)(?:  # (\d+))?$", source.split('"""')[1], re.MULTILINE)
    return [(line, int(status or 0)) for line, status in found if not re.search(r"\bID\b", line)]


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_its_curl_lines(name: str, tmp_path: Path) -> None:
    source = (EXAMPLES / f"{name}.py").read_text()
    ((program, target),) = re.findall(rf"^    (dragoman serve|uvicorn) ({name}:\w+)$", source, re.MULTILINE)
    with serving([*program.split(), target, "--port", "0"], tmp_path) as port:
        for line, status in curl_lines(name):
            script = line.replace("localhost:8000", f"127.0.0.1:{port}") + " -sS -o answer -w '%{http_code}'"
            done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=20)
            answer = (tmp_path / "answer").read_text()
            assert done.returncode == 0, (line, done.stderr)
            found = int(done.stdout)
            assert found == status if status else 200 <= found < 300, (line, found, answer)


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[int]:
    """A server on a free port, which it tells."""
    environment = {"PYTHONPATH": str(EXAMPLES), "PATH": str(Path(sys.executable).parent), "NO_COLOR": "1"}
    command, quiet = [sys.executable, "-m", *command], subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = ""
        for text in process.stderr:
            said += text
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", text):
                yield int(found[1])
                break
        else:
            raise AssertionError(said)
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(20)


def test_hello() -> None:
    with served("01_hello") as client:
        assert client.get("/v1/hello", params={"name": "Ann"}).json() == {"text": "Hello, Ann!"}
        assert client.get("/v1/hello").json()["errors"][0]["detail"] == "is required"


def test_resources() -> None:
    with served("02_resources") as client:
        author = client.post("/v1/authors", json={"name": "Le Guin"}).json()["id"]
        book = client.post("/v1/books", json={"title": "The Dispossessed", "author": author, "year": 1974})
        assert client.get(f"/v1/authors/{author}/books").json()["books"] == [book.json()]
        assert client.post("/v1/authors", json={"name": "Le Guin"}).json()["code"] == "ALREADY_EXISTS"
        assert client.delete(f"/v1/authors/{author}").json()["code"] == "FAILED_PRECONDITION"
        assert client.patch(book.headers["location"], json={"year": None}).json()["year"] is None


def test_lists() -> None:
    with served("03_lists") as client:
        assert client.post("/v1/plant").json() == {"count": 7}

        def heights(query: str) -> list[int]:
            return [each["height_cm"] for each in client.get(f"/v1/trees?{query}").json()["trees"]]

        assert heights("kind=oak&height_cm.gte=500&order_by=-height_cm") == [1900, 800]
        pages, query = [], "kind.in=oak,elm&order_by=height_cm&page_size=2"
        token = ""
        while not pages or token:
            page = client.get(f"/v1/trees?{query}&page_token={token}").json()
            pages.append([each["height_cm"] for each in page["trees"]])
            token = page["next_page_token"]
        assert pages == [[400, 600], [800, 1200], [1900]]


def test_methods() -> None:
    with served("04_methods") as client:
        made = client.post("/v1/tickets", json={"title": "It is cold"})
        path, etag = made.headers["location"], made.headers["etag"]
        assert client.patch(path, json={"title": "It is icy"}, headers={"if-match": etag}).status_code == 200
        assert client.post(f"{path}:close", headers={"if-match": etag}).status_code == 412
        assert [client.post(f"{path}:close").json()["status"] for _ in range(2)] == ["closed", "closed"]
        reopened = client.post(f"{path}:reopen", json={"reason": "colder still"}).json()
        assert (reopened["status"], reopened["reason"]) == ("open", "colder still")
        assert client.post(f"{path}:reopen", json={"reason": "?"}).status_code == 409
        assert client.patch(path, json={"status": "closed"}).status_code == 422, "only the methods set it"


def test_faults() -> None:
    with served("05_faults") as client:
        assert client.get("/v1/divide?dividend=7&divisor=2").json() == {"quotient": 3, "remainder": 1}
        by_zero = client.get("/v1/divide?dividend=7&divisor=0").json()
        assert (by_zero["code"], by_zero["errors"][0]["detail"]) == ("INVALID_ARGUMENT", "is zero")
        unlucky = client.get("/v1/divide?dividend=13&divisor=1")
        assert (unlucky.status_code, unlucky.json()["reason"], unlucky.headers["retry-after"]) == (429, "UNLUCKY", "60")
        same = client.post("/internal/divide", json={"dividend": 13, "divisor": 1})
        assert (same.status_code, same.json()["metadata"]) == (429, {"number": "13"})


def test_tenants() -> None:
    module = example("06_tenants")
    with Client(module.app) as client:

        def notes(key: str) -> list[str]:
            answer = client.get("/v1/notes", headers={"authorization": f"Bearer {key}"}).json()
            return [each["text"] for each in answer["notes"]]

        for key in module.keys.fixed:
            made = client.post("/v1/writeNote", json={"text": key}, headers={"authorization": f"Bearer {key}"})
            assert made.json()["owner"] == key
        assert {key: sorted(notes(key)) for key in module.keys.fixed} == {
            "ann": ["ann"],
            "bob": ["bob"],
            "boss": ["ann", "bob", "boss"],
            "eve": ["eve"],
        }
        assert client.get("/v1/notes").status_code == 401


def test_batches() -> None:
    with served("07_batches") as client:
        assert client.post("/internal/score", json={"text": "Win money now please"}).json() == {"spam": 0.75}
        assert client.get("/v1/score?text=dinner").json() == {"spam": 0.0}
        assert client.post("/internal/score", json={"text": " "}).json()["errors"][0]["detail"] == "has no word"


def test_streams() -> None:
    with served("08_streams") as client:
        with client.stream("GET", "/v1/estimate?rounds=3") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            *items, end, _ = "".join(answer.iter_text()).split("\n\n")
        estimates = [json.loads(each.removeprefix("data: ")) for each in items]
        assert [each["darts"] for each in estimates] == [20_000, 40_000, 60_000]
        assert all(abs(each["pi"] - 3.14) < 0.2 for each in estimates)
        assert end == "event: end\ndata: {}"
        assert client.get("/v1/estimate?rounds=0").status_code == 422
        assert 'EventSource("/v1/estimate' in client.get("/page").text


def test_caching_and_cors() -> None:
    origin = {"origin": "https://app.example.com"}
    with served("09_caching_and_cors") as client:
        first = client.get("/v1/countTo?limit=300", headers=origin)
        assert first.json()["numbers"][-1] == 300
        assert "max-age=60" in first.headers["cache-control"]
        assert first.headers["access-control-allow-origin"] == "https://app.example.com"
        again = client.get("/v1/countTo?limit=300", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = client.get("/v1/countTo?limit=3", headers={"origin": "https://evil.example.com"})
        assert "access-control-allow-origin" not in other.headers


def test_other_models() -> None:
    with served("10_other_models") as client:
        answer = client.post("/v1/quote", json={"to": {"country": "ch"}, "weight": 1200})
        assert answer.json() == {"country": "CH", "cents": 820}
        wrong = client.post("/v1/quote", json={"to": {"country": "Atlantis"}, "weight": 0}).json()
        assert {each["pointer"] for each in wrong["errors"]} == {"#/to/country", "#/weight"}
        there = client.post("/v1/quote", json={"to": {"country": "XX"}, "weight": 1}).json()
        assert there["errors"] == [{"pointer": "#/to/country", "detail": "nothing is sent there", "rule": "invalid"}]


def test_inside_fastapi(tmp_path: Path) -> None:
    module = example("11_inside_fastapi")
    module.shop.use(tmp_path / "shop.db")
    with TestClient(module.api) as client:
        assert client.get("/hello").json() == {"hello": "from FastAPI"}
        made = client.post("/shop/v1/goods", json={"name": "Lamp", "cents": 4900})
        assert client.get(made.headers["location"]).json() == made.json()
        assert client.get("/shop/v1/openapi.json").json()["servers"][0]["url"] == "/shop/v1"
        assert "/hello" in client.get("/openapi.json").json()["paths"]


def test_fastapi_inside(tmp_path: Path) -> None:
    module = example("12_fastapi_inside")
    module.app.use(tmp_path / "shop.db")
    with TestClient(module.app) as client:
        assert client.get("/v1/goods").json()["goods"] == []
        assert client.get("/legacy/hello").json() == {
            "hello": "from FastAPI",
            "self": "http://testserver/legacy/hello",
        }
        assert client.get("/legacy/docs").status_code == 200
        assert client.get("/legacy/nothing").json() == {"detail": "Not Found"}


def test_retries() -> None:
    module = example("13_retries")
    with Client(module.app) as client:
        head = {"authorization": "Bearer ann"}

        def ask(path: str, key: str, body: Any) -> Any:
            return client.post(path, json=body, headers=head | {"idempotency-key": key})

        first, again = (ask("/v1/tickets", "1", {"seat": "A1"}) for _ in range(2))
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert again.headers["idempotency-replayed"] == "true"
        paid, again = (ask("/v1/pay", "2", {"cents": 900}) for _ in range(2))
        assert paid.json() == again.json()
        assert module.charged == {paid.json()["reference"]: 900}


def test_rpc() -> None:
    with served("14_rpc") as client:
        made = client.post("/internal/pages.create", json={"page": {"title": "Home", "text": "Welcome home"}}).json()
        listed = client.post("/wiki.v1.PageService/ListPages", json={"pageSize": 5}).json()
        assert [each["id"] for each in listed["pages"]] == [made["id"]]
        change = {"page": {"id": made["id"], "text": "", "etag": made["etag"]}, "updateMask": "text"}
        assert client.post("/wiki.v1.PageService/UpdatePage", json=change).json()["text"] == ""
        assert client.post("/wiki.v1.PageService/UpdatePage", json=change).json()["code"] == "aborted"


def test_client(tmp_path: Path) -> None:
    with serving(["dragoman", "serve", "15_client:app", "--port", "0"], tmp_path) as port:
        command = [sys.executable, EXAMPLES / "15_client.py", f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    left = ["The Dispossessed: 1 left", "The Dispossessed: 0 left", "The Dispossessed is lent out"]
    assert done.stdout.splitlines() == [*left, "['The Dispossessed']", "The Dispossessed"]
