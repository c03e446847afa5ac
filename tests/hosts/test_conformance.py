"""The hosts that the documentation names, and what each of them does not do."""

from __future__ import annotations

from typing import Final

import pytest

from dragoman.testing.host import CommandHost, HostConformance

LEAVING: Final = {
    "test_a_client_that_leaves_cancels_its_call": "ASGI tells of it only to an application that waits for it as well"
}
HTTPTOOLS: Final = {
    "test_trailers_are_no_headers": "httptools hands trailers on as headers",
    "test_space_around_values": "httptools keeps the space behind a value",
}


@pytest.mark.slow
@pytest.mark.xdist_group("dragoman serve")
class TestDragoman(HostConformance):
    """``dragoman serve``, which is uvicorn with our own start and end."""

    host = CommandHost("-m", "dragoman", "serve", "--port", "{port}", "{app}")
    lacks = LEAVING | HTTPTOOLS


@pytest.mark.slow
@pytest.mark.xdist_group("uvicorn")
class TestUvicorn(HostConformance):
    host = CommandHost("-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "{app}")
    lacks = LEAVING | HTTPTOOLS


@pytest.mark.slow
@pytest.mark.xdist_group("granian")
class TestGranian(HostConformance):
    host = CommandHost("-m", "granian", "--interface", "asgi", "--port", "{port}", "{app}")
    lacks = LEAVING | {
        "test_a_length_and_chunks_together_are_not_served": "hyper takes the chunks, and drops the length",
    }


@pytest.mark.slow
@pytest.mark.xdist_group("hypercorn")
class TestHypercorn(HostConformance):
    # With workers of its own it forgets their exit codes.
    host = CommandHost("-m", "hypercorn", "--workers", "0", "--bind", "127.0.0.1:{port}", "{app}")
    lacks = LEAVING | {
        "test_a_length_and_chunks_together_are_not_served": "h11 takes the chunks, and drops the length",
        "test_a_target_with_the_host_in_it": "the whole target is the path",
    }
