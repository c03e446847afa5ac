"""How long a caller waits, and how long it is asked to wait."""

from __future__ import annotations

import time

import pytest
from web_store import ADMIN, CALLS, asking, served

import dragoman as dm


@pytest.mark.parametrize("surface", [ADMIN, CALLS])
def test_the_caller_lowers_the_deadline(surface: str) -> None:
    async def scenario(app: dm.App, id: str) -> None:
        asked, method = asking(app, surface), "GET" if surface == ADMIN else "POST"
        started = time.monotonic()
        (await asked(method, "/linger", request_timeout="0.05")).refused(504, "DEADLINE_EXCEEDED")
        assert time.monotonic() - started < 5
        for text in ("86400", "2.5e+1"):
            (await asked(method, "/count", request_timeout=text)).ok()

    served(scenario)


def test_what_is_no_time_is_refused_by_name() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        for text in ("", "0", "0.0", "-1", "1s", ".5", "0x1", "1e", "nan", "inf", " 5", "5, 5", "٣"):
            refused = (await asking(app, ADMIN).get("/count", request_timeout=text)).refused(400, "INVALID_ARGUMENT")
            assert "Request-Timeout" in refused.json["detail"]
            (await asking(app, ADMIN, key=None).get("/count", request_timeout=text)).refused(401)

    served(scenario)


def test_a_fault_says_when_to_come_back() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        for surface in (ADMIN, CALLS):
            refused = (await asking(app, surface).post("/rush")).refused(429, "RESOURCE_EXHAUSTED")
            assert refused.headers["retry-after"] == "3"
            assert refused.json["retry_after"] == 2.5
            assert refused.json["retryable"] is True

    served(scenario)


def test_the_servers_own_refusals_say_so_too() -> None:
    async def scenario(app: dm.App, id: str) -> None:
        app._exchanges._max_in_flight = 0
        refused = (await asking(app, ADMIN).get("/goods")).refused(503, "UNAVAILABLE")
        assert refused.headers["retry-after"] == "1"

    served(scenario)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_no_other_time_is_taken(seconds: float) -> None:
    with pytest.raises(ValueError, match="retry_after"):
        dm.Unavailable("no", retry_after=seconds)


def test_what_is_never_retried_has_no_time() -> None:
    with pytest.raises(ValueError, match="retryable=False"):
        dm.Unavailable("no", retryable=False, retry_after=1)
    assert dm.FailedPrecondition("not yet", retry_after=1).retryable
