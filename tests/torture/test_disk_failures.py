"""Disks that fail at every system call of a commit, and processes that are killed at any moment: what was acknowledged
is there, what was not is there as a whole or not at all, and the database is sound.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest
from held import check
from insistent import Told
from tortured import TORTURING

pytestmark = [pytest.mark.slow, pytest.mark.once]

HERE = Path(__file__).parent
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate")
"""What SQLite writes with."""

ERRORS = ("EIO", "ENOSPC")
PAYMENTS = 3
KILLS = 200 if TORTURING else 4

traced = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def paying(
    database: Path, first: int, count: int, trace: Sequence[str] = (), *, errors: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    words = [*trace, sys.executable, str(HERE / "paying.py"), str(database), str(first), str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True)


def heard(output: str, told: Told) -> Counter[int]:
    """Keep what a process said; how its reads were answered."""
    reads: Counter[int] = Counter()
    for line in output.splitlines():
        if not line.startswith("{") or not line.endswith("}"):
            continue  # cut off by the end of the process
        said = json.loads(line)
        if "reads" in said:
            reads[said["reads"]] += 1
        elif said["status"] == 200:
            replayed = {"idempotency-replayed": "true"} if said["replayed"] else {}
            told.acknowledged[said["reference"]].append((200, replayed, said["body"].encode()))
        else:
            told.otherwise[str(said["status"])] += 1
    return reads


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A database with an account and a payment."""
    database = tmp_path / "prepared.db"
    process = paying(database, 0, 1)
    assert "begins" in process.communicate(timeout=60)[0]
    return database


@traced
def test_a_failure_at_every_system_call(prepared: Path, tmp_path: Path) -> None:
    within = system_calls(prepared, tmp_path)
    assert within["pwrite64"][1] > within["pwrite64"][0], within
    assert any("sync" in call for call in within), within
    points = [
        (call, error, number)
        for call, (before, behind) in within.items()
        for error in ERRORS
        for number in range(before + 1, behind + 1)
    ]
    if not TORTURING:
        # Some of each kind. The first that waits for the disk is the first commit's, which cannot go on.
        dice, syncs = random.Random(3), [each for each in points if "sync" in each[0]]
        others = [each for each in points if "sync" not in each[0]]
        points = [syncs[0], dice.choice(syncs), *dice.sample(others, min(2, len(others)))]
    failed = 0
    for call, error, number in points:
        database = copied(prepared, tmp_path / f"{call}-{error}-{number}.db")
        trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"]
        process = paying(database, 1, PAYMENTS, [*trace, "-e", f"inject={call}:error={error}:when={number}"])
        output, errors = process.communicate(timeout=120)
        told = Told()
        reads = heard(output, told)
        place = f"{error} at {call} {number}"
        assert process.returncode == 0, (place, errors)
        assert set(told.acknowledged) == {f"r{each}" for each in range(1, PAYMENTS + 1)}, (place, output, errors)
        assert set(reads) <= {200, 503}, (place, reads)
        assert set(told.otherwise) <= {"503", "409"}, (place, told.otherwise)
        check_again(database, told, PAYMENTS + 1)
        failed += bool(told.otherwise)
    print(f"{len(points)} failures of system calls, {failed} of which a caller was told of; nothing was lost")
    assert failed >= (len(points) / 4 if TORTURING else 1)


def system_calls(prepared: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """For each system call that commits make: how many there are before the first commit, and until the last."""
    log = folder / "trace"
    database = copied(prepared, folder / "traced.db")
    trace = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace=write,{','.join(CALLS)}"]
    process = paying(database, 1, PAYMENTS, trace)
    process.communicate(timeout=120)
    assert process.returncode == 0
    begun, seen = False, Counter[str]()
    found: dict[str, tuple[int, int]] = {}
    before: Counter[str] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if match is None:
            continue
        if match[1] == "write":
            if '"begins' in line:
                begun, before = True, seen.copy()
        else:
            seen[match[1]] += 1
            if begun:
                found[match[1]] = (before[match[1]], seen[match[1]])
    return found


def copied(database: Path, to: Path) -> Path:
    for suffix in ("", "-wal", "-shm"):
        if Path(f"{database}{suffix}").exists():
            shutil.copy(f"{database}{suffix}", f"{to}{suffix}")
    return to


def check_again(database: Path, told: Told, expected: int | None) -> str:
    """The first payment was acknowledged to somebody else."""
    connection = apsw.Connection(str(database))
    (text,) = connection.execute("SELECT result FROM dragoman_ledger WHERE idempotency_key = 'r0'").fetchall()[0]
    connection.close()
    told.acknowledged["r0"].append((200, {}, json.dumps({"id": json.loads(text)["row"]["id"]}).encode()))
    return check(database, told, expected)


def test_kills_at_any_moment(prepared: Path) -> None:
    dice = random.Random(7)
    told = Told()
    first, killed = 1, 0
    for _ in range(KILLS):
        process = paying(prepared, first, 100_000, errors=subprocess.DEVNULL)
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(dice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        # Not communicate(), which would pass over what readline() has read ahead.
        heard(process.stdout.read(), told)
        process.stdout.close()
        killed += process.wait(timeout=60) == -signal.SIGKILL
        last = max((int(each[1:]) for each in told.acknowledged), default=0)
        # The next one begins with what was not acknowledged: it may have been done.
        first = last + 1
    process = paying(prepared, first, 1)
    heard(process.communicate(timeout=60)[0], told)
    assert killed == KILLS
    print(f"{check_again(prepared, told, len(told.acknowledged) + 1)}; {killed} kills")
