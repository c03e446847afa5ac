"""Fills the demo's empty database with the purchases in ``data/cdnow_orders.csv``.

Everything is one transaction, with a mark that says it is done: a crash leaves nothing behind, and of
several processes that start at once one fills.
"""

from __future__ import annotations

import csv
import datetime
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Final, Literal, TextIO, TypeAlias

import dragoman as dm
from dragoman.contract.handle import Resources
from dragoman.ports.store import (
    Committed,
    Conflict,
    Guard,
    Insert,
    Key,
    Query,
    Store,
    StoreError,
    Table,
    WriteSet,
)
from dragoman.runtime.codec import StoredRecord

from .shop import Customer, Order, customers, orders

TENANT: Final = "demo"
MARK: Final = "dragoman.demo.filled"
DATA: Final = "data/cdnow_orders.csv"

# 49 and 50 have no common divisor, so that going round both lists gives 2,450 different names.
FIRST_NAMES: Final = (
    "Ada Alan Alma Amir Anna Anton Astrid Bela Boris Carla Chen Clara Dora Edgar Elena Emil Esther Felix "
    "Flora Hana Hugo Ida Igor Irene Ivan Jana Jonas Julia Karim Kira Lars Leila Linus Lucia Marta Milan "
    "Mina Nadia Nils Olga Omar Pavel Petra Rosa Samir Selma Tara Viktor Yara"
)
LAST_NAMES: Final = (
    "Abel Adler Aziz Baker Berg Blum Bose Brandt Castro Cohen Costa Dahl Diaz Dunn Ekberg Engel Falk "
    "Ferro Fischer Gomez Grant Haas Hansen Holm Ito Jensen Keller Khan Klein Kovac Larsen Lopez Marin "
    "Meyer Moreau Novak Okoye Olsen Patel Quinn Reyes Rossi Sato Silva Stein Tanaka Vogel Weber Wolff "
    "Zeman"
)

Status: TypeAlias = Literal["placed", "paid", "shipped"]
Plan: TypeAlias = Literal["free", "pro", "enterprise"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A row of the data."""

    customer: str
    date: datetime.date
    quantity: int
    cents: int


def read_purchases() -> list[Purchase]:
    """The data's rows, in the file's order."""
    text = resources.files("dragoman.demo").joinpath(DATA).read_text(encoding="utf-8")
    return [
        Purchase(
            row["customer"],
            datetime.date.fromisoformat(row["date"]),
            int(row["quantity"]),
            int(Decimal(row["amount_usd"]) * 100),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def make(purchases: list[Purchase]) -> Iterator[Customer | Order]:
    """A customer for each number and an order for each row, both in the data's order."""
    spent: dict[str, int] = defaultdict(int)
    for purchase in purchases:
        spent[purchase.customer] += purchase.cents
    first_names, last_names = FIRST_NAMES.split(), LAST_NAMES.split()
    ids: dict[str, dm.Id[Customer]] = {}
    for position, (number, cents) in enumerate(spent.items()):
        first, last = first_names[position % len(first_names)], last_names[position % len(last_names)]
        customer = Customer(
            name=f"{first} {last}", email=f"{first}.{last}.{number}@example.com".lower(), plan=_plan(cents)
        )
        ids[number] = customer.id
        yield customer
    last_day = max(purchase.date for purchase in purchases)
    for purchase in purchases:
        yield Order(
            customer=ids[purchase.customer],
            placed_on=purchase.date,
            quantity=purchase.quantity,
            total_cents=purchase.cents,
            status=_status((last_day - purchase.date).days),
        )


class FilledApp(dm.App):
    """An application with the shop's resources, which fills its database when it is started."""

    async def start(self) -> None:
        """Open the database, and fill it if it is empty. Raises StoreError."""
        await super().start()
        try:
            await fill(self.store, {table.name: table for table in self.tables}, database=self.database)
        except BaseException:
            await self.stop()
            raise


async def fill(store: Store, tables: dict[str, Table], *, database: str, out: TextIO | None = None) -> bool:
    """Fill the database if it is empty, and tell on ``out`` (stderr). Returns whether it was filled here."""
    for resource in (customers, orders):
        table = tables[resource.description.plural]
        first = store.prepare(Query(table, (table.key,), limit=1))
        if await first.fetch_one((), TENANT) is not None:
            return False
    version = await store.guard_version(TENANT, MARK, "")
    if version:
        return False  # it was filled, and somebody deleted everything since

    purchases = read_purchases()
    rows = {Customer: _Rows(customers, tables), Order: _Rows(orders, tables)}
    writes = WriteSet(guards=[Guard(TENANT, MARK, "", version)])
    progress = Progress(out or sys.stderr, database, total=len(purchases) + len({each.customer for each in purchases}))
    for done, value in enumerate(make(purchases), start=1):
        writes.writes.append(rows[type(value)].insert(value))
        progress.show(done)
    outcome = await store.commit(writes)
    if isinstance(outcome, Conflict):
        progress.end("another process filled it")
        return False
    if not isinstance(outcome, Committed):
        raise StoreError(f"the demo could not fill {database}: {outcome}")
    progress.end("filled")
    return True


class _Rows:
    """Makes the rows of one resource."""

    def __init__(self, handles: Resources[Customer] | Resources[Order], tables: dict[str, Table]) -> None:
        self.table = tables[handles.description.plural]
        self.stored = StoredRecord(handles.description, handles.contract.types)

    def insert(self, value: Customer | Order) -> Insert:
        row = self.stored.to_row(value)
        return Insert(Key(self.table, TENANT, value.id), row | {"updated_at": row["created_at"]})


class Progress:
    """Shows how far it is: a bar on a terminal, a line before and after anywhere else."""

    def __init__(self, out: TextIO, database: str, total: int) -> None:
        self.out = out
        self.database = database
        self.total = total
        self._bar = out.isatty()
        self._shown = -1
        self._began = time.monotonic()
        if not self._bar:
            print(f"dragoman: filling {database} with {total:,} rows", file=out, flush=True)

    def show(self, done: int) -> None:
        """Say how many rows are made. Writing them down follows, which is the rest of the bar."""
        percent = 80 * done // self.total
        if self._bar and percent != self._shown:
            self._shown = percent
            self._draw(percent)

    def end(self, result: str) -> None:
        """Say how it ended."""
        if self._bar:
            self._draw(100)
            print(file=self.out)
        seconds = time.monotonic() - self._began
        print(f"dragoman: {self.database}: {result}, in {seconds:.1f} s", file=self.out, flush=True)

    def _draw(self, percent: int) -> None:
        bar = ("#" * (percent // 4)).ljust(25, ".")
        print(f"\rdragoman: filling {self.database} [{bar}] {percent:3} %", end="", file=self.out, flush=True)


def _plan(spent: int) -> Plan:
    if spent >= 100_000:
        return "enterprise"
    return "pro" if spent >= 20_000 else "free"


def _status(age_in_days: int) -> Status:
    """The last days' orders are still under way, so that there is something to pay and to cancel."""
    if age_in_days < 3:
        return "placed"
    return "paid" if age_in_days < 14 else "shipped"
