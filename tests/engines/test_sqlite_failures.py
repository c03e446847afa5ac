"""What fails: files that cannot be used, a full disk, a broken COMMIT, callers that go away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlite_shop import CUSTOMERS, REGIONS, TABLES, customer, key, opened, region, rows, write

from dragoman.contract.fault import Unavailable
from dragoman.engines.sqlite import SqliteStore, connection
from dragoman.engines.sqlite.transaction import Lost, Transaction
from dragoman.ports.store import Committed, Conflict, StoreError, UniqueViolation, Update, WriteSet


def one_line(error: pytest.ExceptionInfo[StoreError], path: Path, *parts: str) -> None:
    message = str(error.value)
    assert "\n" not in message
    for part in (str(path), *parts):
        assert part in message, message


def refused(path: Path, *parts: str) -> None:
    """Every way in says the same, and changes nothing."""
    store = SqliteStore(path, busy_timeout=0.1)
    with pytest.raises(StoreError) as error:
        store.migrate(TABLES)
    one_line(error, path, *parts)
    with pytest.raises(StoreError) as error:
        asyncio.run(store.start(TABLES))
    one_line(error, path)


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    refused(tmp_path, "is a directory", "data.db")
    refused(tmp_path / "no" / "x.db", "does not exist", "Create it")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "x.db", "is not a directory")


def test_a_missing_file_is_not_created_by_start(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        asyncio.run(SqliteStore(tmp_path / "x.db").start(TABLES))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look" * 100, b"x"])
def test_other_files_are_not_touched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    refused(tmp_path / "x.db", "is not an SQLite database")
    assert (tmp_path / "x.db").read_bytes() == content


def test_a_locked_database(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "x.db").migrate([REGIONS])
    other = apsw.Connection(str(tmp_path / "x.db"))
    other.pragma("locking_mode", "exclusive")
    other.execute("BEGIN EXCLUSIVE")
    refused(tmp_path / "x.db", "keeps it locked")
    other.close()


AS_NOBODY = """
import asyncio, os, sys
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Column, Storage, StoreError, Table
os.setuid(65534)
table = Table("things", (Column("id", Storage.TEXT),), versioned=False)
for path in sys.argv[1:]:
    try:
        SqliteStore(path).migrate([table])
    except StoreError as error:
        print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="changes its user, which only root may")
def test_files_without_permission() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to others
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "open").mkdir(mode=0o755)
        (folder / "wide").mkdir()
        (folder / "wide").chmod(0o777)
        for name in ("open/hidden.db", "wide/read_only.db", "wide/hidden.db"):
            SqliteStore(folder / name).migrate([REGIONS])
            (folder / name).chmod(0o644 if "read_only" in name else 0o600)
        names = ["open/hidden.db", "wide/hidden.db", "wide/read_only.db", "open/new.db"]
        arguments = [sys.executable, "-c", AS_NOBODY, *(str(folder / name) for name in names)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        assert len(lines) == len(names)
        for name, line in zip(names, lines, strict=True):
            assert str(folder / name) in line
            assert ("may not write to its folder" if "new" in name else "may not read and write it") in line


def test_an_unsafe_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.apsw, "SQLITE_VERSION_NUMBER", 3_051_002)
    with pytest.raises(StoreError, match="pip install -U apsw"):
        SqliteStore(tmp_path / "x.db").migrate(TABLES)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def run() -> None:
        async with opened(path) as store:
            await write(store, *(customer(f"{at:04}", name="x" * 500) for at in range(500)))
        content = bytearray(path.read_bytes())
        content[3 * 4096 : -4096] = os.urandom(len(content) - 4 * 4096)
        path.write_bytes(content)
        store = SqliteStore(path)
        await store.start(TABLES)  # the schema's page is whole
        with pytest.raises(Unavailable) as caught:
            await rows(store, CUSTOMERS)
        assert not caught.value.retryable
        assert "malformed" not in caught.value.message
        with pytest.raises(Unavailable):
            await write(store, *(customer(f"{at:04}-{at}") for at in range(500)))
        await store.stop()

    asyncio.run(run())


