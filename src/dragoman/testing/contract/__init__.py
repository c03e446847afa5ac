"""The all-features contract: every type, bound, trait, effect, interaction, fault and kind of reference there is.

Whoever interprets contracts (a style, a host, an exporter) is held against it. ``app`` serves it::

    dragoman serve dragoman.testing.contract:app --database features.db

A test of Dragoman's own compares it with what the package exports, so that a new feature cannot be forgotten here.
"""

from typing import TYPE_CHECKING

import dragoman as dm

from .kinds import Maker, Order, Thing
from .second_hand import second_hand
from .stock import Country, Note, Part, countries, notes, parts
from .surfaces import ADMIN, CALLS, KEYS, PARTNER, PUBLIC, REMOTE, TROUBLE, make_app, surfaces
from .things import all_things, makers, things
from .trouble import FAULTS, trouble

if TYPE_CHECKING:
    app: dm.App
else:

    def __getattr__(name: str) -> dm.App:
        """``app`` is made when it is asked for: whoever wants the contract alone does not wait for it."""
        if name != "app":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        made = globals()["app"] = make_app()
        return made


__all__ = [
    "ADMIN",
    "CALLS",
    "FAULTS",
    "KEYS",
    "PARTNER",
    "PUBLIC",
    "REMOTE",
    "TROUBLE",
    "Country",
    "Maker",
    "Note",
    "Order",
    "Part",
    "Thing",
    "all_things",
    "app",
    "countries",
    "make_app",
    "makers",
    "notes",
    "parts",
    "second_hand",
    "surfaces",
    "things",
    "trouble",
]
