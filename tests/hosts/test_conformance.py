"""The hosts that the documentation names, and what each of them does not do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from dragoman.testing.host import CommandHost, HostConformance

GUIDE: Final = Path(__file__).parent.parent.parent / "docs" / "guide.md"

UNTOLD: Final = "does not cancel a call when its client leaves, unless it is a stream"
TRAILERS: Final = "takes trailers for headers"
SPACE: Final = "keeps the space behind a header's value"
LENGTH: Final = "serves a request that states a length and comes in chunks"
CHUNKS: Final = "sends a stream in chunks over HTTP/1.0"
HTTP1: Final = "does not speak HTTP/2 on the same port, unless it is told to"
TRAILED: Final = "sends no trailers over HTTP/2"
TARGET: Final = "does not find the path in `GET http://host/v1/orders`"


@pytest.mark.slow
class TestNative(HostConformance):
    """``dragoman serve``."""

    host = CommandHost("-m", "dragoman", "serve", "--port", "{port}", "--workers", "1", "{app}")


@pytest.mark.slow
@pytest.mark.once
class TestUvicorn(HostConformance):
    host = CommandHost("-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "{app}")
    lacks = {
        "test_a_client_that_leaves_cancels_its_call": UNTOLD,
        "test_trailers_are_no_headers": TRAILERS,
        "test_space_around_values": SPACE,
        "test_a_stream_over_http_1_0_ends_with_the_connection": CHUNKS,
        "test_http2": HTTP1,
        "test_http2_requests_are_answered_in_any_order": HTTP1,
        "test_http2_bodies_are_read_while_they_come": HTTP1,
        "test_http2_bodies_go_both_ways": HTTP1,
        "test_a_stream_of_http2_that_is_broken_off_cancels_its_call": HTTP1,
        "test_trailers_are_sent_behind_the_body": HTTP1,
    }


@pytest.mark.slow
@pytest.mark.once
class TestGranian(HostConformance):
    host = CommandHost("-m", "granian", "--interface", "asgi", "--port", "{port}", "{app}")
    lacks = {
        "test_a_client_that_leaves_cancels_its_call": UNTOLD,
        "test_a_stream_of_http2_that_is_broken_off_cancels_its_call": UNTOLD,
        "test_a_length_and_chunks_together_are_not_served": LENGTH,
        "test_trailers_are_sent_behind_the_body": TRAILED,
    }


@pytest.mark.slow
@pytest.mark.once
class TestHypercorn(HostConformance):
    # With workers of its own it forgets their exit codes.
    host = CommandHost("-m", "hypercorn", "--workers", "0", "--bind", "127.0.0.1:{port}", "{app}")
    lacks = {
        "test_a_client_that_leaves_cancels_its_call": UNTOLD,
        "test_a_stream_of_http2_that_is_broken_off_cancels_its_call": UNTOLD,
        "test_a_length_and_chunks_together_are_not_served": LENGTH,
        "test_a_target_with_the_host_in_it": TARGET,
    }


def test_the_guide_tells_it() -> None:
    """One row for each thing that a host lacks, and a mark for each host that lacks it."""
    hosts = (TestNative, TestUvicorn, TestGranian, TestHypercorn)
    told = GUIDE.read_text(encoding="utf-8")
    for reason in {reason for host in hosts for reason in host.lacks.values()}:
        marks = " | ".join("×" if reason in host.lacks.values() else "–" for host in hosts)
        assert f"| {reason} | {marks} |" in told