def fill(store: SqliteStore, pages: int) -> Callable[[], None]:
    """Let the disk hold so many pages more than it does, for new connections too; returns what frees it again."""
    committer = store._committer
    assert committer is not None
    connect = committer._connect
    most = 0

    def limited() -> apsw.Connection:
        connection = connect()
        connection.execute(f"PRAGMA max_page_count = {most}")
        return connection

    def free() -> None:
        committer._connect = connect
        committer._close()

    committer._close()
    connection = connect()
    most = connection.pragma("page_count") + pages
    connection.close()
    committer._connect = limited
    return free


def test_a_full_disk(tmp_path: Path) -> None:
    """What does not fit is refused whole, takes nothing along that fits, and reads go on."""

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            await write(store, customer("a"))
            free = fill(store, 5)
            large = WriteSet(writes=[customer(f"{at}", name="x" * 3000) for at in range(50)])
            small = [WriteSet(writes=[customer(name)]) for name in "bcd"]
            results = await asyncio.gather(
                *(store.commit(each) for each in (small[0], large, *small[1:])), return_exceptions=True
            )
            assert isinstance(results[1], Unavailable)
            assert [results[0], *results[2:]] == [Committed({})] * 3
            assert set(await rows(store, CUSTOMERS)) == {"a", "b", "c", "d"}
            for _ in range(3):
                with pytest.raises(Unavailable, match="its disk is full"):
                    await store.commit(large)
            free()
            await write(store, *large.writes)
            assert len(await rows(store, CUSTOMERS)) == 54

    asyncio.run(run())


@pytest.mark.parametrize("error", [apsw.IOError("disk I/O error"), apsw.FullError("database or disk is full")])
def test_a_commit_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: apsw.Error) -> None:
    """The whole group is Unavailable and nothing of it is there; the next one is on a new connection."""

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            before = store._committer._connection  # type: ignore[union-attr]

            def fail(transaction: Transaction) -> None:
                raise Lost(error, again=False)

            monkeypatch.setattr(Transaction, "end", fail)
            sets = [WriteSet(writes=[customer(name)]) for name in "abc"]
            results = await asyncio.gather(*map(store.commit, sets), return_exceptions=True)
            assert all(isinstance(each, Unavailable) and each.retryable for each in results)
            monkeypatch.undo()
            assert await rows(store, CUSTOMERS) == {}
            assert await asyncio.gather(*map(store.commit, sets)) == [Committed({})] * 3
            assert store._committer._connection is not before  # type: ignore[union-attr]

    asyncio.run(run())


def test_a_database_that_cannot_be_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            await write(store, customer("a"))

            def broken(*_: Any, **__: Any) -> None:
                raise StoreError("database x: the disk is gone")

            committer = store._committer
            assert committer is not None
            connect = committer._connect
            committer._connect = broken  # type: ignore[assignment]
            committer._close()
            for _ in range(3):
                with pytest.raises(Unavailable) as caught:
                    await write(store, customer("b"))
                assert "disk is gone" not in caught.value.message
            assert set(await rows(store, CUSTOMERS)) == {"a"}
            committer._connect = connect
            await write(store, customer("b"))

    asyncio.run(run())


