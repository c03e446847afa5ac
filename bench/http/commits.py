"""Group commit: how many rows a second become durable, one commit a row for whoever writes, beside plain apsw with one
transaction a row. ``python -m bench.http.commits`` measures that alone, and prints it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import apsw
import uvloop
from bench.common.figures import Spread, spread, table
from bench.common.servers import FOLDER

from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Column, Committed, Insert, Key, Storage, Table, WriteSet

WRITERS: Final = (1, 8, 64)
SHARED: Final = 64
"""Rows of a transaction of plain apsw, where it has more than one."""

PLAIN: Final = "plain apsw, a transaction a row"
GROUPED: Final = f"plain apsw, a transaction for {SHARED} rows"
TEXT: Final = "Leave it at the door, please."
ROWS: Final = Table("notes", (Column("id", Storage.TEXT), Column("text", Storage.TEXT)), tenant=False, versioned=False)

Rates: TypeAlias = dict[str, list[float]]

SAID: Final = """\
## Group commit

Rows a second on the clock, each acknowledged once it is durable (WAL, `synchronous=FULL`), in one process. *Writers*
wait for their commit before they begin the next. The store checks, commits and answers for each by itself; commits that
wait for the disk at the same time share it.
"""


def section(rates: Rates) -> str:
    """What was found, as a part of the page."""
    plain = Spread.of(rates[PLAIN]).median
    rows = []
    for name, found in rates.items():
        of_all = Spread.of(found)
        rows.append((name, spread(of_all), f"{of_all.median / plain:.2f}"))
    return f"{SAID}\n{table(('', 'rows a second', '÷ a transaction a row'), rows)}"


def measure(rounds: int, seconds: float) -> Rates:
    """Measure each in turn, so often and so long."""
    sides: dict[str, Callable[[Path, float], float]] = {
        PLAIN: lambda folder, seconds: _plain(folder, seconds, 1),
        **{f"the store, {writers} writer{'s' if writers > 1 else ''}": _of(writers) for writers in WRITERS},
        GROUPED: lambda folder, seconds: _plain(folder, seconds, SHARED),
    }
    rates: Rates = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            folder = Path(tempfile.mkdtemp(prefix="bench-commits-", dir=FOLDER))
            try:
                rates[name].append(side(folder, seconds))
            finally:
                shutil.rmtree(folder)
    return rates


def _of(writers: int) -> Callable[[Path, float], float]:
    return lambda folder, seconds: uvloop.run(_store(folder, seconds, writers))


async def _store(folder: Path, seconds: float, writers: int) -> float:
    store = SqliteStore(folder / "notes.db")
    store.migrate([ROWS])
    await store.start([ROWS])
    done = 0
    began = time.perf_counter()

    async def write(writer: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() - began < seconds:
            id = f"{writer}-{number}"
            number += 1
            outcome = await store.commit(WriteSet(writes=[Insert(Key(ROWS, None, id), {"id": id, "text": TEXT})]))
            assert isinstance(outcome, Committed)
            done += 1

    await asyncio.gather(*map(write, range(writers)))
    rate = done / (time.perf_counter() - began)
    await store.stop()
    return rate


def _plain(folder: Path, seconds: float, shared: int) -> float:
    connection = apsw.Connection(str(folder / "notes.db"))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID")
    done = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(shared):
            connection.execute("INSERT INTO notes VALUES (?, ?)", (str(done), TEXT))
            done += 1
        connection.execute("COMMIT")
    rate = done / (time.perf_counter() - began)
    connection.close()
    return rate


if __name__ == "__main__":
    print(section(measure(5, 1.0)))
