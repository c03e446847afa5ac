"""The shop's rows, for the peers in Python: the same file, driver, statements and durability as ours."""

from __future__ import annotations

import base64
import secrets
import time
from datetime import UTC, datetime
from typing import Final

from keys import Row, connect

COLUMNS: Final = "id, customer, status, currency, total_cents, note, created_at, updated_at"
ONE: Final = f"select {COLUMNS} from orders where _tenant = ? and id = ? limit 1"
PAGE: Final = f"select {COLUMNS} from orders where _tenant = ? and id > ? order by id limit ?"
ADD: Final = f"insert into orders (_tenant, {COLUMNS}, version) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)"
ADD_CHECKED: Final = (
    f"insert into orders (_tenant, {COLUMNS}, version) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1 where exists "
    "(select 1 from customers where _tenant = ?1 and id = ?3)"
)

TENANT: Final = "bench"
"""Whose rows the bare peers read."""

DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
PAIRS: Final = tuple(high + low for high in DIGITS for low in DIGITS)

database: Final = connect()
execute: Final = database.cursor().execute


def one(tenant: str, id: str) -> Row | None:
    """An order's columns."""
    rows = execute(ONE, (tenant, id)).fetchall()
    return rows[0] if rows else None


def page(tenant: str, size: int, token: str) -> tuple[list[Row], str]:
    """A page, of which one row more is read to know whether there is another, and the next one's token."""
    after = base64.urlsafe_b64decode(token).decode() if token else ""
    rows = execute(PAGE, (tenant, after, size + 1)).fetchall()
    if len(rows) <= size:
        return rows, ""
    rows.pop()
    return rows, base64.urlsafe_b64encode(rows[-1][0].encode()).decode()


def add(tenant: str, customer: str, status: str, currency: str, total: int, note: str, *, checked: bool) -> Row | None:
    """A new order, committed; None if ``checked`` and there is no such customer."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = (new_id(), customer, status, currency, total, note, now, now)
    execute(ADD_CHECKED if checked else ADD, (tenant, *row))
    return row if database.changes() == 1 else None


def new_id() -> str:
    """An id that sorts by time, as long as ours."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "ord_" + "".join([PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
