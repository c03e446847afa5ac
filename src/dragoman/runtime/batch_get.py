"""Batch get: resources by their ids, all of them or none (AIP-231)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dragoman.contract.fault import NotFound, Violation
from dragoman.contract.identifier import ALPHABET, LENGTH, IdFactory
from dragoman.contract.resource import ResourceDescription
from dragoman.ports.style import ListRequest, filter_parameter

MAX_IDS: Final = 100
"""How many resources are read at once at most."""


class BatchGet:
    """What can be asked by ids of one resource."""

    def __init__(self, description: ResourceDescription) -> None:
        self._name = description.record.name
        self._ids = IdFactory(description.prefix)

    def check(self, request: ListRequest, violations: list[Violation]) -> tuple[str, ...]:
        """The ids that are asked for, each once, in the order in which they were given."""
        assert request.ids is not None
        ids = tuple(dict.fromkeys(request.ids))
        for name in _selecting(request):
            message = "cannot be combined with ids, which name the resources that are answered with"
            violations.append(Violation((name,), message, "combination"))
        if len(ids) > MAX_IDS:
            message = f"names {len(ids)} resources; at most {MAX_IDS} are read at once"
            violations.append(Violation(("ids",), message, "max_length"))
            return ids
        for id in ids:
            if not self._ids.accepts(id):
                example = self._ids.prefix + "_" + ALPHABET[:LENGTH]
                message = f"holds {id[:60]!r}, which is no id of {self._name}; one looks like {example}"
                violations.append(Violation(("ids",), message, "pattern"))
        return ids

    def in_order(self, ids: Sequence[str], found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows, whose first column is the id, in the order of the ids. Raises NotFound with a violation for each
        that is missing.
        """
        rows = {row[0]: row for row in found}
        missing = [id for id in ids if id not in rows]
        if missing:
            raise NotFound(
                f"{len(missing)} of {len(ids)} could not be found, so that none is answered with",
                violations=[Violation(("ids",), f"there is no {self._name} {id!r}", "not_found") for id in missing],
            )
        return [rows[id] for id in ids]


def _selecting(request: ListRequest) -> list[str]:
    """What else the request says about which resources are wanted."""
    given = {
        "page_size": request.page_size is not None,
        "page_token": request.page_token != "",
        "order_by": request.order_by != "",
    }
    filters = [filter_parameter(field, word) for field, word, _ in request.filters]
    return [*(name for name, is_given in given.items() if is_given), *filters]