def test_reading_goes_on_with_a_new_connection(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            await write(store, customer("a"))
            real = store._reader.execute

            def broken(*_: Any) -> Any:
                raise apsw.IOError("disk I/O error")

            store._reader.execute = broken
            with pytest.raises(Unavailable) as caught:
                await rows(store, CUSTOMERS)
            assert "I/O" not in caught.value.message
            assert set(await rows(store, CUSTOMERS)) == {"a"}
            assert store._reader.execute is not real

    asyncio.run(run())


def test_another_process_holds_the_write_lock(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path / "x.db", busy_timeout=0.2) as store:
            await write(store, customer("a"))
            other = apsw.Connection(str(tmp_path / "x.db"))
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="busy"):
                await write(store, customer("b"))
            waiting = asyncio.ensure_future(write(store, customer("c")))
            began, turns = time.monotonic(), 0
            while time.monotonic() < began + 0.05:
                await asyncio.sleep(0.001)
                turns += 1
            assert turns > 10  # the loop goes on
            assert set(await rows(store, CUSTOMERS)) == {"a"}
            other.execute("ROLLBACK")
            await waiting
            other.close()
            assert set(await rows(store, CUSTOMERS)) == {"a", "c"}

    asyncio.run(run())


def test_a_defect_hangs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            for method in ("apply", "end"):

                def broken(*_: Any) -> None:
                    raise ZeroDivisionError

                monkeypatch.setattr(Transaction, method, broken)
                with pytest.raises(ZeroDivisionError):
                    await write(store, customer("a"))
                monkeypatch.undo()
                await write(store, customer(method))
            assert set(await rows(store, CUSTOMERS)) == {"apply", "end"}

    asyncio.run(run())


def test_callers_that_go_away(tmp_path: Path) -> None:
    """At whatever moment: each write set is there as a whole or not at all, and those who wait are answered."""

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            tasks = []
            for at in range(300):
                pair = WriteSet(writes=[customer(f"{at}a"), customer(f"{at}b")])
                tasks.append(asyncio.ensure_future(store.commit(pair)))
                if at % 3 == 0:
                    asyncio.get_running_loop().call_later(at * 0.000_05, tasks[-1].cancel)
                if at % 20 == 0:
                    await asyncio.sleep(0.000_3)
            results = await asyncio.gather(*tasks, return_exceptions=True)
            found = await rows(store, CUSTOMERS)
            cancelled = 0
            for at, result in enumerate(results):
                there = f"{at}a" in found
                assert there == (f"{at}b" in found)
                if isinstance(result, asyncio.CancelledError):
                    cancelled += 1
                else:
                    assert result == Committed({})
                    assert there
            assert cancelled > 0
            await write(store, customer("after"))

    asyncio.run(run())


def test_commits_share_transactions(tmp_path: Path) -> None:
    """Those that wait together are one transaction, whose outcomes are told apart."""

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            commits = 0

            def count() -> bool:
                nonlocal commits
                commits += 1
                return False

            assert store._committer is not None
            assert store._committer._connection is not None
            store._committer._connection.set_commit_hook(count)
            await write(store, customer("a"))
            assert commits == 1
            await asyncio.gather(*(write(store, customer(f"{at}")) for at in range(100)))
            assert commits <= 5
            commits = 0
            a = key(CUSTOMERS, "a")
            outcomes = await asyncio.gather(
                *(store.commit(WriteSet(writes=[Update(a, {"name": f"{at}"}, 1)])) for at in range(5)),
                store.commit(WriteSet(writes=[customer("b"), customer("a")])),
                store.commit(WriteSet(writes=[customer("c")])),
            )
            assert outcomes[0] == outcomes[6] == Committed({})
            assert outcomes[1:5] == [Conflict(a, 2)] * 4
            assert isinstance(outcomes[5], UniqueViolation)
            assert commits == 1
            found = await rows(store, CUSTOMERS)
            assert found["a"]["name"] == "0"
            assert "b" not in found

    asyncio.run(run())


def test_a_busy_loop_does_not_starve_commits(tmp_path: Path) -> None:
    """A loop that is never idle makes way for the thread that waits for the disk."""

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            loop, busy = asyncio.get_running_loop(), True

            def spin() -> None:
                until = loop.time() + 0.000_05
                while loop.time() < until:
                    pass
                if busy:
                    loop.call_soon(spin)

            spin()
            began = loop.time()
            for at in range(50):
                await write(store, region(f"{at}"))
            busy = False
            assert (loop.time() - began) / 50 < 0.05

    asyncio.run(run())
