"""The one error of a wrong declaration, at whatever time it is noticed."""

from __future__ import annotations

from typing import Final

TARGET: Final = "MODULE:APP"
"""How a remedy calls the application, until one who knows its name writes that there."""


class DeclarationError(Exception):
    """Something was declared or bound wrongly. Says the thing, the place and the remedy, and is raised before
    any request is served.

    ``thing`` is what is wrong, ``place`` where it stands (``Order.total_cents``, ``surface "partner"``),
    ``remedy`` what to write instead.
    """

    def __init__(self, place: str, thing: str, remedy: str) -> None:
        super().__init__(f"{place}: {thing}{'' if thing.endswith('?') else '.'} {remedy}")
        self.place = place
        self.thing = thing
        self.remedy = remedy
