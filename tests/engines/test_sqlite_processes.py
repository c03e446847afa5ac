"""Several processes on one file: nothing is lost, nothing is done twice, and a kill leaves the file whole."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest
from sqlite_shop import CUSTOMERS, ORDERS, TABLES, customer, key, opened, order, rows, write

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Add, Committed, Conflict, Next, Update, WriteSet

pytestmark = [pytest.mark.slow, pytest.mark.once]


async def work(path: str, name: str, writers: int, count: int) -> None:
    """Raise one shared row's total, with and without a version, and number orders; tell each that was acknowledged."""
    store = SqliteStore(path)
    await store.start(TABLES)
    shared = key(ORDERS, "shared")
    slowest, conflicts = 0.0, 0

    async def writer(at: int) -> None:
        nonlocal slowest, conflicts
        for turn in range(count):
            began = time.monotonic()
            new = order(f"{name}-{at}-{turn}", "c", total=Next("orders"))
            while True:
                version = (await rows(store, ORDERS))["shared"]["version"] if at == 0 else None
                writes = WriteSet(writes=[Update(shared, {"total": Add(1)}, version), new])
                outcome = await store.commit(writes)
                if isinstance(outcome, Committed):
                    break
                assert isinstance(outcome, Conflict), outcome
                conflicts += 1
            slowest = max(slowest, time.monotonic() - began)
            print(new.row.key, flush=True)

    await asyncio.gather(*map(writer, range(writers)))
    await store.stop()
    print(json.dumps({"slowest": slowest, "conflicts": conflicts}), flush=True)


def spawn(path: Path, name: str, writers: int, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, __file__, str(path), name, str(writers), str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)


def check(path: Path, acknowledged: set[str], *, exact: bool) -> None:
    """Each acknowledged order is there, once; numbers have no gaps; the shared total counts them all."""

    async def run() -> None:
        store = SqliteStore(path)
        await store.start(TABLES)
        found = await rows(store, ORDERS)
        shared = found.pop("shared")
        assert acknowledged <= set(found)
        assert not exact or acknowledged == set(found)
        assert shared["total"] == len(found)
        assert shared["version"] == len(found) + 1
        assert sorted(each["total"] for each in found.values()) == list(range(1, len(found) + 1))
        await store.stop()

    asyncio.run(run())
    connection = apsw.Connection(str(path))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


def prepare(path: Path) -> None:
    async def run() -> None:
        async with opened(path) as store:
            await write(store, customer("c"), order("shared", "c"))

    asyncio.run(run())


def test_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    prepare(path)
    processes = [spawn(path, name, 8, 25) for name in "abc"]
    acknowledged: set[str] = set()
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        *lines, summary = out.splitlines()
        assert len(lines) == 200
        acknowledged |= set(lines)
        assert json.loads(summary)["slowest"] < 5
    assert len(acknowledged) == 600
    check(path, acknowledged, exact=True)


def test_processes_that_are_killed(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    prepare(path)
    acknowledged: set[str] = set()
    chance = random.Random(1)
    for at in range(6):
        process = spawn(path, str(at), 4, 100_000)
        assert process.stdout is not None
        acknowledged.add(process.stdout.readline().strip())  # it writes now
        time.sleep(chance.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=30)
        whole = out if out.endswith("\n") else out[: out.rfind("\n") + 1]
        acknowledged |= set(whole.splitlines())
        check(path, acknowledged, exact=False)
    assert len(acknowledged) > 20


def test_processes_migrate_and_start_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    script = (
        "import asyncio, sys\nfrom sqlite_shop import *\n"
        "async def run():\n"
        "    async with opened(sys.argv[1]) as store:\n"
        "        await write(store, customer(sys.argv[2]))\n"
        "asyncio.run(run())\n"
    )
    here = Path(__file__).parent
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path), name], cwd=here) for name in "abcd"]
    assert [each.wait(timeout=60) for each in processes] == [0] * 4

    async def run() -> None:
        async with opened(path) as store:
            assert set(await rows(store, CUSTOMERS)) == set("abcd")

    asyncio.run(run())


def test_a_commit_is_seen_by_others_once_it_is_acknowledged(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path / "x.db") as one, opened(tmp_path / "x.db") as other:
            for at in range(100):
                writer, reader = (one, other) if at % 2 else (other, one)
                await write(writer, customer(f"{at}"))
                assert f"{at}" in await rows(reader, CUSTOMERS)

    asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
