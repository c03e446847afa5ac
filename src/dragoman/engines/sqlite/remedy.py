"""Commands that a person can run as they stand. They use the engine's own library: the ``sqlite3`` of the system, and
Python's, may be older, and not know every statement.
"""

from __future__ import annotations

import json
import re
import shlex

import apsw

from .sql import quote


def command(connection: apsw.Connection, sql: str, values: str = "") -> str:
    """A command line that runs the statement on the connection's database."""
    arguments = ", ".join(filter(None, (json.dumps(sql, ensure_ascii=False), values)))
    path = json.dumps(connection.filename, ensure_ascii=False)
    return "python -c " + shlex.quote(f"import apsw; apsw.Connection({path}).execute({arguments})")


def plain(name: str) -> str:
    """An identifier, in quotes only where it needs them."""
    return name if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and name.upper() not in apsw.keywords else quote(name)


def so_many_rows(count: int) -> str:
    """So many rows, in words."""
    return "1 row" if count == 1 else f"{count:,} rows"
