"""How names look in paths: lower camel case, as in AIP-122 and AIP-136 (``order_lines`` is ``/orderLines``)."""

from __future__ import annotations


def segment(name: str) -> str:
    """A snake_case name as a path's segment."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
