"""The database after the torture, as SQLite itself sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
from insistent import Told


def check(database: Path, told: Told, expected: int | None = None) -> str:
    """Hold what clients were told against what the database has; returns the counts. ``expected`` is how many payments
    there must be: all that were tried, if each was acknowledged.
    """
    connection = apsw.Connection(str(database))
    execute = connection.execute

    def one(text: str) -> Any:
        return execute(text).fetchall()[0][0]

    assert one("PRAGMA integrity_check") == "ok"
    payments = dict(execute("SELECT reference, id FROM payments").fetchall())
    rows = one("SELECT count(*) FROM payments")
    assert len(payments) == rows, "a payment was made twice"
    told.check_alike()
    for reference, answers in told.acknowledged.items():
        assert payments.get(reference) == json.loads(answers[0][2])["id"], f"{reference} was acknowledged, and is not"
    if expected is not None:
        assert (rows, len(told.acknowledged)) == (expected, expected)
    counted = one("SELECT sum(payments) FROM accounts")
    assert counted == rows, "an account counts other payments than there are"
    numbers = [number for (number,) in execute("SELECT number FROM payments ORDER BY number").fetchall()]
    assert numbers == list(range(1, rows + 1)), "numbers have gaps, or were given twice"
    entries = one("SELECT count(*) FROM dragoman_ledger WHERE fault IS NULL")
    assert entries == rows, "the ledger knows of other payments than there are"
    events = execute("SELECT json_extract(payload, '$.payment') FROM dragoman_outbox").fetchall()
    assert sorted(id for (id,) in events) == sorted(payments.values()), "events are not those of the payments"
    # Payments are numbered in the order of their commits, over all accounts.
    of_payments = (
        "SELECT sequence FROM dragoman_outbox o JOIN payments p ON p.id = json_extract(payload, '$.payment') "
        "WHERE key = ? ORDER BY p.number"
    )
    for (key,) in execute("SELECT DISTINCT key FROM dragoman_outbox").fetchall():
        sequence = [each for (each,) in execute(of_payments, (key,)).fetchall()]
        assert sequence == list(range(1, len(sequence) + 1)), "events are out of order"
    connection.close()
    answers = sum(map(len, told.acknowledged.values()))
    return f"{rows} payments, {answers} acknowledgements ({told.replays} replays); otherwise {dict(told.otherwise)}"
