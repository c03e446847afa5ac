"""The access log of `dragoman serve`: whole lines, soon, and open to other handlers."""

import asyncio
import json
import logging
import os
import select
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dragoman.contract.principal import Principal
from dragoman.hosts.logs import GATHER_SECONDS, MOST, Gathered
from dragoman.ports.wire import Request
from dragoman.runtime import observation
from dragoman.runtime.exchange import Exchange

INJECTED = '","status":200,"x":"'


def tell(number: int, path: str = "/v1/orders") -> None:
    observation.access(Request("GET", path), 200, number, Exchange(f"req_{number}", 0.0, 0.0))


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What reads the log."""
    ours, theirs = os.pipe()
    stream = open(theirs, "w")  # noqa: SIM115
    handler = Gathered(stream)
    monkeypatch.setattr(observation.ACCESS, "handlers", [handler])
    monkeypatch.setattr(observation.ACCESS, "propagate", False)
    monkeypatch.setattr(observation.ACCESS, "level", logging.INFO)
    observation.ACCESS.manager._clear_cache()  # type: ignore[attr-defined]
    yield ours
    stream.close()
    with suppress(OSError):
        os.close(ours)


def lines(file: int) -> list[dict[str, object]]:
    return [json.loads(each) for each in os.read(file, 1_000_000).splitlines()]


def test_lines_are_written_soon(pipe: int) -> None:
    async def turn() -> None:
        for number in range(100):
            tell(number)
        await asyncio.sleep(GATHER_SECONDS * 5)

    asyncio.run(turn())
    assert [each["bytes"] for each in lines(pipe)] == list(range(100))


def test_a_line_outside_of_the_loop_is_written_at_once(pipe: int) -> None:
    tell(1)
    assert [each["request_id"] for each in lines(pipe)] == ["req_1"]


def test_another_handler_gets_records_and_the_first_its_lines(pipe: int) -> None:
    records: list[logging.LogRecord] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    observation.ACCESS.handlers.append(Collect())
    tell(2)
    assert json.loads(records[0].getMessage())["bytes"] == 2
    assert [each["bytes"] for each in lines(pipe)] == [2]


def test_what_is_no_text_is_written_as_escapes(pipe: int) -> None:
    tell(3, "/\ud800")
    (line,) = lines(pipe)
    assert line["path"] == "/\\ud800"
    assert line["status"] == 200


def test_what_nobody_reads_disturbs_no_call(pipe: int) -> None:
    os.close(pipe)
    tell(4)


def test_many_lines_do_not_wait(pipe: int) -> None:
    async def turn() -> None:
        written = 0
        for number in range(3 * MOST // 100):
            tell(number)
            while select.select([pipe], [], [], 0)[0]:
                written += len(lines(pipe))
        assert written > MOST // 200

    asyncio.run(turn())


@pytest.mark.parametrize("text", ['a"b', "back\\slash", "new\nline", "\x00\x7f", "é\u2028", "\ud800", INJECTED])
def test_nobody_can_write_members_of_a_line(pipe: int, text: str) -> None:
    exchange = Exchange(
        "req_1", 0.0, 0.0, principal=Principal(text, text, credential=text), surface=text, operation=text
    )
    observation.access(Request(text, text, peer=text), 404, 0, exchange)
    (line,) = lines(pipe)
    shown = text.encode("utf-8", "backslashreplace").decode()
    told = ("method", "path", "peer", "surface", "operation", "principal", "tenant", "credential")
    assert [line[each] for each in told] == [shown] * len(told)
    assert (line["status"], line["request_id"], "x" in line) == (404, "req_1", False)
