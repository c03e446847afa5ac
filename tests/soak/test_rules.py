"""The rules of the soak tests can be broken."""

import json
import random
from pathlib import Path

import pytest
from server_state import AccessLog, not_flat

LIMITS = {"a_minute": 50.0, "at_all": 4096.0}
FILLING = [(at, 25_000.0 + min(at, 1000) * 2) for at in range(0, 3600, 5)]


def test_caches_that_fill_and_peaks_that_go_are_flat() -> None:
    peaks = random.Random(1)
    assert not not_flat(FILLING, **LIMITS)
    assert not not_flat([(at, size + peaks.choice((0, 0, 0, 3000))) for at, size in FILLING], **LIMITS)


@pytest.mark.parametrize("a_minute", [60, 200])
def test_what_grows_is_not_flat(a_minute: int) -> None:
    assert "KiB a minute" in not_flat([(at, size + at * a_minute / 60) for at, size in FILLING], **LIMITS)


def test_what_grows_at_once_is_not_flat() -> None:
    assert "+5000 KiB in all" in not_flat([(at, size + 5000 * (at > 3000)) for at, size in FILLING], **LIMITS)


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ([("a-1", 200), ("a-2", 404), ("req_1", 400)], ""),
        ([("a-1", 200), ("a-2", 404), ("a-3", 200)], ""),
        ([("a-1", 200), ("a-1", 200), ("a-2", 404)], "too many"),
        ([("a-1", 200), ("a-2", 404), ("a-4", 200)], "too many"),
        ([("a-1", 200), ("a-2", 200)], "another status"),
        (["Traceback"], "no line of the log"),
        ([("a-1", 200)], "missing"),
    ],
)
def test_the_log_has_each_request_once(written: list[tuple[str, int] | str], wrong: str, tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "log", "a-", missing={"a-1": 200, "a-2": 404}, possible={"a-3"})
    lines = [json.dumps({"request_id": each[0], "status": each[1]}) if len(each) == 2 else each for each in written]
    log.path.write_text("".join(f"{line}\n" for line in lines))
    whole = log.whole()
    assert wrong in " ".join(log.wrong) or (wrong == "missing" and not whole)
    assert bool(log.wrong) == (wrong not in ("", "missing"))
    assert whole or wrong
