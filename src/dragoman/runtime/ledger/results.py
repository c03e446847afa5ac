"""What a call resulted in, as it is kept: all of it, whoever may see which part; each surface projects it anew."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from dragoman.contract.operation import Operation
from dragoman.contract.schema import Types
from dragoman.runtime.codec.canonical import Canonical
from dragoman.runtime.rows import Registry, Rows


class Results(Protocol):
    """Writes and reads the results of one operation."""

    def text(self, value: Any) -> str:
        """The result as text."""
        ...

    def value(self, text: str) -> Any:
        """The result that a text was made of."""
        ...


class RowResults:
    """Resources, with their version."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def text(self, value: Any) -> str:
        """The row as JSON."""
        row = self._rows.row(value)
        return msgspec.json.encode([row[name] for name in self._rows.columns]).decode()

    def value(self, text: str) -> Any:
        """The resource of a row."""
        return self._rows.stored.from_row(msgspec.json.decode(text))


def results(operation: Operation, types: Types, registry: Registry) -> Results | None:
    """What keeps the results of an operation; None where it has none."""
    if operation.output is None:
        return None
    rows = registry.get(operation.native_output)
    return Canonical(operation.output, types) if rows is None else RowResults(rows)
