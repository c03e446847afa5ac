"""What a linter of HTTP (httplint, which REDbot is made of) says of real answers: nothing is wrong, and no warning."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from httplint import HttpRequestLinter, HttpResponseLinter, levels
from running import bearer, free_port, running

pytestmark = pytest.mark.slow

APP = "dragoman.testing.contract:app"
KEYED, OPEN, TROUBLE = "/partner", "/v1", "/trouble"
PAGE = "https://app.example.com"
BEHIND = ((415, '"Accept" isn\'t valid in a response.'),)
"""What is said of a status and is no longer so: since RFC 9110 (section 12.5.1), 415 may tell what would be taken."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("httplint"), free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-server-header",
        APP,
    ]
    with running(command, folder, port, {"DRAGOMAN_DATABASE": str(folder / "things.db")}) as started:
        yield started.url


class Linted(httpx.Client):
    """A client whose answers are linted. ``notes`` are those that complain, by request."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, headers={"user-agent": "httplint"})
        self.notes: list[str] = []

    def ask(self, status: int, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request, and lint the answer, which has that status."""
        began = time.time()
        request = self.build_request(method, path, **more)
        response = self.send(request, stream=True)
        raw = b"".join(response.iter_raw())
        assert response.status_code == status, f"{method} {path}: {response.status_code} {raw!r}"
        self._lint(request, response, raw, began)
        return httpx.Response(status, headers=response.headers, content=raw, request=request)

    def _lint(self, request: httpx.Request, response: httpx.Response, raw: bytes, began: float) -> None:
        asked = HttpRequestLinter(start_time=began)
        asked.process_request_topline(request.method.encode(), str(request.url).encode(), b"HTTP/1.1")
        asked.process_headers(request.headers.raw)
        asked.feed_content(request.read())
        asked.finish_content(True)
        linter = HttpResponseLinter(start_time=time.time(), _related=asked)
        linter.is_head_response = request.method == "HEAD"
        linter.process_response_topline(
            b"HTTP/1.1", str(response.status_code).encode(), response.reason_phrase.encode()
        )
        linter.process_headers(response.headers.raw)
        linter.feed_content(raw)
        linter.finish_content(True)
        for note in linter.notes:
            if note.level in (levels.WARN, levels.BAD) and (response.status_code, note.summary) not in BEHIND:
                place = f"{request.method} {request.url.path} {response.status_code}"
                self.notes.append(
                    f"{place} {note.level.name} {note.subject}: {note.summary}\n    {response.headers.raw}"
                )


@pytest.mark.parametrize(
    ("path", "headers"),
    [(KEYED, bearer("north")), (OPEN, {}), (OPEN, {"origin": PAGE})],
    ids=["keyed", "open", "from a page"],
)
def test_no_answer_is_complained_about(server: str, path: str, headers: dict[str, str]) -> None:
    makers = f"{path}/makers"
    with Linted(server) as client:
        client.headers.update(headers)
        for number in range(20):
            made = client.ask(201, "POST", makers, json={"name": f"{number} {path} {len(headers)}", "country": "CH"})
        one = f"{makers}/{made.json()['id']}"
        page = client.ask(200, "GET", makers, params={"page_size": 2})
        assert "next" in page.links
        client.ask(200, "GET", page.links["next"]["url"])
        assert client.ask(200, "GET", makers).headers["content-encoding"] == "gzip"
        found = client.ask(200, "GET", one)
        for method in ("GET", "HEAD"):
            client.ask(304, method, one, headers={"if-none-match": found.headers["etag"]})
            client.ask(200, method, one)
        client.ask(204, "OPTIONS", one)
        changed = client.ask(200, "PATCH", one, json={"name": "Another"}, headers={"if-match": found.headers["etag"]})
        client.ask(412, "PATCH", one, json={"name": "None"}, headers={"if-match": found.headers["etag"]})
        client.ask(204, "DELETE", one, headers={"if-match": changed.headers["etag"]})
        client.ask(404, "GET", one)
        client.ask(405, "PUT", one)
        client.ask(406, "GET", makers, headers={"accept": "text/html"})
        client.ask(415, "POST", makers, content=b"<a/>", headers={"content-type": "application/xml"})
        client.ask(422, "POST", makers, json={})
        client.ask(200, "GET", f"{path}/openapi.json")
        client.ask(429, "GET", f"{TROUBLE}/fail", params={"code": "RESOURCE_EXHAUSTED"})
        client.headers.pop("authorization", None)
        client.ask(401, "GET", f"{KEYED}/makers")
        assert not client.notes, "\n".join(client.notes)


def test_the_linter_complains(server: str) -> None:
    """Of an answer without what ours has."""
    with Linted(server) as client:
        request = client.build_request("GET", "/")
        bad = httpx.Response(201, headers={"cache-control": "public, private", "vary": "*"}, request=request)
        client._lint(request, bad, b"x", time.time())
        assert len(client.notes) >= 3
