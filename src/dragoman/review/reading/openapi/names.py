"""Names of what was read: each stands for one thing in its contract."""

from __future__ import annotations

import re
from typing import Final

from dragoman.contract.resource import snake

MAX_NAME: Final = 200
"""How long a name may be that is made of an address."""


class Names:
    """Gives names, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def reserve(self, name: str) -> None:
        """The name is taken."""
        self._taken.add(name)

    def free_type(self, wanted: str) -> str:
        """The name for a type, or the first ``Order2``, ``Order3`` … that is free."""
        return self._free(re.sub(r"\.(json|ya?ml)$", "", wanted.rpartition("/")[2]) or "Type", "")

    def free_operation(self, wanted: str) -> str:
        """The name for an operation, or the first ``list_orders_2``, ``list_orders_3`` … that is free."""
        return self._free(wanted, "_")

    def _free(self, wanted: str, separator: str) -> str:
        name = wanted
        while name in self._taken:
            number = self._next[wanted] = self._next.get(wanted, 1) + 1
            name = f"{wanted}{separator}{number}"
        self._taken.add(name)
        return name


def snaked(text: str) -> str:
    """Any text as a name in snake_case: ``listOrders``, ``orders/list-all`` and ``Orders.List`` as ``list_orders``,
    ``orders_list_all`` and ``orders_list``. Empty where it holds neither letters nor digits.
    """
    name = re.sub(r"[^a-z0-9]+", "_", snake(text[:MAX_NAME])).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def contract_name(title: str, file: str) -> str:
    """The name of a contract: that of its API, or of its file."""
    return snaked(title) or snaked(file.rpartition("/")[2].partition(".")[0]) or "api"
