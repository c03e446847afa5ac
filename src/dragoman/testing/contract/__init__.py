"""The all-features contract: every type, bound, trait, effect, interaction, fault and kind of reference there is.

Whoever interprets contracts (a style, a host, an exporter) is held against it. ``app`` serves it::

    dragoman serve dragoman.testing.contract:app --database features.db

A test of Dragoman's own compares it with what the package exports, so that a new feature cannot be forgotten here.
"""

from .kinds import Maker, Order, Thing
from .second_hand import second_hand
from .stock import Country, Note, Part, countries, notes, parts
from .surfaces import ADMIN, CALLS, KEYS, PARTNER, PUBLIC, TROUBLE, make_app
from .things import all_things, makers, things
from .trouble import FAULTS, trouble

app = make_app()

__all__ = [
    "ADMIN",
    "CALLS",
    "FAULTS",
    "KEYS",
    "PARTNER",
    "PUBLIC",
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
    "things",
    "trouble",
]
