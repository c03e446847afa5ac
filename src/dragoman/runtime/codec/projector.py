"""Projectors: from rows straight to wire structs, without an instance in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dragoman.contract.schema import Field, Record
from dragoman.ports.style import EXPANDED

from .builders import compiled
from .inbound import title


class Projector:
    """Rows that begin with ``columns`` become wire structs, ready for ``msgspec.json.encode``. The last of the columns
    is the version, which is not shown.
    """

    __slots__ = ("_project", "columns")

    def __init__(self, columns: tuple[str, ...], project: Callable[[Sequence[Any]], Any]) -> None:
        self.columns = columns
        self._project = project

    def __call__(self, row: Sequence[Any]) -> Any:
        return self._project(row)


def excerpt_wire(record: Record, fields: Iterable[Field], *, expanded: bool) -> Any:
    """The wire struct of some fields, made positionally; ``expanded`` comes last."""
    members: list[tuple[str, Any, Any]] = [
        (f"f{number}", Any, msgspec.field(name=each.name)) for number, each in enumerate(fields)
    ]
    if expanded:
        members.append(("beside", Any, msgspec.field(name=EXPANDED)))
    return msgspec.defstruct(title(record), members)


def beside(projectors: Mapping[str, Projector]) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """From a row that ends with the columns of these projectors, one behind the other, to what each of them makes of
    its own: None where there is no row, so that its version is null.
    """
    scope: dict[str, Any] = {}
    parts = []
    start = -sum(len(each.columns) for each in projectors.values())
    for number, (name, projector) in enumerate(projectors.items()):
        version = start + len(projector.columns) - 1
        scope[f"p{number}"] = projector
        parts.append(f"{name!r}: None if row[{version}] is None else p{number}(row[{start}:])")
        start = version + 1
    return compiled(f"def beside(row):\n    return {{{', '.join(parts)}}}\n", scope, "beside")
