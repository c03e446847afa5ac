"""The database that every server gets a copy of, with 10,000 orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import apsw
from bench.common.database import TENANT, prepare

from dragoman.contract.identifier import encode

HERE: Final = Path(__file__).parent
ORDERS: Final = 10_000
CUSTOMERS: Final = 500
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
    key = prepare(path, HERE, "partner")
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
