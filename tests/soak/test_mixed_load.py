"""An hour of mixed load: nothing is left behind, memory stays flat, and the log says what it has to and no more."""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import uvloop
from mixed import Mixed
from running import Running, eventually, free_port, running
from server_state import AccessLog, Sample, not_flat, open_files, open_sockets, resident, slope

SOAKING = "DRAGOMAN_SOAK" in os.environ
SECONDS = float(os.environ.get("DRAGOMAN_SOAK_SECONDS", "3600")) if SOAKING else 1.4
RATE = float(os.environ.get("DRAGOMAN_SOAK_RATE", "100"))
PATIENCE = 3.0 if SOAKING else 1.0
PARTS = (1 / 3, 2 / 3) if SOAKING else (1.0,)
EVERY = 5.0
WORKERS = 2

A_MINUTE = 64.0
"""KiB that a worker may grow by in a minute, and AT_ALL altogether, in the last two thirds of the time. In less than
LONG_ENOUGH seconds the one weighs too much that the most that was ever needed at once was needed late.
"""

AT_ALL = 4096.0
LONG_ENOUGH = 1800.0

BLOCKS = 0.2
"""Blocks of memory that may be left of an act. The cache of Last-Modified has an entry for each second, and takes over
an hour to fill; a connection that is left of one act in a hundred is more.
"""

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    port = free_port()
    words = ["-m", "dragoman", "serve", "soaked:app", "--port", str(port), "--workers", str(WORKERS)]
    told = {"PYTHONPATH": str(Path(__file__).parent), "SOAKED_PATIENCE": str(PATIENCE), "SOAKED_IDLE": str(PATIENCE)}
    with running([sys.executable, *words], tmp_path, port, told) as server:
        eventually(lambda: "listening on" in server.stderr)
        log = AccessLog(tmp_path / f"stdout-{port}", "soak-")
        states(server)
        before, said = states(server), server.stderr
        sockets = {pid: open_sockets(pid) for pid in before}
        files = {pid: open_files(pid).total() for pid in before}
        load = Mixed(port, log, PATIENCE, RATE)
        memory: dict[int, list[Sample]] = {pid: [] for pid in before}
        blocks, acts = dict.fromkeys(before, 0), 0
        for part in PARTS:
            blocks_before, acts_before = blocks, acts
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(soak(load, memory, SECONDS * part))
            assert not load.failures, load.failures[:10]
            wait_for(log)
            eventually(lambda: states(server) == before, 20)
            blocks, acts = blocks_of(server), load.ended.total()
        left = {pid: WORKERS * (blocks[pid] - blocks_before[pid]) / (acts - acts_before) for pid in blocks}
        print(told_of(load, memory))
        if SOAKING:
            print(f"  blocks of memory that are left of an act: {', '.join(f'{each:.3f}' for each in left.values())}")
        assert load.begun == load.ended
        assert not load.skipped, "the clients could not keep up"
        assert not log.wrong, log.wrong[:10]
        assert server.stderr == said, "there is noise in the log"
        # What the test itself asked for, and what was refused before it had an id.
        assert 0 < log.foreign <= load.unnamed + 200
        assert set(before) == server.workers(), "none has died"
        eventually(lambda: {pid: open_sockets(pid) for pid in before} == sockets, 20)
        for pid in before:
            # Databases are opened as they are needed, up to a handful.
            assert open_files(pid).total() <= files[pid] + 16, open_files(pid)
            if SOAKING:
                a_minute = A_MINUTE if SECONDS >= LONG_ENOUGH else math.inf
                assert not (why := not_flat(memory[pid], a_minute=a_minute, at_all=AT_ALL)), why
                assert left[pid] < BLOCKS
        assert server.stop() == 0
        after = server.stderr.removeprefix(said).splitlines()
        assert after == ["dragoman: stopped"], after
        assert log.whole()
        assert not log.wrong, log.wrong
    log.path.unlink()  # it is large


def wait_for(log: AccessLog) -> None:
    """Wait until every line is there."""
    deadline = time.monotonic() + 20
    while not log.whole():
        assert time.monotonic() < deadline, f"{len(log.missing)} lines are missing: {list(log.missing.items())[:10]}"
        time.sleep(0.1)


async def soak(load: Mixed, memory: dict[int, list[Sample]], seconds: float) -> None:
    """Load it, and look how it does meanwhile."""
    async with asyncio.TaskGroup() as group:
        loading = group.create_task(load.run(seconds))
        while not loading.done():
            await asyncio.wait({loading}, timeout=EVERY)
            for pid, samples in memory.items():
                samples.append((time.monotonic(), resident(pid)))
            load.log.follow()


def states(server: Running) -> dict[int, tuple[int, int]]:
    """What goes on in each worker: calls of ours, and tasks."""
    found = {pid: (state["running"], state["tasks"]) for pid, state in asked(server, "state").items()}
    with urllib.request.urlopen(f"{server.url}/readyz", timeout=10) as answer:
        assert answer.status == 200
    return found


def blocks_of(server: Running) -> dict[int, int]:
    """How many blocks of memory the objects of each worker have."""
    return {pid: state["blocks"] for pid, state in asked(server, "collected").items()}


def asked(server: Running, operation: str) -> dict[int, dict[str, int]]:
    """What each worker says of itself."""
    found: dict[int, dict[str, int]] = {}
    deadline = time.monotonic() + 30
    while len(found) < WORKERS:
        assert time.monotonic() < deadline, found
        with urllib.request.urlopen(f"{server.url}/soaked/{operation}", timeout=10) as answer:
            state = json.load(answer)
        found[state["pid"]] = state
    return found


def told_of(load: Mixed, memory: dict[int, list[Sample]]) -> str:
    """The figures."""
    lines = [
        f"{SECONDS:g} s of mixed load: {load.ended.total()} acts, {load.log.lines} lines in the log",
        f"  acts that failed: {len(load.failures)}, that were left out: {load.skipped}",
        f"  acts: {dict(load.ended)}",
        f"  answers that were waited for: {dict(sorted(load.statuses.items()))}",
    ]
    for pid, samples in memory.items():
        later = samples[len(samples) // 3 :]
        steep = slope(later) if len(later) > 1 else 0.0
        tenths = [f"{samples[len(samples) * at // 10][1] / 1024:.1f}" for at in range(10)]
        lines.append(f"  worker {pid}: MiB {', '.join(tenths)}, {samples[-1][1] / 1024:.1f}; {steep:+.1f} KiB a minute")
    return "\n".join(lines)
