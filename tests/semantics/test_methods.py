"""HEAD, OPTIONS and 405: what a path offers, and the head of what GET would answer."""

from __future__ import annotations

import pytest
from web_store import ADMIN, CALLS, OPEN, asking, served

import dragoman as dm

READ_AND_ADD = "GET, HEAD, OPTIONS, POST"
WHOLE = "DELETE, GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize("path", ["/goods", "/goods/{id}", "/count", "/openapi.json", "/goods/{id}:weigh"])
def test_head_is_get_without_a_body(path: str) -> None:
    """The host leaves the body out; here it stands for the content-length that both have."""

    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, ADMIN)
        get, head = await asked("GET", path.format(id=id)), await asked("HEAD", path.format(id=id))
        assert get.status == head.status == 200
        assert {**get.headers, "x-request-id": ""} == {**head.headers, "x-request-id": ""}
        assert len(get.body) == len(head.body)

    served(scenario)


@pytest.mark.parametrize(
    ("surface", "path", "allow", "patch"),
    [
        (ADMIN, "/goods", READ_AND_ADD, None),
        (ADMIN, "/goods/{id}", WHOLE, "application/merge-patch+json, application/json"),
        (ADMIN, "/goods/{id}:weigh", "GET, HEAD, OPTIONS", None),
        (ADMIN, "/goods/{id}:sell", "OPTIONS, POST", None),
        (ADMIN, "/openapi.json", "GET, HEAD, OPTIONS", None),
        (CALLS, "/count", "OPTIONS, POST", None),
    ],
)
def test_options_and_405_tell_what_there_is(surface: str, path: str, allow: str, patch: str | None) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked = asking(app, surface)
        options = (await asked("OPTIONS", path.format(id=id))).ok(204)
        assert options.headers["allow"] == allow
        assert options.headers.get("accept-patch") == patch
        assert options.body == b""
        wrong = (await asked("PUT", path.format(id=id))).refused(405)
        assert wrong.headers["allow"] == allow

    served(scenario)


def test_options_of_nothing_is_404_and_without_a_credential_401() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        (await asking(app, ADMIN)("OPTIONS", "/nothing")).refused(404)
        for path in ("/goods", "/nothing", "/openapi.json"):
            (await asking(app, ADMIN, key=None)("OPTIONS", path)).refused(401)
        (await asking(app, OPEN)("OPTIONS", "/goods")).ok(204)

    served(scenario)
