"""The database that every server gets a copy of: made by ``dragoman migrate``, with 10,000 orders and one key."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import apsw

from dragoman.contract.identifier import encode

HERE: Final = Path(__file__).parent
DRAGOMAN: Final = (sys.executable, "-m", "dragoman")
ORDERS: Final = 10_000
CUSTOMERS: Final = 500
TENANT: Final = "bench"
BEGAN: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
NOTES: Final = ("", "", "Leave it at the door, please.", "A present: no invoice in the parcel.", "Call before delivery")


@dataclass(frozen=True, slots=True)
class Filled:
    """The database, the key that opens it, and ids to ask for."""

    path: Path
    key: str
    customers: list[str]
    orders: list[str]


def fill(path: Path) -> Filled:
    """Make the database."""
    _dragoman("migrate", "ours:app", "--database", str(path))
    key = _dragoman(
        "keys", "create", "--database", str(path), "--owner", "bench", "--tenant", TENANT, "--audience", "partner"
    )
    dice = random.Random(7)
    customers = [_id("cus", BEGAN + timedelta(seconds=each), dice) for each in range(CUSTOMERS)]
    orders = list(_orders(customers, dice))
    connection = apsw.Connection(str(path))
    with connection:
        for at, id in enumerate(customers):
            row = (TENANT, id, f"Customer {at}", f"customer.{at}@example.com", _text(BEGAN), _text(BEGAN), 1)
            connection.execute(f"INSERT INTO customers VALUES ({', '.join('?' * len(row))})", row)
        connection.executemany(f"INSERT INTO orders VALUES ({', '.join('?' * len(orders[0]))})", orders)
    connection.execute("ANALYZE")
    connection.pragma("wal_checkpoint", "TRUNCATE")
    connection.close()
    return Filled(path, key, customers, [row[1] for row in orders])


def _orders(customers: list[str], dice: random.Random) -> Iterator[tuple[str | int, ...]]:
    for at in range(ORDERS):
        when = BEGAN + timedelta(hours=1, seconds=97 * at)
        status = dice.choice(("placed", "paid", "shipped", "shipped", "cancelled"))
        cents, note = dice.randrange(500, 90_000), dice.choice(NOTES)
        id = _id("ord", when, dice)
        yield TENANT, id, dice.choice(customers), status, "EUR", cents, note, _text(when), _text(when), 1


def _id(prefix: str, when: datetime, dice: random.Random) -> str:
    return f"{prefix}_{encode(int(when.timestamp() * 1000) << 80 | dice.getrandbits(79))}"


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _dragoman(*arguments: str) -> str:
    ended = subprocess.run([*DRAGOMAN, *arguments], cwd=HERE, check=True, capture_output=True, text=True)
    return ended.stdout.strip()
