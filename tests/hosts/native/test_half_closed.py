"""Clients that say that they will send no more, and those that leave: both look alike from here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tried import Serving, Tried, line_to, run, until


@pytest.mark.parametrize("targets", [["/a"], ["/slow"], ["/sleep/0.02"], ["/a", "/slow", "/b"]], ids=" ".join)
@pytest.mark.parametrize("slow", [False, True], ids=["at once", "in time"])
def test_what_was_asked_before_is_answered(targets: list[str], slow: bool, tmp_path: Path) -> None:
    """As with `nc -N`, whatever the order in which the request and its end are noticed."""

    async def act(served: Serving) -> None:
        for _ in range(5):
            async with line_to(served) as line:
                for target in targets:
                    line.get(target)
                line.writer.write_eof()
                for target in targets:
                    assert (await line.answer()).body == f"GET {target}".encode()
                assert await line.reader.read() == b"", "the connection is over"

    run(act, Tried(tmp_path, slow=slow))


def test_who_waits_for_longer_is_taken_for_gone(tmp_path: Path) -> None:
    app = Tried(tmp_path)

    async def act(served: Serving) -> None:
        async with line_to(served) as line:
            line.get("/never")
            await until(lambda: "GET /never" in app.seen)
            began = asyncio.get_running_loop().time()
            line.writer.write_eof()
            assert await line.reader.read() == b""
            assert asyncio.get_running_loop().time() - began < 5
        assert app.cancelled == 1

    run(act, app)
